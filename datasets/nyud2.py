"""NYUD2-DIR: the depth of every pixel of indoor pictures, 0.7 m to 10 m.

Silberman et al., Indoor Segmentation and Support Inference from RGBD Images, ECCV 2012; as a benchmark of imbalance
Yang et al., Delving into Deep Imbalanced Regression, ICML 2021, arXiv:2102.09554. Lists, protocol, network and
augmentation follow YyzHarry/imbalanced-regression nyud2-dir at c37d6f46d35e (MIT). The pictures come with that
code's download (data.zip; no licence stated, for research): unpack it, then run `bench data add nyud2 FOLDER`.

Split: 50,688 training pictures of Kinect sweeps, their depth in 256 steps up to 10 m; 654 test pictures, depth in mm.
The released code chooses the epoch on the test split. Here 654 training pictures are held out: scenes drawn with a
fixed seed, 66 pictures of each, evenly spaced; the other pictures of these scenes are used nowhere. selection=test
trains on all and chooses as the papers do.

Shots: bins of 0.1 m, by their pixels among the 3.5 billion of the training split, a published table: many from 26
million on, few below 10 million. Test metrics compare equally many pixels of each bin from 0.7 m on: those of
test_balanced_mask.npy where it lies beside the lists, else a draw by its recipe with a fixed seed. Validation
draws likewise, at least 200 pixels a bin, as its rarest bin may be almost empty.

Protocol: Adam 1e-4 with weight decay 1e-4, times 0.1 every 5 epochs, of 10 (ConR: 20), batch 32, squared error,
ImageNet's ResNet-50 (timm's resnet50.tv_in1k); batch statistics over 8 pictures, as on the published 4 GPUs. RRT draws
and trains the whole refinement anew. Flips, rotations, lighting and colour jitter are drawn a picture each. Differs:
rotated pictures are read bilinearly, not by splines; depth, rotated or halved, is that of the nearest pixel and keeps
its 256 steps (released: splines, then Pillow's default, which mixes pixels from 7.0 on); pixels that rotations bring
in count nowhere (there: 0 m deep); in the statistics of FDS, those of the published 600 pictures that train.

images=synthetic: 1400 made-up rooms (1000 train, 200 validate, 200 test), the depths of those that train shared out as
the published table says to 4% of the pixels; see bench.synthetic.scenes, which states the noise floor: 3% of the
depth, plus steps of 4 cm in training. images=small: 144 of them, 48 x 36 pixels, and a narrow network.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Literal, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from bench.bases.depth_network import DepthNet
from bench.data.arrays import read_array
from bench.data.depth_augmentation import half, middle, motion, moved, recoloured
from bench.data.depth_cache import balanced, decode, hold_out, read_list
from bench.data.pretrained import resnet50_weights
from bench.data.reading import content, first_named
from bench.data.stored import Coded, Stored
from bench.dataset import Bins, Dataset, Examples, File, Folder, Mode, Split, Splits
from bench.errors import BenchError
from bench.functional.devices import to_device_of
from bench.protocol import Protocol
from bench.ranges import TwoOrThree
from bench.synthetic.scenes import FARTHEST, make_rooms

TRAIN, MASK = "nyu2_train.csv", "test_balanced_mask.npy"  # what comes with the pictures, the mask not always
SEED = 666  # of everything that is drawn once: held-out scenes, balanced pixels, rooms
HELD_OUT, SCENE = 654, 66  # validation pictures, and at most so many of a scene
FLOOR = 200  # pixels of each bin at least that are compared
FIRST = 7  # of the bins with pixels
MANY, FEW = 26e6, 10e6  # training pixels of a bin
SIZES = {"real": ((240, 320), (228, 304)), "small": ((36, 48), (32, 44))}  # pictures as kept, and their middle
ROOMS = {"synthetic": (1000, 200, 200), "small": (96, 24, 24)}
COARSE = torch.arange(256).float() / 255 * 10  # m, of training depth as stored
FINE = torch.arange(10_001).float() / 1000  # m, of test depth as stored
# pixels of the training split, at 304 x 228, in each 0.1 m: TRAIN_BUCKET_NUM of the released loaddata.py
COUNTS = np.fromstring(
    """
    0 0 0 0 0 0 0 25848691 24732940 53324326 69112955 54455432 95637682 71403954 117244217 84813007 126524456 84486706
    133130272 95464874 146051415 146133612 96561379 138366677 89680276 127689043 81608990 119121178 74360607 106839384
    97595765 66718296 90661239 53103021 83340912 51365604 71262770 42243737 65860580 38415940 53647559 54038467 28335524
    41485143 32106001 35936734 23966211 32018765 19297203 31503743 21681574 16363187 25743420 12769509 17675327 13147819
    15798560 9547180 14933200 9663019 12887283 11803562 7656609 11515700 7756306 9046228 5114894 8653419 6859433 8001904
    6430700 3305839 6318461 3486268 5621065 4030498 3839488 3220208 4483027 2555777 4685983 3145082 2951048 2762369
    2367581 2546089 2343867 2481579 1722140 3018892 2325197 1952354 2047038 1858707 2052729 1348558 2487278 1314198
    3338550 1132666
    """,
    sep=" ",
)
BINS = Bins(0.0, 0.1, 100, FIRST, tuple(COUNTS.astype(int).tolist()))
_PIXELS = "it is defined for one label a sample, and here every pixel has one"


class NYUD2(Dataset):
    """Pictures of 304 x 228 to depth maps of 152 x 114, which are enlarged to the pictures' size to be compared.

    Args:
        images: the pictures themselves, rooms of the same size, or a few small rooms.
        selection: what chooses the epoch: held-out training pictures, or the test split as in the papers.
        weights: of the encoder at the start; None means ImageNet's for the pictures, drawn ones for rooms.
        width: 2 or 3 features before a head of single pixels, to be drawn (Tightness, section 5.4); ours is how.
    """

    metrics = ("rmse", "delta1", "delta2", "delta3", "abs_rel", "lg10")
    protocol = Protocol(
        loss="mse", lr=1e-4, weight_decay=1e-4, batch_size=32, epochs=10, milestones=(5, 10, 15), batchnorm_split=4
    )
    unit = "m"
    paper = "arXiv:2102.09554"
    bins = BINS
    evaluation_batch = 32
    imports = ("timm",)
    reported = "NYUD2-DIR"
    small = "nyud2[images=small]"
    dense_targets = True
    regressor = ("refinement",)
    excluded: ClassVar = dict.fromkeys(("corn", "dex", "dldl", "ordinal", "rnc"), _PIXELS)
    files = (
        File(
            "nyud2/nyu2_test.csv",
            "633dd5b45c7f291f0bbb13011126778661c647c82d1919a1b0d7f7430e8e6eed",
        ),
        File(
            "nyud2/nyu2_train_FDS_subset.csv",
            "e2e00e2388db5a4a6917b7f1c4af68b5fd4012f2884acbbb810ffe8c0957f5b6",
            url="https://raw.githubusercontent.com/YyzHarry/imbalanced-regression/c37d6f46d35e5a0b37277d8d925ad112ed8ef487/nyud2-dir/data/nyu2_train_FDS_subset.csv",
            licence="MIT",
        ),
    )

    def __init__(
        self,
        images: Literal["real", "synthetic", "small"] = "real",
        selection: Literal["validation", "test"] = "validation",
        weights: Literal["imagenet", "scratch"] | None = None,
        width: TwoOrThree | None = None,
    ) -> None:
        self.images, self.selection, self.narrow = images, selection, width
        self.pretrained = (images == "real" if weights is None else weights == "imagenet") and images != "small"
        self.size, self.middle = SIZES["small" if images == "small" else "real"]
        self.synthetic = images != "real"
        self.note = f"Its encoder starts from {'ImageNet weights' if self.pretrained else 'random weights'}."
        if selection == "test":
            self.note += (
                " **The epoch is chosen on the test split, as in the papers: its validation split is the test.**"
            )
        elif not self.synthetic:
            self.reported_note = "the papers choose the epoch on the test split, as nyud2[selection=test] does"
        if not self.pretrained:
            self.reported_note = "the papers' encoder starts from ImageNet weights"
        if self.synthetic or width:
            self.reported = None
        if self.synthetic:
            self.files = ()
        else:
            self.offline = "nyud2[images=synthetic]"
            self.folder = Folder("nyud2", f"nyud2/{TRAIN}", _names, _collect)
        if images == "small":
            self.protocol = replace(self.protocol, batch_size=8, lr=1e-3, batchnorm_split=1)

    def load(self, root: Path) -> Splits:
        """Decode the files, or make the rooms; training pictures stay on disk."""
        first = root / "nyud2" / TRAIN
        if not (self.synthetic or first.is_file()):
            raise BenchError(f"nyud2 has no data: {first} is missing; lay it there, or take {self.offline}")
        if self.pretrained:
            self.start = resnet50_weights()
        return self._rooms() if self.synthetic else self._pictures(first.parent)

    def encoder(self, splits: Splits) -> tuple[nn.Module, int]:
        """ResNet-50 with decoder, fusion and refinement, up to the last convolution."""
        import timm

        del splits
        how: dict[str, Any] = {"features_only": True, "out_indices": (1, 2, 3, 4), "zero_init_last": False}
        if self.images == "small":
            backbone = timm.create_model("resnet18", layers=(1, 1, 1, 1), channels=(8, 8, 16, 32), **how)
            net = DepthNet(backbone, 4, self.narrow)
        else:
            if self.pretrained:
                how |= {"pretrained": True, "pretrained_cfg_overlay": {"file": str(self.start)}}
            net = DepthNet(timm.create_model("resnet50", **how), narrow=self.narrow)
        return net, net.width

    def head(self, width: int, outputs: int) -> nn.Module:
        """The last convolution of the refinement."""
        return nn.Conv2d(width, outputs, 1) if self.narrow else nn.Conv2d(width, outputs, 5, padding=2)

    def transform(self, examples: Examples, rng: torch.Generator, mode: Mode) -> Examples:
        """Flip and rotate pictures and maps alike, take their middle, then change the pictures' colours."""
        x, y, w, mask = examples.x, examples.y, examples.w, examples.mask
        maps = torch.cat([t.float() for t in (y, w, mask) if t is not None], 1)
        if mode == "evaluation":
            x, maps = middle(x, self.middle), middle(maps, half(self.middle))
        else:
            moving = to_device_of(motion(len(x), self.size, self.middle, rng), x)
            x = recoloured(moved(x.float(), moving, self.middle, "bilinear"), rng)
            maps = moved(maps, moving, half(self.middle), "nearest")
        y, *rest = maps.split(1, 1)
        w = w if w is None else rest.pop(0)
        return Examples(x, y, w, mask if mask is None else rest.pop(0) > 0)

    def regions(self, train_labels: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """By the published table, whatever was trained on."""
        del train_labels
        of_bin = np.where(COUNTS >= MANY, "many", np.where(COUNTS < FEW, "few", "medium"))
        return of_bin[BINS.index(torch.from_numpy(labels)).numpy()]

    def predictions_shape(self, split: Split) -> tuple[int, ...]:
        """Half the height and width of the pictures."""
        rows, targets, height, width = split.labels.shape
        return rows, targets, height // 2, width // 2

    def evaluation_arrays(self, y_hat: Tensor, split: Split) -> tuple[np.ndarray, np.ndarray]:
        """The pixels that count, maps enlarged to the size of the labels; (n,), (n,)."""
        assert split.mask is not None
        y_hat = interpolate(y_hat, size=split.labels.shape[-2:], mode="bilinear", align_corners=True)
        return y_hat[split.mask].double().numpy(), split.labels[split.mask].double().numpy()

    def sample(self, split: Split, row: int) -> np.ndarray:
        """A picture beside its depth, white at 10 m."""
        x, depth = split.x[row : row + 1], split.labels[row : row + 1]
        depth = interpolate(depth, size=x.shape[-2:], mode="nearest").expand(x.shape) * 255 / FARTHEST
        return torch.cat([x, depth.byte()], 3)[0].permute(1, 2, 0).numpy()

    def _pictures(self, folder: Path) -> Splits:
        lists = [folder / f"nyu2_{name}.csv" for name in ("train", "test", "train_FDS_subset")]
        train, test, subset = map(read_list, lists)
        coarse = decode(folder, "train", train, self.size, "8-bit")
        fine = decode(folder, "test", test, self.size, "16-bit")
        rows = held = np.arange(len(train))
        if self.selection == "validation":
            rows, held = hold_out(train, HELD_OUT, SCENE, SEED)
        chosen = {picture for picture, _ in subset}
        reference = np.flatnonzero([train[row][0] in chosen for row in rows])
        if not len(reference):
            raise BenchError(f"none of the pictures of {lists[2]} trains; is {lists[0]} of the same data?")
        tested = self._held(fine.pictures, fine.depths, FINE, _published_mask(folder, len(test), self.middle))
        validated = tested if self.selection == "test" else self._held(coarse.pictures[held], coarse.depths[held])
        digests = [coarse.digest, fine.digest, _sha256(self.start.read_bytes()) if self.pretrained else ""]
        return self._splits(coarse.pictures, coarse.depths, rows, reference, validated, tested, digests)

    def _rooms(self) -> Splits:
        train, val, test = ROOMS[self.images]
        # a bin holds 2 or 3 of the steps of stored depth, by chance
        steps = BINS.index(COARSE).bincount(minlength=len(COUNTS)).numpy()
        shares = COUNTS / steps.clip(1)
        generator = np.random.default_rng(SEED)
        pictures, depths = make_rooms(train + val + test, self.size, shares / shares.sum(), generator)
        coarse, fine = (depths * 25.5).round().astype(np.uint8), (depths * 1000).round().astype(np.uint16)
        tested = self._held(pictures[train + val :], fine[train + val :], FINE)
        rows, validated = np.arange(train + val), tested
        if self.selection == "validation":
            rows, validated = rows[:train], self._held(pictures[train : train + val], coarse[train : train + val])
        digests = [_sha256(np.ascontiguousarray(array)) for array in (pictures, fine)]
        return self._splits(pictures, coarse, rows, np.arange(min(train, 600)), validated, tested, digests)

    def _splits(
        self,
        pictures: np.ndarray,
        codes: np.ndarray,
        rows: np.ndarray,
        reference: np.ndarray,
        val: Split,
        test: Split,
        digests: Sequence[str],
    ) -> Splits:
        stored = Stored(codes[:, None, 1::2, 1::2], rows)
        x, labels, mask = Stored(pictures, rows), Coded(stored, COARSE), Coded(stored, COARSE > 0)
        train = Split(x, cast(Tensor, labels), cast(Tensor, mask))
        masks = [_sha256(split.mask.numpy()) for split in (val, test) if split.mask is not None]
        inputs = _sha256("".join([*digests, *masks]).encode() + rows.tobytes() + reference.tobytes())
        return Splits(train, val, test, inputs=inputs, reference_rows=torch.from_numpy(reference))

    def _held(
        self, pictures: np.ndarray, codes: np.ndarray, values: Tensor = COARSE, mask: np.ndarray | None = None
    ) -> Split:
        """A split to be compared at the pictures' size, on pixels balanced by depth unless their mask is given."""
        pictures, codes = (np.ascontiguousarray(middle(array, self.middle)) for array in (pictures, codes))
        if mask is None:
            bins = BINS.index(values).byte().numpy()
            mask = balanced(bins[codes], FIRST, FLOOR, SEED)
        return Split(*(torch.from_numpy(array) for array in (pictures, values.numpy()[codes][:, None], mask[:, None])))


def _names(root: Path) -> list[str]:
    lists = (read_list(root / "nyud2" / name) for name in (TRAIN, "nyu2_test.csv"))
    return [path for pairs in lists for pair in pairs for path in pair]


def _collect(root: Path, path: Path) -> Iterator[tuple[str, bytes]]:
    for name in (TRAIN, MASK):
        source = first_named(path, name)
        if source is not None:
            yield f"nyud2/{name}", content(source)
        elif name == TRAIN and not (root / "nyud2" / name).is_file():
            raise BenchError(f"no {TRAIN} below {path}; name the folder that the authors' data.zip unpacks to")


def _published_mask(folder: Path, number: int, size: tuple[int, int]) -> np.ndarray | None:
    path = folder / MASK
    if not path.exists():
        return None
    mask = read_array(path)
    if mask.shape != (number, *size):
        raise BenchError(f"{path} has shape {mask.shape}, expected {(number, *size)}")
    return mask.astype(bool)


def _sha256(content: Any) -> str:
    return hashlib.sha256(content).hexdigest()
