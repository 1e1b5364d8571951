"""The swish function."""

from __future__ import annotations

from typing import Any

from minigrad.functions._edges import masked
from minigrad.functions.activation._per_channel import PerChannel, extended
from minigrad.functions.activation.sigmoid import sigmoid, sigmoid_array
from minigrad.functions.math.sum_to import sum_to
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


class Swish(PerChannel):
    arg_names = ('x', 'beta')

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0, 1))
        x, beta = inputs
        s = sigmoid_array(x * extended(beta, x.ndim))
        return masked(x, s != 0) * s

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        x, beta = self.get_retained_inputs()
        (gy,) = grad_outputs
        beta_extended = extended(beta, x.ndim)
        s = sigmoid(x * beta_extended)
        # Where a factor is 0, an infinite x has no part in the product.
        bent = s.array * (1 - s.array) != 0
        slope = masked(x, bent) * s * (1 - s)
        gx = gbeta = None
        if 0 in indexes:
            gx = gy * (s + slope * beta_extended)
        if 1 in indexes:
            gbeta = sum_to(gy * masked(x, bent) * slope, beta_extended.shape)
            gbeta = gbeta.reshape(beta.shape)
        return gx, gbeta


@checks_arguments
def swish(x: Any, beta: Any) -> Variable:
    """Swish, ``x * sigmoid(beta * x)``.

    Args:
        x: Variable or array, float, shape ``(N, ...)``.
        beta: Parameter, dtype of ``x``, shape of the leading axes of ``x`` after the
            first: ``()`` for one, ``(C,)`` for one per channel.

    Returns:
        Variable of the shape and dtype of ``x``.

    Raises:
        InvalidType: ``x`` is not float, or ``beta`` does not fit.

    Gradient: ``gy * (s + beta * y * (1 - s))`` for ``x``, with ``s`` the sigmoid; the sum
        of ``gy * y * (x - y)`` for ``beta``.
    Double backprop: yes.
    Kernels: reference.
    Source: Ramachandran et al. 2017; compatible with chainer.functions.swish.

    Example:
        >>> F.swish(np.array([[0., 1000.]]), np.array(1.)).array
        array([[   0., 1000.]])
    """
    return Swish().apply((x, beta))[0]
