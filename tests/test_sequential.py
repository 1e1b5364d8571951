"""Sequential: links and functions, one after the other."""

import copy
import functools
import pickle

import numpy as np
import pytest

from minigrad import initializers
from minigrad.chain import Chain
from minigrad.link import Link
from minigrad.parameter import Parameter
from minigrad.sequential import Sequential


class Add(Link):
    def __init__(self, number):
        super().__init__()
        with self.init_scope():
            self.n = Parameter(initializers.Constant(number), ())

    def forward(self, x):
        return x + float(self.n.array)


class Noise(Link):
    def __init__(self):
        super().__init__()
        with self.init_scope():
            self.W = Parameter(initializers.Normal(), (3, 4))

    def forward(self, x):
        return x


def double(x):
    return 2 * x


def test_call():
    model = Sequential(Add(1), double, Add(3))
    assert model(2) == 9


def test_tuples_become_arguments():
    model = Sequential(lambda x, y: (x, y, 1), lambda x, y, z: x + y + z)
    assert model(10, 100) == 111


def test_empty():
    with pytest.raises(RuntimeError, match='does not have any layer'):
        Sequential()(1)


def test_list_protocol():
    a, b, c = Add(1), Add(2), Add(3)
    model = Sequential(a, double, b)
    assert len(model) == 3
    assert model[1] is double
    assert list(model) == [a, double, b]
    assert list(reversed(model)) == [b, double, a]
    assert double in model
    assert c not in model
    assert model.index(b) == 2
    assert model.count(double) == 1
    assert model[0:2] == [a, double]

    model.insert(1, c)
    assert list(model) == [a, c, double, b]
    model[2] = abs
    assert list(model) == [a, c, abs, b]
    model[-1] = double
    assert list(model) == [a, c, abs, double]
    assert set(model.children()) == {a, c}
    assert model.pop() is double
    assert model.pop(0) is a
    model.remove(abs)
    assert list(model) == [c]
    model.extend([a, b])
    del model[1:]
    assert list(model) == [c]
    assert list(model.children()) == [c]
    model.clear()
    assert len(model) == 0
    assert list(model.children()) == []


def test_errors():
    model = Sequential(Add(1))
    with pytest.raises(ValueError, match='3 is not'):
        model.append(3)
    with pytest.raises(ValueError, match='must be callable'):
        model[0] = 3
    with pytest.raises(ValueError, match='1 should be less than 1'):
        model[1] = double
    with pytest.raises(IndexError, match='out of range: 2'):
        model.insert(2, double)
    with pytest.raises(ValueError, match='no layer object'):
        model.remove(double)
    with pytest.raises(ValueError, match='but list is given'):
        model + [double]  # noqa: RUF005
    with pytest.raises(ValueError, match='but list is given'):
        model += [double]


def test_add():
    a, b = Sequential(Add(1), double), Sequential(Add(3))
    ret = a + b
    assert ret(2) == 9
    assert len(a) == 2
    a += b
    assert a(2) == 9
    assert a[2] is b[0]


def test_adding_itself():
    model = Sequential(double)
    model += model
    assert len(model) == 2


def test_children_are_numbered_as_in_chainer():
    # Chainer 7.8.1 says so; files of its models have these paths.
    links = [Add(i) for i in range(4)]
    paths = dict(Sequential(*links).namedparams())
    found = [int(paths[f'/{i}/n'].array) for i in range(4)]
    assert found == [0, 3, 2, 1]

    layers = [double, links[0], double, links[1], double, links[2], double, links[3]]
    paths = dict(Sequential(*layers).namedparams())
    found = [int(paths[f'/{i}/n'].array) for i in range(4)]
    assert found == [0, 1, 3, 2]


def test_children_stay_numbered():
    model = Sequential(Add(0), double, Add(1), Add(2))
    del model[0]
    assert [child.name for child in model.children()] == ['0', '1']
    model.insert(0, Add(5))
    assert [child.name for child in model.children()] == ['0', '1', '2']
    assert float(model._children[0].n.array) == 5


def test_flatten():
    inner = Sequential(Add(1), Sequential(double, Add(2)))
    model = Sequential(inner, double)
    flat = model.flatten()
    assert len(flat) == 4
    assert flat(1) == model(1)
    assert not any(isinstance(layer, Sequential) for layer in flat)


def test_by_layer_type():
    model = Sequential(Add(1), double, Add(2), double, functools.partial(max, 3))
    assert model.count_by_layer_type('Add') == 2
    assert model.count_by_layer_type('double') == 2
    model.remove_by_layer_type('double')
    assert [type(layer).__name__ for layer in model] == ['Add', 'Add', 'partial']
    model.remove_by_layer_type('Add')
    assert len(model) == 1


def test_copy():
    model = Sequential(Noise(), double)
    shared, copied, fresh = (model.copy(mode) for mode in ('share', 'copy', 'init'))
    W = model[0].W.array
    assert shared[0] is not model[0]
    assert shared[0].W.array is W
    assert copied[0].W.array is not W
    np.testing.assert_array_equal(copied[0].W.array, W)
    assert not np.array_equal(fresh[0].W.array, W)
    assert shared[1] is double


def test_repeat():
    model = Sequential(Noise(), double).repeat(3)
    assert len(model) == 3
    assert len(model.flatten()) == 6
    assert model(1) == 8
    assert not np.array_equal(model[0][0].W.array, model[1][0].W.array)


def test_copyparams():
    a, b = Sequential(double, Noise()), Sequential(double, Noise())
    a.copyparams(b)
    np.testing.assert_array_equal(a[1].W.array, b[1].W.array)
    with pytest.raises(ValueError, match=r'only a Sequential.*got Chain'):
        a.copyparams(Chain())


def test_pickle():
    model = Sequential(Noise(), double)
    loaded = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(loaded[0].W.array, model[0].W.array)
    assert loaded[0] is loaded._children[0]
    with pytest.raises(ValueError, match='Lambda functions can not be pickled'):
        pickle.dumps(Sequential(lambda x: x))


def test_deepcopy_takes_lambdas():
    model = copy.deepcopy(Sequential(Noise(), lambda x: x + 1))
    assert model(1) == 2
    assert model[0] is model._children[0]


def test_inside_a_chain():
    chain = Chain()
    with chain.init_scope():
        chain.model = Sequential(Noise(), double)
    assert [path for path, _ in chain.namedparams()] == ['/model/0/W']
    assert [path for path, _ in chain.copy('copy').namedparams()] == ['/model/0/W']


def test_str():
    model = Sequential(Add(1), double, lambda x: x)
    lines = str(model).splitlines()
    assert lines[0] == 'Sequential('
    assert lines[1] == '  (0): Add(),'
    assert lines[2].startswith('  (1): <function double at 0x')
    assert 'lambda x: x' in lines[3]
    assert lines[-1] == ')'
    assert str(Sequential()) == 'Sequential()'
