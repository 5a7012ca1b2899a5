"""Values and gradients of the published code, for every term that has a golden case of the plain form."""

from functools import partial

import pytest
import torch

from bench.functional.losses import task_loss
from bench.methods.conr import conr
from bench.methods.dino import self_distillation
from bench.methods.focal_r import focal_r
from bench.methods.oe import ordinal_diversity, ordinal_entropy, ordinal_entropy_of_maps
from bench.methods.ranksim import ranksim
from bench.methods.rnc import rank_n_contrast
from bench.methods.simclr import nt_xent
from bench.methods.srl import contrast, enveloping, homogeneity
from bench.methods.supcon import supcon
from support.devices import in_both_precisions, on_every_device

# case -> function, the input that has the gradient, the other inputs
CASES = {
    "ranksim-typical": (ranksim, "features", "targets"),
    "ranksim-ties": (ranksim, "features", "targets"),
    "ranksim-tiny": (ranksim, "features", "targets"),
    "ranksim-allequal": (ranksim, "features", "targets"),
    "oe-typical": (ordinal_entropy, "features", "targets"),
    "oe-ties": (ordinal_entropy, "features", "targets"),
    "oe-coord": (ordinal_diversity, "features", "targets"),
    "oe-depth": (lambda z, y: ordinal_entropy_of_maps(z, y, y > 0.001), "features", "targets"),
    "loss-l1": (partial(task_loss, w=None, kind="l1"), "preds", "targets"),
    "loss-mse": (partial(task_loss, w=None, kind="mse"), "preds", "targets"),
    "loss-huber": (partial(task_loss, w=None, kind="huber"), "preds", "targets"),
    "conr-typical": (conr, "features", "targets", "preds", "weights"),
    "conr-ties": (conr, "features", "targets", "preds", "weights"),
    "conr-tiny": (conr, "features", "targets", "preds", "weights"),
    "rnc-typical": (rank_n_contrast, "features", "targets"),
    "rnc-ties": (rank_n_contrast, "features", "targets"),
    "rnc-tiny": (rank_n_contrast, "features", "targets"),
    "srl-uniformity": (enveloping, "embeddings", "points"),
    "srl-smooth-agedb": (homogeneity, "embeddings"),
    "srl-contrastive": (contrast, "features", "labels", "surrogates"),
    "simclr-typical": (nt_xent, "features"),
    "simclr-views": (partial(nt_xent, temperature=0.1), "features"),
    "supcon-typical": (supcon, "features", "labels"),
    "supcon-ties": (partial(supcon, temperature=0.07), "features", "labels"),
    "supcon-tiny": (partial(supcon, temperature=0.5), "features", "labels"),
    "dino-typical": (self_distillation, "student", "teacher", "center"),
    "dino-warm": (partial(self_distillation, teacher_temperature=0.07), "student", "teacher", "center"),
    "loss-focal-l1": (focal_r, "preds", "targets"),
    "loss-focal-mse": (lambda y_hat, y: focal_r(y_hat, y, power=2), "preds", "targets"),
}


@on_every_device
@in_both_precisions
@pytest.mark.parametrize("name", CASES)
def test_value_and_gradient_are_those_of_the_published_code(golden, name, dtype, device):
    function, of, *rest = CASES[name]
    case = golden(name)
    x = case.tensor(f"in_{of}", dtype, device).requires_grad_()
    kinds = [torch.int64 if other == "labels" else dtype for other in rest]
    others = (case.tensor(f"in_{other}", kind, device) for other, kind in zip(rest, kinds, strict=True))
    loss = function(x, *others)
    loss.backward()
    assert loss.dtype == x.grad.dtype == dtype
    case.check(loss, "out_loss")
    case.check(x.grad, f"out_grad_{of}")
