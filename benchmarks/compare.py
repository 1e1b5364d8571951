"""Two runs compared, each divided by its own control case."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def load(path: Path) -> dict[str, dict[str, Any]]:
    """Reads the results of a run by name."""
    document = json.loads(path.read_text())
    return {result['name']: result for result in document['results']}


def compare(base: Path, new: Path, max_ratio: float) -> int:
    """Prints how each case changed; returns 1 if one became slower beyond noise.

    A case counts as slower if its ratio of medians, divided by the control's, exceeds
    ``max_ratio`` and the difference exceeds both interquartile ranges. Nothing is judged
    if the control itself moved by more than 5 %.
    """
    old, now = load(base), load(new)
    control = 1.0
    if 'control' in old and 'control' in now:
        control = (
            now['control']['median']['control'] / old['control']['median']['control']
        )
    print(f'control {control:.3f}')
    if abs(control - 1) > 0.05:
        print('the machine itself changed by more than 5 %: nothing is judged')
        return 0
    slower = []
    for name in sorted(set(old) & set(now) - {'control'}):
        a, b = old[name], now[name]
        if 'minigrad' not in a['median'] or 'minigrad' not in b['median']:
            continue
        before, after = a['median']['minigrad'], b['median']['minigrad']
        change = after / before / control
        noise = max(a['iqr']['minigrad'], b['iqr']['minigrad'])
        worse = change > max_ratio and after - before > noise
        slower += [name] if worse else []
        print(
            f'{name:<24} {before:10.4g} -> {after:10.4g} {b["unit"]}  x{change:.3f}'
            f'{"  SLOWER" if worse else ""}'
        )
    return 1 if slower else 0
