"""Pages as HTML, from templates."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from bench.errors import BenchError
from bench.names import parse_stack

MARK = "<!-- Made from the records by `bench site`; do not edit. -->"
ARXIV = re.compile(r"arXiv:(\d{4}\.\d{4,5})")
BREAKS = re.compile(r"([\[=,_+])")  # after which a long name may go on in the next line
SAID = re.compile(r"\n\s*\n|\n(?=Follows |Differs: |Found: )")
CODE = re.compile(r"`([^`]+)`")
ITEM = re.compile(r"^\s*(\w[\w, ]*): (.*)$")

Render = Callable[..., str]


def renderer() -> Render:
    """A function from a template's name, the way from its page to the top folder, and what it shows, to HTML."""
    environment = Environment(
        loader=PackageLoader("bench.site"), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=StrictUndefined, keep_trailing_newline=True,
    )  # fmt: skip
    environment.filters |= {"file": file_name, "prose": prose, "parts": parts, "breaks": breaks}
    environment.globals["mark"] = Markup(MARK)  # noqa: S704 (ours)

    def render(template: str, top: str = "", **shown: Any) -> str:
        return environment.get_template(f"{template}.html").render(top=top, **shown)

    return render


def file_name(name: str) -> str:
    """The address of a page, relative to its folder: brackets are escaped.

    >>> file_name("circle[draw=3]")
    'circle%5Bdraw%3D3%5D.html'
    """
    return f"{quote(name)}.html"


def parts(row: str) -> list[tuple[str, str]]:
    """The methods of a row as (name, text), and what follows them.

    >>> parts("mt+rot_reg[gamma=1]"), parts("oe {lr=1}")
    ([('mt', 'mt'), ('rot_reg', 'rot_reg[gamma=1]')], [('oe', 'oe'), ('', ' {lr=1}')])
    """
    names, brace, settings = row.partition(" {")
    try:
        found = [(name.base, str(name)) for name in parse_stack(names)]
    except BenchError:
        found = [("", names)]
    return [*found, ("", brace + settings)] if brace else found


def breaks(name: str) -> Markup:
    """A name that may be broken after its signs.

    >>> str(breaks("stsb[hidden=32]"))
    'stsb[<wbr>hidden=<wbr>32]'
    """
    return Markup(BREAKS.sub(r"\1<wbr>", str(escape(name))))  # noqa: S704 (escaped)


def prose(text: str) -> Markup:
    """A docstring as paragraphs: code between backticks, papers on arXiv as links.

    >>> str(prose("One `a<b`.\\n\\nTwo."))
    '<p>One <code>a&lt;b</code>.</p>\\n<p>Two.</p>'
    """
    paragraphs = [_paragraph(block) for block in SAID.split(text.strip()) if block.strip()]
    return Markup("\n").join(paragraphs)


def _paragraph(block: str) -> Markup:
    lines = block.splitlines()
    if lines[0].strip() in ("Args:", "Raises:"):
        return _list(lines[0].strip().removesuffix(":"), lines[1:])
    made = escape(block)
    made = ARXIV.sub(r'<a href="https://arxiv.org/abs/\1">arXiv:\1</a>', str(made))
    made = CODE.sub(r"<code>\1</code>", made)
    return Markup(f"<p>{made}</p>")  # noqa: S704 (escaped above)


def _list(title: str, lines: list[str]) -> Markup:
    items: list[tuple[str, str]] = []
    for line in lines:
        match = ITEM.match(line)
        if match:
            items.append((match[1], match[2]))
        elif items:
            items[-1] = items[-1][0], f"{items[-1][1]} {line.strip()}"
    shown = [Markup("<dt><code>{}</code></dt><dd>{}</dd>").format(name, text) for name, text in items]
    return Markup("<p>{}:</p><dl>{}</dl>").format("Parameters" if title == "Args" else title, Markup("").join(shown))
