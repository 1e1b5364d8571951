"""A program's own private names are its own: ours end with an underscore.

A class derived from a Link may well have a method ``_forward``. So on classes that
programs derive from, names with one leading underscore are left to them, except for
those that Chainer's class has too, which programs know.
"""

import ast
import importlib
import inspect
import textwrap
from pathlib import Path

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
import minigrad.links as L

EXEMPT = {
    # The engine's slots: nobody derives from these, and attributes of programs that
    # begin with an underscore were never safe on them.
    'chainer.Variable',
    'chainer.Parameter',
    'chainer.DebugMode',
}
# Attributes whose names are keys in snapshots, as Chainer's are in other classes.
SAVED = {'_init', '_last_value', '_order', '_filename', '_get_optimizer', '_finish'}
SAVED |= {'_shuffle', '_repeat', '_read', '_open', '_log_scale'}


def chainers():
    text = Path(__file__).with_name('private_names.txt').read_text()
    for line in text.splitlines()[1:]:
        path, _, names = line.partition(':')
        if path not in EXEMPT:
            yield pytest.param(path, set(names.split()), id=path)


def private_names(cls):
    names = set()
    for base in cls.__mro__:
        if not base.__module__.startswith('minigrad'):
            continue
        names |= set(vars(base))
        tree = ast.parse(textwrap.dedent(inspect.getsource(base)))
        names |= {
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == 'self'
        }
    return {n for n in names if n[0] == '_' and n[1] != '_' and n[-1] != '_'}


@pytest.mark.parametrize(('path', 'allowed'), list(chainers()))
def test_private_names_of_public_classes(path, allowed):
    module, _, name = path.replace('chainer', 'minigrad', 1).rpartition('.')
    cls = getattr(importlib.import_module(module), name, None)
    if not inspect.isclass(cls):
        return  # a function here, or not provided: the table of names tells
    ours = {n for n in private_names(cls) if not n.startswith('_abc')}
    assert sorted(ours - allowed - SAVED) == []


def test_a_link_may_have_a_method_of_any_private_name():
    class Net(minigrad.Chain):
        def __init__(self):
            super().__init__()
            with self.init_scope():
                self.fc = L.Linear(3, 2)

        def _forward(self, x):
            return F.relu(self.fc(x))

        def forward(self, x):
            return self._forward(x)

        def _register(self):
            raise RuntimeError

        _pairs = _share = _named_children = _holds = _check_new = _register

    net = Net()
    x = np.ones((1, 3), 'f')
    with minigrad.link_hooks.TimerHook():
        y = net(x)
    assert y.shape == (1, 2)
    copied = net.copy('copy')
    copied.copyparams(net)
    copied.addgrads(net)
    np.testing.assert_array_equal(copied(x).array, y.array)
    assert [path for path, _ in net.copy().namedparams()] == ['/fc/W', '/fc/b']


def test_a_function_may_have_a_method_of_any_private_name():
    class Double(minigrad.FunctionNode):
        def _names(self):
            raise RuntimeError

        _hooks = _check_inputs = _check_nan = _normalise_outputs = _names

        def forward(self, inputs):
            self.retain_inputs((0,))
            return (2 * inputs[0],)

        def backward(self, indexes, grad_outputs):
            return (2 * grad_outputs[0],)

    x = minigrad.Variable(np.ones(2, 'f'))
    with minigrad.using_config('debug', True):
        (y,) = Double().apply((x,))
    F.sum(y).backward()
    assert x.grad.tolist() == [2, 2]
