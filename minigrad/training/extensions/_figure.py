"""Figures drawn without a screen, where matplotlib is installed."""

from __future__ import annotations

import importlib
import importlib.util
import warnings
from typing import Any


def is_available() -> bool:
    """Tells whether matplotlib is installed, and warns if it is not."""
    if importlib.util.find_spec('matplotlib') is not None:
        return True
    warnings.warn(
        'matplotlib is not installed on your environment, so nothing will be plotted at '
        'this time.\n  hint: pip install matplotlib'
    )
    return False


def new_figure(**options: Any) -> Any:
    """Returns an empty figure that can only be saved.

    pyplot stays out of it: neither the backend nor the current figure of the program
    change, and it works from any thread.
    """
    figure = importlib.import_module('matplotlib.figure').Figure(**options)
    importlib.import_module('matplotlib.backends.backend_agg').FigureCanvasAgg(figure)
    return figure
