"""The cases, by family."""

from __future__ import annotations

from benchmarks.cases import core, models
from benchmarks.harness import Case

FAMILIES: dict[str, list[Case]] = {
    'core': core.CASES,
    'models': models.CASES,
}


def find(name: str) -> Case:
    """Returns the case of that name."""
    for cases in FAMILIES.values():
        for case in cases:
            if case.name == name:
                return case
    raise KeyError(name)
