"""From a list of examples to the arrays that a model takes."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy

from minigrad import backend
from minigrad.backend import Device
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.utils.array import check_padding


class Converter:
    """Base class of converters: callables that turn a batch into arrays on a device.

    See Also:
        `minigrad.dataset.converter` makes one of a function.

    Example:
        >>> @minigrad.dataset.converter()
        ... def stack(batch, device):
        ...     return device.send(np.stack(batch))
        >>> isinstance(stack, minigrad.dataset.Converter)
        True
    """

    def __call__(self, batch: Any, device: Device | None) -> Any:
        """Converts a batch.

        Args:
            batch: What an iterator gave, usually a list of examples.
            device: Where the result goes; None leaves it where it is.
        """
        raise NotImplementedError(f'{type(self).__name__} must define __call__')


class _FunctionConverter(Converter):
    """A converter around a function; the device specifier becomes a `Device`."""

    def __init__(self, function: Callable[..., Any]) -> None:
        if not callable(function):
            raise TypeError(
                'converter: expected a function of (batch, device), got '
                f'{type(function).__name__}'
            )
        self._function = function
        functools.update_wrapper(self, function)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if len(args) >= 2:
            args = (args[0], _get_device(args[1]), *args[2:])
        elif 'device' in kwargs:
            kwargs['device'] = _get_device(kwargs['device'])
        return self._function(*args, **kwargs)

    def __reduce__(self) -> Any:
        # The module holds the converter under the function's own name.
        return self._function.__qualname__


def converter() -> Callable[[Callable[..., Any]], _FunctionConverter]:
    """Makes a `Converter` of a function of ``(batch, device)``.

    Example:
        >>> @minigrad.dataset.converter()
        ... def scale(batch, device):
        ...     return device.send(np.asarray(batch) / 255)
        >>> scale([0, 255], '@numpy')
        array([0., 1.])
    """
    return _FunctionConverter


def _get_device(device: Any) -> Device | None:
    return None if device is None else backend.get_device(device)


def _call_converter(converter: Callable[..., Any], batch: Any, device: Any) -> Any:
    """Calls a `Converter`, or an older function that wants the device as a number."""
    if isinstance(converter, Converter) or device is None:
        return converter(batch, device)
    number = getattr(getattr(device, 'device', None), 'id', -1)
    return converter(batch, number)


@checks_arguments
def to_device(device: Any, x: Array) -> Array:
    """Returns ``x`` on a device.

    Args:
        device: ``'@numpy'``, ``'@cupy:0'``, a GPU number (negative: the CPU) or a
            `Device`; None leaves ``x`` where it is.
        x: An array.

    Example:
        >>> minigrad.dataset.to_device(-1, np.ones(2))
        array([1., 1.])
    """
    target = _get_device(device)
    return x if target is None else target.send(x)


@converter()
@checks_arguments
def concat_examples(
    batch: Sequence[Any], device: Any = None, padding: Any = None
) -> Any:
    """Joins a list of examples into arrays with a new first axis.

    Examples that are arrays or numbers give one array; tuples give a tuple of arrays,
    one for each place; dictionaries give a dictionary of arrays.

    Args:
        batch: The examples, all of the same structure.
        device: Where the arrays go (see `to_device`); None leaves them where they are.
        padding: If not None, arrays of different shapes are filled up with this number
            to the largest of each axis; a tuple or dictionary gives one per place.

    Returns:
        An array, a tuple of arrays or a dictionary of arrays.

    Raises:
        ValueError: The batch is empty, shapes differ and there is no padding, or the
            dtype cannot hold the padding.

    Source: compatible with chainer.dataset.concat_examples.

    Example:
        >>> minigrad.dataset.concat_examples([(np.zeros(2), 7), (np.ones(2), 8)])
        (array([[0., 0.],
               [1., 1.]]), array([7, 8]))
        >>> minigrad.dataset.concat_examples([np.ones(1), np.ones(2)], padding=9)
        array([[1., 9.],
               [1., 1.]])
    """
    if len(batch) == 0:
        raise ValueError('batch is empty')
    first = batch[0]
    if isinstance(first, tuple):
        pads = padding if isinstance(padding, tuple) else (padding,) * len(first)
        return tuple(
            [
                to_device(device, _concat([e[i] for e in batch], pads[i], f'[{i}]'))
                for i in range(len(first))
            ]
        )
    if isinstance(first, dict):
        keyed = padding if isinstance(padding, dict) else dict.fromkeys(first, padding)
        return {
            key: to_device(
                device, _concat([e[key] for e in batch], keyed[key], f'[{key!r}]')
            )
            for key in first
        }
    return to_device(device, _concat(batch, padding, ''))


def _concat(arrays: Any, padding: Any, place: str) -> Array:
    if not backend.is_array(arrays[0]):
        try:
            arrays = numpy.asarray(arrays)
        except ValueError:
            raise _different(arrays, place) from None
        if padding is None:
            return arrays
    array_device = backend.get_device_from_array(arrays[0])
    with backend.using_device(array_device):
        if padding is not None:
            return _pad(arrays, padding, array_device.xp)
        try:
            return array_device.xp.concatenate([a[None] for a in arrays])
        except ValueError:
            raise _different(arrays, place) from None


concat_examples_func = concat_examples  # Chainer's name of the undecorated function


def _concat_arrays(arrays: Any, padding: Any) -> Array:
    # Chainer's name of it, which converters of programs call.
    return _concat(arrays, padding, '')


def _pad(arrays: Sequence[Array], padding: Any, xp: Any) -> Array:
    shape = tuple(
        [max(sizes) for sizes in zip(*[a.shape for a in arrays], strict=True)]
    )
    check_padding('concat_examples', padding, arrays[0].dtype)
    result = xp.full((len(arrays), *shape), padding, dtype=arrays[0].dtype)
    for i, array in enumerate(arrays):
        result[(i, *[slice(size) for size in array.shape])] = array
    return result


def _different(arrays: Sequence[Any], place: str) -> ValueError:
    shapes: dict[tuple[int, ...], int] = {}
    for i, array in enumerate(arrays):
        shapes.setdefault(numpy.shape(array), i)
    listed = ', '.join([f'{s} in example {i}' for s, i in list(shapes.items())[:3]])
    return ValueError(
        f'concat_examples: example{place} has different shapes in one batch: {listed}\n'
        '  hint: make them equal in the dataset, or give padding='
    )


def __getattr__(name: str) -> Any:
    if name == 'ConcatWithAsyncTransfer':  # Chainer's place for it
        from minigrad.dataset.async_transfer import ConcatWithAsyncTransfer

        return ConcatWithAsyncTransfer
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
