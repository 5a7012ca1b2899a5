"""What a forger may try; each returns the cells that no board may count afterwards."""

import json
import shutil
import zipfile

import numpy as np

from support.tampering import AIRFOIL, CONCRETE, cells

ALL = (0, 1, 2)


def _scaled(fields):
    for values in fields["metrics"]["test"].values():
        for name in ("mae", "rmse", "gmean_error"):
            values[name] = values[name] and values[name] / 2


def _copy_seed(folder, to, edit=lambda fields: None, arrays=True):
    fields = folder.fields(0)
    fields["seed"] = to
    edit(fields)
    folder.save(folder.path(to), fields)
    if arrays:
        folder.edit_arrays(
            lambda a: a.update({k.replace("seed-0", f"seed-{to}"): a[k] for k in list(a) if "seed-0" in k})
        )


def _retimed(fields):
    for row in fields["history"]:
        row["seconds"] = round(row["seconds"] * 1.01 + 0.002, 3)
    fields["timing"]["train_s"] += 1
    fields["timing"]["wall_s"] += 2
    fields["timing"]["step_ms"] *= 1.1


def _relosses(fields):
    _retimed(fields)
    for row in fields["history"]:
        row["loss"] *= 1.001


def _no_numbers(arrays):
    arrays["seed-0"][:] = np.nan


def _unmeasured(fields):
    for values in fields["metrics"]["test"].values():
        values |= {name: None for name in values if name != "n"}


def _nearly_copied_seed(folder):
    """A seed copied with other times, its predictions moved a little and scored again."""
    _copy_seed(folder, 7, _retimed)
    folder.edit_arrays(lambda arrays: arrays["seed-7"].__imul__(1.001))
    folder.score_again(7)


def _failed(fields, strip):
    fields |= {"status": "diverged", "error": "loss nan"}
    if strip:
        fields |= {"metrics": {}, "selection": None, "predictions": None, "history": []}


def _swapped(arrays, one, other):
    arrays[one], arrays[other] = arrays[other], arrays[one]


def _moved_row(folder, method, to, edit, key=False):
    for path in folder.copy_row(method, to):
        fields = json.loads(path.read_bytes())
        fields["method"] = to
        edit(fields)
        folder.save(path, fields)


def _npz_member(folder, data, name="seed-0.npy"):
    arrays = folder.arrays()
    with zipfile.ZipFile(folder.npz(), "w", zipfile.ZIP_DEFLATED) as archive:
        for key, values in arrays.items():
            if f"{key}.npy" != name:
                with archive.open(f"{key}.npy", "w") as file:
                    np.lib.format.write_array(file, values)
        archive.writestr(name, data)


def _header(shape):
    text = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


def _link(folder, source, target):
    shutil.move(source, target)
    source.symlink_to(target)


E0 = cells(seeds=[0])

