"""The site's charts, in a notebook or as a file: `bench.plot.seeds("concrete")`.

Each function gives a `Chart`, which a notebook shows by itself. Results are read as `bench.leaderboard` reads them.
"""

import json
import re
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.atomic import write_asked_for
from bench.errors import BenchError
from bench.paths import require_ending

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.runs.association import Association
    from bench.runs.findings import Findings
    from bench.runs.robustness import Robustness

WRITTEN = (".png", ".svg", ".html", ".json")


@dataclass(frozen=True)
class Chart:
    """A chart as Vega-Lite.

    Args:
        spec: the specification, in the colours of the site by day.
        text: a sentence on how to read it.
    """

    spec: dict[str, Any]
    text: str

    def save(self, path: str | Path) -> Path:
        """Write it as .png, .svg, .html or .json; all but .json need the extra `site`.

        Raises:
            BenchError: the ending is another one, or the file cannot be written.
        """
        file = Path(path)
        require_ending(file, *WRITTEN)
        write_asked_for(file, _drawn(self.spec, file.suffix.lower()))
        return file

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        # what notebooks ask of an object: an interactive chart where they have Vega, else a picture
        import base64

        png = base64.b64encode(_drawn(self.spec, ".png")).decode()
        return {"application/vnd.vegalite.v6+json": self.spec, "image/png": png, "text/plain": self.text}


def seeds(dataset: str, results: str | Path = "results", data: str | Path | None = None) -> Chart:
    """Every seed of every row, their mean and its 95% interval.

    Args:
        dataset: as on its board.
        results: folder of the records.
        data: the data root; by default $BENCH_DATA or the user's data folder.

    Raises:
        BenchError: there is no such board, or no such chart of it.

    >>> seeds("circle", "nothing")
    Traceback (most recent call last):
    bench.errors.BenchError: no results folder nothing; make results with bench run, or name another folder
    """
    return _of_board("seeds", dataset, results, data)


def error_by_label(dataset: str, results: str | Path = "results", data: str | Path | None = None) -> Chart:
    """Mean absolute error along the labels, and how often training saw them; arguments as of `seeds`."""
    return _of_board("labels", dataset, results, data)


def learning(dataset: str, results: str | Path = "results", data: str | Path | None = None) -> Chart:
    """The validation metric over epochs, with the range of the seeds; arguments as of `seeds`."""
    return _of_board("curves", dataset, results, data)


def cost(dataset: str, results: str | Path = "results", data: str | Path | None = None) -> Chart:
    """Error against the time of a step; arguments as of `seeds`."""
    return _of_board("cost", dataset, results, data)


def ranks(results: str | Path = "results", data: str | Path | None = None) -> Chart:
    """Average ranks over all boards with their intervals, and what is not told apart; arguments as of `seeds`."""
    from bench.leaderboard import across, publish
    from bench.site import charts

    found = across.standing(publish.read_boards(*_from(results, data)).boards)
    if found is None:
        raise BenchError(f"{results} has too few boards for ranks: two datasets and three methods are needed")
    return _chart(
        charts.critical_differences(found), "Average ranks; bars join what Nemenyi's test does not tell apart."
    )


def analysis(
    names: str, dataset: str | None = None, results: str | Path = "results", measures: str | None = None
) -> Chart:
    """Each measure of some analyses against the test error, of the records that keep features.

    Args:
        names: of analyses, as `bench analyse` has them: "ordinality,tightness".
        dataset: this one alone.
        results: folder of the records.
        measures: these alone: "spearman_euclidean,spread".

    Raises:
        BenchError: there is no such analysis or measure, or no record keeps features.
    """
    from bench.names import split_list
    from bench.runs.analyse import analyse

    return of_findings(analyse(split_list(names), Path(results), dataset), measures and split_list(measures))


def features(
    dataset: str, method: str = "baseline", seed: int = 0, results: str | Path = "results", moves: bool = False
) -> Chart:
    """Test features of a record that keeps them, in their first two principal directions, coloured by label.

    Args:
        dataset, method, seed: of the record.
        results: folder of the records.
        moves: whether lines lead from where the first weights had them.

    Raises:
        BenchError: there is no such record, or it keeps no features.
    """
    from bench.runs.analyse import ROWS, kept_of
    from bench.site import analyses

    kept = kept_of(Path(results), dataset, method, seed).sample(ROWS)
    return _chart(analyses.manifold(kept, moves), "Features in their first two principal directions, by label.")


