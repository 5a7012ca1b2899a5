"""DINO: first distil the features of a slowly moving copy of the network, without labels, then fit a linear head.

Caron et al., Emerging Properties in Self-Supervised Vision Transformers, ICCV 2021, arXiv:2104.14294.
Follows facebookresearch/dino main_dino.py and vision_transformer.py at 7c446df5b9f4.
Differs: two views alone, as the dataset draws them, no small crops; network, optimiser, schedule and clipping are the
protocol's, for ages those of rnc with the code's rate for a ResNet; the head is smaller but for ages.
"""

import math
from copy import deepcopy
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from bench.bases.pretraining import ORIGINS, Pretraining, Recipe
from bench.functional.precision import widened
from bench.functional.shapes import require_axes, require_broadcast, require_same
from bench.method import Batch, Stage, Task
from bench.protocol import with_protocol
from bench.ranges import Count, Fraction, Index, Positive, Several

_AGES = {"recipe": "paper", "prototypes": 65536, "hidden": 2048, "bottleneck": 256}


class DINO(Pretraining):
    """Cross-entropy between teacher and student, over prototypes, each on another view.

    Args:
        student, teacher: temperatures.
        momentum: of the teacher's weights at the start; it rises to 1 on a cosine over the steps of the first stage.
        centering: momentum of the centre that is taken from the teacher's outputs.
        prototypes: outputs of the head.
        hidden, bottleneck: widths inside the head.
        fixed: epochs at the start in which the prototypes do not move.
        recipe: optimiser, schedule, batch and augmentation of both stages: "paper" (as rnc, ages) or the "dataset"'s.
        freeze: hold the encoder, the teacher's, still in the second stage, a linear probe; else fine-tune it.
    """

    center: Tensor  # (prototypes,)

    lr = 0.03
    defaults: ClassVar = {"agedb": _AGES, "imdb_wiki": _AGES}
    origins: ClassVar = {
        "": "code",
        **ORIGINS,
        "prototypes": "ours: code has 65536, for a million pictures",
        "hidden": "ours: code has 2048",
        "bottleneck": "ours: code has 256",
        "agedb": "code",
        "imdb_wiki": "code",
        "agedb.recipe": "ours: as rnc",
        "imdb_wiki.recipe": "ours: as rnc",
    }
    candidates: ClassVar = tuple({"teacher": teacher} for teacher in (0.02, 0.04, 0.05, 0.06, 0.07))

    def __init__(
        self,
        student: Positive = 0.1,
        teacher: Positive = 0.04,
        momentum: Fraction = 0.996,
        centering: Fraction = 0.9,
        prototypes: Count = 1024,
        hidden: Several = 256,
        bottleneck: Several = 64,
        fixed: Index = 1,
        recipe: Recipe = "dataset",
        freeze: bool = True,
    ) -> None:
        super().__init__(recipe, freeze)
        self.student, self.teacher = student, teacher
        self.momentum, self.centering, self.fixed = momentum, centering, fixed
        self.widths = hidden, bottleneck, prototypes
        self.copies: list[nn.Module] = []  # in a list, where no optimizer finds them: the teacher's encoder and head

    def prepare(self, task: Task) -> None:
        """Draw the head; the centre starts at zero."""
        super().prepare(task)
        hidden, bottleneck, prototypes = self.widths
        self.projector = Prototypes(task.width, hidden, bottleneck, prototypes)
        self.register_buffer("center", torch.zeros(prototypes))

    def stage_start(self, network: nn.Module, stage: Stage) -> None:
        """The teacher starts as the student is; its encoder is what the second stage goes on from."""
        if stage.pretext:
            copies = deepcopy(network.get_submodule("encoder")), deepcopy(self.projector)
            self.copies = [copy.requires_grad_(False).train() for copy in copies]
            protocol = with_protocol(self.task.protocol, stage.changes)
            rows = len(self.task.labels)
            size = min(protocol.batch_size or rows, rows)
            a_pass = rows // size if protocol.drop_last else math.ceil(rows / size)
            self.steps, self.done = a_pass * protocol.epochs, 0
        elif self.copies:
            network.get_submodule("encoder").load_state_dict(self.copies[0].state_dict())
            self.copies = []

    def regularizer(self, batch: Batch) -> Tensor:
        """Student against teacher: all that the first stage minimises."""
        if batch.views is None or batch.views.x is None or not self.copies:
            self.skipped += 1
            return batch.z[:0].sum()
        with torch.no_grad():
            encoder, head = self.copies
            known = head(encoder(batch.views.x).float())
        learned = self.projector(batch.views.z, batch.epoch <= self.fixed)
        samples = len(batch.y)
        ours, theirs = (part.unflatten(0, (-1, samples)).transpose(0, 1) for part in (learned, known))
        loss = self_distillation(ours, theirs, self.center, self.student, self.teacher)
        self.move_center(known)
        return loss

    def move_center(self, outputs: Tensor) -> None:
        """Move the centre towards the mean of the teacher's outputs (n, prototypes)."""
        self.center = torch.lerp(outputs.mean(0), self.center, self.centering)

    @torch.no_grad()
    def step_end(self, network: nn.Module) -> None:
        """Move the teacher towards the student."""
        if not self.copies:
            return
        share = (1 - self.momentum) * (1 + math.cos(math.pi * min(self.done / self.steps, 1))) / 2
        self.done += 1
        for copy, student in zip(self.copies, (network.get_submodule("encoder"), self.projector), strict=True):
            for mean, value in zip(copy.parameters(), student.parameters(), strict=True):
                mean.lerp_(value, share)


