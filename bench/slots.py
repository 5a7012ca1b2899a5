"""The slots of the training loop that a method may fill, by the hook that fills each."""

# in the order in which a training run comes to them
SLOTS = (
    "weights", "density", "sampler", "inputs", "views", "features", "head", "loss", "regularizer",
    "optimizer", "step", "evaluated", "calibrated", "stages",
)  # fmt: skip
SHARED = ("regularizer", "views")  # summed, or taken at their largest; the other slots are exclusive
