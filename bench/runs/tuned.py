"""What `bench tune` tried: protocols of our own, and what published ones would be; for the boards."""

from statistics import fmean
from typing import Any

from bench.bases import tuned_settings
from bench.names import value_text


def value_now(dataset: Any, protocol: Any, axis: str) -> Any:
    """What a setting is today: "protocol.FIELD", or a parameter of the dataset."""
    return getattr(protocol, axis.removeprefix("protocol.")) if axis.startswith("protocol.") else getattr(dataset, axis)


def note(name: str, dataset: Any, protocol: Any) -> str:
    """A sentence or two for the board of a dataset; empty where nothing was tuned."""
    if (one := tuned_settings.outcomes().get(name)) is None:
        return ""
    best = one["best"]
    axes = [axis.removeprefix("protocol.").replace("_", " ") for axis in best]
    means = [
        (tried["setting"], fmean(tried["validation"])) for tried in one["tried"] if None not in tried["validation"]
    ]
    (chosen,) = (mean for setting, mean in means if setting == best)
    others = [mean for setting, mean in means if setting != best]
    today = {axis: value_now(dataset, protocol, axis) for axis in best}
    said = [f"{chosen:.4g}"]
    said += [f"the nearest other {min(others, key=lambda mean: abs(mean - chosen)):.4g}"] if others else []
    said += [f"as it is {mean:.4g}" for setting, mean in means if setting == today != best]
    how = (
        f"{len(one['tried'])} settings of {', '.join(axes)}, chosen by validation {one['metric']} over seeds "
        f"{one['seeds'][0]} to {one['seeds'][-1]} ({'; '.join(said)})"
    )
    if today == best:
        return f"Its protocol was tuned for the baseline: {how}."
    changed = ", ".join(f"{axis}={value_text(value)}" for axis, value in best.items() if value != today[axis])
    return f"Its protocol stays as published; tuned for the baseline, it would have {changed}: {how}."
