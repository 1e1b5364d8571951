"""The share of samples that are classified right."""

from __future__ import annotations

from typing import Any

from minigrad.backend import get_array_module
from minigrad.functions.evaluation._scores import OfScores
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


class Accuracy(OfScores):
    def __init__(self, ignore_label: int | None = None) -> None:
        self.ignore_label = ignore_label

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        y, t = inputs
        xp = get_array_module(y)
        right = y.argmax(axis=1).reshape(t.shape) == t
        if self.ignore_label is None:
            return xp.asarray(right.mean(dtype=y.dtype))
        counted = t != self.ignore_label
        share = (right & counted).sum() / xp.maximum(counted.sum(), 1)
        return xp.asarray(share, dtype=y.dtype)


@checks_arguments
def accuracy(y: Any, t: Any, ignore_label: int | None = None) -> Variable:
    """Share of samples whose highest score is that of their label.

    Args:
        y: Scores, float, shape ``(N, C)`` or ``(N, C, d1, ...)``.
        t: Labels, signed integers, shape ``(N,)`` or ``(N, d1, ...)``.
        ignore_label: Samples with this label are not counted; None counts all.

    Returns:
        Variable, dtype of ``y``, shape ``()``; 0 if every label is ignored.

    Raises:
        InvalidType: A dtype is wrong or the shapes do not fit.

    Gradient: none.
    Double backprop: no.
    Kernels: reference.
    Source: compatible with chainer.functions.accuracy.

    Example:
        >>> y = np.array([[.1, .7], [8., 1.], [-8., 1.]])
        >>> F.accuracy(y, np.array([1, 0, 0])).array.round(3)
        np.float64(0.667)
    """
    return Accuracy(ignore_label).apply((y, t))[0]
