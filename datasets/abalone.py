"""UCI Abalone: age of shellfish, counted in rings, from their size and weight.

Nash et al., 1994; https://archive.ics.uci.edu/dataset/1, CC BY 4.0. 4177 rows.
Cap 30, as AgeDB-DIR: 3305 rows train, 436 validate, 436 test. Thirds of the 28 bins put 270, 164 and 2 test rows
in many, medium and few: the oldest shells are so rare that almost none can be held out, so read `few` with care.
"""

from bench.bases.tabular import Tabular
from bench.dataset import File


class Abalone(Tabular):
    """Sex and seven sizes and weights to a number of rings; age is rings + 1.5 years."""

    groups = ("uci",)
    unit = "rings"
    files = (
        File(
            "uci/abalone.data",
            "de37cdcdcaaa50c309d514f248f7c2302a5f1f88c168905eba23fe2fbc78449f",
            url="https://archive.ics.uci.edu/static/public/1/abalone.zip",
            member="abalone.data",
            licence="CC BY 4.0",
        ),
    )
    columns = ("sex", "length", "diameter", "height", "whole", "shucked", "viscera", "shell", "rings")
    category = ("sex", "FIM")
    cap, start, step = 30, 1, 1
    counts = "1 1 15 57 115 259 391 568 689 634 487 267 203 126 103 67 58 42 32 26 14 6 9 2 1 1 2 0 1"
