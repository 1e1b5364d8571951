"""Tries what this machine computes with: kernels, training, and on a GPU what it adds.

Goes on after each failure, those checks first that matter most. Ends with a summary to
read and to paste into a report, and with status 1 if anything failed.
"""

from __future__ import annotations

import argparse

from minigrad.backend import GpuDevice, get_device
from minigrad.check import all_checks, run_checks
from minigrad.utils import program

HELP = 'try kernels and training on this machine, and say what works'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds device, time and folder."""
    parser.add_argument(
        '--device',
        type=program.device,
        default='@numpy',
        help="'@numpy' (default) or '@cupy:0'",
    )
    parser.add_argument(
        '--minutes', type=float, default=2.0, help='no check begins later (default 2)'
    )
    parser.add_argument('--out', help='folder for check.json; written as it goes')


def run(options: argparse.Namespace) -> int:
    """Runs the checks and prints the report."""
    device = get_device(options.device)
    device.use()
    report = run_checks(
        all_checks(device),
        device,
        seconds=60 * options.minutes,
        folder=options.out,
        progress=True,
    )
    print(report)
    if not isinstance(device, GpuDevice):
        print('A GPU would be asked by --device @cupy:0; see python -m minigrad info')
    return 1 if report.failures else 0
