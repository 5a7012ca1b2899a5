"""What a board says of a protocol that was tuned."""

import json

import pytest

from bench.bases import tuned_settings
from bench.plugins import resolve
from bench.runs import catalogue, tuned


@pytest.fixture
def kept(tmp_path, monkeypatch):
    def tried(lr, *validation):
        return {"setting": {"protocol.lr": lr, "hidden": "64-64"}, "validation": validation}

    settings = [tried(0.01, 3.0, 5.0), tried(0.1, 2.0, 3.0), tried(1.0, 1.0, None), tried(0.001, 6.0, 6.0)]
    one = {"best": tried(0.1)["setting"], "metric": "mae", "seeds": [100, 101], "tried": settings}
    monkeypatch.setattr(tuned_settings, "FILE", tmp_path / "tuned.json")
    tuned_settings.FILE.write_text(json.dumps({"concrete": one}))
    tuned_settings.outcomes.cache_clear()
    yield
    tuned_settings.outcomes.cache_clear()


def test_budget_and_outcome_stand_on_the_board_of_the_dataset(kept):
    on = resolve.dataset("concrete[hidden=64-64]", {"protocol.lr": 0.1})
    said = tuned.note("concrete", on.dataset, on.protocol)
    assert said == (
        "Its protocol was tuned for the baseline: 4 settings of lr, hidden, chosen by validation mae over seeds 100 to "
        "101 (2.5; the nearest other 4)."
    )
    assert tuned.note("airfoil", on.dataset, on.protocol) == ""


def test_a_protocol_that_stays_other_than_tuned_says_what_would_change(kept):
    assert catalogue._describe("concrete")["what"].endswith(
        "Its protocol stays as published; tuned for the baseline, it would have protocol.lr=0.1, hidden=64-64: "
        "4 settings of lr, hidden, chosen by validation mae over seeds 100 to 101 (2.5; the nearest other 4)."
    )


def test_what_tuning_would_gain_stands_beside_the_value_as_published(kept):
    on = resolve.dataset("concrete[hidden=64-64]", {"protocol.lr": 0.01})
    assert "(2.5; the nearest other 4; as it is 4)" in tuned.note("concrete", on.dataset, on.protocol)