# name -> (what it does to a folder, the cells that must leave the boards)
TAMPERINGS = {
    # numbers of a record
    "test mae": (lambda f: f.edit({"metrics.test.all.mae": 0.001}), E0),
    "test mae, only the last digit": (
        lambda f: f.edit(lambda r: r["metrics"]["test"]["all"].update(r2=r["metrics"]["test"]["all"]["r2"] + 1e-6)),
        E0,
    ),
    "test mae without a new checksum": (lambda f: f.edit({"metrics.test.all.mae": 0.001}, forge=False), E0),
    "all errors halved": (lambda f: f.edit(_scaled), E0),
    "mae of a region": (lambda f: f.edit({"metrics.test.few.mae": 0.001}), E0),
    "a region left out": (lambda f: f.edit(lambda r: r["metrics"]["test"].pop("few")), E0),
    "a region renamed": (
        lambda f: f.edit(lambda r: r["metrics"]["test"].update(best=r["metrics"]["test"].pop("few"))),
        E0,
    ),
    "regions swapped": (lambda f: f.edit(lambda r: _swapped(r["metrics"]["test"], "few", "many")), E0),
    "a metric left out": (lambda f: f.edit(lambda r: r["metrics"]["test"]["all"].pop("r2")), E0),
    "a balanced metric": (lambda f: f.edit({"metrics.test.all.balanced_mae": 0.001}), E0),
    "a balanced metric left out": (lambda f: f.edit(lambda r: r["metrics"]["test"]["all"].pop("balanced_mse")), E0),
    "the relevant errors": (lambda f: f.edit({"metrics.test.all.sera": 0.001}), E0),
    "a balanced metric of a region": (lambda f: f.edit({"metrics.test.many.balanced_mae": 0.001}), E0),
    "a metric added": (lambda f: f.edit({"metrics.test.all.kendall": 0.9}), E0),
    "a metric made null": (lambda f: f.edit({"metrics.test.all.r2": None}), E0),
    "an unknown metric": (lambda f: f.edit({"metrics.test.all.quality": 1.0}), E0),
    "a negative error": (lambda f: f.edit({"metrics.test.all.mae": -1.0}), E0),
    "n of the test split": (lambda f: f.edit({"metrics.test.all.n": 10**6}), E0),
    "n of a region": (lambda f: f.edit({"metrics.test.many.n": 3}), E0),
    "a negative n": (lambda f: f.edit({"metrics.test.many.n": -3}), E0),
    "validation metrics": (lambda f: f.edit({"metrics.val.all.rmse": 0.001}), E0),
    "n of the validation split": (lambda f: f.edit({"metrics.val.all.n": 7}), E0),
    "no validation metrics": (lambda f: f.edit(lambda r: r["metrics"].pop("val")), E0),
    "test metrics of another seed": (lambda f: f.edit({"metrics": f.fields(1)["metrics"]}), E0),
    "a metric of a probabilistic method": (
        lambda f: f.edit({"metrics.test.all.crps": 0.01}, 0, "gaussian_nll"),
        cells("gaussian_nll"),
    ),
    # selection, history, time
    "the selected epoch": (
        lambda f: f.edit(lambda r: r["selection"].update(epoch=1 + (r["selection"]["epoch"] == 1))),
        E0,
    ),
    "the selected value": (lambda f: f.edit({"selection.value": 0.001}), E0),
    "the selected metric": (lambda f: f.edit({"selection.metric": "rmse"}), E0),
    "no selection": (lambda f: f.edit({"selection": None}), E0),
    "a validation value of the history": (lambda f: f.edit({"history.3.val": 1e-6}), E0),
    "a loss that is none": (lambda f: f.edit({"history.1.loss": None}), E0),
    "an epoch left out": (lambda f: f.edit(lambda r: r["history"].pop(0)), E0),
    "history without its end": (lambda f: f.edit(lambda r: r["history"].pop()), E0),
    "epochs out of order": (lambda f: f.edit(lambda r: r["history"].reverse()), E0),
    "another stage": (lambda f: f.edit({"history.0.stage": "warm-up"}), E0),
    "the time, by a clumsy hand": (lambda f: f.edit({"timing.train_s": 0.001}), E0),
    "the step time": (lambda f: f.edit({"timing.step_ms": 0.001}, forge=False), E0),
    "memory": (lambda f: f.edit({"memory.peak_rss_mb": 1.0}, forge=False), E0),
    "the processor": (lambda f: f.edit({"environment.cpu": "fast"}, forge=False), E0),
    "the step time, by a careful hand": (lambda f: f.edit({"timing.step_ms": 0.001}), E0),
    "the samples a second": (lambda f: f.edit({"timing.samples_per_s": 1e9}), E0),
    "an end before the start": (lambda f: f.edit({"finished": "2001-01-01T00:00:00+00:00"}), E0),
    "a start that is no time": (lambda f: f.edit({"started": "yesterday"}), E0),
    "a start of no zone": (lambda f: f.edit({"started": "2026-01-01T00:00:00"}), E0),
    "a commit that is none": (lambda f: f.edit({"environment.git_sha": "trust me"}), E0),
    "nowhere it ran on": (lambda f: f.edit({"environment": None}), E0),
    "no checksum": (lambda f: f.edit({"checksum": None}, forge=False), E0),
    "a metric of predictions that are no numbers": (
        lambda f: f.edit_arrays(_no_numbers) or f.hash_again() or f.edit(_unmeasured),
        E0,
    ),
    # identity
    "the key": (lambda f: f.edit({"key": "0" * 64}, forge=False), E0),
    "the seed": (lambda f: f.edit({"seed": 5}), E0),
    "the method's name": (lambda f: f.edit({"method": "mt"}), E0),
    "the dataset's name": (lambda f: f.edit({"dataset": CONCRETE}), E0),
    "the protocol": (lambda f: f.edit({"config.protocol.lr": 0.5}), E0),
    "an override that was not made": (lambda f: f.edit({"config.overrides": {"protocol.epochs": 99}}), E0),
    "the digest of the method": (lambda f: f.edit({"config.method.0.digest": "0" * 64}), E0),
    "a parameter of the config": (lambda f: f.edit({"config.method.0.params": {"x": 1}}), E0),
    "another method in the config": (lambda f: f.edit({"config.method.0.name": "mt"}), E0),
    "the data's fingerprint": (lambda f: f.edit({"data_fingerprint": "0" * 64}), E0),
    "schema 1": (lambda f: f.edit({"schema_version": 1}), E0),
    "as of before predictions of vectors were kept": (
        lambda f: f.edit({"schema_version": 1, "checksum": None, "predictions.file": "predictions-3d.npz"}),
        E0,
    ),
    "schema 3": (lambda f: f.edit({"schema_version": 3}), E0),
    "ok made failed": (lambda f: f.edit(lambda r: _failed(r, False)), E0),
    "ok made failed, and stripped": (lambda f: f.edit(lambda r: _failed(r, True)), E0),
    "failed made ok": (lambda f: f.edit({"status": "ok"}, 9, "mt"), set()),
    "failed made ok with another's numbers": (
        lambda f: f.save(f.path(9, "mt"), {**f.fields(0, "mt"), "seed": 9}),
        cells("mt"),
    ),
    # copies
    "a seed copied by cp": (lambda f: shutil.copy(f.path(0), f.path(7)), set()),
    "a seed copied and edited": (lambda f: _copy_seed(f, 7), E0),
    "a seed copied and edited without its arrays": (lambda f: _copy_seed(f, 7, arrays=False), E0),
    "a seed copied with other times": (lambda f: _copy_seed(f, 7, _retimed), set()),
    "a seed copied with other times and losses": (lambda f: _copy_seed(f, 7, _relosses), set()),
    "a seed copied and moved a little": (_nearly_copied_seed, E0),
    "a row copied by cp -r": (lambda f: f.copy_row("mt", "mt2"), set()),
    "a row copied under another method": (
        lambda f: _moved_row(f, "baseline", "oe", lambda r: r["config"]["method"][0].update(name="oe")),
        cells(seeds=ALL),
    ),
    "a row copied under its defaults": (lambda f: _moved_row(f, "mt", "mt[copies=2]", lambda r: None), set()),
    "a stack in the other order": (lambda f: _moved_row(f, "mt", "oe+mt", lambda r: None), set()),
    "a dataset copied by cp -r": (lambda f: shutil.copytree(f.root / AIRFOIL, f.root / "airfoil"), set()),
    "a row of another dataset": (
        lambda f: [
            f.edit({"dataset": CONCRETE, "config.dataset.name": "concrete"}, s)
            or shutil.move(f.path(s), f.path(s, "baseline", CONCRETE))
            for s in [0]
        ],
        E0 | cells(dataset=CONCRETE),
    ),
    "seed-07.json": (lambda f: shutil.copy(f.path(0), f.row() / "seed-07.json"), set()),
    "SEED-7.json": (lambda f: shutil.copy(f.path(0), f.row() / "SEED-7.json"), set()),
    "parameters out of order": (lambda f: _moved_row(f, "mt", "mt[scale=1,copies=2]", lambda r: None), set()),
    # files of predictions
    "predictions deleted": (lambda f: f.npz().unlink(), cells(seeds=ALL)),
    "predictions truncated": (lambda f: f.npz().write_bytes(f.npz().read_bytes()[:-100]), cells(seeds=ALL)),
    "predictions emptied": (lambda f: f.npz().write_bytes(b""), cells(seeds=ALL)),
    "predictions renamed": (lambda f: f.npz().rename(f.row() / "predictions-3d.npz"), cells(seeds=ALL)),
    "predictions renamed, in the record too": (
        lambda f: (
            f.npz().rename(f.row() / "predictions-3d.npz"),
            [f.edit({"predictions.file": "predictions-3d.npz"}, s) for s in ALL],
        ),
        cells(seeds=ALL),
    ),
    "predictions pickled": (lambda f: f.edit_arrays(lambda a: a.update({"seed-0": np.array([{}], dtype=object)})), E0),
    "predictions in double precision": (
        lambda f: f.edit_arrays(lambda a: a.update({"seed-0": a["seed-0"].astype("f8")})),
        E0,
    ),
    "predictions of another shape": (lambda f: f.edit_arrays(lambda a: a.update({"seed-0": a["seed-0"].T})), E0),
    "one array left out": (lambda f: f.edit_arrays(lambda a: a.pop("seed-0")), E0),
    "one validation array left out": (lambda f: f.edit_arrays(lambda a: a.pop("seed-0/val")), E0),
    "seeds swapped": (lambda f: f.edit_arrays(lambda a: _swapped(a, "seed-0", "seed-1")), cells(seeds=(0, 1))),
    "rows swapped": (lambda f: shutil.copy(f.npz("mt"), f.npz()), cells(seeds=ALL)),
    "datasets swapped": (lambda f: shutil.copy(f.npz("baseline", CONCRETE), f.npz()), cells(seeds=ALL)),
    "predictions edited": (lambda f: f.edit_arrays(lambda a: a["seed-0"].__imul__(0.5)), E0),
    "predictions edited and hashed": (
        lambda f: (f.edit_arrays(lambda a: a["seed-0"].__imul__(0.5)), f.hash_again()),
        E0,
    ),
    "validation predictions edited and hashed": (
        lambda f: (f.edit_arrays(lambda a: a["seed-0/val"].__imul__(0.5)), f.hash_again("seed-0/val")),
        E0,
    ),
    "two predictions swapped and hashed": (
        lambda f: (f.edit_arrays(lambda a: a["seed-0"].__setitem__([0, 1], a["seed-0"][[1, 0]])), f.hash_again()),
        E0,
    ),
    "a column edited": (
        lambda f: f.edit_arrays(lambda a: a["seed-0/deviation"].__imul__(0.1), "gaussian_nll"),
        cells("gaussian_nll"),
    ),
    "no hash of the validation predictions": (lambda f: f.edit({"predictions.val": None}), E0),
    "the hash": (lambda f: f.edit({"predictions.sha256": "0" * 64}), E0),
    "a hash that is none": (lambda f: f.edit({"predictions.sha256": "all good"}), E0),
    "no predictions in the record": (lambda f: f.edit({"predictions": None}), E0),
    "a file elsewhere": (lambda f: f.edit({"predictions.file": "../mt/predictions.npz"}), E0),
    "a file of an absolute path": (lambda f: f.edit({"predictions.file": "/etc/passwd"}), E0),
    "a bomb": (lambda f: _npz_member(f, _header((2**28, 1)) + bytes(2**20)), E0),
    "an array that says more than it has": (lambda f: _npz_member(f, _header((10**15, 1))), E0),
    "an array of the same name without its ending": (lambda f: _npz_member(f, b"hello", "seed-0"), cells(seeds=ALL)),
    "an array that is no array": (lambda f: _npz_member(f, b"hello"), E0),
    "predictions behind a link": (lambda f: _link(f, f.npz(), f.root.parent / "elsewhere.npz"), cells(seeds=ALL)),
    # links and other files
    "a row behind a link": (lambda f: _link(f, f.row("mt"), f.root.parent / "mt"), cells("mt", ALL)),
    "a link to a row": (lambda f: f.row("mt2").symlink_to(f.row("mt")), set()),
    "a link to a dataset": (lambda f: (f.root / "airfoil").symlink_to(f.root / AIRFOIL), set()),
    "a record behind a link": (lambda f: _link(f, f.path(0), f.root.parent / "seed-0.json"), E0),
    "a record that links to another row's": (
        lambda f: (f.path(0).unlink(), f.path(0).symlink_to(f.path(0, "mt"))),
        E0,
    ),
    "a record deleted": (lambda f: f.path(0).unlink(), E0),
    "an array of nobody": (lambda f: f.edit_arrays(lambda a: a.update({"seed-8": a["seed-0"] + 1})), set()),
    "a file of predictions of nobody": (lambda f: shutil.copy(f.npz(), f.row() / "predictions (1).npz"), set()),
    "predictions without records": (lambda f: [f.path(s).unlink() for s in ALL], cells(seeds=ALL)),
}
