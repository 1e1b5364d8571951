"""An extension that watches for common mistakes of training."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable
from statistics import fmean
from types import TracebackType
from typing import Any

from minigrad import diagnosis
from minigrad.diagnosis.examples import examine_datasets
from minigrad.diagnosis.finding import Finding
from minigrad.diagnosis.log import row_of
from minigrad.serializers.atomic import atomic_write, remove_unfinished
from minigrad.training.extensions._claim import ReportFile
from minigrad.training.extensions.evaluator import Evaluator
from minigrad.training.trainer_protocol import TrainerProtocol
from minigrad.utils import strict_json
from minigrad.variable import Variable


def show_above_the_bar(text: str) -> None:
    """Prints a finding; on a terminal in place of the bar, which is redrawn below."""
    clear = '\r\033[J' if sys.stdout.isatty() else ''
    print(f'{clear}{text}', flush=True)


class Doctor(ReportFile):
    """Watches the training, and reports what is wrong with it, each thing once.

    It measures a step now and then, which costs at most about 3 % of the time, and looks
    at the means of each epoch. Findings are printed, and written to ``doctor.json`` in
    the output folder. Names and thresholds are in the documentation, under "The doctor".

    Args:
        show: Called with the text of each finding; None for nothing.
        filename: Name of the file inside ``trainer.out``; None writes none.

    Attributes:
        findings: What was found, in the order of finding.

    Example:
        >>> doctor = minigrad.training.extensions.Doctor()
        >>> doctor.findings
        []
    """

    trigger = (1, 'iteration')
    priority = 60  # after the table

    def __init__(
        self,
        show: Callable[[str], Any] | None = show_above_the_bar,
        filename: str | None = 'doctor.json',
    ) -> None:
        self._show_ = show
        self._filename = filename
        self._path: str | None = None
        self._doctors: dict[str, diagnosis.Doctor] = {}
        self._means: dict[str, list[float]] = {}
        self._looked_at: Any = None
        self._error_: Exception | None = None
        self.findings: list[Finding] = []

    def initialize(self, trainer: TrainerProtocol) -> None:
        """Begins to watch the models of all optimizers, and looks at the data.

        Raises:
            RuntimeError: Another process that runs writes the same file.
        """
        super().initialize(trainer)
        if self._filename is not None:
            self._path = os.path.join(trainer.out, self._filename)
            folder, own = os.path.split(self._path)
            remove_unfinished(folder, lambda name: name == own)
        updater: Any = trainer.updater
        for name, optimizer in updater.get_all_optimizers().items():
            doctor = diagnosis.Doctor(optimizer.target, optimizer, self._add)
            self._doctors[name] = doctor
            doctor.start()
        for finding in self._examine(trainer):
            if finding.name not in [one.name for one in self.findings]:
                self.findings.append(finding)
                self._add(str(finding))

    @staticmethod
    def _examine(trainer: Any) -> list[Finding]:
        iterators = getattr(trainer.updater, '_iterators', {})
        training = getattr(iterators.get('main'), 'dataset', None)
        for entry in trainer._extensions.values():
            if isinstance(entry.extension, Evaluator):
                iterator = entry.extension._iterators.get('main')
                return examine_datasets(training, getattr(iterator, 'dataset', None))
        return []

    def _add(self, text: str) -> None:
        for doctor in self._doctors.values():
            for finding in doctor.findings:
                if finding not in self.findings:
                    self.findings.append(finding)
        if self._show_ is not None:
            self._show_(text)
        if self._path is not None:
            entries = [finding.to_dict() for finding in self.findings]
            with atomic_write(self._path) as file:
                file.write(strict_json.dumps(entries, indent=1).encode())

    def __call__(self, trainer: TrainerProtocol) -> None:
        """Looks at the observation, and at the means when an epoch is over."""
        observation = trainer.observation
        for name, doctor in self._doctors.items():
            loss = observation.get(f'{name}/loss')
            if loss is not None:
                doctor.loss(trainer.updater.iteration, _number(loss))
        for what in ('loss', 'accuracy'):
            key = f'main/{what}'
            if key in observation:
                self._means.setdefault(key, []).append(_number(observation[key]))
        validation = {
            key: _number(value)
            for key, value in observation.items()
            if key.count('/') > 1 and key.endswith(('/loss', '/accuracy'))
        }
        if not (validation or trainer.updater.is_new_epoch):
            return
        means = {key: fmean(values) for key, values in self._means.items()}
        self._means = {}
        row = row_of({'epoch': trainer.updater.epoch_detail, **means, **validation})
        for doctor in self._doctors.values():
            doctor.epoch(
                round(row.when, 2), row.loss, row.accuracy, row.validation_loss,
                row.validation_accuracy,
            )  # fmt: skip

    def _report_name_(self) -> str | None:
        return self._filename

    def on_error(
        self, trainer: TrainerProtocol, exc: Exception, tb: TracebackType | None
    ) -> None:
        """Judges the error that ended the training."""
        self._error_ = exc

    def finalize(self) -> None:
        """Stops watching."""
        super().finalize()
        for doctor in self._doctors.values():
            doctor.stop(self._error_)


def _number(value: Any) -> float:
    if isinstance(value, tuple):
        value = value[0]
    if isinstance(value, Variable):
        value = value.array
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan
