"""The API reference: a page for each public name, by family, made from docstrings.

A page is one directive of autodoc. What a docstring says in a line of its own, such as
``Double backprop: yes``, becomes a row of a table.
"""

from __future__ import annotations

import importlib
import inspect
import re
import shutil
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import minigrad

FACTS = ('Gradient', 'Double backprop', 'Kernels', 'Source')
_FACT = re.compile(rf'^({"|".join(FACTS)}): ')


class Room(NamedTuple):
    """A module whose public names get pages."""

    title: str
    module: str
    by_family: bool = False  # whether its modules are families of their own


ROOMS = (
    Room('Variables, functions and the engine', 'minigrad'),
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
    Room('ONNX', 'minigrad.graph.onnx'),
    Room('ONNX-Chainer', 'minigrad.onnx_chainer'),
    Room('Caffe: export', 'minigrad.exporters.caffe'),
    Room('Caffe: import', 'minigrad.links.caffe'),
    Room('Several processes', 'minigrad.chainermn'),
    Room('Gradient checks', 'minigrad.gradient_check'),
    Room('Testing tools', 'minigrad.testing'),
    Room('Devices', 'minigrad.backend'),
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


def public_names() -> Iterator[Name]:
    """Yields each public class and function once, under its first room."""
    seen: set[int] = set()
    for room in ROOMS:
        module = importlib.import_module(room.module)
        names = getattr(module, '__all__', None)
        if names is None:
            names = [n for n in vars(module) if not n.startswith('_')]
        for name in sorted(names, key=str.lower):
            value = getattr(module, name)
            if not (inspect.isclass(value) or callable(value)):
                continue
            home = getattr(value, '__module__', None) or ''
            if not home.startswith('minigrad') or not value.__doc__:
                continue
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
    rooms = [r.module for r in ROOMS if r.module != 'minigrad']
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
    for room, families in contents.items():
        (folder / f'{_slug(room)}.rst').write_text(
            _contents(room, families), encoding='utf-8'
        )
    rooms = '\n'.join([f'   {_slug(room)}' for room in contents])
    (folder / 'index.rst').write_text(
        f'{_heading("Reference")}\n'
        f'{count} names, each with shapes, errors, an example and its source.\n\n'
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


def setup(app: Any) -> dict[str, bool]:
    """Writes the pages before Sphinx looks for them."""
    write_pages(Path(app.srcdir) / 'reference')
    app.connect('autodoc-process-docstring', _tabulate_facts, priority=100)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}


if __name__ == '__main__':
    print(len(list(public_names())), minigrad.__version__)
