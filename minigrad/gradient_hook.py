"""Hooks that learn, while a backward runs, which gradients are final."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from minigrad.configuration import config

if TYPE_CHECKING:
    from minigrad.backprop import Gradients
    from minigrad.function_node import FunctionNode
    from minigrad.variable import Variable, VariableNode

    Accumulate = Callable[[Gradients, VariableNode], Variable | None]
    Passed = Callable[[FunctionNode, Gradients], None]


_NOBODY = nullcontext()
_KEY = '_gradient_hooks'  # stands in a thread's configuration, as function hooks do


class GradientHook:
    """Calls a function as soon as the gradient of a leaf is final.

    Inside the ``with`` block each `Variable.backward` and `minigrad.backward` of this
    thread calls ``callback(variable)`` once for every leaf that gets a gradient, in the
    order in which they become final: ``variable.grad`` holds the whole gradient, with
    what was there before, and no function that is still to run adds to it. So a program
    can send gradients to other processes while backward goes on. On a GPU the gradient
    is computed by kernels that are queued on the current stream and may not have ended.

    Args:
        callback: Called with the Variable. It may read ``grad`` and write into it. What
            it raises ends the backward.

    Example:
        >>> x, w = minigrad.Parameter(np.ones(2)), minigrad.Parameter(np.ones(2))
        >>> loss = F.sum(F.exp(x) * w)
        >>> with minigrad.GradientHook(lambda v: print('w' if v is w else 'x')):
        ...     loss.backward()
        w
        x
    """

    def __init__(self, callback: Callable[[Variable], Any]) -> None:
        self._callback = callback

    def __enter__(self) -> Self:
        own = vars(config)
        own[_KEY] = _Hooks([*own.get(_KEY, ()), self])
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        own = vars(config)
        hooks = _Hooks(own[_KEY])
        # The last one: the same hook may have been entered twice.
        del hooks[max(i for i, hook in enumerate(hooks) if hook is self)]
        if hooks:
            own[_KEY] = hooks
        else:
            del own[_KEY]

    def gradient_final(self, variable: Variable) -> None:
        """Called when the gradient of ``variable`` is final."""
        self._callback(variable)


class _Hooks(list[GradientHook]):
    """The hooks of a thread, and the backward that they watch at the moment."""

    countdown: Countdown | None = None


def countdown_of_thread() -> Countdown | None:
    """Returns what counts in the backward that this thread runs; None if nobody asks."""
    hooks = vars(config).get(_KEY)
    return None if hooks is None else hooks.countdown


def counting_down(
    seeds: Iterable[VariableNode], accumulate: Accumulate
) -> AbstractContextManager[Passed | None]:
    """Tells the hooks of the thread what becomes final inside the block.

    Args:
        seeds: Nodes that the backward starts from.
        accumulate: Takes the gradient of a leaf out of the table and adds it to what
            the leaf holds.

    Returns:
        A context that gives what to call with each function that has run; None if there
        are no hooks, or if this backward runs inside another one, which tells for it.
    """
    hooks = vars(config).get(_KEY)
    if hooks is None or hooks.countdown is not None:
        return _NOBODY
    return _counting_down(Countdown(seeds, accumulate, hooks), hooks)


@contextmanager
def _counting_down(countdown: Countdown, hooks: _Hooks) -> Iterator[Passed]:
    hooks.countdown = countdown
    try:
        yield countdown.passed
        countdown.end()
    finally:
        hooks.countdown = None


class Countdown:
    """Counts the functions that will still add to the gradient of each leaf."""

    def __init__(
        self, seeds: Iterable[VariableNode], accumulate: Accumulate, hooks: _Hooks
    ) -> None:
        self._accumulate = accumulate
        self._hooks_ = hooks
        self._uses: dict[VariableNode, int] = {}
        self._reaching_further = 0  # functions that add to others than their inputs
        self._complete: list[VariableNode] = []  # but for what those functions add
        self._untold: dict[int, Variable] = {}
        functions = {y._creator_node: None for y in seeds if y._creator_node}
        found = list(functions)
        while found:
            function = found.pop()
            self._reaching_further += function.reaches_further
            for x in function.inputs or ():
                if not x._requires_grad:
                    continue
                creator = x._creator_node
                if creator is None:
                    self._uses[x] = self._uses.get(x, 0) + 1
                elif creator not in functions:
                    functions[creator] = None
                    found.append(creator)

    def passed(self, function: FunctionNode, gradients: Gradients) -> None:
        """Notes that a function has run; accumulates and tells what is final now.

        Args:
            function: The function.
            gradients: What has arrived; what is final is taken out.
        """
        self._reaching_further -= function.reaches_further
        for x in function.inputs or ():
            if x in self._uses:
                self._uses[x] -= 1
                if not self._uses[x]:
                    self._complete.append(x)
        if self._reaching_further:
            return
        for x in self._complete:
            if x in gradients:
                variable = self._accumulate(gradients, x)
                if variable is not None:
                    self._tell(variable)
        self._complete.clear()

    def stored(self, variable: Variable) -> None:
        """Notes that ``grad`` changed in another way; told when all is over."""
        self._untold[id(variable)] = variable

    def end(self) -> None:
        """Tells what is left; called when the whole backward is over."""
        for variable in list(self._untold.values()):
            self._tell(variable)

    def _tell(self, variable: Variable) -> None:
        self._untold.pop(id(variable), None)
        for hook in list(self._hooks_):
            hook.gradient_final(variable)
