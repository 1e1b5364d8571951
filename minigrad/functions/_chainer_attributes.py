"""Chainer's names of what a node of a spatial function was given.

Here such a node holds a spec; programs that look into a graph ask it for ``sy`` or
``kh``.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, TypeVar

Node = TypeVar('Node', bound=type)


def reads(path: str, *names: str, **renamed: str) -> Callable[[Node], Node]:
    """Gives a class of nodes properties that read what one of its attributes holds.

    Args:
        path: The attribute, such as ``'spec'``, which the node has after it was applied.
        *names: Names of the properties, and of what they read.
        **renamed: Property and what it reads, where the names differ; ``size[0]`` is the
            first number of a tuple.

    Example:
        >>> from minigrad.functions._chainer_attributes import reads
        >>> @reads('spec', 'real', height='imag')
        ... class Node:
        ...     spec = 1 + 2j
        >>> Node().real, Node().height
        (1.0, 2.0)
    """

    def decorate(cls: Node) -> Node:
        for name, source in {**dict(zip(names, names, strict=True)), **renamed}.items():
            setattr(cls, name, property(_getter(f'{path}.{source}')))
        return cls

    return decorate


def _getter(path: str) -> Callable[[Any], Any]:
    path, _, index = path.partition('[')
    get = operator.attrgetter(path)
    if not index:
        return get
    i = int(index.removesuffix(']'))
    return lambda node: get(node)[i]
