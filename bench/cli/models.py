"""`bench predict` and `bench export-model`: what a trained model is for."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bench.atomic import replace_file
from bench.cli import folders
from bench.errors import BenchError
from bench.paths import require_ending
from bench.printable import plain

if TYPE_CHECKING:
    from bench.runs.plan import Plan

ModelFile = Annotated[
    Path,
    typer.Argument(metavar="MODEL", help="What bench run --save-models wrote: model-0.safetensors, or its folder."),
]


def predict(
    model: ModelFile,
    data: Annotated[
        Path, typer.Argument(metavar="DATA", help="New rows, with the columns of training; or a folder of pictures.")
    ],
    output: Annotated[
        Path, typer.Option(metavar="FILE.csv", parser=folders.path, help="File to write, .csv or .parquet.")
    ] = Path("predictions.csv"),
) -> None:
    """Predict new rows by a saved model. An interval of 90% comes with them where the method has one."""
    require_ending(output, ".csv", ".parquet")
    if output.exists() and data.exists() and output.samefile(data):
        raise BenchError(f"{output} has the rows to predict from; name another file with --output")
    from bench.models.predictor import load_model

    predictor = load_model(model)
    if predictor.changed:
        print(f"note: the code of {', '.join(predictor.changed)} has changed since it was trained", file=sys.stderr)
    found = predictor.predict(data)
    if found.index.name is not None:  # of pictures, their files
        found = found.reset_index()
    is_csv = output.suffix.lower() == ".csv"
    content = found.to_csv(index=False).encode() if is_csv else found.to_parquet(index=False)
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        replace_file(output, content)
    except OSError as error:
        raise BenchError(f"cannot write {output}: {error.strerror}; name another file with --output") from None
    print(plain(f"written: {output}, {len(found):,} rows of {', '.join(found.columns)}"))


def export_model(
    model: ModelFile,
    onnx: Annotated[Path, typer.Option("--onnx", metavar="FILE.onnx", parser=folders.path, help="File to write.")],
) -> None:
    """Write a saved model as an ONNX file. ONNX Runtime must give the same predictions first."""
    require_ending(onnx, ".onnx")
    from bench.models.onnx import export
    from bench.models.predictor import load_model

    try:
        difference = export(load_model(model), onnx)
    except OSError as error:
        raise BenchError(f"cannot write {onnx}: {error.strerror}; name another file with --onnx") from None
    print(f"written: {onnx}; ONNX Runtime agrees to {difference:.1e} training deviations")


def tell_models(plan: "Plan", results: Path, which: Literal["best", "all"]) -> None:
    """Keep of each row the models that were asked for, and say where they are."""
    from bench.models.saving import keep
    from bench.plugins import described
    from bench.results.record import is_of_reference

    cells = [item.cell for item in plan.planned if not is_of_reference(item.cell.config)]
    for (dataset, method), cell in {(cell.dataset, cell.method): cell for cell in cells}.items():
        kept = keep(results / dataset / method, which)
        what = "model" if described.find(cell.config["dataset"]["name"]) else f"model on {dataset}"
        print(f"{what} of {method}: {', '.join(map(str, kept)) or 'none was saved when its records were made'}")
