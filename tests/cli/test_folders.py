"""Options that name folders: what cannot be one is refused with the option's name, before any work."""

import pytest

from support.command_line import bench

FIXED = ["--method", "oe", "--dataset", "circle", "--seeds", "1"]
WRITERS = {
    "--data": (["data", "status"], ["show", "circle"], ["run", *FIXED], ["data", "fetch", "circle"]),
    "--leaderboard": (["leaderboard"], ["leaderboard", "--check"], ["run", *FIXED]),
    "--results": (["run", *FIXED], ["plan", *FIXED], ["tune", "circle"], ["merge", "."]),
    "--out": (["site"], ["new", "method", "mine"]),
}
READERS = (
    ["status"],
    ["paper", "ranksim"],
    ["leaderboard"],
    ["verify"],
    ["export", "--format", "csv", "--out", "boards.csv"],
    ["site", "--out", "pages"],
    ["recommend", "airfoil"],
    ["analyse", "all"],
    ["results", "adopt"],
)


@pytest.mark.parametrize("within", ["", "/below/it"])
@pytest.mark.parametrize(("option", "words"), [(option, one) for option, all_ in WRITERS.items() for one in all_])
def test_a_file_in_the_place_of_a_folder_is_one_line_that_names_the_option(option, words, within, tmp_path):
    (tmp_path / "file").touch()
    result = bench(*words, f"{option}=file{within}", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (2, f"bench: file is a file; name a folder with {option}\n")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_so_is_a_file_that_the_environment_names(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("BENCH_DATA", str(tmp_path / "file"))
    result = bench("data", "status", cwd=tmp_path)
    assert result.returncode == 2
    assert result.stderr.endswith("file is a file; name a folder with $BENCH_DATA\n")


def test_a_link_that_leads_nowhere_is_no_folder_to_write_to(tmp_path):
    (tmp_path / "link").symlink_to("nowhere")
    result = bench("leaderboard", "--leaderboard=link", cwd=tmp_path)
    assert "link is a link that leads nowhere; name a folder with --leaderboard" in result.stderr


@pytest.mark.parametrize("words", READERS, ids=" ".join)
def test_a_results_folder_that_is_named_and_not_there_is_one_line(words, tmp_path):
    result = bench(*words, "--results=nope", cwd=tmp_path)
    said = "bench: no results folder nope; name the folder of the records with --results\n"
    assert (result.returncode, result.stderr) == (2, said)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("words", [["status"], ["paper", "ranksim", "--list"]], ids=" ".join)
def test_without_the_option_nothing_need_be_there_yet(words, tmp_path):
    assert bench(*words, cwd=tmp_path).returncode == 0
