"""Numbers that may not move while keys stay: short trainings of everything against committed values.

`pytest tests/test_fingerprints.py --fingerprints` writes them anew, but refuses where numbers moved and no key did.
"""

import json
from dataclasses import fields

import pytest
import torch

from bench import plugins
from bench.atomic import replace_file
from bench.protocol import Protocol
from support.fingerprint_cases import DROPOUT, FIELDS, GROUNDS, SOURCES, cases, guarded
from support.fingerprints import FILE, Case, content, key_of, same, text_of, to_raise, verdicts

REFRESH = "pytest tests/test_fingerprints.py --fingerprints"


@pytest.fixture(scope="module")
def found():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return {name: case.values() for name, case in cases().items()}
    finally:
        torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def committed():
    return json.loads(FILE.read_text()) if FILE.is_file() else {"keys": {}, "values": {}}


def test_numbers_move_only_with_their_keys(found, committed, request):
    silent, moved, groups = verdicts(guarded(found, committed["values"]), found, committed)
    if silent:
        pytest.fail(
            f"numbers moved and no key did: raise {' and '.join(groups) or 'a version'} in bench/numerics.py, "
            f"say in CHANGELOG.md which numbers moved and by how much, then run {REFRESH}\n  " + "\n  ".join(silent)
        )
    if request.config.getoption("--fingerprints"):
        # what did not move stays as committed: small moves cannot add up, and another processor's rounding is no change
        stays = {name for name, case in cases().items() if same(found[name], committed["values"].get(name), case.rtol)}
        written = {name: committed["values"].get(name) if name in stays else found[name] for name in found}
        replace_file(FILE, text_of(content(cases(), written)).encode())
        pytest.skip(f"wrote {FILE.name}; {f'say in CHANGELOG.md what moved: {moved}' if moved else 'no number moved'}")
    if moved:
        pytest.fail(
            "numbers moved, and so did their keys (a plug-in's own source, or a raised version): say in CHANGELOG.md "
            f"which and by how much, then run {REFRESH}\n  " + "\n  ".join(moved)
        )


def test_the_committed_numbers_were_made_at_todays_keys(committed, request):
    if request.config.getoption("--fingerprints"):
        pytest.skip("written anew")
    today = content(cases(), dict.fromkeys(cases()))
    apart = [
        name
        for table in ("keys", "values")
        for name in sorted({**today[table], **committed[table]})
        if name not in committed[table]
        or name not in today[table]
        or today["keys"].get(name) != committed["keys"].get(name)
    ]
    # numbers of an older key would excuse a later move
    assert not apart, f"{', '.join(apart)}: not as committed; run {REFRESH}"


def test_only_where_torch_draws_dropout_otherwise_its_cases_are_not_guarded(found):
    assert guarded(found, found).keys() == cases().keys() - {DROPOUT}
    left_out = guarded(found, found).keys() - guarded({**found, DROPOUT: {"left": [0.0] * 8}}, found)
    trained = {name for name in cases() if name.endswith((" on text", " on stsb[hidden=8,text=small]"))}
    assert left_out == trained - {f"{name} on text" for name in plugins.references()}


def test_every_method_moves_numbers_somewhere(found):
    for method in plugins.methods():
        on = {kind: found[f"{method} on {kind}"] for kind in (*GROUNDS, "circle") if f"{method} on {kind}" in found}
        apart = [kind for kind, values in on.items() if values and not same(values, found[f"baseline on {kind}"], 1e-3)]
        assert apart or method == "baseline" or not on, method


def test_every_field_of_the_protocol_moves_numbers(found):
    for field in FIELDS.keys() - {"sgd", "adam", "opposed", "bf16"}:
        first, _, more = field.partition(", ")
        beside = found[f"protocol: {first if more else 'milestones' if field == 'gamma' else 'sgd'}"]
        assert not same(found[f"protocol: {field}"], beside, 1e-3), field


