"""IMDB-WIKI-DIR: the age of people in IMDb and Wikipedia, 0 to 186 years, from photographs of their faces.

Pictures: Rothe et al., Deep expectation of real and apparent age from a single image without facial landmarks, IJCV
2018; for academic research, handed out by its authors (data.vision.ee.ethz.ch/cvl/rrothe/imdb-wiki) as imdb_crop.tar
and wiki_crop.tar. Unpack both into one folder, put imdb_wiki.csv of YyzHarry/imbalanced-regression (MIT) beside them,
and run `bench data add imdb_wiki FOLDER`. Without that file the list is made from imdb.mat and wiki.mat by the
published recipe, create_imdb_wiki.py and preprocess_imdb_wiki.py there: a face of score 1 or more, no second face, age
0 to 200 as the year of the picture minus that of birth, one less for births from July on; per age
min(n // 3, 150) validate and as many test, seed 666, up to 120 years. 191,509 train, 11,022 validate, 11,022 test.
Ages are as computed: many above 100 and all above 122 are wrong, and train as they are published.
Protocols and our choices: see `bench.bases.ages.Ages`. Bins: one for each year from 0 to 186; the published
re-weighting puts what is above 120 into one.

The counts of the synthetic source are not the real ones, which no paper lists: they are a curve through what is
known, which it meets exactly (the three splits, at most 7,149 training pictures of an age) or within a picture (10,010
test pictures in many-shot ages, 907 in medium, 104 in few: what the regions' errors in RankSim's Table 7 need to
give the overall ones). One picture an age or two above 120.
"""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench.bases.age_lists import COLUMNS, balanced, read_list
from bench.bases.ages import Ages
from bench.data.reading import content, first_named, why
from bench.errors import BenchError

OLDEST, HIGHEST = 186, 200  # the oldest age in the published list; the recipe's limit
AGES = [0, 4, 10, 16, 20, 24, 28, 32, 36, 44, 52, 60, 68, 76, 84, 90, 96, 104, 120, OLDEST]
COUNTS = [56, 60, 301, 1447, 3062, 4519, 6839, 7449, 6705, 4213, 2280, 1999, 1116, 324, 169, 20, 12, 5, 2, 1]


class ImdbWiki(Ages):
    """213,553 pictures; too many for memory, so that they are read from the disk batch by batch.

    Args:
        images, protocol, backbone, size, rows, selection, split, unseen, keep: see `bench.bases.ages.Ages`.
    """

    reported = "IMDB-WIKI-DIR"
    cap = 150
    person = re.compile(r"/(?:(nm\d+)_|(\d+)_\d{4}-)")  # IMDb's number of a person, or Wikipedia's of a page
    counts = np.exp(np.interp(np.arange(OLDEST + 1), AGES, np.log(COUNTS))).round().astype(int)

    def collect(self, root: Path, path: Path) -> Iterator[tuple[str, bytes]]:
        """The published list, or one made from the raw meta data where none is there yet."""
        target = Path(self.name, f"{self.name}.csv")
        published = first_named(path, target.name)
        if published is not None:
            read_list(published, OLDEST)
            yield str(target), content(published)
        elif not (root / target).is_file():
            yield str(target), made(path).to_csv(index=False).encode()


def made(path: Path) -> pd.DataFrame:
    """The list by the published recipe, from imdb.mat and wiki.mat below a folder."""
    parts = []
    for name in ("imdb", "wiki"):
        source = first_named(path, f"{name}.mat")
        if source is None:
            raise BenchError(f"neither imdb_wiki.csv nor {name}.mat is below {path}; name the folder that has it")
        table = eligible(read_meta(source, name))
        parts.append(table.assign(path=f"{name}_crop/" + table.path))
    table = pd.concat(parts, ignore_index=True)
    split = balanced(table.age.to_numpy(), ImdbWiki.cap)
    return pd.DataFrame(table.assign(split=split)[COLUMNS])


def eligible(meta: pd.DataFrame) -> pd.DataFrame:
    """Age and path of the pictures that the recipe keeps."""
    days = np.maximum(meta.dob.to_numpy(np.int64) - 366, 1)  # Matlab counts from the year 0
    born = np.datetime64("0001-01-01") + (days - 1)
    years, months = born.astype("M8[Y]").astype(int) + 1970, born.astype("M8[M]").astype(int) % 12 + 1
    # pictures are taken in the middle of the year
    age = meta.photo_taken.to_numpy(np.int64) - years - (months >= 7)
    alone = ~(meta.second_face_score > 0)
    kept = ((meta.face_score >= 1) & alone & (age >= 0) & (age <= HIGHEST)).to_numpy()
    return pd.DataFrame({"age": age[kept], "path": meta.path[kept]})


def read_meta(path: Path, name: str) -> pd.DataFrame:
    """What the authors' Matlab file says of every picture."""
    from scipy.io import loadmat

    try:
        meta: Any = loadmat(io.BytesIO(content(path)))[name][0, 0]
        columns = ("dob", "photo_taken", "face_score", "second_face_score")
        table = pd.DataFrame({column: np.asarray(meta[column]).ravel() for column in columns})
        table = table.astype({"dob": np.int64, "photo_taken": np.int64})
        return table.assign(path=[str(entry.item()) for entry in np.asarray(meta["full_path"]).ravel()])
    except Exception as error:  # a broken file fails in scipy in all sorts of ways
        raise BenchError(f"{path} is not the authors' meta data of {name} ({why(error)}); get it again") from None
