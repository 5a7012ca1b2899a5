"""Copies of a training whose predictions were moved: known by its losses, or by these and its times."""

import pytest

from bench.evidence.copies import LONG, copies
from bench.results.intake import Trail
from bench.results.record import Epoch
from support.board_records import record
from support.records import readable


def trained(method, seed, losses, times):
    rows = [Epoch(epoch=k + 1, loss=losses * (k + 1), val=1.0, seconds=times * (k + 1)) for k in range(LONG)]
    return readable(record(method, seed, 7.0)).model_copy(update={"history": rows})


def found(*records):
    trails = {one.cell: Trail.of(one) for one in records}
    return [one.cell for one in copies(records, lambda one: one, lambda _: None, trails)]


@pytest.mark.parametrize(
    ("other", "copied"),
    [
        (trained("oe", 1, 0.5, 0.2), ["faces/oe/0", "faces/oe/1"]),
        (trained("oe", 1, 0.5, 0.1), ["faces/oe/0", "faces/oe/1"]),
        (trained("oe", 1, 0.4, 0.1), []),
        (trained("srl", 1, 0.5, 0.1), ["faces/oe/0", "faces/srl/1"]),
        (trained("srl", 1, 0.5, 0.2), []),
        (trained("srl", 1, 0.4, 0.1), []),
    ],
    ids=["losses of a seed", "losses and times of a seed", "times alone", "losses and times", "losses", "times"],
)
def test_losses_are_of_one_seed_and_losses_with_times_of_one_training(other, copied):
    assert sorted(set(found(trained("oe", 0, 0.5, 0.1), other))) == copied
