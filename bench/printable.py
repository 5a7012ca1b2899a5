"""Text that others wrote, made fit to be shown: in one line, of bounded length, without control characters."""

import re

LONGEST = 200
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~])")


def plain(text: object, longest: int = LONGEST) -> str:
    r"""One line of printable characters; others are written as escapes, and what is too long is cut.

    >>> plain("red\x1b[31m\nand more")
    'red\\x1b[31m and more'
    """
    whole = " ".join(str(text)[: 4 * longest].split())
    shown = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in whole)
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def literal(text: object) -> str:
    """As plain, for markdown outside of code: nothing in it is markup or HTML.

    >>> literal("a|b <b>")
    'a\\\\|b \\\\<b\\\\>'
    """
    return _MARKDOWN.sub(r"\\\1", plain(text)).replace("&", "&amp;")


def code(text: object) -> str:
    """As plain, between backticks.

    >>> code("x`y")
    "`x'y`"
    """
    return f"`{plain(text).replace('`', chr(39))}`"
