"""The rectified linear unit with learnt slopes."""

from __future__ import annotations

from typing import Any

from minigrad.functions._edges import masked
from minigrad.functions.activation._activation import split_at_zero
from minigrad.functions.activation._per_channel import PerChannel, extended
from minigrad.functions.math.sum_to import sum_to
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


class PReLUFunction(PerChannel):
    arg_names = ('x', 'W')
    public_name = 'prelu'

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0, 1))
        x, W = inputs
        above, below = split_at_zero(x)
        return above + below * extended(W, x.ndim)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        x, W = self.get_retained_inputs()
        (gy,) = grad_outputs
        positive = x.array >= 0
        W_extended = extended(W, x.ndim)
        gx = gW = None
        if 0 in indexes:
            gx = masked(gy, positive) + masked(gy, ~positive) * W_extended
        if 1 in indexes:
            below = masked(gy, ~positive) * masked(x, ~positive)
            gW = sum_to(below, W_extended.shape).reshape(W.shape)
        return gx, gW


@checks_arguments
def prelu(x: Any, W: Any) -> Variable:
    """Parametric rectified linear unit: ``x`` where ``x >= 0``, else ``W * x``.

    Args:
        x: Variable or array, float, shape ``(N, ...)``.
        W: Slopes, dtype of ``x``, shape of the leading axes of ``x`` after the first:
            ``()`` for one slope, ``(C,)`` for one per channel.

    Returns:
        Variable of the shape and dtype of ``x``.

    Raises:
        InvalidType: ``x`` is not float, or ``W`` does not fit.

    Gradient: ``gy`` or ``gy * W`` for ``x``; the sum of ``gy * x`` over ``x < 0`` for
        ``W``.
    Double backprop: yes.
    Kernels: reference.
    Source: He et al. 2015; compatible with chainer.functions.prelu.

    Example:
        >>> F.prelu(np.array([[-1., 2.]]), np.array([.5, .5])).array
        array([[-0.5,  2. ]])
    """
    return PReLUFunction().apply((x, W))[0]
