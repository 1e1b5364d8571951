"""Hooks that watch every function of a thread, forward and backward."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from minigrad.configuration import config
from minigrad.named_arguments import NamedArguments
from minigrad.types import Array

# The hooks stand among what a thread has configured, so that a function need ask only
# once whether anything is special about its thread.
_KEY = '_function_hooks'


def get_function_hooks() -> dict[str, FunctionHook]:
    """Returns the hooks of the current thread by name, in the order of their entry.

    Add to it by entering a hook, ``with hook:``, or by name as Chainer's programs do.

    Example:
        >>> with minigrad.function_hooks.TimerHook():
        ...     list(minigrad.get_function_hooks())
        ['TimerHook']
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


class FunctionHook(NamedArguments):
    """Base of hooks around the forward and backward of functions.

    Used as a context manager a hook sees every function of the thread; given to
    `FunctionNode.add_hook` it sees that function alone. ``in_data`` and ``out_grad``
    are tuples of arrays, None where there is none. To see what a function returns, or to
    measure it without other hooks around it, override `run_forward` and `run_backward`.

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

    def run_forward(
        self,
        function: Any,
        forward: Callable[[tuple[Array, ...]], Any],
        in_data: tuple[Array, ...],
    ) -> Any:
        """Runs a function's forward and returns what it returned, or something else.

        Args:
            function: The function.
            forward: Its forward, or the same method of another hook.
            in_data: What to call it with.
        """
        return forward(in_data)

    def run_backward(
        self,
        function: Any,
        backward: Callable[[tuple[int, ...], tuple[Any, ...]], Any],
        target_input_indexes: tuple[int, ...],
        grad_outputs: tuple[Any, ...],
    ) -> Any:
        """Runs a function's backward and returns what it returned, or something else.

        Args:
            function: The function.
            backward: Its backward, or the same method of another hook.
            target_input_indexes: Inputs whose gradient is wanted.
            grad_outputs: Variables, or arrays for a function that works ``on_arrays``;
                None where there is no gradient.
        """
        return backward(target_input_indexes, grad_outputs)


class LocalHooks:
    """The hooks of one function, beside those of its thread."""

    _local_function_hooks: dict[str, FunctionHook] | None = None

    @property
    def local_function_hooks(self) -> dict[str, FunctionHook]:
        """The hooks of this node alone, by name."""
        if self._local_function_hooks is None:
            self._local_function_hooks = {}
        return self._local_function_hooks

    @property
    def _n_local_function_hooks(self) -> int:
        return len(self._local_function_hooks or ())

    def _hooks_(self) -> list[FunctionHook]:
        return list(
            {**get_function_hooks(), **(self._local_function_hooks or {})}.values()
        )

    def add_hook(self, hook: FunctionHook, name: str | None = None) -> None:
        """Registers a hook on this node alone.

        Raises:
            TypeError: ``hook`` is no FunctionHook.
            KeyError: There is one of that name.
        """
        if not isinstance(hook, FunctionHook):
            raise TypeError(
                f'add_hook: expected a FunctionHook, got {type(hook).__name__}'
            )
        name = hook.name if name is None else name
        if name in self.local_function_hooks:
            raise KeyError(f'hook {name} already exists')
        self.local_function_hooks[name] = hook
        hook.added(self)

    def delete_hook(self, name: str) -> None:
        """Removes a hook of this node.

        Raises:
            KeyError: There is none of that name.
        """
        if name not in self.local_function_hooks:
            raise KeyError(f'hook {name} does not exist')
        self.local_function_hooks.pop(name).deleted(self)


def asks_for_hooks() -> bool:
    """Tells whether the current thread has function hooks."""
    return _KEY in config.__dict__
