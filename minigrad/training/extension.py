"""The base class of extensions: objects that the training loop calls at times."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeVar

from minigrad.named_arguments import NamedArguments, checks_arguments
from minigrad.serializer import AbstractSerializer
from minigrad.training.trainer_protocol import TrainerProtocol
from minigrad.utils.argument import parse_kwargs

# Extensions that write observations are called before those that edit them, and both
# before those that only read.
PRIORITY_WRITER = 300
PRIORITY_EDITOR = 200
PRIORITY_READER = 100
# From here downwards extensions are called when the triggers of all others have been
# asked: a snapshot that held some triggers unasked would fire them twice on resume.
PRIORITY_SNAPSHOT = -100

Function = TypeVar('Function', bound=Callable[..., Any])

INVOKE_BEFORE_TRAINING = (
    'invoke_before_training is gone since Chainer 2; use initializer=, or '
    'call_before_training= of Trainer.extend'
)


class Extension(NamedArguments):
    """Base class of trainer extensions; any callable that takes the trainer works too.

    Attributes:
        trigger: When it is called unless `Trainer.extend` says otherwise.
        priority: Extensions of higher priority are called first. `PRIORITY_WRITER`
            (300) adds observations, `PRIORITY_EDITOR` (200) changes them,
            `PRIORITY_READER` (100) reads them, `PRIORITY_SNAPSHOT` (-100) comes when
            all triggers have been asked.
        name: The name under which it is registered; set by `Trainer.extend`.

    Source: compatible with chainer.training.Extension.

    Example:
        >>> class Greeting(minigrad.training.Extension):
        ...     trigger = (1, 'epoch')
        ...     def __call__(self, trainer):
        ...         print(f'epoch {trainer.updater.epoch} is done')
        >>> Greeting().default_name
        'Greeting'
    """

    trigger: Any = (1, 'iteration')
    priority: Any = PRIORITY_READER
    name: str | None = None

    @property
    def default_name(self) -> str:
        """The name it gets when none is given: that of its class."""
        return type(self).__name__

    def __call__(self, trainer: TrainerProtocol) -> Any:
        """Does the work; called when the trigger fires."""
        raise NotImplementedError(
            f'{type(self).__name__} does not define __call__(self, trainer)'
        )

    def initialize(self, trainer: TrainerProtocol) -> None:
        """Called before the loop starts, after a snapshot was loaded.

        What is not in a snapshot, such as a learning rate that this extension changed,
        is to be set again here.
        """

    def on_error(
        self, trainer: TrainerProtocol, exc: Exception, tb: TracebackType | None
    ) -> None:
        """Called when the loop raised, before `finalize`."""

    def finalize(self) -> None:
        """Called when the loop has ended, however it ended."""

    def serialize(self, serializer: AbstractSerializer) -> None:
        """Saves or loads what changes during training."""


@checks_arguments
def make_extension(
    trigger: Any = None,
    default_name: str | None = None,
    priority: int | None = None,
    finalizer: Callable[[], None] | None = None,
    initializer: Callable[[TrainerProtocol], None] | None = None,
    on_error: Callable[..., None] | None = None,
    **kwargs: Any,
) -> Callable[[Function], Function]:
    """Returns a decorator that sets how a function is used as an extension.

    Args:
        trigger: When it is called; at every iteration by default.
        default_name: Its name; that of the function by default.
        priority: Its place in the order of extensions.
        finalizer: Called when the loop has ended.
        initializer: Called with the trainer before the loop starts.
        on_error: Called with the trainer, the exception and its traceback when the loop
            raised.
        **kwargs: Nothing; Chainer's ``invoke_before_training`` gets a message.

    Returns:
        A decorator that sets these as attributes and returns the function itself.

    Source: compatible with chainer.training.make_extension.

    Example:
        >>> @minigrad.training.make_extension(trigger=(10, 'epoch'))
        ... def halve_lr(trainer):
        ...     trainer.updater.get_optimizer('main').lr *= 0.5
        >>> halve_lr.trigger, halve_lr.default_name
        ((10, 'epoch'), 'halve_lr')
    """
    parse_kwargs(kwargs, invoke_before_training=INVOKE_BEFORE_TRAINING)

    def decorate(function: Function) -> Function:
        extension: Any = function
        extension.trigger = Extension.trigger if trigger is None else trigger
        extension.default_name = (
            function.__name__ if default_name is None else default_name
        )
        extension.priority = Extension.priority if priority is None else priority
        extension.finalize = finalizer
        extension.initialize = initializer
        extension.on_error = on_error
        return function

    return decorate
