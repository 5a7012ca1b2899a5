"""`bench profile`: what methods, their losses and the harness cost."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from bench.cli import complete, folders, options
from bench.errors import BenchError, unknown
from bench.paths import require_ending
from bench.plugins import lookup

SUBJECTS = ("methods", "losses", "harness", "scale")


def profile(
    subject: Annotated[
        str,
        typer.Argument(
            metavar="SUBJECT",
            help="methods: a training step of each method on a dataset. losses: each regularizer, compared with "
            "torch.cdist. harness: our training loop, compared with a bare one. scale: reading, boards, verifying, "
            "pages and plans by the number of records and cells.",
        ),
    ] = "methods",
    method: Annotated[
        str,
        typer.Option(
            "--method", metavar="NAMES", autocompletion=complete.methods, help="Methods and stacks to profile."
        ),
    ] = "baseline,mt,rot_reg,mt+rot_reg",
    dataset: Annotated[str | None, options.one_dataset("Dataset to profile methods on.")] = None,
    batch_size: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Samples in a batch.  [default: the protocol's]")
    ] = None,
    steps: Annotated[int, typer.Option(metavar="N", min=2, help="Steps to time for each method.")] = 50,
    device: options.Device = "auto",
    precision: options.Precision = None,
    channels_last: options.ChannelsLast = False,
    compiled: options.Compiled = False,
    sets: options.Sets = None,
    records: Annotated[
        int, typer.Option(metavar="N", min=250, help="scale: records at most; 25,000 take half an hour.")
    ] = 2500,
    cells: Annotated[int, typer.Option(metavar="N", min=10, help="scale: planned cells at most.")] = 100_000,
    results: folders.Results = Path("results"),
    root: folders.DataRoot = None,
    write: Annotated[
        Path | None,
        typer.Option(
            "--write",
            metavar="FILE.md",
            parser=folders.path,
            help="Write the table here too; for methods, also FILE.json.",
        ),
    ] = None,
) -> None:
    """Measure what methods, losses or the harness cost. Prints a markdown table."""
    from bench.atomic import replace_file, require_writable

    if subject not in SUBJECTS:
        raise unknown("profile", subject, SUBJECTS)
    if write is not None:
        require_ending(write, ".md")
    if subject == "methods":
        fields = {"batch_size": batch_size, "precision": precision, "channels_last": channels_last}
        overrides = options.overrides(sets, compile=compiled, **fields)
        measure = _of_methods(method, dataset, overrides, steps, device, root)
        if write is not None:
            require_writable(write.parent, "--write")
        table, text = measure()
        if write is not None:
            replace_file(write.with_suffix(".json"), text.encode())
    else:
        if write is not None:
            require_writable(write.parent, "--write")
        if subject == "scale":
            from bench.data import files
            from bench.profiling import scale

            table = scale.scale(results, files.root(root), records, cells)
        else:
            from bench.profiling import harness

            table = harness.harness() if subject == "harness" else harness.losses()
    print(table)
    if write is not None:
        replace_file(write, f"{table}\n".encode())


def _of_methods(
    method: str, dataset: str | None, overrides: dict[str, Any], steps: int, device: str, root: Path | None
) -> Callable[[], tuple[str, str]]:
    # once all is known to be right, what measures: the markdown table, and the JSON that lies beside it
    if dataset is None:
        raise BenchError("name a dataset to profile methods on, e.g. --dataset circle")
    if len(names := lookup.dataset_names(dataset)) > 1:
        raise BenchError(f"--dataset {dataset} is {len(names)} datasets; name one to profile methods on")
    lookup.check_methods(method)
    from bench.data import files
    from bench.profiling import steps as costs
    from bench.runs import machine, select

    ((on, named),) = select.rows(method, dataset, overrides)
    folder = files.root(root)
    for one in named:
        one.build_method()  # a reference has no steps
    files.verify(on.dataset, folder, on.name)
    where = machine.devices(device)[0]

    def measure() -> tuple[str, str]:
        made = costs.measure(on.name, [one.name for one in named], overrides, steps, folder, where)
        return costs.cost_table(made), costs.text(made)

    return measure
