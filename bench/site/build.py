"""From boards to a folder of pages."""

from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import bench
from bench import leftovers
from bench.atomic import replace_file
from bench.errors import BenchError
from bench.leaderboard import across as ranking
from bench.leaderboard.publish import Made
from bench.memory import remembered
from bench.names import parse
from bench.plugins import health
from bench.site import across, boards, charts
from bench.site.advice import kinds
from bench.site.boards import Chart, Page
from bench.site.render import MARK, Render, renderer

FOLDERS = ("boards", "methods", "datasets")
STATIC = ("style.css", "site.js")
Facts = Mapping[str, dict[str, dict[str, Any]]]  # "method" or "dataset" -> name -> its facts


def build(made: Made, results: Path, root: Path, out: Path) -> list[str]:
    """Write the site of these boards; returns the names of all its files.

    Args:
        results: the folder of the records, of which learning curves and predictions are read.
        root: of the data; where those of a dataset are missing, its errors by label are left out.

    Raises:
        BenchError: the folder cannot be written.
    """
    files = texts(made, results, root)
    try:
        for name, text in files.items():
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            replace_file(out / name, text.encode())
        leftovers.remove_abandoned(out, "**/")
        for path in (path for folder in FOLDERS for path in (out / folder).glob("*.html")):
            if path.relative_to(out).as_posix() not in files:
                path.unlink()
    except OSError as error:
        raise BenchError(f"cannot write {out}: {error.strerror}; choose another folder with --out") from None
    return sorted(files)


def texts(made: Made, results: Path, root: Path) -> dict[str, str]:
    """The text of every file, by its path in the folder."""
    ordered = sorted(made.boards, key=lambda board: board.spec.dataset)
    pages = [boards.page(board, results, root) for board in ordered]
    facts: Facts = remembered("site facts", [], _facts)
    render = renderer()
    named = {"version": bench.__version__, "known": {kind: sorted(facts[kind]) for kind in facts}}
    files = {f"static/{name}": _static(name) for name in STATIC}
    files["static/vega.js"] = _vega()
    files |= _of_boards(render, pages, named)
    files["across.html"] = _across(render, pages, named)
    kind_of = {page.board.spec.dataset: _kind(page.board.spec.dataset, facts) for page in pages}
    found = kinds(pages, kind_of)
    files["index.html"] = render("index", kinds=found, pages=pages, left_out=made.left_out, **named)
    files |= _of_plugins(render, pages, facts, named)
    return files


def _of_boards(render: Render, pages: list[Page], named: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for page in pages:
        name = page.board.spec.dataset
        base = parse(name).base
        found[f"boards/{name}.html"] = render("board", "../", page=page, base=base, **named)
    return found


def _of_plugins(render: Render, pages: list[Page], facts: Facts, named: dict[str, Any]) -> dict[str, str]:
    found = {
        "methods/index.html": render("methods", "../", facts=facts["method"], pages=pages, **named),
        "datasets/index.html": render("datasets", "../", facts=facts["dataset"], pages=pages, **named),
    }
    for name, own in facts["method"].items():
        stands = [(page, page.standing.gains.get(name)) for page in pages if name in page.board.statistics]
        found[f"methods/{name}.html"] = render(
            "method", "../", method=own, stands=stands, percent=boards.percent, **named
        )
    for name, own in facts["dataset"].items():
        there = [page for page in pages if parse(page.board.spec.dataset).base == name]
        found[f"datasets/{name}.html"] = render("dataset", "../", dataset=own, pages=there, **named)
    return found


def _across(render: Render, pages: list[Page], named: dict[str, Any]) -> str:
    real = [page for page in pages if not page.board.spec.synthetic and page.standing.leader is not None]
    ranks = ranking.standing([page.board for page in real])
    verdicts = across.verdicts({page.board.spec.dataset: page.standing for page in real})
    chart = None
    if ranks is not None:
        text = (
            f"Of the methods that are whole on every board, over {ranks.datasets} datasets, with 95% intervals over "
            f"datasets and seeds. Those in the band, {ranks.critical:.2f} ranks wide, are not told apart from the best "
            "one (Nemenyi, 5%)."
        )
        chart = Chart("ranks", "Average ranks and the critical difference", text, charts.critical_differences(ranks))
    apart = {row for page in real for row in page.standing.references}
    return render("across", pages=real, verdicts=verdicts, references=apart, chart=chart, **named)


def _facts() -> dict[str, dict[str, dict[str, Any]]]:
    from bench.plugins import facts

    return {
        "method": {name: asdict(facts.method(name)) for name in sorted(health.sound("method"))},
        "dataset": {name: asdict(facts.dataset(name)) for name in sorted(health.sound("dataset"))},
    }


def _kind(dataset: str, facts: Facts) -> str:
    own = facts["dataset"].get(parse(dataset).base)
    return own["kind"] if own else "Other data"


def _static(name: str) -> str:
    return (Path(__file__).parent / "static" / name).read_text(encoding="utf-8")


def _vega() -> str:
    import vl_convert

    library: Any = vl_convert  # whose types ask for a snippet

    def bundle() -> str:
        return library.javascript_bundle(vl_version=charts.VERSION)

    return remembered("vega", [version("vl-convert-python"), charts.VERSION], bundle)


def require(out: Path) -> None:
    """Ask before the work what would stop it after: a library that is missing, or a folder of somebody's own files.

    Raises:
        BenchError: one of these.
    """
    if find_spec("vl_convert") is None:
        raise BenchError("bench site needs vl-convert-python: pip install 'regression-bench[site]'")
    if not out.exists():
        return
    if not out.is_dir():
        raise BenchError(f"{out} is no folder; choose another one with --out")
    index = out / "index.html"
    ours = index.is_file() and MARK in index.read_text(encoding="utf-8", errors="replace")[:500]
    if not ours and any(path for path in out.iterdir() if not path.name.startswith(leftovers.PREFIX)):
        raise BenchError(f"{out} holds something other than a site of bench; choose another folder with --out")
