"""The options that commands share, and what their text means, each with one clear line where it cannot be read."""

import json
import math
import re
from typing import Annotated, Any, Literal

import typer

from bench.cli import complete
from bench.errors import BenchError

MOST_JOBS = 1024  # processes
MOST_SEEDS = 10_000  # at a time
HIGHEST_SEED = 2**32 - 1
LONGEST_SET = 1000  # letters of a field and its value

Methods = Annotated[
    str,
    typer.Option(
        "--method",
        metavar="NAMES",
        autocompletion=complete.methods,
        help="Methods and stacks, separated by commas: baseline,mt+ranksim,oe[weight=1]. 'singles' is every method, "
        "'all-stacks' every stack that the papers report on the dataset, 'all' is both; 'references' is "
        "what methods are measured by: linear regression, trees and the like.",
    ),
]
Datasets = Annotated[
    str,
    typer.Option(
        "--dataset",
        metavar="NAMES",
        autocompletion=complete.datasets,
        help="Datasets and groups of them, separated by commas: circle,uci. 'all' is every dataset. Also your own: "
        "houses.toml, which bench new writes, or houses.csv with --target.",
    ),
]
Target = Annotated[
    str | None,
    typer.Option("--target", metavar="COLUMN", help="The column to predict, of data without a description."),
]
SeedCount = Annotated[int | None, typer.Option("--seeds", metavar="N", help="Train seeds 0 to N-1.  [default: 10]")]
SeedList = Annotated[
    str | None, typer.Option("--seed", metavar="LIST", help="Train these seeds instead, e.g. 0,3,5-7.")
]
TrialSeeds = Annotated[
    str, typer.Option("--seed", metavar="LIST", help="Seeds to try on; those of the boards are refused.")
]
Shard = Annotated[
    str | None,
    typer.Option("--shard", metavar="K/N", help="The K-th of N parts of the cells, for one of N machines: 3/16."),
]
Sets = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="FIELD=VALUE",
        help="Change a field of the training protocol, e.g. protocol.epochs=5. May be repeated.",
    ),
]


def one_dataset(text: str) -> Any:
    """--dataset where it is one; its help says what for."""
    return typer.Option("--dataset", metavar="NAME", autocompletion=complete.dataset, help=text)


Retry = Annotated[
    str | None,
    typer.Option(
        "--retry",
        metavar="STATUSES",
        help="Train failed cells again: 'failed' for all of them, or statuses such as timeout,oom.",
    ),
]
Stale = Annotated[
    str | None,
    typer.Option(
        "--stale",
        metavar="rerun",
        help="'rerun' trains stale cells again: those whose record comes from other code, data or settings.",
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        metavar="N",
        min=1,
        max=MOST_JOBS,
        help="Cells trained at a time.  [default: one per CPU core; on GPUs, --jobs-per-device on each]",
    ),
]
JobsPerDevice = Annotated[
    int,
    typer.Option("--jobs-per-device", metavar="N", min=1, max=MOST_JOBS, help="Cells trained at a time on each GPU."),
]
Device = Annotated[
    str,
    typer.Option("--device", metavar="DEVICE", help="cpu, cuda (every GPU), cuda:0, or auto: every GPU, else the CPU."),
]
Precision = Annotated[
    str | None, typer.Option("--precision", metavar="TYPE", help="fp32 or bf16.  [default: the protocol's]")
]
ChannelsLast = Annotated[bool, typer.Option("--channels-last", help="Keep images in channels-last memory format.")]
Compiled = Annotated[bool, typer.Option("--compile", help="Compile the encoder with torch.compile.")]


def kept(text: str) -> str:
    """Of --keep."""
    if text != "features":
        raise BenchError(f"--keep {text} is unknown; write features, or leave it out to keep predictions alone")
    return text


Keep = Annotated[
    str | None,
    typer.Option(
        "--keep",
        metavar="WHAT",
        parser=kept,
        help="Keep 'features' of the test split beside its predictions, of the chosen epoch and of the first weights, "
        "for bench analyse.",
    ),
]

SMOKE = ("protocol.epochs=2", "protocol.validate_every=1", "protocol.validate_steps=null")  # what --smoke sets


def datasets(text: str, target: str | None = None) -> str:
    """Of --dataset, where a file stands for the dataset that it describes, and --target."""
    from bench.described import given

    return given.names(text, target)


def seeds(count: int | None, which: str | None) -> list[int]:
    """Of --seeds (how many) or --seed (which, each once)."""
    if count is not None and which is not None:
        raise BenchError("give --seeds (how many) or --seed (which), not both")
    if which is None:
        if count is not None and not 1 <= count <= MOST_SEEDS:
            raise BenchError(
                f"--seeds {count} is no number of seeds; write 1 to {MOST_SEEDS:,}, or --seed 0 for seed 0 alone"
            )
        return list(range(10 if count is None else count))
    chosen: dict[int, None] = {}
    for part in which.split(","):
        chosen |= dict.fromkeys(_seed_range(part.strip(), which))
        if len(chosen) > MOST_SEEDS:
            raise BenchError(f"the seeds '{which}' are more than {MOST_SEEDS:,}; train them in several runs")
    return list(chosen)


