"""The log as curves."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
from collections.abc import Callable, Iterable
from typing import Any

from minigrad.reporter import DictSummary
from minigrad.serializer import AbstractSerializer, Serializer
from minigrad.training.checks import question_keys
from minigrad.training.extensions._claim import ReportFile
from minigrad.training.extensions._figure import is_available, new_figure
from minigrad.training.extensions.print_report_notebook import in_notebook
from minigrad.training.trainer_protocol import TrainerProtocol
from minigrad.training.triggers._get_trigger import get_trigger

# What an axis says of a value, with its unit; others have none and go by their name.
_UNITS = {
    'elapsed_time': 'elapsed time, s',
    'accuracy': 'accuracy, share of 1',
    'lr': 'learning rate',
}


class PlotReport(ReportFile):
    """Averages observations and draws the averages as curves into a file.

    It is called at every iteration to add what was observed; whenever ``trigger`` fires
    it appends a point to each curve and writes the figure anew; in a notebook it shows it
    below the cell. Without matplotlib it
    warns and does nothing.

    Args:
        y_keys: Name or names of the values to draw.
        x_key: Name of the value on the x axis: 'iteration', 'epoch', 'elapsed_time' or
            one of the observed.
        trigger: When to draw.
        postprocess: Called with figure, axes and the summary before saving.
        filename: Name of the file inside ``trainer.out``; its ending tells the format.
            'plot.png' by default.
        marker: Mark on each point; None for none.
        grid: Whether to draw a grid.
        file_name: Chainer's older name of ``filename``.

    Source: compatible with chainer.training.extensions.PlotReport.

    Example:
        >>> plot = minigrad.training.extensions.PlotReport(
        ...     ['main/loss', 'validation/main/loss'], 'epoch', filename='loss.png')
    """

    def __init__(
        self,
        y_keys: Iterable[str] | str,
        x_key: str = 'iteration',
        trigger: Any = (1, 'epoch'),
        postprocess: Callable[[Any, Any, DictSummary], None] | None = None,
        filename: str | None = None,
        marker: str | None = 'x',
        grid: bool = True,
        *,
        file_name: str = 'plot.png',
    ) -> None:
        is_available()
        self._x_key = x_key
        self._y_keys = [y_keys] if isinstance(y_keys, str) else list(y_keys)
        self._trigger = get_trigger(trigger)
        self._postprocess = postprocess
        self._file_name = file_name if filename is None else filename
        self._marker = marker
        self._grid = grid
        self._data: dict[str, list[Any]] = {key: [] for key in self._y_keys}
        self._summary = DictSummary()
        self._said_: set[str] = set()
        self._display_: Any = None

    @staticmethod
    def available() -> bool:
        """Tells whether matplotlib is installed, and warns if it is not."""
        return is_available()

    def __call__(self, trainer: TrainerProtocol) -> None:
        """Adds the observations, and draws when it is time."""
        if not is_available():
            return
        observation = trainer.observation
        keys = [key for key in self._y_keys if key in observation]
        self._summary.add({key: observation[key] for key in keys})
        if not (trainer.is_before_training or self._trigger(trainer)):
            return
        question_keys('PlotReport', self._y_keys, observation, self._said_)
        row = {key: float(mean) for key, mean in self._summary.compute_mean().items()}
        row['epoch'] = trainer.updater.epoch
        row['iteration'] = trainer.updater.iteration
        if self._x_key == 'elapsed_time':
            row['elapsed_time'] = trainer.elapsed_time
        for key in self._y_keys:
            if key in row:
                self._data[key].append((row[self._x_key], row[key]))
        path = os.path.join(trainer.out, self._file_name.format(**row))
        figure = self._figure_()
        if figure is not None:
            figure.savefig(path, bbox_inches='tight')
            self._show_()
        self._summary = DictSummary()

    def _report_name_(self) -> str | None:
        return self._file_name if is_available() else None

    def _show_(self) -> None:
        """Shows the curves below the cell of a notebook, in place of the last ones."""
        if not in_notebook():
            return
        display = importlib.import_module('IPython.display')
        image = display.Image(self._repr_png_())
        if self._display_ is None:
            self._display_ = display.display(image, display_id=True)
        else:
            self._display_.update(image)

    def _repr_png_(self) -> bytes | None:
        figure = self._figure_() if is_available() else None
        if figure is None:
            return None
        file = io.BytesIO()
        figure.savefig(file, format='png', bbox_inches='tight')
        return file.getvalue()

    def _figure_(self) -> Any:
        """Returns the curves as a figure, None if there are none yet."""
        figure = new_figure()
        axes = figure.add_subplot(111)
        axes.set_xlabel(_UNITS.get(self._x_key, self._x_key))
        if self._x_key in ('epoch', 'iteration'):
            axes.xaxis.get_major_locator().set_params(integer=True)
        names = [key.rpartition('/')[2] for key in self._y_keys]
        axes.set_ylabel('; '.join(dict.fromkeys([_UNITS.get(n, n) for n in names])))
        axes.grid(self._grid)
        for key, points in self._data.items():
            if points:
                x, y = zip(*points, strict=True)
                axes.plot(x, y, marker=self._marker, label=key)
        if not axes.has_data():
            return None
        if self._postprocess is not None:
            self._postprocess(figure, axes, self._summary)
        axes.legend(bbox_to_anchor=(1.05, 1), loc=2, borderaxespad=0.0)
        return figure

    def serialize(self, serializer: AbstractSerializer) -> None:
        """Saves or loads the curves and the running means."""
        key = f'_plot_{self._file_name}'
        if isinstance(serializer, Serializer):
            serializer(key, json.dumps(self._data))
        else:
            loaded = json.loads(serializer(key, '') or '{}')
            self._data = {**{key: [] for key in self._y_keys}, **loaded}
        with contextlib.suppress(KeyError):  # Chainer does not save them
            if hasattr(self._trigger, 'serialize'):
                self._trigger.serialize(serializer['_trigger'])
            self._summary.serialize(serializer['_summary'])
