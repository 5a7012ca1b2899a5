"""Bins as classes: their centres, and the bin that boundaries choose."""

import pytest
import torch

from support.binned import SCALE, SHIFT, prepared


def test_centres_are_the_mean_training_labels_or_the_middle_of_an_empty_bin():
    method, _ = prepared("dex")
    torch.testing.assert_close(method.centers * SCALE + SHIFT, torch.tensor([0.5, 1.0, 2.0, 3.5, 4.0, 5.5]))


@pytest.mark.parametrize(("name", "logits", "bin_"), [
    ("ordinal", [3.0, 2.0, -1.0, -2.0, -3.0], 2),
    ("corn", [3.0, 2.0, 0.1, 4.0, 4.0], 2),  # .95 * .88 * .52 is under a half
    ("corn", [9.0, 9.0, 9.0, 9.0, 9.0], 5),
])  # fmt: skip
def test_boundaries_give_the_highest_bin_that_is_more_likely_than_not(name, logits, bin_):
    method, _ = prepared(name)
    assert method.predict(torch.tensor([logits])).item() == method.centers[bin_].item()
