"""The key of a cell sees each part of what its numbers depend on, and nothing else."""

import hashlib
import json
import struct
from dataclasses import asdict, fields, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from bench import plugins
from bench.dataset import Split, Splits
from bench.plugins import resolve
from bench.protocol import Protocol
from bench.results import store
from bench.results.key import key_of
from bench.runs import cells

DATA = "0123456789abcdef"


def key(on, method, seed=0, data=DATA, overrides=None):
    return cells.make(on, method, seed, data, overrides or {}).key


def key_of_config(config, seed=0, data=DATA):
    return key_of(config, seed, data)


def pretend(monkeypatch, digests=None, versions=None):
    """Digests and versions of shared code by plug-in, in the place of those of today's code."""
    digests, versions = digests or {}, versions or {}
    monkeypatch.setattr(plugins, "digest", lambda kind, name: digests.get(name, "d0"))
    monkeypatch.setattr(plugins, "numerics", lambda kind, name: versions.get(name, {"training": 1}))


ON = resolve.dataset("circle")
STACK = resolve.method("mt+ranksim", ON)


@pytest.fixture
def plain(monkeypatch):
    """The key of a stack on the circle, where no two plug-ins differ by their code."""
    pretend(monkeypatch)
    return key(ON, STACK)


def test_the_name_of_the_dataset_is_in_the_key(plain):
    assert key(replace(ON, base="torus"), STACK) != plain


@pytest.mark.parametrize("params", [{}, {**ON.params, "draw": 1}, {**ON.params, "new": 1}])
def test_the_parameters_of_the_dataset_are_in_the_key(plain, params):
    assert key(replace(ON, params=params), STACK) != plain


@pytest.mark.parametrize("base", ["circle", "mt", "ranksim"])
def test_the_source_of_each_plugin_is_in_the_key(plain, monkeypatch, base):
    pretend(monkeypatch, digests={base: "d1"})
    assert key(ON, STACK) != plain


@pytest.mark.parametrize("base", ["circle", "mt", "ranksim"])
def test_the_shared_code_of_each_plugin_is_in_the_key_with_its_version(plain, monkeypatch, base):
    keys = {plain}
    for groups in ({"training": 1, "topology": 1}, {"training": 1, "topology": 2}, {"training": 1, "losses": 1}):
        pretend(monkeypatch, versions={base: groups})
        keys.add(key(ON, STACK))
    assert len(keys) == 4


@pytest.mark.parametrize("place", [0, 1])
def test_name_and_parameters_of_each_part_of_a_stack_are_in_the_key(plain, place):
    (base, params), name = STACK.parts[place], next(iter(STACK.parts[place][1]))
    for part in (("sqinv", params), (base, {**params, name: 77}), (base, {})):
        parts = [*STACK.parts]
        parts[place] = part
        assert key(ON, replace(STACK, parts=tuple(parts))) != plain


def test_a_stack_has_another_key_than_its_parts(plain):
    alone = [key(ON, replace(STACK, parts=STACK.parts[i : i + 1])) for i in (0, 1)]
    assert len({plain, *alone}) == 3


def other_value(name, value):
    choices = {"loss": ["l1", "huber"], "optimizer": ["sgd", "adam"], "precision": ["bf16", "fp32"]}
    if name in choices:
        return next(choice for choice in choices[name] if choice != value)
    if isinstance(value, bool):
        return not value
    if isinstance(value, tuple):
        return (*value, 7)
    return 7 if value is None else value + 1


@pytest.mark.parametrize("name", [field.name for field in fields(Protocol)])
def test_each_field_of_the_protocol_is_in_the_key(plain, name):
    changed = other_value(name, getattr(ON.protocol, name))
    assert key(replace(ON, protocol=replace(ON.protocol, **{name: changed})), STACK) != plain
    # away from the neutral value too, of two others
    neutral = getattr(Protocol(), name)
    keys = {key(replace(ON, protocol=replace(Protocol(), **{name: value})), STACK) for value in (neutral, changed)}
    assert len(keys) == (1 if changed == neutral else 2)


def test_the_seed_is_in_the_key(plain):
    assert len({key(ON, STACK, seed) for seed in range(10)}) == 10


def test_the_fingerprint_of_the_data_is_in_the_key(plain):
    assert key(ON, STACK, data="f" * 16) != plain


def test_how_an_override_was_written_is_not_in_the_key(plain):
    assert key(ON, STACK, overrides={"protocol.epochs": ON.protocol.epochs}) == plain


def test_what_an_override_changes_is_in_the_key():
    overrides = {"protocol.epochs": 5}
    on = resolve.dataset("circle", overrides)
    assert key(on, STACK, overrides=overrides) != key(ON, STACK)


