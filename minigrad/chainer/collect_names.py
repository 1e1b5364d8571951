"""Writes down every public name of an installed Chainer: how ``names.txt`` was made.

Run it as a file by the Python of an environment with Chainer 7.8.1, mpi4py and onnx, and
without minigrad: ``python minigrad/chainer/collect_names.py > names.txt``.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import sys
import textwrap
import warnings
from collections.abc import Iterator
from typing import Any

PACKAGES = ('chainer', 'chainermn', 'onnx_chainer')


def modules() -> Iterator[str]:
    """Yields the names of public modules, parents first."""
    for package in PACKAGES:
        yield package
        path = importlib.import_module(package).__path__
        for module in pkgutil.walk_packages(path, f'{package}.'):
            if not any(part.startswith('_') for part in module.name.split('.')):
                yield module.name


def signature(function: Any) -> str:
    """Returns parameters as text, with those defaults that can be written down."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return ''
    words: list[str] = []
    for p in parameters:
        stars = 2 if p.kind is p.VAR_KEYWORD else p.kind is p.VAR_POSITIONAL
        word = '*' * stars + p.name
        if p.kind is p.KEYWORD_ONLY and not any(w.startswith('*') for w in words):
            words.append('*')
        if p.default is not p.empty:
            plain = isinstance(p.default, (type(None), bool, int, float, str, tuple))
            word += f'={p.default!r}' if plain else '=...'
        words.append(word)
    return '(' + ', '.join(words) + ')'


def own(value: Any, package: str) -> bool:
    """Tells whether an object is Chainer's, not one that Chainer imports."""
    module = getattr(value, '__module__', None)
    if module is None or not isinstance(module, str):
        return not inspect.ismodule(value)
    return module.split('.')[0] in PACKAGES and (package in ('', module))


def private(value: Any) -> bool:
    """Tells whether an object comes from a private file, so is known by its package."""
    return any(part.startswith('_') for part in value.__module__.split('.'))


def describe(value: Any) -> str:
    """Returns the kind of a value, and its parameters."""
    if inspect.isclass(value):
        return 'class ' + signature(value)
    if callable(value):
        return 'function ' + signature(value)
    return 'value'


def members(cls: type) -> Iterator[tuple[str, str]]:
    """Yields the public members of a class: its own, and what its methods assign."""
    for name, value in vars(cls).items():
        if name.startswith('_'):
            continue
        plain = (
            value.__func__ if isinstance(value, (classmethod, staticmethod)) else value
        )
        if inspect.isfunction(plain):
            yield name, 'method ' + signature(plain)
        else:
            yield name, 'attribute'
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(cls)))
    except (OSError, TypeError, SyntaxError):
        return
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.ctx, ast.Store)
            and isinstance(node.value, ast.Name)
            and node.value.id == 'self'
            and not node.attr.startswith('_')
            and node.attr not in vars(cls)
        ):
            yield node.attr, 'attribute'


def main() -> None:
    """Prints the list."""
    lines = set()
    for name in modules():
        module = importlib.import_module(name)
        lines.add(f'{name} module')
        package = '' if hasattr(module, '__path__') else name
        for key, value in vars(module).items():
            if (
                key.startswith('_')
                or inspect.ismodule(value)
                or not own(value, package)
            ):
                continue
            lines.add(f'{name}.{key} {describe(value)}'.strip())
            if inspect.isclass(value) and (value.__module__ == name or private(value)):
                for member, text in members(value):
                    lines.add(f'{name}.{key}.{member} {text}'.strip())
    sys.stdout.write('\n'.join(sorted(lines)) + '\n')


if __name__ == '__main__':
    warnings.simplefilter('ignore')
    main()
