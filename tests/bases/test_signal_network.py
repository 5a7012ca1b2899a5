"""The network along time."""

import torch

from bench.bases.signal_network import SignalNetwork


def test_features_are_means_over_time_of_signals_of_any_length():
    network = SignalNetwork(3, (8, 16), 2, unit=20.0).eval()
    x = torch.randint(-400, 400, (2, 3, 4000), dtype=torch.int16)
    short, long = network(x), network(x.repeat(1, 1, 3))
    assert network(x[..., :160]).shape == short.shape == (2, 16)
    torch.testing.assert_close(long, short, rtol=0, atol=0.05 * short.abs().max().item())  # but for the ends


def test_steps_are_scaled_by_their_unit():
    torch.manual_seed(0)
    fine, coarse = (SignalNetwork(3, (8,), 1, unit=unit).eval() for unit in (20.0, 10.0))
    coarse.load_state_dict(fine.state_dict())
    x = torch.randint(-400, 400, (2, 3, 100), dtype=torch.int16)
    torch.testing.assert_close(fine(2 * x), coarse(x))


def test_the_network_of_the_eeg_has_eighteen_layers_but_for_skips_and_head():
    network = SignalNetwork(21, (64, 128, 256, 512), 2, unit=400.0)
    layers = [module for module in network.modules() if isinstance(module, torch.nn.Conv1d)]
    assert len([layer for layer in layers if layer.kernel_size[0] > 1]) == 17
    kernel = layers[-1].weight
    assert abs(kernel.std().item() / (2 / (512 * 7)) ** 0.5 - 1) < 0.02
