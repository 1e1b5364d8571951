"""Chains: links made of other links, which are their attributes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self

from minigrad.link import OUTSIDE_INIT_SCOPE, Link
from minigrad.parameter import Parameter
from minigrad.sorted_names import SortedNames


class Chain(Link):
    """A link made of other links, which are its attributes.

    A link assigned to an attribute inside ``with self.init_scope():`` becomes a child: it
    is trained, saved, copied and moved with the chain. Children are visited in the
    alphabetical order of their names.

    Args:
        links: Child links, by name.

    Source: compatible with chainer.Chain.

    Example:
        >>> class MLP(minigrad.Chain):
        ...     def __init__(self):
        ...         super().__init__()
        ...         with self.init_scope():
        ...             self.l1 = L.Linear(None, 5)
        ...             self.l2 = L.Linear(5, 2)
        ...     def forward(self, x):
        ...         return self.l2(F.relu(self.l1(x)))
        >>> MLP()(np.zeros((4, 3), 'f')).shape
        (4, 2)
        >>> MLP()
        MLP(
          (l1): Linear(in_size=None, out_size=5, nobias=False),
          (l2): Linear(in_size=5, out_size=2, nobias=False),
        )
    """

    _children: SortedNames
    _unregistered_link_ = OUTSIDE_INIT_SCOPE

    def __init__(self, **links: Link) -> None:
        super().__init__()
        self._children = SortedNames()
        for name, link in links.items():
            self.add_link(name, link)

    def __str__(self) -> str:
        return self._show_children_(
            [(name, str(child)) for name, child in self._named_children_()]
        )

    def __getitem__(self, name: str) -> Any:
        """Returns the attribute of that name."""
        return getattr(self, name)

    def _register_(self, name: str, value: Parameter | Link) -> bool:
        if not isinstance(value, Link):
            return super()._register_(name, value)
        if hasattr(self, name):
            raise AttributeError(f'cannot register a new link {name}: attribute exists')
        value.name = name
        self._children.add(name)
        return True

    def __delattr__(self, name: str) -> None:
        self._children.discard(name)
        super().__delattr__(name)

    def add_link(self, name: str, link: Link) -> None:
        """Registers a child link.

        Args:
            name: Name of the child, and of the attribute.
            link: The child.

        Raises:
            AttributeError: the attribute exists already.
            TypeError: ``link`` is not a link.
        """
        self._check_new_(name, 'link')
        if not isinstance(link, Link):
            raise TypeError(
                f'cannot register a non-link object as a child: {type(link).__name__}'
            )
        with self.init_scope():
            setattr(self, name, link)

    def children(self) -> Iterator[Link]:
        """Yields the direct child links, in the order of their names."""
        values = self.__dict__
        return iter([values[name] for name in self._children.sorted])

    def _named_children_(self) -> Iterator[tuple[str, Link]]:
        for name in self._children:
            yield name, self.__dict__[name]

    def _share_(self) -> Self:
        ret = super()._share_()
        ret._children = SortedNames(self._children)
        for name, child in self._named_children_():
            copied = child.copy('share')
            copied.name = name
            ret.__dict__[name] = copied
        return ret
