"""Calls that say what a wrong argument was meant to be.

`checks_arguments` stands above every function that takes options, and `NamedArguments`
is a base of the classes that users make: an array where a number belongs and a keyword
that nobody takes are answered by name, before anything is computed. Functions that take
``**kwargs`` hand those that they do not know to `refuse_keywords`.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache, wraps
from types import FrameType
from typing import Any, ParamSpec, Self, TypeVar

from minigrad.old_idioms import KEYWORDS, KEYWORDS_OF
from minigrad.suggestions import is_array_like, shown, unknown_argument

P = ParamSpec('P')
R = TypeVar('R')

# What a parameter takes, by its annotation; anything else may take arrays.
_EXPECTED = {
    'int': 'a number',
    'float': 'a number',
    'bool': 'True or False',
    'str': 'a string',
    'Axis': 'the number of an axis, or a tuple of them',
    'Ints': 'a number, or several of them',
    'IntPair': 'a number or a pair of them',
    'IntOrInts': 'a number, or one for each axis',
}
_SEVERAL = {'Ints', 'IntPair', 'IntOrInts'}
_NO_ARRAYS = {int, float, bool, str, tuple, type(None)}


def _annotation(parameter: inspect.Parameter) -> str:
    return str(parameter.annotation).removesuffix(' | None')


def _is_wrong(value: Any, annotation: str) -> bool:
    """Tells whether a value is an array that an option cannot be."""
    if value.__class__ in _NO_ARRAYS or not is_array_like(value):
        return False
    few = annotation in _SEVERAL and value.ndim == 1 and value.dtype.kind in 'iu'
    return not few


class _Parameters:
    """What a function or constructor takes.

    Args:
        function: Whose parameters they are.
        skip: How many come before the caller's: 1 for ``self``.
    """

    def __init__(self, function: Callable[..., Any], skip: int = 0) -> None:
        all_of = list(inspect.signature(function).parameters.values())[skip:]
        positional = (
            inspect.Parameter.POSITIONAL_ONLY,
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
        )
        self.open = any(p.kind is p.VAR_KEYWORD for p in all_of)
        self.positional = [p.name for p in all_of if p.kind in positional]
        several = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
        names = [p.name for p in all_of if p.kind not in several]
        self.names = [name for name in names if name != 'self']
        self.options = {
            p.name: _annotation(p) for p in all_of if _annotation(p) in _EXPECTED
        }
        indexes = [i for i, p in enumerate(self.positional) if p in self.options]
        self.first_option = min(indexes, default=len(all_of))

    def refuse_arrays(
        self,
        subject: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        hint: str | None = None,
    ) -> None:
        """Refuses arrays where numbers, words and flags belong."""
        first = self.first_option
        given = list(zip(self.positional[first:], args[first:], strict=False))
        for name, value in given + list(kwargs.items()):
            annotation = self.options.get(name)
            if annotation is not None and _is_wrong(value, annotation):
                text = f'{subject}: {name} is {shown(value)}, expected '
                text += _EXPECTED[annotation]
                if hint is None and name not in kwargs:
                    hint = 'options are given by name, as in '
                    hint += f'{subject}(..., {name}=...)'
                raise TypeError(text if hint is None else f'{text}\n  hint: {hint}')

    def refuse_unknown(self, subject: str, keywords: Iterable[str]) -> None:
        """Refuses keywords that nobody takes."""
        if not self.open:
            for name in keywords:
                if name not in self.names:
                    raise TypeError(unknown_argument(subject, name, self.names))


def checks_arguments(function: Callable[P, R]) -> Callable[P, R]:
    """Makes a function name an array that came as an option, and unknown keywords.

    What an option takes is read from its annotation: a number for ``int`` and
    ``float``, a flag for ``bool``, a word for ``str``.

    Args:
        function: Any function.

    Example:
        >>> F.dropout(np.ones((8, 4)), np.ones((8, 4)))
        Traceback (most recent call last):
        TypeError: dropout: ratio is an array of shape (8, 4), expected a number
          hint: options are given by name, as in dropout(..., ratio=...)
        >>> F.max_pooling_2d(np.ones((1, 1, 4, 4), 'f'), kernel_size=2)
        Traceback (most recent call last):
        TypeError: max_pooling_2d takes no argument 'kernel_size'; did you mean ksize? It takes x, ksize, stride, pad, cover_all, return_indices
    """
    parameters = _Parameters(function)
    first, options = parameters.first_option, parameters.options
    subject = _name_of(function)

    @wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        # What follows costs 0.2 us of a call, 0.4 with keywords (measured in turns).
        for value in args[first:]:
            if value.__class__ not in _NO_ARRAYS:
                parameters.refuse_arrays(subject, args, kwargs)
                break
        if kwargs:
            for name, value in kwargs.items():
                if value.__class__ not in _NO_ARRAYS and name in options:
                    parameters.refuse_arrays(subject, args, kwargs)
        try:
            return function(*args, **kwargs)
        except TypeError as error:
            here = error.__traceback__
            if here is None or here.tb_next is None:  # nothing of the function ran
                parameters.refuse_unknown(subject, kwargs)
            raise

    return checked


def _name_of(function: Callable[..., Any]) -> str:
    """Returns the name that users know: ``Link.copy``, and Parameter for its __init__."""
    return function.__qualname__.split('<locals>.')[-1].removesuffix('.__init__')


def _takes_none(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    if kwargs:
        return unknown_argument(name, next(iter(kwargs)), ())
    return f'{name} takes no arguments, got {shown(args[0])}'


_parameters_of = lru_cache(maxsize=1000)(_Parameters)


class NamedArguments:
    """Base of classes whose constructors say what a wrong argument was meant to be.

    Example:
        >>> minigrad.optimizers.SGD(alpha=0.1)
        Traceback (most recent call last):
        TypeError: SGD takes no argument 'alpha'; did you mean lr? It takes lr
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        if cls.__init__ is object.__init__:
            if args or kwargs:
                raise TypeError(_takes_none(cls.__name__, args, kwargs))
        elif kwargs or any(map(is_array_like, args)):
            parameters = _parameters_of(cls.__init__, skip=1)
            hint = 'make it first, then call it with arrays'
            parameters.refuse_arrays(cls.__name__, args, kwargs, hint)
            parameters.refuse_unknown(cls.__name__, kwargs)
        return super().__new__(cls)


