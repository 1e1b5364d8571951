"""Every public name of Chainer 7.8.1, and whether it is here.

``python -m minigrad.chainer.names`` prints the table that ``docs/chainer-names.md``
holds. The names are in ``names.txt``, one a line: path, kind, parameters. They were
listed once by ``collect_names.py`` from the distribution chainer 7.8.1 (with chainermn
and onnx_chainer, which come with it), on Python 3.11 with NumPy 1.23.5.
"""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import re
import sys
import textwrap
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from minigrad.chainer.alias import PACKAGES

_LIST = Path(__file__).with_name('names.txt')


class Name(NamedTuple):
    """One line of the list.

    Attributes:
        path: Such as ``chainer.functions.relu``.
        kind: module, class, function, value, method or attribute.
        parameters: Of a class, function or method, as text; else empty.
    """

    path: str
    kind: str
    parameters: str


@functools.cache
def listed() -> tuple[Name, ...]:
    """Returns the names of Chainer 7.8.1.

    Example:
        >>> from minigrad.chainer import names
        >>> [name for name in names.listed() if name.path == 'chainer.functions.relu']
        [Name(path='chainer.functions.relu', kind='function', parameters='(x)')]
    """
    lines = _LIST.read_text(encoding='utf-8').splitlines()
    return tuple([Name(*[*line.split(' ', 2), ''][:3]) for line in lines])


def find(path: str) -> Any:
    """Returns what minigrad has at a path of Chainer's.

    Args:
        path: Such as ``chainer.functions.relu``.

    Raises:
        LookupError: There is nothing.
    """
    module = path
    # Nothing of chainerx is listed: then it is the package itself.
    while module not in _modules() and '.' in module:
        module = module.rpartition('.')[0]
    top, _, rest = module.partition('.')
    try:
        found: Any = importlib.import_module(f'{PACKAGES[top]}.{rest}'.rstrip('.'))
        for part in path.removeprefix(module).split('.')[1:]:
            found = getattr(found, part)
    except (ImportError, AttributeError):
        raise LookupError(path) from None
    return found


@functools.cache
def _modules() -> frozenset[str]:
    return frozenset([name.path for name in listed() if name.kind == 'module'])


@functools.cache
def _assigned(cls: Any) -> frozenset[str]:
    # Attributes that the methods of a class assign, or that it declares.
    if not inspect.isclass(cls):
        return frozenset()
    names = {name for base in cls.__mro__ for name in getattr(base, '__slots__', ())}
    for base in cls.__mro__:
        names.update(inspect.get_annotations(base))
        try:
            tree = ast.parse(textwrap.dedent(inspect.getsource(base)))
        except (OSError, TypeError):
            continue
        names.update(
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
        )
    return frozenset(names)


@functools.cache
def is_here(name: Name) -> bool:
    """Tells whether minigrad has a name of Chainer's.

    An attribute counts if the class has it or its methods assign it.
    """
    parent, _, last = name.path.rpartition('.')
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # some names say that they are deprecated
        try:
            if name.kind == 'attribute':
                owner = find(_MADE_LATER.get(parent, parent))
                return hasattr(owner, last) or last in _assigned(owner)
            find(name.path)
        except LookupError:
            return False
    return True


def missing() -> list[Name]:
    """Returns the names that are not here, without the members of a missing class."""
    absent: list[Name] = []
    prefix = '\n'
    for name in listed():  # what is in something follows it at once, or nearly so
        if name.path.startswith(prefix) or is_here(name):
            continue
        absent.append(name)
        prefix = f'{name.path}.'
    return absent


def different_parameters() -> list[str]:
    """Returns names in Chainer's packages that take other parameters than there."""
    different = []
    packages = {n.path for n in listed() if n.kind == 'module'}
    packages = {p for p in packages if any(q.startswith(f'{p}.') for q in packages)}
    for name in listed():
        if name.path.rpartition('.')[0] not in packages or not is_here(name):
            continue
        theirs = _positional(name.parameters)
        try:
            parameters = inspect.signature(find(name.path)).parameters.values()
        except (TypeError, ValueError):
            continue
        if any(p.kind is p.VAR_POSITIONAL for p in parameters):
            continue
        ours = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
        if ours[: len(theirs)] != theirs:
            different.append(name.path)
    return different


def _positional(parameters: str) -> list[str]:
    if not parameters:
        return []
    text = f'lambda {parameters[1:-1].replace("=...", "=None")}: 0'
    tree = ast.parse(text, mode='eval').body
    return [arg.arg for arg in tree.args.args] if isinstance(tree, ast.Lambda) else []


# Attributes that a class has only when it is made: where to look instead.
_MADE_LATER = {'chainer.configuration.GlobalConfig': 'chainer.global_config'}

