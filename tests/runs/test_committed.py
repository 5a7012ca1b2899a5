"""Records against their own earlier versions in Git."""

import hashlib
import subprocess

import pytest

from bench.results import store
from bench.results.record import Record
from bench.runs import committed
from support.records import ENVIRONMENT, TIME, readable

LATER = "2031-02-01T00:00:00+00:00"


def record(mse=2.0, seed=0, **fields):
    made = {"key": "", "dataset": "circle", "method": "mt", "seed": seed, "status": "ok", "config": {}}
    made |= {"data_fingerprint": "print", "timing": {"wall_s": 1.0}, "started": TIME, "finished": TIME}
    made |= {"metrics": {"test": {"all": {"mse": mse, "n": 5}}}, "environment": ENVIRONMENT}
    return readable(Record.model_validate(made | fields))


class Repository:
    def __init__(self, top):
        self.top, self.results = top, top / "some" / "results"
        self.git("init", "-q")

    def git(self, *arguments):
        who = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.org")
        subprocess.run(["git", "-C", str(self.top), *who, *arguments], check=True, capture_output=True)

    def write(self, *records, commit=True):
        for one in records:
            path = self.results / one.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(one.model_dump_json())
        if commit:
            self.git("add", "-A")
            self.git("commit", "-qm", "records")

    def found(self, *records):
        digests = {one.cell: hashlib.sha256(one.model_dump_json().encode()).hexdigest() for one in records}
        return [(one.cell, one.what) for one in committed.differences(self.results, records, digests)]


@pytest.fixture
def repository(tmp_path):
    return Repository(tmp_path)


@pytest.mark.parametrize("commit", [True, False])
def test_a_record_with_other_numbers_than_were_committed_is_found_with_its_commit(repository, commit):
    repository.write(record(), record(seed=1))
    forged = record(0.1)
    repository.write(forged, commit=commit)
    assert repository.found(forged, record(seed=1)) == [("circle/mt/0", "commit")]


@pytest.mark.parametrize(
    "fields",
    [
        {"timing": {"wall_s": 0.5}},
        {"memory": {"peak_rss_mb": 100.0}},
        {"history": [{"epoch": 1, "loss": 1.0, "val": 2.0, "seconds": 0.1}]},
        {"environment": ENVIRONMENT.model_copy(update={"cpu": "Another CPU"})},
        {"status": "diverged", "metrics": {}},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_nothing_of_a_finished_record_changes_once_it_is_committed(repository, fields):
    repository.write(record())
    assert repository.found(record(**fields)) == [("circle/mt/0", "commit")]


def test_line_ends_that_git_writes_are_no_change(repository):
    path = repository.results / record().path
    path.parent.mkdir(parents=True)
    path.write_bytes(store.text_of(record()).encode())
    repository.write()
    digest = hashlib.sha256(path.read_bytes().replace(b"\n", b"\r\n")).hexdigest()
    assert committed.differences(repository.results, [record()], {"circle/mt/0": digest}) == []


def test_another_beginning_is_no_excuse_on_the_same_code_and_machine(repository):
    repository.write(record())
    assert repository.found(record(0.1, started=LATER)) == [("circle/mt/0", "commit")]


@pytest.mark.parametrize(
    "fields",
    [
        {"environment": ENVIRONMENT.model_copy(update={"cpu": "Another CPU"})},
        {"environment": ENVIRONMENT.model_copy(update={"git_sha": "def0" * 10})},
        {"data_fingerprint": "of other data"},
    ],
)
def test_a_cell_that_was_trained_again_elsewhere_may_differ(repository, fields):
    repository.write(record())
    assert repository.found(record(0.1, started=LATER, **fields)) == []


def test_what_is_as_committed_or_new_or_failed_before_is_let_be(repository):
    repository.write(record(status="diverged", metrics={}), record(seed=1))
    repository.write(record())
    assert repository.found(record(), record(seed=1), record(seed=2)) == []


def test_predictions_count_as_numbers(repository):
    repository.write(record())
    other = record()
    other = other.model_copy(update={"predictions": other.predictions.model_copy(update={"sha256": "0" * 64})})
    assert repository.found(other) == [("circle/mt/0", "commit")]


def test_without_a_repository_or_git_nothing_is_found(repository, tmp_path_factory, monkeypatch):
    repository.write(record())
    outside = tmp_path_factory.mktemp("outside")
    assert committed.differences(outside, [record(0.1)], {"circle/mt/0": "a"}) == []
    monkeypatch.setenv("PATH", str(outside))
    assert repository.found(record(0.1)) == []
    monkeypatch.undo()
    assert repository.found(record(0.1)) == [("circle/mt/0", "commit")]


def test_an_earlier_version_that_cannot_be_read_says_nothing(repository):
    path = repository.results / record().path
    path.parent.mkdir(parents=True)
    path.write_text(record().key)
    repository.git("add", "-A")
    repository.git("commit", "-qm", "no record")
    repository.write(record())
    assert repository.found(record()) == []
    assert repository.found(record(0.1)) == [("circle/mt/0", "commit")]