def explain_call(subject: str, function: Callable[..., Any], keywords: Any) -> None:
    """Says of a call that Python refused which keyword was wrong, if one was.

    Args:
        subject: Who was called.
        function: What was called.
        keywords: The keywords that were given.

    Raises:
        TypeError: One of them is not a parameter.
    """
    try:
        parameters = _Parameters(function)
    except (TypeError, ValueError):  # nobody can tell what it takes
        return
    parameters.refuse_unknown(subject, keywords)


def unknown_keyword(kwargs: Iterable[str], also: Iterable[str] = ()) -> TypeError:
    """Returns the error for keywords that the calling function does not take.

    Args:
        kwargs: The keywords that are left.
        also: Names that it takes beside those in its signature.
    """
    frame = sys._getframe(1)
    while _is_inner(frame) and frame.f_back is not None:
        frame = frame.f_back
    code = frame.f_code
    own = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    subject = code.co_qualname.split('<locals>.')[-1]
    if own[:1] == ('self',):
        subject = f'{type(frame.f_locals["self"]).__name__}.{code.co_name}'
    subject = subject.removesuffix('.__init__')
    names = [name for name in (*own, *also) if name != 'self']
    first, *others = sorted(kwargs)
    nor = f' (nor {", ".join(others)})' if others else ''
    return TypeError(unknown_argument(subject, first, names) + nor)


def _is_inner(frame: FrameType) -> bool:
    """Tells whether a frame is not that of a function whom users call."""
    name = frame.f_code.co_name
    private = name.startswith('_') and name != '__init__'
    return private or frame.f_globals['__name__'] in (
        __name__,
        'minigrad.utils.argument',
    )


def refuse_keywords(kwargs: Mapping[str, object], function: str) -> None:
    """Raises for keyword arguments that the calling function does not take.

    Args:
        kwargs: The arguments.
        function: Public name of the function.

    Raises:
        ValueError: Chainer took one of them once; the message says what to write.
        TypeError: One is unknown.

    Example:
        >>> F.convolution_2d(np.ones((1, 1, 2, 2)), np.ones((1, 1, 1, 1)), volatile=True)
        Traceback (most recent call last):
        ValueError: volatile argument is not supported anymore: volatile= is gone since Chainer 2; put the computation inside `with chainer.no_backprop_mode():`
    """
    for name in kwargs:
        why = KEYWORDS_OF.get((f'chainer.functions.{function}', name))
        why = why or KEYWORDS.get(name)
        if why is not None:
            raise ValueError(f'{name} argument is not supported anymore: {why}')
        raise unknown_keyword(kwargs)
