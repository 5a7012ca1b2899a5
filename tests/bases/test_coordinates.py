"""Data sets of coordinates: inputs, draws and published points."""

import numpy as np
import pytest
import torch

from bench.bases.coordinates import ROWS
from support.datasets import NOWHERE, SHAPES, make, real, rows


@pytest.mark.parametrize("name", SHAPES)
def test_the_first_columns_are_sums_of_the_target_and_the_others_are_not(name):
    splits = make(name).load(NOWHERE)
    assert rows(splits) == [100, 100, 2800]
    x = torch.cat([splits.train.x, splits.val.x, splits.test.x]).double()
    points = torch.cat([splits.train.labels, splits.val.labels, splits.test.labels]).double()
    signs = torch.tensor([[1, 1, 1], [1, 1, -1], [1, -1, 1], [-1, 1, 1]], dtype=torch.double)
    assert x.shape == (ROWS, 100)
    torch.testing.assert_close(x[:, :4], points @ signs.T, rtol=1e-5, atol=1e-4)
    correlations = torch.corrcoef(torch.cat([points, x], dim=1).T)[:3, 7:]
    assert correlations.abs().max() < 0.12  # 3000 independent rows: 0.02 is one deviation


@pytest.mark.parametrize("name", SHAPES)
def test_points_depend_on_the_draw_and_on_nothing_else(name):
    other = name.replace("]", ",draw=1]") if "[" in name else f"{name}[draw=1]"
    torch.manual_seed(0)
    first = make(name).load(NOWHERE).fingerprint()
    torch.manual_seed(1)
    assert make(name).load(NOWHERE).fingerprint() == first
    assert make(other).load(NOWHERE).fingerprint() != first


@pytest.mark.parametrize("name", ["circle", "torus", "swiss_roll"])
def test_published_points_read_the_same_from_both_file_forms(name, tmp_path):
    dataset, root = real(f"{name}[points=published]")
    file = dataset.files[0]
    with np.load(root / file.alternatives[0].path) as arrays:
        content = {**arrays, "color": []}
    (tmp_path / "coordinates").mkdir()
    np.save(tmp_path / file.path, content, allow_pickle=True)
    splits = dataset.load(root)
    assert rows(splits) == [100, 100, 2800]
    assert dataset.load(tmp_path).fingerprint() == splits.fingerprint()


def test_only_published_points_and_the_scan_stand_beside_reported_rows():
    names = [
        "circle",
        "circle[points=published]",
        "swiss_roll[points=published]",
        "mammoth",
        "mammoth[points=synthetic]",
    ]
    assert [make(name).reported for name in names] == [
        None,
        "coordinate-circle",
        None,
        "coordinate-mammoth",
        None,
    ]
    assert [make(name).synthetic for name in names] == [False, False, False, False, True]


def test_the_coordinate_network_starts_near_zero():
    dataset = make("circle")
    encoder, width = dataset.encoder(dataset.load(NOWHERE))
    layers = [encoder[0], encoder[2], dataset.head(width, 3)]
    assert [tuple(layer.weight.shape) for layer in layers] == [(100, 100), (100, 100), (3, 100)]
    for layer in layers:
        assert 0.0009 < layer.weight.std() < 0.0011
        assert not layer.bias.any()
