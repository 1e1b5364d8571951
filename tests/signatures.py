"""The signature of every public callable of minigrad, as text.

``python -m tests.signatures > tests/signatures.txt`` writes the table anew, and
``tests/test_signatures.py`` says what differs from it.
"""

import ast
import enum
import functools
import importlib
import inspect
import pkgutil
import re
import warnings
from pathlib import Path

import minigrad
from minigrad.chainer import names

TABLE = Path(__file__).with_suffix('.txt')
INSIDE = 'minigrad.kernels.'  # what is called by name only from a kernel set


missing = set()


def importable():
    """Yields the public modules that can be imported here, and notes the others."""
    found = [minigrad.__name__]
    found += [m.name for m in pkgutil.walk_packages(minigrad.__path__, 'minigrad.')]
    for name in sorted(found, key=lambda name: (name.count('.'), name)):
        if name.startswith(INSIDE) or '._' in name:
            continue
        try:
            yield importlib.import_module(name)
        except ImportError:  # a package that is not installed here
            missing.add(name)


def own(value):
    module = getattr(value, '__module__', None)
    return isinstance(module, str) and module.split('.')[0] == 'minigrad'


@functools.cache
def table():
    """Returns {path: parameters} of functions, classes and their own methods.

    What several modules give stands at the place with the fewest dots. A method that
    takes the same as that of the base class is told there.
    """
    rows, seen = {}, set()
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # some names say that they are deprecated
        for module in importable():
            for name, value in sorted(vars(module).items()):
                if name.startswith('_') or not callable(value) or not own(value):
                    continue
                if id(value) in seen:
                    continue
                seen.add(id(value))
                path = f'{module.__name__}.{name}'
                rows[path] = signature(value)
                if inspect.isclass(value):
                    for key, method in methods(value):
                        rows[f'{path}.{key}'] = signature(method)
    return {path: text for path, text in sorted(rows.items()) if text is not None}


def methods(cls):
    for name, value in vars(cls).items():
        if isinstance(value, (classmethod, staticmethod)):
            value = value.__func__
        public = not name.startswith('_') or name == '__call__'
        if not (public and inspect.isfunction(value) and own(value)):
            continue
        above = [vars(base).get(name) for base in cls.__mro__[1:]]
        if signature(value) not in [signature(f) for f in above if callable(f)][:1]:
            yield name, value


def signature(function):
    """Returns parameters and defaults without annotations; None if there are none."""
    if inspect.isclass(function) and issubclass(function, enum.Enum):
        return None
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    words = []
    for p in parameters:
        if p.kind is p.KEYWORD_ONLY and not any(w.startswith('*') for w in words):
            words.append('*')
        stars = {p.VAR_POSITIONAL: '*', p.VAR_KEYWORD: '**'}.get(p.kind, '')
        default = '' if p.default is p.empty else f'={written(p.default)}'
        words.append(stars + p.name + default)
    return f'({", ".join(words)})'


def written(value):
    """Returns a default as text that is the same on every machine."""
    if isinstance(value, (type(None), bool, int, float, str)):
        return repr(value)
    if isinstance(value, (tuple, list)):
        items = ', '.join(map(written, value))
        if isinstance(value, list):
            return f'[{items}]'
        return f'({items},)' if len(value) == 1 else f'({items})'
    if isinstance(value, dict) and not value:
        return '{}'
    if type(value).__name__ == '_HAS_DEFAULT_FACTORY_CLASS':  # of a dataclass
        return '<made anew>'
    if hasattr(value, 'write'):
        return '<a stream>'
    name = getattr(value, '__qualname__', getattr(value, '__name__', None))
    return f'<{name}>' if isinstance(name, str) else f'<a {type(value).__name__}>'


def read():
    """Returns the table as it was written down."""
    lines = TABLE.read_text(encoding='utf-8').splitlines()
    return {
        path: f'({rest}' for path, _, rest in (line.partition('(') for line in lines)
    }


def rows_of(text):
    """Returns {path: parameters} of a table."""
    split = [line.partition('(') for line in text.splitlines()]
    return {path: f'({rest}' for path, _, rest in split}


# -- beside Chainer's ------------------------------------------------------------------


def differences():
    """Yields (path, theirs, ours) of names whose parameters or defaults are not Chainer's.

    Parameters that minigrad has beside Chainer's are no difference, where they stand
    behind those.
    """
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        for name in names.listed():
            if not name.parameters or not names.is_here(name):
                continue
            ours = signature(names.find(name.path))
            if ours is None:
                continue
            method = name.kind == 'method'
            if not takes(parsed(name.parameters, method), parsed(ours, method)):
                yield name.path, name.parameters, ours


def takes(theirs, ours):
    """Tells whether each call that Chainer's parameters allow means the same here."""
    their_names, their_defaults = theirs
    our_names, our_defaults = ours
    if our_names[: len(their_names)] != their_names:
        return False
    return all(
        name in our_defaults and default in ('...', our_defaults[name])
        for name, default in their_defaults.items()
    )


def parsed(text, method=False):
    """Returns the names of positional parameters, and {name: default} of all.

    The object of a method does not count: a class method's is bound already.
    """
    text = re.sub('<[^>]*>', '...', text)
    arguments = ast.parse(f'lambda {text[1:-1]}: 0', mode='eval').body.args
    positional = [a.arg for a in arguments.posonlyargs + arguments.args]
    defaults = dict(zip(positional[::-1], arguments.defaults[::-1], strict=False))
    keywords = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    defaults |= {a.arg: default for a, default in keywords if default is not None}
    if method and positional[:1] in (['self'], ['cls']):
        del positional[0]
    return positional, {name: ast.unparse(value) for name, value in defaults.items()}


if __name__ == '__main__':
    for path, text in table().items():
        print(path + text)
