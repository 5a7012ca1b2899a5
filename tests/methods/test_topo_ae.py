"""The Topological Autoencoder is PH-Reg without its second term."""

import torch

from bench.methods.ph_reg import PHReg
from bench.methods.topo_ae import TopoAE
from support.ph_and_rot import batch, prepared


def test_the_topological_autoencoder_is_ph_reg_without_its_second_term() -> None:
    z, y = torch.randn(100, 8, generator=torch.Generator().manual_seed(8)), torch.rand(100, 2)
    for name, defaults in PHReg.defaults.items():
        whole = prepared(PHReg(**{**defaults, "dimension_weight": 0.0}), y).regularizer(batch(z, y))
        assert prepared(TopoAE(**TopoAE.defaults[name]), y).regularizer(batch(z, y)) == whole > 0
