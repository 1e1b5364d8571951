"""Evaluating a model on data that it was not trained on."""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Callable
from typing import Any

from minigrad.backend import get_device
from minigrad.configuration import no_backprop_mode, using_config
from minigrad.dataset.convert import _call_converter, concat_examples
from minigrad.reporter import DictSummary, Reporter, report, report_scope
from minigrad.training.extension import PRIORITY_WRITER, Extension
from minigrad.training.extensions._bar import Bar
from minigrad.training.trainer_protocol import TrainerProtocol


class Evaluator(Extension):
    """Reports the means of what a model reports over a validation set.

    The model runs in test mode and without a graph. Its values get the name of the
    evaluator in front, as in ``validation/main/accuracy``. The mean is that over all
    examples: a value counts as often as its batch has examples, unless the model
    reports it as ``(value, weight)``; a sum over a batch is reported as ``(sum, 1)``.

    Args:
        iterator: Iterator over the validation data, made with ``repeat=False``; or a
            dictionary of them with 'main'.
        target: Link to evaluate, or a dictionary of them with 'main'.
        converter: Turns a batch into the arguments of the model: a tuple, a dictionary
            of keywords, or a single one.
        device: Device that batches are sent to.
        eval_hook: Called with the evaluator before each evaluation.
        eval_func: Called with each batch; the main target by default.
        progress_bar: Whether to show how far the evaluation has come.

    Source: compatible with chainer.training.extensions.Evaluator.

    Example:
        >>> data = minigrad.datasets.TupleDataset(
        ...     np.eye(4, dtype=np.float32), np.arange(4, dtype=np.int32))
        >>> model = L.Classifier(L.Linear(4, 4, initialW=np.eye(4)))
        >>> iterator = minigrad.iterators.SerialIterator(
        ...     data, 3, repeat=False, shuffle=False)
        >>> evaluator = minigrad.training.extensions.Evaluator(iterator, model)
        >>> evaluator.name = 'validation'
        >>> sorted(evaluator())
        ['validation/main/accuracy', 'validation/main/loss']
    """

    trigger = (1, 'epoch')
    default_name = 'validation'
    priority = PRIORITY_WRITER

    def __init__(
        self,
        iterator: Any,
        target: Any,
        converter: Callable[..., Any] = concat_examples,
        device: Any = None,
        eval_hook: Callable[[Evaluator], None] | None = None,
        eval_func: Callable[..., Any] | None = None,
        *,
        progress_bar: bool = False,
    ) -> None:
        self._iterators = iterator if isinstance(iterator, dict) else {'main': iterator}
        self._targets = target if isinstance(target, dict) else {'main': target}
        self.converter = converter
        self.device = None if device is None else get_device(device)
        self.eval_hook = eval_hook
        self.eval_func = eval_func
        self._progress_bar = progress_bar
        for name, one in self._iterators.items():
            if getattr(one, 'repeat', False) is True:
                warnings.warn(
                    f'Evaluator: the iterator {name!r} has repeat=True, so it may never '
                    'stop and the evaluation never end; make it with repeat=False'
                )

    def initialize(self, trainer: TrainerProtocol) -> None:
        """Raises for an iterator over which an evaluation would never end.

        Raises:
            ValueError: One of them repeats.
        """
        if type(self).evaluate is not Evaluator.evaluate:
            return
        main = self._iterators['main']
        if getattr(main, 'repeat', False) is True:
            raise ValueError(
                'Evaluator: its iterator has repeat=True, so an evaluation would never '
                f'end\n  hint: {type(main).__name__}(dataset, batch_size, repeat=False, '
                'shuffle=False)'
            )

    def get_iterator(self, name: str) -> Any:
        """Returns the iterator of a name."""
        return self._iterators[name]

    def get_all_iterators(self) -> dict[str, Any]:
        """Returns all iterators by name."""
        return dict(self._iterators)

    def get_target(self, name: str) -> Any:
        """Returns the link of a name."""
        return self._targets[name]

    def get_all_targets(self) -> dict[str, Any]:
        """Returns all links by name."""
        return dict(self._targets)

    def __call__(self, trainer: TrainerProtocol | None = None) -> dict[str, Any]:
        """Evaluates, reports the means to the current reporter, and returns them.

        It works without a trainer too.
        """
        reporter = Reporter()
        prefix = '' if self.name is None else f'{self.name}/'
        for name, target in self._targets.items():
            reporter.add_observer(prefix + name, target)
            reporter.add_observers(prefix + name, target.namedlinks(skipself=True))
        with reporter, using_config('train', False):
            result = self.evaluate()
        report(result)
        return result

    def evaluate(self) -> dict[str, Any]:
        """Runs over the validation data and returns the means of what was reported.

        Override it for another way of evaluation; a reporter is current and the
        configuration is that of a test.
        """
        eval_func = self._targets['main'] if self.eval_func is None else self.eval_func
        if self.eval_hook is not None:
            self.eval_hook(self)

        summary = DictSummary()
        bar = Bar('validation', wait=True) if self._progress_bar else None
        iterator = self._rewind_(self._iterators['main'])
        try:
            for n, batch in enumerate(iterator, 1):
                observation: dict[str, Any] = {}
                with report_scope(observation), no_backprop_mode():
                    arrays = _call_converter(self.converter, batch, self.device)
                    if isinstance(arrays, tuple):
                        eval_func(*arrays)
                    elif isinstance(arrays, dict):
                        eval_func(**arrays)
                    else:
                        eval_func(arrays)
                summary.add(observation, weight=_number_of_examples(batch))
                if bar is not None:
                    epoch = getattr(iterator, 'epoch_detail', 0)
                    total = (
                        max(math.ceil(round(n / epoch, 3)), n) if epoch > 0 else None
                    )
                    bar.update(n, total)
        finally:
            if bar is not None:
                bar.close()
        return summary.compute_mean()

    @staticmethod
    def _rewind_(iterator: Any) -> Any:
        if hasattr(iterator, 'reset'):
            iterator.reset()
            return iterator
        warnings.warn(
            f'Evaluator: {type(iterator).__name__} has no reset method, so it is copied; '
            'give it one',
            DeprecationWarning,
        )
        return copy.copy(iterator)

    def finalize(self) -> None:
        """Finalizes the iterators."""
        for iterator in self._iterators.values():
            iterator.finalize()


def _number_of_examples(batch: Any) -> int:
    """Returns how many examples an iterator gave: usually a list of them."""
    if isinstance(batch, dict):
        batch = next(iter(batch.values()), None)
    elif isinstance(batch, tuple) and len(batch) > 0:
        batch = batch[0]
    try:
        return len(batch)
    except TypeError:
        return 1
