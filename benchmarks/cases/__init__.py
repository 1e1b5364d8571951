"""The cases, by family."""

from __future__ import annotations

from benchmarks.cases import core, models, ops
from benchmarks.harness import Case

FAMILIES: dict[str, list[Case]] = {
    'core': core.CASES,
    'models': models.CASES,
    'ops': ops.CASES,
}


def find(name: str) -> Case:
    """Returns the case of that name."""
    from benchmarks import growth

    grown = [case for cases in growth.CASES.values() for _, case in cases]
    own = [case for cases in FAMILIES.values() for case in cases]
    for case in (*own, *grown):
        if case.name == name:
            return case
    raise KeyError(name)
