"""A small site from made-up records, and the facts of its plug-ins without loading any."""

from pathlib import Path
from types import SimpleNamespace

from bench.evidence.difference import Verdict
from bench.leaderboard import publish
from bench.results import store
from bench.results.record import Epoch
from support.board_records import record
from support.records import config_of, readable

HOSTILE = "</script><img src=x onerror=alert(1)>"
# seeds of each row on faces: oe beats the baseline, mt cannot be told apart from it, ranksim loses
VALUES = {
    "baseline": (7.00, 7.10, 7.20, 7.05),
    "oe": (6.00, 6.12, 6.20, 6.07),
    "mt": (7.05, 7.02, 7.25, 7.00),
    "ranksim": (9.00, 9.10, 9.15, 9.05),
    "mt+oe": (6.02, 6.11, 6.19, 6.08),
}
TITLES = {"baseline": "Plain regression.", "mt": "Several targets.", "oe": f"Ordinal {HOSTILE}.", "ranksim": "Ranks."}


def describe(dataset):
    said = {"dataset": dataset, "title": dataset, "what": "Made up.", "unit": "years", "metrics": ["mae"]}
    said |= {"synthetic": False, "methods": list(VALUES), "refused": {}, "reported": None, "reported_note": ""}
    return said | {"certificates": {}, "findings": {}}


def make_records(results: Path) -> None:
    for dataset in ("faces", "faces[rows=9]"):
        for k, (method, values) in enumerate(VALUES.items()):
            for seed, value in enumerate(values):
                costs = {"step_ms": 2.0 + k, "few": value + 1}
                made = record(method, seed, value, dataset=dataset, **costs)
                history = [Epoch(epoch=n, loss=1.0, val=value + 3 / n, seconds=n) for n in range(1, 6)]
                store.write(results, readable(made.model_copy(update={"history": history})))


def catalogue():
    def config_today(dataset, method, _):
        return config_of(dataset, method)

    return SimpleNamespace(
        describe=describe, config_today=config_today, verdict=lambda *_: Verdict(), sampling=lambda *_: None
    )


def boards(results: Path) -> publish.Made:
    return publish.read_boards(results, catalogue())


def facts():
    method = {
        "class_doc": "What.\n\nArgs:\n    weight: of the term.",
        "slots": ["loss"],
        "reference": False,
        "differs": "nothing",
    }
    method |= {"values": [("weight", "1", "all", "paper", "a number")], "certificate": ("the paper", "3", "1e-07")}
    dataset = {"metrics": ["mae"], "unit": "years", "groups": ["g"], "parameters": [("rows", "5", "a number")]}
    dataset |= {
        "name": "faces",
        "kind": "Faces",
        "doc": "Faces.\n\nLicence: none.",
        "protocol": [("lr", "1", "a number")],
    }
    named = {name: {"name": name, "doc": f"{doc}\n\narXiv:2102.09554", "refused": {}} for name, doc in TITLES.items()}
    return {"method": {name: {**method, **own} for name, own in named.items()}, "dataset": {"faces": dataset}}
