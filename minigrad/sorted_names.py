"""Sets of names that are visited in alphabetical order."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, MutableSet


class SortedNames(MutableSet[str]):
    """The names of parameters, persistent values or children of a link.

    They are always visited in alphabetical order: that order decides how random numbers,
    updates and files line up, so it must not depend on hashes. They are visited several
    times in every step of a training and hardly ever change, so they are sorted when they
    do.

    Args:
        names: In any order.

    Attributes:
        sorted: The names in order.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.sorted = tuple(sorted(set(names)))

    def __contains__(self, name: object) -> bool:
        return name in self.sorted

    def __iter__(self) -> Iterator[str]:
        return iter(self.sorted)

    def __len__(self) -> int:
        return len(self.sorted)

    def __repr__(self) -> str:
        return f'{{{", ".join(map(repr, self.sorted))}}}'

    def add(self, value: str) -> None:
        self.sorted = tuple(sorted({*self.sorted, value}))

    def discard(self, value: str) -> None:
        self.sorted = tuple([name for name in self.sorted if name != value])

    # What a set has besides, for programs that reach for it.

    def copy(self) -> SortedNames:
        return SortedNames(self.sorted)

    def update(self, *others: Iterable[str]) -> None:
        self.sorted = SortedNames(itertools.chain(self.sorted, *others)).sorted

    def union(self, *others: Iterable[str]) -> SortedNames:
        return SortedNames(itertools.chain(self.sorted, *others))
