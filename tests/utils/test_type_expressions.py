"""Types as expressions, which programs written for Chainer make and give to expect."""

import copy
import pickle

import numpy as np
import pytest

from minigrad.utils import type_check as T

X, Y, Z = (T.Variable(value, name) for value, name in ((5, 'x'), (2, 'y'), (3, 'z')))


@pytest.mark.parametrize(
    'text',
    [
        'x + y - z',
        'x - (y - z)',
        '(x + y) * z',
        'x + y * z',
        'x // y % z',
        'x / (y / z)',
        '-(x + y)',
        '-x ** y',
        '(-y) ** z',
        'y ** y ** z',
        '(y ** y) ** z',
        'x << y >> 1',
        'x & y | z ^ 1',
        '~x + 1',
        '1 - x',
        '7 % x',
        'x <= y + 1',
        'x != z',
    ],
)
def test_text_and_value(text):
    values = {'x': 5, 'y': 2, 'z': 3}
    expression = eval(text, {'x': X, 'y': Y, 'z': Z})
    assert str(expression) == text
    assert expression.eval() == eval(text, values)


def test_attributes_items_and_calls():
    (x,) = T.get_types((np.zeros((2, 3), 'f'),), 'in_types', False)
    total = T.Variable(sum, 'sum')(x.shape)
    assert str(total) == 'sum(in_types[0].shape)'
    assert total.eval() == 5
    assert str(x.shape[1:]) == 'in_types[0].shape[1:]'
    assert str(x.shape[::2]) == 'in_types[0].shape[::2]'
    assert str(T.Variable(None, 'v')[0, ..., 'a']) == "v[0, ..., 'a']"
    assert x.shape[1:].eval() == (3,)
    assert x.dtype.kind.eval() == 'f'
    assert (x.size.eval(), x.ndim.eval()) == (6, 2)
    assert [T.eval(x.ndim), T.eval(7)] == [2, 7]
    assert T.prod(x.shape).eval() == 6
    assert (T.Constant((2, 3)) == (T.Constant(2), X - 2)).eval()


def test_expect():
    data = (np.empty((3, 2), 'f'), np.empty((1, 2), 'd'))
    types = T.get_types(data, 'in_types', False)
    x, y = types
    T.argname(types, ('x', 'W'))
    assert str(y.shape) == 'W.shape'
    T.argname(types, ('in_types[0]', 'in_types[1]'))
    T.expect(types.size() == 2, x.ndim == y.ndim, x.shape[0] > y.shape[0], True)
    with pytest.raises(T.InvalidType) as e:
        T.expect(x.shape[0] == y.shape[0] * 4)
    assert str(e.value) == (
        'Expect: in_types[0].shape[0] == in_types[1].shape[0] * 4\nActual: 3 != 4'
    )
    assert (e.value.expect, e.value.actual) == (
        'in_types[0].shape[0] == in_types[1].shape[0] * 4',
        '3 != 4',
    )
    with pytest.raises(T.InvalidType, match=r'in_types\.size == 3\nActual: 2 != 3'):
        T.expect(types.size() == 3)
    with pytest.raises(T.InvalidType, match='Actual: float32 != float64'):
        T.expect(x.dtype == y.dtype)


def test_none_among_the_inputs():
    (x,) = T.get_types((None,), 'xs', True)
    assert x.dtype.eval() is None
    with pytest.raises(AssertionError, match=r'xs\[0\]'):
        T.get_types((None,), 'xs', False)
    with pytest.raises(AssertionError, match='tuple'):
        T.get_types(1, 'xs', False)


def test_expressions_have_no_truth_value_and_no_end():
    with pytest.raises(RuntimeError, match='one by one'):
        bool(X == 5)
    with pytest.raises(TypeError):
        list(X)
    assert copy.deepcopy(X + 1).eval() == 6


def test_invalid_type_by_two_texts():
    error = T.InvalidType('Shape is expected', 'Shape is')
    assert str(error) == 'Expect: Shape is expected\nActual: Shape is'
    same = pickle.loads(pickle.dumps(error))
    assert (str(same), same.expect, same.actual) == (str(error), *error_texts(error))
    assert str(T.InvalidType('a', 'b', 'c')) == 'c'
    assert str(T.InvalidType('a message')) == 'a message'


def error_texts(error):
    return error.expect, error.actual
