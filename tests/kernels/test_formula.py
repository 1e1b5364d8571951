"""Formulas: traced, and as one pass over memory, against NumPy."""

import numpy as np
import pytest

pytest.importorskip('numba', reason='Numba is not installed')

from minigrad.kernels import threads
from minigrad.kernels.cpu import fused
from minigrad.kernels.cpu.jit import INTERPRETED
from minigrad.kernels.formula import CONDITIONS, OPERATIONS, parameters, trace
from minigrad.kernels.gpu.formula import body

compiled = pytest.mark.skipif(INTERPRETED, reason='NUMBA_DISABLE_JIT compiles nothing')

SPECIAL = [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 1e-40, -1e-40, 3e38, -3e38]


def test_equal_steps_are_one():
    def formula(xp, x, y):
        return xp.exp(x) * y + xp.exp(x), xp.exp(x)

    program = trace(formula)
    assert [step.operation for step in program.steps] == [
        'array', 'exp', 'array', 'multiply', 'add',
    ]  # fmt: skip
    assert program.results[1] is program.steps[1]


def test_parameters_by_keyword_are_numbers():
    assert parameters(lambda xp, x, y, *, a, b: x) == (('x', 'y'), ('a', 'b'))


def test_what_a_formula_cannot_do_is_said():
    with pytest.raises(TypeError, match=r'no xp\.sort'):
        trace(lambda xp, x: xp.sort(x))
    with pytest.raises(TypeError, match='no power of 7'):
        trace(lambda xp, x: x**7)
    with pytest.raises(TypeError, match=r'no exp\.__call__'):
        trace(lambda xp, x: xp.exp(x, x))
    with pytest.raises(TypeError, match=r'use xp\.where'):
        trace(lambda xp, x: x if x > 0 else -x)


def arguments(name, dtype):
    """Returns operands: numbers of all sizes, and pairs of special ones."""
    rng = np.random.default_rng(0)
    count = OPERATIONS[name]
    sizes = np.exp(rng.uniform(-8, 4, (count, 5000)))
    plain = np.where(rng.random(sizes.shape) < 0.5, sizes, -sizes)
    grid = np.meshgrid(*[SPECIAL] * count)
    special = np.array([g.ravel() for g in grid])
    return np.concatenate([plain, special], 1).astype(dtype)


# In units in the last place, and near the roots of sin and cos by absolute size.
BOUNDS = {
    'erf': 3,
    'erfc': 8,
    'exp': 2,
    'expm1': 2,
    'log': 2,
    'log1p': 3,
    'tanh': 4,
    'sin': 2,
    'cos': 2,
}


@compiled
@pytest.mark.parametrize('dtype', ['f', 'd'])
@pytest.mark.parametrize('name', sorted(set(OPERATIONS) - {'where'}))
def test_each_operation_is_that_of_numpy(name, dtype):
    args, source = arguments(name, dtype), np
    if name.startswith('logical'):
        args = np.abs(args) > 1

        def formula(xp, *a):
            return xp.where(getattr(xp, name)(*[x > 0.5 for x in a]), 1.0, 0.0)
    elif name in CONDITIONS:

        def formula(xp, *a):
            return xp.where(getattr(xp, name)(*a), 1.0, 0.0)
    elif name in ('erf', 'erfc'):
        source = pytest.importorskip('scipy.special')

        def formula(xp, x):
            return x.apply(name)
    else:

        def formula(xp, *a):
            return getattr(xp, name)(*a)

    one, two = (lambda xp, x: formula(xp, x)), (lambda xp, x, y: formula(xp, x, y))
    loop = fused.loop_of(one if len(args) == 1 else two, dtype)
    if loop is None:
        assert dtype == 'd'
        assert name in BOUNDS
        return
    y = np.empty(args.shape[1], dtype)
    loop([*[a.astype(dtype) for a in args], y])
    wide = args.astype('d') if args.dtype == np.float32 else args
    with np.errstate(all='ignore'):
        exact = getattr(source, name)(*wide)
        expected = exact.astype(dtype)
    if name not in BOUNDS:
        np.testing.assert_array_equal(y, expected)
        return
    smallest = np.finfo(dtype).tiny
    finite = np.isfinite(expected) & (abs(expected) > smallest)
    error = abs(y[finite] - exact[finite])
    unit = np.spacing(abs(expected[finite])).astype('d')
    if name in ('sin', 'cos'):
        unit = np.maximum(unit, np.spacing(np.float32(0.5)))
    assert (error / unit).max() < BOUNDS[name]
    zero = abs(expected) <= smallest
    assert (abs(y[zero]) <= smallest).all()
    others = ~finite & ~zero
    np.testing.assert_array_equal(y[others], expected[others])


def test_powers_are_products():
    square, cube = trace(lambda xp, x: x**2), trace(lambda xp, x: x**3)
    assert [step.operation for step in square.steps] == ['array', 'multiply']
    assert [step.operation for step in cube.steps] == ['array', 'multiply', 'multiply']


@compiled
@pytest.mark.parametrize('dtype', ['f', 'd'])
def test_powers_are_those_of_numpy(dtype):
    x = np.linspace(-3, 3, 50).astype(dtype)
    y = np.empty((2, 50), dtype)
    fused.loop_of(_powers, dtype)([x, *y])
    np.testing.assert_allclose(y, [x * x, x * x * x], 1e-6)


def _powers(xp, x):
    return x**2, x**3


@compiled
@pytest.mark.parametrize('size', [0, 1, 15, 16, 17, 1000, 300_001])
@pytest.mark.parametrize('number', [1, 3])
def test_every_size_by_some_threads(size, number, monkeypatch):
    monkeypatch.setattr(threads, '_num_threads', number)
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, size)).astype('f')
    around = np.full((2, size + 2), 7, 'f')
    loop = fused.loop_of(_two_results, 'f')
    loop([x, y, around[0, 1:-1], around[1, 1:-1]], np.array([0.5]))
    expected = _two_results(np, x, y, scale=np.float32(0.5))
    np.testing.assert_array_equal(around[:, 1:-1], expected)
    np.testing.assert_array_equal(around[:, [0, -1]], 7)


def _two_results(xp, x, y, *, scale):
    return xp.where(x > y, x * scale, -y), xp.sqrt(abs(x)) / (1 + y * y)


def test_in_cuda():
    text = body(_two_results, ('a', 'b'))
    assert 'const bool step2 = step0 > step1;' in text
    assert text.split('\n')[-2].startswith('a = (T)step')
