"""How a linear head's weight goes through training: after epochs, and from one step to the next.

Section 5.4 of Zhang et al., Improving Deep Regression with Tightness, ICLR 2025, follows both.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

EPOCHS = 100  # of which weights are kept at most, evenly spaced
NUMBERS = 2_000_000  # of all these weights together, but of 10 epochs at least
FIRST, EVERY, LAST = 500, 500, 50_000  # steps that are kept: the first ones, then one in so many, up to the last
NARROW = 3  # features, as many as a plot has axes: of wider ones no step is kept, and nothing that `look` gives


def weight_of(head: nn.Module) -> Tensor | None:
    """The weight (O, D) of a linear head, or of a convolution of single pixels; None of any other.

    >>> weight_of(nn.Conv2d(3, 2, 1)).shape, weight_of(nn.Conv2d(3, 2, 5))
    (torch.Size([2, 3]), None)
    """
    if isinstance(head, nn.Linear):
        return head.weight.detach()
    if isinstance(head, nn.Conv2d) and head.kernel_size == (1, 1) and head.groups == 1:
        return head.weight.detach().flatten(1)
    return None


class Course:
    """The course of a head through the last stage of a training.

    Args:
        look: gives features (n, D), kept after the same epochs as weights where they are narrow.
    """

    def __init__(self, look: Callable[[], Tensor] | None = None) -> None:
        self.look = look
        self._clear()

    def _clear(self) -> None:
        self.epochs: list[int] = []
        self.heads: list[Tensor] = []  # (O, D) after each of the epochs
        self.features: list[Tensor] = []  # (n, D) likewise
        self.iterations: list[int] = []
        self.steps: list[Tensor] = []  # (O, D) by which the step after each of the iterations moved the weight
        self.before: tuple[int, Tensor] | None = None

    def begin(self, head: nn.Module, epochs: int) -> None:
        """A stage begins: what was kept of an earlier one goes."""
        self._clear()
        w = weight_of(head)
        if w is None:
            return
        most = min(EPOCHS, max(10, NUMBERS // w.numel()))
        self.every, self.of = math.ceil(epochs / most), epochs
        self._keep(w, 0)
        self._wait(w, 0)

    def stepped(self, head: nn.Module, iteration: int) -> None:
        """So many steps are done."""
        if self.before is None and not _is_kept(iteration):
            return
        w = weight_of(head)
        if w is None:
            return
        if self.before is not None:
            self.iterations.append(self.before[0])
            self.steps.append(w - self.before[1])
        self._wait(w, iteration)

    def passed(self, head: nn.Module, epoch: int) -> None:
        """An epoch is done."""
        w = weight_of(head)
        if w is not None and (epoch % self.every == 0 or epoch == self.of):
            self._keep(w, epoch)

    def _wait(self, w: Tensor, iteration: int) -> None:
        narrow = w.shape[1] <= NARROW and _is_kept(iteration)
        self.before = (iteration, w.clone()) if narrow else None

    def _keep(self, w: Tensor, epoch: int) -> None:
        self.epochs.append(epoch)
        self.heads.append(w.clone())
        if self.look is not None and w.shape[1] <= NARROW:
            self.features.append(self.look())

    def arrays(self) -> dict[str, Tensor]:
        """What is kept, float32 on the CPU: heads (S, O, D), epochs (S,), and of narrow ones the rest."""
        found = {"heads": self.heads, "course": self.features, "steps": self.steps}
        made = {name: torch.stack(parts).float().cpu() for name, parts in found.items() if parts}
        numbers = {"epochs": self.epochs, "iterations": self.iterations}
        return made | {name: torch.tensor(values).float() for name, values in numbers.items() if values}


def _is_kept(iteration: int) -> bool:
    return iteration < FIRST or (iteration % EVERY == 0 and iteration <= LAST)
