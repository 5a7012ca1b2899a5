"""What a forger may try with what was measured, with several splits, and with files; as `support.tamperings`."""

import json
import shutil
import zipfile

import torch

from bench.plugins import resolve
from bench.results import store
from bench.runs.cells import load
from bench.training import evaluate
from support.tampering import AIRFOIL, cells

E0 = cells(seeds=[0])
ALL = cells(seeds=(0, 1, 2))


def _edited(place, value):
    return lambda folder: folder.edit({place: value}), E0


def _scaled(field, factor):
    return lambda folder: folder.edit({field: folder.fields(0)["timing"][field.rpartition(".")[2]] * factor}), E0


def _slower(fields):
    fields["timing"]["step_ms"] *= 1024
    fields["timing"]["samples_per_s"] = round(fields["timing"]["samples_per_s"] / 1024, 1)
    fields["timing"]["step_ms"] = round(fields["timing"]["step_ms"], 4)


def _sooner(fields):
    for row in fields["history"]:
        row["seconds"] = 0.0


def _smaller_batches(fields):
    fields["timing"] |= {"step_ms": 0.5, "samples_per_s": 2000.0}  # of one sample


def _other_losses(folder):
    losses = [row["loss"] for row in folder.fields(1)["history"]]
    folder.edit(lambda fields: [row.update(loss=loss) for row, loss in zip(fields["history"], losses, strict=True)])


def _without_deviation(folder):
    folder.edit_arrays(
        lambda arrays: [arrays.pop(key) for key in list(arrays) if "seed-0/" in key and "dev" in key], *N
    )

    def strip(fields):
        for part in (fields["predictions"], fields["predictions"]["val"]):
            part["columns"] = {}
        for regions in fields["metrics"].values():
            for values in regions.values():
                for name in ("nll", "crps", "coverage90"):
                    values.pop(name, None)

    folder.edit(strip, 0, *N)


def _with_deviation(folder):
    on, arrays = resolve.dataset(AIRFOIL).dataset, folder.arrays()
    splits = load(resolve.dataset(AIRFOIL), None)
    fields = folder.fields(0)
    for split, key, part in (("test", "seed-0", "predictions"), ("val", "seed-0/val", "val")):
        mean = torch.from_numpy(arrays[key])
        fields["metrics"][split] = evaluate.metrics(on, splits, split, mean, {"deviation": torch.ones_like(mean)})
        arrays[f"{key}/deviation"] = torch.ones_like(mean).numpy()
        kept = fields["predictions"] if part == "predictions" else fields["predictions"]["val"]
        kept["columns"] = {"deviation": store.hash_predictions(arrays[f"{key}/deviation"])}
    folder.save_arrays(arrays)
    folder.save(folder.path(0), fields)


def _tested_as(folder, method, seed):
    other = folder.arrays(method)[f"seed-{seed}"]
    folder.edit_arrays(lambda arrays: arrays.update({"seed-0": other}))
    folder.score_again()


def _tested_as_the_labels(folder):
    labels = load(resolve.dataset(AIRFOIL), None).test.labels.numpy()
    folder.edit_arrays(lambda arrays: arrays.update({"seed-0": labels.reshape(arrays["seed-0"].shape)}))
    folder.score_again()


def _appended(folder):
    folder.npz().write_bytes(folder.npz().read_bytes() + b"more")


def _prepended(folder):
    folder.npz().write_bytes(b"more" + folder.npz().read_bytes())


def _commented(folder):
    with zipfile.ZipFile(folder.npz(), "a") as archive:
        archive.comment = b"trust me"


def _proved(folder):
    folder.edit({"config.method.0.digest": "0" * 64})
    line = {"old": "0" * 64, "new": "1" * 64, "what": "method baseline", "commit": None, "agreement": "bit for bit"}
    (folder.root / "equivalences.json").write_text(json.dumps([line | {"cells": [f"{AIRFOIL}/baseline/0"]}]))


N = ("gaussian_nll",)
ON_GPU = {"peak_rss_mb": 500.0, "peak_gpu_allocated_mb": 9.0, "peak_gpu_reserved_mb": 5.0}

