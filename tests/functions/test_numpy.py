"""NumPy's functions and methods on Variables, against NumPy on their arrays."""

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
from minigrad.functions import _numpy

X = np.array([[0.3, -0.6, 0.9], [0.7, 0.2, -0.4]])
P = np.abs(X) + 0.1
S = np.array([[2.0, 0.5], [0.3, 1.5]])

SOLO = {np.log, np.log10, np.log2, np.log1p, np.sqrt}  # want positive values
BINARY = {u for u in _numpy.UFUNCS if u.nin == 2}

# Calls of each function of the table; `v` is X or what the entry says.
CALLS = {
    np.amax: [lambda v: np.amax(v, axis=1, keepdims=True)],
    np.amin: [lambda v: np.amin(v)],
    np.argmax: [lambda v: np.argmax(v), lambda v: np.argmax(v, axis=1)],
    np.argmin: [lambda v: np.argmin(v, axis=0)],
    np.average: [lambda v: np.average(v, axis=1, weights=np.array([1.0, 2.0, 1.0]))],
    np.broadcast_to: [lambda v: np.broadcast_to(v, (4, 2, 3))],
    np.clip: [lambda v: np.clip(v, -0.5, 0.5)],
    np.concatenate: [
        lambda v: np.concatenate([v, v]),
        lambda v: np.concatenate((v, v), axis=1),
        lambda v: np.concatenate([v, v], axis=None),
    ],
    np.copy: [lambda v: np.copy(v)],
    np.cumprod: [lambda v: np.cumprod(v, axis=1)],
    np.cumsum: [lambda v: np.cumsum(v, axis=0)],
    np.diagonal: [lambda v: np.diagonal(v, offset=1)],
    np.dot: [lambda v: np.dot(v, np.transpose(v)), lambda v: np.dot(v, X.T)],
    np.dstack: [lambda v: np.dstack([v, v])],
    np.einsum: [lambda v: np.einsum('ij,kj->ik', v, v)],
    np.expand_dims: [lambda v: np.expand_dims(v, 1)],
    np.fix: [lambda v: np.fix(v * 3)],
    np.flip: [lambda v: np.flip(v, 1)],
    np.fliplr: [lambda v: np.fliplr(v)],
    np.flipud: [lambda v: np.flipud(v)],
    np.hstack: [lambda v: np.hstack([v, v])],
    np.linalg.det: [lambda v: np.linalg.det(v @ v.T)],
    np.linalg.inv: [lambda v: np.linalg.inv(v @ v.T)],
    np.max: [lambda v: np.max(v), lambda v: np.max(v, axis=1, keepdims=True)],
    np.mean: [lambda v: np.mean(v), lambda v: np.mean(v, axis=(0, 1))],
    np.min: [lambda v: np.min(v, 0)],
    np.moveaxis: [lambda v: np.moveaxis(v, 0, 1)],
    np.pad: [lambda v: np.pad(v, 1), lambda v: np.pad(v, 1, 'reflect')],
    np.prod: [lambda v: np.prod(v, axis=1)],
    np.ravel: [lambda v: np.ravel(v)],
    np.repeat: [lambda v: np.repeat(v, 2, axis=1)],
    np.reshape: [lambda v: np.reshape(v, (3, 2)), lambda v: np.reshape(v, -1)],
    np.rollaxis: [lambda v: np.rollaxis(v, 1)],
    np.squeeze: [lambda v: np.squeeze(v[:1])],
    np.stack: [lambda v: np.stack([v, v], axis=1)],
    np.std: [lambda v: np.std(v), lambda v: np.std(v, axis=1, ddof=1)],
    np.sum: [lambda v: np.sum(v), lambda v: np.sum(v, axis=1, keepdims=True)],
    np.swapaxes: [lambda v: np.swapaxes(v, 0, 1)],
    np.tensordot: [lambda v: np.tensordot(v, v, axes=2)],
    np.tile: [lambda v: np.tile(v, (2, 1))],
    np.transpose: [lambda v: np.transpose(v), lambda v: np.transpose(v, (1, 0))],
    np.var: [lambda v: np.var(v), lambda v: np.var(v, axis=0, keepdims=True)],
    np.vstack: [lambda v: np.vstack([v, v])],
    np.where: [
        lambda v: np.where(X > 0, v, 0.0),
        lambda v: np.where(X > 0, np.zeros_like(X), v),
    ],
}


def check(call, x):
    v = minigrad.Variable(x.copy())
    y = call(v)
    assert isinstance(y, minigrad.Variable)
    np.testing.assert_allclose(y.array, call(x), rtol=1e-10)
    assert y.shape == np.shape(call(x))
    if y.dtype.kind == 'f':
        F.sum(y).backward()  # it is on the graph
        assert v.grad is not None or y.creator is None


