"""SMORMS3."""

from __future__ import annotations

from minigrad.optimizers._kernel_rule import KernelMethod, KernelRule
from minigrad.parameter import Parameter


class SMORMS3Rule(KernelRule):
    """Update rule of `SMORMS3`, with the same hyperparameters."""

    kernel = 'smorms3'

    def init_state(self, param: Parameter) -> None:
        super().init_state(param)
        self.state['mem'].fill(1)


class SMORMS3(KernelMethod, rule=SMORMS3Rule):
    """SMORMS3: RMSprop whose memory and rate follow the noise of the gradient.

    ``p -= g * min(lr, x) / (sqrt(g2) + eps)``, where g2 is a running mean of g ** 2 and x
    the square of a running mean of g over g2. Both are taken over about mem steps, a
    memory that shrinks when x is large.

    Args:
        lr: Largest learning rate.
        eps: Keeps the denominator from zero.

    Source: Funk 2015 (sifter.org/~simon/journal/20150420.html); compatible with
    chainer.optimizers.SMORMS3.

    Example:
        >>> model = L.Linear(3, 2)
        >>> optimizer = minigrad.optimizers.SMORMS3().setup(model)
        >>> optimizer.update(lambda x: F.sum(model(x)), np.ones((4, 3), np.float32))
        >>> optimizer.t
        1
    """

    lr: float = 0.001
    eps: float = 1e-16