class Prototypes(nn.Module):
    """The projection head: three layers to a unit vector, and its cosines with learned directions."""

    def __init__(self, width: int, hidden: int, bottleneck: int, prototypes: int) -> None:
        super().__init__()
        first, second, third = nn.Linear(width, hidden), nn.Linear(hidden, hidden), nn.Linear(hidden, bottleneck)
        for layer in (first, second, third):
            nn.init.normal_(layer.weight, std=0.02)
            nn.init.zeros_(layer.bias)
        self.mlp = nn.Sequential(first, nn.GELU(), second, nn.GELU(), third)
        self.directions = nn.Parameter(nn.Linear(bottleneck, prototypes, bias=False).weight.detach())

    def forward(self, z: Tensor, fixed: bool = False) -> Tensor:
        """Features (n, D) to cosines (n, prototypes); `fixed` keeps gradients from the directions."""
        directions = self.directions.detach() if fixed else self.directions
        return normalize(self.mlp(z), dim=-1) @ normalize(directions, dim=-1).T


def self_distillation(
    student: Tensor,
    teacher: Tensor,
    center: Tensor,
    student_temperature: float = 0.1,
    teacher_temperature: float = 0.04,
) -> Tensor:
    """Mean cross-entropy of each view's student with the teacher of each other view; (B, V, K), (B, V, K), (K,) -> ().

    The teacher's outputs are centred and no gradient reaches them.

    >>> outputs = torch.tensor([[[0.5, 0.0], [0.4, 0.1]]])
    >>> self_distillation(outputs, outputs, torch.zeros(2), 1.0, 1.0)
    tensor(0.6772)
    """
    require_axes(student, "the student's outputs", 3)
    require_same(teacher, student, "the teacher's outputs", "the student's")
    require_broadcast(center, teacher, "the centre")
    views = student.shape[1]
    if views < 2:
        return student[:0].sum()
    known = ((widened(teacher.detach()) - center) / teacher_temperature).softmax(-1)
    crossed = -known @ (widened(student) / student_temperature).log_softmax(-1).mT  # (B, V, V)
    apart = crossed.sum((1, 2)) - crossed.diagonal(dim1=1, dim2=2).sum(1)
    return (apart.mean() / (views * (views - 1))).to(student.dtype)
