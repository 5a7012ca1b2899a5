"""Texts of somebody's own with a number each, in one column or two: a BiLSTM over words, or a Hugging Face encoder."""

from collections import Counter
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from bench.dataset import PlainFeatures, Samples, Split, Splits
from bench.described import description, encoders
from bench.described.rows import DescribedRows, required
from bench.described.sources import words
from bench.errors import BenchError

if TYPE_CHECKING:
    import pandas as pd

MOST_WORDS = 20_000  # that are known, the most frequent ones of training
OTHER = 1  # the number of every other word; 0 is padding
EMBEDDING = 100
COMPONENTS = 64  # of the plain features


class DescribedTexts(DescribedRows):
    """Texts to their target.

    Args:
        encoder: a Hugging Face model instead of the description's network: its folder, or its name on the hub.
        frozen: whether that stays as it is.
    """

    evaluation_batch = 256

    def __init__(self, encoder: str | None = None, frozen: bool | None = None) -> None:
        self.about = description.read(self.described, description.Texts)
        super().__init__(self.about)
        network = self.about.network
        self.name = encoder or (network.encoder if network.kind == "encoder" else "")
        self.frozen = network.frozen if frozen is None else frozen
        self.length, self.hidden = network.length, network.hidden
        self.token_inputs = not self.name or not self.frozen
        self.folder_of = Path(self.described.folder)

    @property
    def resolved(self) -> dict[str, Any]:
        """The description as a cell's key holds it, and of an encoder the SHA-256 of its weights."""
        return {**super().resolved, **(encoders.digest(self.name, self.folder_of) if self.name else {})}

    @property
    def used(self) -> list[str]:
        """Columns that go in."""
        return list(self.about.text)

    @property
    def as_text(self) -> list[str]:
        """All of these."""
        return self.used

    def learn(self, table: "pd.DataFrame", train: np.ndarray) -> None:
        """The words of training rows, the most frequent first."""
        texts = self._all(table.iloc[train])
        counts = Counter(chain.from_iterable(map(words, texts)))
        if len(set(texts)) < 2 or len(counts) < 2:
            raise BenchError(
                f"{self.described.path}: in the rows that train, the texts in {', '.join(self.about.text)} are all the "
                "same, or of one word: there is nothing to read"
            )
        self.words = [word for word, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MOST_WORDS]]

    def made(self, table: "pd.DataFrame") -> Samples:
        """Word or token numbers (N, L), or (N, 2, L) of two texts; of a frozen encoder its features (N, D)."""
        texts = [self._column(table, name) for name in self.about.text]
        if self.name:
            return encoders.inputs(self.name, self.folder_of, texts, self.length, self.frozen)
        number = {word: i for i, word in enumerate(self.words, OTHER + 1)}
        found = np.zeros((len(table), len(texts), self.length), dtype=np.int64)
        for side, column in enumerate(texts):
            for row, text in enumerate(column):
                numbers = [number.get(word, OTHER) for word in words(text)][: self.length] or [OTHER]
                found[row, side, : len(numbers)] = numbers
        x = torch.from_numpy(found)
        return x if len(texts) == 2 else x[:, 0]

    def preprocessing(self) -> dict[str, Any]:
        """The known words, and of several targets the units of their labels."""
        return {"words": [] if self.name else self.words, "units": self.units}

    def restore(self, preprocessing: dict[str, Any]) -> None:
        """Take that up again."""
        self.words, self.units = preprocessing["words"], preprocessing["units"]

    def inputs(self, rows: "pd.DataFrame | str | Path") -> "tuple[torch.Tensor, pd.Index]":
        """New texts as the network takes them."""
        table, _ = required(rows, self.about.text, self.as_text)
        return self.made(table)[:], table.index

    def examples(self, number: int) -> torch.Tensor:
        """Words at random, or features."""
        rng = torch.Generator().manual_seed(0)
        texts = [["a"] * number for _ in self.about.text]
        if self.name:
            x = encoders.inputs(self.name, self.folder_of, texts, self.length, self.frozen)
            return torch.randn(x.shape, generator=rng) if self.frozen else x
        shape = (number, 2, self.length) if len(texts) == 2 else (number, self.length)
        return torch.randint(1, len(self.words) + 2, shape, generator=rng)

    def encoder(self, splits: Splits) -> tuple[nn.Module, int]:
        """A BiLSTM over words of training, an MLP over frozen features, or a Hugging Face model that is trained."""
        if not self.name:
            made = BiLSTM(len(self.words) + 2, self.hidden, len(self.about.text))
            return made, made.width
        if self.frozen:
            width = splits.train.x.shape[1]
            return nn.Sequential(nn.Linear(width, self.hidden), nn.ReLU()), self.hidden
        return encoders.trained(self.name, self.folder_of)

    def plain_features(self, train: Split) -> PlainFeatures:
        """Of training: TF-IDF of words or tokens in a few components; of two texts also how alike they are."""
        return train.plain_features() if self.name and self.frozen else bag_of_words(train.x[:])

    def sample(self, split: Split, row: int) -> str | None:
        """The known words of a text."""
        if self.name:
            return None
        sides = split.x[row : row + 1][0].reshape(-1, self.length).tolist()
        known = ["", "?", *self.words]
        return "\n".join(" ".join(known[number] for number in side if number) for side in sides)

    def _column(self, table: "pd.DataFrame", name: str) -> list[str]:
        return ["" if missing else str(cell) for cell, missing in zip(table[name], table[name].isna(), strict=True)]

    def _all(self, table: "pd.DataFrame") -> list[str]:
        return [text for name in self.about.text for text in self._column(table, name)]