@pytest.mark.parametrize('ufunc', sorted(_numpy.UFUNCS, key=str), ids=str)
def test_ufuncs(ufunc):
    x = P if ufunc in SOLO or ufunc is np.power else X
    if ufunc is np.matmul:
        check(lambda v: np.matmul(v, np.ones((3, 2))), x)
        check(lambda v: np.matmul(np.ones((4, 2)), v), x)
    elif ufunc in BINARY:
        for other in (P, np.float64(1.3), 0.7):
            check(lambda v, other=other: ufunc(v, other), x)
            check(lambda v, other=other: ufunc(other, v), P)
        check(lambda v: ufunc(v, v), P)
    else:
        check(ufunc, x)


@pytest.mark.parametrize(
    ('function', 'i'),
    [(f, i) for f, calls in CALLS.items() for i in range(len(calls))],
    ids=lambda f: getattr(f, '__name__', None),
)
def test_functions(function, i):
    check(CALLS[function][i], X)


def test_every_function_of_the_table_is_called():
    assert set(_numpy.FUNCTIONS) == set(CALLS)


def test_the_list_of_functions(capsys):
    """Prints NumPy's functions that work on Variables, from the tables."""
    ufuncs = sorted(f'np.{u.__name__}' for u in _numpy.UFUNCS)
    functions = sorted(
        f'{f.__module__.replace("numpy", "np")}.{f.__name__}' for f in CALLS
    )
    with capsys.disabled():
        print(f'\n{len(ufuncs)} + {len(functions)}:', *ufuncs, *functions)
    assert len(set(ufuncs + functions)) == len(_numpy.UFUNCS) + len(CALLS)


@pytest.mark.parametrize(
    'call',
    [
        lambda v: np.logaddexp(v, v),
        lambda v: np.add.reduce(v),
        lambda v: np.median(v),
        lambda v: np.linalg.svd(v),
        lambda v: np.sum(v, initial=3.0),
        lambda v: np.exp(v, dtype='f'),
    ],
)
def test_others_refuse_and_name_the_way(call):
    with pytest.raises(TypeError, match=r'does not work on Variables(.|\n)*v\.array'):
        call(minigrad.Variable(X))


def test_nothing_is_written_into_arrays():
    v, x = minigrad.Variable(X), X.copy()
    with pytest.raises(TypeError, match='cannot be written'):
        x += v
    with pytest.raises(TypeError, match='cannot be written'):
        np.exp(v, out=x)
    with pytest.raises(TypeError, match='out'):
        np.sum(v, axis=0, out=np.zeros(3))
    np.testing.assert_array_equal(x, X)


def test_comparisons_stay_errors():
    v = minigrad.Variable(X)
    for compare in (lambda: v < X, lambda: v == v, lambda: v > X, lambda: v == X):
        with pytest.raises(TypeError):
            compare()


def test_arrays_and_numpy_numbers_on_the_left():
    v = minigrad.Variable(X)
    assert ((X - v).array == 0).all()
    assert (np.float64(2) * v).creator.label == '_ * 2.0'
    assert (X @ v.T).shape == (2, 2)


def test_asarray_gives_the_values_without_a_copy():
    v = minigrad.Variable(X)
    assert np.asarray(v) is v.array
    assert np.array(v) is not v.array
    assert np.asarray(v, dtype='f').dtype == np.float32
    assert np.asarray([v[0, 0], v[0, 1]]).dtype == np.float64  # never of objects
    assert np.allclose(v, X)
    assert np.zeros_like(v).shape == (2, 3)
    with pytest.raises(ValueError, match='without a copy'):
        np.asarray(v, dtype='f', copy=False)


def test_asarray_without_values():
    with pytest.raises(TypeError, match='no values'):
        np.asarray(minigrad.Parameter(0.5))


def test_what_cupy_asks():
    # It leaves `array + v` to Variable.__radd__ only where this is None.
    assert minigrad.Variable(X).__array_ufunc__ is None
    assert minigrad.Variable.__array_ufunc__ is not None


def test_one_element():
    v = minigrad.Variable(np.array([[2.5]], 'f'))
    assert float(v) == 2.5
    assert int(v) == 2
    assert f'{v:.3f}' == '2.500'
    assert f'{v}' == str(v)
    assert bool(v)
    assert not minigrad.Variable(np.array(0.0))


@pytest.mark.parametrize('use', [float, int, lambda v: f'{v:.3f}', bool])
def test_several_elements_are_no_number(use):
    with pytest.raises(TypeError):
        use(minigrad.Variable(X))


