"""What a name that does not exist was meant to be: a typo, or another library's name."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from opcode import opmap
from types import FrameType
from typing import Any

from minigrad.old_idioms import KEYWORDS, of_attribute


def near_miss(name: str, known: Iterable[str], cutoff: float = 0.8) -> str | None:
    """Returns the known name that ``name`` is a typo of, or None.

    Names that differ by more than a letter in length are taken for names of their own.

    Example:
        >>> from minigrad.suggestions import near_miss
        >>> near_miss('trian', ['train', 'debug']), near_miss('my_flag', ['train'])
        ('train', None)
    """
    import difflib  # only who is wrong waits for it

    lower = {
        other.lower(): other for other in known if abs(len(other) - len(name)) <= 1
    }
    found = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=cutoff)
    return lower[found[0]] if found and lower[found[0]] != name else None


class UnknownName(AttributeError):
    """An attribute that does not exist; what was meant is looked up when it is shown.

    Args:
        subject: Whose attribute it is, as in ``"module 'minigrad.links'"``.
        wrong: The name that was asked for.
        known: The names that there are.
        owner: Key of `minigrad.other_names.OTHER_NAMES`.
    """

    def __init__(
        self, subject: str, wrong: str, known: Iterable[str], owner: str
    ) -> None:
        super().__init__(f'{subject} has no attribute {wrong!r}')
        self._wrong = wrong
        self._known = known
        self._owner = owner

    def __reduce__(self) -> Any:
        return AttributeError, (str(self),)

    def __str__(self) -> str:
        from minigrad.other_names import OTHER_NAMES  # only who is wrong waits for it

        meant = OTHER_NAMES[self._owner].get(self._wrong)
        if meant is not None:
            return f'{self.args[0]}\n  hint: here it is {meant}'
        gone = of_attribute(self._wrong, self._owner)
        if gone is not None:
            return f'{self.args[0]}\n  hint: {gone}'
        public = [name for name in self._known if not name.startswith('_')]
        meant = near_miss(self._wrong, public)
        return (
            self.args[0] if meant is None else f'{self.args[0]}; did you mean {meant}?'
        )


def of_module(module: str, owner: str) -> Callable[[str], Any]:
    """Returns a module's ``__getattr__``: it is asked for names that do not exist."""

    def __getattr__(name: str) -> Any:
        known = dir(sys.modules[module])
        error = UnknownName(f'module {module!r}', name, known, owner)
        if _is_from_import(sys._getframe(1)):
            # Python would say "cannot import name", and no more.
            raise ImportError(str(error), name=module) from None
        raise error

    return __getattr__


def _is_from_import(frame: FrameType | None) -> bool:
    """Tells whether a program is about to run ``from module import name``."""
    while frame is not None and frame.f_code.co_name == '__getattr__':
        frame = frame.f_back
    code = b'' if frame is None else frame.f_code.co_code
    return frame is not None and code[frame.f_lasti] == opmap['IMPORT_FROM']


class _Elsewhere:
    """Stands on a class for a name that other libraries have there.

    It is no attribute, and costs the others nothing, as a ``__getattr__`` would.
    """

    def __init__(self, name: str, owner: str) -> None:
        self._name = name
        self._owner = owner

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            raise AttributeError(
                f'type object {owner.__name__!r} has no attribute {self._name!r}'
            )
        raise unknown_attribute(instance, self._name, self._owner)


def answer_other_names(cls: type, owner: str) -> None:
    """Lets the attributes of `OTHER_NAMES` that a class lacks say what is there instead.

    Example:
        >>> minigrad.Variable(np.ones(2)).detach()
        Traceback (most recent call last):
        minigrad.suggestions.UnknownName: 'Variable' object has no attribute 'detach'
          hint: here it is unchain(), or Variable(v.array) for one that is cut off
    """
    from minigrad.other_names import OTHER_NAMES

    names = [name for name in OTHER_NAMES[owner] if not hasattr(cls, name)]
    for name in names:
        setattr(cls, name, _Elsewhere(name, owner))
    inherited: Any = cls.__dir__

    def __dir__(self: Any) -> list[str]:
        return [name for name in inherited(self) if name not in names]

    setattr(cls, '__dir__', __dir__)  # noqa: B010 - mypy


class _Attributes:
    """The names of an object's attributes, looked up when they are asked for."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def __iter__(self) -> Iterator[str]:
        return iter(dir(self._value))


def unknown_attribute(value: Any, name: str, owner: str) -> UnknownName:
    """Returns the error for an attribute that an object does not have."""
    kind = type(value)
    return UnknownName(f'{kind.__name__!r} object', name, _Attributes(value), owner)


def unknown_argument(subject: str, name: str, known: Iterable[str]) -> str:
    """Returns the message for a keyword argument that nobody takes.

    Args:
        subject: Who was called.
        name: The keyword.
        known: The names that it takes.

    Example:
        >>> from minigrad.suggestions import unknown_argument
        >>> unknown_argument('Adam', 'lr', ['alpha', 'beta1'])
        "Adam takes no argument 'lr'; did you mean alpha? It takes alpha, beta1"
    """
    from minigrad.other_names import OTHER_NAMES

    known = list(known)
    candidates = OTHER_NAMES['argument'].get(name, '').split()
    meant = next((word for word in candidates if word in known), None)
    if meant is None:
        meant = near_miss(name, known)
    if meant == 'nobias' != name:
        meant = 'nobias=True (for bias=False)'
    gone = KEYWORDS.get(name)
    if gone is not None and name not in known:
        return f'{subject} takes no argument {name!r}: {gone}'
    question = '.' if meant is None else f'; did you mean {meant}?'
    takes = f'It takes {", ".join(known)}' if known else 'It takes none'
    return f'{subject} takes no argument {name!r}{question} {takes}'


def is_array_like(value: Any) -> bool:
    """Tells whether a value is an array or a Variable with axes."""
    return getattr(value, 'ndim', 0) != 0 and hasattr(value, 'dtype')


def shown(value: Any) -> str:
    """Returns a value as messages show it: an array by its shape.

    Example:
        >>> from minigrad.suggestions import shown
        >>> shown(np.zeros((8, 4))), shown('x')
        ('an array of shape (8, 4)', "'x'")
    """
    if is_array_like(value):
        return f'an array of shape {tuple(value.shape)}'
    text = repr(value)
    return text if len(text) <= 60 else f'a {type(value).__name__}, {text[:50]}...'
