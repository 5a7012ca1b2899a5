"""Lists of methods and datasets."""

import subprocess
import sys


def test_listing_imports_no_torch():
    code = "import sys, bench.cli.describe as d; d.plugin_table(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
