"""Hooks that run before and after the forward method of links."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from minigrad.named_arguments import NamedArguments

if TYPE_CHECKING:
    from minigrad.link import Link


class _Hooks(threading.local):
    def __init__(self) -> None:
        self.by_name: dict[str, LinkHook] = {}


_hooks = _Hooks()


def get_link_hooks() -> dict[str, LinkHook]:
    """Returns the hooks that are active for every link in this thread, by name."""
    return _hooks.by_name


class ForwardPreprocessArgs:
    """What a hook is told before a forward method runs.

    Attributes:
        link: The link.
        forward_name: Name of its method, ``'forward'``.
        args: Positional arguments of the call.
        kwargs: Keyword arguments of the call.
    """

    def __init__(
        self,
        link: Link,
        forward_name: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        self.link = link
        self.forward_name = forward_name
        self.args = args
        self.kwargs = kwargs

    def __repr__(self) -> str:
        values = ', '.join([f'{key}={value!r}' for key, value in vars(self).items()])
        return f'<{type(self).__name__} {values}>'


class ForwardPostprocessArgs(ForwardPreprocessArgs):
    """What a hook is told after a forward method has run.

    Attributes:
        out: What the method returned; the others as in `ForwardPreprocessArgs`.
    """

    def __init__(
        self,
        link: Link,
        forward_name: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        out: Any,
    ) -> None:
        super().__init__(link, forward_name, args, kwargs)
        self.out = out


class LinkHook(NamedArguments):
    """Base class of objects that watch the forward methods of links.

    Used as a context manager a hook watches every link that the thread calls inside the
    block; ``link.add_hook(hook)`` lets it watch one link until ``link.delete_hook(name)``.
    A subclass overrides any of the four methods.

    Attributes:
        name: Name of the hook, unique among those that watch the same link.

    Example:
        >>> class Names(minigrad.LinkHook):
        ...     name = 'Names'
        ...     def forward_preprocess(self, args):
        ...         print(type(args.link).__name__)
        >>> with Names():
        ...     y = L.Linear(3, 2)(np.zeros((1, 3), 'f'))
        Linear
    """

    name = 'LinkHook'

    def __enter__(self) -> Self:
        hooks = get_link_hooks()
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
        self.deleted(None)
        del get_link_hooks()[self.name]

    def added(self, link: Link | None) -> None:
        """Called when the hook starts to watch ``link`` (None: every link)."""

    def deleted(self, link: Link | None) -> None:
        """Called when the hook stops watching ``link`` (None: every link)."""

    def forward_preprocess(self, args: ForwardPreprocessArgs) -> None:
        """Called before a link's forward method."""

    def forward_postprocess(self, args: ForwardPostprocessArgs) -> None:
        """Called after a link's forward method."""


class LocalLinkHooks:
    """The part of a link that keeps the hooks which watch it alone."""

    _local_link_hooks: dict[str, LinkHook] | None = None

    @property
    def local_link_hooks(self) -> dict[str, LinkHook]:
        """The hooks that watch this link alone, by name."""
        if self._local_link_hooks is None:
            self._local_link_hooks = {}
        return self._local_link_hooks

    def add_hook(self, hook: LinkHook, name: str | None = None) -> Self:
        """Lets a hook watch this link, and returns the link.

        Args:
            hook: The hook.
            name: Name to register it by; None takes ``hook.name``.

        Raises:
            TypeError: ``hook`` is not a `LinkHook`.
            KeyError: a hook of that name is there already.
        """
        if not isinstance(hook, LinkHook):
            raise TypeError(f'Hook must be of type LinkHook, got {type(hook).__name__}')
        name = hook.name if name is None else name
        if name in self.local_link_hooks:
            raise KeyError(f'Hook {name} already exists')
        self.local_link_hooks[name] = hook
        hook.added(self)  # type: ignore[arg-type]  # a link
        return self

    def delete_hook(self, name: str) -> None:
        """Stops the hook of that name from watching this link.

        Raises:
            KeyError: no hook has that name.
        """
        if name not in self.local_link_hooks:
            raise KeyError(f'Hook {name} does not exist')
        self.local_link_hooks[name].deleted(self)  # type: ignore[arg-type]
        del self.local_link_hooks[name]
