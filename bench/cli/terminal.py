"""Standard streams as they come: with another encoding than UTF-8, or closed."""

import codecs
import io
import os
import sys
import unicodedata

PLAIN = {
    "±": "+-", "–": "-", "—": "-", "−": "-", "×": "x", "·": ".", "•": "*", "…": "...", "≤": "<=", "≥": ">=", "≈": "~",
    "→": "->", "←": "<-", "↑": "^", "↓": "v", "’": "'", "‘": "'", "“": '"', "”": '"', "λ": "lambda",
}  # fmt: skip
HANDLER = "bench.plain"


def prepare() -> None:
    """Open streams that are closed onto nowhere, and write what an encoding does not have in plain letters."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:  # else the next file that is opened would take its place
            os.open(os.devnull, os.O_RDWR)
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    codecs.register_error(HANDLER, _plain)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=HANDLER)


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(plain, error.object[error.start : error.end])), error.end


def plain(letter: str) -> str:
    """A letter in ASCII, as near as it comes."""
    if letter in PLAIN:
        return PLAIN[letter]
    name = unicodedata.name(letter, "")
    if name.startswith("BOX DRAWINGS"):
        return "-" if name.endswith("HORIZONTAL") else "|" if name.endswith(" VERTICAL") else "+"
    if name.startswith("GREEK "):
        return name.split()[3].lower() if len(name.split()) > 3 else "?"
    return unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode() or "?"
