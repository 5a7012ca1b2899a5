"""Named random streams, derived from (seed, stream) and never from the method, so that seeds pair."""

import hashlib

import torch

STREAMS = ("init", "order", "augment", "method")


def stream_seed(seed: int, stream: str) -> int:
    """The 63-bit seed of one named stream."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{stream}".encode()).digest()[:8], "big") >> 1


def generator(seed: int, stream: str) -> torch.Generator:
    """A fresh CPU generator at the start of one named stream."""
    return torch.Generator().manual_seed(stream_seed(seed, stream))
