"""Concatenation along the second axis, and along the only one of vectors."""

from __future__ import annotations

from typing import Any

from minigrad.functions.array.concat import Concat, same_ndim
from minigrad.functions.array.reshape import reshape
from minigrad.variable import Variable, as_variable


class Hstack(Concat):
    pass


def hstack(xs: Any) -> Variable:
    """Joins variables side by side: along axis 1, vectors and numbers along axis 0.

    Args:
        xs: Tuple or list of Variables or arrays of one dtype and number of axes, whose
            shapes are equal but for that axis.

    Returns:
        Variable.

    Raises:
        InvalidType: Dtypes or shapes do not fit, or ``xs`` is empty.

    Gradient: ``gy``, split again.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.hstack.

    Example:
        >>> F.hstack([np.array([1., 2.]), np.array([3.])]).array
        array([1., 2., 3.])
    """
    xs = [as_variable(x) for x in xs]
    ndim = xs[0].ndim if xs else 0
    if ndim == 0 and same_ndim(xs):
        xs = [reshape(x, (1,)) for x in xs]
    return Hstack(1 if ndim > 1 else 0).apply(xs)[0]
