"""How the measuring hooks print what they found."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, TextIO

# Units from large to small for times, in seconds, and for memory, in bytes.
TIME_UNITS = {'sec': 1.0, 'ms': 1e-3, 'us': 1e-6, 'ns': 1e-9}
MEMORY_UNITS = {
    unit: 1024.0**power
    for power, unit in reversed(
        list(enumerate(['B', 'KB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB']))
    )
}

Summary = dict[str, dict[str, Any]]


def summarise(calls: Sequence[tuple[Any, ...]], quantities: Sequence[str]) -> Summary:
    """Adds up (function name, quantity, ...) by function, in order of first call."""
    summary: Summary = {}
    for name, *values in calls:
        record = summary.setdefault(
            name, {**dict.fromkeys(quantities, 0), 'occurrence': 0}
        )
        for quantity, value in zip(quantities, values, strict=False):
            record[quantity] += value
        record['occurrence'] += 1
    return summary


def choose_unit(value: float, units: dict[str, float]) -> str:
    """Returns the largest unit of which ``value`` is at least one; else the smallest."""
    unit = ''
    for unit, size in units.items():
        if abs(value) >= size:
            return unit
    return unit


def print_table(
    summary: Summary,
    columns: dict[str, str],
    units: dict[str, float],
    unit: str,
    file: TextIO | None,
) -> None:
    """Prints one right-aligned row per function.

    Args:
        summary: What `summarise` returned.
        columns: Heading of each quantity.
        units: Sizes of the units, largest first.
        unit: One of them; ``'auto'`` for the largest that fits a column, or
            ``'auto_foreach'`` for the largest that fits each number.
        file: Stream to write to; None is ``sys.stdout``.

    Raises:
        ValueError: There is no such unit.
    """
    if unit not in (*units, 'auto', 'auto_foreach'):
        names = ', '.join(['auto', 'auto_foreach', *units])
        raise ValueError(
            f'print_report: expected unit to be one of {names}, got {unit!r}'
        )
    unit_of = dict.fromkeys(columns, unit)
    if unit == 'auto':
        for quantity in columns:
            most = max([abs(r[quantity]) for r in summary.values()], default=0)
            unit_of[quantity] = choose_unit(most, units)
    rows = [['FunctionName', *columns.values(), 'Occurrence']]
    for name, record in summary.items():
        cells = []
        for quantity in columns:
            value, chosen = record[quantity], unit_of[quantity]
            if unit == 'auto_foreach':
                chosen = choose_unit(value, units)
            cells.append(f'{value / units[chosen]:.2f}{chosen}')
        rows.append([name, *cells, str(record['occurrence'])])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    file = sys.stdout if file is None else file
    for row in rows:
        line = '  '.join(cell.rjust(w) for cell, w in zip(row, widths, strict=True))
        file.write(f'{line}\n')
    if hasattr(file, 'flush'):
        file.flush()
