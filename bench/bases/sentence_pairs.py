"""Pairs of sentences as one tensor of word numbers, and the network that reads them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from bench.bases.pair_features import PairFeatures
from bench.dataset import PlainFeatures, Split, Splits
from bench.functional.plain_rows import plain_rows

Sentence = Sequence[str]  # its words
GROUP = 64  # sentences that are read together


@dataclass
class SentencePairs:
    """N sentences, N others, and the labels of the pairs (N,)."""

    first: Sequence[Sentence]
    second: Sequence[Sentence]
    labels: np.ndarray

    @classmethod
    def joined(cls, parts: Sequence["SentencePairs"]) -> "SentencePairs":
        """All pairs of several splits, in their order."""
        first = [sentence for part in parts for sentence in part.first]
        second = [sentence for part in parts for sentence in part.second]
        return cls(first, second, np.concatenate([part.labels for part in parts]))

    def taken(self, rows: np.ndarray) -> "SentencePairs":
        """Some of the pairs."""
        numbers: list[int] = rows.tolist()
        return SentencePairs([self.first[n] for n in numbers], [self.second[n] for n in numbers], self.labels[rows])

    def words(self) -> set[str]:
        """Every word that occurs."""
        return {word for sentence in (*self.first, *self.second) for word in sentence}


@dataclass
class PairSplit(Split):
    """x (N, 2, T) int64: word numbers of both sentences, from 1 in the order of `words`, then 0 as padding."""

    words: tuple[str, ...] = ()
    vectors: Tensor = field(default_factory=lambda: torch.empty(0))  # (1 + number of words, D)

    def text(self, row: int) -> str:
        """Both sentences of one pair, in lines."""
        return "\n".join(self._sentences(self._numbers[row]))

    def plain_features(self) -> PlainFeatures:
        """Of a training split: what its sentences share, as `bench.bases.pair_features` says."""
        made = PairFeatures(self._pairs())
        return lambda split: split._features(made) if isinstance(split, PairSplit) else plain_rows(split.x)

    @property
    def _numbers(self) -> Tensor:
        return self.x[:]

    def _features(self, made: PairFeatures) -> Tensor:
        weight = torch.tensor([0.0, *map(made.weight, self.words)], dtype=torch.float64)[:, None]  # none of the padding
        weighted = weight * self.vectors
        parts = [weighted[some].sum(2) / weight[some].sum(2) for some in self._numbers.split(GROUP)]
        first, second = torch.cat(parts).unbind(1)
        return torch.from_numpy(made(self._pairs(), first.numpy(), second.numpy()))

    def _pairs(self) -> list[tuple[str, str]]:
        return [(first, second) for first, second in map(self._sentences, self._numbers)]

    def _sentences(self, sides: Tensor) -> list[str]:
        return [" ".join(self.words[i - 1] for i in side if i) for side in sides.tolist()]


def as_splits(
    parts: Sequence[SentencePairs], words: tuple[str, ...], vectors: np.ndarray, limit: int, scale: float
) -> Splits:
    """Training, validation and test pairs as tensors.

    Args:
        vectors: of the words, (W, D) float32.
        limit: T, the most words of a sentence.
        scale: labels are divided by it.
    """
    number = {word: i for i, word in enumerate(words, 1)}
    table = torch.from_numpy(np.concatenate([np.zeros_like(vectors[:1]), vectors]))
    made, ends = [], np.cumsum([len(part.labels) for part in parts])
    for part, sentences in zip(parts, np.split(numbered(parts), ends[:-1]), strict=True):
        x = np.zeros((len(part.labels), 2, limit), dtype=np.int64)
        for side, read in enumerate((part.first, part.second)):
            for row, sentence in enumerate(read):
                x[row, side, : len(sentence)] = [number[word] for word in sentence]
        labels = torch.from_numpy(part.labels.astype(np.float32))[:, None]
        shared = {"sentence": sentences}
        made.append(PairSplit(torch.from_numpy(x), labels, shared=shared, words=words, vectors=table))
    # the word vectors are inputs too
    digest = hashlib.sha256(b"".join(tensor.numpy().tobytes() for tensor in (table, *(one.x for one in made))))
    return Splits(*made, scale=scale, inputs=digest.hexdigest())


def numbered(parts: Sequence[SentencePairs]) -> np.ndarray:
    """Numbers of both sentences of every pair, equal where their words are; (N, 2)."""
    number: dict[tuple[str, ...], int] = {}
    pairs = (pair for part in parts for pair in zip(part.first, part.second, strict=True))
    return np.array([[number.setdefault(tuple(side), len(number)) for side in pair] for pair in pairs]).reshape(-1, 2)


def linked(sentences: np.ndarray) -> np.ndarray:
    """Number of the group of each pair, (N, 2) -> (N,): pairs that share a sentence, directly or over others.

    >>> linked(np.array([[0, 1], [2, 3], [1, 4]])).tolist()
    [0, 1, 0]
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    size = int(sentences.max()) + 1
    links = coo_array((np.ones(len(sentences)), (sentences[:, 0], sentences[:, 1])), shape=(size, size))
    return np.unique(connected_components(links, directed=False)[1][sentences[:, 0]], return_inverse=True)[1]


