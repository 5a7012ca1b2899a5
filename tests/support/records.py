"""Made-up records that reading accepts: true to their names and key, with the hashes of predictions nobody made."""

import hashlib

from bench.names import parse_stack
from bench.results.key import key_of
from bench.results.record import Hashes, Predictions, Record

PROTOCOL = {"protocol": {"epochs": 90}, "overrides": {}}


def config_of(dataset, method, digest="same"):
    """A configuration of these names, on which no plug-in was asked."""
    parts = [
        {"name": name.base, "params": dict(name.params), "digest": digest}
        for name in parse_stack(f"{dataset}+{method}")
    ]
    return {"dataset": parts[0], "method": parts[1:], "numerics": {}, **PROTOCOL}


def readable(made: Record) -> Record:
    """The same record with what it lacks to be read; a finished one has the same metrics on both splits."""
    changed = {}
    if "method" not in made.config:
        changed["config"] = {
            **config_of(made.dataset, made.method),
            **{k: v for k, v in made.config.items() if k in PROTOCOL},
        }
    if made.status == "ok":
        metrics = made.metrics.get("test") or {"all": {"mse": 1.0, "n": 5}}
        digest = hashlib.sha256(made.cell.encode()).hexdigest()
        changed["metrics"] = {"val": metrics, "test": metrics}
        changed["predictions"] = Predictions(file="predictions.npz", sha256=digest, val=Hashes(sha256=digest))
        changed |= {"predictions": made.predictions} if made.predictions else {}
    else:
        changed |= {"metrics": {}, "selection": None, "error": made.error or "it failed"}
    other = made.model_copy(update=changed)
    own = "method" not in made.config or made.key == key_of(made.config, made.seed, made.data_fingerprint)
    key = key_of(other.config, other.seed, other.data_fingerprint) if own else made.key
    return other.model_copy(update={"key": key})
