"""Plain features of pairs of sentences: how much they share, and their mean word vectors."""

from collections.abc import Sequence
from typing import Any

import numpy as np

Pairs = Sequence[tuple[str, str]]  # words apart by spaces


class PairFeatures:
    """What makes 11 + 2 D features of a pair; document frequencies are counted in the training sentences alone.

    Four cosines of TF-IDF vectors: of words, of words and pairs of them, of 2 to 4 and of 3 to 5 characters of a word.
    Of the sets of words the share of common ones among all and among those of the shorter sentence, plain and weighted
    by IDF. How many words longer one sentence is. Of the mean word vectors u and v, weighted by IDF, their cosine and
    distance, |u - v| and u * v.

    Args:
        training: pairs of sentences.
    """

    def __init__(self, training: Pairs) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer

        words: dict[str, Any] = {"token_pattern": r"\S+"}
        ways: list[dict[str, Any]] = [words, {**words, "ngram_range": (1, 2), "sublinear_tf": True}]
        ways += [{"analyzer": "char_wb", "ngram_range": lengths} for lengths in ((2, 4), (3, 5))]
        sentences = [sentence for pair in training for sentence in pair]
        self.tfidf = [TfidfVectorizer(**way).fit(sentences) for way in ways]
        first = self.tfidf[0]
        self.idf = {word: float(first.idf_[number]) for word, number in first.vocabulary_.items()}
        self.rarest = max(self.idf.values())

    def weight(self, word: str) -> float:
        """Inverse document frequency of a word; of one that training has not, that of the rarest."""
        return self.idf.get(word.lower(), self.rarest)

    def __call__(self, pairs: Pairs, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Features (N, 11 + 2 D) of N pairs, whose mean word vectors are `first` and `second`, (N, D)."""
        one, other = ([pair[side] for pair in pairs] for side in (0, 1))
        cosines = [way.transform(one).multiply(way.transform(other)).sum(axis=1) for way in self.tfidf]
        shared = np.array([self._shared(*pair) for pair in pairs])
        apart = np.linalg.norm(first - second, axis=1)
        lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
        alike = (first * second).sum(axis=1) / np.where(lengths > 0, lengths, 1)
        columns = [*(np.asarray(cosine).reshape(-1) for cosine in cosines), shared, alike, apart]
        return np.column_stack([*columns, np.abs(first - second), first * second])

    def _shared(self, one: str, other: str) -> tuple[float, ...]:
        a, b = ({*sentence.lower().split()} for sentence in (one, other))
        both, weights = a & b, [sum(self.weight(word) for word in sorted(words)) for words in (a & b, a | b, a, b)]
        plain = len(both) / len(a | b), len(both) / min(len(a), len(b))
        rare = weights[0] / weights[1], weights[0] / min(weights[2:])
        return (*plain, *rare, float(abs(len(one.split()) - len(other.split()))))
