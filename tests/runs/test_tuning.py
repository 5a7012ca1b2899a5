"""The search for a protocol: which settings it tries and what it chooses."""

import json
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from bench.bases import tuned_settings
from bench.bases.tabular import Tabular
from bench.described import given, writing
from bench.errors import BenchError
from bench.plugins import described, resolve
from bench.results import store
from bench.runs import runner
from bench.runs.tuning import Tuning, descend, text_of
from support.inline import Inline

AXES = {"protocol.lr": (1e-3, 1e-2), "hidden": ("a", "b"), "protocol.epochs": (10, 20)}


def bowl(lr, hidden, epochs):
    """Best at a rate of 0.1 with b and 20."""
    return (math.log10(lr) + 1) ** 2 + (hidden != "b") + (epochs != 20) * 0.1


def searched(value):
    asked = []

    def score(settings):
        asked.extend(text_of(setting) for setting in settings)
        return [value(*setting.values()) for setting in settings]

    return descend({"protocol.lr": 1e-3, "hidden": "a", "protocol.epochs": 10}, AXES, score), asked


def test_each_setting_in_turn_takes_its_best_value_and_a_range_goes_on_beyond_its_end():
    best, asked = searched(bowl)
    assert best == {"protocol.lr": 0.1, "hidden": "b", "protocol.epochs": 20}
    assert "lr=1,hidden=a,epochs=10" in asked  # beyond the best
    assert not [text for text in asked if "lr=10," in text or "epochs=40" in text]


def test_a_range_is_not_widened_for_ever():
    best, _ = searched(lambda lr, hidden, epochs: -lr)
    assert best["protocol.lr"] == 1.0


def test_a_setting_that_failed_is_never_chosen():
    best, _ = searched(lambda lr, hidden, epochs: math.inf if hidden == "b" else bowl(lr, hidden, epochs))
    assert best["hidden"] == "a"


@pytest.fixture
def tuning(tmp_path, monkeypatch):
    monkeypatch.setattr(
        Tabular, "tunes", {"protocol.lr": (1e-3, 1e-2), "hidden": ("64-64",), "protocol.epochs": (2, 4)}
    )
    concrete = type(resolve.dataset("concrete[rows=synthetic]").dataset)
    monkeypatch.setattr(concrete, "protocol", replace(concrete.protocol, epochs=2))
    monkeypatch.setattr(tuned_settings, "FILE", tmp_path / "tuned.json")
    trained = []

    def train(plan, into):
        trained.extend(plan.todo)
        runner.run(plan, Inline(), into, Silent())

    made = Tuning("concrete[rows=synthetic]", (100, 101), tmp_path / "protocols", tmp_path, train)
    return made, trained


class Silent:
    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None

    def started(self, cell): ...

    def progress(self, cell, at): ...

    def ended(self, cell, record): ...


def test_the_baseline_is_tuned_on_validation_and_what_was_tried_is_kept(tuning, tmp_path):
    made, trained = tuning
    best = made.tune()
    made.keep(best)
    assert best.keys() == {"protocol.lr", "hidden", "protocol.epochs"}
    assert {cell.method for cell in trained} == {"baseline"}
    assert {cell.seed for cell in trained} == {100, 101}
    assert len(trained) == 2 * len(made.tried)  # none twice
    kept = json.loads((tmp_path / "tuned.json").read_text())[made.dataset]
    assert kept["best"] == best
    finished = [one for one in kept["tried"] if None not in one["validation"]]  # a high rate may diverge
    means = {text_of(one["setting"]): sum(one["validation"]) / 2 for one in finished}
    assert min(means, key=means.get) == text_of(best)
    for one in kept["tried"]:
        folder = made.results / text_of(one["setting"])
        records = store.read_all(folder)
        values = [record.selection.value if record.status == "ok" else None for record in records]
        assert values == one["validation"]
    assert text_of(best) in made.table(best)


def test_a_description_keeps_what_was_chosen(tmp_path, monkeypatch):
    monkeypatch.setattr(described, "_known", {})
    x = np.random.default_rng(0).standard_normal(60)
    pd.DataFrame({"x": x, "y": x}).to_csv(tmp_path / "own.csv", index=False)
    text = writing.describe(tmp_path / "own.csv", "y", tmp_path, "own").text
    (tmp_path / "own.toml").write_text(text)
    given.names(str(tmp_path / "own.toml"))
    made = Tuning("own", (100,), tmp_path / "protocols", tmp_path, print)
    best = {"protocol.lr": 0.01, "protocol.cosine_floor": None}
    made.tried[text_of(best)] = best, [0.5]
    made.keep(best)
    assert (
        "lr = 0.01  # of 1 settings the best by validation mae, 0.5; bench tune" in (tmp_path / "own.toml").read_text()
    )
    with pytest.raises(BenchError, match=r"there is no .*own.toml to keep this in"):
        made.keep(best)  # the file is not what was tuned any more


def test_what_names_no_settings_is_not_tuned(tmp_path):
    with pytest.raises(BenchError, match="nothing to tune"):
        Tuning("nyud2[images=small]", (100,), tmp_path, tmp_path, print).tune()
