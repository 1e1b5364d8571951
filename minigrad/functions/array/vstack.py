"""Concatenation along the first axis."""

from __future__ import annotations

from typing import Any

from minigrad.functions.array.concat import Concat, same_ndim
from minigrad.functions.array.reshape import reshape
from minigrad.variable import Variable, as_variable


class Vstack(Concat):
    pass


def vstack(xs: Any) -> Variable:
    """Joins variables on top of each other: along axis 0, vectors as rows.

    Args:
        xs: Tuple or list of Variables or arrays of one dtype and number of axes, whose
            shapes are equal but for that axis.

    Returns:
        Variable, with two axes or more.

    Raises:
        InvalidType: Dtypes or shapes do not fit, or ``xs`` is empty.

    Gradient: ``gy``, split again.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.vstack.

    Example:
        >>> F.vstack([np.array([1., 2.]), np.array([3., 4.])]).array
        array([[1., 2.],
               [3., 4.]])
    """
    xs = [as_variable(x) for x in xs]
    ndim = xs[0].ndim if xs else 0
    if ndim < 2 and same_ndim(xs):
        xs = [reshape(x, (1, x.size)) for x in xs]
    return Vstack(0).apply(xs)[0]
