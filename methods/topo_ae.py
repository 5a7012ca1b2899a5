"""Topological autoencoder term alone: distances along spanning trees agree between targets and features.

Moor et al., Topological Autoencoders, ICML 2020, arXiv:1906.00722; the "L_t" of PH-Reg.
Follows needylove/PH-Reg PH_Reg.py at 8b1d95ea6b5b (flag 6).
Differs: as in ph_reg, rows scale with the batch and distances are in float64.
"""

from typing import ClassVar

from torch import Tensor

from bench.functional.topology import Form, PairDistances, draw_rows
from bench.method import MOST_ROWS, Batch, Method
from bench.ranges import AtLeastTwo, Count, NonNegative

_COORDINATES = {"rows": 80, "batch": 100}


class TopoAE(Method):
    """The topology term of PH-Reg.

    Args:
        weight: of the term.
        rows: rows compared, drawn from all but the last of the batch; None takes every row.
        batch: the batch size that `rows` is for; it scales with any other.
        form: divide each space by its largest row norm, or by its largest entry (AgeDB).
        one_sided: compare along the target tree alone.
    """

    defaults: ClassVar = {
        "circle": {"weight": 100.0, **_COORDINATES},
        "torus": {"weight": 100.0, **_COORDINATES},
        "mammoth": {"weight": 10000.0, **_COORDINATES},
        "swiss_roll": {"weight": 100.0, **_COORDINATES},
        "agedb": {"form": "entry"},
        "nyud2": {"rows": 1000, "batch": 1024},
    }
    origins: ClassVar = {
        "": "as ph_reg: code for AgeDB-DIR",
        "form": "as ph_reg: code for coordinates",
        "circle": "as ph_reg: code",
        "torus": "as ph_reg: code",
        "swiss_roll": "as ph_reg: code",
        "mammoth": "as ph_reg: code",
        "agedb": "as ph_reg: code",
        "nyud2": "as ph_reg: code",
        "nyud2.weight": "ours: as AgeDB-DIR",
    }
    candidates: ClassVar = tuple({"weight": 10.0**power} for power in range(-2, 3))

    def __init__(
        self,
        weight: NonNegative = 1.0,
        rows: AtLeastTwo | None = None,
        batch: Count = 256,
        form: Form = "norm",
        one_sided: bool = False,
    ) -> None:
        super().__init__()
        self.weight, self.rows, self.batch = weight, rows, batch
        self.form: Form = form
        self.one_sided = one_sided

    def regularizer(self, batch: Batch) -> Tensor:
        """The weighted term; a batch with equal labels is skipped."""
        z, y = batch.sample(MOST_ROWS, self.task.generator)
        if len(z) < 2:
            self.skipped += 1
            return batch.z.sum() * 0
        self.skipped += ~(y != y[:1]).any()
        rows = draw_rows(len(z), self.rows and round(self.rows * len(z) / self.batch), self.task.generator)
        return self.weight * PairDistances(z, y).topology(rows, self.form, self.one_sided)
