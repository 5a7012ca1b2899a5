"""Generated sentences: counts, similarity and vectors."""

import numpy as np
import pytest

from bench.synthetic.sentences import SYNONYMS, WEIGHTS, make_pairs, make_vectors
from support.datasets import NOWHERE, make


@pytest.fixture(scope="module")
def synthetic():
    dataset = make("stsb[text=synthetic]")
    return dataset, dataset.load(NOWHERE)


def test_generated_pairs_have_the_counts_of_the_split_by_yang(synthetic):
    dataset, splits = synthetic
    assert [len(split) for split in (splits.train, splits.val, splits.test)] == [5249, 1000, 1000]
    regions = dataset.regions(splits.train.labels.numpy(), splits.test.labels.numpy())
    assert [int((regions == name).sum()) for name in ("many", "medium", "few")] == [756, 170, 74]
    counts = dataset.bins.index(splits.train.labels).flatten().bincount(minlength=50)
    assert [counts[k] for k in (0, 1, 15, 25, 33, 45, 47, 49)] == [428, 4, 22, 27, 22, 20, 25, 263]
    assert dataset.load(NOWHERE).fingerprint() == splits.fingerprint()


def test_weights_of_the_things_make_every_similarity():
    sums = {int(WEIGHTS[list(shared)].sum()) for shared in ([k for k in range(6) if n >> k & 1] for n in range(64))}
    assert sums == set(range(51))


def meaning(sentence):
    return {(k, i) for k, slot in enumerate(SYNONYMS) for i, thing in enumerate(slot) if {*thing} & {*sentence}}


def similarity(first, second):
    return sum(WEIGHTS[k] for k, _ in meaning(first) & meaning(second)) / 10


def test_two_sentences_share_what_their_similarity_says():
    asked = np.array([0.0, 0.1, 1.9, 2.7, 3.14, 5.0])
    first, second = make_pairs(asked, np.random.default_rng(0))
    assert [len(meaning(sentence)) for sentence in (*first, *second)] == [6] * 12
    assert [similarity(*pair) for pair in zip(first, second, strict=True)] == [0.0, 0.1, 1.9, 2.7, 3.1, 5.0]


def test_reading_the_similarity_leaves_the_stated_error_and_counting_words_more(synthetic):
    dataset, splits = synthetic
    pairs = [[line.split() for line in dataset.sample(splits.test, row).split("\n")] for row in range(1000)]
    labels = splits.test.labels.flatten().numpy()
    read = np.array([similarity(*pair) for pair in pairs])
    assert np.square(read - labels).mean() == pytest.approx(0.085, abs=0.005)
    overlap = [len({*first} & {*second}) / len({*first, *second}) for first, second in pairs]
    assert np.corrcoef(overlap, labels)[0, 1] < 0.8 < 0.98 < np.corrcoef(read, labels)[0, 1]


def test_vectors_of_synonyms_are_alike_and_those_of_other_words_are_not():
    vectors = make_vectors(("man", "guy", "dog"), np.random.default_rng(0), width=20_000)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    np.testing.assert_allclose(vectors @ vectors[0], [1, 0.8, 0], atol=0.03)
