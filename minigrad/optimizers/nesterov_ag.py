"""Nesterov's accelerated gradient."""

from __future__ import annotations

from minigrad.optimizers._kernel_rule import KernelMethod, KernelRule


class NesterovAGRule(KernelRule):
    """Update rule of `NesterovAG`, with the same hyperparameters."""

    kernel = 'nesterov_ag'


class NesterovAG(KernelMethod, rule=NesterovAGRule):
    """Nesterov's accelerated gradient.

    ``v = momentum * v - lr * g; p += momentum ** 2 * v - (1 + momentum) * lr * g``.
    This is Chainer's formula, kept so that its programs train alike. Equation 7 of the
    paper has the velocity before its update in the second step; in terms of the new one,
    that is ``p += momentum * v - lr * g``, the step of PyTorch's SGD(nesterov=True).

    Args:
        lr: Learning rate.
        momentum: Part of the velocity that is kept.
        as_published: Take the step of the paper.

    Source: after Bengio et al. 2012 (arXiv 1212.0901); compatible with
    chainer.optimizers.NesterovAG.

    Example:
        >>> model = L.Linear(3, 2)
        >>> optimizer = minigrad.optimizers.NesterovAG().setup(model)
        >>> optimizer.update(lambda x: F.sum(model(x)), np.ones((4, 3), np.float32))
        >>> optimizer.t
        1
    """

    lr: float = 0.01
    momentum: float = 0.9
    as_published: bool = False
