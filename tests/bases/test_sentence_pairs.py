"""Pairs of sentences: the encoder against torch's LSTM, views and training."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from bench.bases.sentence_pairs import GROUP, PairEncoder, SentencePairs, as_splits
from bench.plugins import resolve
from bench.training import evaluate
from support.datasets import NOWHERE, make, train, transformed

SMALL = "stsb[hidden=8,text=small]"


@pytest.fixture(scope="module")
def small():
    on = resolve.dataset(SMALL, {"protocol.epochs": 1})
    return on, on.dataset.load(NOWHERE)


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
    view = transformed(on.dataset, x, "view")
    swapped = (view == x.flip(1)).flatten(1).all(1)
    kept = (view == x).flatten(1).all(1)
    assert (swapped | kept).all()
    assert 60 < (swapped & ~kept).sum() < 140


def test_small_text_has_all_regions_and_can_be_learned():
    on = resolve.dataset("stsb[hidden=16,text=small]", {"protocol.lr": 1e-2, "protocol.epochs": 24})
    splits = on.dataset.load(NOWHERE)
    assert len(splits.train) < 400
    regions = on.dataset.regions(splits.train.labels.numpy(), splits.test.labels.numpy())
    assert {*regions.tolist()} == {"many", "medium", "few"}
    y_hat = train(on, splits).predict(splits.train)
    assert evaluate.metrics(on.dataset, splits, "train", y_hat)["all"]["pearson"] > 0.5


def test_words_become_numbers_and_a_sample_reads_as_text():
    part = SentencePairs([["a", "b"]], [["b"]], np.array([2.5]))
    splits = as_splits([part] * 3, ("a", "b"), np.eye(2, dtype=np.float32), limit=3, scale=5.0)
    assert splits.train.x.tolist() == [[[1, 2, 0], [2, 0, 0]]]
    assert splits.train.vectors.tolist() == [[0, 0], [1, 0], [0, 1]]
    assert make("stsb").sample(splits.train, 0) == "a b\nb"
    other = as_splits([part] * 3, ("a", "b"), 2 * np.eye(2, dtype=np.float32), limit=3, scale=5.0)
    assert other.fingerprint() != splits.fingerprint()
