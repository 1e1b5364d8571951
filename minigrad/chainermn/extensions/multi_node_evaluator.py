"""Evaluation with the data spread over processes."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from types import MethodType
from typing import Any

from minigrad.backend import get_device, to_cpu
from minigrad.configuration import no_backprop_mode
from minigrad.dataset.convert import _call_converter, concat_examples
from minigrad.named_arguments import checks_arguments
from minigrad.training.extension import PRIORITY_WRITER, Extension
from minigrad.utils.argument import parse_kwargs

BATCHES_PER_QUESTION = 8  # then all ask each other whether anything is left


class GenericMultiNodeEvaluator(Extension):
    """Collects the results of all batches of all processes at one of them.

    For evaluations that are no mean of means, and for data that cannot be cut evenly.
    Override `calc_local`, which runs for each batch where the batch is, and `aggregate`,
    which gets all results at the root. Nothing is reported; do so in `aggregate`.

    Args:
        comm: Communicator.
        iterator: Iterator over the data of this process, made with ``repeat=False``.
        target: Model, called by `calc_local`.
        device: Device that batches are sent to.
        converter: Turns a batch into the arguments.
        root: Rank of the process that gets the results.
        **kwargs: ``progress_hook``: called with each batch of the root.

    Raises:
        ValueError: There is no such root.
        TypeError: An unknown argument.

    Source: compatible with chainermn.extensions.GenericMultiNodeEvaluator.
    """

    trigger = (1, 'epoch')
    default_name = 'validation'
    priority = PRIORITY_WRITER

    def __init__(
        self,
        comm: Any,
        iterator: Any,
        target: Any,
        device: Any = None,
        converter: Callable[..., Any] = concat_examples,
        root: int = 0,
        **kwargs: Any,
    ) -> None:
        (self._progress_hook,) = parse_kwargs(kwargs, ('progress_hook', None))
        if not 0 <= root < comm.size:
            raise ValueError(
                f'GenericMultiNodeEvaluator: expected 0 <= root < {comm.size}, got {root}'
            )
        self.comm = comm
        self.iterator = iterator
        self._targets = {'main': target}
        self.converter = converter
        self.device = None if device is None else get_device(device)
        self.root = root

    def __call__(self, trainer: Any = None) -> Any:
        """Returns what `aggregate` returns at the root, None elsewhere."""
        if hasattr(self.iterator, 'reset'):
            self.iterator.reset()
            iterator = self.iterator
        else:
            iterator = copy.copy(self.iterator)
        results = list(self._evaluate_local(iterator))
        return self.aggregate(results) if self.comm.rank == self.root else None

    def calc_local(self, *args: Any, **kwargs: Any) -> Any:
        """Returns the result of one batch, not None; calls the model by default.

        Args:
            *args: The batch, if the converter made a tuple or one array of it.
            **kwargs: The batch, if it made a dictionary.
        """
        return self._targets['main'](*args, **kwargs)

    def aggregate(self, results: list[Any]) -> Any:
        """Returns one result out of those of all batches; called at the root.

        Args:
            results: What `calc_local` returned, everywhere.
        """
        return results

    def _evaluate_local(self, iterator: Any) -> Iterator[Any]:
        """Yields all results at the root, nothing elsewhere."""
        at_root = self.comm.rank == self.root
        n_left = 1
        while n_left > 0:
            results = []
            for _ in range(BATCHES_PER_QUESTION):
                try:
                    batch = iterator.next()
                except StopIteration:
                    break
                results.append(self._evaluate_batch(batch))
                if at_root and self._progress_hook is not None:
                    self._progress_hook(batch)
            gathered = self.comm.gather_obj(results, root=self.root)
            if gathered is not None:
                # The first batch of each process, the second of each, ...
                for i in range(max(map(len, gathered))):
                    for of_one in gathered:
                        if i < len(of_one):
                            yield of_one[i]
            n_left = self.comm.allreduce_obj(len(results))

    def _evaluate_batch(self, batch: Any) -> Any:
        arrays = _call_converter(self.converter, batch, self.device)
        with no_backprop_mode():
            if isinstance(arrays, tuple):
                return self.calc_local(*arrays)
            if isinstance(arrays, dict):
                return self.calc_local(**arrays)
            return self.calc_local(arrays)


@checks_arguments
def create_multi_node_evaluator(actual_evaluator: Any, communicator: Any) -> Any:
    """Makes an evaluator report the means over all processes.

    Each evaluates its own part of the data. The parts count equally, as in ChainerMN,
    even if one is longer by an example.

    Args:
        actual_evaluator: An `Evaluator`; its method ``evaluate`` is replaced.
        communicator: Communicator.

    Returns:
        The evaluator.

    Source: compatible with chainermn.create_multi_node_evaluator.
    """
    actual_evaluator._mn_original_evaluate = actual_evaluator.evaluate
    actual_evaluator._mn_communicator = communicator
    actual_evaluator.evaluate = MethodType(_evaluate_everywhere, actual_evaluator)
    return actual_evaluator


def _evaluate_everywhere(evaluator: Any) -> dict[str, Any]:
    means = evaluator._mn_original_evaluate()
    comm = evaluator._mn_communicator
    return {
        name: comm.allreduce_obj(to_cpu(value)) / comm.size
        for name, value in sorted(means.items())
    }
