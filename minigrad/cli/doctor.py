"""Judges a training by the log that it left.

python -m minigrad doctor result
"""

from __future__ import annotations

import argparse

from minigrad.diagnosis import diagnose_log
from minigrad.utils import strict_json

HELP = 'say what was wrong with a training, by its log'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of this command."""
    parser.add_argument(
        'result',
        metavar='RESULT',
        help='output folder of a training, or the file that LogReport wrote',
    )
    parser.add_argument('--classes', type=int, help='number of classes')
    parser.add_argument('--json', action='store_true', help='print JSON')


def run(options: argparse.Namespace) -> int:
    """Runs this command; the status is 1 if there are findings."""
    from minigrad.utils.program import ProgramError

    try:
        findings = diagnose_log(options.result, options.classes)
    except (OSError, ValueError) as error:
        raise ProgramError(str(error)) from error
    if options.json:
        print(strict_json.dumps([f.to_dict() for f in findings], indent=1))
    else:
        print('\n'.join(map(str, findings)) or f'{options.result}: nothing found')
    return int(bool(findings))