def shard(text: str | None) -> tuple[int, int]:
    """Of --shard: which part, from 1 on, of how many."""
    if text is None:
        return 1, 1
    number, slash, of = text.partition("/")
    if not (slash and all(part.isascii() and part.isdigit() and len(part) < 7 for part in (number, of))):
        raise BenchError(f"cannot read --shard {text}; write K/N, e.g. 3/16")
    if not 1 <= int(number) <= int(of):
        raise BenchError(f"--shard {text}: of {of} parts there is no {number}; count them from 1")
    return int(number), int(of)


def trial_seeds(which: str) -> list[int]:
    """Of --seed, where none may be a seed that boards report."""
    from bench.leaderboard.format import ranges
    from bench.leaderboard.spec import SEEDS

    chosen = seeds(None, which)
    if shared := sorted(set(chosen) & set(SEEDS)):
        raise BenchError(f"seeds {ranges(shared)} are those of the boards; try others, e.g. --seed 100")
    return chosen


def _seed_range(part: str, which: str) -> range:
    match = re.fullmatch(r"([0-9]+)(?:-([0-9]+))?", part)
    if match is None:
        raise BenchError(f"cannot read the seeds '{which}'; write them as 0,3,5-7")
    low, high = match[1], match[2] or match[1]
    if max(len(low), len(high)) > 20 or int(high) > HIGHEST_SEED or int(low) > HIGHEST_SEED:
        raise BenchError(f"the seeds '{part}' are too high; seeds go from 0 to {HIGHEST_SEED}")
    if int(high) < int(low):
        raise BenchError(f"the seeds '{part}' run backwards; write them as 0,3,5-7")
    if int(high) - int(low) >= MOST_SEEDS:
        raise BenchError(f"the seeds '{part}' are more than {MOST_SEEDS:,}; train them in several runs")
    return range(int(low), int(high) + 1)


def timeout(seconds: float | None) -> float | None:
    """Of --timeout."""
    if seconds is not None and not 0 < seconds < math.inf:
        raise BenchError(f"--timeout {seconds} is no time; write seconds above 0, or leave it out for none")
    return seconds


def models(which: str | None) -> Literal["best", "all"] | None:
    """Of --save-models."""
    if which not in (None, "best", "all"):
        raise BenchError(f"--save-models {which} is unknown; write best or all, or leave it out to save none")
    return which


def overrides(items: list[str] | None, **protocol: Any) -> dict[str, Any]:
    """Of --set, and of the options that stand for a field of the protocol; those at None or False are left out."""
    found: dict[str, Any] = {
        f"protocol.{key}": value for key, value in protocol.items() if value is not None and value is not False
    }
    for item in items or []:
        key, value = _field(item)
        if key in found:
            raise BenchError(f"{key} is given twice; write each field once")
        found[key] = value
    if found:
        from bench.protocol import Protocol, with_protocol

        with_protocol(Protocol(), found)  # a wrong field or value is refused before anything heavy is imported
    return found


def smoke(items: list[str] | None) -> list[str]:
    """Of --set in a smoke run, which has values of its own for what is not set."""
    given = items or []
    fields = {item.partition("=")[0] for item in given}
    return [*(item for item in SMOKE if item.partition("=")[0] not in fields), *given]


def _field(item: str) -> tuple[str, Any]:
    key, equals, text = item.partition("=")
    if not equals or not key.startswith("protocol.") or len(item) > LONGEST_SET:
        raise BenchError(f"cannot read --set {item}; write --set protocol.FIELD=VALUE, e.g. protocol.epochs=5")
    try:
        return key, json.loads(text)
    except json.JSONDecodeError:
        return key, text
    except (ValueError, RecursionError):  # too many digits, or brackets in brackets
        raise BenchError(f"cannot read --set {item}; write a number, a word or a list of numbers") from None


def statuses(text: str | None) -> frozenset[str]:
    """Of --retry."""
    if text is None:
        return frozenset()
    from bench.results.record import FAILURES

    chosen = frozenset(part.strip() for part in text.split(","))
    if unknown := chosen - {"failed", *FAILURES}:
        raise BenchError(f"no status '{min(unknown)}' to retry; there are: failed, {', '.join(FAILURES)}")
    return chosen


def rerun(text: str | None) -> bool:
    """Of --stale."""
    if text not in (None, "rerun"):
        raise BenchError(f"--stale {text} is unknown; write --stale rerun, or leave it out to keep stale records")
    return text == "rerun"
