import re

from bench import plugins
from bench.profiling import harness


def test_every_regularizer_is_timed_beside_cdist_at_every_size(monkeypatch):
    monkeypatch.setattr(harness, "SIZES", ((16, 8, 1), (12, 5, 3)))
    monkeypatch.setattr(harness, "REPEATS", 3)
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in harness.losses().splitlines() if "|" in line]
    assert lines[0] == ["regularizer", "16 x 8, 1 target", "12 x 5, 3 targets"]
    times = {name: cells for name, *cells in lines[2:]}
    assert {"cdist", "conr", "oe", "ph_reg", "ranksim", "rnc", "rot_reg", "srl", "topo_ae"} <= times.keys()
    assert times.keys() - {"cdist"} <= set(plugins.modules("method"))
    for name in times.keys() - {"cdist"}:
        for cell in times[name]:
            assert re.fullmatch(r"\d+\.\d\d \(\d+\.\dx\)|–", cell), (name, cell)
