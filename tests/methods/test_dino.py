"""DINO against the published code, and its teacher."""

import math
from pathlib import Path

import pytest
import torch

from bench.methods.dino import DINO, Prototypes
from bench.plugins import resolve
from bench.training.loop import Training
from support.batches import prepared, random


def test_the_head_is_that_of_the_published_code(golden):
    case = golden("dino-head")
    head = Prototypes(10, 9, 6, 12).double()
    parts = {f"mlp.{i}.{name}": case.tensor(f"in_{name}{i}") for i in (0, 2, 4) for name in ("weight", "bias")}
    head.load_state_dict(parts | {"directions": case.tensor("in_directions")})
    z = case.tensor("in_features").requires_grad_()
    outputs = head(z)
    case.check(outputs, "out_outputs")
    of_z, of_directions = torch.autograd.grad((outputs * case.tensor("in_probe")).sum(), [z, head.directions])
    case.check(of_z, "out_grad_features")
    case.check(of_directions, "out_grad_directions")
    assert torch.equal(head(z, fixed=True), outputs)
    assert torch.autograd.grad(head(z, fixed=True).sum(), head.directions, allow_unused=True) == (None,)


@pytest.mark.parametrize(("name", "centering"), [("dino-typical", 0.9), ("dino-warm", 0.5)])
def test_the_centre_moves_as_in_the_published_code(golden, name, centering):
    case = golden(name)
    method = prepared(DINO(centering=centering, prototypes=len(case["in_center"])), random(9, 1))
    method.center = case.tensor("in_center")
    method.move_center(case.tensor("in_teacher").flatten(0, 1))
    case.check(method.center, "out_center")


def training_of(text, **protocol):
    changes = {f"protocol.{key}": value for key, value in protocol.items()}
    on = resolve.dataset("digits[images=few]", changes)
    method = resolve.method(text, on).build_method()
    return Training(on.dataset, on.protocol, on.dataset.load(Path()), method, 0, torch.device("cpu"))


def test_the_teacher_follows_the_student_and_its_encoder_goes_on_into_the_second_stage():
    training = training_of("dino[momentum=0.5]", epochs=2, lr=0.01)
    method, followed, kept = training.method, [], {}
    begin, end = method.stage_start, method.step_end

    def step_end(network):
        if method.copies:
            before = [p.clone() for p in method.copies[0].parameters()]
            share = 0.5 * (1 + math.cos(math.pi * method.done / method.steps)) / 2
            end(network)
            pairs = zip(before, network.encoder.parameters(), strict=True)
            followed.append(
                all(
                    torch.allclose(old.lerp(new, share), now)
                    for (old, new), now in zip(pairs, method.copies[0].parameters(), strict=True)
                )
            )
            kept.update({key: value.clone() for key, value in method.copies[0].state_dict().items()})

    def stage_start(network, stage):
        begin(network, stage)
        if not stage.pretext:
            now = network.encoder.state_dict()
            assert all(torch.equal(kept[key], now[key]) for key in now)

    method.step_end, method.stage_start = step_end, stage_start
    training.fit()
    assert len(followed) == method.steps == 2 * -(-len(training.train) // 128)
    assert all(followed)


def test_the_momentum_goes_by_the_epochs_that_a_run_asks_for():
    training = training_of("dino[recipe=paper]")
    training.changes = {"protocol.epochs": 3, "protocol.batch_size": 100}
    (stage, _) = training.method.stages(training.protocol)
    training.begin(stage)
    assert training.method.steps == 3 * (len(training.train) // 100)  # short last batches are dropped


def test_prototypes_rest_in_the_first_epoch():
    training = training_of("dino", epochs=2)
    method, seen = training.method, []
    end = method.step_end

    def step_end(network):
        seen.append((method.done, method.projector.directions.clone()))
        end(network)

    method.step_end = step_end
    first = method.projector.directions.clone()
    training.fit()
    steps = method.steps
    assert all(torch.equal(directions, first) for done, directions in seen[: steps // 2])
    assert not torch.equal(seen[steps // 2][1], first)


def test_no_optimizer_and_no_saved_method_has_the_teacher():
    training = training_of("dino", epochs=1)
    training.fit()
    names = set(training.method.state_dict())
    assert {name.partition(".")[0] for name in names} == {"center", "projector"}
    assert training.method.copies == []
