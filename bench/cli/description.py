"""`bench new dataset houses.csv --target price`: a description of somebody's own data."""

from pathlib import Path

from bench.errors import BenchError
from bench.paths import from_home
from bench.printable import plain


def describe(file: str, target: str | None, out: Path, **wishes: str) -> None:
    """Write NAME.toml, show the labels with their regions, and say what comes next."""
    from bench.described import given, writing
    from bench.plugins import described, resolve

    if not target or not target.strip(" ,"):
        raise BenchError(f"{file} is data: name the column to predict with --target COLUMN")
    data = from_home(file)
    name = given.name_of(data)
    path = out / f"{name}.toml"
    made = writing.describe(data, target, out.absolute(), name, writing.Wishes(**wishes))
    one = described.Described(name, made.text, str(out.absolute()))
    described.register(one)
    dataset = resolve.dataset(name).dataset
    try:
        out.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as text:
            text.write(made.text)
    except FileExistsError:
        raise BenchError(f"{path} is there already; remove it, or name another folder with --out") from None
    except OSError as error:
        raise BenchError(f"cannot write {path}: {error.strerror}; name another folder with --out") from None
    from bench.described.report import report

    print(report(dataset))  # type: ignore[arg-type]
    for warning in made.warnings:
        print(f"\nnote: {plain(warning, 400)}")
    print(f"\nwritten: {path}\nnext: bench run --method baseline,lds,references --dataset {path}")
