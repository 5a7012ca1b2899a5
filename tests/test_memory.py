"""Answers kept from one process to the next: found again, forgotten with their sources, and never in the way."""

import json
import math
import os
import subprocess
import sys
from importlib.metadata import EntryPoint

import pytest

import bench
from bench import memory
from bench.memory import KEPT, Memory


class Asked:
    """A question that counts how often it had to be worked out."""

    def __init__(self, answer=None):
        self.times, self.answer = 0, answer

    def __call__(self):
        self.times += 1
        return self.answer


def ask(folder, asked, arguments=(1,)):
    """As another process would: open, ask, save."""
    opened = Memory(folder)
    answer = opened.remembered("question", list(arguments), asked)
    opened.save()
    return answer


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """A source that answers depend on; what it holds counts as older than this process."""
    path = tmp_path / "root/methods/brand_new.py"
    path.parent.mkdir(parents=True)
    path.write_text("first = 1\n")
    monkeypatch.setattr(bench, "__path__", [*bench.__path__, str(tmp_path / "root")])
    monkeypatch.setattr(memory, "_LOADED_AT", math.inf)
    return path


@pytest.mark.parametrize("answer", [{"unit": "m", "metrics": ["mse"]}, None, [1, 2.5, "x"]])
def test_an_answer_is_worked_out_once_for_all_processes(tmp_path, answer):
    asked = Asked(answer)
    assert [ask(tmp_path, asked), ask(tmp_path, asked)] == [answer, answer]
    assert asked.times == 1


def test_other_arguments_are_another_question(tmp_path):
    one, two = Asked("one"), Asked("two")
    for _ in range(2):
        assert (ask(tmp_path, one, [1, {"a": 1, "b": 2}]), ask(tmp_path, two, [1, {"a": 2}])) == ("one", "two")
    assert ask(tmp_path, one, [1, {"b": 2, "a": 1}]) == "one"
    assert (one.times, two.times) == (1, 1)


def test_an_answer_reads_the_same_whether_it_was_kept_or_not(tmp_path):
    asked = Asked({"pair": (1, 2)})
    assert ask(tmp_path, asked) == ask(tmp_path, asked) == {"pair": [1, 2]}


def test_an_error_is_not_kept(tmp_path):
    opened = Memory(tmp_path)
    with pytest.raises(ZeroDivisionError):
        opened.remembered("question", [], lambda: 1 / 0)
    assert opened.remembered("question", [], Asked(2)) == 2


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe", b'{"a": 1'])
def test_a_damaged_file_is_worked_out_again_and_mended(tmp_path, content):
    asked = Asked("answer")
    ask(tmp_path, asked)
    (file,) = tmp_path.iterdir()
    file.write_bytes(content)
    assert [ask(tmp_path, asked), ask(tmp_path, asked)] == ["answer", "answer"]
    assert asked.times == 2
    assert "answer" in json.loads(file.read_bytes()).values()


def test_a_changed_source_is_asked_again_and_the_old_answer_waits_for_its_return(tmp_path, plugin):
    asked = Asked("answer")
    ask(tmp_path / "cache", asked)
    plugin.write_text("first = 2\n")
    ask(tmp_path / "cache", asked)
    assert asked.times == 2
    plugin.write_text("first = 1\n")
    ask(tmp_path / "cache", asked)
    assert asked.times == 2


@pytest.mark.parametrize("change", ["new", "gone", "table"])
def test_new_and_lost_sources_and_tables_change_the_state(tmp_path, plugin, change):
    before = Memory(tmp_path).state
    match change:
        case "new":
            plugin.with_name("other.py").write_text("")
        case "gone":
            plugin.unlink()
        case "table":
            plugin.with_name("searched.json").write_text("{}")
    assert Memory(tmp_path).state != before


def test_what_is_no_source_changes_nothing(tmp_path, plugin):
    before = Memory(tmp_path).state
    (plugin.parent / "__pycache__").mkdir()
    (plugin.parent / "__pycache__/brand_new.cpython-311.pyc").write_bytes(b"code")
    assert Memory(tmp_path).state == before