def test_methods():
    v = minigrad.Variable(X)
    for name, args in {
        'sum': (1,), 'max': (), 'min': (0,), 'argmax': (1,), 'argmin': (), 'prod': (0,),
        'std': (1,), 'var': (), 'clip': (-0.3, 0.3), 'copy': (), 'astype': ('f',),
    }.items():  # fmt: skip
        y = getattr(v, name)(*args)
        expected = getattr(X, name)(*args)
        np.testing.assert_allclose(y.array, expected, rtol=1e-6)
        assert y.dtype.kind == 'i' or y.dtype == expected.dtype
    assert v.copy().array is not v.array
    assert v.copy().creator is not None


@pytest.mark.parametrize('function', [_numpy.variance, _numpy.deviation])
@pytest.mark.parametrize('options', [{}, {'axis': 1}, {'axis': 0, 'ddof': 1}])
def test_gradients_of_moments(function, options):
    gradient = np.ones(function(X, **options).shape)
    minigrad.gradient_check.check_backward(
        lambda x: function(x, **options), X, gradient, dtype='d'
    )
    minigrad.gradient_check.check_double_backward(
        lambda x: function(x, **options), X, gradient, np.ones_like(X), dtype='d'
    )


def test_assignment_refuses_and_names_the_way():
    v = minigrad.Variable(X)
    with pytest.raises(TypeError, match=r'v\.array\[...\] = value'):
        v[0] = 1


class TestDLPack:
    def test_numpy(self):
        v = minigrad.Variable(X.copy())
        assert np.shares_memory(np.from_dlpack(v), v.array)
        assert np.shares_memory(minigrad.from_dlpack(v.array).array, v.array)

    def test_pytorch(self):
        torch = pytest.importorskip('torch', reason='compares with PyTorch')
        v = minigrad.Variable(X.copy())
        tensor = torch.from_dlpack(v)
        tensor[0, 0] = 7
        assert v.array[0, 0] == 7
        back = minigrad.from_dlpack(tensor)
        tensor[0, 1] = 8
        assert back.array[0, 1] == 8

    def test_what_has_no_dlpack(self):
        with pytest.raises(TypeError, match='__dlpack__, got list'):
            minigrad.from_dlpack([1.0])


def test_questions_about_each_element_give_arrays():
    v = minigrad.Variable(np.array([1.0, np.nan, -np.inf]))
    np.testing.assert_array_equal(np.isnan(v), [False, True, False])
    np.testing.assert_array_equal(np.isinf(v), [False, False, True])
    np.testing.assert_array_equal(np.isfinite(v), [True, False, False])
    np.testing.assert_array_equal(np.signbit(v[2]), True)
    assert type(np.isnan(v)) is np.ndarray
    assert type(np.isnan(minigrad.Variable(np.array(1.0)))) is np.bool_


IN_A_LIST = {
    'sum': lambda vs: np.sum(vs),
    'mean': lambda vs: np.mean(vs, axis=0),
    'max': lambda vs: np.max(vs),
    'std': lambda vs: np.std(vs),
    'average': lambda vs: np.average(vs),
    'reshape': lambda vs: np.reshape(vs, (1, -1)),
}


@pytest.mark.parametrize('name', IN_A_LIST)
def test_variables_in_a_list(name):
    v, w = minigrad.Variable(np.array(1.0)), minigrad.Variable(np.array(3.0))
    text = rf'^numpy\.{name} of a list of Variables would leave the graph'
    with pytest.raises(TypeError, match=text) as info:
        IN_A_LIST[name]([v, w])
    assert f'numpy.{name}(numpy.stack([v, w])) stays' in str(info.value)
    on_graph = IN_A_LIST[name](np.stack([v, w]))
    plain = IN_A_LIST[name]([v.array, w.array])
    np.testing.assert_allclose(on_graph.array, plain)
    with minigrad.no_backprop_mode():
        np.testing.assert_allclose(IN_A_LIST[name]([v, w]), plain)
    fixed = [minigrad.Variable(x.array, requires_grad=False) for x in (v, w)]
    np.testing.assert_allclose(IN_A_LIST[name](fixed), plain)


def test_what_asks_for_values_gets_them():
    v, w = minigrad.Variable(np.array(1.0)), minigrad.Variable(np.array(3.0))
    assert np.asarray([v, w]).tolist() == np.array([v, w]).tolist() == [1, 3]
    assert np.argmax([v, w]) == 1
    assert np.median([v, w]) == 2
    assert np.allclose([v, w], [1, 3])
    np.testing.assert_allclose([v, w], [1, 3])
    np.testing.assert_array_equal(v, 1)
    assert np.asarray_chkfinite(v) == 1
