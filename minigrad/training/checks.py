"""Checks for mistakes, made before the first step or as soon as one can be seen."""

from __future__ import annotations

import inspect
import math
import os
import traceback
import types
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn

from minigrad.link import Link
from minigrad.suggestions import near_miss

_LIBRARY = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# What stands in each traceback of a training, and tells nothing about a mistake.
_OWN_LOOPS = tuple(
    [
        os.path.join(_LIBRARY, name)
        for name in ('training', 'optimizer', 'link.py', 'named_arguments.py')
    ]
)


def check_length(iterator: Any, stop_trigger: Any) -> None:
    """Refuses an iterator that does not repeat and ends before the training does.

    Only where that is certain: a stop trigger of a fixed length.

    Raises:
        RuntimeError: It would end too early.
    """
    period = getattr(stop_trigger, 'period', None)
    batch_size = getattr(iterator, 'batch_size', None)
    if getattr(iterator, 'repeat', True) is not False or period is None:
        return
    length = period
    if stop_trigger.unit == 'iteration':
        if not isinstance(batch_size, int):
            return
        length = period / math.ceil(len(iterator.dataset) / batch_size)
    if length > 1:
        refuse_end(iterator, f'would stop after ({period}, {stop_trigger.unit!r})')


def refuse_end(iterator: Any, when: str) -> NoReturn:
    """Raises for a training iterator that ends before the training."""
    raise RuntimeError(
        f'the training {when}, but its {type(iterator).__name__} has repeat=False and '
        'ends after 1 epoch\n  hint: leave out repeat=False for the training data, or '
        "stop at (1, 'epoch')"
    )


def check_arguments(loss_func: Callable[..., Any], batch: Any) -> None:
    """Raises for a batch that does not fit the arguments of the loss function.

    Raises:
        TypeError: The number or the names of the arrays do not fit the signature.
    """
    args = batch if isinstance(batch, tuple) else ()
    kwargs = batch if isinstance(batch, dict) else {}
    if not args and not kwargs:
        args = (batch,)
    function = loss_func
    if isinstance(loss_func, Link):
        function = getattr(loss_func, 'forward', loss_func)
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return
    try:
        signature.bind(*args, **kwargs)
    except TypeError:
        pass
    else:
        return
    name = _name_of(loss_func)
    given = (
        ', '.join(kwargs) if kwargs else f'{len(args)} array' + 's' * (len(args) > 1)
    )
    hint = 'give the updater loss_func=, or a converter= that makes what it takes'
    if isinstance(loss_func, Link) and len(args) == 2:
        hint = (
            'a model that returns scores is trained as minigrad.links.Classifier(model), '
            'which takes inputs and labels; or give the updater loss_func='
        )
    elif len(args) == 1 and not kwargs:
        hint = 'the examples have no labels; minigrad.datasets.TupleDataset(x, t) pairs them'
    raise TypeError(
        f'a batch gives {given}, but {name} takes {signature}\n  hint: {hint}'
    )


def _name_of(function: Any) -> str:
    if isinstance(function, Link):
        return f'{type(function).__name__}.forward'
    return str(getattr(function, '__qualname__', type(function).__name__))


def question_keys(
    who: str, wanted: Iterable[str], observed: Mapping[str, Any], said: set[str]
) -> None:
    """Warns, once each, about names of values that look misspelled.

    Args:
        who: Who wants them, for the message.
        wanted: The names that were asked for.
        observed: What was reported so far.
        said: Names that were warned about; new ones are added.
    """
    wanted = list(wanted)
    others = [key for key in observed if key not in wanted]
    for key in wanted:
        if key in observed or key in said or '/' in key[-1:]:
            continue
        ends = [other for other in others if other.endswith(f'/{key}')]
        meant = ends[0] if ends else near_miss(key, others)
        if meant is not None:
            said.add(key)
            warnings.warn(
                f'{who}: nothing reports {key!r}; did you mean {meant!r}?', stacklevel=3
            )


def show_briefly(title: str, error: BaseException) -> str:
    """Returns one line about an error, with the place in the user's own program."""
    text = str(error).split('\n')[0]
    place = ''
    for frame in traceback.extract_tb(error.__traceback__):
        if not os.path.abspath(frame.filename).startswith(_LIBRARY + os.sep):
            inside = f'{os.path.basename(frame.filename)}:{frame.lineno}'
            if 'contextlib' not in frame.filename:
                place = f' (in {frame.name}, {inside})'
    return f'{title}: {type(error).__name__}: {text}{place}\n'


def without_loops(tb: types.TracebackType | None) -> types.TracebackType | None:
    """Returns a traceback without the frames of the training loop and of calls.

    What remains is the user's own program and the function that refused.
    """
    kept: list[types.TracebackType] = []
    while tb is not None:
        file = os.path.abspath(tb.tb_frame.f_code.co_filename)
        if not (file.startswith(_OWN_LOOPS) or file.endswith('contextlib.py')):
            kept.append(tb)
        tb = tb.tb_next
    result: types.TracebackType | None = None
    for one in reversed(kept):
        result = types.TracebackType(result, one.tb_frame, one.tb_lasti, one.tb_lineno)
    return result
