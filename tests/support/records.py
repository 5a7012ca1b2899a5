"""Made-up records that reading accepts: true to their names and key, with the hashes of predictions nobody made."""

import hashlib

from bench.names import parse_stack
from bench.results.key import key_of
from bench.results.record import Environment, Hashes, Predictions, Record

TIME = "2031-01-01T00:00:00+00:00"
ENVIRONMENT = Environment(
    python="3.12.1",
    torch="2.9.0",
    cuda=None,
    cudnn=None,
    device="cpu",
    cpu="Some CPU",
    cores=2,
    threads=1,
    deterministic=True,
    git_sha="abc0" * 10,
    git_dirty=False,
    packages={},
)
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
        metrics = {**metrics, "all": {name: value for name, value in metrics["all"].items() if value is not None}}
        changed["metrics"] = {"val": metrics, "test": metrics}
        changed["environment"] = made.environment or ENVIRONMENT
        changed["predictions"] = Predictions(file="predictions.npz", sha256=digest, val=Hashes(sha256=digest))
        changed |= {"predictions": made.predictions} if made.predictions else {}
    else:
        changed |= {"metrics": {}, "selection": None, "error": made.error or "it failed"}
    other = made.model_copy(update=changed)
    own = "method" not in made.config or made.key == key_of(made.config, made.seed, made.data_fingerprint)
    key = key_of(other.config, other.seed, other.data_fingerprint) if own else made.key
    return other.model_copy(update={"key": key})
