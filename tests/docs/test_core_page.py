"""The page that builds the core from nothing: its length, and its gradients."""

import re
from pathlib import Path

import numpy as np
import pytest

import minigrad
import minigrad.functions as F

PAGE = Path(__file__).parents[2] / 'docs' / 'core.md'
MOST_LINES = 150


def cells():
    return re.findall(r'```\{code-cell\}\n(.*?)```', PAGE.read_text('utf-8'), re.S)


def is_code(line):
    return line.strip() and not line.strip().startswith(('#', '"""'))


@pytest.fixture(scope='module')
def core():
    """The names that the page defines, before the cell that trains."""
    names = {}
    for cell in cells():
        if 'get_digits' in cell:
            break
        exec(cell, names)
    return names


def test_its_length():
    # What defines the core and LeNet's layers; not what tries them.
    defining = [c for c in cells() if 'get_digits' not in c and 'slope' not in c]
    lines = [line for cell in defining for line in cell.splitlines() if is_code(line)]
    print(f'docs/core.md: {len(lines)} lines of code')
    assert 100 < len(lines) <= MOST_LINES


def lenet(x, p):
    h = F.max_pooling_2d(F.relu(F.convolution_2d(x, *p['conv1'])), 2)
    h = F.max_pooling_2d(F.relu(F.convolution_2d(h, *p['conv2'])), 2)
    h = F.relu(F.linear(h, *p['fc3']))
    return F.linear(F.relu(F.linear(h, *p['fc4'])), *p['fc5'])


SHAPES = {
    'conv1': (3, 1, 5, 5),
    'conv2': (4, 3, 5, 5),
    'fc3': (7, 64),
    'fc4': (6, 7),
    'fc5': (5, 6),
}


def arrays():
    rng = np.random.RandomState(0)
    return {
        name: (
            rng.randn(*shape) / np.sqrt(np.prod(shape[1:])),
            rng.randn(shape[0]) * 0.1,
        )
        for name, shape in SHAPES.items()
    }


def gradients(variable, network, loss, double):
    """Gradients of a loss, or of the squared length of its gradient."""
    rng = np.random.RandomState(1)
    x, t = rng.randn(3, 1, 28, 28), np.array([0, 4, 2])
    p = {name: tuple(map(variable, pair)) for name, pair in arrays().items()}
    leaves = [leaf for pair in p.values() for leaf in pair]
    for leaf in leaves:
        if hasattr(leaf, 'cleargrad'):
            leaf.cleargrad()
    y = loss(network(x, p), t)
    y.backward(enable_double_backprop=double)
    if double:
        first = [leaf.grad_var for leaf in leaves]
        for leaf in leaves:
            leaf.grad_var = None
        total = variable(np.zeros(()))
        for g in first:
            total = total + summed(g * g)
        total.backward()
    return [leaf.grad_var.array for leaf in leaves]


def summed(v):
    return F.sum(v) if isinstance(v, minigrad.Variable) else summed.to(v, ())


@pytest.mark.parametrize('double', [False, True])
def test_gradients_are_minigrads(core, double):
    summed.to = core['sum_to']

    def network(x, p):
        return core['lenet'](core['Variable'](x, False), p)

    got = gradients(core['Variable'], network, core['softmax_cross_entropy'], double)
    wanted = gradients(minigrad.Variable, lenet, F.softmax_cross_entropy, double)
    assert len(got) == 10
    for g, w in zip(got, wanted, strict=True):
        np.testing.assert_allclose(g, w, rtol=1e-9, atol=1e-12)
        assert np.abs(w).max() > 0
