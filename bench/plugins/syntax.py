"""Python sources as syntax trees: what a module imports, and its behaviour as text."""

import ast
import importlib.util
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import bench
from bench.errors import BenchError
from bench.losses import SOURCES

# what a class says of values that each cell's configuration holds anyway, of its board, of what to import early, and
# of the form of its samples, by which methods are refused
_TABLES = {
    "defaults", "origins", "candidates", "imports", "note", "reported_note", "reported", "paper", "groups",
    "dense_targets", "token_inputs", "ordered",
}  # fmt: skip
_LOSSES = "bench.losses."
_TYPES = {"typing", "collections.abc", "__future__", "bench.ranges"}


def path_of(module: str) -> Path | None:
    """The source file of a module; None where it has none or cannot be found. Imports nothing."""
    top, *inner = module.split(".")
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError, AttributeError):
        return None
    if spec is None or (inner and spec.submodule_search_locations is None):
        return None
    # the plug-ins' folders stand beside bench in a checkout
    folders = bench.__path__ if top == "bench" else spec.submodule_search_locations or ()
    if not inner:
        return Path(spec.origin) if spec.origin and spec.origin.endswith(".py") else None
    bases = [Path(folder, *inner) for folder in folders]
    found = (path for base in bases for path in (base / "__init__.py", base.with_name(f"{base.name}.py")))
    return next((path for path in found if path.is_file()), None)


def tree(module: str) -> ast.Module:
    """The parsed source of a module; callers must not change it."""
    return _parsed(*stamp(module))


def imported(module: str) -> tuple[str, ...]:
    """Names of all modules that a module may import, in any form, inside functions and by a name in quotes too.

    Imports for types alone do not count, and a loss taken from `bench.losses` counts as its own module.
    """
    return _imported(module, *stamp(module))


def stamp(module: str) -> tuple[Path, int, int]:
    """The source file of a module, when it was last changed and its size: another one after every edit.

    Raises:
        BenchError: there is no such file.
    """
    path = path_of(module)
    if path is None:
        raise BenchError(f"the plug-in module '{module}' cannot be found; is its package installed?")
    stat = path.stat()
    return path, stat.st_mtime_ns, stat.st_size


@cache
def _parsed(path: Path, *_stamp: int) -> ast.Module:
    try:
        return ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise BenchError(f"{path} is not Python ({error}); mend it, or remove the plug-in") from error


@cache
def _imported(module: str, path: Path, *stamp: int) -> tuple[str, ...]:
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    nodes = list(_running(_parsed(path, *stamp)))
    named = [name for node in nodes for name in _named(node, package)]
    found = dict.fromkeys(_parents(module))
    for name in (*named, *_losses(named, nodes)):
        found |= dict.fromkeys((*_parents(name), name))
    found.pop(module, None)
    return tuple(found)


def _named(node: ast.AST, package: str) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = _absolute("." * node.level + (node.module or ""), package)
        yield base
        yield from (f"{base}.{alias.name}" for alias in node.names if alias.name != "*")
    elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called in ("import_module", "__import__") and isinstance(node.args[0].value, str):
            yield _absolute(node.args[0].value, package)


def _running(node: ast.AST) -> Iterator[ast.AST]:
    # what may run: not the imports for types, of which bench/__init__.py has many
    for child in ast.iter_child_nodes(node):
        if not _for_types(child):
            yield child
            yield from _running(child)


def _losses(named: Sequence[str], nodes: Sequence[ast.AST]) -> Iterator[str]:
    # by `from bench.losses import ranksim`, or by an attribute of that name where bench or bench.losses comes whole
    taken = (name.removeprefix(_LOSSES) for name in named if name.startswith(_LOSSES))
    yield from (SOURCES[name] for name in taken if name in SOURCES)
    if {"bench", "bench.losses"} & set(named):
        yield from (SOURCES[n.attr] for n in nodes if isinstance(n, ast.Attribute) and n.attr in SOURCES)
    if any(isinstance(n, ast.ImportFrom) and n.module == "bench.losses" and n.names[0].name == "*" for n in nodes):
        yield from SOURCES.values()


