"""What NumPy 2 and Python 3.10 removed, for the program's own files.

Those files are compiled from a changed syntax tree: where they read an attribute with
the name of something removed, such as ``np.int``, the attribute is looked up as ever,
and only if it is missing, in the tables below. No module is changed, so no other code
notices. The same goes for ``from collections import Iterable``.
"""

from __future__ import annotations

import ast
import collections.abc
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import inspect
import math
import sys
import sysconfig
import time
import types
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy


def _asscalar(a: Any) -> Any:
    return a.item()


def _asfarray(a: Any, dtype: Any = numpy.float64) -> Any:
    return numpy.asarray(
        a, dtype if numpy.issubdtype(dtype, numpy.inexact) else 'float64'
    )


def _msort(a: Any) -> Any:
    return numpy.sort(a, axis=0)


def _in1d(ar1: Any, ar2: Any, assume_unique: bool = False, invert: bool = False) -> Any:
    return numpy.isin(ar1, ar2, assume_unique, invert).ravel()


def _find_common_type(array_types: Any, scalar_types: Any) -> Any:
    return numpy.result_type(*array_types, *scalar_types)


def _alen(a: Any) -> int:
    return len(numpy.atleast_1d(a))


def _mat(data: Any, dtype: Any = None) -> Any:
    return numpy.asmatrix(data, dtype)


_NUMPY: dict[str, Any] = {
    'NINF': -numpy.inf,
    'NZERO': -0.0,
    'PINF': numpy.inf,
    'PZERO': 0.0,
    'alen': _alen,
    'alltrue': numpy.all,
    'asfarray': _asfarray,
    'asscalar': _asscalar,
    'cfloat': numpy.complex128,
    'clongfloat': numpy.clongdouble,
    'complex': complex,
    'complex_': numpy.complex128,
    'cumproduct': numpy.cumprod,
    'find_common_type': _find_common_type,
    'float': float,
    'float_': numpy.float64,
    'in1d': _in1d,
    'int': int,
    'int0': numpy.intp,
    'issubclass_': lambda a, b: inspect.isclass(a) and issubclass(a, b),
    'longcomplex': numpy.clongdouble,
    'longfloat': numpy.longdouble,
    'mat': _mat,
    'msort': _msort,
    'object': object,
    'object0': numpy.object_,
    'product': numpy.prod,
    'rank': numpy.ndim,
    'round_': numpy.round,
    'row_stack': numpy.vstack,
    'singlecomplex': numpy.complex64,
    'sometrue': numpy.any,
    'str': str,
    'str0': numpy.str_,
    'string_': numpy.bytes_,
    'trapz': numpy.trapezoid,
    'typeDict': numpy.sctypeDict,
    'uint0': numpy.uintp,
    'unicode': str,
    'unicode_': numpy.str_,
    'void0': numpy.void,
    'Inf': numpy.inf,
    'Infinity': numpy.inf,
    'NaN': numpy.nan,
    'infty': numpy.inf,
    'bool': bool,
    'long': int,
    'bool8': numpy.bool_,
    'sctypes': {
        'int': [numpy.int8, numpy.int16, numpy.int32, numpy.int64],
        'uint': [numpy.uint8, numpy.uint16, numpy.uint32, numpy.uint64],
        'float': [numpy.float16, numpy.float32, numpy.float64, numpy.longdouble],
        'complex': [numpy.complex64, numpy.complex128, numpy.clongdouble],
        'others': [bool, object, bytes, str, numpy.void],
    },
}

_ARRAY: dict[str, Callable[..., Any]] = {
    'itemset': lambda a, *args: a.__setitem__(
        args[0] if len(args) == 2 else ..., args[-1]
    ),
    'newbyteorder': lambda a, new_order='S': a.view(a.dtype.newbyteorder(new_order)),
    'ptp': numpy.ptp,
    'tostring': lambda a, order='C': a.tobytes(order),
}


def _getargspec(function: Any) -> Any:
    ArgSpec = collections.namedtuple('ArgSpec', 'args varargs keywords defaults')
    return ArgSpec(*inspect.getfullargspec(function)[:4])


_PYTHON: dict[str, dict[str, Any]] = {
    'collections': {
        name: getattr(collections.abc, name) for name in collections.abc.__all__
    },
    'fractions': {'gcd': math.gcd},
    'inspect': {'getargspec': _getargspec},
    'time': {'clock': time.perf_counter},
}

REMOVED: dict[str, dict[str, Any]] = {'numpy': _NUMPY, **_PYTHON}
_NAMES = {name for table in REMOVED.values() for name in table} | set(_ARRAY)
_ATTRIBUTE, _IMPORTED = '_minigrad_attribute', '_minigrad_imported'
_SCALAR = '_minigrad_scalar'


