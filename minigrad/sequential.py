"""A chain that calls its items one after the other."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Self

from minigrad.chain_list import ChainList
from minigrad.link import Link


class Sequential(ChainList):
    """A list of links and functions; calling it calls them one after the other.

    A tuple that one item returns becomes the arguments of the next. Links among the items
    are the children, which are trained, saved and moved with it.

    Args:
        layers: Links, functions, or any other callables.

    Source: compatible with chainer.Sequential, down to the order in which it numbers its
        children, so that files match.

    Example:
        >>> model = minigrad.Sequential(L.Linear(3, 4), F.relu, L.Linear(4, 2))
        >>> model(np.zeros((5, 3), 'f')).shape
        (5, 2)
        >>> model.count_by_layer_type('relu')
        1
    """

    def __init__(self, *layers: Callable[..., Any]) -> None:
        super().__init__()
        self._layers: list[Any] = []
        for layer in layers:
            self.append(layer)

    def forward(self, *x: Any) -> Any:
        """Calls the items one after the other, the first with the arguments.

        Raises:
            RuntimeError: there are no items.
        """
        if not self._layers:
            raise RuntimeError('Sequential does not have any layer.')
        h: Any = x
        for layer in self._layers:
            h = layer(*h) if isinstance(h, tuple) else layer(h)
        return h

    # As a list

    def __len__(self) -> int:
        return len(self._layers)

    def __iter__(self) -> Iterator[Any]:
        yield from self._layers

    def __reversed__(self) -> Iterator[Any]:
        yield from reversed(self._layers)

    def __contains__(self, item: object) -> bool:
        return item in self._layers

    def __getitem__(self, i: Any) -> Any:
        """Returns the item at a position, or a list of the items of a slice."""
        return self._layers[i]

    def __setitem__(self, i: Any, layer: Any) -> None:
        """Replaces the item at a position."""
        if not -len(self) <= i < len(self):
            raise ValueError(f'{i} should be less than {len(self)}')
        _check_callable(layer)
        if self._layers[i] is not layer:
            i %= len(self)
            del self[i]
            self.insert(i, layer)

    def __delitem__(self, i: Any) -> None:
        """Removes the item at a position, or the items of a slice."""
        if isinstance(i, slice):
            for j in sorted(range(len(self))[i], reverse=True):
                del self[j]
            return
        layer = self._layers.pop(i)
        if isinstance(layer, Link):
            for j, child in enumerate(self._children):
                if child is layer:
                    del self._children[j]
                    break
            self._number_()

    def __add__(self, other: Sequential) -> Sequential:
        _check_sequential(other)
        return Sequential(*self, *other)

    def __iadd__(self, other: Iterable[Any]) -> Self:  # type: ignore[misc]
        _check_sequential(other)
        self.extend(other)
        return self

    def insert(self, i: int, layer: Any) -> None:
        """Inserts an item before a position.

        Raises:
            IndexError: the position is out of range.
            ValueError: the item cannot be called.
        """
        n = len(self)
        if not -n <= i <= n:
            raise IndexError(f'Index out of range: {i}')
        _check_callable(layer)
        if i < 0:
            i += n
        if isinstance(layer, Link):
            self._children.insert(self._child_position_(i), layer)
            self._number_()
        self._layers.insert(i, layer)

    def _child_position_(self, i: int) -> int:
        # Not the order of the layers, but the one that Chainer's snapshots have: a new
        # link goes behind the position that the first link before it has among all
        # layers. Append four links: they are numbered 0, 3, 2, 1.
        if i == 0:
            return 0
        links = (j for j in range(i) if isinstance(self._layers[j], Link))
        return next(links, 0) + 1

    def append(self, layer: Any) -> None:
        """Adds an item at the end."""
        self.insert(len(self), layer)

    def extend(self, sequential: Iterable[Any]) -> None:
        """Adds items at the end."""
        for layer in list(sequential):
            self.append(layer)

    def pop(self, i: int = -1) -> Any:
        """Removes the item at a position and returns it."""
        layer = self._layers[i]
        del self[i]
        return layer

    def remove(self, layer: Any) -> None:
        """Removes the first item that equals ``layer``.

        Raises:
            ValueError: there is none.
        """
        if layer not in self:
            raise ValueError(f'There is no layer object that is same as {layer}')
        del self[self.index(layer)]

    def clear(self) -> None:
        """Removes all items."""
        self._children.clear()
        self._layers.clear()

    def index(
        self, layer: Any, start: int | None = None, end: int | None = None
    ) -> int:
        """Returns the position of an item, counted from ``start``."""
        return self._layers[start:end].index(layer)

    def count(self, layer: Any) -> int:
        """Counts the items that equal ``layer``."""
        return self._layers.count(layer)

    def count_by_layer_type(self, type_name: str) -> int:
        """Counts the links of a class, or the functions, of that name."""
        return sum(_type_name(layer) == type_name for layer in self)

    def remove_by_layer_type(self, type_name: str) -> None:
        """Removes the links of a class, or the functions, of that name."""
        for layer in list(self):
            if _type_name(layer) == type_name:
                self.remove(layer)

    def flatten(self) -> Sequential:
        """Returns a `Sequential` in which nested ones are replaced by their items.

        Example:
            >>> inner = minigrad.Sequential(L.Linear(4, 4), F.relu)
            >>> len(minigrad.Sequential(inner, inner).flatten())
            4
        """
        ret = Sequential()
        for layer in self:
            if isinstance(layer, Sequential):
                ret.extend(layer.flatten())
            else:
                ret.append(layer)
        return ret

    # As a link

    def __str__(self) -> str:
        return self._show_children_(
            [(i, _describe(layer)) for i, layer in enumerate(self)]
        )

    def copy(self, mode: str = 'share') -> Sequential:
        """Copies the links as `Link.copy` does, and the other items shallowly."""
        return Sequential(
            *[
                layer.copy(mode) if isinstance(layer, Link) else copy.copy(layer)
                for layer in self
            ]
        )

    def copyparams(self, link: Link, copy_persistent: bool = True) -> None:
        """Copies the values of another `Sequential` of the same structure."""
        if not isinstance(link, Sequential):
            raise ValueError(
                'only a Sequential can be copied to a Sequential, '
                f'got {type(link).__name__}'
            )
        super().copyparams(link, copy_persistent)

    def __reduce__(self) -> Any:
        if any(_type_name(layer) == '<lambda>' for layer in self):
            raise ValueError(
                'This Sequential object has at least one lambda function as its '
                'component. Lambda functions can not be pickled; use functools.partial '
                'or a named function instead.'
            )
        return super().__reduce__()

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        # Unlike pickle, copying is no trouble with lambdas.
        ret = type(self).__new__(type(self))
        memo[id(self)] = ret
        ret.__dict__.update(copy.deepcopy(self.__dict__, memo))
        return ret


def _check_callable(layer: Any) -> None:
    if not callable(layer):
        hint = ''
        if isinstance(layer, (list, tuple)):
            hint = '\n  hint: give them one by one, Sequential(*layers)'
        raise ValueError(
            f'the items of a Sequential must be callable, but {layer!r} is not{hint}'
        )


def _check_sequential(other: Any) -> None:
    if not isinstance(other, Sequential):
        raise ValueError(
            'add (+) operator supports only objects of Sequential class, but '
            f'{type(other).__name__} is given.'
        )


def _type_name(layer: Any) -> str | None:
    if isinstance(layer, Link):
        return type(layer).__name__
    return getattr(layer, '__name__', None)


def _describe(layer: Any) -> str:
    if _type_name(layer) != '<lambda>':
        return str(layer)
    try:
        return inspect.getsource(layer).strip().rstrip(',')
    except OSError:  # typed at a prompt
        return str(layer)
