"""Decorrelated batch normalization: channels become uncorrelated, in groups."""

from __future__ import annotations

import math
from typing import Any

import numpy

from minigrad.configuration import config
from minigrad.functions._check import Checker
from minigrad.functions.array.cast import cast
from minigrad.functions.array.expand_dims import expand_dims
from minigrad.functions.array.reshape import reshape
from minigrad.functions.array.swapaxes import swapaxes
from minigrad.functions.loss._pair import wide
from minigrad.functions.math.average import average
from minigrad.functions.math.matmul import matmul
from minigrad.functions.normalization._whitening import inverse_square_root
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable, as_variable


def _check(function: str, groups: int, x: Variable, **statistics: Variable) -> None:
    check = Checker(function, x=x, **statistics)
    if x.dtype.kind != 'f':
        raise check.refuse("x.dtype.kind == 'f'", x.dtype)
    if x.ndim < 2:
        raise check.refuse('x.ndim >= 2', x.ndim)
    if x.shape[1] % groups != 0:
        rule = f'a number of channels that groups={groups} divides'
        raise check.refuse(rule, x.shape[1])
    size = x.shape[1] // groups
    for ndim, (name, value) in enumerate(statistics.items(), start=1):
        shape = (groups, *[size] * ndim)
        if not _fits(value.dtype, x.dtype):
            raise check.refuse(f'{name}.dtype == x.dtype', value.dtype)
        if value.shape != shape:
            raise check.refuse(f'{name}.shape == {shape}', value.shape)


def _fits(dtype: Any, x_dtype: Any) -> bool:
    """Whether statistics of a dtype go with an input: float32 ones with float16 too."""
    if dtype == x_dtype or (dtype, x_dtype) == (numpy.float32, numpy.float16):
        return True
    return not config.type_check


def _grouped(x: Variable, groups: int) -> Variable:
    """Returns the values of each channel in a row: ``(groups, C / groups, m)``."""
    values = len(x) * math.prod(x.shape[2:])
    return reshape(swapaxes(x, 0, 1), (groups, x.shape[1] // groups, values))


def _ungrouped(y: Variable, shape: tuple[int, ...]) -> Variable:
    return swapaxes(reshape(y, (shape[1], shape[0], *shape[2:])), 0, 1)


@checks_arguments
def decorrelated_batch_normalization(
    x: Any,
    *,
    groups: int = 16,
    eps: float = 2e-5,
    running_mean: Array | None = None,
    running_projection: Array | None = None,
    decay: float = 0.9,
) -> Variable:
    """Whitens groups of channels by the mean and covariance of the batch.

    ``y = (covariance + eps) ** -1/2 (x - mean)`` in each group (ZCA): the result is as
    near to ``x`` as uncorrelated channels can be.

    Args:
        x: Variable or array, float, shape ``(N, C, ...)``.
        groups: Number of groups, a divisor of ``C``.
        eps: Added to the variances.
        running_mean: Running average of the mean, shape ``(groups, C / groups)``,
            updated in place; None for none.
        running_projection: Running average of the matrix, shape
            ``(groups, C / groups, C / groups)``, updated in place; None for none.
        decay: Weight of the past in the running averages.

    Returns:
        Variable, shape and dtype of ``x``.

    Raises:
        InvalidType: ``x`` is not float, has fewer than 2 axes, or channels that
            ``groups`` does not divide.

    Gradient: through the mean and the covariance too, right for equal eigenvalues.
    Double backprop: yes, to any order.
    Kernels: reference.
    Source: Huang et al. 2018; compatible with
        chainer.functions.decorrelated_batch_normalization, which cannot be
        differentiated twice.

    Example:
        >>> x = np.array([[1., 1.], [-1., -1.], [1., -1.], [-1., 1.]]) * [1, 5]
        >>> F.decorrelated_batch_normalization(x, groups=1, eps=0.).array[:2].round(3)
        array([[ 1.,  1.],
               [-1., -1.]])
    """
    x = as_variable(x)
    _check('decorrelated_batch_normalization', groups, x)
    if not x.size:  # nothing to normalize, and nothing to learn from
        return x * 1.0  # type: ignore[no-any-return]
    dtype = wide(x.dtype)  # there is no decomposition in float16
    x_hat = _grouped(cast(x, dtype), groups)
    size, m = x_hat.shape[1:]
    mean = average(x_hat, axis=2, keepdims=True)
    x_hat = x_hat - mean
    noise = eps * x.xp.eye(size, dtype=dtype)
    covariance = matmul(x_hat, x_hat, transb=True) / m + noise
    projection = inverse_square_root(covariance)
    if running_mean is not None:
        running_mean *= decay
        running_mean += ((1 - decay) * mean.array[..., 0]).astype(running_mean.dtype)
    if running_projection is not None:
        unbiased = m / max(m - 1, 1)
        step = ((1 - decay) * unbiased) * projection.array
        running_projection *= decay
        running_projection += step.astype(running_projection.dtype)
    return cast(_ungrouped(matmul(projection, x_hat), x.shape), x.dtype)


@checks_arguments
def fixed_decorrelated_batch_normalization(
    x: Any, mean: Any, projection: Any, groups: int = 16
) -> Variable:
    """Whitens groups of channels by a given mean and matrix, as after training.

    Args:
        x: Variable or array, float, shape ``(N, C, ...)``.
        mean: Dtype of ``x``, or float32 for a float16 ``x``; shape ``(groups, C /
            groups)``.
        projection: Dtype of ``x``, or float32 for a float16 ``x``; shape ``(groups, C /
            groups, C / groups)``.
        groups: Number of groups, a divisor of ``C``.

    Returns:
        Variable, shape and dtype of ``x``.

    Raises:
        InvalidType: The dtypes or the shapes do not fit.

    Gradient: to all three inputs.
    Double backprop: yes, to any order.
    Kernels: reference.
    Source: Huang et al. 2018; compatible with
        chainer.functions.fixed_decorrelated_batch_normalization, whose gradients of
        ``mean`` and ``projection`` are wrong.

    Example:
        >>> x, mean = np.array([[3., 5.]]), np.array([[1., 1.]])
        >>> F.fixed_decorrelated_batch_normalization(x, mean, np.eye(2)[None], 1).array
        array([[2., 4.]])
    """
    x, mean, projection = as_variable(x), as_variable(mean), as_variable(projection)
    _check(
        'fixed_decorrelated_batch_normalization',
        groups,
        x,
        mean=mean,
        projection=projection,
    )
    dtype = wide(x.dtype)
    x_hat = _grouped(cast(x, dtype), groups) - expand_dims(cast(mean, dtype), 2)
    y = _ungrouped(matmul(cast(projection, dtype), x_hat), x.shape)
    return cast(y, x.dtype)
