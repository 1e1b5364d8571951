"""Carries the import hook into processes that are started by spawn and forkserver.

Such a child imports the program's main module again, which imports ``chainer``. What
`multiprocessing` sends to a child ahead of that is a pickled dictionary: an entry is
added that prepares the child when it is unpickled.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.forkserver
import multiprocessing.spawn
import runpy
import sys
from pathlib import Path
from typing import Any

ENTRY = 'minigrad.chainer'


class _Prepare:
    """When it is unpickled, runs ``_child.py`` with what this process has enabled."""

    def __reduce__(self) -> tuple[Any, ...]:
        from minigrad.chainer import alias, old_names

        replace = any(
            isinstance(finder, alias.Finder) and finder.replace
            for finder in sys.meta_path
        )
        settings = {'replace': replace, 'old_names': old_names.settings()}
        # By path: in the child nothing says yet where minigrad is.
        script = Path(__file__).with_name('_child.py')
        return runpy.run_path, (str(script), {'settings': settings}, '__prepare__')


_original = multiprocessing.spawn.get_preparation_data


def _preparation_data(name: str) -> dict[str, Any]:
    data = _original(name)
    from minigrad.chainer import old_names

    data = {ENTRY: _Prepare(), **old_names.prepared(data)}
    if name == 'ignore':
        # A fork server reads nothing but what it has been told by name, so it must not
        # import the main module; each child does.
        data = {k: v for k, v in data.items() if not k.startswith(('main_', 'init_'))}
    return data


def follow() -> None:
    """Lets children started from now on have the hook too."""
    multiprocessing.spawn.get_preparation_data = _preparation_data
