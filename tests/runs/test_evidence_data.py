"""Data that are not there: said once, remembered, and looked for again as soon as a file appears."""

from bench.runs import catalogue


def test_the_reason_for_missing_data_is_remembered_until_a_file_appears(tmp_path, monkeypatch):
    monkeypatch.setenv("BENCH_CACHE", str(tmp_path / "cache"))
    root, asked = tmp_path / "data", []
    fingerprints = catalogue.fingerprints

    def counting(names, where):
        asked.extend(names)
        return fingerprints(names, where)

    monkeypatch.setattr(catalogue, "fingerprints", counting)
    first = catalogue.data_or_reason("airfoil", root)
    assert first[0] is None
    assert "airfoil" in first[1]
    assert catalogue.data_or_reason("airfoil", root) == first
    assert asked == ["airfoil"]
    (root / "airfoil").mkdir(parents=True)
    (root / "airfoil" / "airfoil_self_noise.dat").write_text("1\n")
    assert catalogue.data_or_reason("airfoil", root)[0] is None
    assert asked == ["airfoil", "airfoil"]
    assert catalogue.data_or_reason("circle", root) == (fingerprints(["circle"], root)["circle"], "")
