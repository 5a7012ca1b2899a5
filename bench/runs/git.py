"""Git, where it is installed and a folder lies in a repository."""

import subprocess
from pathlib import Path


def called(folder: Path, *arguments: str, given: bytes | None = None) -> subprocess.CompletedProcess[bytes] | None:
    """How a command of Git ended in a folder; None where Git is not installed."""
    try:
        return subprocess.run(["git", "-C", str(folder), *arguments], input=given, capture_output=True, check=False)  # noqa: S607
    except OSError:
        return None


def printed(folder: Path, *arguments: str, given: bytes | None = None) -> bytes | None:
    """What a command of Git prints in a folder; None where Git is not installed, or refuses."""
    made = called(folder, *arguments, given=given)
    return made.stdout if made is not None and made.returncode == 0 else None
