"""A plug-in's parameters, read from its source without running it, so that a wrong one is refused at once."""

import ast

from bench.names import value_text
from bench.plugins.described import module_of
from bench.plugins.discovery import Kind
from bench.plugins.syntax import path_of, tree

# the bases of all plug-ins: their own constructors take no parameter
_ROOTS = {
    ("bench.method", "Method"), ("bench.bases.reference", "Reference"), ("bench.dataset", "Dataset"),
    ("bench", "Method"), ("bench", "Reference"), ("bench", "Dataset"),
}  # fmt: skip
_NONE = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])


def parameters(kind: Kind, name: str) -> dict[str, str] | None:
    """Parameters of a plug-in's constructor, each with its default as a name has it, "" where that is no literal.

    None where the source does not tell: several bases, a decorated class, a base that cannot be found.
    """
    module = module_of(kind, name)
    defined = (node.name for node in tree(module).body if isinstance(node, ast.ClassDef))
    found = [arguments for cls in defined if (arguments := _constructor(module, cls)) is not None]
    if len(found) != 1:
        return None
    names = [argument.arg for argument in found[0].args][1:]
    defaults = ["", *map(_text, found[0].defaults)]
    missing = len(names) + 1 - len(defaults)
    return dict(zip(names, [""] * missing + defaults[1:], strict=True))


def _constructor(module: str, cls: str) -> ast.arguments | None:
    # its own or an inherited one, of a class that descends from the base of all plug-ins
    if (module, cls) in _ROOTS:
        return _NONE
    node = next((node for node in _body(module) if isinstance(node, ast.ClassDef) and node.name == cls), None)
    if node is None or node.decorator_list or node.keywords or len(node.bases) != 1:
        return None
    (base,) = node.bases
    inherited = _constructor(*_origin(module, base.id)) if isinstance(base, ast.Name) else None
    own = [inner for inner in ast.walk(node) if isinstance(inner, ast.FunctionDef) and inner.name == "__init__"]
    if inherited is None or not own:
        return inherited
    plain = len(own) == 1 and own[0] in node.body and not own[0].decorator_list
    return own[0].args if plain else None


def _origin(module: str, name: str) -> tuple[str, str]:
    # the module that a class comes from, and its name there
    for node in _body(module):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    return node.module, alias.name
    return module, name


def _body(module: str) -> list[ast.stmt]:
    return tree(module).body if path_of(module) else []


def _text(node: ast.expr) -> str:
    try:
        return value_text(ast.literal_eval(node))
    except ValueError:
        return ""