def config(**changed):
    pieces = {
        "dataset": {"name": "circle", "params": {"draw": 0}, "digest": "d"},
        "method": [{"name": "oe", "params": {"weight": 0.1}, "digest": "m"}],
        "protocol": {"epochs": 5, "loss": "mse", "clip": None, "drop_last": False},
        "overrides": {"protocol.epochs": "5"},
        "numerics": {"training": 1},
    }
    return {**pieces, **changed}


def test_the_key_is_the_digest_of_canonical_json():
    content = (
        '{"data":"abc","dataset":{"digest":"d","name":"circle","params":{"draw":0}},'
        '"method":[{"digest":"m","name":"oe","params":{"weight":0.1}}],'
        '"numerics":{"training":1},"protocol":{"epochs":5,"loss":"mse"},"seed":3}'
    )
    assert key_of_config(config(), 3, "abc") == hashlib.sha256(content.encode()).hexdigest()


def test_a_field_at_its_neutral_value_leaves_the_key_as_it_was_before_there_was_the_field():
    short = {"epochs": 5, "loss": "mse"}
    whole = {**json.loads(json.dumps(asdict(Protocol()))), **short}
    assert key_of_config(config(protocol=short)) == key_of_config(config(protocol=whole))
    assert key_of_config(config(protocol={**short, "clip": 1.0})) != key_of_config(config(protocol=short))


def test_a_field_that_nobody_knows_any_more_stays_in_the_key():
    assert key_of_config(config(protocol={"epochs": 5, "loss": "mse", "gone": 1})) != key_of_config(config())


def test_the_order_in_which_a_config_was_written_is_not_in_the_key():
    assert key_of_config(dict(reversed(config().items()))) == key_of_config(config())


def test_making_a_key_leaves_the_config_as_it_is():
    made = config()
    key_of_config(made)
    assert made == config()


def test_a_cell_keeps_what_its_key_was_made_of():
    cell = cells.make(ON, STACK, 4, DATA, {"protocol.lr": 1})
    assert (cell.dataset, cell.method, cell.seed, cell.fingerprint) == ("circle", "mt+ranksim", 4, DATA)
    assert cell.config["overrides"] == {"protocol.lr": 1}
    assert cell.config == json.loads(json.dumps(cell.config))
    assert key_of_config(cell.config, 4) == cell.key


def splits(**given):
    x, labels = torch.arange(12.0).reshape(6, 2), torch.arange(6.0)[:, None]
    return Splits(*(Split(x[part].clone(), labels[part].clone()) for part in (slice(3), [3], [4, 5])), **given)


@pytest.mark.parametrize("part", ["train", "val", "test"])
@pytest.mark.parametrize("what", ["x", "labels"])
def test_each_number_of_each_split_is_in_the_fingerprint(part, what):
    changed = splits()
    getattr(getattr(changed, part), what)[0, 0] += 0.5
    assert changed.fingerprint() != splits().fingerprint()


def test_the_fingerprint_sees_a_row_that_went_to_another_split_or_place():
    one, other, turned = splits(), splits(), splits()
    other.train, other.test = other.test, other.train
    turned.test.x, turned.test.labels = turned.test.x.flip(0), turned.test.labels.flip(0)
    assert len({made.fingerprint() for made in (one, other, turned)}) == 3


def test_inputs_that_are_hashed_by_their_files_are_in_the_fingerprint_and_labels_still_are():
    one, other, labels = splits(inputs="a"), splits(inputs="b"), splits(inputs="a")
    labels.val.labels += 1
    unread = splits(inputs="a")
    unread.train.x += 1  # stands for pictures that nobody reads for this
    assert len({made.fingerprint() for made in (one, other, labels)}) == 3
    assert unread.fingerprint() == one.fingerprint()


def test_the_fingerprint_is_of_the_numbers_and_not_of_their_type():
    double = splits()
    for split in (double.train, double.val, double.test):
        split.x, split.labels = split.x.double(), split.labels.double()
    assert double.fingerprint() == splits().fingerprint()


def test_a_dataset_that_is_made_twice_has_one_fingerprint_and_another_draw_another():
    made = [resolve.dataset(name).dataset.load(Path()).fingerprint() for name in ("circle", "circle", "circle[draw=1]")]
    assert made[0] == made[1] != made[2]


def test_predictions_are_hashed_as_little_endian_float32_whatever_their_type():
    expected = hashlib.sha256(struct.pack("<3f", 1.0, -2.5, 3.25)).hexdigest()
    for dtype in ("<f4", ">f4", "<f8"):
        assert store.hash_predictions(np.array([[1.0], [-2.5], [3.25]], dtype=dtype)) == expected


def test_the_baseline_takes_the_protocols_beta_with_its_loss():
    on = resolve.dataset("stsb[text=synthetic]", {"protocol.loss": "huber"})
    assert resolve.method("baseline", on).parts[0][1] == {"loss": "huber", "beta": 0.3}
    assert resolve.method("baseline", resolve.dataset("stsb[text=synthetic]")).parts[0][1]["beta"] == 1.0
