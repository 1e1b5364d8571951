"""M-SVAG."""

from __future__ import annotations

import math
from typing import Any

from minigrad.optimizers._kernel_rule import KernelMethod, KernelRule


class MSVAGRule(KernelRule):
    """Update rule of `MSVAG`, with the same hyperparameters."""

    kernel = 'msvag'

    @property
    def beta_power(self) -> float:
        """``beta ** t``; a function of ``t``, so it needs no place in a snapshot."""
        return math.pow(self.hyperparam.beta, self.t)

    def hyperparameters(self) -> dict[str, Any]:
        return super().hyperparameters() | {'beta_power': self.beta_power}


class MSVAG(KernelMethod, rule=MSVAGRule):
    """M-SVAG: momentum whose elements shrink with the variance of the gradient.

    ``p -= eta * (lr * f * m + weight_decay_rate * p)``, where m is the running mean of
    the gradient without its bias and f = m ** 2 / (m ** 2 + variance of m).

    Args:
        lr: Learning rate.
        beta: Part of the moments that is kept.
        eta: Factor of the whole step, for warm restarts.
        weight_decay_rate: Decoupled weight decay.

    Source: Balles and Hennig 2017; compatible with chainer.optimizers.MSVAG.

    Example:
        >>> model = L.Linear(3, 2)
        >>> optimizer = minigrad.optimizers.MSVAG().setup(model)
        >>> optimizer.update(lambda x: F.sum(model(x)), np.ones((4, 3), np.float32))
        >>> optimizer.t
        1
    """

    lr: float = 0.1
    beta: float = 0.9
    eta: float = 1.0
    weight_decay_rate: float = 0
