"""Lists of links, which are links themselves."""

from __future__ import annotations

import numbers
from collections.abc import Iterator, MutableSequence
from typing import Any, Self, overload

from minigrad.link import Link
from minigrad.parameter import Parameter


class ChainList(Link, MutableSequence[Link]):
    """A link made of other links, which are its items: a list of links.

    The children are named by their positions, ``'0'``, ``'1'``, and so on.

    Args:
        links: Child links.

    Source: compatible with chainer.ChainList.

    Example:
        >>> layers = minigrad.ChainList(L.Linear(3, 4), L.Linear(4, 2))
        >>> layers.append(L.Linear(2, 1))
        >>> [path for path, _ in layers.namedlinks(skipself=True)]
        ['/0', '/1', '/2']
    """

    _unregistered_link_ = (
        'was assigned to an attribute of a ChainList',
        'add it with "self.append(link)", or derive the class from Chain',
    )

    def __init__(self, *links: Link) -> None:
        super().__init__()
        self._children: list[Link] = []
        for link in links:
            self.add_link(link)

    def __str__(self) -> str:
        return self._show_children_(
            [(name, str(child)) for name, child in self._named_children_()]
        )

    def _register_(self, name: str, value: Parameter | Link) -> bool:
        if isinstance(value, Link):
            raise TypeError(
                'cannot register a new link within a "with chainlist.init_scope():" '
                'block; use append'
            )
        return super()._register_(name, value)

    def _number_(self) -> None:
        for i, child in enumerate(self._children):
            child.name = str(i)

    @overload
    def __getitem__(self, index: int) -> Link: ...

    @overload
    def __getitem__(self, index: slice) -> list[Link]: ...

    def __getitem__(self, index: int | slice) -> Link | list[Link]:
        """Returns the child at a position, or the children of a slice."""
        return self._children[index]

    def __setitem__(self, index: Any, value: Any) -> None:
        """Replaces the child at a position, or the children of a slice."""
        if not isinstance(index, (numbers.Integral, slice)):
            raise TypeError(
                'ChainList indices must be integers or slices, '
                f'not {type(index).__name__}'
            )
        self._children[index] = value
        self._number_()

    def __delitem__(self, index: int | slice) -> None:
        del self._children[index]
        self._number_()

    def insert(self, index: int, link: Link) -> None:
        """Inserts a child before a position.

        Raises:
            TypeError: It is no link.
        """
        if not isinstance(link, Link):
            hint = ''
            if isinstance(link, (list, tuple)):
                hint = '\n  hint: give them one by one, ChainList(*links)'
            raise TypeError(
                f'ChainList: expected a link, got a {type(link).__name__}{hint}'
            )
        self._children.insert(index, link)
        self._number_()

    def add_link(self, link: Link) -> None:
        """Appends a child."""
        self.append(link)

    def __iter__(self) -> Iterator[Link]:
        return iter(self._children)

    def __len__(self) -> int:
        return len(self._children)

    def children(self) -> Iterator[Link]:
        """Yields the items."""
        return iter(list(self._children))

    def _named_children_(self) -> Iterator[tuple[str, Link]]:
        for i, child in enumerate(self._children):
            yield str(i), child

    def _share_(self) -> Self:
        ret = super()._share_()
        ret._children = [child.copy('share') for child in self._children]
        ret._number_()
        return ret
