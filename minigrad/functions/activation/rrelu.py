"""The rectified linear unit with random slopes."""

from __future__ import annotations

from typing import Any

from minigrad.backend import get_array_module
from minigrad.configuration import config
from minigrad.function_node import InputTypes
from minigrad.functions.activation._activation import Activation, split_at_zero
from minigrad.functions.noise._draw import uniform_like
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.utils import argument


class RReLU(Activation):
    public_name = 'rrelu'
    on_arrays = True

    def __init__(
        self, lower: float = 1 / 8, upper: float = 1 / 3, r: Array | None = None
    ) -> None:
        if not 0 <= lower <= upper:
            raise ValueError(f'rrelu: expected 0 <= l <= u, got l={lower}, u={upper}')
        self.lower = lower
        self.upper = upper
        self.r = r

    def check_type_forward(self, in_types: InputTypes) -> None:
        super().check_type_forward(in_types)
        (x,) = in_types
        r = self.r
        if r is not None and (r.shape, r.dtype) != (x.shape, x.dtype):
            raise self.refuse('r of the shape and dtype of x', f'{r.dtype} {r.shape}')

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        xp = get_array_module(x)
        if not config.train:
            self.r = xp.full_like(x, (self.lower + self.upper) / 2)
        elif self.r is None:
            r = self.lower + (self.upper - self.lower) * uniform_like(x)
            self.r = xp.asarray(r, dtype=x.dtype)
        self.positive = x >= 0
        above, below = split_at_zero(x)
        return above + below * self.r

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (gy,) = grad_outputs
        return gy * (self.positive + ~self.positive * self.r)


@checks_arguments
def rrelu(
    x: Any,
    l: float = 1.0 / 8,  # noqa: E741 - Chainer's name
    u: float = 1.0 / 3,
    *,
    r: Array | None = None,
    return_r: bool = False,
    **kwargs: Any,
) -> Any:
    """Randomised leaky rectified linear unit: ``x`` where ``x >= 0``, else ``r * x``.

    In training each element has a slope of its own from the uniform distribution on
    [l, u); otherwise all slopes are ``(l + u) / 2``.

    Args:
        x: Variable or array, float, any shape.
        l: Lower bound of the slopes.
        u: Upper bound of the slopes.
        r: Array like ``x`` to use as slopes in training.
        return_r: Return the slopes too.
        kwargs: None; ``train`` is refused with a hint.

    Returns:
        Variable of the same shape and dtype; with ``return_r`` a pair.

    Raises:
        InvalidType: ``x`` is not float, or ``r`` does not fit.
        ValueError: The bounds are negative or in the wrong order.

    Gradient: ``gy`` where ``x >= 0``, else ``r * gy``.
    Double backprop: yes.
    Kernels: reference.
    Source: Xu et al. 2015; compatible with chainer.functions.rrelu.

    Example:
        >>> with minigrad.using_config('train', False):
        ...     F.rrelu(np.array([-1., 2.]), l=.2, u=.4).array
        array([-0.3,  2. ])
    """
    if kwargs:
        argument.parse_kwargs(kwargs, train=argument.NO_TRAIN)
    node = RReLU(l, u, r)
    (y,) = node.apply((x,))
    return (y, node.r) if return_r else y
