"""Tables: splits, standardised columns and synthetic rows."""

import numpy as np
import pytest
import torch

from bench.bases.tabular import canonical, split_rows
from bench.errors import BenchError
from support.datasets import NOWHERE, TABLES, make, real, rows


def test_held_out_rows_of_a_group_are_a_third_and_at_most_the_cap():
    groups = np.repeat([5, 7, 9], [2, 9, 100])
    train, val, test = split_rows(groups, cap=10)
    assert sorted([*train, *val, *test]) == list(range(len(groups)))
    for part, sizes in ((train, [2, 3, 80]), (val, [0, 3, 10]), (test, [0, 3, 10])):
        assert [int((groups[part] == group).sum()) for group in (5, 7, 9)] == sizes


@pytest.mark.parametrize("name", TABLES)
def test_a_synthetic_table_has_the_real_rows_per_label_and_can_be_learned(name):
    dataset = make(f"{name}[rows=synthetic]")
    splits = dataset.load(NOWHERE)
    assert dataset.synthetic
    assert (dataset.files, dataset.reported) == ((), None)
    labels = torch.cat([splits.train.labels, splits.val.labels, splits.test.labels])
    counts = torch.bincount(dataset.bins.index(labels).ravel(), minlength=dataset.bins.number)
    assert counts.tolist() == [int(count) for count in dataset.counts.split()]
    near = torch.cdist(splits.test.x, splits.train.x).argmin(1)
    error = (splits.train.labels[near] - splits.test.labels).abs().mean()
    assert error < 0.5 * (splits.train.labels.mean() - splits.test.labels).abs().mean()


@pytest.mark.parametrize("name", TABLES)
def test_inputs_and_targets_are_standardised_on_the_training_rows(name):
    splits = make(f"{name}[rows=synthetic]").load(NOWHERE)
    y = (splits.train.labels - splits.shift) / splits.scale
    for values in (splits.train.x, y):
        torch.testing.assert_close(values.mean(0), torch.zeros(values.shape[1]), rtol=0, atol=1e-4)
        torch.testing.assert_close(values.std(0, correction=0), torch.ones(values.shape[1]), rtol=1e-4, atol=0)


@pytest.mark.parametrize("name", TABLES)
def test_every_region_has_test_rows(name):
    dataset = make(f"{name}[rows=synthetic]")
    splits = dataset.load(NOWHERE)
    regions = dataset.regions(splits.train.labels.numpy(), splits.test.labels.numpy())
    names, counts = np.unique(regions, return_counts=True)
    assert regions.shape == (len(splits.test),)
    assert names.tolist() == ["few", "many", "medium"]
    assert counts.sum() == len(splits.test)


@pytest.mark.parametrize("name", TABLES)
def test_a_real_table_has_the_stated_counts_and_the_synthetic_width(name):
    dataset, root = real(name)
    splits, made = dataset.load(root), make(f"{name}[rows=synthetic]").load(NOWHERE)
    labels = torch.cat([splits.train.labels, splits.val.labels, splits.test.labels])
    counts = torch.bincount(dataset.bins.index(labels).ravel(), minlength=dataset.bins.number)
    assert counts.tolist() == [int(count) for count in dataset.counts.split()]
    assert (rows(splits), splits.train.x.shape) == (rows(made), made.train.x.shape)
    assert torch.isfinite(splits.train.x).all()


@pytest.mark.parametrize("name", ["concrete", "real_estate"])
def test_rewriting_the_canonical_file_gives_its_own_bytes(name):
    dataset, root = real(name)
    content = (root / dataset.files[0].path).read_bytes()
    assert dataset.files[0].convert(content) == content
    assert dataset.files[0].convert(b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n").replace(b".0,", b",")) == content


def test_a_rewritten_table_has_our_header_and_shortest_floats():
    convert = canonical(("n", "x"), whole=("n",))
    assert convert(b"No,Some long name\r\n1,2.50\r\n2,3\r\n") == b"n,x\n1,2.5\n2,3.0\n"
    with pytest.raises(ValueError, match="argument"):
        convert(b"a,b,c\n1,2,3\n")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("M,1,1,1,1,1,1,1,nan", "line 2: rings is 'nan', expected a finite number"),
        ("M,1,1,1,1,1,1,1,1e999", "line 2: rings is '1e999', expected a finite number"),
        ("M,1,old,1,1,1,1,1,9", "line 2: diameter is 'old', expected a finite number"),
        ("X,1,1,1,1,1,1,1,9", "line 2: 'X' is no sex; there are: F, I, M"),
        ("M,1,1", "line 2: 3 fields, expected 9: sex, length"),
        ("M,1,1,1,1,1,1,1,9,9", "line 2: 10 fields, expected 9: sex, length"),
    ],
)
def test_a_bad_line_of_a_table_is_named(tmp_path, line, message):
    path = tmp_path / "uci/abalone.data"
    path.parent.mkdir()
    path.write_text(f"M,1,1,1,1,1,1,1,9\n{line}\n")
    with pytest.raises(BenchError, match=message):
        make("abalone").load(tmp_path)
