"""Mean, spread and extremes of parameters and gradients, as observations."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from minigrad.backend import get_array_module, is_array
from minigrad.reporter import DictSummary, report
from minigrad.serializer import AbstractSerializer
from minigrad.training.extension import PRIORITY_WRITER, Extension
from minigrad.training.trainer_protocol import TrainerProtocol
from minigrad.training.triggers._get_trigger import get_trigger
from minigrad.types import Array

# The values below which the normal distribution has its mean minus 3, 2, 1 and 0
# standard deviations, and so on upwards.
_SIGMA_PERCENTILES = (0.13, 2.28, 15.87, 50, 84.13, 97.72, 99.87)


class ParameterStatistics(Extension):
    """Reports statistics of the parameters and gradients of links.

    The names are ``{prefix}/{link}{path of the parameter}/{data or grad}/{function}``,
    such as ``conv1/W/grad/mean``; functions that return several values get numbers
    appended.

    Args:
        links: A link, or an iterable of links.
        statistics: Functions by name; each takes a 1-d array and returns a number or a
            1-d array. 'default' means mean, std, min, max, zeros and percentile.
        report_params: Whether to look at the values.
        report_grads: Whether to look at the gradients.
        prefix: Put in front of all names.
        trigger: When to report the means over the calls since the last report.
        skip_nan_params: Whether to report NaN for arrays that hold one, without calling
            the functions.

    Source: compatible with chainer.training.extensions.ParameterStatistics.

    Example:
        >>> from types import SimpleNamespace
        >>> link = L.Linear(2, 2, initialW=3.0, nobias=True)
        >>> statistics = minigrad.training.extensions.ParameterStatistics(
        ...     link, {'max': np.max}, report_grads=False, prefix='fc',
        ...     trigger=lambda trainer: True)
        >>> reporter = minigrad.Reporter()
        >>> with reporter:
        ...     statistics(None)
        >>> reporter.observation
        {'fc/None/W/data/max': 3.0}
    """

    default_name = 'parameter_statistics'
    priority = PRIORITY_WRITER
    report_key_template = '{prefix}{link_name}{param_name}/{attr_name}/{function_name}'
    default_statistics: dict[str, Callable[[Array], Any]] = {
        'mean': lambda x: x.mean(),
        'std': lambda x: x.std(),
        'min': lambda x: x.min(),
        'max': lambda x: x.max(),
        'zeros': lambda x: get_array_module(x).count_nonzero(x == 0),
        'percentile': lambda x: get_array_module(x).percentile(x, _SIGMA_PERCENTILES),
    }

    def __init__(
        self,
        links: Any,
        statistics: Any = 'default',
        report_params: bool = True,
        report_grads: bool = True,
        prefix: str | None = None,
        trigger: Any = (1, 'epoch'),
        skip_nan_params: bool = False,
    ) -> None:
        # A ChainList is one link, though it can be iterated.
        single = hasattr(links, 'namedparams')
        self._links: Sequence[Any] = (links,) if single else tuple(links)
        if isinstance(statistics, str) and statistics == 'default':
            statistics = self.default_statistics
        self._statistics = {} if statistics is None else dict(statistics)
        self._attrs = ['data'] * report_params + ['grad'] * report_grads
        self._prefix = f'{prefix}/' if prefix else ''
        self._trigger = get_trigger(trigger)
        self._skip_nan_params = skip_nan_params
        self._summary = DictSummary()

    def __call__(self, trainer: TrainerProtocol) -> None:
        """Adds the statistics of now, and reports the means when it is time."""
        self._summary.add(dict(self._collect_()))
        if self._trigger(trainer):
            report(self._summary.compute_mean())
            self._summary = DictSummary()

    def _collect_(self) -> Iterator[tuple[str, Any]]:
        for link in self._links:
            for param_name, param in link.namedparams():
                if param.array is None:  # not initialized
                    continue
                for attr_name in self._attrs:
                    array = getattr(param, attr_name)
                    if array is None:  # no gradient yet
                        continue
                    for function_name, function in self._statistics.items():
                        key = self.report_key_template.format(
                            prefix=self._prefix,
                            link_name=getattr(link, 'name', None),
                            param_name=param_name,
                            attr_name=attr_name,
                            function_name=function_name,
                        )
                        value = self._apply_(function, array.ravel())
                        if is_array(value) and value.size > 1:
                            for i, v in enumerate(value):
                                yield f'{key}/{i}', v
                        else:
                            yield key, value

    def _apply_(self, function: Callable[[Array], Any], array: Array) -> Any:
        if self._skip_nan_params and get_array_module(array).isnan(array).any():
            return float('nan')
        return function(array)

    def register_statistics(self, name: str, function: Callable[[Array], Any]) -> None:
        """Adds a statistic, or replaces the one of that name."""
        self._statistics[name] = function

    def serialize(self, serializer: AbstractSerializer) -> None:
        """Saves or loads the running means."""
        with contextlib.suppress(KeyError):  # Chainer does not save them
            if hasattr(self._trigger, 'serialize'):
                self._trigger.serialize(serializer['_trigger'])
            self._summary.serialize(serializer['_summary'])
