"""Hooks that watch every function of a thread, forward and backward."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

from minigrad.configuration import config
from minigrad.types import Array

# The hooks stand among what a thread has configured, so that a function need ask only
# once whether anything is special about its thread.
_KEY = '_function_hooks'


def get_function_hooks() -> dict[str, FunctionHook]:
    """Returns the hooks of the current thread by name, in the order of their entry.

    Add to it by entering a hook, ``with hook:``, or by name as Chainer's programs do.
    """
    return _Hooks.of_thread()


class _Hooks(dict[str, 'FunctionHook']):
    """The hooks of a thread; listed in its configuration while there are any."""

    @classmethod
    def of_thread(cls) -> _Hooks:
        hooks = vars(config).get(_KEY)
        return cls() if hooks is None else hooks

    def __setitem__(self, name: str, hook: FunctionHook) -> None:
        super().__setitem__(name, hook)
        vars(config)[_KEY] = self

    def __delitem__(self, name: str) -> None:
        super().__delitem__(name)
        if not self:
            vars(config).pop(_KEY, None)

    def pop(self, name: str) -> FunctionHook:  # type: ignore[override]
        hook = self[name]
        del self[name]
        return hook


class FunctionHook:
    """Base of hooks around the forward and backward of functions.

    Used as a context manager a hook sees every function of the thread; given to
    `FunctionNode.add_hook` it sees that function alone. ``in_data`` and ``out_grad``
    are tuples of arrays, None where there is none.

    Source: compatible with chainer.FunctionHook.

    Example:
        >>> class Names(minigrad.FunctionHook):
        ...     name = 'names'
        ...     def forward_preprocess(self, function, in_data):
        ...         print(function.label)
        >>> with Names():
        ...     y = F.relu(np.ones(2, 'f'))
        ReLU
    """

    name = 'FunctionHook'

    def __enter__(self) -> Self:
        hooks = get_function_hooks()
        if self.name in hooks:
            raise KeyError(f'hook {self.name} already exists')
        hooks[self.name] = self
        self.added(None)
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        get_function_hooks().pop(self.name)
        self.deleted(None)

    def added(self, function: Any) -> None:
        """Called when the hook is registered; ``function`` is None for the thread."""

    def deleted(self, function: Any) -> None:
        """Called when the hook is removed."""

    def forward_preprocess(self, function: Any, in_data: tuple[Array, ...]) -> None:
        """Called before a function's forward."""

    def forward_postprocess(self, function: Any, in_data: tuple[Array, ...]) -> None:
        """Called after a function's forward."""

    def backward_preprocess(
        self, function: Any, in_data: tuple[Array, ...], out_grad: tuple[Array, ...]
    ) -> None:
        """Called before a function's backward."""

    def backward_postprocess(
        self, function: Any, in_data: tuple[Array, ...], out_grad: tuple[Array, ...]
    ) -> None:
        """Called after a function's backward."""
