"""Every published loss and regularizer as a function, wherever it is defined: `from bench.losses import ranksim`.

Each takes tensors and returns a scalar with its gradient, or a window, weights or a plan; (B,) counts as (B, 1).
Nothing is imported before a function is asked for.

>>> import torch
>>> from bench import losses
>>> losses.focal_r(torch.tensor([1.0, 2.0]), torch.tensor([[1.0], [12.0]]))
tensor(3.8080)
>>> losses.focal_r(torch.zeros(16, 1), torch.zeros(1, 16))
Traceback (most recent call last):
bench.errors.ShapeError: predictions of shape (16, 1) do not fit targets of shape (1, 16); give one row a sample
"""

# In a checkout methods/ lies beside bench/, where pyright does not look for bench.methods; in a wheel it finds it.
# pyright: reportMissingImports=false, reportUnknownVariableType=false

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench.bases.reweighting import bin_weights
    from bench.functional.losses import task_loss
    from bench.functional.smoothing import window
    from bench.functional.topology import ph_dimension, topology
    from bench.methods.balanced_mse import batch_monte_carlo, bin_based, mixture_based
    from bench.methods.conr import conr, conr_images
    from bench.methods.corn import corn
    from bench.methods.dex import dex
    from bench.methods.dino import self_distillation
    from bench.methods.dldl import dldl
    from bench.methods.fds import calibrate
    from bench.methods.focal_r import focal_r
    from bench.methods.infdrop import information_dropout
    from bench.methods.l2cs import l2cs
    from bench.methods.lde import lde
    from bench.methods.oe import ordinal_diversity, ordinal_entropy, ordinal_entropy_of_maps
    from bench.methods.ordinal import ordinal_regression
    from bench.methods.ranksim import rank, ranksim
    from bench.methods.rnc import rank_n_contrast
    from bench.methods.rot_reg import rot, transport_plan
    from bench.methods.simclr import nt_xent
    from bench.methods.srl import contrast, enveloping, homogeneity, latent_trace
    from bench.methods.supcon import supcon
    from bench.methods.supremix import supremix
    from bench.methods.uvote import expert_weights, uvote
    from bench.methods.vir import evidential

# the module that defines each; a plug-in that takes one from here is digested as if it had imported that module
SOURCES: dict[str, str] = {
    "batch_monte_carlo": "bench.methods.balanced_mse",
    "bin_based": "bench.methods.balanced_mse",
    "bin_weights": "bench.bases.reweighting",
    "calibrate": "bench.methods.fds",
    "conr": "bench.methods.conr",
    "conr_images": "bench.methods.conr",
    "contrast": "bench.methods.srl",
    "corn": "bench.methods.corn",
    "dex": "bench.methods.dex",
    "dldl": "bench.methods.dldl",
    "enveloping": "bench.methods.srl",
    "evidential": "bench.methods.vir",
    "expert_weights": "bench.methods.uvote",
    "focal_r": "bench.methods.focal_r",
    "homogeneity": "bench.methods.srl",
    "information_dropout": "bench.methods.infdrop",
    "l2cs": "bench.methods.l2cs",
    "latent_trace": "bench.methods.srl",
    "lde": "bench.methods.lde",
    "mixture_based": "bench.methods.balanced_mse",
    "nt_xent": "bench.methods.simclr",
    "ordinal_diversity": "bench.methods.oe",
    "ordinal_entropy": "bench.methods.oe",
    "ordinal_entropy_of_maps": "bench.methods.oe",
    "ordinal_regression": "bench.methods.ordinal",
    "ph_dimension": "bench.functional.topology",
    "rank": "bench.methods.ranksim",
    "rank_n_contrast": "bench.methods.rnc",
    "ranksim": "bench.methods.ranksim",
    "rot": "bench.methods.rot_reg",
    "self_distillation": "bench.methods.dino",
    "supcon": "bench.methods.supcon",
    "supremix": "bench.methods.supremix",
    "task_loss": "bench.functional.losses",
    "topology": "bench.functional.topology",
    "transport_plan": "bench.methods.rot_reg",
    "uvote": "bench.methods.uvote",
    "window": "bench.functional.smoothing",
}

__all__ = [
    "batch_monte_carlo",
    "bin_based",
    "bin_weights",
    "calibrate",
    "conr",
    "conr_images",
    "contrast",
    "corn",
    "dex",
    "dldl",
    "enveloping",
    "evidential",
    "expert_weights",
    "focal_r",
    "homogeneity",
    "information_dropout",
    "l2cs",
    "latent_trace",
    "lde",
    "mixture_based",
    "nt_xent",
    "ordinal_diversity",
    "ordinal_entropy",
    "ordinal_entropy_of_maps",
    "ordinal_regression",
    "ph_dimension",
    "rank",
    "rank_n_contrast",
    "ranksim",
    "rot",
    "self_distillation",
    "supcon",
    "supremix",
    "task_loss",
    "topology",
    "transport_plan",
    "uvote",
    "window",
]


def __getattr__(name: str) -> Any:
    if name not in SOURCES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(SOURCES[name]), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *SOURCES})
