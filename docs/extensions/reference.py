"""The API reference: a page for each public name, by family, made from docstrings.

A page is one directive of autodoc. What a docstring says in a line of its own, such as
``Double backprop: yes``, becomes a row of a table.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import re
import shutil
import warnings
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import minigrad
from minigrad.chainer.names import find

FACTS = ('Gradient', 'Double backprop', 'Kernels', 'Source')
_FACT = re.compile(rf'^({"|".join(FACTS)}): ')
_ATTRIBUTES = re.compile(r'^Attributes:\n((?:    .*\n|\n)+)', re.MULTILINE)


class Room(NamedTuple):
    """A module whose public names get pages."""

    title: str
    module: str
    by_family: bool = False  # whether its modules are families of their own
    names: tuple[str, ...] = ()  # those to take, where it holds more than that


ROOMS = (
    Room('Variables, functions and the engine', 'minigrad'),
    Room('Nodes of the graph', 'minigrad.variable', names=('VariableNode',)),
    Room('The walk backwards', 'minigrad.backprop', names=('propagate',)),
    Room('Errors', 'minigrad.errors'),
    Room('Functions', 'minigrad.functions', True),
    Room('Links', 'minigrad.links', True),
    Room('Optimizers', 'minigrad.optimizers'),
    Room('Optimizer hooks', 'minigrad.optimizer_hooks'),
    Room('Initializers', 'minigrad.initializers'),
    Room('Distributions', 'minigrad.distributions'),
    Room('Datasets', 'minigrad.datasets'),
    Room('The protocol of datasets', 'minigrad.dataset'),
    Room('Tabular datasets', 'minigrad.dataset.tabular'),
    Room('Iterators', 'minigrad.iterators'),
    Room('Serializers', 'minigrad.serializers'),
    Room('Training', 'minigrad.training'),
    Room('Extensions of a training', 'minigrad.training.extensions'),
    Room('Triggers', 'minigrad.training.triggers'),
    Room('Updaters', 'minigrad.training.updaters'),
    Room('Function hooks', 'minigrad.function_hooks'),
    Room('Link hooks', 'minigrad.link_hooks'),
    Room('Graphs', 'minigrad.graph'),
    Room("Graphs, by Chainer's name", 'minigrad.computational_graph'),
    Room('The doctor', 'minigrad.diagnosis'),
    Room('ONNX', 'minigrad.graph.onnx'),
    Room('ONNX-Chainer', 'minigrad.onnx_chainer'),
    Room('Caffe: export', 'minigrad.exporters.caffe'),
    Room('Caffe: import', 'minigrad.links.caffe'),
    Room('Several processes', 'minigrad.chainermn'),
    Room('Several processes: datasets', 'minigrad.chainermn.datasets'),
    Room('Several processes: iterators', 'minigrad.chainermn.iterators'),
    Room('Several processes: extensions', 'minigrad.chainermn.extensions'),
    Room('Several processes: functions', 'minigrad.chainermn.functions'),
    Room('Several processes: links', 'minigrad.chainermn.links'),
    Room('Programs for Chainer', 'minigrad.chainer'),
    Room('Files that Chainer pickled', 'minigrad.chainer.pickles'),
    Room('Gradient checks', 'minigrad.gradient_check'),
    Room('Testing tools', 'minigrad.testing'),
    Room('Devices', 'minigrad.backend'),
    Room('GPUs', 'minigrad.backends.cuda'),
    Room('Steps that a GPU replays', 'minigrad.cuda_graph'),
    Room('Checks of a machine', 'minigrad.check'),
    Room('Kernels', 'minigrad.kernels'),
    Room('Utilities', 'minigrad.utils'),
)


class Name(NamedTuple):
    """A public name and where its page goes."""

    room: Room
    family: str
    name: str
    value: Any

    @property
    def path(self) -> str:
        """Its full name, ``minigrad.functions.relu``."""
        return f'{self.room.module}.{self.name}'

    @property
    def page(self) -> str:
        """Its page below ``reference``."""
        folder = self.room.module.removeprefix('minigrad').strip('.') or 'core'
        return f'{folder.replace(".", "/")}/{self.name}'


@functools.cache
def public_names() -> tuple[Name, ...]:
    """Returns each public class and function once, under its first room."""
    return tuple(_public_names())


def _public_names() -> Iterator[Name]:
    seen: set[int] = set()
    for room in ROOMS:
        module = importlib.import_module(room.module)
        declared = room.names or getattr(module, '__all__', None)
        names = vars(module) if declared is None else declared
        for name in sorted(names, key=str.lower):
            value = getattr(module, name)
            if name.startswith('_') or not callable(value) or not value.__doc__:
                continue
            home = getattr(value, '__module__', None) or ''
            if not home.startswith('minigrad' if declared else room.module):
                continue  # imported for its own use
            if room.module == 'minigrad' and _has_other_room(home):
                continue
            if id(value) in seen:
                continue
            seen.add(id(value))
            family = ''
            if room.by_family:
                rest = home.removeprefix(room.module).strip('.').split('.')
                family = rest[0] if len(rest) > 1 else ''
            yield Name(room, family, name, value)


def _has_other_room(home: str) -> bool:
    rooms = [r.module for r in ROOMS if r.module != 'minigrad' and not r.names]
    return any(home == room or home.startswith(f'{room}.') for room in rooms)


def write_pages(folder: Path) -> int:
    """Writes the pages and their tables of contents; returns how many names."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    contents: dict[Room, dict[str, list[Name]]] = defaultdict(lambda: defaultdict(list))
    count = 0
    for name in public_names():
        contents[name.room][name.family].append(name)
        page = folder / f'{name.page}.rst'
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(_page(name), encoding='utf-8')
        count += 1
    examples = sum('>>>' in (name.value.__doc__ or '') for name in public_names())
    for room, families in contents.items():
        (folder / f'{_slug(room)}.rst').write_text(
            _contents(room, families), encoding='utf-8'
        )
    rooms = '\n'.join([f'   {_slug(room)}' for room in contents])
    (folder / 'index.rst').write_text(
        f'{_heading("Reference")}\n'
        f'{count} names, with shapes, errors and source. {examples} of them have an example, '
        'which a test runs.\n\n'
        f'.. toctree::\n   :maxdepth: 1\n\n{rooms}\n',
        encoding='utf-8',
    )
    return count


