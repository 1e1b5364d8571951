"""Sampling from categorical distributions, made differentiable."""

from __future__ import annotations

from typing import Any

from minigrad.functions.activation.softmax import softmax
from minigrad.named_arguments import checks_arguments
from minigrad.variable import Variable, as_variable


@checks_arguments
def gumbel_softmax(log_pi: Any, tau: float = 0.1, axis: int = 1) -> Variable:
    """Draws almost one-hot vectors: ``softmax((log_pi + g) / tau)``, ``g`` Gumbel noise.

    Args:
        log_pi: Logarithms of the probabilities, float, shape ``(N, C, ...)``.
        tau: Temperature; small ones give vectors close to one-hot.
        axis: The axis of the categories.

    Returns:
        Variable of the same shape and dtype; 1 for a ``log_pi`` without axes.

    Raises:
        InvalidType: ``log_pi`` is not float, or has no such axis.

    Gradient: that of the softmax, divided by ``tau``.
    Double backprop: yes.
    Kernels: reference, numba, cupy.
    Source: Jang et al. 2016; compatible with chainer.functions.gumbel_softmax.

    Example:
        >>> y = F.gumbel_softmax(np.zeros((2, 3)))
        >>> bool(abs(y.array.sum(axis=1) - 1).max() < 1e-6)
        True
    """
    log_pi = as_variable(log_pi)
    xp = log_pi.xp
    if log_pi.ndim < 1:
        return Variable(xp.ones((), log_pi.dtype))
    noise = xp.random.gumbel(size=log_pi.shape).astype(log_pi.dtype)
    return softmax((log_pi + noise) / tau, axis=axis)
