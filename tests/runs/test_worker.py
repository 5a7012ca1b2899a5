"""A cell in its worker."""

from pathlib import Path

from bench.plugins import resolve
from bench.runs import cells, worker


def test_a_cell_trains_with_the_values_it_went_out_with():
    tiny = {"protocol.epochs": 2, "protocol.validate_every": 1}
    on = resolve.dataset("airfoil[rows=synthetic]", tiny)
    fingerprint = cells.load(on, Path()).fingerprint()
    made = {name: cells.make(on, resolve.method(name, on), 0, fingerprint, tiny) for name in ("baseline", "oe")}
    made["oe"].config["method"][0]["params"]["weight"] = 0.0
    hashes = {
        worker.run(cell, worker.RunContext("."), lambda _: None).record.predictions.sha256 for cell in made.values()
    }
    assert len(hashes) == 1
