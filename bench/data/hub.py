"""The Hugging Face hub: where it cannot be reached, what its libraries keep on the disk is read at once."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

SECONDS = 5.0  # to wait for an answer, whatever it is


@contextmanager
def at_hand(asked: bool = True) -> Iterator[None]:
    """While the hub's libraries load something: unless it answers, they are offline, as HF_HUB_OFFLINE=1 has them.

    They would try six times and more for each file, for 25 s or longer, before they look on the disk.

    Args:
        asked: whether the hub is; else nothing changes.
    """
    if not asked:
        yield
        return
    from huggingface_hub import constants

    # they read the environment as they are imported, so that it would be too late for it
    places: list[Any] = [constants, *filter(None, [sys.modules.get("datasets.config")])]
    before = [place.HF_HUB_OFFLINE for place in places]
    away = constants.HF_HUB_OFFLINE or not _answers(constants.ENDPOINT)
    for place, offline in zip(places, before, strict=True):
        place.HF_HUB_OFFLINE = offline or away
    try:
        yield
    finally:
        for place, offline in zip(places, before, strict=True):
            place.HF_HUB_OFFLINE = offline


def _answers(address: str) -> bool:
    from huggingface_hub.utils import get_session

    try:
        get_session().head(address, timeout=SECONDS)
    except Exception:  # each of its clients has kinds of its own
        return False
    return True
