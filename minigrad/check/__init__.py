"""``python -m minigrad check``: what works on this machine, in two minutes."""

from minigrad.check.catalogue import all_checks
from minigrad.check.checks import Check
from minigrad.check.report import Outcome, Report, run_checks

__all__ = ['Check', 'Outcome', 'Report', 'all_checks', 'run_checks']
