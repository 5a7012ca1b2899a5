from pathlib import Path

import pytest

from bench import plugins
from bench.plugins import certificates

GOLDEN = Path(__file__).parents[1] / "golden"


def test_certificates_are_of_every_golden_case_that_concerns_a_method():
    named = {case for entry in certificates.certificates().values() for case in entry["cases"]}
    there = {path.stem for path in GOLDEN.glob("*.npz") if not path.stem.startswith("metrics")}
    assert named == there


@pytest.mark.parametrize("name", sorted(plugins.modules("method")))
def test_certificates_name_the_code_that_the_method_follows(name):
    reference, cases, deviation = certificates.certificate(name)
    if cases == "none":  # no code was released, or no case of it
        assert reference == plugins.source("method", name).follows
        return
    assert float(deviation) < 1e-6
    commit = reference.rpartition(" at ")[2]
    assert commit in plugins.source("method", name).doc


def test_words_of_a_docstring_are_told_apart():
    source = plugins.source("method", "rot_reg")
    assert source.follows == "needylove/Regression_tightness ICLR25_OT.py at d47ff123b93d"
    assert source.differs.startswith("Newton steps in float64")
    assert source.differs.endswith("not from every eighth")