# What to write instead, where that is not the value's own name.
_WRITE: dict[tuple[str, str], str] = {
    ('numpy', 'Inf'): 'numpy.inf',
    ('numpy', 'Infinity'): 'numpy.inf',
    ('numpy', 'NINF'): '-numpy.inf',
    ('numpy', 'NZERO'): '-0.0',
    ('numpy', 'NaN'): 'numpy.nan',
    ('numpy', 'PINF'): 'numpy.inf',
    ('numpy', 'PZERO'): '0.0',
    ('numpy', 'alen'): 'len',
    ('numpy', 'asfarray'): 'numpy.asarray(..., float)',
    ('numpy', 'asscalar'): 'a.item()',
    ('numpy', 'find_common_type'): 'numpy.result_type',
    ('numpy', 'in1d'): 'numpy.isin',
    ('numpy', 'infty'): 'numpy.inf',
    ('numpy', 'issubclass_'): 'issubclass',
    ('numpy', 'mat'): 'numpy.asmatrix',
    ('numpy', 'msort'): 'numpy.sort(..., axis=0)',
    ('numpy', 'sctypes'): 'the types themselves',
    ('inspect', 'getargspec'): 'inspect.getfullargspec',
    ('time', 'clock'): 'time.perf_counter',
}


def advice(module: str, name: str) -> str | None:
    """Returns a sentence about a removed name, None if it is not one.

    Args:
        module: Such as ``numpy``.
        name: Such as ``int``.

    Example:
        >>> from minigrad.chainer import old_names
        >>> old_names.advice('numpy', 'product')
        'numpy.product is gone; write `numpy.prod`'
    """
    table = REMOVED.get(module, {})
    if name not in table or (module, name) == (
        'numpy',
        'bool',
    ):  # there, though changed
        return None
    write = _WRITE.get((module, name))
    if write is None:
        value = table[name]
        home = getattr(value, '__module__', None)
        write = value.__name__ if home == 'builtins' else f'{home}.{value.__name__}'
    return f'{module}.{name} is gone; write `{write}`'


def attribute(owner: Any, name: str) -> Any:
    """Returns ``owner.name``, also where NumPy 2 or Python 3.10 removed it.

    Args:
        owner: Any object.
        name: Name of the attribute.

    Raises:
        AttributeError: It neither is nor was there.
    """
    if owner is numpy and name == 'bool':  # NumPy 2 gave the name to another type
        return bool
    try:
        return getattr(owner, name)
    except AttributeError:
        if isinstance(owner, types.ModuleType):
            table = REMOVED.get(owner.__name__, {})
            if name in table:
                return table[name]
        elif isinstance(owner, (numpy.ndarray, numpy.generic)) and name in _ARRAY:
            return types.MethodType(_ARRAY[name], owner)
        raise


def imported(module: str, name: str) -> Any:
    """Returns what ``from module import name`` once gave.

    Args:
        module: Full name of a module.
        name: What to import from it.

    Raises:
        ImportError: It neither is nor was there.
    """
    try:
        return attribute(importlib.import_module(module), name)
    except AttributeError as error:
        raise ImportError(str(error), name=name) from None


def scalar(kind: Any, value: Any) -> Any:
    """Returns ``kind(value)``, also for an array of one element, as NumPy 1 did.

    Args:
        kind: ``float``, ``int`` or ``complex``.
        value: What to convert.
    """
    if isinstance(value, numpy.ndarray) and value.ndim > 0 and value.size == 1:
        return kind(value.reshape(()))
    return kind(value)


class Rewriter(ast.NodeTransformer):
    """Lets a syntax tree look up removed names in the tables of this module."""

    def visit_Module(self, node: ast.Module) -> ast.Module:
        """Imports the two helpers at the top."""
        self.generic_visit(node)
        start = 1 if ast.get_docstring(node, clean=False) is not None else 0
        while start < len(node.body) and _is_future(node.body[start]):
            start += 1
        helpers = ast.ImportFrom(
            'minigrad.chainer.old_names',
            [
                ast.alias('attribute', _ATTRIBUTE),
                ast.alias('imported', _IMPORTED),
                ast.alias('scalar', _SCALAR),
            ],
            0,
        )
        node.body.insert(start, ast.fix_missing_locations(helpers))
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        """Looks up an attribute with a removed name."""
        self.generic_visit(node)
        if node.attr not in _NAMES or not isinstance(node.ctx, ast.Load):
            return node
        call = ast.Call(
            ast.Name(_ATTRIBUTE, ast.Load()), [node.value, ast.Constant(node.attr)], []
        )
        return ast.fix_missing_locations(ast.copy_location(call, node))

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """Lets ``float(x)`` take an array of one element."""
        self.generic_visit(node)
        function = node.func
        if (
            isinstance(function, ast.Name)
            and function.id in ('float', 'int', 'complex')
            and len(node.args) == 1
            and not isinstance(node.args[0], ast.Starred)
            and not node.keywords
        ):
            call = ast.Call(ast.Name(_SCALAR, ast.Load()), [function, *node.args], [])
            return ast.fix_missing_locations(ast.copy_location(call, node))
        return node

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.stmt | list[ast.stmt]:
        """Takes removed names out of an import and looks them up."""
        table = {} if node.level else REMOVED.get(node.module or '', {})
        old = [alias for alias in node.names if alias.name in table]
        if not old:
            return node
        result: list[ast.stmt] = [
            ast.Assign(
                [ast.Name(alias.asname or alias.name, ast.Store())],
                ast.Call(
                    ast.Name(_IMPORTED, ast.Load()),
                    [ast.Constant(node.module), ast.Constant(alias.name)],
                    [],
                ),
            )
            for alias in old
        ]
        kept = [alias for alias in node.names if alias.name not in table]
        if kept:
            result.append(ast.ImportFrom(node.module, kept, 0))
        return [
            ast.fix_missing_locations(ast.copy_location(new, node)) for new in result
        ]


