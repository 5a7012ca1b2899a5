"""Versions of the numerical code that plug-ins share.

A cell's key holds the digest of each plug-in's own source and, for what it shares with others, the versions below.
Raise a version in the commit that moves the numbers of its modules; `tests/test_fingerprints.py` fails until somebody
does. Groups keep their names when modules move, so a move alone changes no key.
"""

NUMERICS: dict[str, int] = {
    "training": 2,
    "losses": 1,
    "metrics": 1,
    "shots": 1,
    "devices": 1,
    "distances": 1,
    "distinct": 1,
    "smoothing": 1,
    "topology": 1,
    "reweighting": 1,
    "classification": 1,
    "pretraining": 1,
    "augmentation": 1,
    "pictures": 1,
    "scenery": 1,
    "gazes": 1,
    "depth": 1,
    "sentences": 1,
    "tables": 1,
    "coordinates": 1,
    "operators": 1,
    "eeg": 1,
    "ages": 2,
    "holdout": 1,
    "references": 1,
    "described": 1,
}

# what every cell runs, whatever its plug-ins import
ALWAYS = ("training", "losses", "metrics", "shots", "devices")

# the modules of each group; a package stands for all that is in it
MODULES: dict[str, tuple[str, ...]] = {
    "training": (
        "bench.training",
        "bench.method",
        "bench.stack",
        "bench.dataset",
        "bench.protocol",
        "bench.functional.random_streams",
        "bench.functional.optimizers",
    ),
    "losses": ("bench.functional.losses", "bench.functional.shapes", "bench.functional.precision"),
    "metrics": ("bench.metrics", "bench.relevance", "bench.formulas"),
    "shots": ("bench.shots",),
    "devices": ("bench.functional.devices",),
    "distances": ("bench.functional.pair_distances",),
    "distinct": ("bench.functional.distinct",),
    "smoothing": ("bench.functional.smoothing",),
    "topology": ("bench.functional.topology", "bench.functional.spanning_trees"),
    "reweighting": ("bench.bases.reweighting",),
    "classification": ("bench.bases.binned",),
    "pretraining": ("bench.bases.pretraining", "bench.functional.contrast"),
    "augmentation": ("bench.data.augmentation",),
    "pictures": ("bench.data.image_cache", "bench.data.pictures", "bench.synthetic.faces"),
    "scenery": ("bench.synthetic.painting", "bench.synthetic.skies"),
    "gazes": ("bench.synthetic.painting", "bench.synthetic.gazes", "bench.data.picture_arrays"),
    "depth": (
        "bench.data.depth_cache",
        "bench.data.depth_augmentation",
        "bench.bases.depth_network",
        "bench.synthetic.scenes",
        "bench.data.stored",
    ),
    "sentences": ("bench.bases.sentence_pairs", "bench.data.word_vectors", "bench.synthetic.sentences"),
    "tables": ("bench.bases.tabular",),
    "coordinates": ("bench.bases.coordinates", "bench.data.pickled_arrays"),
    "operators": ("bench.synthetic.operators",),
    "eeg": ("bench.bases.signal_network", "bench.data.eeg", "bench.data.signals", "bench.synthetic.brainwaves"),
    "ages": ("bench.bases.ages", "bench.bases.age_lists", "bench.bases.photographs"),
    "holdout": ("bench.bases.holdout",),
    "described": (
        "bench.described.backbones",
        "bench.described.columns",
        "bench.described.encoders",
        "bench.described.hugging_face",
        "bench.described.networks",
        "bench.described.pictures",
        "bench.described.reading",
        "bench.described.rows",
        "bench.described.splitting",
        "bench.described.table",
        "bench.described.texts",
    ),
    # plain features too, which no network reads: datasets reach those modules, and no key of a method holds them
    "references": ("bench.bases.reference",),
}


def group_of(module: str) -> str | None:
    """The group that a module belongs to; None where it moves no number."""
    for group, names in MODULES.items():
        if any(module == name or module.startswith(f"{name}.") for name in names):
            return group
    return None
