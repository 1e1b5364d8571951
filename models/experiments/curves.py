"""Pictures of logs."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Any

WAYS = [('main/accuracy', '--', 'training'), ('validation/main/accuracy', '-', 'test')]


def draw(
    path: Path, logs: dict[str, list[dict[str, Any]]], scale: str = 'linear'
) -> None:
    """Draws the accuracies of trainings over their iterations, if matplotlib is there.

    Args:
        path: Where to; the ending of the name tells the format.
        logs: The log of each training, by its name.
        scale: Of the axis of iterations: 'linear' or 'log'.
    """
    if importlib.util.find_spec('matplotlib') is None:
        return
    # Not by pyplot, which would look for a screen.
    figure = importlib.import_module('matplotlib.figure').Figure(figsize=(6.4, 4.0))
    axes = figure.add_subplot()
    for i, (name, log) in enumerate(logs.items()):
        for key, style, what in WAYS:
            points = [(row['iteration'], row[key]) for row in log if key in row]
            if points:
                x, y = zip(*points, strict=True)
                axes.plot(x, y, style, color=f'C{i}', label=f'{name}, {what}')
    if not axes.has_data():
        return
    axes.set_xscale(scale)
    axes.set_xlabel('iteration')
    axes.set_ylabel('accuracy')
    axes.grid(True)
    axes.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, bbox_inches='tight')