def _is_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == '__future__'


def compile_old(source: str | bytes, path: str) -> types.CodeType:
    """Compiles a file of the program so that removed names work in it.

    Args:
        source: Its text.
        path: Its path, for tracebacks.

    Example:
        >>> from minigrad.chainer import old_names
        >>> exec(old_names.compile_old('import numpy as np; x = np.int(2.5)', 'a.py'))
        >>> x
        2
    """
    tree = Rewriter().visit(ast.parse(source, path))
    return compile(tree, path, 'exec', dont_inherit=True)


class _Loader(importlib.machinery.SourceFileLoader):
    def source_to_code(  # type: ignore[override]  # static in one of its bases
        self, data: Any, path: Any, **_: Any
    ) -> types.CodeType:
        return compile_old(bytes(data), str(path))

    def path_stats(self, path: Any) -> Any:
        raise OSError('compiled specially, so neither read from nor put in a cache')


class Finder(importlib.abc.MetaPathFinder):
    """Finds the modules of one program, to compile them specially.

    Args:
        root: The folder with the program's files. Installed packages below it are not
            the program's.
        main: The program's own file, under the name `MAIN` in child processes.
    """

    def __init__(self, root: Path, main: Path | None) -> None:
        self.root = root
        self.main = main
        schemes = sysconfig.get_paths()
        self._others = [
            Path(schemes[name]) for name in ('stdlib', 'purelib', 'platlib')
        ]
        self._others.append(Path(__file__).parents[1])

    def owns(self, path: Path) -> bool:
        """Tells whether a file is one of the program's."""
        path = path.resolve()
        below = path.is_relative_to(self.root)
        return below and not (
            'site-packages' in path.parts or any(map(path.is_relative_to, self._others))
        )

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: Any = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Finds a module if it is one of the program's."""
        if name == MAIN and self.main is not None:
            return importlib.util.spec_from_file_location(
                name, self.main, loader=_Loader(name, str(self.main))
            )
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        if spec is None or not isinstance(
            spec.loader, importlib.machinery.SourceFileLoader
        ):
            return None
        if spec.origin is None or not self.owns(Path(spec.origin)):
            return None
        spec.loader = _Loader(spec.loader.name, spec.loader.path)
        return spec


MAIN = '_minigrad_chainer_main'  # the main script's name in child processes


def enable(root: Path, main: Path | None) -> Finder:
    """Compiles the program's modules specially from now on.

    Args:
        root: The folder with its files.
        main: The script that was started, if it was one.
    """
    finder = Finder(root.resolve(), main)
    sys.meta_path.insert(0, finder)
    return finder


def settings() -> tuple[str, str | None] | None:
    """Returns what `apply` needs in a child process, None where it is not enabled."""
    for finder in sys.meta_path:
        if isinstance(finder, Finder):
            return str(finder.root), None if finder.main is None else str(finder.main)
    return None


def apply(settings: tuple[str, str | None] | None) -> None:
    """Does in a child process what its parent has done."""
    if settings is not None:
        root, main = settings
        enable(Path(root), None if main is None else Path(main))


def prepared(data: dict[str, Any]) -> dict[str, Any]:
    """Returns the data of a child process, its main script being found by `Finder`."""
    enabled = settings()
    if enabled is None or enabled[1] is None or 'init_main_from_path' not in data:
        return data
    data = {key: value for key, value in data.items() if key != 'init_main_from_path'}
    return {**data, 'init_main_from_name': MAIN}


def load_ipython_extension(shell: Any) -> None:
    """Is what ``%load_ext minigrad.chainer.old_names`` calls: for a notebook's cells.

    Args:
        shell: The running IPython.
    """
    shell.ast_transformers.append(Rewriter())
