"""The network for depth: its published widths."""

import torch

from bench.datasets.nyud2 import NYUD2
from support.depth_pictures import MIDDLE


def test_the_full_network_has_the_published_widths_and_half_size_maps():
    dataset = NYUD2(images="synthetic")
    with torch.device("meta"):
        net, width = dataset.encoder(None)
        z = net(torch.zeros(2, 3, *MIDDLE))
        head = dataset.head(width, 1)
    assert (tuple(z.shape), tuple(head(z).shape)) == ((2, 128, 114, 152), (2, 1, 114, 152))
    assert [up.long[0][0].in_channels for up in net.decoder] == [1024, 512, 256, 128]
    assert [up.short[0].out_channels for up in net.decoder] == [512, 256, 128, 64]
    assert [(up.short[0].in_channels, up.short[0].out_channels) for up in net.scales] == [
        (256, 16), (512, 16), (1024, 16), (2048, 16),
    ]  # fmt: skip
    assert tuple(head.weight.shape) == (1, 128, 5, 5)
