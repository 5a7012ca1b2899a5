"""Downloads by pooch: from the first address that answers, tried again, gone on with where they broke off, bounded.

pooch keeps the temporary file, checks the hash and tries again; what it has no bound for is ours: the size of what
comes, and how slowly it comes.
"""

import errno
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Any, cast
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from bench.data.kept import require_space
from bench.data.reading import why
from bench.errors import BenchError

TIMEOUT_S = 30  # without a byte
SLOWEST = 10_000  # bytes a second, on average after GRACE_S
GRACE_S = 60
RETRIES = 2  # after the first try, of each address
CHUNK = 2**18


class Failed(ValueError):
    """A try that failed, in the type that pooch tries again on."""


def download(urls: Sequence[str], target: Path, sha256: str | None, largest: int) -> None:
    """Download to a file, from the first address that gives it.

    Args:
        sha256: of the content, where it is known; another content counts as a failure.
        largest: most bytes that are taken.

    Raises:
        BenchError: no address gives it; says why, and how to bring the file by hand.
    """
    import pooch
    from requests import RequestException

    pooch.get_logger().setLevel("ERROR")  # its hints on hashes are for its own users
    registry, problems = {target.name: f"sha256:{sha256}" if sha256 else None}, []
    for url in urls:
        puller = _Puller(target.with_name("partial"), largest)
        tries = 0 if url.startswith("file:") else RETRIES
        source = pooch.create(target.parent, "", registry=registry, urls={target.name: url}, retry_if_failed=tries)
        try:
            source.fetch(target.name, downloader=cast(Any, puller))
        except (ValueError, OSError, RequestException, HTTPException, BenchError) as error:
            problems.append(f"{url}: {_cause(error)}")
        else:
            return
        finally:
            puller.partial.unlink(missing_ok=True)
    more = f" (and {len(problems) - 1} more addresses failed)" if len(problems) > 1 else ""
    raise BenchError(f"cannot download {problems[0]}{more}; try again, or get it by hand and run bench data add")


def _cause(error: Exception) -> str:
    if found := re.search(r"expected sha256:(\w+) but got (\w+)", str(error)):
        return f"it gives SHA-256 {found[2]}, expected {found[1]}, and was not kept"
    return why(error)


class _Puller:
    """What pooch calls to get an address into a file; it goes on with what an earlier try left."""

    def __init__(self, partial: Path, largest: int) -> None:
        self.partial, self.largest = partial, largest
        self.tag = ""  # of the version that the partial file is of

    def __call__(self, url: str, output_file: str, pooch: Any, check_only: bool = False) -> None:
        del pooch, check_only
        have = self.partial.stat().st_size if self.tag and self.partial.exists() else 0
        headers = {"User-Agent": "regression-bench", "Accept-Encoding": "identity"}
        if have:
            headers |= {"Range": f"bytes={have}-", "If-Range": self.tag}
        try:
            with urlopen(Request(url, headers=headers), timeout=TIMEOUT_S) as response:  # noqa: S310
                self._pull(response, have)
        except HTTPError as error:
            temporary = error.code >= 500 or error.code in (408, 425, 429)
            error.close()
            raise (Failed if temporary else BenchError)(why(error)) from None
        except (OSError, HTTPException, ValueError) as error:
            if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise Failed(why(error)) from None
        self.tag = ""
        self.partial.replace(output_file)

    def _pull(self, response: HTTPResponse, have: int) -> None:
        if getattr(response, "status", None) != 206:
            have = 0
        tag = response.headers.get("ETag") or response.headers.get("Last-Modified") or ""
        self.tag = "" if tag.startswith("W/") else tag
        announced = response.headers.get("Content-Length") or ""
        total = have + int(announced) if announced.isdecimal() else None
        if total is not None and total > self.largest:
            raise BenchError(f"it has {total:,} bytes, more than the {self.largest:,} that are taken")
        require_space(self.partial.parent, (total or 0) - have, "the download")
        started, size = time.monotonic(), have
        with self.partial.open("ab" if have else "wb") as file, _progress(total, have) as show:
            while chunk := response.read1(CHUNK):
                file.write(chunk)
                size += len(chunk)
                show(size)
                if size > self.largest:
                    raise BenchError(f"it is larger than the {self.largest:,} bytes that are taken")
                if time.monotonic() - started > GRACE_S + (size - have) / SLOWEST:
                    raise Failed(f"slower than {SLOWEST / 1000:g} kB a second")
        if total is not None and size < total:
            raise Failed(f"it broke off after {size:,} of {total:,} bytes")


@contextmanager
def _progress(total: int | None, have: int) -> Iterator[Any]:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

    console = Console(stderr=True)
    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    # a log keeps every state of a bar
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=total, completed=have)
        yield lambda size: bar.update(task, completed=size)
