"""The course of a head: after which epochs and steps it is kept, and that keeping it moves no number."""

import torch
from torch import nn

from bench.training import course as module
from bench.training.course import Course, weight_of


def followed(steps_of_epochs, width=2, look=None, every_step=lambda w, step: w.add_(step)):
    """A course over epochs of so many steps, each of which adds its number to the weight."""
    head = nn.Linear(width, 1, bias=False)
    nn.init.zeros_(head.weight)
    course, step = Course(look), 0
    course.begin(head, len(steps_of_epochs))
    for epoch, number in enumerate(steps_of_epochs, 1):
        for _ in range(number):
            step += 1
            with torch.no_grad():
                every_step(head.weight, step)
            course.stepped(head, step)
        course.passed(head, epoch)
    return course


def test_weights_are_kept_at_the_start_and_after_every_epoch_and_steps_between():
    course = followed([2, 3])
    found = course.arrays()
    assert found["epochs"].tolist() == [0, 1, 2]
    assert found["heads"][:, 0, 0].tolist() == [0, 3, 15]
    assert found["iterations"].tolist() == [0, 1, 2, 3, 4]
    assert found["steps"][:, 0, 0].tolist() == [1, 2, 3, 4, 5]


def test_first_steps_are_all_kept_and_later_ones_now_and_then(monkeypatch):
    for name, value in (("FIRST", 3), ("EVERY", 4), ("LAST", 12)):
        monkeypatch.setattr(module, name, value)
    found = followed([10, 10]).arrays()
    assert found["iterations"].tolist() == [0, 1, 2, 4, 8, 12]
    assert found["steps"][:, 0, 0].tolist() == [1, 2, 3, 5, 9, 13]


def test_long_trainings_and_large_heads_keep_fewer_epochs_but_the_last_one(monkeypatch):
    monkeypatch.setattr(module, "EPOCHS", 4)
    assert followed([1] * 10).arrays()["epochs"].tolist() == [0, 3, 6, 9, 10]
    monkeypatch.setattr(module, "EPOCHS", 100)
    monkeypatch.setattr(module, "NUMBERS", 4 * 20)
    assert followed([1] * 40, width=4).arrays()["epochs"].tolist() == [0, *range(2, 41, 2)]


def test_of_wide_features_only_epochs_are_kept_and_nothing_is_looked_at():
    looks = []
    wide = followed([2, 2], width=4, look=lambda: looks.append(1) or torch.zeros(5, 4)).arrays()
    assert wide.keys() == {"heads", "epochs"}
    assert looks == []
    narrow = followed([2, 2], look=lambda: torch.full((5, 2), float(len(looks)))).arrays()
    assert narrow["course"].shape == (3, 5, 2)


def test_a_new_stage_begins_anew_and_a_head_that_is_not_linear_has_no_course():
    course = followed([2, 3])
    course.begin(nn.Linear(2, 1), 7)
    assert course.arrays()["epochs"].tolist() == [0]
    head = nn.Conv2d(2, 1, 3)
    course.begin(head, 7)
    course.stepped(head, 1)
    course.passed(head, 1)
    assert course.arrays() == {}


def test_a_convolution_of_single_pixels_is_linear_in_each_of_them():
    head = nn.Conv2d(3, 2, 1, bias=False)
    z = torch.randn(4, 3, 5, 6)
    torch.testing.assert_close(torch.einsum("od,bdhw->bohw", weight_of(head), z), head(z))
    assert weight_of(nn.Sequential(nn.Linear(2, 2))) is None
