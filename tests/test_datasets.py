import os
from pathlib import Path

import numpy as np
import pytest
import torch

from bench import plugins
from bench.bases.coordinates import ROWS
from bench.bases.tabular import canonical, split_rows
from bench.data import files
from bench.datasets.mammoth import to_npy
from bench.errors import BenchError
from bench.plugins import resolve

NOWHERE = Path("no data is read")
SHAPES = ["circle", "torus", "swiss_roll", "mammoth[points=synthetic]"]
TABLES = sorted(source.name for source in plugins.sources("dataset") if "uci" in source.groups)


def make(name):
    return resolve.dataset(name).dataset


def real(name):
    root = Path(os.environ.get("BENCH_DATA") or "no BENCH_DATA")
    dataset = make(name)
    try:
        files.verify(dataset, root, name)
    except BenchError as error:
        pytest.skip(str(error))
    return dataset, root


def rows(splits):
    return [len(split) for split in (splits.train, splits.val, splits.test)]


@pytest.mark.parametrize("name", SHAPES)
def test_the_first_columns_are_sums_of_the_target_and_the_others_are_not(name):
    splits = make(name).load(NOWHERE)
    assert rows(splits) == [100, 100, 2800]
    x = torch.cat([splits.train.x, splits.val.x, splits.test.x]).double()
    points = torch.cat([splits.train.labels, splits.val.labels, splits.test.labels]).double()
    signs = torch.tensor([[1, 1, 1], [1, 1, -1], [1, -1, 1], [-1, 1, 1]], dtype=torch.double)
    assert x.shape == (ROWS, 100)
    torch.testing.assert_close(x[:, :4], points @ signs.T, rtol=1e-5, atol=1e-4)
    correlations = torch.corrcoef(torch.cat([points, x], dim=1).T)[:3, 7:]
    assert correlations.abs().max() < 0.12  # 3000 independent rows: 0.02 is one deviation


@pytest.mark.parametrize("name", SHAPES)
def test_points_depend_on_the_draw_and_on_nothing_else(name):
    other = name.replace("]", ",draw=1]") if "[" in name else f"{name}[draw=1]"
    torch.manual_seed(0)
    first = make(name).load(NOWHERE).fingerprint()
    torch.manual_seed(1)
    assert make(name).load(NOWHERE).fingerprint() == first
    assert make(other).load(NOWHERE).fingerprint() != first


def test_a_circle_is_flat_with_radius_one_and_each_draw_is_rotated_anew():
    circle, rng = make("circle"), np.random.default_rng(0)
    points, others = circle.shape(rng), circle.shape(rng)
    np.testing.assert_allclose(np.linalg.norm(points, axis=1), 1)
    assert np.linalg.matrix_rank(points, tol=1e-9) == 2
    assert np.linalg.matrix_rank(np.concatenate([points, others]), tol=1e-3) == 3


def test_a_torus_has_radii_four_and_one():
    x, y, z = make("torus").shape(np.random.default_rng(0)).T
    np.testing.assert_allclose((np.hypot(x, y) - 4) ** 2 + z**2, 1)


def test_published_points_are_one_draw():
    with pytest.raises(BenchError, match="draw=3 with points=published"):
        make("torus[points=published,draw=3]")


@pytest.mark.parametrize("name", ["circle", "torus", "swiss_roll"])
def test_published_points_read_the_same_from_both_file_forms(name, tmp_path):
    dataset, root = real(f"{name}[points=published]")
    file = dataset.files[0]
    with np.load(root / file.alternatives[0].path) as arrays:
        content = {**arrays, "color": []}
    (tmp_path / "coordinates").mkdir()
    np.save(tmp_path / file.path, content, allow_pickle=True)
    splits = dataset.load(root)
    assert rows(splits) == [100, 100, 2800]
    assert dataset.load(tmp_path).fingerprint() == splits.fingerprint()


def test_only_published_points_and_the_scan_stand_beside_reported_rows():
    names = [
        "circle",
        "circle[points=published]",
        "swiss_roll[points=published]",
        "mammoth",
        "mammoth[points=synthetic]",
    ]
    assert [make(name).reported for name in names] == [
        None,
        "coordinate-circle",
        None,
        "coordinate-mammoth",
        None,
    ]
    assert [make(name).synthetic for name in names] == [False, False, False, False, True]


def test_mammoth_points_come_from_the_scan():
    dataset, root = real("mammoth")
    scan = {tuple(point) for point in np.load(root / dataset.files[0].path)}
    assert all(tuple(point) in scan for point in dataset.load(root).test.labels.numpy())


def test_a_json_list_of_points_becomes_a_float32_array(tmp_path):
    (tmp_path / "a.npy").write_bytes(to_npy(b"[[1.5, 2, 3], [4, 5, 6]]"))
    array = np.load(tmp_path / "a.npy")
    assert array.dtype == np.float32
    assert array.tolist() == [[1.5, 2, 3], [4, 5, 6]]


def test_the_coordinate_network_starts_near_zero():
    dataset = make("circle")
    encoder, width = dataset.encoder(dataset.load(NOWHERE))
    layers = [encoder[0], encoder[2], dataset.head(width, 3)]
    assert [tuple(layer.weight.shape) for layer in layers] == [(100, 100), (100, 100), (3, 100)]
    for layer in layers:
        assert 0.0009 < layer.weight.std() < 0.0011
        assert not layer.bias.any()


@pytest.mark.parametrize("name", [*SHAPES, *(f"{table}[rows=synthetic]" for table in TABLES)])
def test_two_views_differ_a_little_and_repeat_with_their_generator(name):
    dataset = make(name)
    x = dataset.load(NOWHERE).train.x
    first, second = (dataset.view(x, torch.Generator().manual_seed(seed)) for seed in (0, 1))
    assert not torch.equal(first, second)
    assert torch.equal(first, dataset.view(x, torch.Generator().manual_seed(0)))
    assert 0 < ((first - x).std(0) / x.std(0)).max() < 0.1


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


def test_abalone_gives_each_sex_a_column():
    dataset, root = real("abalone")
    x = dataset.load(root).train.x
    assert [len(torch.unique(column)) for column in x.T[:3]] == [2, 2, 2]
