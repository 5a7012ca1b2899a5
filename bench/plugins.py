"""Methods and datasets, found by file name in their folder or by a third party's entry point.

Listing reads the source and imports nothing, so that `bench list` answers at once.
"""

import ast
import hashlib
import importlib
import importlib.util
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Literal

import bench
from bench.errors import BenchError, unknown

Kind = Literal["method", "dataset"]
# sources that the engine version stands for; a plug-in's digest covers the other bench modules it imports
_ENGINE = {
    "bench",
    "bench.dataset",
    "bench.devices",
    "bench.errors",
    "bench.method",
    "bench.metrics",
    "bench.names",
    "bench.rng",
}
# what a class says of values that each cell's configuration holds anyway, and of what to import early
_ABOUT = {"defaults", "origins", "candidates", "imports"}
_TYPES = {"typing", "collections.abc"}


@dataclass(frozen=True)
class Source:
    """What a plug-in's source says about it without being run."""

    name: str
    module: str
    doc: str  # the module's docstring
    hooks: frozenset[str]  # names that the class body and its shared base define
    groups: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The first line of the docstring."""
        return self.doc.partition("\n")[0]

    @property
    def follows(self) -> str:
        """What a method was written after, by its docstring."""
        return self._said("Follows")

    @property
    def differs(self) -> str:
        """Where a method leaves what it follows, by its docstring."""
        return self._said("Differs:")

    @property
    def found(self) -> str:
        """Why our numbers are not the papers', by its docstring."""
        return self._said("Found:")

    def _said(self, word: str) -> str:
        # from the word at the start of a line to the next such word or the end of the paragraph
        text = f"\n{self.doc}\n".partition(f"\n{word}")[2]
        end = re.search(r"\n\n|\n(?:Follows|Differs:|Found:)|\n$", text)
        return " ".join(text[: end.start() if end else None].split()).removesuffix(".")


@cache
def modules(kind: Kind) -> dict[str, str]:
    """Module of every plug-in of a kind, by name."""
    folder = f"{kind}s"
    found = {
        path.stem: f"bench.{folder}.{path.stem}"
        for root in bench.__path__
        for path in sorted((Path(root) / folder).glob("[!_]*.py"))
    }
    return found | {point.name: point.module for point in entry_points(group=f"bench.{folder}")}


@cache
def source(kind: Kind, name: str) -> Source:
    """Read one plug-in's source."""
    module = modules(kind)[name]
    tree = _tree(module)
    names: set[str] = set()
    groups: tuple[str, ...] = ()
    for node in _class_body(tree):
        if isinstance(node, ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign) and (target := _assigned(node)) is not None:
            names.add(target)
            if target == "groups" and node.value is not None:
                groups = ast.literal_eval(node.value)
    return Source(name, module, ast.get_docstring(tree) or "", frozenset(names), groups)


def sources(kind: Kind) -> Iterator[Source]:
    """Every plug-in of a kind, by name."""
    return (source(kind, name) for name in sorted(modules(kind)))


def load(kind: Kind, name: str) -> type[Any]:
    """Import a plug-in and return its class: the one public subclass of the base that the module defines."""
    from bench.dataset import Dataset
    from bench.method import Method

    if name not in modules(kind):
        raise unknown(kind, name, modules(kind))
    base = Method if kind == "method" else Dataset
    module = importlib.import_module(modules(kind)[name])
    classes = [
        item
        for item in vars(module).values()
        if isinstance(item, type) and issubclass(item, base) and item.__module__ == module.__name__
    ]
    if len(classes) != 1:
        raise BenchError(f"{module.__file__} must define one subclass of {base.__name__}; it defines {len(classes)}")
    return classes[0]


@cache
def digest(kind: Kind, name: str) -> str:
    """SHA-256 of a plug-in's code and of the bench modules it builds on.

    Comments, layout, docstrings, imports of types, tables of values and modules to import early do not count.
    """
    seen: dict[str, str] = {}
    todo = [modules(kind)[name]]
    while todo:
        module = todo.pop()
        if module in seen:
            continue
        tree = _tree(module)
        seen[module] = _text(_behaviour(tree))
        todo += [found for found in _imports(tree) if found not in _ENGINE]
    return hashlib.sha256("\n".join(seen[module] for module in sorted(seen)).encode()).hexdigest()


def _class_body(tree: ast.Module) -> list[ast.stmt]:
    # what the plug-in's class defines, and what it takes from a base in another bench module
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    body = [node for item in classes for node in item.body]
    bases = {base.id for item in classes for base in item.bases if isinstance(base, ast.Name)}
    for module in _imports(tree):
        if module not in _ENGINE:
            shared = (node for node in _tree(module).body if isinstance(node, ast.ClassDef) and node.name in bases)
            body += [node for item in shared for node in item.body]
    return body


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "bench":
            yield node.module or ""
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("bench."))


def _text(node: object) -> str:
    # ast.dump is another text in each Python version: only what is there, and no context, is the same in all
    if isinstance(node, list):
        return f"[{','.join(map(_text, node))}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = [(name, getattr(node, name, None)) for name in node._fields if name not in ("ctx", "kind")]
    there = (f"{name}={_text(value)}" for name, value in fields if value is not None and value != [])
    return f"{type(node).__name__}({','.join(there)})"


def _behaviour(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
        if isinstance(node, ast.ClassDef):
            node.body = [item for item in node.body if _assigned(item) not in _ABOUT]
        if isinstance(node, ast.Module):
            node.body = [item for item in node.body if not (isinstance(item, ast.ImportFrom) and item.module in _TYPES)]
    return tree


def _assigned(node: ast.stmt) -> str | None:
    # the name that a plain assignment gives a value
    target = (
        node.target if isinstance(node, ast.AnnAssign) else node.targets[0] if isinstance(node, ast.Assign) else None
    )
    return target.id if isinstance(target, ast.Name) else None


def _tree(module: str) -> ast.Module:
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise BenchError(f"the plug-in module '{module}' cannot be found; is its package installed?")
    return ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
