"""The loops that the documentation shows run as they stand, and learn; Lightning's refuses targets that broadcast."""

import re
import warnings

import pytest
import torch

from bench.errors import BenchError

BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture
def loops(request):
    return BLOCK.findall((request.config.rootpath / "docs/api/losses.md").read_text())


def test_the_loop_of_ones_own_runs_and_learns(loops):
    torch.manual_seed(0)
    found = {}
    exec(loops[0].replace("range(20)", "range(300)"), found)
    y_hat = found["head"](found["encoder"](found["x"]))
    assert (y_hat - found["y"]).abs().mean() < 0.7 * found["y"].abs().mean()


def test_lightning_runs_and_learns(loops):
    lightning = pytest.importorskip("lightning")
    from bench.integrations.lightning import Regression

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Lightning's own making
        found = {}
        exec(loops[0] + loops[1].replace("max_epochs=2", "max_epochs=60"), found)
        assert found["trainer"].callback_metrics["train_loss"] < found["y"].abs().mean()
        module = Regression(torch.nn.Linear(8, 4), torch.nn.Linear(4, 1))
        assert isinstance(module, lightning.LightningModule)
        with pytest.raises(BenchError, match="do not fit"):
            module.training_step((torch.zeros(6, 8), torch.zeros(1, 6)), 0)
