"""What may come in: byte orders, masks, indexes, and what has no axis."""

import gc

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
import minigrad.links as L


@pytest.mark.parametrize('dtype', ['>f4', '>f8', '>f2'])
def test_values_of_another_byte_order(dtype):
    x = np.arange(6, dtype=dtype).reshape(2, 3)
    native = x.astype(x.dtype.newbyteorder('='))
    for given in (x, minigrad.Variable(x)):
        y = F.softmax(F.relu(given))
        assert y.dtype.isnative
        np.testing.assert_array_equal(y.array, F.softmax(F.relu(native)).array)


def test_labels_of_another_byte_order():
    x = np.random.RandomState(0).rand(3, 4).astype('f')
    t = np.array([0, 3, 1], 'i')
    loss = F.softmax_cross_entropy(x, t)
    assert F.softmax_cross_entropy(x, t.astype('>i4')).array == loss.array
    assert F.accuracy(x, t.astype('>i4')).array == F.accuracy(x, t).array


def test_a_gradient_reaches_what_came_in_another_byte_order():
    x = minigrad.Variable(np.ones((2, 3), '>f4'))
    F.sum(L.Linear(3, 2)(x)).backward()
    assert x.grad.dtype == np.float32


def test_parameters_of_another_byte_order():
    assert minigrad.Parameter(np.ones(3, '>f4')).dtype.isnative


def test_masked_arrays_are_refused_in_one_sentence():
    x = np.ma.masked_array(np.ones((2, 3), 'f'), mask=np.eye(2, 3))
    for take in (minigrad.Variable, F.relu, L.Linear(3, 2)):
        with pytest.raises(TypeError, match=r'MaskedArray\n.*filled'):
            take(x)


@pytest.mark.parametrize('read', [list, sum, tuple, iter])
def test_what_has_no_axis_has_no_parts(read):
    with pytest.raises(TypeError, match='0-d'):
        read(minigrad.Variable(np.array(2.0)))


def test_parts_along_the_first_axis():
    x = minigrad.Variable(np.arange(6.0).reshape(3, 2))
    assert [y.array.tolist() for y in x] == [[0, 1], [2, 3], [4, 5]]
    F.sum(sum(y * y for y in x)).backward()
    np.testing.assert_array_equal(x.grad, 2 * x.array)


@pytest.mark.parametrize(
    'index',
    [
        [[0, 1], [2, 2]],
        [True, False, True],
        [np.array([0, 2]), np.array([1, 1])],
        [0, 2],
        [np.int64(1), 2],
    ],
    ids=str,
)
def test_a_list_selects_as_in_numpy(index):
    x = minigrad.Variable(np.arange(12.0).reshape(3, 4))
    y = x[index]
    np.testing.assert_array_equal(y.array, x.array[index])
    F.sum(y * y).backward()
    expected = np.zeros((3, 4))
    np.add.at(expected, np.asarray(index), 2 * x.array[index])
    np.testing.assert_array_equal(x.grad, expected)


@pytest.mark.parametrize('index', [[slice(1), 2], [None, 1], [Ellipsis, 0]], ids=str)
def test_a_list_of_slices_is_a_tuple(index):
    x = minigrad.Variable(np.arange(12.0).reshape(3, 4))
    np.testing.assert_array_equal(x[index].array, x.array[tuple(index)])


def test_a_trace_leaves_no_circle_of_references():
    model, x = L.Linear(3, 2), np.ones((2, 3), 'f')

    def run():
        with minigrad.trace(model):
            loss = F.sum(F.relu(model(x)))
            model.cleargrads()
            loss.backward()

    run()  # what is made once
    gc.collect()
    gc.disable()
    try:
        run()
        assert gc.collect() == 0
    finally:
        gc.enable()


def ranks(*outputs):
    """Returns each function's rank beside the one that its inputs give it."""
    found, functions = {}, [y.creator_node for y in outputs]
    while functions:
        function = functions.pop()
        if function is None or function in found:
            continue
        found[function] = max([x.rank for x in function.inputs])
        functions += [x.creator_node for x in function.inputs]
    return [(f.rank, rank) for f, rank in found.items()]


class TestOutputsThatWereDropped:
    """Their functions give new nodes to what they retained: with the right rank."""

    def second_derivative(self, f, x, order=1e-4):
        def first(a):
            v = minigrad.Variable(np.array(a))
            (g,) = minigrad.grad([f(v)], [v])
            return float(g.array)

        return (first(x + order) - first(x - order)) / (2 * order)

    CASES = {
        'one': lambda x: F.exp(F.tanh(x) * 2),
        'unequal ranks': lambda x: F.tanh(x) * F.exp(F.sigmoid(F.tanh(x))),
        'several consumers': lambda x: (lambda h: h * F.exp(h) + F.tanh(h))(F.tanh(x)),
        'several outputs': lambda x: (lambda a, b: F.exp(a) * F.tanh(b) + F.sum(a * b))(
            *F.separate(F.stack([F.tanh(x), F.exp(F.exp(x * 0.5))]), 0)
        ),
        'softmax': lambda x: F.sum(
            F.softmax(F.stack([F.expand_dims(x, 0), F.expand_dims(x * x, 0)], 1))
            * np.array([[1.0, 3.0]])
        ),
    }

    @pytest.mark.parametrize('name', CASES)
    def test_second_derivative_and_ranks(self, name):
        f = self.CASES[name]
        x = minigrad.Variable(np.array(0.7))
        y = f(x)
        (g,) = minigrad.grad([y], [x], enable_double_backprop=True)
        assert all(rank == wanted for rank, wanted in ranks(y, g))
        gc.collect()
        (gg,) = minigrad.grad([g], [x])
        np.testing.assert_allclose(gg.array, self.second_derivative(f, 0.7), rtol=1e-6)

    @pytest.mark.parametrize('name', CASES)
    def test_after_the_outputs_are_gone(self, name):
        f = self.CASES[name]
        x = minigrad.Variable(np.array(0.7))
        y = f(x)
        y.backward(enable_double_backprop=True)
        g = x.grad_var
        del y
        x.cleargrad()
        g.backward()
        wanted = self.second_derivative(f, 0.7)
        np.testing.assert_allclose(x.grad, wanted, rtol=1e-6)
