"""Stacks: those of the papers train, and two methods never share a slot."""

from pathlib import Path

import pytest
import torch

from bench import plugins
from bench.errors import BenchError
from bench.plugins import resolve
from bench.stack import methods_of
from bench.training.loop import Training

AIRFOIL = resolve.dataset("airfoil[rows=synthetic]", {"protocol.epochs": 1})
SPLITS = AIRFOIL.dataset.load(Path())

# RankSim's four table groups, and what the other papers combine
GROUPS = [
    "+".join(filter(None, (base, ranksim, lds, fds)))
    for base in ("", "focal_r", "rrt", "sqinv", "inv")
    for ranksim in ("", "ranksim")
    for lds in ("", "lds")
    for fds in ("", "fds")
    if base or ranksim or lds or fds
]
OTHERS = ["mt+rot_reg", "baseline[loss=huber]+rnc", "rrt+sqinv+lds"]


def training(text):
    method = resolve.method(text, AIRFOIL).build()
    return Training(AIRFOIL.dataset, AIRFOIL.protocol, SPLITS, method, 0, torch.device("cpu"))


@pytest.mark.parametrize("text", GROUPS + OTHERS)
def test_the_papers_combinations_are_written_as_they_write_them_and_train(text):
    assert resolve.method(text, AIRFOIL).name == text
    assert training(text).fit().history


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("sqinv+lds", "lds"),
        ("inv+lds", "lds[scheme=inverse]"),
        ("rrt+lds", "lds[scheme=inverse]"),
        ("rrt+sqinv+lds", "lds"),
        ("rrt+sqinv", "sqinv"),
        ("rrt", "inv"),
        ("focal_r+lds", "lds"),
    ],
)
def test_lds_smooths_inside_the_other_methods_weights(text, same):
    assert torch.equal(training(text).w, training(same).w)


def test_a_method_draws_in_a_stack_what_it_draws_alone_and_other_numbers_with_another_seed():
    def drawn(text, seed):
        method = resolve.method(text, AIRFOIL).build()
        made = Training(AIRFOIL.dataset, AIRFOIL.protocol, SPLITS, method, seed, torch.device("cpu")).method
        part = next(part for part in methods_of(made) if hasattr(part, "points"))
        return part.points, torch.rand(3, generator=part.task.generator)

    alone, stacked, other = drawn("srl", 3), drawn("srl+lds", 3), drawn("srl+lds", 4)
    assert torch.equal(alone[0], stacked[0])
    assert torch.equal(alone[1], stacked[1])
    assert not torch.equal(stacked[0], other[0])


@pytest.mark.parametrize(
    ("text", "slot"),
    [("sqinv+inv", "weights"), ("rrt+rnc", "stages"), ("focal_r+balanced_mse", "loss"), ("mt+dex", "head")],
)
def test_two_methods_for_one_exclusive_slot_are_refused_in_one_sentence(text, slot):
    with pytest.raises(BenchError) as error:
        resolve.method(text, AIRFOIL)
    assert all(f"'{word}'" in str(error.value) for word in (*text.split("+"), slot))


def test_a_part_of_a_stack_draws_as_it_does_alone():
    alone, both = training("ranksim"), training("mt+ranksim")
    generator = next(part for part in both.method.parts if type(part).__name__ == "RankSim").task.generator
    assert torch.equal(alone.method.task.generator.get_state(), generator.get_state())


def test_an_illegal_stack_names_both_methods_and_the_slot():
    method = resolve.method("mt+lds", resolve.dataset("airfoil[rows=synthetic]"))
    assert method.build().slots() is not None
    parts = (("first", plugins.load("method", "mt")()), ("second", plugins.load("method", "mt")()))
    from bench.stack import Stack

    with pytest.raises(BenchError, match=r"'first' and 'second'.*'head'"):
        Stack(parts)
