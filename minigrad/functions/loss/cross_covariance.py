"""Penalties for features that vary together."""

from __future__ import annotations

from typing import Any

from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions._edges import masked
from minigrad.functions.array.transpose import transpose
from minigrad.functions.loss._labels import check_reduce
from minigrad.functions.loss._pair import wide
from minigrad.functions.math.average import average
from minigrad.functions.math.matmul import matmul
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


class _Covariance(FunctionNode):
    """The covariance ``y^T z / N`` of centred columns, or half its squared sum."""

    def __init__(self, reduce: str = 'half_squared_sum') -> None:
        check_reduce(self.public_name, reduce, 'half_squared_sum', 'no')
        self.reduce = reduce

    def check_type_forward(self, in_types: InputTypes) -> None:
        y, z = in_types[0], in_types[-1]
        name = self.arg_names[0]
        if y.dtype.kind != 'f':
            raise self.refuse(f"{name}.dtype.kind == 'f'", y.dtype)
        if y.ndim != 2 or z.ndim != 2:
            raise self.refuse('matrices (N, K)', f'{y.shape} and {z.shape}')
        if y.dtype != z.dtype or len(y) != len(z):
            raise self.refuse(
                'y and z with one dtype and number of rows',
                f'{y.dtype} {y.shape} and {z.dtype} {z.shape}',
            )

    def mask(self, covariance: Any) -> Any:
        """Leaves out the elements that are not penalised."""
        return covariance

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs(range(len(inputs)))
        dtype = wide(inputs[0].dtype)
        y, z = (x.astype(dtype) for x in (inputs[0], inputs[-1]))
        covariance = (y - y.mean(axis=0)).T @ (z - z.mean(axis=0))
        covariance = self.mask(covariance / dtype.type(len(y)))
        if self.reduce == 'half_squared_sum':
            covariance = (covariance * covariance).sum() * dtype.type(0.5)
        return covariance.astype(inputs[0].dtype)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        xs = self.get_retained_inputs()
        centred = [x - average(x, axis=0, keepdims=True) for x in xs]
        y, z = centred[0], centred[-1]
        g = grad_outputs[0] * (1 / len(y))
        if self.reduce == 'half_squared_sum':
            g = g * (matmul(y, z, transa=True) * (1 / len(y)))
        g = self.mask(g)
        # The columns of y and z sum to zero, and so do those of the gradients.
        if len(xs) == 1:
            return matmul(y, g + transpose(g))
        return matmul(z, g, transb=True), matmul(y, g)


class CrossCovariance(_Covariance):
    arg_names = ('y', 'z')


class DeCov(_Covariance):
    arg_names = ('h',)
    public_name = 'decov'

    def mask(self, covariance: Any) -> Any:
        """Leaves out the variances."""
        xp, size = get_array_module(covariance), len(covariance)
        return masked(covariance, ~xp.eye(size, dtype=bool))


@checks_arguments
def cross_covariance(y: Any, z: Any, reduce: str = 'half_squared_sum') -> Variable:
    """Cross-covariance penalty: half the squared covariances of two groups of features.

    Args:
        y: Features, float, shape ``(N, K)``.
        z: Other features, the same dtype, shape ``(N, M)``.
        reduce: ``'half_squared_sum'``, or ``'no'`` for the covariances themselves.

    Returns:
        Variable of that dtype, shape ``()`` or, with ``reduce='no'``, ``(K, M)``.

    Raises:
        InvalidType: The inputs are not float matrices of one dtype and length.
        ValueError: ``reduce`` is not one of the above.

    Gradient: the centred other features times the covariance, divided by ``N``.
    Double backprop: yes.
    Kernels: reference.
    Source: Cheung et al. 2014; compatible with chainer.functions.cross_covariance.

    Example:
        >>> F.cross_covariance(np.array([[1.], [3.]]), np.array([[0.], [4.]]))
        variable(2.)
    """
    return CrossCovariance(reduce).apply((y, z))[0]


@checks_arguments
def decov(h: Any, reduce: str = 'half_squared_sum') -> Variable:
    """DeCov loss: half the squared covariances of different features.

    Args:
        h: Features, float, shape ``(N, K)``.
        reduce: ``'half_squared_sum'``, or ``'no'`` for the covariances themselves.

    Returns:
        Variable of that dtype, shape ``()`` or, with ``reduce='no'``, ``(K, K)`` with
        zeros in the diagonal.

    Raises:
        InvalidType: ``h`` is not a float matrix.
        ValueError: ``reduce`` is not one of the above.

    Gradient: the centred features times the covariances of the others, times
        ``2 / N``.
    Double backprop: yes.
    Kernels: reference.
    Source: Cogswell et al. 2015; compatible with chainer.functions.decov.

    Example:
        >>> F.decov(np.array([[1., 0.], [3., 4.]]))
        variable(4.)
    """
    return DeCov(reduce).apply((h,))[0]
