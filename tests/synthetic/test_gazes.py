"""Painted gazes: eyes and head turn with the direction, and nothing else depends on it."""

import numpy as np
import torch

from bench.synthetic import gazes


def faces(pitch, yaw, edge=64, seed=0):
    gaze, people = np.stack([pitch, yaw], axis=1).astype(float), np.zeros(len(pitch), dtype=int)
    columns = {name: torch.from_numpy(column) for name, column in gazes.looks(gaze, people, seed).items()}
    return columns, gazes.paint(columns, edge).float()


def test_eyes_and_head_turn_with_the_yaw_and_nod_with_the_pitch():
    columns, _ = faces(np.tile([-40.0, 10.0], 100), np.tile([-45.0, 45.0], 100))
    left, right = (columns["turn"][start::2].mean() for start in (0, 1))
    assert right - left > 0.2
    assert columns["eye_x"][1::2].mean() > columns["eye_x"][::2].mean() + 0.05
    assert columns["nod"][::2].mean() > columns["nod"][1::2].mean() + 0.1  # down the picture, where they look down
    assert columns["eye_y"][::2].mean() > columns["eye_y"][1::2].mean()


def test_a_row_gives_one_picture_whatever_batch_it_is_in():
    columns, pictures = faces(np.linspace(-40, 10, 20), np.linspace(-45, 45, 20))
    some = {name: column[3:5] for name, column in columns.items()}
    assert torch.equal(gazes.paint(some, 64).float(), pictures[3:5])
    assert not torch.equal(faces(np.linspace(-40, 10, 20), np.linspace(-45, 45, 20), seed=1)[1], pictures)


def test_another_direction_is_another_picture_of_the_same_face():
    columns, _ = faces(np.zeros(2), np.zeros(2))
    moved = {name: column[:1].clone() for name, column in columns.items()}
    moved["eye_x"] += 0.05
    same, other = gazes.paint({name: column[:1] for name, column in columns.items()}, 64), gazes.paint(moved, 64)
    changed = (same != other).any(1)[0]
    rows = changed.any(1).nonzero()
    assert 0.005 < changed.float().mean() < 0.1
    assert rows.max() - rows.min() < 20  # the eyes alone


def test_directions_stay_in_their_range():
    found = gazes.directions(5000, np.random.default_rng(0))
    assert (found.min(0) >= gazes.LOWEST).all()
    assert (found.max(0) <= gazes.HIGHEST).all()
    assert abs(found.mean(0) - [-12, 0]).max() < 1
