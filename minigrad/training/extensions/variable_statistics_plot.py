"""How the values of parameters and gradients spread, over time."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from typing import Any

import numpy

from minigrad.backend import get_array_module, to_cpu
from minigrad.link import Link
from minigrad.serializer import AbstractSerializer
from minigrad.training.extensions._claim import ReportFile
from minigrad.training.extensions._figure import is_available, new_figure
from minigrad.training.trainer_protocol import TrainerProtocol
from minigrad.training.triggers._get_trigger import get_trigger
from minigrad.types import Array
from minigrad.variable import Variable

# Minimum, mean minus 3, 2, 1 standard deviations of a normal distribution, its mean,
# and so on up to the maximum.
_PERCENTILES = (0, 0.13, 2.28, 15.87, 50, 84.13, 97.72, 99.87, 100)
_COLOR = '#1f77b4'


class Reservoir:
    """A sample of fixed size of a sequence of unknown length.

    Every element of the sequence is as likely to be in the sample.

    Args:
        size: Greatest number of elements kept.
        data_shape: Shape of an element.
        dtype: Dtype of an element.

    Source: algorithm R of Vitter 1985.

    Example:
        >>> sample = Reservoir(2, ())
        >>> sample.add(7.0, idx=10)
        >>> sample.get_data()
        (array([10], dtype=int32), array([7.], dtype=float32))
    """

    def __init__(
        self, size: int, data_shape: tuple[int, ...], dtype: Any = numpy.float32
    ) -> None:
        self.size = size
        self.data = numpy.zeros((size, *data_shape), dtype)
        self.idxs = numpy.zeros((size,), numpy.int32)
        self.counter = 0

    def add(self, x: Any, idx: int | None = None) -> None:
        """Adds an element with the probability that keeps the sample uniform."""
        place = self.counter
        if place >= self.size:
            if numpy.random.random() >= self.size / (self.counter + 1):
                place = -1
            else:
                place = numpy.random.randint(self.size)
        if place >= 0:
            self.data[place] = x
            self.idxs[place] = self.counter if idx is None else idx
        self.counter += 1

    def get_data(self) -> tuple[Array, Array]:
        """Returns the indexes of the sample, sorted, and its elements."""
        idxs = self.idxs[: min(self.counter, self.size)]
        order = numpy.argsort(idxs)
        return idxs[order], self.data[: len(idxs)][order]

    def serialize(self, serializer: AbstractSerializer) -> None:
        """Saves or loads the sample."""
        self.data = serializer('data', self.data)
        self.idxs = serializer('idxs', self.idxs)
        self.counter = serializer('counter', self.counter)


class Statistician:
    """Computes mean, standard deviation and percentiles of an array.

    Args:
        collect_mean: Whether to compute the mean.
        collect_std: Whether to compute the standard deviation.
        percentile_sigmas: Percentiles to compute, in percent.

    Example:
        >>> statistics = Statistician(True, False, (100,))(np.array([1.0, 3.0]))
        >>> {name: value.tolist() for name, value in statistics.items()}
        {'mean': 2.0, 'percentile': [3.0]}
    """

    def __init__(
        self, collect_mean: bool, collect_std: bool, percentile_sigmas: Any
    ) -> None:
        self.collect_mean = collect_mean
        self.collect_std = collect_std
        self.percentile_sigmas = percentile_sigmas

    def __call__(
        self, x: Array, axis: Any = 0, dtype: Any = None, xp: Any = None
    ) -> dict[str, Array]:
        """Returns the statistics over some axes (all of them when ``axis`` is None)."""
        return self.collect(x, tuple(range(x.ndim)) if axis is None else axis)

    def collect(self, x: Array, axis: Any) -> dict[str, Array]:
        """Returns the statistics by name."""
        out = {}
        if self.collect_mean:
            out['mean'] = x.mean(axis=axis)
        if self.collect_std:
            out['std'] = x.std(axis=axis)
        if _is_given(self.percentile_sigmas):
            xp = get_array_module(x)
            out['percentile'] = xp.percentile(x, self.percentile_sigmas, axis=axis)
        return out


class VariableStatisticsPlot(ReportFile):
    """Draws how the values of Variables, and their gradients, spread over time.

    Mean with standard deviation and percentiles of all values together are collected at
    every call, and drawn whenever ``trigger`` fires. Without matplotlib it warns and
    does nothing.

    Args:
        targets: Variable or Link, or a list of them.
        max_sample_size: Greatest number of points in time; more are thinned out at
            random.
        report_data: Whether to look at the values.
        report_grad: Whether to look at the gradients.
        plot_mean: Whether to draw the mean.
        plot_std: Whether to draw the standard deviation.
        percentile_sigmas: Percentiles to draw, in percent; empty for none.
        trigger: When to draw.
        filename: Name of the file inside ``trainer.out``; 'statistics.png' by default.
        figsize: Size of the figure in inches, (width, height).
        marker: Mark on each point; None for none.
        grid: Whether to draw a grid.
        file_name: Chainer's older name of ``filename``.

    Raises:
        ValueError: There is no variable, or nothing to draw.

    Source: compatible with chainer.training.extensions.VariableStatisticsPlot.

    Example:
        >>> plot = minigrad.training.extensions.VariableStatisticsPlot(L.Linear(2, 2))
    """

    def __init__(
        self,
        targets: Any,
        max_sample_size: int = 1000,
        report_data: bool = True,
        report_grad: bool = True,
        plot_mean: bool = True,
        plot_std: bool = True,
        percentile_sigmas: float | Sequence[float] = _PERCENTILES,
        trigger: Any = (1, 'epoch'),
        filename: str | None = None,
        figsize: tuple[int, int] | None = None,
        marker: str | None = None,
        grid: bool = True,
        *,
        file_name: str = 'statistics.png',
    ) -> None:
        self._vars = list(_unpack_variables(targets))
        if not self._vars:
            raise ValueError(
                'VariableStatisticsPlot: need at least one variable for which to '
                f'collect statistics, found none in {targets!r}'
            )
        n_percentiles = numpy.size(percentile_sigmas) * _is_given(percentile_sigmas)
        if not (plot_mean or plot_std or n_percentiles):
            raise ValueError('VariableStatisticsPlot: nothing to plot')
        self._keys = ['data'] * report_data + ['grad'] * report_grad
        self._statistician = Statistician(plot_mean, plot_std, percentile_sigmas)
        self._plot_mean = plot_mean
        self._plot_std = plot_std
        self._n_percentiles_ = int(n_percentiles)
        self._trigger = get_trigger(trigger)
        self._filename = file_name if filename is None else filename
        self._figsize = figsize
        self._marker = marker
        self._grid = grid
        n_values = int(plot_mean) + int(plot_std) + self._n_percentiles_
        self._samples = Reservoir(max_sample_size, (len(self._keys), n_values))

    @staticmethod
    def available() -> bool:
        """Tells whether matplotlib is installed, and warns if it is not."""
        return is_available()

    def __call__(self, trainer: TrainerProtocol) -> None:
        """Collects statistics, and draws when it is time."""
        if not is_available():
            return
        values = [self._collect_(key) for key in self._keys]
        self._samples.add(values, idx=trainer.updater.iteration)
        if self._trigger(trainer):
            self._draw_(os.path.join(trainer.out, self._filename))

    def _report_name_(self) -> str | None:
        return self._filename if is_available() else None

    def _collect_(self, key: str) -> Array:
        """Returns mean, standard deviation and percentiles, as far as wanted."""
        initialized = [var for var in self._vars if var.array is not None]
        arrays = [getattr(var, key) for var in initialized]
        arrays = [array.ravel() for array in arrays if array is not None]
        if not arrays:
            return numpy.zeros(self._samples.data.shape[2:], numpy.float32)
        xp = get_array_module(arrays[0])
        statistics = self._statistician(xp.concatenate(arrays))
        return to_cpu(xp.concatenate([xp.ravel(v) for v in statistics.values()]))

    def _draw_(self, path: str) -> None:
        n_rows = int(self._plot_mean or self._plot_std) + int(self._n_percentiles_ > 0)
        figure = new_figure(figsize=self._figsize)
        grid = figure.subplots(n_rows, len(self._keys), sharex=True, squeeze=False)
        idxs, data = self._samples.get_data()  # (T,), (T, keys, values)
        for column, key in enumerate(self._keys):
            axes = list(grid[:, column])
            axes[0].set_title(key)
            axes[-1].set_xlabel('iteration')
            values = data[:, column].T
            if self._plot_mean or self._plot_std:
                if column == 0:
                    axes[0].set_ylabel('mean, deviation')
                self._draw_moments_(axes.pop(0), idxs, values)
            if axes:
                if column == 0:
                    axes[0].set_ylabel('percentiles')
                self._draw_percentiles_(axes[0], idxs, values[-self._n_percentiles_ :])
        for axes in grid.ravel():
            axes.legend()
            axes.grid(self._grid)
            axes.set_axisbelow(True)
        figure.savefig(path)

    def _draw_moments_(self, axes: Any, idxs: Array, values: Array) -> None:
        style = {'color': _COLOR, 'marker': self._marker}
        if self._plot_mean and self._plot_std:
            axes.errorbar(
                idxs,
                values[0],
                values[1],
                ecolor=(_COLOR, 0.2),
                label='mean, std',
                **style,
            )
        else:
            label = 'mean' if self._plot_mean else 'std'
            axes.plot(idxs, values[0], label=label, **style)

    def _draw_percentiles_(self, axes: Any, idxs: Array, values: Array) -> None:
        """Shades between the outermost pair, the next pair, and so on inwards."""
        pairs, middle = divmod(len(values), 2)
        for i in range(pairs):
            last = i == pairs - 1 and not middle
            axes.fill_between(
                idxs,
                values[i],
                values[-i - 1],
                label='percentile' if last else '_nolegend_',
                alpha=0.2,
                linewidth=0,
                color=_COLOR,
            )
        if middle:
            axes.plot(
                idxs,
                values[pairs],
                color=_COLOR,
                label='percentile',
                marker=self._marker,
            )

    def serialize(self, serializer: AbstractSerializer) -> None:
        """Saves or loads the sample."""
        with contextlib.suppress(KeyError):  # Chainer does not save it
            if hasattr(self._trigger, 'serialize'):
                self._trigger.serialize(serializer['_trigger'])
            self._samples.serialize(serializer['_samples'])


def _is_given(percentiles: Any) -> bool:
    """Tells whether there are percentiles; 0, the minimum, is one."""
    return isinstance(percentiles, (int, float)) or len(percentiles) > 0


def _unpack_variables(targets: Any) -> Iterator[Any]:
    if isinstance(targets, Variable):
        yield targets
    elif isinstance(targets, Link):
        yield from targets.params(include_uninit=True)
    elif isinstance(targets, (list, tuple)):
        for target in targets:
            yield from _unpack_variables(target)
