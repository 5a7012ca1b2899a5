"""The committed file of what draws of test rows move: read back as written, and used only for the very predictions."""

import json

from bench.leaderboard import publish, sampling
from bench.leaderboard.judged import pair
from bench.leaderboard.sampling import Sampling, own, row_key
from bench.results import store
from bench.results.record import Hashes, Predictions
from support.board_records import record
from support.catalogues import catalogue
from support.records import readable

PAIR = pair("baseline", "oe")
KNOWN = Sampling({"baseline": "k1", "oe": "k2"}, {"all": 40}, {"mae all": {PAIR: 0.25, own("oe"): 1.5}})
WANTED = {"mae all": [PAIR, own("oe")], "mae few": [PAIR]}


def test_what_is_written_is_read_back(tmp_path):
    (tmp_path / sampling.NAME).write_text(sampling.text({"faces": KNOWN, "empty": Sampling()}))
    assert sampling.read(tmp_path) == {"faces": KNOWN}


def test_a_file_that_is_none_of_ours_is_nothing_known(tmp_path):
    for content in ("", "[]", "{}", '{"faces": 1}', '{"faces": {"keys": {}, "groups": {}, "deviations": {"a": 1}}}'):
        (tmp_path / sampling.NAME).write_text(content)
        assert sampling.read(tmp_path) == {}
    assert sampling.read(tmp_path / "missing") == {}


def test_numbers_of_other_predictions_do_not_count():
    assert KNOWN.only({"baseline": "k1", "oe": "k2"}, WANTED) == KNOWN
    assert KNOWN.only({"baseline": "new", "oe": "k2"}, WANTED).deviations == {"mae all": {own("oe"): 1.5}}
    assert KNOWN.only({"baseline": "k1"}, WANTED) == Sampling()
    assert KNOWN.only({"baseline": "k1", "oe": "k2"}, {"mae all": [own("oe")]}).keys == {"oe": "k2"}


def test_rounding_is_no_difference_and_more_is_one():
    near = {"mae all": {PAIR: 0.250001, own("oe"): 1.5}}
    assert KNOWN.agrees(Sampling(KNOWN.keys, KNOWN.groups, near))
    far = {"mae all": {PAIR: 0.2501, own("oe"): 1.5}}
    assert not KNOWN.agrees(Sampling(KNOWN.keys, KNOWN.groups, far))
    assert not KNOWN.agrees(Sampling(KNOWN.keys, {"all": 41}, KNOWN.deviations))
    assert not KNOWN.agrees(Sampling(KNOWN.keys, KNOWN.groups, {}))


def test_the_key_of_a_row_is_that_of_its_predictions():
    records = [predicted("oe", seed, 1.0) for seed in range(3)]
    assert row_key(records) == row_key(records[::-1])
    other = records[0].model_copy(update={"predictions": Predictions(file="predictions.npz", sha256="f" * 64)})
    assert row_key([other, *records[1:]]) != row_key(records)
    assert row_key([record("oe", 0, 1.0), *records[1:]]) is None


def predicted(method, seed, mae):
    digest = f"{seed:02x}" * 32
    kept = Predictions(file="predictions.npz", sha256=digest, val=Hashes(sha256=digest))
    return record(method, seed, mae).model_copy(update={"predictions": kept})


def test_boards_are_the_same_bytes_with_and_without_data(tmp_path):
    results, folder, asked = tmp_path / "results", tmp_path / "leaderboard", []
    for method, shift in (("baseline", 0.0), ("oe", 0.3)):
        for seed in range(4):
            store.write(results, readable(predicted(method, seed, 7.0 + seed + shift + 0.01 * seed**2)))

    def computed(_, dataset, rows, wanted, /):
        asked.append(dataset)
        keys = {row: row_key(records) for row, records in rows.items()}
        return Sampling(keys, {"all": 20}, {"mae all": dict.fromkeys(wanted["mae all"], 0.2)})

    here, away = catalogue(), catalogue()
    here.sampling = computed
    publish.write(results, folder, here)
    kept = json.loads((folder / sampling.NAME).read_text())
    assert kept["faces"]["deviations"]["mae all"][PAIR] == 0.2
    page = (folder / "faces.md").read_text()
    assert "seeds alone" not in page
    assert publish.differing(results, folder, here).files == []
    assert publish.differing(results, folder, away).files == []
    assert asked == ["faces", "faces"]
    # data that say something else are told from the file, and a file without them is taken as it is
    (folder / sampling.NAME).write_text((folder / sampling.NAME).read_text().replace("0.2", "0.1"))
    assert publish.differing(results, folder, here).files == [f"{folder}/{sampling.NAME}"]
    (folder / sampling.NAME).unlink()
    publish.write(results, folder, away)
    assert "Intervals are over seeds alone" in (folder / "faces.md").read_text()
