"""The programs that the guides set side by side run, and take the same steps."""

import re
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
import minigrad.functions as F
import minigrad.links as L
from minigrad import training
from minigrad.training import extensions

GUIDES = Path(__file__).parents[2] / 'docs' / 'guides'


def columns(name):
    """The programs of the left and of the right column of a guide's table."""
    text = (GUIDES / name).read_text('utf-8')
    left = re.findall(r'^\* - ```python\n(.*?)^    ```', text, re.M | re.S)
    right = re.findall(r'^  - ```python\n(.*?)^    ```', text, re.M | re.S)
    assert len(left) == len(right) == 3
    return [list(map(textwrap.dedent, column)) for column in (left, right)]


def digits(n):
    train, _ = mg.datasets.get_digits(ndim=3)
    return mg.dataset.concat_examples(train[:n])


def run(cells, names):
    for cell in cells:
        exec(cell, names)
    return names


def pytorch_guide(x, t):
    """Runs our column on batches of ten; returns its names and the losses."""
    network, loop, use = columns('from_pytorch.md')[1]
    data = mg.datasets.TupleDataset(x, t)
    batches = mg.iterators.SerialIterator(data, 10, repeat=False, shuffle=False)
    names = {'mg': mg, 'F': F, 'L': L, 'x': x, 'batches': batches, 'losses': []}
    np.random.seed(0)
    run([network], names)
    first = names['LeNet']()
    names['LeNet'] = lambda: first
    names['start'] = [p.array.copy() for p in first.params()]
    run([with_losses(loop), use], names)
    names['losses'] = [float(loss.array) for loss in names['losses']]
    return names


def with_losses(loop):
    return f'{loop.rstrip()}\n    losses.append(loss)\n'


def test_chainers_guide(tmp_path):
    text = (GUIDES / 'from_chainer.md').read_text('utf-8')
    program = tmp_path / 'train.py'
    program.write_text(re.search(r'```python\n(.*?)```', text, re.S)[1])
    ran = subprocess.run(
        [sys.executable, '-m', 'minigrad.chainer', program],
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    assert re.fullmatch(r'loss \d\.\d+\n', ran.stdout)


def test_pytorchs_guide():
    x, t = digits(200)
    names = pytorch_guide(x, t)
    assert len(names['losses']) == 20
    assert names['losses'][-1] < names['losses'][0]
    assert names['y'].shape == (10, 10)


@pytest.mark.torch
def test_pytorchs_guide_beside_pytorch():
    torch = pytest.importorskip('torch', reason='PyTorch is not installed')
    x, t = digits(100)
    our_names = pytorch_guide(x, t)
    network, loop, use = columns('from_pytorch.md')[0]
    batches = [slice(i, i + 10) for i in range(0, 100, 10)]
    tensors = torch.from_numpy(x), torch.from_numpy(t).long()
    names = {
        'torch': torch,
        'nn': torch.nn,
        'optim': torch.optim,
        'F': torch.nn.functional,
        'losses': [],
        'loader': [(tensors[0][b], tensors[1][b]) for b in batches],
    }
    run([network], names)
    model = names['LeNet']()
    ours = dict(our_names['model'].namedparams())
    start = dict(zip(ours, our_names['start'], strict=True))
    with torch.no_grad():
        for name, tensor in model.named_parameters():
            path = f'/{name}'.replace('.weight', '/W').replace('.bias', '/b')
            tensor.copy_(torch.from_numpy(start[path]))
    names['LeNet'] = lambda: model
    run([with_losses(loop), use], names)
    losses = [loss.item() for loss in names['losses']]
    np.testing.assert_allclose(our_names['losses'], losses, rtol=1e-3)
    np.testing.assert_allclose(
        our_names['y'].array, names['y'].numpy(), rtol=1e-2, atol=1e-3
    )


def test_kerass_guide(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    x, t = digits(300)
    names = {'mg': mg, 'F': F, 'L': L, 'x': x, 't': t}
    names |= {'training': training, 'extensions': extensions}
    np.random.seed(0)
    run(columns('from_keras.md')[1], names)
    log = names['trainer'].get_extension('LogReport').log
    assert len(log) == 5
    assert log[-1]['main/loss'] < log[0]['main/loss']
    assert names['y'].shape == (300, 10)
