"""Airfoil under the protocol of SRL's deleted code."""

from support.datasets import NOWHERE, make


def test_srls_protocol_is_that_of_its_deleted_code_with_targets_in_db_above_the_first_bin():
    usual, theirs = (make(f"airfoil[protocol={name},rows=synthetic]") for name in ("uci", "srl"))
    p = theirs.protocol
    assert (p.loss, p.optimizer, p.batch_size, p.epochs, round(p.lr, 5)) == ("l1", "adamw", 16, 1000, 0.00152)
    before, after = usual.load(NOWHERE), theirs.load(NOWHERE)
    assert (after.shift, after.scale) == (103.0, 1.0)
    assert before.scale > 1
    assert after.fingerprint() == before.fingerprint()
    network, width = theirs.encoder(after)
    assert [layer.out_features for layer in network if hasattr(layer, "out_features")] == [20, 30, 10]
    assert width == 10
    assert "SRL" in theirs.note
