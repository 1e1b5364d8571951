"""The page of PyTorch's and Keras's names, with ours beside them.

``docs/other_names.txt`` lists theirs; ours are what `minigrad.other_names` says, which
errors ask too, or the same name. ``python docs/extensions/other_names.py`` prints the
list anew, where PyTorch and Keras are installed.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

LIST = Path(__file__).parents[1] / 'other_names.txt'

# Their module: where we keep such things, by the keys of `minigrad.other_names`.
OWNERS = {
    'torch.nn': 'links',
    'torch.nn.functional': 'functions',
    'torch.optim': 'optimizers',
    'torch.optim.lr_scheduler': 'extensions',
    'torch.nn.init': 'initializers',
    'keras.layers': 'links',
    'keras.activations': 'functions',
    'keras.losses': 'functions',
    'keras.optimizers': 'optimizers',
    'keras.initializers': 'initializers',
    'keras.callbacks': 'extensions',
}
MODULES = {
    'extensions': 'minigrad.training.extensions',
    'links': 'minigrad.links',
    'functions': 'minigrad.functions',
    'optimizers': 'minigrad.optimizers',
    'initializers': 'minigrad.initializers',
}
# The same name for something else.
OTHERWISE = {
    'torch.nn.GRU': 'NStepGRU; our GRU takes one step and keeps its state',
    'torch.nn.LSTM': 'NStepLSTM; our LSTM takes one step and keeps its state',
    'keras.layers.GRU': 'NStepGRU; our GRU takes one step and keeps its state',
    'keras.layers.LSTM': 'NStepLSTM; our LSTM takes one step and keeps its state',
    'keras.activations.linear': 'identity',
    'keras.optimizers.SGD': 'SGD, or MomentumSGD where it is given a momentum',
    'torch.optim.SGD': 'SGD, or MomentumSGD where it is given a momentum',
    'torch.nn.Sequential': 'minigrad.Sequential',
}


def theirs() -> dict[str, list[str]]:
    """Returns their names, by module."""
    names = defaultdict(list)
    for line in LIST.read_text(encoding='utf-8').split():
        module, _, name = line.rpartition('.')
        names[module].append(name)
    return dict(names)


def ours(module: str, name: str) -> str:
    """Returns what a name of theirs is here, as a name or a sentence; or nothing."""
    from minigrad.other_names import OTHER_NAMES

    owner = OWNERS[module]
    same = vars(importlib.import_module(MODULES[owner])).get(name)
    if f'{module}.{name}' in OTHERWISE:
        return OTHERWISE[f'{module}.{name}']
    if callable(same):
        return name
    return OTHER_NAMES[owner].get(name, '')


def _linked(text: str, owner: str) -> str:
    """Returns a name or a sentence with links to our pages."""
    module = importlib.import_module(MODULES[owner])

    def link(match: re.Match[str]) -> str:
        word = match[0]
        if word.startswith('minigrad.'):
            return f':py:obj:`~{word}`\\ '
        value = vars(module).get(word)
        mine = inspect.isclass(value) or (callable(value) and ' ' not in text)
        return f':py:obj:`~{module.__name__}.{word}`\\ ' if mine else word

    return re.sub(r'minigrad(\.\w+)+|\b[A-Za-z_]\w*', link, text)


def page() -> str:
    """Returns the page, as reStructuredText."""
    title = "PyTorch's and Keras's names"
    names = theirs()
    found = {(m, n): ours(m, n) for m in names for n in names[m]}
    count = f'{sum(map(bool, found.values()))} of {len(found)}'
    text = [
        f'{title}\n{"=" * len(title)}\n',
        'Type one of these names here, and the error says the same:\n',
        '.. code-block:: pycon\n',
        '   >>> L.Conv2d',
        "   AttributeError: module 'minigrad.links' has no attribute 'Conv2d'",
        '     hint: here it is Convolution2D\n',
        f'{count} names have a counterpart; a line without one says so.\n',
    ]
    for module in names:
        text += [f'{module}\n{"-" * len(module)}\n']
        text += ['.. list-table::', '   :widths: 30 70', '   :header-rows: 1\n']
        text += [f'   * - {module.split(".")[0]}', '     - minigrad']
        for name in names[module]:
            here = _linked(found[module, name], OWNERS[module]) or '(none)'
            text += [f'   * - ``{name}``', f'     - {here}']
        text += ['']
    return '\n'.join(text)


def collect() -> list[str]:
    """Lists their names, from the installed packages."""
    lines = []
    for path in OWNERS:
        module = importlib.import_module(path)
        for name in sorted(vars(module)):
            value = getattr(module, name)
            if name.startswith('_') or inspect.ismodule(value) or not callable(value):
                continue
            if _belongs(path, name, value):
                lines.append(f'{path}.{name}')
    return lines


def _belongs(path: str, name: str, value: Any) -> bool:
    if path.startswith('keras'):
        return name not in ('serialize', 'deserialize', 'get')
    if path == 'torch.nn.init':
        return name.endswith('_')
    if path == 'torch.nn.functional':
        home = getattr(value, '__module__', None) or 'torch._C'
        return not inspect.isclass(value) and home in (
            *('torch.nn.functional', 'torch._C', 'torch._C._nn', 'torch'),
        )
    return inspect.isclass(value) and value.__module__.startswith('torch')


def setup(app: Any) -> dict[str, bool]:
    """Writes the page before Sphinx looks for it."""
    (Path(app.srcdir) / 'reference' / 'other-names.rst').write_text(
        page(), encoding='utf-8'
    )
    return {'parallel_read_safe': True, 'parallel_write_safe': True}


if __name__ == '__main__':
    print('\n'.join(collect()))
