"""Doctests of docstrings as code: a Markdown reader would take their prompts for quotations."""

import re
from typing import Any

import griffe

DOCTEST = re.compile(r"^(?:[ ]*>>> .*\n?(?:[ ]*\S.*\n?)*)(?:\n?[ ]*>>> .*\n?(?:[ ]*\S.*\n?)*)*", re.MULTILINE)


class Examples(griffe.Extension):
    """Fence the examples of every docstring."""

    def on_object(self, *, obj: griffe.Object, **kwargs: Any) -> None:  # noqa: ARG002 (griffe gives them)
        """Called for each module, class, function and attribute when it is read."""
        if obj.docstring is not None:
            obj.docstring.value = DOCTEST.sub(_fenced, obj.docstring.value)


def _fenced(match: re.Match[str]) -> str:
    return f"```pycon\n{match[0].rstrip()}\n```\n"
