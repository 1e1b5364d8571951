"""Concatenation along the third axis."""

from __future__ import annotations

from typing import Any

from minigrad.functions.array.concat import Concat, same_ndim
from minigrad.functions.array.reshape import reshape
from minigrad.variable import Variable, as_variable


class Dstack(Concat):
    pass


def dstack(xs: Any) -> Variable:
    """Joins variables in depth: along axis 2, after giving them three axes.

    A matrix ``(M, N)`` counts as ``(M, N, 1)``, a vector ``(N,)`` as ``(1, N, 1)``.

    Args:
        xs: Tuple or list of Variables or arrays of one dtype and number of axes, whose
            shapes are equal but for that axis.

    Returns:
        Variable, with three axes or more.

    Raises:
        InvalidType: Dtypes or shapes do not fit, or ``xs`` is empty.

    Gradient: ``gy``, split again.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.dstack.

    Example:
        >>> F.dstack([np.ones((2, 3)), np.zeros((2, 3))]).shape
        (2, 3, 2)
    """
    xs = [as_variable(x) for x in xs]
    ndim = xs[0].ndim if xs else 0
    if ndim < 3 and same_ndim(xs):
        before = (1,) if ndim < 2 else ()
        after = (1, 1) if ndim == 0 else (1,)
        xs = [reshape(x, (*before, *x.shape, *after)) for x in xs]
    return Dstack(2).apply(xs)[0]
