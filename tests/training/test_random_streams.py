"""From which random numbers a cell is made: the same for every method, others for every seed."""

from dataclasses import replace
from itertools import pairwise

import torch
from torch import nn

from bench.functional.random_streams import STREAMS, generator, stream_seed
from support.tiny_training import STILL, Deep, EpochEnd, Line, Seen, fitted, prepared, rows_of, same


def test_the_pass_after_an_epoch_draws_no_number_that_training_would_draw():
    class Noisy(Deep):
        def transform(self, examples, rng, mode):
            return replace(examples, x=examples.x + torch.randn(examples.x.shape, generator=rng))

    plain, watched = Seen(), type("Both", (EpochEnd, Seen), {})()
    watched.batches = []
    for method in (plain, watched):
        fitted(Noisy(dropout=0.5), method, batch_size=4, epochs=2, lr=STILL)
    for one, other in zip(plain.batches, watched.batches, strict=True):
        assert torch.equal(one.x, other.x)
        assert torch.equal(one.z, other.z)  # dropout too


def test_augmentation_draws_from_the_augment_stream_and_the_pass_after_an_epoch_from_the_methods():
    class Noisy(Line):
        def transform(self, examples, rng, mode):
            return replace(examples, x=torch.rand(examples.x.shape, generator=rng))

    seen, passed = Seen(), EpochEnd()
    for method in (seen, passed):
        fitted(Noisy(), method, seed=4)
    assert torch.equal(seen.batches[0].x, torch.rand(8, 2, generator=generator(4, "augment")))
    assert torch.equal(passed.kept[0][0], torch.rand(8, 2, generator=generator(4, "method")))


class Greedy(Seen):
    """Draws from every generator that it can reach, and has a head of another size."""

    def prepare(self, task):
        super().prepare(task)
        self.drawn = torch.rand(7)
        self.first = torch.rand(3, generator=task.generator)

    def head(self, make, targets):
        nn.Linear(9, 9)
        return make(targets)


def test_methods_that_draw_get_the_same_encoder_order_and_dropout():
    plain, greedy = Seen(), Greedy()
    for method in (plain, greedy):
        fitted(Deep(dropout=0.5), method, batch_size=4, epochs=2, lr=STILL)
    assert rows_of(plain) == rows_of(greedy)
    for one, other in zip(plain.batches, greedy.batches, strict=True):
        assert torch.equal(one.z, other.z)
    assert torch.equal(greedy.first, torch.rand(3, generator=generator(0, "method")))
    assert torch.equal(greedy.drawn, torch.rand(7, generator=generator(0, "method")))  # by torch's own generator


def test_the_encoder_is_drawn_from_the_init_stream():
    torch.manual_seed(stream_seed(6, "init"))
    expected, _ = Deep().encoder(None)
    assert same(prepared(Deep(), seed=6).network.encoder.state_dict(), expected.state_dict())


def test_another_seed_gives_other_weights_order_and_dropout():
    one, other = Seen(), Seen()
    for seed, method in enumerate((one, other)):
        fitted(Deep(rows=64, dropout=0.5), method, seed=seed, batch_size=None, lr=STILL)
    dropped = [method.batches[0].z == 0 for method in (one, other)]  # of the same rows in the same order
    assert dropped[0].any()
    assert not torch.equal(*dropped)
    first, second = (prepared(Deep(), seed=seed) for seed in (0, 1))
    assert not same(first.network.encoder.state_dict(), second.network.encoder.state_dict())
    orders = [torch.randperm(20, generator=training.order) for training in (first, second)]
    assert not torch.equal(*orders)


def test_a_cell_run_twice_gives_the_same_weights():
    first, second = (fitted(Deep(dropout=0.5), batch_size=4, epochs=2).network.state_dict() for _ in range(2))
    assert same(first, second)


def test_no_two_streams_or_seeds_share_their_numbers():
    seeds = sorted(stream_seed(seed, stream) for seed in range(10) for stream in STREAMS)
    assert all(one < other for one, other in pairwise(seeds))
    assert seeds[0] >= 0
    assert seeds[-1] < 2**63
    # they are part of every committed record: SHA-256 of "0/init", first eight bytes, halved
    assert stream_seed(0, "init") == 1519069808562059438
