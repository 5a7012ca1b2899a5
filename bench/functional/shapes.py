"""The shapes that losses take: one row a sample, (B, T) targets and predictions, (B, D) features, (B, 1) weights.

One number a sample may come as (B,) and counts as (B, 1). Whatever would broadcast to (B, B) is refused instead, since
the loss of that is another number, not an error.
"""

from torch import Tensor

from bench.errors import ShapeError


def as_column(values: Tensor) -> Tensor:
    """(B,) -> (B, 1); any other shape as it is."""
    return values.unsqueeze(1) if values.dim() == 1 else values


def as_columns(
    predictions: Tensor, targets: Tensor, weights: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Predictions and targets of one shape, (B, T) or dense (B, T, H, W), and weights that fit them.

    Raises:
        ShapeError: two of the shapes do not go together.

    >>> import torch
    >>> y_hat, y, _ = as_columns(torch.zeros(16, 1), torch.zeros(16))
    >>> y.shape
    torch.Size([16, 1])
    """
    y_hat, y = as_column(predictions), as_column(targets)
    require_same(y_hat, y, "predictions", "targets")
    return y_hat, y, as_weights(weights, y)


def as_weights(weights: Tensor | None, y: Tensor) -> Tensor | None:
    """Weights of the rows of y, (B, 1), or of its entries: those that do not enlarge y; None stays None.

    Raises:
        ShapeError: they are for other rows.
    """
    if weights is None or (y.dim() == 2 and weights.shape == (len(y), 1)):  # by far the most
        return weights
    w = as_column(weights)
    fits = w.dim() == y.dim() and all(a in (1, b) for a, b in zip(w.shape[1:], y.shape[1:], strict=True))
    if not fits or len(w) != len(y):
        raise _misfit(w, y, "weights", "targets")
    return w


def as_rows_of(features: Tensor, values: Tensor, what: str = "targets", views: bool = False) -> Tensor:
    """Values with one row for each row of features, (B, D) or with views (B, V, D); (B,) or (B, T) -> (B, T).

    Raises:
        ShapeError: features have other axes, or there is another number of rows.
    """
    require_axes(features, "features", 3 if views else 2)
    rows = as_column(values)
    if rows.dim() != 2 or len(rows) != len(features):
        raise _misfit(rows, features, what, "features")
    return rows


def as_vector_of(rows: Tensor, values: Tensor, what: str) -> Tensor:
    """One number for each row, such as its bin or its weight; (B,) or (B, 1) -> (B,).

    Raises:
        ShapeError: there is another number of them.
    """
    flat = values.squeeze(1) if values.dim() == 2 and values.shape[1] == 1 else values
    if flat.dim() != 1 or len(flat) != len(rows):
        raise _misfit(values, rows, what, "rows")
    return flat


def require_axes(values: Tensor, what: str, number: int = 2) -> None:
    """Raise ShapeError unless there are so many axes: (B, D) has two."""
    if values.dim() != number:
        raise ShapeError(f"{what} of shape {tuple(values.shape)} have {values.dim()} axes; give them {number}")


def require_same(a: Tensor, b: Tensor, what: str, other: str) -> None:
    """Raise ShapeError unless both have one shape."""
    if a.shape != b.shape:
        raise _misfit(a, b, what, other)


def require_broadcast(values: Tensor, features: Tensor, what: str) -> None:
    """Raise ShapeError unless values (D,) or (..., D) broadcast to features (..., D) without enlarging them."""
    ends = features.shape[features.dim() - values.dim() :]
    if values.dim() > features.dim() or any(a not in (1, b) for a, b in zip(values.shape, ends, strict=True)):
        raise _misfit(values, features, what, "features")


def _misfit(a: Tensor, b: Tensor, what: str, other: str) -> ShapeError:
    return ShapeError(
        f"{what} of shape {tuple(a.shape)} do not fit {other} of shape {tuple(b.shape)}; give one row a sample"
    )
