"""`bench analyse corruption`: the error of saved models on corrupted pictures."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.atomic import write_asked_for
from bench.errors import BenchError
from bench.printable import plain

NAME = "corruption"
TITLE = "Test error of saved models on pictures under 15 corruptions at 5 severities."


def measure(
    results: Path,
    data: Path | None,
    dataset: str | None,
    method: str | None,
    rows: int,
    device: str,
    out: Sequence[Path],
    as_json: bool,
) -> None:
    """Corrupt the test pictures, and print and write what the models make of them."""
    from rich.console import Console
    from rich.progress import Progress

    from bench.data import files
    from bench.runs import corruption, machine

    where = machine.devices(device)[0]
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("corrupting", total=None)
        found = corruption.analyse(
            results, files.root(data), dataset, method, rows, where,
            lambda done, of: progress.update(task, completed=done, total=of),
        )  # fmt: skip
    for line in found.left_out:
        print(f"bench: {plain(line)}", file=sys.stderr)
    if not found.cells:
        raise BenchError("no saved model could be measured")
    print(json.dumps(found.as_json(), indent=1) if as_json else found.as_table())
    for file in out:
        if file.suffix.lower() != ".csv":
            from bench.plot import corruptions

            corruptions(found).save(file)
        else:
            write_asked_for(file, found.as_csv().encode())
