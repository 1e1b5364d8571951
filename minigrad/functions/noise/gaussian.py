"""Sampling from Gaussian distributions that are differentiated through."""

from __future__ import annotations

from typing import Any

from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions.math.elementary import exp
from minigrad.functions.noise._draw import normal_like
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array


class Gaussian(FunctionNode):
    arg_names = ('mean', 'ln_var')

    def __init__(self, eps: Array | None = None) -> None:
        self.eps = eps

    def check_type_forward(self, in_types: InputTypes) -> None:
        mean, ln_var = in_types
        if mean.dtype.kind != 'f':
            raise self.refuse("mean.dtype.kind == 'f'", mean.dtype)
        alike = (mean.dtype, mean.shape) == (ln_var.dtype, ln_var.shape)
        if not alike:
            raise self.refuse(
                'mean and ln_var of one dtype and shape',
                f'{mean.dtype} {mean.shape} and {ln_var.dtype} {ln_var.shape}',
            )

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((1,))
        mean, ln_var = inputs
        if self.eps is None:
            self.eps = normal_like(mean)
        self.eps = self.eps.astype(mean.dtype, copy=False)
        half = mean.dtype.type(0.5)
        return mean + get_array_module(mean).exp(ln_var * half) * self.eps

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (ln_var,) = self.get_retained_inputs()
        (gy,) = grad_outputs
        g_ln_var = None
        if 1 in indexes:
            g_ln_var = gy * (exp(ln_var * 0.5) * self.eps * 0.5)
        return gy, g_ln_var


@checks_arguments
def gaussian(
    mean: Any, ln_var: Any, *, eps: Array | None = None, return_eps: bool = False
) -> Any:
    """Draws from Gaussian distributions, ``mean + exp(ln_var / 2) * eps``.

    The noise ``eps`` comes from the standard normal distribution, so that gradients
    reach the parameters.

    Args:
        mean: Means, float, any shape.
        ln_var: Logarithms of the variances, the same shape and dtype.
        eps: Array like ``mean`` to use as noise.
        return_eps: Return the noise too.

    Returns:
        Variable of that shape and dtype; with ``return_eps`` a pair.

    Raises:
        InvalidType: The inputs are not float, or not alike.

    Gradient: ``gy`` for ``mean``, ``gy * exp(ln_var / 2) * eps / 2`` for ``ln_var``.
    Double backprop: yes.
    Kernels: reference.
    Source: Kingma and Welling 2013; compatible with chainer.functions.gaussian.

    Example:
        >>> F.gaussian(np.ones(2), np.zeros(2), eps=np.array([0., 3.])).array
        array([1., 4.])
    """
    node = Gaussian(eps)
    (y,) = node.apply((mean, ln_var))
    return (y, node.eps) if return_eps else y
