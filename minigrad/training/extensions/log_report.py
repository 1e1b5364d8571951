"""The log: means of all observations, once per epoch."""

from __future__ import annotations

import html
import importlib
import json
import os
from collections.abc import Callable, Iterable
from typing import Any

from minigrad.reporter import DictSummary
from minigrad.serializer import AbstractSerializer, Serializer
from minigrad.serializers.atomic import atomic_write, remove_unfinished
from minigrad.training.checks import question_keys
from minigrad.training.extensions._claim import ReportFile
from minigrad.training.extensions._snapshot_files import SnapshotNames
from minigrad.training.trainer_protocol import TrainerProtocol
from minigrad.training.triggers._get_trigger import get_trigger
from minigrad.utils import strict_json


class LogReport(ReportFile):
    """Averages the observations and writes the averages to a JSON file.

    It is called at every iteration to add what was observed; whenever ``trigger`` fires
    it appends a row to `log` and replaces the file. The file is a list of dictionaries,
    or one dictionary per line if its name ends in ``.jsonl``. It is replaced as a whole:
    a killed process leaves the older one.

    Args:
        keys: Names to log; all of them when None.
        trigger: When to log the averages.
        postprocess: Called with each new row before it is written; may change it.
        filename: Name of the file inside ``trainer.out``; it may refer to the row, as
            in ``'log_{epoch}'``. 'log' by default.
        log_name: Chainer's older name of ``filename``; None writes no file.

    Source: compatible with chainer.training.extensions.LogReport.

    Example:
        >>> from types import SimpleNamespace
        >>> log = minigrad.training.extensions.LogReport(
        ...     trigger=(2, 'iteration'), log_name=None)
        >>> updater = SimpleNamespace(iteration=0, epoch=0, epoch_detail=0.0)
        >>> for updater.iteration, loss in ((1, 3.0), (2, 1.0)):
        ...     log(SimpleNamespace(
        ...         updater=updater, observation={'loss': loss}, elapsed_time=0.5,
        ...         is_before_training=False))
        >>> log.log
        [{'loss': 2.0, 'epoch': 0, 'iteration': 2, 'elapsed_time': 0.5}]
    """

    def __init__(
        self,
        keys: Iterable[str] | None = None,
        trigger: Any = (1, 'epoch'),
        postprocess: Callable[[dict[str, Any]], None] | None = None,
        filename: str | None = None,
        *,
        log_name: str | None = 'log',
    ) -> None:
        self._keys = None if keys is None else list(keys)
        self._trigger = get_trigger(trigger)
        self._postprocess = postprocess
        self._filename = log_name if filename is None else filename
        self._log: list[dict[str, Any]] = []
        self._summary = DictSummary()
        self._said_: set[str] = set()

    def initialize(self, trainer: TrainerProtocol) -> None:
        """Claims the file and removes what killed trainings have left of it.

        Raises:
            RuntimeError: Another process that runs writes it.
        """
        super().initialize(trainer)
        if self._filename is not None:
            names = SnapshotNames(self._filename)
            remove_unfinished(os.path.join(trainer.out, names.folder), names.match)

    def _report_name_(self) -> str | None:
        return self._filename

    @property
    def log(self) -> list[dict[str, Any]]:
        """The rows so far."""
        return self._log

    def to_dataframe(self) -> Any:
        """Returns the rows as a DataFrame of pandas.

        Raises:
            ImportError: pandas is not installed.
        """
        try:
            pandas = importlib.import_module('pandas')
        except ImportError as error:
            raise ImportError(
                'LogReport.to_dataframe needs pandas\n  hint: pip install pandas'
            ) from error
        return pandas.DataFrame(self._log)

    def _repr_html_(self) -> str:
        keys = list(dict.fromkeys([key for row in self._log for key in row]))
        lines = [''.join([f'<th>{html.escape(key)}</th>' for key in keys])]
        for row in self._log:
            cells = [f'{row[key]:.6g}' if key in row else '' for key in keys]
            lines.append(''.join([f'<td>{cell}</td>' for cell in cells]))
        return f'<table>{"".join([f"<tr>{line}</tr>" for line in lines])}</table>'

    def __call__(self, trainer: TrainerProtocol) -> None:
        """Adds the observations, and writes a row when it is time."""
        observation = trainer.observation
        if self._keys is not None:
            question_keys('LogReport', self._keys, observation, self._said_)
            observation = {k: observation[k] for k in self._keys if k in observation}
        self._summary.add(observation)
        if not (trainer.is_before_training or self._trigger(trainer)):
            return

        row = {key: float(mean) for key, mean in self._summary.compute_mean().items()}
        row['epoch'] = trainer.updater.epoch
        row['iteration'] = trainer.updater.iteration
        row['elapsed_time'] = trainer.elapsed_time
        if self._postprocess is not None:
            self._postprocess(row)
        self._log.append(row)
        self._summary = DictSummary()
        if self._filename is not None:
            self._write_(os.path.join(trainer.out, self._filename.format(**row)))

    def _write_(self, path: str) -> None:
        if path.endswith('.jsonl'):
            text = ''.join([strict_json.dumps(row) + '\n' for row in self._log])
        else:
            text = strict_json.dumps(self._log, indent=4)
        with atomic_write(path) as file:
            file.write(text.encode())

    def serialize(self, serializer: AbstractSerializer) -> None:
        """Saves or loads the rows and the running means."""
        if hasattr(self._trigger, 'serialize'):
            self._trigger.serialize(serializer['_trigger'])
        self._summary.serialize(serializer['_summary'])
        if isinstance(serializer, Serializer):
            serializer('_log', json.dumps(self._log))
        else:
            self._log = json.loads(serializer('_log', '') or '[]')
