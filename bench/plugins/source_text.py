"""What a plug-in says of itself in its source, read without running it, so that `bench list` answers at once."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from bench.errors import BenchError
from bench.plugins.described import module_of
from bench.plugins.discovery import Kind, modules
from bench.plugins.syntax import assigned, path_of, tree

_ROOTS = {"Method", "Reference", "Dataset"}
_REFERENCES = {("bench.bases.reference", "Reference"), ("bench", "Reference")}


@dataclass(frozen=True)
class Source:
    """A plug-in's name, module and docstring, and the names that its class defines."""

    name: str
    module: str
    doc: str  # the module's docstring
    hooks: frozenset[str]  # names that the class body and its shared base define
    groups: tuple[str, ...] = ()
    reference: bool = False  # what methods are measured by, and no method itself

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
def source(kind: Kind, name: str) -> Source:
    """Read one plug-in's source."""
    module = module_of(kind, name)
    parsed = tree(module)
    names: set[str] = set()
    groups: tuple[str, ...] = ()
    for node in _class_body(module):
        if isinstance(node, ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign) and (target := assigned(node)) is not None:
            names.add(target)
            if target == "groups":
                groups = _words(node.value)
    return Source(name, module, ast.get_docstring(parsed) or "", frozenset(names), groups, _is_reference(module))


def methods() -> list[str]:
    """Names of all plug-ins of the kind "method" that are methods, or cannot be read."""
    return sorted(modules("method").keys() - set(references()))


def references() -> list[str]:
    """Names of the plug-ins beside them that are references."""
    return [source.name for source in sources("method") if source.reference]


def sources(kind: Kind) -> Iterator[Source]:
    """Every plug-in of a kind whose source can be read, by name."""
    return (source(kind, name) for name in sorted(modules(kind)) if unreadable(kind, name) is None)


def unreadable(kind: Kind, name: str) -> BenchError | None:
    """Why the source of a plug-in says nothing: there is no file, or it is not Python."""
    try:
        source(kind, name)
    except BenchError as error:
        return error
    except OSError as error:
        return BenchError(f"{error.filename} cannot be read: {error.strerror}")


def _words(node: ast.expr | None) -> tuple[str, ...]:
    # written out in the source, or none
    words = [item.value for item in node.elts if isinstance(item, ast.Constant)] if isinstance(node, ast.Tuple) else []
    return tuple(word for word in words if isinstance(word, str))


def _is_reference(module: str) -> bool:
    # a class of it descends from the base of references, directly or by classes of other modules
    todo = [(module, node.name) for node in _classes(module)]
    seen: set[tuple[str, str]] = set()
    while todo:
        at = todo.pop()
        if at in _REFERENCES:
            return True
        if at not in seen and path_of(at[0]):
            seen.add(at)
            todo += _bases(*at)
    return False


def _bases(module: str, cls: str) -> Iterator[tuple[str, str]]:
    # the classes that a class is made of, each as its module and its name there
    taken = {
        alias.asname or alias.name: (node.module, alias.name)
        for node in tree(module).body
        if isinstance(node, ast.ImportFrom) and node.module and not node.level
        for alias in node.names
    }
    for node in _classes(module):
        if node.name == cls:
            for base in node.bases:
                if isinstance(base, ast.Name):
                    yield taken.get(base.id, (module, base.id))
                elif isinstance(base, ast.Attribute):
                    yield ast.unparse(base.value), base.attr


def _class_body(module: str) -> list[ast.stmt]:
    # what the plug-in's classes define, and what they take from shared bases
    todo = [(module, node.name) for node in _classes(module)]
    seen: list[tuple[str, str]] = []
    for at in todo:  # which grows
        if at not in seen and at[1] not in _ROOTS and (at[0] == module or at[0].startswith("bench.bases.")):
            seen.append(at)
            todo += _bases(*at)
    there = {(where, node.name): node for where, _ in seen if path_of(where) for node in _classes(where)}
    return [statement for at in seen if at in there for statement in there[at].body]


def _classes(module: str) -> list[ast.ClassDef]:
    return [node for node in tree(module).body if isinstance(node, ast.ClassDef)]
