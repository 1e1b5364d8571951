"""Observing values that are not reported otherwise, such as the learning rate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minigrad.named_arguments import checks_arguments
from minigrad.training.extension import PRIORITY_WRITER, make_extension
from minigrad.training.trainer_protocol import TrainerProtocol


@checks_arguments
def observe_value(
    observation_key: str, target_func: Callable[[TrainerProtocol], Any]
) -> Callable[[TrainerProtocol], None]:
    """Returns an extension that observes what a function returns, once per epoch.

    Args:
        observation_key: Name of the value.
        target_func: Takes the trainer and returns the value.

    Source: compatible with chainer.training.extensions.observe_value.

    Example:
        >>> from types import SimpleNamespace
        >>> extension = minigrad.training.extensions.observe_value(
        ...     'iteration', lambda trainer: trainer.updater.iteration)
        >>> trainer = SimpleNamespace(
        ...     updater=SimpleNamespace(iteration=7), observation={})
        >>> extension(trainer)
        >>> trainer.observation
        {'iteration': 7}
    """

    @make_extension(trigger=(1, 'epoch'), priority=PRIORITY_WRITER)
    def _observe_value(trainer: TrainerProtocol) -> None:
        trainer.observation[observation_key] = target_func(trainer)

    return _observe_value


@checks_arguments
def observe_lr(
    optimizer_name: str = 'main', observation_key: str = 'lr'
) -> Callable[[TrainerProtocol], None]:
    """Returns an extension that observes the learning rate, once per epoch.

    Args:
        optimizer_name: Name of the optimizer.
        observation_key: Name of the value.

    Source: compatible with chainer.training.extensions.observe_lr.

    Example:
        >>> extension = minigrad.training.extensions.observe_lr()
        >>> extension.trigger
        (1, 'epoch')
    """

    def learning_rate(trainer: TrainerProtocol) -> Any:
        optimizer = trainer.updater.get_optimizer(optimizer_name)
        # Adam and its variants, whose `lr` is the same value but warns.
        return (
            optimizer.alpha_t if hasattr(type(optimizer), 'alpha_t') else optimizer.lr
        )

    return observe_value(observation_key, learning_rate)