def drawing(name: str, dataset: str, method: str = "baseline", seed: int = 0, results: str | Path = "results") -> Chart:
    """What one record's features look like, as an analysis sees them.

    Args:
        name: of the analysis: tightness (the manifold), updates (how rows moved), ordinality (matrices of distances) or
            theta (the course of a linear head).
        dataset, method, seed: of the record.
        results: folder of the records.

    Raises:
        BenchError: there is no such drawing or record, or it does not keep what is drawn.
    """
    from bench.errors import unknown
    from bench.runs.analyse import ROWS, kept_of
    from bench.site.drawing import DRAWN

    if name not in DRAWN:
        raise unknown("drawing", name, DRAWN)
    kept = kept_of(Path(results), dataset, method, seed).sample(ROWS)
    title = (DRAWN[name].__doc__ or "").partition("\n")[0]
    return _chart(DRAWN[name](kept), title)


def of_findings(found: "Findings", measures: "Sequence[str] | None" = None) -> Chart:
    """The chart of findings in hand; by default of all their measures."""
    from bench.errors import unknown
    from bench.site import analyses

    for name in measures or ():
        if name not in found.measures:
            raise unknown("measure", name, found.measures)
    spec = analyses.against_error(found, list(measures or found.measures))
    return _chart(spec, "Means over seeds of each measure and of the test error; bars are their deviations.")


def correlations(found: "Sequence[Association]") -> Chart:
    """The chart of how measures go with the test error, as `bench.runs.association.associations` gives it."""
    from bench.site import analyses

    return _chart(analyses.correlations(found), "Spearman's correlations, with 95% bootstrap intervals.")


def corruptions(found: "Robustness") -> Chart:
    """The chart of errors under corruptions, as `bench.runs.corruption.analyse` gives them."""
    from bench.site import robustness

    return _chart(robustness.by_severity(found), "Means over seeds of the test error, from clean pictures (0) on.")


def _of_board(name: str, dataset: str, results: str | Path, data: str | Path | None) -> Chart:
    from bench.data import files
    from bench.leaderboard import publish
    from bench.names import parse
    from bench.site import boards

    folder, catalogue = _from(results, data)
    (board,) = publish.read_board(folder, str(parse(dataset)), catalogue).boards
    page = boards.page(board, folder, files.root(None if data is None else Path(data)))
    for chart in page.charts:
        if chart.name == name:
            return _chart(chart.spec, chart.text)
    raise BenchError(f"no such chart of {dataset}: {' '.join(page.missing) or 'no record says that much'}")


def _from(results: str | Path, data: str | Path | None) -> tuple[Path, Any]:
    from bench.data import files
    from bench.runs.evidence import Catalogue

    folder = Path(results)
    if not folder.is_dir():
        raise BenchError(f"no results folder {folder}; make results with bench run, or name another folder")
    return folder, Catalogue(files.root(None if data is None else Path(data)))


def _chart(spec: dict[str, Any], text: str) -> Chart:
    style = (resources.files("bench.site") / "static" / "style.css").read_text(encoding="utf-8")
    colours = dict(re.findall(r"(--\w+): (#\w+);", style.partition("@media")[0]))
    made = re.sub(r"var\((--\w+)\)", lambda match: colours[match[1]], json.dumps(spec))
    return Chart(json.loads(made) | {"background": colours["--card"]}, text)


def _drawn(spec: dict[str, Any], suffix: str) -> bytes:
    if suffix == ".json":
        return json.dumps(spec, indent=1).encode()
    try:
        import vl_convert
    except ImportError:
        raise BenchError("drawing a chart needs vl-convert: install regression-bench with its extra site") from None
    library: Any = vl_convert  # whose types ask for a snippet
    sized = {**spec, "width": 560} if spec.get("width", "container") == "container" and "vconcat" not in spec else spec
    match suffix:
        case ".png":
            return library.vegalite_to_png(sized, scale=2)
        case ".svg":
            return library.vegalite_to_svg(sized).encode()
        case _:
            return library.vegalite_to_html(sized, bundle=True).encode()