class BiLSTM(nn.Module):
    """Word numbers (B, L) to features (B, 2 H): embeddings, an LSTM in both directions, the largest state of each.

    Of two texts (B, 2, L) the features are [u; v; |u - v|; u * v], (B, 8 H).
    """

    def __init__(self, numbers: int, hidden: int, texts: int) -> None:
        super().__init__()
        self.embed = nn.Embedding(numbers, EMBEDDING, padding_idx=0)
        self.lstm = nn.LSTM(EMBEDDING, hidden, batch_first=True, bidirectional=True)
        self.width = 2 * hidden * (4 if texts == 2 else 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, L) or (B, 2, L) -> (B, D)."""
        if x.dim() == 2:
            return self._read(x)
        u, v = self._read(x[:, 0]), self._read(x[:, 1])
        return torch.cat([u, v, (u - v).abs(), u * v], dim=1)

    def _read(self, x: Tensor) -> Tensor:
        states = self.lstm(self.embed(x))[0].masked_fill((x == 0)[..., None], -torch.inf)
        return states.max(1).values


def bag_of_words(train: Tensor) -> PlainFeatures:
    """Features (N, F) of word numbers, learned on those of training rows, (N, L) or (N, 2, L)."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    def texts(x: Tensor) -> list[list[str]]:
        flat = x.reshape(-1, x.shape[-1]).tolist()
        return [[str(number) for number in row if number] for row in flat]

    by_number: Any = list  # each number is a word
    tfidf = TfidfVectorizer(analyzer=by_number, sublinear_tf=True).fit(texts(train))
    counts = tfidf.transform(texts(train))
    parts = TruncatedSVD(min(COMPONENTS, *(side - 1 for side in counts.shape)), random_state=0).fit(counts)

    def features(split: Split) -> Tensor:
        x = split.x[:]
        found = tfidf.transform(texts(x))
        if x.dim() == 2:
            return torch.from_numpy(np.column_stack([parts.transform(found), np.asarray(found.getnnz(axis=1))]))
        first, second = found[::2], found[1::2]
        alike = np.asarray(first.multiply(second).sum(axis=1)).reshape(-1)
        u, v = parts.transform(first), parts.transform(second)
        return torch.from_numpy(np.column_stack([alike, u, v, np.abs(u - v), u * v]))

    return features
