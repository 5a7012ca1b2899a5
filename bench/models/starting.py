"""Models to start from: what is `pretrained[init=FILE]` on a command line is `pretrained[init=HASH]` in results."""

import re
from pathlib import Path

from bench.data import encoders
from bench.paths import from_home

_INIT = re.compile(r"\bpretrained\[(?:[^\[\]]*,)?\s*init\s*=\s*")
_SEED = re.compile(r"seed-(\d+)")


def named(text: str, results: Path) -> str:
    """Names of methods, each model to start from replaced by the hash of its encoder, which is kept.

    Args:
        text: as `pretrained[init=model-0.safetensors]`, or a row of results with one saved model,
            `pretrained[init=circle/rnc]`; `circle/rnc/seed-3` is that of a seed.
        results: the folder of the rows.

    Raises:
        BenchError: there is no such model, or it is not whole.

    >>> named("baseline,pretrained[freeze=false,init=none]", Path("results"))
    'baseline,pretrained[freeze=false,init=none]'
    """
    parts: list[str] = []
    at = 0
    for match in _INIT.finditer(text):
        if match.start() >= at:  # and not inside the name of a row
            end = _end(text, match.end())
            given = text[match.end() : end].strip()
            known = given == "none" or encoders.HASH.fullmatch(given)
            parts += [text[at : match.end()], given if known else _hash(given, results)]
            at = end
    return "".join([*parts, text[at:]])


def _end(text: str, start: int) -> int:
    # of a parameter's value, which may be the name of a row with brackets of its own
    depth = 0
    for at in range(start, len(text)):
        if depth == 0 and text[at] in ",]":
            return at
        depth += (text[at] == "[") - (text[at] == "]")
    return len(text)


def _hash(given: str, results: Path) -> str:
    from bench.models import saving

    path = from_home(given)
    if seed := _SEED.fullmatch(path.name):
        path = path.with_name(f"model-{seed[1]}.safetensors")
    row = results / path
    said, raw, about = saving.read(row if saving.is_there(row) and not saving.is_there(path) else path)
    kept = saving.tensors(raw, about.with_suffix(".safetensors"))
    tensors = ((name.partition(saving.ENCODER), tensor) for name, tensor in kept.items())
    origin = {key: said.get(key) for key in ("dataset", "method", "seed", "key")}
    return encoders.keep({name: tensor for (_, found, name), tensor in tensors if found}, origin)
