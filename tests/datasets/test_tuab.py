"""TUAB: which recordings are taken, how people are split, and what is read."""

import numpy as np
import pytest
import torch

from bench.data import eeg
from bench.data.eeg import CHANNELS, RATE
from bench.datasets import tuab
from bench.errors import BenchError
from bench.plugins import resolve
from bench.runs import cells
from support.datasets import NOWHERE, make, rows, transformed
from support.edf import write_edf

TINY = "tuab[backbone=tiny,rows=100,seconds=10,signals=synthetic]"
TITLES = [f"EEG {name}-REF" for name in CHANNELS]


@pytest.fixture
def corpus(tmp_path):
    """A user's folder in the layout of version 3: 24 people who train, 6 who are evaluated, and what is left out."""
    pytest.importorskip("mne", reason="needs the extra bench[eeg]", exc_type=ImportError)
    folder = tmp_path / "v3.0.1" / "edf"
    rng = np.random.default_rng(0)

    def write(part, kind, name, age, seconds=14):
        patient = f"{name[:8]} F X X" + (f" Age:{age}" if age is not None else "")
        signals = rng.normal(0, 10, (21, seconds * 100))
        write_edf(folder / part / kind / "01_tcp_ar" / f"{name}.edf", TITLES, signals, 100, patient=patient)

    for person in range(30):
        write("train" if person < 24 else "eval", "normal", f"aaaaaa{person:02}_s002_t000", 20 + person)
    write("train", "normal", "aaaaaa03_s005_t000", 26)  # a later session
    write("train", "normal", "aaaaaa40_s001_t000", None)  # of unknown age
    write("train", "abnormal", "aaaaaa41_s001_t000", 30)
    write("train", "normal", "aaaaaa42_s001_t000", 31, seconds=5)  # too short for ten seconds
    return tmp_path / "v3.0.1"


def test_each_persons_first_normal_recording_is_added_and_read(corpus, tmp_path, bench, monkeypatch):
    root = tmp_path / "data"
    code, _, errors = bench("data", "add", "tuab[seconds=10]", corpus, "--data", root)
    assert (code, errors) == (0, "")
    table = tuab.read_list(root / "tuab" / "tuab.csv")
    assert table.person.tolist() == [f"aaaaaa{person:02}" for person in [*range(30), 42]]
    assert table.path[3] == "train/normal/01_tcp_ar/aaaaaa03_s002_t000.edf"
    on = resolve.dataset("tuab[backbone=tiny,seconds=10]")
    splits = cells.load(on, root)
    assert rows(splits) == [24, 3, 3]
    first = splits.test.x[torch.tensor([0])][0]
    person = int(splits.test.shared["person"][0][-2:])
    path = root / "tuab" / table.path[person]
    np.testing.assert_array_equal(first, tuab.quantised(eeg.read_signal(path, 10)))
    assert splits.test.labels[0] == 20 + person
    # a second time nothing is read
    with monkeypatch.context() as patched:
        patched.setattr(tuab, "read_signal", lambda *_: pytest.fail("a recording is read again"))
        assert cells.load(resolve.dataset("tuab[seconds=10]"), root).fingerprint() == splits.fingerprint()


def test_the_corpus_evaluates_on_its_own_people(corpus, tmp_path, bench):
    root = tmp_path / "data"
    assert bench("data", "add", "tuab[seconds=10]", corpus, "--data", root)[0] == 0
    splits = make("tuab[seconds=10,split=corpus]").load(root)
    assert splits.test.shared["person"].tolist() == [f"aaaaaa{person:02}" for person in range(24, 30)]
    assert rows(splits) == [22, 2, 6]


def test_version_2_has_folders_of_people_and_dates(tmp_path):
    below = "train/normal/01_tcp_ar/007/00000768/s003_2012_04_06/00000768_s003_t000.edf"
    write_edf(tmp_path / "mine" / "edf" / below, TITLES, np.zeros((21, 1200)), 100)
    ((name, content),) = tuab.collected(tmp_path / "data", tmp_path / "mine")
    assert name == "tuab/tuab.csv"
    assert content.decode().splitlines()[1:] == [f"{below},00000768,34,train,12"]


def test_a_folder_without_recordings_is_refused(tmp_path, bench):
    (tmp_path / "mine").mkdir()
    code, _, errors = bench("data", "add", "tuab", tmp_path / "mine", "--data", tmp_path / "data")
    assert (code, errors.count("\n")) == (2, 1)
    assert "no recording with an age is below" in errors


def test_a_list_that_is_wrong_is_named_with_its_line(tmp_path):
    path = tmp_path / "tuab.csv"
    path.write_text("path,person,age,part,seconds\na.edf,a,old,train,60\n")
    with pytest.raises(BenchError, match="line 2: 'old,train,60' is no age, part and length"):
        tuab.read_list(path)


def test_training_crops_ten_seconds_anew_and_evaluation_takes_all():
    on = make("tuab[backbone=tiny,rows=100,seconds=12,signals=synthetic]")
    x = torch.arange(12 * RATE, dtype=torch.int16).expand(8, 21, -1)
    crops = transformed(on, x, "train")
    assert crops.shape == (8, 21, 10 * RATE)
    assert (crops.diff(dim=2) == 1).all()
    assert (crops == crops[:, :1]).all()  # all channels at one time
    assert len(crops[:, 0, 0].unique()) > 4
    assert torch.equal(transformed(on, x, "train"), crops)
    assert torch.equal(transformed(on, x, "evaluation"), x)


def test_powers_are_of_each_channels_bands():
    time = torch.arange(10 * RATE) / RATE
    x = torch.stack([torch.sin(2 * torch.pi * hertz * time) for hertz in (2, 6, 10, 20, 40)])
    found = tuab.powers((1000 * x)[None]).reshape(5, 5)
    assert found.argmax(1).tolist() == [0, 1, 2, 3, 4]


def test_the_synthetic_source_has_as_many_people_as_rnc_and_nobody_twice():
    table = tuab.made_up()
    assert (len(table), table.age.min(), table.age.max()) == (1385, 1, 95)
    splits = make(TINY).load(NOWHERE)
    assert sum(rows(splits)) == 100
    seen = [split.shared["person"] for split in (splits.train, splits.val, splits.test)]
    assert len(np.unique(np.concatenate(seen))) == 100
    assert splits.train.x.shape[1:] == (21, 2000)
    with pytest.raises(BenchError, match="made-up people are in no corpus"):
        make("tuab[signals=synthetic,split=corpus]")
