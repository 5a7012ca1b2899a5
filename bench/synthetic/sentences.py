"""Sentence pairs from a small grammar, as similar as one asks for.

A sentence tells of six things: who, what was done, to what, where, of what quality, and how. Each thing that
two sentences share adds its weight to their similarity, from 0 to 5 in steps of 0.1, whatever its word,
as each has two, and whatever the order of the words, active or passive.
"""

import numpy as np

# weight in tenths, which make every sum from 0 to 50; things with their two words
THINGS = {
    "who": (
        19,
        "man/guy woman/lady boy/lad dog/hound doctor/physician soldier/trooper thief/burglar teacher/tutor "
        "singer/vocalist king/monarch driver/motorist judge/magistrate",
    ),
    "deed": (
        16,
        "carried/hauled bought/purchased cleaned/washed fixed/repaired built/assembled found/discovered "
        "pushed/shoved lifted/raised wrapped/packed sold/traded hid/concealed broke/smashed",
    ),
    "what": (
        8,
        "car/automobile bike/bicycle picture/photo rock/stone boat/ship couch/sofa bag/sack rug/carpet gun/pistol "
        "cup/mug coat/jacket gift/present",
    ),
    "where": (4, "woods/forest town/city street/road shop/store garden/yard house/home field/meadow harbor/port"),
    "quality": (2, "small/little big/large happy/glad clever/smart rich/wealthy sick/ill quick/fast tired/weary"),
    "how": (1, "rapidly/swiftly slowly/gradually quietly/silently suddenly/abruptly often/frequently soon/shortly"),
}
SENTENCES = (
    "a {quality} {who} {deed} the {what} near the {where} {how} .",
    "{how} a {quality} {who} {deed} the {what} near the {where} .",
    "near the {where} , a {quality} {who} {how} {deed} the {what} .",
    "the {what} was {how} {deed} by a {quality} {who} near the {where} .",
    "near the {where} , the {what} was {deed} {how} by a {quality} {who} .",
)
SYNONYMS = [[tuple(thing.split("/")) for thing in words.split()] for _, words in THINGS.values()]
WEIGHTS = np.array([weight for weight, _ in THINGS.values()])
SHARED = np.arange(2 ** len(THINGS))[:, None] >> np.arange(len(THINGS)) & 1  # every choice of things to share


def make_pairs(similarity: np.ndarray, rng: np.random.Generator) -> tuple[list[list[str]], list[list[str]]]:
    """Words of two sentences for each similarity (N,), which is rounded to tenths."""
    sums = SHARED @ WEIGHTS
    first, second = [], []
    for tenths in np.rint(10 * similarity).astype(int):
        shared = SHARED[rng.choice(np.flatnonzero(sums == tenths))]
        scene = [int(rng.integers(len(things))) for things in SYNONYMS]
        other = [
            (thing + (0 if keep else int(rng.integers(1, len(things))))) % len(things)
            for thing, keep, things in zip(scene, shared, SYNONYMS, strict=True)
        ]
        first.append(_say(scene, rng))
        second.append(_say(other, rng))
    return first, second


def make_vectors(words: tuple[str, ...], rng: np.random.Generator, width: int = 50, spread: float = 0.5) -> np.ndarray:
    """A vector of each word, (W, width) float32; those of synonyms are alike, at a cosine of 1 / (1 + spread²)."""
    thing = {word: things for slot in SYNONYMS for things in slot for word in things}
    meanings = {meaning: rng.standard_normal(width) for meaning in sorted({thing.get(word, (word,)) for word in words})}
    rows = [meanings[thing.get(word, (word,))] + spread * rng.standard_normal(width) for word in words]
    return np.array(rows, dtype=np.float32)


def _say(scene: list[int], rng: np.random.Generator) -> list[str]:
    words = [things[thing][rng.integers(2)] for thing, things in zip(scene, SYNONYMS, strict=True)]
    return SENTENCES[rng.integers(len(SENTENCES))].format(**dict(zip(THINGS, words, strict=True))).split()
