"""The losses of variational autoencoders."""

from __future__ import annotations

import math
from typing import Any

from minigrad.functions.activation.softplus import softplus
from minigrad.functions.loss._labels import check_reduce
from minigrad.functions.math.average import average
from minigrad.functions.math.elementary import exp
from minigrad.functions.math.sum import sum as sum_of
from minigrad.named_arguments import checks_arguments
from minigrad.variable import Variable, as_variable


def _reduced(loss: Variable, reduce: str) -> Variable:
    if reduce == 'sum':
        return sum_of(loss)
    return average(loss) if reduce == 'mean' else loss


@checks_arguments
def gaussian_kl_divergence(mean: Any, ln_var: Any, reduce: str = 'sum') -> Variable:
    """Kullback-Leibler divergence of Gaussians from the standard Gaussian.

    ``(mean ** 2 + exp(ln_var) - ln_var - 1) / 2`` for each element.

    Args:
        mean: Means, float, any shape.
        ln_var: Logarithms of the variances, the same shape and dtype.
        reduce: ``'sum'``, ``'mean'`` or ``'no'``.

    Returns:
        Variable of that dtype, shape ``()`` or, with ``reduce='no'``, that of ``mean``.

    Raises:
        InvalidType: The dtypes differ.
        ValueError: ``reduce`` is not one of the above.

    Gradient: ``mean`` and ``(exp(ln_var) - 1) / 2`` times ``gy``.
    Double backprop: yes.
    Kernels: reference.
    Source: Kingma and Welling 2013; compatible with
        chainer.functions.gaussian_kl_divergence.

    Example:
        >>> F.gaussian_kl_divergence(np.array([0., 2.]), np.zeros(2))
        variable(2.)
    """
    check_reduce('gaussian_kl_divergence', reduce, 'sum', 'mean', 'no')
    mean, ln_var = as_variable(mean), as_variable(ln_var)
    return _reduced((mean * mean + exp(ln_var) - ln_var - 1) * 0.5, reduce)


@checks_arguments
def bernoulli_nll(x: Any, y: Any, reduce: str = 'sum') -> Variable:
    """Negative log-likelihood of values under Bernoulli distributions.

    ``log(1 + exp(y)) - x * y`` for each element.

    Args:
        x: Values in [0, 1], float, any shape.
        y: Logits of the probability of 1, the same shape and dtype.
        reduce: ``'sum'``, ``'mean'`` or ``'no'``.

    Returns:
        Variable of that dtype, shape ``()`` or, with ``reduce='no'``, that of ``x``.

    Raises:
        InvalidType: ``y`` is not float, or the dtypes differ.
        ValueError: ``reduce`` is not one of the above.

    Gradient: ``-y`` for ``x`` and ``sigmoid(y) - x`` for ``y``, times ``gy``.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.bernoulli_nll.

    Example:
        >>> F.bernoulli_nll(np.array([1., 0.]), np.array([1000., 0.]))
        variable(0.69314718)
    """
    check_reduce('bernoulli_nll', reduce, 'sum', 'mean', 'no')
    x, y = as_variable(x), as_variable(y)
    return _reduced(softplus(y) - x * y, reduce)


@checks_arguments
def gaussian_nll(x: Any, mean: Any, ln_var: Any, reduce: str = 'sum') -> Variable:
    """Negative log-likelihood of values under Gaussian distributions.

    Args:
        x: Values, float, any shape.
        mean: Means, the same shape and dtype.
        ln_var: Logarithms of the variances, the same shape and dtype.
        reduce: ``'sum'``, ``'mean'`` or ``'no'``.

    Returns:
        Variable of that dtype, shape ``()`` or, with ``reduce='no'``, that of ``x``.

    Raises:
        InvalidType: The dtypes differ.
        ValueError: ``reduce`` is not one of the above.

    Gradient: ``(x - mean) / variance`` for ``x``, minus that for ``mean``, and
        ``(1 - (x - mean) ** 2 / variance) / 2`` for ``ln_var``, times ``gy``.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.gaussian_nll.

    Example:
        >>> F.gaussian_nll(np.array([1.]), np.array([1.]), np.array([0.]))
        variable(0.91893853)
    """
    check_reduce('gaussian_nll', reduce, 'sum', 'mean', 'no')
    x, mean, ln_var = as_variable(x), as_variable(mean), as_variable(ln_var)
    diff = x - mean
    loss = (ln_var + math.log(2 * math.pi)) * 0.5 + diff * diff * exp(-ln_var) * 0.5
    return _reduced(loss, reduce)
