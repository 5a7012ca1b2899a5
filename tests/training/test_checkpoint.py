"""Training that goes on from where it was left is the training that nothing has disturbed."""

import json
import math

import pytest
import torch

from bench import plugins
from bench.plugins import resolve
from bench.training import checkpoint, reference
from bench.training.checkpoint import Checkpoints

TINY = {"protocol.epochs": 4, "protocol.validate_every": 1}
PROTOCOLS = {
    "circle": TINY,
    "digits[images=few]": {**TINY, "protocol.milestones": [2]},
    "airfoil[rows=synthetic]": {**TINY, "protocol.patience": 3},
}
METHODS = sorted(plugins.methods())


class Left(Exception):
    """The run ends here."""


def fitted(dataset, method, tmp_path, keep=math.inf, leave=None, overrides=None):
    overrides = overrides or PROTOCOLS[dataset]
    on = resolve.dataset(dataset, overrides)
    built = resolve.method(method, on)
    if built.refusal(on.dataset):
        pytest.skip("not defined here")
    splits = on.dataset.load(tmp_path)
    kept = Checkpoints(tmp_path / "checkpoint", keep, "key")
    seen = []

    def report(at):
        seen.append(at["step"])
        if leave is not None and at["step"] >= leave:
            raise Left

    method = resolve.build(built.parts)
    training = reference.start(on.dataset, on.protocol, splits, method, 3, torch.device("cpu"), report, overrides, kept)
    fit = training.fit()
    return training.predict(splits.test), fit, seen


@pytest.mark.parametrize(
    ("dataset", "method"),
    [
        *(("airfoil[rows=synthetic]", method) for method in [*METHODS, "rrt+lds+fds", "mt+rot_reg"]),
        *(("digits[images=few]", method) for method in ("baseline", "rnc", "dino", "fds", "infdrop", "ema")),
        *(("circle", method) for method in ("rot_reg", "ph_reg")),
    ],
)
def test_a_cell_that_was_left_ends_as_one_that_was_not(dataset, method, tmp_path):
    whole, fit, _ = fitted(dataset, method, tmp_path)
    with pytest.raises(Left):
        fitted(dataset, method, tmp_path, keep=0, leave=3)
    assert (tmp_path / "checkpoint").exists()
    again, second, seen = fitted(dataset, method, tmp_path)
    assert min(seen) >= 3  # it did not begin anew
    assert torch.equal(whole, again)
    assert second.selection == fit.selection
    assert [{**row, "seconds": 0} for row in second.history] == [{**row, "seconds": 0} for row in fit.history]
    assert len(second.step_s) == len(fit.step_s)


@pytest.mark.parametrize("harm", ["cut", "empty", "another"])
def test_a_checkpoint_that_is_damaged_or_of_another_cell_is_not_gone_on_from(harm, tmp_path):
    with pytest.raises(Left):
        fitted("circle", "mt", tmp_path, keep=0, leave=3)
    path = tmp_path / "checkpoint"
    content = path.read_bytes()
    if harm == "another":
        assert Checkpoints(path, math.inf, "another key").position() is None
        assert Checkpoints(path, math.inf, "key").position() == (0, 2)
        return
    path.write_bytes(content[: len(content) // 2] if harm == "cut" else b"")
    assert Checkpoints(path, math.inf, "key").position() is None
    _, _, seen = fitted("circle", "mt", tmp_path)
    assert min(seen) < 3


def test_state_that_cannot_be_kept_or_does_not_fit_is_said_so(tmp_path):
    packing = checkpoint._Packing([], None)
    with pytest.raises(checkpoint.Unkept):
        packing.pack({"words": {1, 2}})
    unpacking = checkpoint._Unpacking([], type("Training", (), {"device": torch.device("cpu")}))
    with pytest.raises(checkpoint.Unkept):
        unpacking.unpack({"number": 1, "object": {}}, None)


def test_what_is_held_twice_comes_back_as_one(tmp_path):
    shared = torch.arange(3.0)
    tensors = []
    node = checkpoint._Packing(tensors, None).pack({"a": shared, "b": [shared, (1, float("inf"), None, "x")], 3: True})
    on = type("Training", (), {"device": torch.device("cpu")})
    found = checkpoint._Unpacking(tensors, on).unpack(json.loads(json.dumps(node)), {})
    assert found["a"] is found["b"][0]
    assert torch.equal(found["a"], shared)
    assert found["b"][1] == (1, float("inf"), None, "x")
    assert found[3] is True
