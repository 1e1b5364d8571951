"""Every name of CuPy that we use, and every name that the stand-in says it has."""

import ast
import importlib
import inspect
from pathlib import Path

import pytest

import minigrad
from tests.gpu.stand_in import api, cuda, library

# What each module calls CuPy; `xp` may be NumPy, too.
ROOTS = ('cupy', 'self._cupy', 'self.xp', 'xp')


def chains():
    """Returns names such as ``cuda.Stream`` with the files in which they are used."""
    found = {}
    for path in Path(minigrad.__file__).parent.rglob('*.py'):
        tree = ast.parse(path.read_text())
        inner = {
            id(node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and id(node) not in inner:
                text = ast.unparse(node)
                for root in ROOTS:
                    if text.startswith(f'{root}.'):
                        name = text[len(root) + 1 :]
                        if all(part.isidentifier() for part in name.split('.')):
                            found.setdefault(name, set()).add(path.name)
                        break
    return found


CHAINS = chains()


def look_up(cupy, name):
    """Follows a name as far as modules and classes go; what they hold is not ours."""
    found = cupy
    for part in name.split('.'):
        found = getattr(found, part)
        if not inspect.ismodule(found) and not inspect.isclass(found):
            return found
    return found


@pytest.mark.parametrize('name', sorted(CHAINS))
def test_name(name, cupy):
    try:
        look_up(cupy, name)
    except AttributeError as error:
        raise AssertionError(f'{error}; used in {CHAINS[name]}') from None


def parameters_of(function):
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None  # a function of Cython without a signature
    marks = {inspect.Parameter.VAR_POSITIONAL: '*', inspect.Parameter.VAR_KEYWORD: '**'}
    return [marks.get(p.kind, '') + p.name for p in signature.parameters.values()]


@pytest.mark.parametrize('name', sorted(api.names()))
def test_row(name, cupy):
    expected = api.names()[name]
    found = cupy
    for part in name.split('.'):
        found = getattr(found, part)
    if expected == ['=ufunc']:
        assert isinstance(found, cupy.ufunc)
    elif not expected[:1] or expected[0][0] != '=':
        actual = parameters_of(found)
        assert actual is None or actual == expected


def members():
    """Returns what the modules of the stand-in hold: (module, name)."""
    return [
        (module, name)
        for module, content in library.build_modules().items()
        for name in vars(content)
        if not name.startswith('_') and name not in ('compute_types', 'annotations')
    ]


@pytest.mark.parametrize(('module', 'name'), members())
def test_member(module, name, cupy):
    assert hasattr(importlib.import_module(module), name)


CLASSES = [
    cuda.Device, cuda.Event, cuda.Graph, cuda.Stream, cuda.MemoryPointer, cuda.MemoryPool
]  # fmt: skip
RECORDING = {'touch', 'restore', 'keep', 'record'}  # the stand-in's alone


@pytest.mark.parametrize('kind', CLASSES, ids=lambda kind: kind.__name__)
def test_class(kind, cupy):
    real = getattr(cupy.cuda, kind.__name__)
    for name, value in vars(kind).items():
        if name.startswith('_') or (kind is cuda.Graph and name in RECORDING):
            continue
        assert hasattr(real, name), name
        ours, theirs = parameters_of(value), parameters_of(getattr(real, name))
        if callable(value) and ours is not None and theirs is not None:
            assert theirs[: len(ours)] == ours, name


def test_runtime(cupy):
    for name in vars(cuda.Runtime):
        assert name.startswith('_') or hasattr(cupy.cuda.runtime, name), name
