"""What the programs of this project share: a wrong argument, a missing file, Ctrl-C."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from minigrad.backend import get_device
from minigrad.suggestions import near_miss


class Parser(argparse.ArgumentParser):
    """An argument parser that says in one line what is wrong."""

    def error(self, message: str) -> NoReturn:
        """Ends the program with status 2."""
        found = re.match('unrecognized arguments: (--[^ =]+)', message)
        meant = None if found is None else self._meant(found[1])
        also = '' if meant is None else f'; did you mean {meant}?'
        self.exit(2, f'{self.prog}: {one_line(message)}{also} (see --help)\n')

    def _meant(self, option: str) -> str | None:
        own = [name for name in self._option_string_actions if name.startswith('--')]
        if option == '--gpu' and '--device' in own:  # as Chainer's examples call it
            return "--device '@cupy:0'"
        return near_miss(option, own)


class ProgramError(Exception):
    """Ends a program with a line in place of a traceback."""


# What a user can mend: files that are missing, damaged or forbidden, and packages.
MISTAKES: tuple[type[Exception], ...] = (ProgramError, OSError, ImportError)


def run(
    program: Callable[[], Any],
    mistakes: Sequence[type[Exception]] = (),
    lost: str = 'what was not saved yet is lost',
) -> int:
    """Runs a program; returns its exit status.

    Args:
        program: Returns the status, or None for 0.
        mistakes: Further errors that are said in one line, with status 2.
        lost: What to say after Ctrl-C, status 130.
    """
    try:
        return int(program() or 0)
    except KeyboardInterrupt:
        sys.stderr.write(f'\ninterrupted: {lost}\n')
        return 130
    except (*MISTAKES, *mistakes) as error:
        sys.stderr.write(f'error: {one_line(str(error))}\n')
        return 2


def one_line(text: str) -> str:
    r"""Returns a message and its hint in one line.

    Example:
        >>> from minigrad.utils.program import one_line
        >>> one_line('there is no card\n  hint: check the driver')
        'there is no card; check the driver'
    """
    lines = [line.strip().removeprefix('hint: ') for line in text.splitlines()]
    return '; '.join([line for line in lines if line])


def device(text: str) -> str:
    """Returns a device specifier, for ``type=`` of an argument, if there is one.

    Raises:
        ArgumentTypeError: The machine has no such device, or it is not set up.
    """
    try:
        get_device(text)
    except (RuntimeError, ValueError, TypeError) as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def positive(text: str) -> int:
    """Returns a number of one or more, for ``type=`` of an argument.

    Raises:
        ArgumentTypeError: It is less, or no whole number.
    """
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(
            f'expected a whole number of 1 or more, got {text}'
        )
    return number
