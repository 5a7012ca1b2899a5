"""Validation drawn like training, and splits that share no group."""

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import ks_2samp

from bench.bases.age_lists import by_person, drawn_like_training, people
from bench.bases.holdout import capped, grouped, natural
from bench.bases.sentence_pairs import SentencePairs, linked, numbered
from bench.datasets import agedb, imdb_wiki
from bench.errors import BenchError
from support.datasets import NOWHERE, TABLES, make, rows, tiny_faces

RNG = np.random.default_rng(0)
GROUPED = [name for name in TABLES if name != "abalone"]


def test_natural_validation_is_drawn_from_the_whole_pool():
    train, val = natural(np.arange(100, 200), 30, seed=1)
    assert sorted([*train, *val]) == list(range(100, 200))
    assert len(val) == 30
    assert 100 < val.mean() < 200
    assert (np.diff(train) > 0).all()


def test_grouped_folds_share_no_group_and_have_labels_alike():
    groups = RNG.integers(0, 120, 900)
    labels = RNG.exponential(10, 900) + groups % 3
    parts = grouped(labels, groups, 5)
    assert sorted(np.concatenate(parts)) == list(range(900))
    owners = [set(groups[part]) for part in parts]
    assert sum(map(len, owners)) == len(set.union(*owners))
    for part in parts[1:]:
        assert 150 < len(part) < 210
        assert labels[part].mean() == pytest.approx(labels.mean(), rel=0.1)


def test_a_cap_keeps_so_many_rows_of_each_bin_and_all_of_the_rare_ones():
    bins = np.repeat([3, 4, 5], [50, 2, 7])
    kept = capped(np.arange(59), bins, 5, seed=0)
    assert np.bincount(bins[kept]).tolist()[3:] == [5, 2, 5]
    assert len(np.unique(kept)) == len(kept)
    assert capped(np.arange(0), bins, 5, seed=0).tolist() == []


@pytest.mark.parametrize("name", TABLES)
def test_natural_validation_of_a_table_leaves_its_test_rows_and_sizes_alone(name):
    usual, drawn = (make(f"{name}[rows=synthetic{more}]") for more in ("", ",selection=natural"))
    before, after = usual.load(NOWHERE), drawn.load(NOWHERE)
    assert rows(after) == rows(before)
    assert torch.equal(after.test.labels, before.test.labels)
    assert ks_2samp(after.val.labels[:, 0], after.train.labels[:, 0]).pvalue > 0.01
    assert ("balanced over labels" in usual.note, "drawn like training" in drawn.note) == (True, True)


@pytest.mark.parametrize("name", GROUPED)
def test_a_grouped_table_tests_at_most_the_cap_of_a_bin(name):
    dataset = make(f"{name}[rows=synthetic,split=grouped]")
    splits = dataset.load(NOWHERE)
    for part in (splits.val, splits.test):
        assert torch.bincount(dataset.bins.index(part.labels).ravel()).max() <= dataset.cap
    natural = make(f"{name}[rows=synthetic,selection=natural,split=grouped]").load(NOWHERE)
    assert len(natural.val) > len(splits.val)
    assert torch.equal(natural.test.labels, splits.test.labels)
    assert dataset.note.startswith("No two splits share a ")


def test_a_table_without_groups_has_no_grouped_split():
    with pytest.raises(BenchError, match="'abalone' has no parameter 'split'"):
        make("abalone[split=grouped]")


def faces(count=600):
    ages = RNG.integers(20, 40, count)
    paths = [f"AgeDB/{i}_Person{i % 40}_{age}_f.jpg" for i, age in enumerate(ages)]
    split = np.where(RNG.random(count) < 0.7, "train", np.where(RNG.random(count) < 0.5, "val", "test"))
    return pd.DataFrame({"age": ages, "path": paths, "split": split})


def test_nobody_is_in_two_splits_of_a_list_by_person():
    table = faces()
    shown = people(table, agedb.AgeDB.person)
    assert set(shown) == {f"Person{i}" for i in range(40)}
    made = by_person(table, shown, cap=3, drawn=False)
    owners = [set(people(made[made.split == name], agedb.AgeDB.person)) for name in ("train", "val", "test")]
    assert sum(map(len, owners)) == len(set.union(*owners))
    for name in ("val", "test"):
        assert 1 <= made[made.split == name].age.value_counts().max() <= 3
    assert (by_person(table, shown, cap=3, drawn=True).split == "val").sum() > (made.split == "val").sum()


def test_persons_of_imdb_and_wikipedia_are_known_by_their_numbers():
    paths = [
        "imdb_crop/01/nm0000001_rm124825600_1899-5-10_1968.jpg",
        "imdb_crop/01/nm0000001_rm3343756032_1899-5-10_1970.jpg",
        "wiki_crop/17/10000217_1981-05-05_2009.jpg",
        "wiki_crop/00/odd.jpg",
    ]
    found = people(pd.DataFrame({"path": paths}), imdb_wiki.ImdbWiki.person)
    assert found.tolist() == ["nm0000001", "nm0000001", "10000217", "wiki_crop/00/odd.jpg"]


def test_natural_validation_of_ages_is_drawn_from_all_that_do_not_test_nor_stay_unseen():
    table = faces()
    unseen = (table.age < 25).to_numpy()
    made = drawn_like_training(table, unseen)
    assert (made.split == "val").sum() == (table.split == "val").sum()
    assert made[made.split == "test"].path.tolist() == table[table.split == "test"].path.tolist()
    assert made[made.split != "test"].age.min() == 25
    published, drawn = (tiny_faces(selection=one).dataset.load(NOWHERE) for one in ("balanced", "natural"))
    assert torch.equal(published.test.labels, drawn.test.labels)
    assert not torch.equal(published.val.labels, drawn.val.labels)


def test_painted_faces_have_no_grouped_split():
    with pytest.raises(BenchError, match="leave split out"):
        make("agedb[images=synthetic,split=grouped]")


def test_pairs_are_linked_over_the_sentences_they_share():
    first, second = [["a"], ["c"], ["b"], ["e"]], [["b"], ["d"], ["x"], ["d"]]
    pairs = SentencePairs(first, second, np.zeros(4))
    sentences = numbered([pairs.taken(np.array([0, 1])), pairs.taken(np.array([2, 3]))])
    assert sentences[0, 1] == sentences[2, 0]
    assert linked(sentences).tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize(("name", "params"), [("digits", ""), ("stsb", ",hidden=8,text=synthetic")])
def test_natural_validation_of_digits_and_of_generated_text_has_the_labels_of_training(name, params):
    usual, splits = (make(f"{name}[selection={one}{params}]").load(NOWHERE) for one in ("balanced", "natural"))
    assert rows(splits) == rows(usual)
    assert torch.equal(splits.test.labels, usual.test.labels)
    alike = [ks_2samp(part.val.labels[:, 0], part.train.labels[:, 0]).pvalue for part in (usual, splits)]
    assert alike[0] < 0.001 < 0.01 < alike[1]
