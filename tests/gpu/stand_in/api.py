"""Which names and parameters CuPy has: the rows of ``api.txt``."""

from __future__ import annotations

import functools
from pathlib import Path

_UFUNC = ('out', 'dtype', 'casting')


@functools.cache
def names():
    """Returns what each name takes: a list of parameters, or one ``'=kind'``."""
    rows = Path(__file__).with_name('api.txt').read_text().splitlines()
    fields = [row.split() for row in rows if row[0] != '#']
    return {first: rest for first, *rest in fields}


def has_method(name):
    """Tells whether ``cupy.ndarray`` has a method."""
    return f'ndarray.{name}' in names()


def check_call(name, args, kwargs):
    """Raises TypeError where CuPy's function would not take these arguments."""
    given = names().get(name)
    if given is None or given == ['=any']:
        return
    if given == ['=ufunc']:
        for key in kwargs:
            if key not in _UFUNC:
                raise TypeError(f'cupy.{name}() got an unexpected argument {key!r}')
        return
    plain = [p for p in given if p[0] != '*']
    variadic = [p for p in given if p[0] == '*' and p[1] != '*']
    if len(args) > len(plain) and not variadic:
        raise TypeError(f'cupy.{name}() takes {len(plain)} arguments, got {len(args)}')
    if not any(p.startswith('**') for p in given):
        for key in kwargs:
            if key not in plain:
                raise TypeError(f'cupy.{name}() got an unexpected argument {key!r}')
