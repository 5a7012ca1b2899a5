"""What only its authors hand out, taken into the data folder from wherever the user has it."""

import filecmp
import shutil
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from bench.atomic import replace_file
from bench.data import files
from bench.data.kept import part_folder, unwritable
from bench.data.reading import content, is_made_up, is_regular, opened, walk, why
from bench.errors import BenchError
from bench.paths import inside, target

if TYPE_CHECKING:
    from bench.dataset import Dataset, File, Folder


def add(dataset: "Dataset", root: Path, path: Path) -> list[Path]:
    """Take a file, or what a folder holds under the files' names; returns the new files."""
    _require_source(path)
    if not dataset.files and dataset.folder is None:
        raise BenchError(f"{files.name_of(dataset)} reads no file, so there is nothing to add")
    placed: list[Path] = []
    problems: list[BenchError] = []
    wanted = [one for each in (*dataset.files, *dataset.optional) for one in (each, *each.alternatives)]
    there = {} if path.is_file() else _named(wanted, path)
    for file in wanted:
        for source in [path] if path.is_file() else sorted(found for name in _names(file) for found in there[name]):
            try:
                placed.append(files.place(source, file, root, str(source)))
                break
            except BenchError as error:
                problems.append(error)
    lacking = [file for file in dataset.files if files.row_of(file, root).state != "present"]
    # of a folder all files must be there in the end; a file is to be one of them, even where all are there already
    if (placed or not problems) if path.is_file() else not lacking:
        return placed
    if problems:
        raise problems[0]
    fetch = f", or run `bench data fetch {quote(files.name_of(dataset))}` first" if lacking[0].url else ""
    raise BenchError(f"no {Path(lacking[0].path).name} below {path}; name the folder or the file that has it{fetch}")


def take(folder: "Folder", root: Path, path: Path) -> tuple[int, list[str]]:
    """Copy a folder's files from wherever they lie below a path, by their names; what differs is replaced.

    Returns:
        How many files the folder's list names, and those that are still missing.

    Raises:
        BenchError: the list names a file outside its folder, or no file of it is there; or the disk refuses.
    """
    names = _collected(folder, root, path)
    there: dict[str, list[Path]] = {}
    for source in sorted(walk(path, without=root / folder.path)):
        there.setdefault(source.name, []).append(source)
    uses = Counter(Path(name).name for name in names)
    if not path.is_dir():
        raise BenchError(f"{path} is a file; name the folder with the {len(names):,} files, out of their archive")
    if not uses.keys() & there.keys():
        raise BenchError(f"none of the {len(names):,} files that {root / folder.index} names is below {path}")
    with part_folder(root / folder.path) as part:
        for name in names:
            found = there.get(Path(name).name, [])
            # where the list has several of one name, only the one in the folder that it says
            other = found[0] if found and uses[Path(name).name] == 1 else None
            source = next((source for source in found if source.as_posix().endswith(f"/{name}")), other)
            if source is not None:
                _replace_different(source, root / folder.path, name, part / "copy")
    return len(names), folder.missing(root)


def _collected(folder: "Folder", root: Path, path: Path) -> list[str]:
    """Write what comes with a folder, and return the names of its files; a list that is refused is taken back."""
    before: dict[Path, bytes | None] = {}
    try:
        for name, written in folder.collect(root, path):
            where = target(root / folder.path, str(Path(name).relative_to(folder.path)), path)
            before[where] = content(where) if is_regular(where) else None
            if before[where] == written:
                continue
            if where.is_dir():
                raise BenchError(f"{where} is a folder, where a file belongs; remove it")
            where.parent.mkdir(parents=True, exist_ok=True)
            replace_file(where, written)
        names = [inside(name, root / folder.index) for name in folder.names(root)]
    except BenchError:
        _undo(before)
        raise
    except OSError as error:
        _undo(before)
        raise unwritable(root / folder.path, error) from None
    return names


def _undo(before: dict[Path, bytes | None]) -> None:
    for where, old in before.items():
        with suppress(OSError):
            where.unlink(missing_ok=True) if old is None else replace_file(where, old)


def _replace_different(source: Path, root: Path, name: str, part: Path) -> None:
    """Copy a file over one that is missing or differs; under another name until it is whole."""
    there = root / name
    if is_regular(there) and (there.samefile(source) or filecmp.cmp(source, there, shallow=False)):
        return
    where = target(root, name, source)
    if where.is_dir() and not where.is_symlink():
        raise BenchError(f"{where} is a folder, where a file belongs; remove it")
    with opened(source) as raw, part.open("wb") as out:
        shutil.copyfileobj(raw, out)
    where.parent.mkdir(parents=True, exist_ok=True)
    part.replace(where)


def _require_source(path: Path) -> None:
    try:
        path.stat()
    except (OSError, ValueError) as error:
        text = "does not exist" if isinstance(error, FileNotFoundError) else f"cannot be read: {why(error)}"
        raise BenchError(f"{path} {text}; name a file, or a folder that holds the files") from None
    if path.is_dir() and path.resolve() == path.resolve().parent:
        raise BenchError(f"{path} is all that this machine has; name the folder that holds the files")
    if path.is_dir() and is_made_up(path):
        raise BenchError(f"{path} is made up by the system and holds no data; name a folder on a disk")
    if not (path.is_dir() or is_regular(path)):
        raise BenchError(f"{path} is neither a file nor a folder; name a file, or a folder that holds the files")


def _names(file: "File") -> set[str]:
    # its own, or as its source calls it
    return {Path(name).name for name in (file.path, file.url, file.member) if name}


def _named(wanted: Iterable["File"], folder: Path) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {name: [] for file in wanted for name in _names(file)}
    for path in walk(folder) if found else ():
        if path.name in found:
            found[path.name].append(path)
    return found