MEASURED = {
    "no time of training": _edited("timing.train_s", None),
    "no time of a step": _edited("timing.step_ms", None),
    "a step that takes no time": _edited("timing.step_ms", 0.0),
    "no rate": _edited("timing.samples_per_s", None),
    "steps by the clock of one thread, of two": (
        lambda f: f.edit({"timing.step_clock": "processor", "environment.threads": 2}),
        E0,
    ),
    "no spread of the steps": _edited("timing.step_ms_iqr", None),
    "more digits of the spread": _edited("timing.step_ms_iqr", 0.123456),
    "more digits of the whole time": _scaled("timing.wall_s", 1.00017),
    "steps that do not fit into the training": (lambda f: f.edit(_slower), E0),
    "steps of fewer samples": (lambda f: f.edit(_smaller_batches), E0),
    "a history without time": (lambda f: f.edit(_sooner), E0),
    "no process": _edited("timing.workers", 0),
    "no seed at once": _edited("timing.seeds_at_once", 0),
    "a start long before": _edited("started", "2026-01-01T00:00:00+00:00"),
    "more batches skipped than there were": _edited("skipped_batches", 10**9),
    "next to no memory": _edited("memory.peak_rss_mb", 1.0),
    "more digits of the memory": _edited("memory.peak_rss_mb", 412.34567),
    "memory of a GPU on a CPU": _edited("memory.peak_gpu_allocated_mb", 5.0),
    "more memory allocated than reserved": (lambda f: f.edit({"memory": ON_GPU, "environment.device": "GPU"}), E0),
    "a GPU without its memory": _edited("environment.device", "NVIDIA H100"),
    "CUDA on a CPU": _edited("environment.cuda", "13.0"),
    "a CPU that is not deterministic": _edited("environment.deterministic", False),
    "no core": _edited("environment.cores", 0),
    "no thread": _edited("environment.threads", 0),
    "no commit, and yet changes": (lambda f: f.edit({"environment.git_sha": None, "environment.git_dirty": True}), E0),
    "no instruction set": _edited("environment.cpu_capability", None),
    "another torch": _edited("environment.torch", "1.0"),
    "another package of torch": _edited("environment.packages.torch", "1.0"),
    "a version that is none": _edited("environment.packages.numpy", "newest"),
    "no packages": _edited("environment.packages", {}),
    "more digits of a loss": _edited("history.0.loss", 0.123456789),
    "more digits of a validation value": _edited("history.0.val", 99.123456789),
    "more digits of a second": _edited("history.0.seconds", 0.00012345),
    "losses of another seed": (_other_losses, cells(seeds=(0, 1))),
    "the deviation left out": (_without_deviation, cells(*N, seeds=[0])),
    "a deviation made up": (_with_deviation, E0),
    "another seed's test predictions, scored": (lambda f: _tested_as(f, "baseline", 1), cells(seeds=(0, 1))),
    "another method's test predictions, scored": (lambda f: _tested_as(f, "mt", 0), E0 | cells("mt")),
    "the labels as test predictions, scored": (_tested_as_the_labels, E0),
    "bytes behind the predictions": (_appended, ALL),
    "bytes before the predictions": (_prepended, ALL),
    "a comment in the predictions": (_commented, ALL),
    "a row in a row": (lambda f: shutil.copytree(f.row(), f.row("mt") / "baseline"), set()),
    "a row in its own row": (lambda f: shutil.copytree(f.row(), f.row() / "old"), set()),
    "a results folder in itself": (lambda f: shutil.copytree(f.root / AIRFOIL, f.root / "results" / AIRFOIL), set()),
    "a dataset in a dataset": (lambda f: shutil.copytree(f.root / AIRFOIL, f.root / AIRFOIL / "old"), set()),
    "predictions in no row": (lambda f: shutil.copy(f.npz(), f.root / AIRFOIL), set()),
    "predictions in no dataset": (lambda f: shutil.copy(f.npz(), f.root), set()),
    "a proof that leads nowhere": (_proved, E0),
}
