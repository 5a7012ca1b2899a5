"""A stack hands each hook to the part that fills its slot, sums what is shared, and tells every part of events."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from bench.errors import BenchError
from bench.method import Method
from bench.slots import SHARED, SLOTS
from bench.stack import Stack, batch_counters, overrides
from support.tiny_training import STILL, Line, fitted

# hook -> the slot that it belongs to, and how many arguments it takes
HOOKS = {
    "weights": ("weights", 1), "density": ("density", 1), "sampler": ("sampler", 2), "inputs": ("inputs", 2),
    "features": ("features", 3), "head": ("head", 2), "targets": ("head", 1), "predict": ("head", 1),
    "columns": ("head", 1), "loss": ("loss", 1), "optimizer": ("optimizer", 2), "step": ("step", 2),
    "evaluated": ("evaluated", 1), "calibrate": ("calibrated", 2), "calibrated": ("calibrated", 1),
    "stages": ("stages", 1),
}  # fmt: skip
EVENTS = {"stage_start": 2, "step_end": 1, "epoch_end": 3}


def part(*names, **attributes):
    """A method that fills some hooks, each of which gives back its arguments."""
    given = {name: lambda self, *arguments: arguments for name in names}
    return type("Part", (Method,), {**given, **attributes})()


def test_every_exclusive_slot_is_tried_here():
    assert {slot for slot, _ in HOOKS.values()} == set(SLOTS) - set(SHARED)


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("first", [True, False])
def test_each_hook_is_that_of_the_part_that_fills_its_slot(hook, first):
    slot, number = HOOKS[hook]
    parts = [("filling", part(hook, slot)), ("other", part("regularizer"))]
    stack = Stack(parts if first else parts[::-1])
    given = tuple(f"argument {i}" for i in range(number))
    found = getattr(stack, hook)(*given)
    assert found == (None if hook == "calibrate" else given)  # whose answer nobody asks for
    assert overrides(stack, slot)


def test_calibration_reaches_the_part_that_corrects():
    told = []
    corrects = part("calibrated", calibrate=lambda self, *given: told.append(given))
    Stack([("other", part("loss")), ("corrects", corrects)]).calibrate("y_hat", "labels")
    assert told == [("y_hat", "labels")]


@pytest.mark.parametrize("slot", sorted({slot for slot, _ in HOOKS.values()}))
def test_two_parts_cannot_fill_one_slot_but_one_may_step_back(slot):
    with pytest.raises(BenchError, match=f"'a' and 'b': both fill the slot '{slot}'"):
        Stack([("a", part(slot)), ("b", part(slot))])
    back = part(fallback_slots=(slot,), **{slot: lambda self, *given: "stepped back"})
    number = HOOKS[slot][1]
    for parts in ([("a", part(slot)), ("b", back)], [("b", back), ("a", part(slot))]):
        assert getattr(Stack(parts), slot)(*range(number)) != "stepped back"
    assert getattr(Stack([("a", part("regularizer")), ("b", back)]), slot)(*range(number)) == "stepped back"


@pytest.mark.parametrize("event", EVENTS)
def test_every_part_hears_of_each_event(event):
    heard = []
    parts = [
        (name, part(**{event: lambda self, *given, name=name: heard.append((name, *given))})) for name in ("a", "b")
    ]
    given = tuple(range(EVENTS[event]))
    getattr(Stack(parts), event)(*given)
    assert heard == [("a", *given), ("b", *given)]


def adds(value):
    return part(regularizer=lambda self, batch: batch.z.new_tensor(value))


def test_regularizers_are_summed_and_those_of_no_part_are_zero():
    batch = SimpleNamespace(z=torch.zeros(2, 3))
    assert Stack([("a", adds(1.0)), ("b", part("loss")), ("c", adds(10.0))]).regularizer(batch).item() == 11
    assert Stack([("a", part("loss")), ("b", part("weights"))]).regularizer(batch).item() == 0


def test_a_stack_draws_as_many_views_as_its_most_demanding_part():
    for views in ((2, 3), (3, 2), (0, 3)):
        assert Stack([(str(i), part(views=number)) for i, number in enumerate(views)]).views == 3


class Own(Method):
    def __init__(self, rate):
        super().__init__()
        self.own, self.rate = nn.Parameter(torch.zeros(())), rate

    def parameter_groups(self):
        return [{"params": [self.own], "lr": self.rate}]


def test_parameters_of_every_part_are_trained():
    groups = Stack([("a", Own(0.1)), ("b", Own(0.2))]).parameter_groups()
    assert [group["lr"] for group in groups] == [0.1, 0.2]


def test_counts_of_all_parts_are_added():
    stack = Stack([("a", part("loss")), ("b", part("weights"))])
    for number, one in enumerate(stack.parts, start=1):
        one.skipped, one.unconverged = number, torch.tensor(10 * number)
    assert batch_counters(stack) == {"skipped_batches": 3, "unconverged_batches": 30}


def test_every_part_draws_what_it_draws_alone_from_a_generator_of_its_own():
    draws = []

    class Draws(Method):
        def prepare(self, task):
            super().prepare(task)
            self.first = torch.rand(2, generator=task.generator).tolist()

        def stage_start(self, network, stage):
            draws.append([*self.first, *torch.rand(2, generator=self.task.generator).tolist()])

    fitted(Line(), Stack([("a", Draws()), ("b", Draws()), ("c", part("density"))]), seed=3)
    fitted(Line(), Draws(), seed=3)
    assert draws[0] == draws[1] == draws[2]


def test_a_stack_trains_with_the_terms_of_its_parts():
    class Ten(Method):
        def loss(self, batch):
            return batch.outputs.sum() * 0 + 10.0

    training = fitted(Line(), Stack([("loss", Ten()), ("one", adds(1.0)), ("two", adds(2.0))]), lr=STILL)
    assert training.result.history[0]["loss"] == 13.0
