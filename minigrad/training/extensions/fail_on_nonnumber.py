"""Ending a training that has diverged."""

from __future__ import annotations

from minigrad.backend import get_array_module
from minigrad.training.extension import Extension
from minigrad.training.trainer_protocol import TrainerProtocol


class FailOnNonNumber(Extension):
    """Raises when a parameter holds NaN or infinity.

    Source: compatible with chainer.training.extensions.FailOnNonNumber.

    Example:
        >>> fail = minigrad.training.extensions.FailOnNonNumber()
        >>> fail.trigger
        (1, 'iteration')
    """

    def __call__(self, trainer: TrainerProtocol) -> None:
        """Looks at all parameters of all optimizers.

        Raises:
            RuntimeError: One holds NaN or infinity; the message names it.
        """
        for name, optimizer in trainer.updater.get_all_optimizers().items():
            for path, param in optimizer.target.namedparams():
                if param.array is None:
                    continue
                if not get_array_module(param.array).isfinite(param.array).all():
                    raise RuntimeError(
                        f"Kill the process since parameters in optimizer '{name}' "
                        f'diverge: {path} holds NaN or infinity at iteration '
                        f'{trainer.updater.iteration}. R.I.P.'
                    )
