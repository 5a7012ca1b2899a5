"""What the golden tests gave: how near each method comes to the published code."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import bench
from bench.plugins.source_text import source

FILE = next(path for root in bench.__path__ if (path := Path(root, "methods")).is_dir()) / "certificates.json"


@cache
def certificates() -> dict[str, dict[str, Any]]:
    """What the golden tests gave: method -> `references` and `cases` with the largest deviation in each.

    Deviations are in double precision, over the largest entry of the expected value or gradient.
    """
    return json.loads(FILE.read_text(encoding="utf-8")) if FILE.is_file() else {}


def certificate(base: str) -> tuple[str, str, str]:
    """What a method was compared with, how many golden cases it passes, and the largest deviation in them."""

    known = certificates().get(base)
    if known is None:
        return source("method", base).follows, "none", ""
    return ", ".join(known["references"]), str(len(known["cases"])), f"{max(known['cases'].values()):.0e}"
