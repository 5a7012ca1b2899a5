"""Parameters read from source are those of the constructor; what cannot be read is not refused."""

import inspect
import sys

import pytest

from bench import plugins
from bench.errors import BenchError
from bench.names import value_text
from bench.plugins import lookup, parameters, syntax

PLUGINS = [(kind, name) for kind in ("method", "dataset") for name in plugins.modules(kind)]


@pytest.mark.parametrize(("kind", "name"), PLUGINS, ids=[name for _, name in PLUGINS])
def test_parameters_of_every_plug_in_are_those_of_its_constructor(kind, name):
    read = parameters.parameters(kind, name)
    signature = inspect.signature(plugins.load(kind, name).__init__).parameters.values()
    real = {p.name: p.default for p in signature if p.kind == p.POSITIONAL_OR_KEYWORD and p.name != "self"}
    assert read is not None
    assert list(read) == list(real)
    for key, text in read.items():
        assert text in ("", value_text(real[key]))


HEAD = """
from functools import wraps
from dataclasses import dataclass
import bench.method
from bench.method import Method
from bench.method import Method as Base
from third_party_bases import Shared, Gone

class Helper:
    def __init__(self, other): ...

def changed(call): ...
"""


@pytest.fixture
def parameters_of(tmp_path, monkeypatch):
    """Parameters of a third party's plug-in, whose class is the text given."""
    (tmp_path / "third_party_bases.py").write_text(
        "from bench.method import Method\nclass Shared(Method):\n    def __init__(self, shared=1): ...\n"
    )
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(parameters, "module_of", lambda kind, name: {"third": "third_party"}[name])

    def read(text):
        (tmp_path / "third_party.py").write_text(HEAD + text)
        syntax._parsed.cache_clear()
        return parameters.parameters("method", "third")

    return read


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("class A(Method): ...", {}),
        (
            "class A(Base):\n    def __init__(self, a, b=0.5, c=None, d=X, *, e=1): ...",
            {"a": "", "b": "0.5", "c": "none", "d": ""},
        ),
        ("class A(Shared): ...", {"shared": "1"}),
        ("class A(Shared):\n    def __init__(self, own=2): ...", {"own": "2"}),
        ("class _B(Method):\n    def __init__(self, a=1): ...\n", {"a": "1"}),
        # what follows can only be told by running it
        ("class A(bench.method.Method):\n    def __init__(self, a=1): ...", None),
        ("class A(Gone): ...", None),
        ("class A(Shared, Helper): ...", None),
        ("@dataclass\nclass A(Method):\n    a: int = 1", None),
        ("class A(Method):\n    @changed\n    def __init__(self, a=1): ...", None),
        ("class A(Method):\n    if True:\n        def __init__(self, a=1): ...", None),
        ("class A(Method): ...\nclass B(Method): ...", None),
        ("A = type('A', (Method,), {})", None),
    ],
)
def test_a_third_partys_parameters_are_read_where_its_source_tells(parameters_of, text, expected):
    assert parameters_of(text) == expected


def test_what_cannot_be_read_is_not_refused(monkeypatch):
    monkeypatch.setattr(lookup, "parameters", lambda kind, name: None)
    lookup.check_method("oe[anything=1]")
    with pytest.raises(BenchError, match="no method 'nope'"):
        lookup.check_method("nope[anything=1]")


def test_groups_stand_for_their_datasets_and_none_comes_twice():
    assert lookup.dataset_names("airfoil,uci") == ["airfoil", "abalone", "concrete", "real_estate"]
    assert lookup.dataset_names("all") == sorted(plugins.modules("dataset"))
    with pytest.raises(BenchError, match="no dataset given"):
        lookup.dataset_names("  ")


def test_words_for_several_methods_are_no_names_in_a_stack():
    lookup.check_methods("singles,all-stacks,all,oe")
    with pytest.raises(BenchError, match="no method 'all'"):
        lookup.check_methods("mt+all")
