"""Rank-N-Contrast against a triple loop, its two stages, and the losses that it is trained under."""

import shlex
from pathlib import Path

import pytest
import torch

from bench.method import Views
from bench.methods.rnc import RankNContrast, distances, rank_n_contrast
from bench.names import split_list
from bench.plugins import resolve
from bench.protocol import Protocol, with_protocol
from bench.training.loop import Training
from support.batches import batch_of, gradient_of, prepared, random


def slow_rnc(features, y, temperature):
    z = features.transpose(0, 1).flatten(0, 1)
    y, n, total = y.repeat(features.shape[1], 1), len(z), 0.0
    for i in range(n):
        s = [-((z[i] - z[k]).square().sum().sqrt()) / temperature if k != i else None for k in range(n)]
        gaps = [(y[i] - y[k]).abs().sum() for k in range(n)]
        for j in set(range(n)) - {i}:
            far = torch.stack([s[k] for k in range(n) if k != i and gaps[k] >= gaps[j]])
            total = total + far.logsumexp(0) - s[j]
    return total / (n * (n - 1))


@pytest.mark.parametrize("views", [1, 2, 3])
@pytest.mark.parametrize("targets", [1, 2])
def test_rnc_equals_a_triple_loop(views, targets):
    z = random(7, views, 4, dtype=torch.float64).requires_grad_()
    y = torch.randint(0, 4, (7, targets), generator=torch.Generator().manual_seed(1)).double()
    fast, slow = rank_n_contrast(z, y, 0.7), slow_rnc(z, y, 0.7)
    torch.testing.assert_close(fast, slow, rtol=1e-12, atol=0)
    torch.testing.assert_close(gradient_of(fast, z), gradient_of(slow, z), rtol=1e-10, atol=1e-14)


def test_distances_of_close_rows_far_from_the_origin_are_exact_in_float32():
    rows = 30 + random(40, 64, dtype=torch.float64)
    rows[1], rows[2] = rows[0], rows[0] + 1e-3 * random(64, seed=1)
    rows = rows.float()
    exact = (rows.double().unsqueeze(1) - rows.double()).square().sum(-1).sqrt()
    torch.testing.assert_close(distances(rows).double(), exact, rtol=1e-6, atol=0)


def test_rnc_stands_distances_whose_exponentials_underflow():
    z = torch.tensor([[0.0], [1e4], [3e4]]).unsqueeze(1).requires_grad_()
    loss = rank_n_contrast(z, torch.tensor([[0.0], [1.0], [2.0]]))
    # only the pair of row 1 with row 2 has a nearer one in its set: 20000 against 10000, over τ = 2
    assert loss.item() == pytest.approx(5000 / 6)
    assert gradient_of(loss, z).isfinite().all()


def test_rnc_pairs_the_views_of_a_sample():
    y, z = torch.tensor([[1.0], [2.0], [5.0]]), random(6, 5)
    term = prepared(RankNContrast(), y).regularizer(batch_of(z[:3], y, views=Views(z, y)))
    torch.testing.assert_close(term, rank_n_contrast(torch.stack([z[:3], z[3:]], 1), y))


def test_rnc_keeps_the_datasets_protocol_unless_told_to_follow_the_paper():
    protocol = Protocol(epochs=7, lr=0.1, patience=3)
    first, second = RankNContrast().stages(protocol)
    assert not first.changes
    assert not second.changes
    assert first.pretext
    assert not first.select
    assert (second.encoder, second.new_head) == ("eval", True)
    first, second = RankNContrast(recipe="paper").stages(protocol)
    one, other = (with_protocol(protocol, stage.changes) for stage in (first, second))
    assert (one.epochs, one.lr, one.batch_size) == (400, 0.5, 256)
    assert (other.epochs, other.lr, other.batch_size) == (100, 0.05, 64)
    assert one.drop_last
    assert not other.drop_last


def rows_of_the_guide():
    """Methods and dataset of the one command for the paper's first table, as the guide has it."""
    guide = (Path(__file__).parents[2] / "docs/journeys/paper.md").read_text()
    (line,) = (line for line in guide.splitlines() if line.startswith("bench run") and "corn+rnc" in line)
    words = shlex.split(line)
    return split_list(words[words.index("--method") + 1]), words[words.index("--dataset") + 1]


@pytest.mark.parametrize("text", rows_of_the_guide()[0])
def test_the_command_of_the_guide_trains_each_loss_alone_and_on_contrasted_features(text):
    methods, dataset = rows_of_the_guide()
    assert len(set(methods)) == 14
    ages = resolve.dataset(dataset)
    assert resolve.method(text, ages).refusal(ages.dataset) is None
    few = resolve.dataset("digits[images=few]", {"protocol.epochs": 1})
    method = resolve.method(text, few).build_method()
    training = Training(few.dataset, few.protocol, few.dataset.load(Path()), method, 0, torch.device("cpu"))
    start = {key: value.clone() for key, value in training.network.encoder.state_dict().items()}
    seen, begin = [], method.stage_start

    def stage_start(network, stage):
        begin(network, stage)
        seen.append({key: value.clone() for key, value in network.encoder.state_dict().items()})

    method.stage_start = stage_start
    fit = training.fit()
    assert training.predict(training.val).isfinite().all()
    if "rnc" in text:
        assert [row["stage"] for row in fit.history] == ["representation", "regressor"]
        assert not torch.equal(start["1.0.weight"], seen[1]["1.0.weight"])
        after = training.network.encoder.state_dict()
        assert all(torch.equal(value, after[key]) for key, value in seen[1].items())  # a probe of what was contrasted
    else:
        assert [row["stage"] for row in fit.history] == ["train"]


@pytest.mark.parametrize("loss", ["mse", "huber"])
def test_the_head_on_contrasted_features_is_fitted_with_the_loss_of_the_stack(loss):
    few = resolve.dataset("digits[images=few]", {"protocol.epochs": 1})
    stacked, plain = (resolve.method(text, few).build_method() for text in (f"baseline[loss={loss}]+rnc", "rnc"))
    trained = []
    for method in (stacked, plain):
        splits = few.dataset.load(Path())
        trained.append(Training(few.dataset, few.protocol, splits, method, 0, torch.device("cpu")))
        trained[-1].fit()
    (one, other) = (training.network for training in trained)
    assert torch.equal(one.encoder[1][0].weight, other.encoder[1][0].weight)
    assert not torch.equal(one.head.weight, other.head.weight)
