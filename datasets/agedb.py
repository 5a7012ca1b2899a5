"""AgeDB-DIR: the age of film stars and other well-known people, 1 to 101 years, from photographs of their faces.

Pictures: Moschoglou et al., AgeDB: the first manually collected, in-the-wild age database, CVPR Workshops 2017; for
research, handed out on request by its authors (ibug.doc.ic.ac.uk/resources/agedb). Of a password-protected archive
unpack the folder AgeDB, then run `bench data add agedb FOLDER`. Split: agedb.csv of YyzHarry/imbalanced-regression
(MIT), 12,208 train, 2,140 validate, 2,140 test. Regions in the test split: many 1,530, medium 448, few 162; no test
age is absent from training. Each of the 2,140 test pictures shows somebody who is in training too, of 567 names:
split=grouped keeps a person in one split. Protocols and our choices: see `bench.bases.ages.Ages`.
Bins: one for each year from 0 to 101, as SRL has them; beyond the last picture's age there is nothing to weigh.
"""

import re

import numpy as np

from bench.bases.ages import Ages
from bench.dataset import File

COUNTS = """
    0 1 0 8 2 4 8 11 8 6 13 20 14 22 23 43 52 82 120 110 161 163 183 212 259 284 275 304 347 313 385 316 378 338
    362 413 347 370 382 321 386 320 356 325 281 342 287 289 311 267 317 287 310 250 258 294 227 243 246 213 245
    207 238 218 193 231 177 177 215 150 216 145 175 156 138 158 109 104 106 76 91 76 68 57 43 58 35 30 21 19 19
    17 11 15 7 9 2 1 2 1 2 1
"""  # pictures of each age from 0 on


class AgeDB(Ages):
    """16,488 pictures of 568 people.

    Args:
        images, protocol, backbone, size, rows, selection, split, unseen, keep: see `bench.bases.ages.Ages`.
    """

    reported = "AgeDB-DIR"
    files = (
        File(
            "agedb/agedb.csv",
            "ab9f8d4c7099a9d74ec5094c42b6fe9f1927a166a48d2ab800a88b2fd6081252",
            url="https://raw.githubusercontent.com/YyzHarry/imbalanced-regression/a6fdc45d45c0/agedb-dir/data/agedb.csv",
            licence="MIT",
        ),
    )
    cap = 30
    person = re.compile(r"/\d+_([^/]+)_\d+_[fm]\.jpg$")
    counts = np.array(COUNTS.split(), dtype=int)
