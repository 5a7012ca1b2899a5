"""The file of proofs that code moved no number: what is read, and what is refused."""

import json
import os

import pytest

from bench.errors import BenchError
from bench.results.equivalence import Equivalence, Equivalences


def line(old, new):
    return Equivalence(old, new, "method mt", ("circle/mt/0",), "abc0" * 10, "bit for bit")


def test_proofs_read_back_as_they_were_written_and_a_broken_file_is_named(tmp_path):
    a, b, c = (letter * 64 for letter in "abc")
    known = Equivalences((line(b, c), line(a, b)))
    known.write(tmp_path)
    assert sorted(Equivalences.read(tmp_path).lines) == sorted(known.lines)
    assert Equivalences.read(tmp_path).leads(a, c)
    (tmp_path / "equivalences.json").write_text("{}}")
    with pytest.raises(BenchError, match="restore it"):
        Equivalences.read(tmp_path)


PROOF = {
    "old": "a" * 64, "new": "b" * 64, "what": "method mt", "cells": ["circle/mt/0"], "commit": None,
    "agreement": "bit for bit",
}  # fmt: skip
TWICE = '[{"old": "z", ' + json.dumps(PROOF)[1:] + "]"
NO_PROOFS = [{}, [1], [{}], *([{**PROOF, **change}] for change in (
    {"more": 1}, {"old": 1}, {"old": ""}, {"cells": []}, {"cells": [1]}, {"cells": "circle/mt/0"}, {"commit": 5},
    {"commit": "here"}, {"agreement": "trust me"}, {"what": "mt"}, {"what": "method oe"}, {"what": "dataset torus"},
    {"old": "a"}, {"new": "losses 1"}, {"what": "shared losses"}, {"cells": ["circle/mt"]}, {"cells": ["circle/[/0"]},
))]  # fmt: skip


@pytest.mark.parametrize(
    "content", ["", "NaN", "[" * 100_000, "\ufeff[]", f"[{json.dumps(PROOF)}]x", TWICE, *map(json.dumps, NO_PROOFS)]
)
def test_a_list_of_proofs_that_no_command_of_ours_writes_is_one_line(content, tmp_path):
    (tmp_path / "equivalences.json").write_text(content)
    with pytest.raises(BenchError, match="restore it") as error:
        Equivalences.read(tmp_path)
    assert "\n" not in str(error.value)


def test_a_proof_in_the_words_of_ours_is_one(tmp_path):
    (tmp_path / "equivalences.json").write_text(json.dumps([PROOF]))
    assert Equivalences.read(tmp_path).leads("a" * 64, "b" * 64)


@pytest.mark.parametrize("kind", ["folder", "pipe", "link", "dangling link"])
def test_proofs_lie_in_a_plain_file(kind, tmp_path):
    path, other = tmp_path / "equivalences.json", tmp_path / "other.json"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(other)
    if kind == "link":
        other.write_text("[]")
    with pytest.raises(BenchError, match="restore it"):
        Equivalences.read(tmp_path)
