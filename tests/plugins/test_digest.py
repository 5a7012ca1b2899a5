"""What of a plug-in's code is in a key, and what is not."""

import pytest

from bench import numerics, plugins
from bench.plugins import digests

PLUGIN = '''"""Feature decay.

Follows nothing.
Differs: mine.
"""

from torch import Tensor

from bench.functional.distinct import distinct
from bench.method import Batch, Method
{imports}

NAMES = "typing"


class FeatureDecay(Method):
    """Penalise features. Args: weight: of the term."""

    defaults = {{"circle": {{"weight": 1.0}}}}

    def __init__(self, weight: float = 0.1) -> None:
        super().__init__()
        if weight < 0:
            raise ValueError(f"weight={{weight}} is below 0")
        self.weight = weight

    def regularizer(self, batch: Batch) -> Tensor:
        """The term."""
        return self.weight * {call}(batch.z)
'''
LOSSES = '"""My loss."""\nSCALE = 1.0\n\n\ndef penalty(z):\n    return SCALE * z.square().mean()\n'


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A third party's package `mydir` with the method `decay`, as its entry point says."""
    folder = tmp_path / "mydir"
    (folder / "deep").mkdir(parents=True)
    for name in ("__init__.py", "losses.py", "unused.py", "deep/__init__.py", "deep/more.py", "decay.py"):
        (folder / name).write_text(LOSSES)
    info = tmp_path / "mydir-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mydir\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text("[bench.methods]\ndecay = mydir.decay\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    plugins.modules.cache_clear()
    yield folder
    plugins.modules.cache_clear()
    digests.digest.cache_clear()


def digest() -> str:
    digests.digest.cache_clear()
    return plugins.digest("method", "decay")


def write(package, imports="from mydir.losses import penalty", call="penalty", change=("", "")):
    (package / "decay.py").write_text(PLUGIN.format(imports=imports, call=call).replace(*change))
    return digest()


@pytest.mark.parametrize(
    ("imports", "module"),
    [
        ("from mydir.losses import penalty", "losses.py"),
        ("import mydir.losses as own", "losses.py"),
        ("from mydir import losses", "losses.py"),
        ("from .losses import penalty", "losses.py"),
        ("from . import losses", "losses.py"),
        ("from .deep.more import penalty", "deep/more.py"),
        ("from .deep.more import penalty", "deep/__init__.py"),
        ("from .deep import more", "deep/more.py"),
        ("from mydir.losses import *", "losses.py"),
        ("import importlib\nown = importlib.import_module('mydir.losses')", "losses.py"),
        ("from importlib import import_module\nown = import_module('.losses', __package__)", "losses.py"),
        ("def late():\n    from mydir.losses import penalty\n    return penalty", "losses.py"),
        ("from mydir.losses import penalty", "__init__.py"),
    ],
)
def test_a_module_of_its_own_package_counts_however_it_is_imported(package, imports, module):
    before = write(package, imports)
    path = package / module
    path.write_text(path.read_text().replace("SCALE = 1.0", "SCALE = 500.0"))
    assert digest() != before


def test_a_module_that_a_module_imports_counts_and_one_that_none_imports_does_not(package):
    (package / "losses.py").write_text("from .deep.more import penalty\n")
    before = write(package)
    (package / "unused.py").write_text("SCALE = 2.0\n")
    assert digest() == before
    (package / "deep/more.py").write_text(LOSSES.replace("1.0", "2.0"))
    assert digest() != before


@pytest.mark.parametrize(
    "change",
    [
        ("Feature decay.", "Decay of features."),
        ("Penalise features.", "Make features small."),
        ("The term.", "What is added."),
        ("weight: float = 0.1", "weight: 'float' = 0.1"),
        ("(self, batch: Batch) -> Tensor", "(self, batch)"),
        ("is below 0", "must not be negative"),
        ('"circle": {"weight": 1.0}', '"circle": {"weight": 2.0}'),
        ("from bench.functional.distinct", "from bench.moved.somewhere"),
        ("        self.weight = weight", "        # the weight\n        self.weight = weight\n"),
    ],
)
def test_words_annotations_tables_and_moves_of_ours_do_not_count(package, change):
    before = write(package)
    assert write(package, change=change) == before


@pytest.mark.parametrize(
    "change",
    [
        ("weight: float = 0.1", "weight: float = 0.2"),
        ("self.weight * penalty", "2 * self.weight * penalty"),
        ("weight < 0", "weight <= 0"),
        ("raise ValueError", "raise TypeError"),
        ("import distinct", "import distinct as different"),
        ('NAMES = "typing"', 'NAMES = "other"'),
        ("def regularizer", "def loss"),
        ("        self.weight = weight", "        groups = weight\n        self.weight = groups"),
    ],
)
def test_code_counts(package, change):
    before = write(package)
    assert write(package, change=change) != before


def test_a_plugin_holds_the_versions_of_the_shared_code_it_imports_and_of_the_loops(monkeypatch):
    assert plugins.numerics("method", "rot_reg").keys() == {*numerics.ALWAYS, "distances"}
    assert plugins.numerics("method", "lds").keys() == {*numerics.ALWAYS, "reweighting", "smoothing"}
    assert plugins.numerics("dataset", "digits").keys() == {*numerics.ALWAYS, "augmentation", "holdout"}
    monkeypatch.setitem(numerics.NUMERICS, "distances", 7)
    digests.numerics.cache_clear()
    assert plugins.numerics("method", "rot_reg")["distances"] == 7
    digests.numerics.cache_clear()


def test_every_shared_module_that_plugins_reach_has_a_version_or_moves_no_number():
    reached = set()
    for kind in ("method", "dataset"):
        for module in plugins.modules(kind).values():
            reached |= {name for name in digests._closure(module) if digests._shared(name)}
    unnumbered = {name for name in reached if numerics.group_of(name) is None}
    assert unnumbered <= {
        "bench", "bench.errors", "bench.names", "bench.bases", "bench.data", "bench.functional", "bench.synthetic",
        "bench.numerics", "bench.ranges", "bench.cores", "bench.slots", "bench.atomic", "bench.data.files",
        "bench.data.pretrained", "bench.data.archives", "bench.data.arrays", "bench.data.download", "bench.data.kept",
        "bench.data.hub",
        "bench.data.reading", "bench.leftovers", "bench.paths", "bench.data.encoders", "bench.bases.tuned_settings",
        # these make features of references, whose keys hold the version of that group
        "bench.functional.plain_rows", "bench.bases.pair_features",
    }  # fmt: skip
