"""The doctor: watches a training at little cost, and says what is wrong with it.

`watch` measures a step now and then, `rules_*` judge what was measured, `log` judges
the log of a run that has ended, `watching` puts them together.
"""

from minigrad.diagnosis.finding import Finding
from minigrad.diagnosis.log import diagnose_log
from minigrad.diagnosis.watching import Doctor, doctor

__all__ = ['Doctor', 'Finding', 'diagnose_log', 'doctor']
