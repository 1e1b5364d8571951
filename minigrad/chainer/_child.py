"""Runs first in a spawned process, by path: see `children`."""

import sys
from pathlib import Path
from typing import Any


def prepare(replace: bool, old_names: Any) -> None:
    """Enables here what the parent has enabled.

    Args:
        replace: Whether an installed Chainer is replaced.
        old_names: The parent's ``old_names.settings()``.
    """
    try:
        import minigrad
    except ImportError:
        sys.path.append(str(Path(__file__).parents[2]))
    import minigrad.chainer.old_names

    minigrad.chainer.enable(replace)
    minigrad.chainer.old_names.apply(old_names)


if __name__ == '__prepare__':
    prepare(**globals()['settings'])
