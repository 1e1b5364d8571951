"""One process fails: the others shall end too, and not wait for it forever."""

from __future__ import annotations

import os
import sys
import time
import warnings
from types import TracebackType
from typing import Any

_orig_except_hook: Any = None
_asked_for = False  # by the user, not by us
VARIABLES = (
    'CHAINERMN_FORCE_ABORT_ON_EXCEPTIONS',
    'CHAINERMN_FORCE_ABORT_ON_EXCEPTION',
)
# The launcher reads what was written through a pipe, and forgets it when it ends all.
_SECONDS_TO_READ = 0.5


def _global_except_hook(
    exctype: type[BaseException], value: BaseException, traceback: TracebackType | None
) -> None:
    """Shows the exception as usual, and ends all processes."""
    try:
        (_orig_except_hook or sys.__excepthook__)(exctype, value, traceback)
    finally:
        from mpi4py import MPI

        rank = MPI.COMM_WORLD.Get_rank()
        sys.stderr.write(
            f'\nchainermn: uncaught {exctype.__name__} on rank {rank}, whose traceback '
            'is above; calling MPI_Abort() to end the other processes too\n'
        )
        sys.stdout.flush()
        sys.stderr.flush()
        time.sleep(_SECONDS_TO_READ)
        MPI.COMM_WORLD.Abort(130 if issubclass(exctype, KeyboardInterrupt) else 1)


def add_hook() -> None:
    """Makes an uncaught exception of one process end all of them, by ``MPI_Abort``.

    Python would wait at its exit for the others, which wait for it. `create_communicator`
    calls this where there is more than one process, so a program need not.

    Warns:
        UserWarning: It was called before.

    Source: compatible with chainermn.global_except_hook.add_hook, which a program has to
        call, or to ask for by CHAINERMN_FORCE_ABORT_ON_EXCEPTIONS.
    """
    global _asked_for
    if _asked_for:
        warnings.warn(
            'chainermn.global_except_hook.add_hook() seems to be called multiple times. '
            'Ignoring.',
            stacklevel=2,
        )
        return
    _asked_for = True
    add_hook_once()


def add_hook_once() -> None:
    """The same, in silence: for `create_communicator`."""
    global _orig_except_hook
    if sys.excepthook is _global_except_hook:
        return
    _orig_except_hook = sys.excepthook
    sys.excepthook = _global_except_hook


def _add_hook_if_enabled() -> None:
    if any(os.environ.get(name) for name in VARIABLES):
        add_hook()