class PairEncoder(nn.Module):
    """Bidirectional LSTM over both sentences, largest state of each, [u; v; |u - v|; u * v]; (B, 2, T) -> (B, 8 H).

    Padding is never read, and it is minus infinity to the maximum. Sentences go in groups of like length, and each
    direction is an LSTM of its own over padded rows: on a CPU half the time of torch's packed bidirectional one.

    Args:
        vectors: of the words, (W, D), never trained; row 0 is of the padding.
        hidden: H, width of one direction.
        dropout: on word vectors and states.
    """

    vectors: Tensor

    def __init__(self, vectors: Tensor, hidden: int, layers: int = 2, dropout: float = 0.2) -> None:
        super().__init__()
        # a buffer, as a frozen encoder is unfrozen parameter by parameter, and no part of what is saved
        self.register_buffer("vectors", vectors, persistent=False)
        widths = [vectors.shape[1], *[2 * hidden] * (layers - 1)]
        self.onward, self.backward = (
            nn.ModuleList(nn.LSTM(width, hidden, batch_first=True) for width in widths) for _ in range(2)
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Pair embeddings."""
        words = x.flatten(0, 1)
        lengths, order = (words > 0).sum(1).sort(stable=True)
        if words.device.type == "cpu":
            parts = zip(order.split(GROUP), lengths.split(GROUP), strict=True)
            groups = [(rows, int(ascending[-1])) for rows, ascending in parts]
        else:  # a device would have to be waited for, and reads all at once as quickly
            groups = [(order, words.shape[1])]
        states = torch.cat([self._read(words[rows, :length]) for rows, length in groups])
        u, v = states[order.argsort()].unflatten(0, (len(x), 2)).unbind(1)
        return torch.cat([u, v, (u - v).abs(), u * v], dim=1)

    def _read(self, words: Tensor) -> Tensor:
        # words (N, T) of sentences -> their largest states (N, 2 H)
        inside = words > 0
        time = torch.arange(words.shape[1], device=words.device)
        # from the last word to the first, and padding stays behind
        mirror = torch.where(inside, inside.sum(1, keepdim=True) - 1 - time, time)[:, :, None]
        states = self.dropout(self.vectors[words])
        for onward, backward in zip(self.onward, self.backward, strict=True):
            back, _ = backward(states.gather(1, mirror.expand_as(states)))
            states = torch.cat([onward(states)[0], back.gather(1, mirror.expand_as(back))], dim=2)
        return self.dropout(states).masked_fill(~inside[:, :, None], -torch.inf).max(1).values
