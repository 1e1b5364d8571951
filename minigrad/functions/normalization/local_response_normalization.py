"""Local response normalization: division by the activity of neighbouring channels."""

from __future__ import annotations

from typing import Any

from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions._axis import is_int
from minigrad.functions._derivative import derive
from minigrad.kernels import kernels_for
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable, as_array


class LocalResponseNormalization(FunctionNode):
    """``y = x * scale**-beta``, ``scale = k + alpha * window sum of x**2``."""

    fresh_gradients = True
    arg_names = ('x',)
    on_arrays = True

    def __init__(
        self, n: int = 5, k: float = 2, alpha: float = 1e-4, beta: float = 0.75
    ) -> None:
        if not is_int(n) or n < 1:
            raise ValueError(
                f'local_response_normalization: n must be an int of 1 or more, got {n!r}'
            )
        self.arguments = n, k, alpha, beta
        self.n, self.k, self.alpha, self.beta = self.arguments

    def check_type_forward(self, in_types: InputTypes) -> None:
        (x,) = in_types
        if x.dtype.kind != 'f':
            raise self.refuse("x.dtype.kind == 'f'", x.dtype)
        if x.ndim < 2:
            raise self.refuse('x.ndim >= 2 (N, C, ...)', x.ndim)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0,))
        self.retain_outputs((0,))
        (x,) = inputs
        y, self.scale = kernels_for(x).lrn(x, *self.arguments)
        return y

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (x,) = self.get_retained_inputs()
        (y,) = self.get_retained_outputs()
        function = LocalResponseNormalizationGrad(
            as_array(y), self.scale, self.arguments
        )
        return derive(function, x, grad_outputs[0])


class LocalResponseNormalizationGrad(FunctionNode):
    """``gx``, from ``x``, ``gy`` and what forward computed from ``x``."""

    arg_names = ('x', 'gy')

    def __init__(self, y: Array, scale: Array, arguments: Any) -> None:
        self._y, self._scale_ = y, scale
        self.arguments = arguments

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0, 1))
        x, gy = inputs
        gx = kernels_for(x).lrn_grad(x, self._y, self._scale_, gy, *self.arguments)
        del self._y, self._scale_
        return gx

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        # With s = scale, W the window sum (which is symmetric), c = 2 alpha beta:
        #   gx = gy s**-beta - c x W(x gy s**(-beta - 1))
        # s is a function of x here, so derivatives of any order are right.
        x, gy = self.get_retained_inputs()
        (ggx,) = grad_outputs
        n, k, alpha, beta = self.arguments
        c = 2 * alpha * beta
        s = k + alpha * _window_sum(x * x, n)
        p, q = s**-beta, s ** (-beta - 1)
        u = _window_sum(ggx * x, n)
        gradients: list[Variable] = []
        if 0 in indexes:
            # x stands before W, inside W, and in s.
            gs = gy * q * (c * (beta + 1) * u * x / s - beta * ggx)
            v = _window_sum(x * gy * q, n)
            gx = 2 * alpha * x * _window_sum(gs, n) - c * (ggx * v + u * gy * q)
            gradients.append(gx)
        if 1 in indexes:
            gradients.append(ggx * p - c * u * x * q)
        return gradients


class ChannelWindowSum(FunctionNode):
    """Sums the channels ``c - n // 2`` to ``c + n // 2`` for each ``c``; symmetric."""

    arg_names = ('x',)

    def __init__(self, n: int) -> None:
        self.n = n

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        y = x.copy()
        for i in range(1, self.n // 2 + 1):
            y[:, i:] += x[:, :-i]
            y[:, :-i] += x[:, i:]
        return y

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return ChannelWindowSum(self.n).apply(grad_outputs)


def _window_sum(x: Variable, n: int) -> Variable:
    return ChannelWindowSum(n).apply((x,))[0]


@checks_arguments
def local_response_normalization(
    x: Any, n: int = 5, k: float = 2, alpha: float = 1e-4, beta: float = 0.75
) -> Variable:
    """Divides each value by the activity of the channels around it.

    ``y[:, i] = x[:, i] / (k + alpha * sum_j x[:, j]**2)**beta`` with ``j`` from
    ``i - n // 2`` to ``i + n // 2``.

    Args:
        x: Feature maps, float, shape ``(N, C, ...)``.
        n: Width of the window of channels.
        k: Added to the activity.
        alpha: Factor of the sum; not divided by ``n``.
        beta: Exponent.

    Returns:
        Variable, shape and dtype of ``x``.

    Raises:
        InvalidType: ``x`` is not a float array with 2 axes or more.

    Gradient: through the activity too.
    Double backprop: yes, to any order (Chainer: none).
    Kernels: reference, numba, cupy.
    Source: Krizhevsky et al. 2012; compatible with
        chainer.functions.local_response_normalization.

    Example:
        >>> F.local_response_normalization(np.full((1, 3), 2.), 3, 1, 1, 1)
        variable([[0.22222222, 0.15384615, 0.22222222]])
    """
    return LocalResponseNormalization(n, k, alpha, beta).apply((x,))[0]