def _slug(room: Room) -> str:
    return f'room-{room.module.replace(".", "-")}'


def _heading(text: str, line: str = '=') -> str:
    return f'{text}\n{line * (len(text) + 2)}\n'


def _page(name: Name) -> str:
    if inspect.isclass(name.value):
        directive = 'autoclass'
        options = '   :members:\n   :show-inheritance:\n'
        told = _ATTRIBUTES.search(f'{inspect.getdoc(name.value)}\n')
        if told:  # once is enough
            attributes = ', '.join(re.findall(r'^    (\w+):', told[1], re.MULTILINE))
            options += f'   :exclude-members: {attributes}\n'
        call = vars(name.value).get('__call__')
        if call is not None and call.__doc__:
            options += '   :special-members: __call__\n'
    else:
        directive, options = 'autofunction', ''
    title = name.name.replace('_', r'\_')
    # Not in the contents: a sidebar of all names would be drawn on every page.
    return f':orphan:\n\n{_heading(title)}\n.. {directive}:: {name.path}\n{options}'


def _contents(room: Room, families: dict[str, list[Name]]) -> str:
    module = importlib.import_module(room.module)
    text = [_heading(room.title), (module.__doc__ or '').split('\n\n')[0].strip(), '']
    for family, names in sorted(families.items()):
        if family:
            text += [_heading(family.replace('_', ' ').capitalize(), '-')]
        text += ['.. list-table::', '   :widths: 30 70', '']
        for name in names:
            summary = inspect.getdoc(name.value) or ''
            summary = ' '.join(summary.split('\n\n')[0].split())
            text += [f'   * - :py:obj:`~{name.path}`', f'     - {summary}']
        text += ['']
    return '\n'.join(text) + '\n'


def _tabulate_facts(
    app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]
) -> None:
    """Turns lines such as ``Kernels: reference, numba.`` into fields."""
    result: list[str] = []
    inside = False
    for line in lines:
        match = _FACT.match(line)
        if match:
            if not inside:
                result.append('')
            result.append(f':{match[1]}: {line[match.end() :]}')
            inside = True
        elif inside and line.strip() and line.startswith((' ', '\t')):
            result.append(f'    {line.strip()}')
        elif inside and line.strip():
            result.append(f'    {line}')  # continues the fact before
        else:
            inside = False
            result.append(line)
    lines[:] = result


def _link_back(
    app: Any, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Makes a page of source lead back to the pages of its names.

    Sphinx takes one module for all names of a file, the one that was seen first, and a
    class may name a function of another module among its members.
    """
    file = pagename.removeprefix('_modules/').replace('/', '.')
    entry = getattr(app.env, '_viewcode_modules', {}).get(file)
    if file == pagename or not entry:
        return
    modules = {f'reference/{n.page}': n.room.module for n in public_names()}
    assumed = entry[3]

    def repair(link: re.Match[str]) -> str:
        module = modules.get(link[2], assumed)
        return f'href="{link[1]}{link[2]}.html#{module}.'

    pattern = rf'href="([./]*)(reference/[\w/-]+)\.html#{re.escape(assumed)}\.'
    context['body'] = re.sub(pattern, repair, context['body'])


def link_names(text: str) -> str:
    """Makes links to our pages of the names in the rows of Chainer's modules."""
    pages = {id(name.value): name.page for name in public_names()}

    def link(module: str, name: str) -> str:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter('ignore')  # some say that they are deprecated
                page = pages.get(id(find(f'{module}.{name}')))
        except LookupError:
            page = None
        return f'`{name}`' if page is None else f'{{doc}}`{name} <reference/{page}>`'

    def link_row(row: re.Match[str]) -> str:
        names = re.sub(r'`(\w+)`', lambda name: link(row[1], name[1]), row[2])
        return f'| `{row[1]}` | {names} |'

    return re.sub(r'^\| `([\w.]+)` \| (.+) \|$', link_row, text, flags=re.MULTILINE)


def _link_names(app: Any, docname: str, source: list[str]) -> None:
    if docname == 'chainer-names':
        source[0] = link_names(source[0])


def setup(app: Any) -> dict[str, bool]:
    """Writes the pages before Sphinx looks for them."""
    write_pages(Path(app.srcdir) / 'reference')
    app.connect('html-page-context', _link_back)
    app.connect('source-read', _link_names)
    app.connect('autodoc-process-docstring', _tabulate_facts, priority=100)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}


if __name__ == '__main__':
    print(len(public_names()), minigrad.__version__)