def _absolute(name: str, package: str) -> str:
    bare = name.lstrip(".")
    level = len(name) - len(bare)
    if not level:
        return name
    parts = package.split(".")
    return ".".join(filter(None, (*parts[: len(parts) - level + 1], bare)))


def _parents(module: str) -> Iterator[str]:
    # importing a module runs the __init__ of each package above it
    parts = module.split(".")
    return (".".join(parts[:end]) for end in range(1, len(parts)))


def behaviour(module: str) -> str:
    """What a module does, as text: two sources of the same text give the same numbers.

    Comments, layout, docstrings, annotations, messages and tables of values do not count; of imports from bench only
    the names do, so that a module of ours may move. The text is the same in all Python versions.
    """
    imports: set[str] = set()
    body = _text(tree(module).body, imports)
    return "\n".join([*sorted(imports), body])


def _text(node: object, imports: set[str]) -> str:
    if isinstance(node, list):
        kept = (item for item in node if not _silent(item))
        return f"[{','.join(filter(None, (_text(item, imports) for item in kept)))}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    if isinstance(node, ast.Import | ast.ImportFrom):
        imports.update(_import_text(node))
        return ""
    if isinstance(node, ast.Raise):  # its message may be reworded
        raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        return f"Raise({'' if raised is None else _text(raised, imports)})"
    if isinstance(node, ast.Assert):
        return f"Assert({_text(node.test, imports)})"
    if isinstance(node, ast.AnnAssign):
        value = "" if node.value is None else _text(node.value, imports)
        return f"Assign({_text(node.target, imports)},{value})"
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        return f"Assign({_text(node.targets[0], imports)},{_text(node.value, imports)})"
    # ast.dump is another text in each Python version: only what is there, and no context, is the same in all
    fields = [(name, getattr(node, name, None)) for name in node._fields if name not in _SILENT_FIELDS]
    if isinstance(node, ast.ClassDef):
        kept = [item for item in node.body if not (isinstance(item, _ASSIGNMENTS) and assigned(item) in _TABLES)]
        fields = [(name, kept if name == "body" else value) for name, value in fields]
    there = (f"{name}={_text(value, imports)}" for name, value in fields if value is not None and value != [])
    return f"{type(node).__name__}({','.join(there)})"


_ASSIGNMENTS = (ast.Assign, ast.AnnAssign)
_SILENT_FIELDS = {"ctx", "kind", "annotation", "returns", "type_comment", "type_params", "type_ignores"}


def _silent(node: object) -> bool:
    # statements that no number depends on
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)  # docstrings, and strings that stand for comments
    if _for_types(node):
        return True
    if isinstance(node, ast.FunctionDef):
        return node.name == "unsupported_reason"
    # an object's own words for its board, as `self.note = ...`
    return isinstance(node, _ASSIGNMENTS) and _is_attribute(node) and assigned(node) in _TABLES


def _is_attribute(node: ast.Assign | ast.AnnAssign) -> bool:
    return isinstance(node.target if isinstance(node, ast.AnnAssign) else node.targets[0], ast.Attribute)


def _for_types(node: object) -> bool:
    if not isinstance(node, ast.If) or node.orelse:
        return False
    return getattr(node.test, "id", getattr(node.test, "attr", None)) == "TYPE_CHECKING"


def _import_text(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    module = "" if isinstance(node, ast.Import) else "." * node.level + (node.module or "")
    if module in _TYPES:
        return
    ours = module == "bench" or module.startswith("bench.")
    for alias in node.names:
        yield f"from {'bench' if ours else module} import {alias.name} as {alias.asname or alias.name}"


def assigned(node: ast.stmt) -> str | None:
    """The name or attribute that a plain assignment gives a value."""
    target = (
        node.target if isinstance(node, ast.AnnAssign) else node.targets[0] if isinstance(node, ast.Assign) else None
    )
    return target.id if isinstance(target, ast.Name) else target.attr if isinstance(target, ast.Attribute) else None
