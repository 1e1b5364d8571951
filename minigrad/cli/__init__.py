"""The command line, ``python -m minigrad COMMAND``: one module per command.

A module has ``HELP``, ``add_arguments(parser)`` and ``run(options)``, which returns the
exit status or None.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
from collections.abc import Sequence

from minigrad._version import __version__
from minigrad.dataset import DatasetError
from minigrad.graph import UnreadableModel
from minigrad.serializers import SnapshotError
from minigrad.utils.program import Parser, run


def commands() -> list[str]:
    """Returns the names of the commands: the public modules of this package."""
    names = [module.name for module in pkgutil.iter_modules(__path__)]
    return sorted(name for name in names if not name.startswith('_'))


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command.

    Args:
        arguments: Words of the command line; by default the program's.

    Returns:
        The exit status.
    """
    parser = Parser(prog='python -m minigrad')
    parser.add_argument('--version', action='version', version=__version__)
    subparsers = parser.add_subparsers(dest='command', required=True, metavar='COMMAND')
    modules = {}
    for name in commands():
        module = modules[name] = importlib.import_module(f'minigrad.cli.{name}')
        formatter = argparse.RawDescriptionHelpFormatter
        subparser = subparsers.add_parser(
            name,
            help=module.HELP,
            description=module.__doc__,
            formatter_class=formatter,
        )
        module.add_arguments(subparser)
    options = parser.parse_args(arguments)
    mistakes = [SnapshotError, UnreadableModel, DatasetError]
    return run(lambda: modules[options.command].run(options), mistakes)