# Why names are missing: patterns of whole paths, and a sentence for the user. The first
# one that fits counts.
REASONS: dict[str, str] = {
    r'.*\.(forward_chainerx|chainerx_device|is_elementwise)|chainer\.types\.TYPE_CHECKING': (
        'part of ChainerX, which is not available; CPU kernels by Numba take its place'
    ),
    r'.*\.(check_layout_forward|(in|out)put_layouts|[wx]_layout|AsLayout(\..*)?)': (
        'memory layouts: arrays are always (N, C, ...), the kernels choose'
    ),
    r'.*\.(forward_ideep|cudnn_fast|forward_cudnn|get_cudnn_pool_mode'
    r'|get_cudnn_dropout_states(_core)?|ReLUGradCudnn|DropoutGradCuDNN|(clear_)?states'
    r'|use_ideep|GeneralBatchNormalizationImpl)(\..*)?': (
        'belongs to iDeep, or to the cuDNN that CuPy no longer has; kernels are chosen in '
        'minigrad.kernels'
    ),
    r'chainermn\..*\.([cg]pu_(tmp_)?buffer(_[ab])?|params_data|\w+_dtype_kernel'
    r'|MultiNodeBNImplSelector|get_communication_backend)': (
        "inside ChainerMN's communicators: gradients travel in minigrad.chainermn._buckets"
    ),
    r'onnx_chainer\..*': (
        'inside ONNX-Chainer, whose export and export_testcase are here; converters are '
        'in minigrad.graph.onnx'
    ),
    r'.*\.(DaliIterator|dali_iterator|TheanoFunction)\..*': (
        'can be imported, and says when it is used what to use instead'
    ),
    r'.*\.(caffe_pb2|protobuf3)(\..*)?': (
        'code generated for protobuf; links.caffe reads the files without it'
    ),
    r'.*_kernel(\.\w+)*|.*\.(sample_gpu|sample_xp|backward_cpu|backward_gpu'
    r'|convert_kernel|index_dtype|TensorGeometry)(\.\w+)*': (
        'source of a CUDA kernel; all kernels are in minigrad.kernels'
    ),
    r'chainer\.functions\..*Grad\d?(\.\w+)*|.*\.\w+_grad_grad|chainer\.functions\.rnn\..*'
    r'|.*(install_variable_\w+|static_add_bias|static_linear_no_bias|einsum_symbols\w*)': (
        'how a function computes its derivative; here made of other functions, so that '
        'every order exists'
    ),
    r'chainer\.graph_optimizations\..*': (
        'the schedule of static graphs; static_graph marks and does nothing else, '
        'cuda_graph.Replay records a step on a GPU'
    ),
    r'chainer\.(functions|distributions)\..*': (
        'inside the implementation of a function; the function itself is here'
    ),
    r'chainer\.utils\.type_check\..*|chainer\.backends\.cuda\.ndarray\..*'
    r'|chainer\.(Fallback|computational_graph\.DotNode|optimizer\.make_deprecation_message)'
    r'(\..*)?|chainer\.dataset\.convert\.Conveyor(\..*)?|chainer\.links\.normalization\..*'
    r'|chainer\.link_hooks\.spectral_normalization\..*|chainer\.testing\..*'
    r'|chainer\.links\.loss\..*|chainer\.function_hooks\..*|.*\.TimerHook\.(table|xp)'
    r'|chainer\.training\.(extensions|triggers)\..*|chainer\.links\.connection\..*': (
        'a helper inside the implementation, not documented'
    ),
    r'chainer\.variable\.VariableNode\.retain_data': (
        'nodes of the graph hold no arrays; a function retains its inputs and outputs'
    ),
    r'chainer\.links\.model\.vision\.vgg\.VGGLayers\.conv\d_\d': (
        'is here: made by a loop, which this table does not see'
    ),
}


def reason(name: Name) -> str | None:
    """Returns why a name is missing, None where no reason is known."""
    for pattern, why in REASONS.items():
        if re.fullmatch(pattern, name.path):
            return why
    return None


_INTRODUCTION = """\
Written by `python -m minigrad.chainer.names`; a test keeps it true. The names come from
the distribution chainer 7.8.1 itself, see `minigrad/chainer/names.py`: modules, what they
give or define, and the members of classes, but for those that begin with an underscore.
Members of a missing class count as missing; below, the class stands for them.
""".splitlines()


def table() -> str:
    """Returns the table of names, in Markdown."""
    here = {name for name in listed() if is_here(name)}
    absent = missing()
    kinds = Counter(name.kind for name in listed())
    found = Counter(name.kind for name in here)
    lines = [
        "# Chainer 7.8.1's names",
        '',
        *_INTRODUCTION,
        '',
        '| kind | in Chainer | here |',
        '| --- | ---: | ---: |',
        *[f'| {kind} | {n} | {found[kind]} |' for kind, n in sorted(kinds.items())],
        f'| together | {len(listed())} | {len(here)} |',
        '',
        '## What is missing, and why',
        '',
    ]
    by_reason = defaultdict(list)
    for name in absent:
        by_reason[reason(name) or 'nobody has written it yet'].append(name.path)
    for why, paths in by_reason.items():
        lines += [f'**{why[0].upper()}{why[1:]}.**', '']
        lines += [f'- `{path}`' for path in paths]
        lines.append('')
    lines += ['## Where everything is', '', '| module | names here |', '| --- | --- |']
    for module, names in _by_module(here):
        lines.append(f'| `{module}` | {", ".join(names)} |')
    return '\n'.join(lines) + '\n'


def _by_module(names: set[Name]) -> Iterator[tuple[str, list[str]]]:
    modules: dict[str, list[str]] = {}
    for name in listed():
        if name in names and name.kind == 'module':
            modules[name.path] = []
    for name in listed():
        parent, _, last = name.path.rpartition('.')
        if name in names and parent in modules and name.kind != 'module':
            modules[parent].append(f'`{last}`')
    yield from modules.items()


if __name__ == '__main__':
    sys.stdout.write(table())
