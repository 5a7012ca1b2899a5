"""A benchmark leaderboard harness for deep regression."""

from pathlib import Path

__version__ = "0.1.0"

# A checkout keeps methods/ and datasets/ beside this folder, a wheel inside it; both import as bench.methods.
if not (Path(__file__).parent / "methods").is_dir():
    __path__.append(str(Path(__file__).parents[1]))
