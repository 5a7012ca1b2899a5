"""How the host stays ahead of a GPU: what would have it wait for a result, and what takes the place of that."""

from torch import Tensor


def to_device_of(made: Tensor, x: Tensor) -> Tensor:
    """A tensor made on the host, on the device of x; the host does not wait until it is there."""
    return made.to(x.device, non_blocking=True)


def is_on_host(x: Tensor) -> bool:
    """Whether numbers, and sizes that the values decide, can be read off x at no cost: it lies on the host."""
    return x.device.type == "cpu"
