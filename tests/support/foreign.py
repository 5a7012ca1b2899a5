"""Third parties' packages with plug-ins, as pip would install them."""

import os

METHOD = '''"""A third party's method.

Follows nothing.
Differs: it is somebody else's.
"""

{before}

from bench.method import Method


class Theirs(Method):
    """Plain regression."""
{body}
'''
DATASET = '''"""A third party's dataset."""

{before}

import torch
from torch import nn

from bench.dataset import Dataset, Split, Splits
from bench.protocol import Protocol


class Theirs(Dataset):
    """A line."""

    metrics, protocol = ("mae",), Protocol(epochs=1)
{body}
    def load(self, root):
        x = torch.linspace(-1, 1, 32)[:, None]
        return Splits(*(Split(x, 3 * x) for _ in range(3)))

    def encoder(self, splits):
        return nn.Linear(1, 4), 4
'''


def method(before="", body=""):
    return METHOD.format(before=before, body=body)


def dataset(before="", body=""):
    return DATASET.format(before=before, body=body)


def install(folder, sources, entry_points=None, name="theirs"):
    """Put modules (name -> source) and entry points (group -> name -> value; else each module's) into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for module, source in sources.items():
        (folder / f"{module}.py").write_text(source)
    points = entry_points or {"methods": {module: module for module in sources}}
    info = folder / f"{name}-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1\n")
    lines = []
    for group, named in points.items():
        lines += [f"[bench.{group}]", *(f"{key} = {value}" for key, value in named.items())]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")


def environment(folder):
    """The environment of a process that finds what is installed there."""
    return os.environ | {"PYTHONPATH": f"{folder}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