@pytest.mark.parametrize("form", ["package", "module"])
def test_the_sources_of_a_third_partys_plugin_count(tmp_path, monkeypatch, form):
    module = tmp_path / ("theirs/inner/losses.py" if form == "package" else "theirs.py")
    module.parent.mkdir(parents=True, exist_ok=True)
    module.write_text("power = 1\n")
    if form == "package":
        (tmp_path / "theirs/__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    alone = Memory(tmp_path).state
    monkeypatch.setattr(memory, "_entry_points", lambda: (EntryPoint("theirs", "theirs", "bench.methods"),))
    before = Memory(tmp_path).state
    module.write_text("power = 2\n")
    assert len({alone, before, Memory(tmp_path).state}) == 3
    assert "theirs" not in sys.modules


@pytest.mark.parametrize("what", ["torch", "python"])
def test_another_torch_or_python_is_another_state(tmp_path, monkeypatch, what):
    before = Memory(tmp_path).state
    if what == "torch":
        monkeypatch.setattr(memory.metadata, "version", lambda _: "0.0")
    else:
        monkeypatch.setattr(memory.sys, "version", "0.0")
    assert Memory(tmp_path).state != before


def test_nothing_is_kept_of_sources_that_were_edited_after_they_were_loaded(tmp_path, plugin, monkeypatch):
    monkeypatch.setattr(memory, "_LOADED_AT", plugin.stat().st_mtime)
    assert ask(tmp_path / "cache", Asked("answer")) == "answer"
    assert not (tmp_path / "cache").exists()


def test_nothing_is_kept_where_the_sources_changed_between_question_and_end(tmp_path, plugin):
    opened = Memory(tmp_path / "cache")
    opened.remembered("question", [], Asked("answer"))
    plugin.write_text("first = 2\n")
    opened.save()
    assert not (tmp_path / "cache").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_keeps_nothing_and_fails_nothing(tmp_path):
    tmp_path.chmod(0o500)
    assert ask(tmp_path, Asked("answer")) == "answer"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("place", ["a file", "below a file"])
def test_a_folder_that_cannot_be_keeps_nothing_and_fails_nothing(tmp_path, place):
    (tmp_path / "file").write_text("mine")
    folder = tmp_path / ("file" if place == "a file" else "file/folder")
    assert ask(folder, Asked("answer")) == "answer"
    assert (tmp_path / "file").read_text() == "mine"


def test_a_folder_that_refuses_the_file_keeps_nothing_and_fails_nothing(tmp_path, monkeypatch):
    def refused(path, content):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(memory, "replace_file", refused)
    assert ask(tmp_path, Asked("answer")) == "answer"


def test_two_processes_at_once_lose_neither_answer(tmp_path):
    first, second = Memory(tmp_path), Memory(tmp_path)
    first.remembered("question", [1], Asked("one"))
    second.remembered("question", [2], Asked("two"))
    first.save()
    second.save()
    never = Asked()
    assert (ask(tmp_path, never, [1]), ask(tmp_path, never, [2]), never.times) == ("one", "two", 0)


def test_few_files_are_kept_and_those_are_the_newest(tmp_path, plugin):
    folder = tmp_path / "cache"
    folder.mkdir()
    for age in range(KEPT + 3):
        path = folder / f"answers-{age}.json"
        path.write_text("{}")
        os.utime(path, (1e9 - age, 1e9 - age))
    (folder / "mine.txt").write_text("not ours")
    ask(folder, Asked("answer"))
    left = {path.name for path in folder.iterdir()} - {"mine.txt", Memory(folder).path.name}
    assert left == {f"answers-{age}.json" for age in range(KEPT - 1)}
    assert (folder / "mine.txt").exists()


def test_the_function_keeps_its_answers_in_the_folder_of_the_environment_when_the_process_ends(tmp_path):
    code = "from bench.memory import remembered; print(remembered('q', [1], lambda: print('worked out') or 7))"
    command, environment = [sys.executable, "-c", code], {**os.environ, "BENCH_CACHE": str(tmp_path / "cache")}
    runs = [subprocess.run(command, env=environment, capture_output=True, text=True, check=True) for _ in range(2)]
    assert [run.stdout.split("\n")[:-1] for run in runs] == [["worked out", "7"], ["7"]]
