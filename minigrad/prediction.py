"""A trained model on new data."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy

from minigrad.backend import to_cpu
from minigrad.configuration import no_backprop_mode, using_config
from minigrad.dataset import concat_examples
from minigrad.link import Link
from minigrad.links import Classifier
from minigrad.named_arguments import checks_arguments
from minigrad.variable import Variable


@checks_arguments
def predict(
    model: Link,
    data: Any,
    batch_size: int = 100,
    *,
    labels: bool = True,
    converter: Callable[..., Any] = concat_examples,
    progress: bool | None = None,
) -> Any:
    """Returns what a model gives for each example: in test mode, in batches.

    Args:
        model: The model; of a `Classifier` its predictor.
        data: An array or Variable with an example in each row, or a dataset.
        batch_size: Examples that go through the model at once.
        labels: Whether the last element of an example that is a tuple is its label,
            which the model does not get.
        converter: Turns a list of examples into the arguments of the model; it is given
            the model's device.
        progress: Whether to show a progress bar; on a terminal by default.

    Returns:
        Array on the CPU, a row for each example; a tuple or a dictionary of them if the
        model returns such. Scores are not yet probabilities: ``F.softmax`` makes them,
        ``.argmax(axis=1)`` the classes.

    Raises:
        ValueError: ``batch_size`` is below 1, or there is no example.
        TypeError: ``model`` is no link, or ``data`` has no length.

    Example:
        >>> model = L.Linear(4, 2)
        >>> minigrad.predict(model, np.zeros((250, 4), 'f')).shape
        (250, 2)
        >>> data = minigrad.datasets.TupleDataset(np.zeros((7, 4), 'f'), np.zeros(7, 'i'))
        >>> minigrad.predict(L.Classifier(model), data).shape
        (7, 2)
    """
    if batch_size < 1:
        raise ValueError(f'predict: expected batch_size >= 1, got {batch_size}')
    if not isinstance(model, Link):
        raise TypeError(
            f'predict: expected the model, a Link, got {type(model).__name__}'
        )
    if isinstance(data, Variable):
        data = data.array
    if not hasattr(data, '__len__'):
        raise TypeError(
            f'predict: expected an array or a dataset, got {type(data).__name__}'
        )
    if not len(data):
        raise ValueError('predict: there is no example')
    called = model.predictor if isinstance(model, Classifier) else model
    outputs = []
    with using_config('train', False), no_backprop_mode():
        for start in _bar(range(0, len(data), batch_size), progress):
            batch = data[start : start + batch_size]
            arguments = _arguments(batch, labels, converter, model.device)
            outputs.append(_arrays(called(*arguments)))
    return _joined(outputs)


def _bar(batches: range, progress: bool | None) -> Any:
    from tqdm import tqdm  # imported late: importing minigrad is to be light

    if progress is None:
        progress = sys.stderr.isatty()
    return tqdm(batches, desc='predicting', leave=False, disable=not progress)


def _arguments(
    batch: Any, labels: bool, converter: Any, device: Any
) -> tuple[Any, ...]:
    if hasattr(batch, 'dtype'):
        return (device.send(batch),)
    examples = list(batch)
    if isinstance(examples[0], tuple) and labels and len(examples[0]) > 1:
        examples = [example[:-1] for example in examples]
    converted = converter(examples, device)
    return converted if isinstance(converted, tuple) else (converted,)


def _arrays(output: Any) -> Any:
    if isinstance(output, dict):
        return {key: _arrays(value) for key, value in output.items()}
    if isinstance(output, (tuple, list)):
        return tuple([_arrays(value) for value in output])
    return to_cpu(output.array if isinstance(output, Variable) else output)


def _joined(outputs: list[Any]) -> Any:
    first = outputs[0]
    if isinstance(first, dict):
        return {key: _joined([one[key] for one in outputs]) for key in first}
    if isinstance(first, tuple):
        return tuple([_joined(list(column)) for column in zip(*outputs, strict=True)])
    return numpy.concatenate(outputs)