def test_every_field_and_every_dataset_is_guarded():
    changed = {field for changes in FIELDS.values() for field in changes}
    assert changed | {"channels_last", "compile"} == {field.name for field in fields(Protocol)}  # these move no numbers
    ours = {name for name, module in plugins.modules("dataset").items() if module.startswith("bench.datasets.")}
    assert {name.partition("[")[0] for name in SOURCES} == ours


def test_bf16_shows_in_predictions_and_in_losses(found):
    rough, fine = found["protocol: bf16"], found["protocol: sgd"]
    rounded = torch.tensor(rough["y_hat"]).bfloat16().tolist()
    assert same({"y_hat": rough["y_hat"]}, {"y_hat": rounded}, 1e-6)
    assert not same({"loss": rough["loss"]}, {"loss": fine["loss"]}, 1e-6)


def groups(*names):
    return frozenset(names)


LOOP = groups("training", "losses", "metrics", "devices")


def test_a_group_that_is_in_every_moved_case_and_in_no_other_is_named():
    moved = [LOOP | {"smoothing"}, groups("smoothing")]
    assert to_raise(moved, [LOOP, groups("losses")]) == ["smoothing"]


def test_a_group_of_which_only_a_part_moved_is_named_as_no_witness_clears_it():
    unmoved = [LOOP, LOOP | {"smoothing"}, groups("losses"), groups("metrics"), groups("devices")]
    assert to_raise([LOOP], unmoved) == ["training"]
    assert to_raise([LOOP, LOOP | {"topology"}], [*unmoved, groups("topology")]) == ["training"]


def test_a_group_is_named_though_another_case_of_it_alone_did_not_move():
    assert to_raise([groups("topology")], [groups("topology"), LOOP]) == ["topology"]


def test_of_two_groups_that_moved_at_once_both_are_named():
    moved = [groups("losses"), groups("smoothing"), LOOP, LOOP | {"smoothing"}]
    assert to_raise(moved, [groups("metrics"), groups("devices")]) == ["losses", "smoothing"]


def test_nothing_is_named_where_nothing_moved():
    assert to_raise([], [LOOP]) == []


CASE = Case(lambda: None, (("method", "lds"),), groups("losses"))
OTHER = Case(lambda: None, (), groups("smoothing"))
BEFORE = {"keys": key_of(CASE) | key_of(OTHER), "values": {"a": {"x": [1.0, 2.0]}, "b": {"x": [3.0]}}}
AFTER = {"a": {"x": [1.0, 2.1]}, "b": {"x": [3.0]}}


def test_numbers_that_moved_are_silent_unless_a_digest_or_a_version_of_their_key_did():
    both = {"a": CASE, "b": OTHER}
    assert verdicts(both, AFTER, BEFORE) == (["a"], [], ["losses"])
    for part, was in (("method lds", "another digest"), ("losses", 0)):
        changed = {**BEFORE, "keys": {**BEFORE["keys"], part: was}}
        assert verdicts(both, AFTER, changed) == ([], ["a"], [])
    elsewhere = {**BEFORE, "keys": {**BEFORE["keys"], "smoothing": 0}}
    assert verdicts(both, AFTER, elsewhere) == (["a"], [], ["losses"])
    assert verdicts(both, BEFORE["values"], BEFORE) == ([], [], [])


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ({"x": [100.0, 0.0]}, {"x": [100.0, 0.009]}, True),  # over the largest entry
        ({"x": [100.0, 0.0]}, {"x": [100.0, 0.011]}, False),
        ({"x": [float("nan")]}, {"x": [1.0]}, False),
        ({"x": [1.0]}, {"x": [1.0, 1.0]}, False),
        ({"x": "ab"}, {"x": "ac"}, False),
        ({"x": [1.0]}, {"y": [1.0]}, False),
        ({"x": [1.0]}, None, False),
        (None, None, True),
    ],
)
def test_numbers_are_the_same_to_a_ten_thousandth_of_the_largest(one, other, equal):
    assert same(one, other, 1e-4) is equal
