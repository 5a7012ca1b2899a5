"""From a results folder to board files: each record read once, and nothing said where there are none."""

import shutil
from collections import Counter

import pytest

from bench.errors import BenchError
from bench.evidence.difference import Difference, Verdict
from bench.leaderboard import board, publish
from bench.results import intake, store
from bench.results.equivalence import Equivalence, Equivalences
from bench.results.key import key_of
from support.board_records import record
from support.catalogues import catalogue, describe
from support.records import config_of, readable

CATALOGUE = catalogue()


@pytest.fixture
def results(tmp_path):
    folder = tmp_path / "results"
    for dataset in ("faces", "torus"):
        for method in ("baseline", "oe"):
            for seed in range(3):
                store.write(folder, readable(record(method, seed, 7.0 + seed, dataset=dataset)))
    return folder


def test_every_record_is_read_once_and_every_board_counted_once(results, tmp_path, monkeypatch):
    reads, counted = Counter(), Counter()
    read, row_statistics = intake.read_with_digest, board.row_statistics

    def reading(path):
        reads[path] += 1
        return read(path)

    def counting(spec, finished):
        counted[spec.dataset] += 1
        return row_statistics(spec, finished)

    monkeypatch.setattr(intake, "read_with_digest", reading)
    monkeypatch.setattr(board, "row_statistics", counting)
    (tmp_path / "README.md").write_text("<!-- board faces -->\nold\n<!-- /board -->\n")
    assert len(publish.differing(results, tmp_path / "leaderboard", CATALOGUE).files) == 6
    assert dict(reads) == dict.fromkeys(results.glob("*/*/*.json"), 1)
    assert counted == {"faces": 1, "torus": 1}


def test_boards_and_the_excerpt_are_written_and_then_as_the_records_give_them(results, tmp_path):
    folder, readme = tmp_path / "leaderboard", tmp_path / "README.md"
    readme.write_text(
        "# Mine\n\n<!-- board faces -->\nold\n<!-- /board -->\n\n<!-- board other -->\nkept\n<!-- /board -->\n"
    )
    made = ("README.md", "STATISTICS.md", "faces.md", "sampling.json", "torus.md")
    names = [f"{folder}/{name}" for name in made] + [str(readme)]
    assert publish.differing(results, folder, CATALOGUE).files == names
    assert publish.write(results, folder, CATALOGUE).files == names
    assert publish.differing(results, folder, CATALOGUE).files == []
    text = readme.read_text()
    assert [" ".join(line.split()) for line in text.splitlines() if "baseline" in line] == [
        "**No method beats the baseline.** Tied with `oe`.",
        "| `baseline` | 3 | **8.0** | – | – | – |",
    ]
    assert ("kept" in text, "old" in text, "# Mine" in text) == (True, False, True)


def test_what_differs_from_its_evidence_is_on_no_board_and_is_named_there(results, tmp_path):
    doubt = Verdict([Difference("faces/oe/1", "metrics", "test.all.mae is <b>1</b>|, `x`\x1b[31m")])
    stray = results / "torus/oe/seed-0 (1).json"
    stray.write_text("{")
    made = publish.read_boards(results, catalogue(verdict=doubt))
    faces, torus = made.boards
    assert [record.seed for record in faces.finished["oe"]] == [0, 2]
    publish.write(results, tmp_path / "leaderboard", catalogue(verdict=doubt))
    page = (tmp_path / "leaderboard/faces.md").read_text()
    said = r"- `faces/oe/seed-1.json`: metrics: test.all.mae is \<b\>1\</b\>\|, \`x\`\\x1b\[31m"
    assert said in page.splitlines()
    assert "seed-0 (1).json`: not named as a record" in (tmp_path / "leaderboard/torus.md").read_text()
    assert len(torus.finished["oe"]) == 3


def test_a_dataset_that_is_not_here_leaves_the_other_boards_alone(results):
    def describing(dataset):
        if dataset == "faces":
            raise BenchError("no dataset 'faces'")
        return describe(dataset)

    here = catalogue()
    here.describe = describing
    made = publish.read_boards(results, here)
    assert [board.spec.dataset for board in made.boards] == ["torus"]
    assert "`faces`: no dataset 'faces'" in made.pages()["README.md"]


def test_stale_records_leave_the_board(results, tmp_path):
    stale = catalogue(config_today=lambda *_: None)
    publish.write(results, tmp_path / "leaderboard", stale)
    assert "No seed has finished yet." in (tmp_path / "leaderboard/faces.md").read_text()


def test_records_of_code_that_was_proved_to_be_equal_stay_on_the_board(tmp_path):
    results = tmp_path / "results"
    then, now = "a" * 64, "b" * 64
    today = catalogue(config_today=lambda dataset, method, _: config_of(dataset, method, now))
    made, config = record("oe", 0, 7.0), config_of("faces", "oe", then)
    key = key_of(config, 0, made.data_fingerprint)
    store.write(results, readable(made.model_copy(update={"config": config, "key": key})))
    (board_before,) = publish.read_boards(results, today).boards
    Equivalences((Equivalence(then, now, "method oe", ("faces/oe/0",), None, "bit for bit"),)).write(results)
    (board_after,) = publish.read_boards(results, today).boards
    assert (list(board_before.finished), list(board_after.finished)) == ([], ["oe"])


@pytest.mark.parametrize("place", ["empty", "no folder", "no records"])
def test_without_records_nothing_is_said_of_boards_and_none_is_removed(results, tmp_path, place):
    folder = tmp_path / "leaderboard"
    publish.write(results, folder, CATALOGUE)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    shutil.rmtree(results)
    if place != "no folder":
        results.mkdir()
    if place == "no records":
        (results / "faces/oe").mkdir(parents=True)
    for act in (publish.differing, publish.write):
        with pytest.raises(BenchError, match=r"^no records in .*--results"):
            act(results, folder, CATALOGUE)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_the_command_line_says_so_in_one_line_with_exit_code_2(bench, tmp_path):
    for words in (["--check"], []):
        code, said, error = bench(
            "leaderboard", *words, "--results", tmp_path / "typo", "--leaderboard", tmp_path / "b"
        )
        assert (code, said) == (2, "")
        assert error == f"bench: no results folder {tmp_path / 'typo'}; name the folder of the records with --results\n"
    assert not (tmp_path / "b").exists()
