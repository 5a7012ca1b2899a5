"""Lists of methods and datasets."""

import subprocess
import sys

import pytest


def test_listing_imports_no_torch():
    code = "import sys, bench.cli.describe as d; d.plugin_table(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("digits", "train 3291 ..."),
        ("nyud2[images=small]", "train 96"),
        ("operator_learning[points=few]", "train 300 ..."),
        ("mpiifacegaze[backbone=tiny,images=synthetic,rows=300,size=32]", "train 220"),
    ],
)
def test_a_datasets_page_counts_its_samples_by_region_where_it_has_regions(bench, name, line):
    code, out, _ = bench("show", name)
    assert code == 0
    found = next(row.split() for row in out.splitlines() if row.startswith("train "))
    assert found[:2] == line.split()[:2]
    counts = list(map(int, found[2:]))
    assert (sum(counts) == int(found[1]) and len(counts) > 1) if line.endswith("...") else not counts
