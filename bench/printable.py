"""Text that others wrote, made fit to be shown: in one line, of bounded length, without control characters."""

import re

LONGEST = 200
LONGEST_MESSAGE = 1500  # letters; the middle of a longer one is left out
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~])")


def plain(text: object, longest: int = LONGEST) -> str:
    r"""One line of printable characters; others are written as escapes, and what is too long is cut.

    >>> plain("red\x1b[31m\nand more")
    'red\\x1b[31m and more'
    """
    shown = _line(str(text)[: 4 * longest])
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def one_line(message: object) -> str:
    """A message as one line that any terminal shows as it is, without the middle of what is very long.

    >>> one_line("two\\n lines \\x1b[31m")
    'two lines \\\\x1b[31m'
    """
    text = str(message)
    if len(text) > LONGEST_MESSAGE:
        text = f"{text[: LONGEST_MESSAGE // 2]} ... {text[-LONGEST_MESSAGE // 2 :]}"
    return _line(text)


def escaped(text: str) -> str:
    r"""Lines of text as they are, but for control characters: what a column is named moves no terminal's cursor.

    >>> escaped("a\nred\x1b[31m")
    'a\nred\\x1b[31m'
    """
    return "\n".join("".join(map(_shown, line)) for line in text.split("\n"))


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


def _line(text: str) -> str:
    line = " ".join(text.split())
    return "".join(map(_shown, line))


def _shown(char: str) -> str:
    return char if char.isprintable() else char.encode("unicode_escape").decode()
