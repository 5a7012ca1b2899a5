"""Hundreds of calls that cannot be meant: each is one line and exit code two, at once, and leaves nothing behind."""

import json
from itertools import product
from pathlib import Path

import pytest

from support.command_line import bench

MANY = "9" * 5000
GIVEN = json.loads(Path(__file__).with_name("bad_invocations.json").read_text())
NAMES = [
    *GIVEN["names"],
    f"oe[samples={MANY}]",
    f"oe[samples={MANY[:1500]}]",
    "oe[weight=1" + " " * 3000 + "]",
    "x" * 1_000_000,
    "oe" + " " * 100_000 + "!",
    "+".join(["oe"] * 10_000),
    "[" * 10_000,
    "oe[weight=" + "[" * 1000 + "]" * 1000 + "]",
    "mt+" * 500 + "oe",
]
DATASETS = [
    name.replace("oe", "circle").replace("weight", "draw").replace("samples", "draw")
    for name in NAMES
    if "oe+" not in name and "+oe" not in name and "mt" not in name
]
SEEDS = [*GIVEN["seeds"], MANY, f"0-{MANY}"]
FIELDS = [
    *GIVEN["fields"],
    f"protocol.epochs={MANY}",
    f"protocol.epochs={MANY[:900]}",
    "protocol.epochs=" + "[" * 5000,
    "protocol.epochs=" + "[" * 400 + "]" * 400,
]
PATHS = [*GIVEN["paths"], "x" * 5000]
NUMBERS = [*GIVEN["numbers"], MANY]
OPTIONS = {
    **GIVEN["options"],
    "--jobs": NUMBERS,
    "--jobs-per-device": NUMBERS,
    "--results": PATHS,
    "--data": PATHS,
    "--leaderboard": PATHS,
}
FIXED = ["--method", "oe", "--dataset", "circle"]
WITHOUT = {"plan": {"--timeout", "--leaderboard"}}


def calls():
    for command, word in product(("run", "plan", "search", "profile"), NAMES):
        yield [command, f"--method={word}", "--dataset=circle"]
    for command, word in product(("run", "plan", "profile"), DATASETS):
        yield [command, "--method=oe", f"--dataset={word}"]
    for command, word in product(("show", "check method", "data preview", "data fetch"), NAMES[:30] + NAMES[-9:]):
        yield [*command.split(), "--", word]
    for command in ("run", "plan"):
        yield from ([command, *FIXED, f"--seed={word}"] for word in SEEDS)
        yield from ([command, *FIXED, f"--seeds={word}"] for word in [*GIVEN["counts"], MANY])
        yield from ([command, *FIXED, f"--set={word}"] for word in FIELDS)
        for option, words in OPTIONS.items():
            if option not in WITHOUT.get(command, ()):
                yield from ([command, *FIXED, f"{option}={word}"] for word in words)
    yield from (["search", *FIXED, f"--seed={word}"] for word in [*SEEDS, "0", "9", "0-200"])
    yield from (["profile", *FIXED, f"--{option}={word}"] for option in ("steps", "batch-size") for word in NUMBERS[:8])
    yield from (["new", kind, "--", name] for kind in ("method", "dataset") for name in NAMES)
    yield from (["new", "method", "mine", f"--out={word}"] for word in PATHS)
    yield from (["leaderboard", f"--{option}={word}"] for option in ("results", "leaderboard") for word in PATHS)
    yield from (["results", "adopt", f"--verify={word}"] for word in ("0", "-1", "x", "", MANY))
    twice = ["--set=protocol.epochs=5", "--set=protocol.epochs=6"]
    yield from ([command, *FIXED, *twice] for command in ("run", "plan", "profile"))
    yield from (
        ["profile", "--method=nope", "--dataset=circle", f"--write={word}"] for word in ["a/b.md", "b.json", *PATHS]
    )
    yield ["run", *FIXED, "--precision=bf16", "--set=protocol.precision=fp32"]
    yield from ([word] for word in ("nothing", "", "--nope", "Run", "-x", "run run"))
    yield from (
        ["run", *words] for words in (["--method"], ["oe"], ["--method=oe"], ["--dataset=circle"], [*FIXED, "x"])
    )


CALLS = list(calls())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Empty, in another one that is empty too, so that what is written above it is seen."""
    made = tmp_path_factory.mktemp("above") / "here"
    made.mkdir()
    return made


@pytest.mark.parametrize("words", CALLS, ids=lambda words: " ".join(words)[:60].encode("unicode_escape").decode())
def test_a_call_that_cannot_be_meant_is_one_line_and_leaves_nothing(words, folder):
    said = bench(*words, cwd=folder)
    assert said.returncode == 2, said.stdout
    assert said.stderr.count("\n") == 1, said.stderr
    assert said.stderr.startswith("bench: ")
    assert len(said.stderr) < 3000
    assert said.stderr[:-1].isprintable()
    assert [path.name for path in folder.parent.rglob("*")] == ["here"]


def test_these_are_hundreds():
    assert len({json.dumps(call) for call in CALLS}) >= 400
