"""Every kernel against the reference, on small arrays in three dtypes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from minigrad import backend
from minigrad.backend import Device
from minigrad.check.checks import Check, Failed, Skipped, compare
from minigrad.functions.elementwise import ROWS
from minigrad.kernels import Kernels, kernels_for
from minigrad.kernels.specs import ConvSpec, PoolSpec
from minigrad.kernels.specs_nd import WindowSpec
from minigrad.kernels.updates import UPDATES
from minigrad.types import Array

TOLERANCES = {'e': 2e-2, 'f': 1e-4, 'd': 1e-9}

Send = Callable[[Array], Any]
Call = Callable[[Any, Send, 'Draw'], Any]


class Draw(NamedTuple):
    """Draws the inputs of a call: the same ones for every kernel set."""

    dtype: str

    def normal(self, *shape: int, seed: int = 0) -> Array:
        return np.random.default_rng(seed).standard_normal(shape).astype(self.dtype)

    def dtype_of(self, number: float) -> Any:
        return np.dtype(self.dtype).type(number)

    def positive(self, *shape: int, seed: int = 0) -> Array:
        uniform = np.random.default_rng(seed).uniform(0.5, 2, shape)
        return uniform.astype(self.dtype)


CONV = ConvSpec.of((2, 4, 7, 6), (6, 2, 3, 3), (2, 1), (1, 2), groups=2)
CONV_3D = WindowSpec.of((5, 4, 6), 3, (2, 1, 1), 1)
POOL = PoolSpec.of((2, 3, 7, 6), 3, 2, 1, cover_all=True)
POOL_3D = WindowSpec.of((5, 4, 6), 2, 2, 0, cover_all=True)
LRN: Any = (5, 2.0, 1e-2, 0.75)


def _maxima(k: Kernels, a: Send, d: Draw) -> tuple[Any, Any]:
    x = a(d.normal(2, 3, 7, 6))
    return k.max_pool_2d(x, POOL)


def _maxima_nd(k: Kernels, a: Send, d: Draw) -> tuple[Any, Any]:
    return k.max_pool_nd(a(d.normal(2, 3, 5, 4, 6)), POOL_3D)


def _normalized(k: Kernels, a: Send, d: Draw) -> Any:
    x, gamma = a(d.normal(4, 3, 5, 2)), a(d.positive(3))
    return x, gamma, k.batch_norm(x, gamma, a(d.normal(3, seed=1)), 1e-3, (0, 2, 3))


def _labels() -> Array:
    return np.array([3, -1, 0, 4], np.int32)


def _bins() -> tuple[Any, ...]:
    first, last = np.array([[0, 2], [1, 1]]), np.array([[2, 5], [1, 4]])
    return (first, last), (first, last), np.array([0, 1])


def _added(k: Kernels, a: Send, d: Draw) -> Any:
    total = a(d.normal(6, 3))
    k.add_rows(total, a(np.array([0, 2, 2, 5])), a(d.normal(4, 3, seed=1)))
    return total


KERNELS: dict[str, Call] = {
    'matmul': lambda k, a, d: k.matmul(a(d.normal(9, 17)), a(d.normal(17, 8))),
    'conv_2d': lambda k, a, d: k.conv_2d(
        a(d.normal(2, 4, 7, 6)), a(d.normal(6, 2, 3, 3)), a(d.normal(6)), CONV
    ),
    'conv_2d_grad_x': lambda k, a, d: k.conv_2d_grad_x(
        a(d.normal(6, 2, 3, 3)), a(d.normal(2, 6, CONV.oh, CONV.ow)), CONV
    ),
    'conv_2d_grad_w': lambda k, a, d: k.conv_2d_grad_w(
        a(d.normal(2, 4, 7, 6)), a(d.normal(2, 6, CONV.oh, CONV.ow)), CONV
    ),
    'sum_channels': lambda k, a, d: k.sum_channels(a(d.normal(3, 4, 5, 6))),
    'im2col': lambda k, a, d: k.im2col(a(d.normal(2, 4, 7, 6)), CONV),
    'col2im': lambda k, a, d: k.col2im(a(d.normal(2, 4, 3, 3, CONV.oh, CONV.ow)), CONV),
    'conv_nd': lambda k, a, d: k.conv_nd(
        a(d.normal(2, 3, 5, 4, 6)), a(d.normal(4, 3, 3, 3, 3)), None, CONV_3D
    ),
    'conv_nd_grad_x': lambda k, a, d: k.conv_nd_grad_x(
        a(d.normal(4, 3, 3, 3, 3)), a(d.normal(2, 4, *CONV_3D.out)), CONV_3D
    ),
    'conv_nd_grad_w': lambda k, a, d: k.conv_nd_grad_w(
        a(d.normal(2, 3, 5, 4, 6)), a(d.normal(2, 4, *CONV_3D.out)), CONV_3D
    ),
    'max_pool_2d': lambda k, a, d: _maxima(k, a, d)[0],
    'max_pool_2d_scatter': lambda k, a, d: k.max_pool_2d_scatter(
        a(d.normal(2, 3, POOL.oh, POOL.ow, seed=1)), _maxima(k, a, d)[1], POOL
    ),
    'max_pool_2d_gather': lambda k, a, d: k.max_pool_2d_gather(
        a(d.normal(2, 3, 7, 6, seed=1)), _maxima(k, a, d)[1], POOL
    ),
    'max_pool_2d_indices': lambda k, a, d: k.max_pool_2d_indices(
        _maxima(k, a, d)[1], POOL
    ),
    'max_pool_2d_arg': lambda k, a, d: k.max_pool_2d_gather(
        a(d.normal(2, 3, 7, 6, seed=1)),
        k.max_pool_2d_arg(k.max_pool_2d_indices(_maxima(k, a, d)[1], POOL), POOL),
        POOL,
    ),
    'max_pool_nd': lambda k, a, d: _maxima_nd(k, a, d)[0],
    'max_pool_nd_scatter': lambda k, a, d: k.max_pool_nd_scatter(
        a(d.normal(2, 3, *POOL_3D.out, seed=1)), _maxima_nd(k, a, d)[1], POOL_3D
    ),
    'max_pool_nd_gather': lambda k, a, d: k.max_pool_nd_gather(
        a(d.normal(2, 3, 5, 4, 6, seed=1)), _maxima_nd(k, a, d)[1], POOL_3D
    ),
    'max_pool_nd_indices': lambda k, a, d: k.max_pool_nd_indices(
        _maxima_nd(k, a, d)[1], (2, 3, *POOL_3D.out), POOL_3D
    ),
    'average_pool_2d': lambda k, a, d: k.average_pool_2d(a(d.normal(2, 3, 7, 6)), POOL),
    'average_pool_2d_grad': lambda k, a, d: k.average_pool_2d_grad(
        a(d.normal(2, 3, POOL.oh, POOL.ow)), POOL
    ),
    'average_pool_nd': lambda k, a, d: k.average_pool_nd(
        a(d.normal(2, 3, 5, 4, 6)), POOL_3D
    ),
    'average_pool_nd_grad': lambda k, a, d: k.average_pool_nd_grad(
        a(d.normal(2, 3, *POOL_3D.out)), POOL_3D
    ),
    'window_sum_nd': lambda k, a, d: k.window_sum_nd(
        a(d.normal(2, 3, 5, 4, 6)), POOL_3D
    ),
    'window_spread_nd': lambda k, a, d: k.window_spread_nd(
        a(d.normal(2, 3, *POOL_3D.out)), POOL_3D
    ),
    'lrn': lambda k, a, d: k.lrn(a(d.normal(2, 7, 3, 4)), *LRN)[0],
    'lrn_grad': lambda k, a, d: k.lrn_grad(
        a(d.normal(2, 7, 3, 4)),
        *k.lrn(a(d.normal(2, 7, 3, 4)), *LRN),
        a(d.normal(2, 7, 3, 4, seed=1)),
        *LRN,
    ),
    'batch_norm': lambda k, a, d: _normalized(k, a, d)[2],
    'batch_norm_grad': lambda k, a, d: k.batch_norm_grad(
        *_normalized(k, a, d)[:2],
        a(d.normal(4, 3, 5, 2, seed=2)),
        *_normalized(k, a, d)[2][1:],
        (0, 2, 3),
    ),
    'relu': lambda k, a, d: k.relu(a(d.normal(5, 7))),
    'relu_grad': lambda k, a, d: k.relu_grad(
        a(d.normal(5, 7)), a(d.normal(5, 7, seed=1))
    ),
    'dropout': lambda k, a, d: k.dropout(
        a(d.normal(5, 7)), a(d.positive(5, 7) / d.positive(1) / 4), 0.4
    ),
    'softmax': lambda k, a, d: k.softmax(a(d.normal(4, 5, 3))),
    'softmax_grad': lambda k, a, d: k.softmax_grad(
        k.softmax(a(d.normal(4, 5, 3))), a(d.normal(4, 5, 3, seed=1))
    ),
    'log_softmax': lambda k, a, d: k.log_softmax(a(d.normal(4, 5, 3))),
    'log_softmax_grad': lambda k, a, d: k.log_softmax_grad(
        k.log_softmax(a(d.normal(4, 5, 3))), a(d.normal(4, 5, 3, seed=1))
    ),
    'softmax_cross_entropy': lambda k, a, d: k.softmax_cross_entropy(
        a(d.normal(4, 5)), a(_labels()), -1
    ),
    'softmax_cross_entropy_grad': lambda k, a, d: k.softmax_cross_entropy_grad(
        k.log_softmax(a(d.normal(4, 5))), a(_labels()), 0.5, -1
    ),
    'where': lambda k, a, d: k.where(
        a(d.normal(5, 7) > 0), a(d.normal(5, 7, seed=1)), a(d.normal(7, seed=2))
    ),
    'masked': lambda k, a, d: k.masked(
        a(d.normal(5, 7, seed=1)), a(d.normal(5, 7) > 0)
    ),
    'add_rows': _added,
    'cumulate': lambda k, a, d: [
        k.cumulate(a(d.normal(5, 7, 3)), axis, product, backwards)
        for axis in (0, 1, 2)
        for product in (False, True)
        for backwards in (False, True)
    ],
    'cumprod_grad': lambda k, a, d: [
        k.cumprod_grad(a(d.normal(5, 7, 3)), a(d.normal(5, 7, 3, seed=1)), axis)
        for axis in (0, 1, 2)
    ],
    'prod': lambda k, a, d: [k.prod(a(d.normal(5, 7, 3)), axis) for axis in (0, 1, 2)],
    'prod_grad': lambda k, a, d: [
        k.prod_grad(a(d.normal(5, 7, 3)), k.prod(a(d.normal(5, 7, 3)), axis), axis)
        for axis in (0, 1, 2)
    ],
    'resize': lambda k, a, d: k.resize(a(d.normal(2, 3, 5, 4)), (8, 3)),
    'resize_grad': lambda k, a, d: k.resize_grad(a(d.normal(2, 3, 8, 3)), (5, 4)),
    'roi_weight': lambda k, a, d: k.roi_weight(
        a(d.normal(2, 3, 5, 4)),
        a(d.normal(3, 2, 5)),
        a(d.normal(3, 2, 4)),
        a(np.array([0, 1, 1])),
    ),
    'roi_weight_grad': lambda k, a, d: k.roi_weight_grad(
        a(d.normal(3, 3, 2, 2)),
        a(d.normal(3, 2, 5)),
        a(d.normal(3, 2, 4)),
        a(np.array([0, 1, 1])),
        (2, 3, 5, 4),
    ),
    'roi_argmax': lambda k, a, d: k.roi_argmax(
        a(d.normal(2, 3, 5, 5)),
        *[tuple(map(a, pair)) for pair in _bins()[:2]],
        a(_bins()[2]),
    ),
}
"""A call of each kernel: with the set, a function that sends arrays, and a `Draw`."""

# Not computed with, or covered by checks of their own below.
ELSEWHERE = {
    *('name', 'convolves_bfloat16', 'fuses_rows', 'together', 'finite', 'update'),
    *('elementwise', 'along_rows', 'draw', 'uniform'),
}


def checks(device: Device) -> Iterator[Check]:
    """Yields a check for each kernel, for each update, and for the formulas."""
    for name, call in KERNELS.items():
        yield Check('kernels', name, partial(_check_kernel, call))
    yield Check('kernels', 'elementwise functions', _check_rows)
    yield Check('kernels', 'finite', _check_finite)
    yield Check('kernels', 'random numbers', _check_random)
    for name in UPDATES:
        yield Check('optimizer steps', name, partial(_check_update, name))
    yield Check('optimizer steps', 'many parameters in one launch', _check_together)


def _arrays(result: Any) -> list[Any]:
    return list(result) if isinstance(result, (tuple, list)) else [result]


def _check_kernel(call: Call, device: Device) -> str:
    worst = 0.0
    kernels = kernels_for(device.send(np.empty(1, 'f')))
    for dtype, tolerance in TOLERANCES.items():
        draw = Draw(dtype)
        got = _arrays(call(kernels, device.send, draw))
        wanted = _arrays(call(Kernels(np), lambda x: x, draw))
        for g, w in zip(got, wanted, strict=True):
            difference = compare(backend.to_cpu(g), np.asarray(w), tolerance, dtype)
            if dtype == 'f':
                worst = max(worst, difference)
    return f'float32 within {worst:.0e}'


def _check_rows(device: Device) -> str:
    n = 0
    for name, row in ROWS.items():
        low, high = row.domain
        x = np.linspace(max(low, -3), min(high, 3), 101)[1:-1].astype('f')
        try:
            got = backend.to_cpu(
                kernels_for(device.send(x)).elementwise(row.array, device.send(x))
            )
        except ImportError:
            continue  # a package that is not there
        wanted = np.array([row.oracle(float(v)) for v in x.tolist()], 'f')
        compare(got, wanted, 1e-4, name)
        n += 1
    return f'{n} functions against their definitions'


def _check_finite(device: Device) -> str:
    arrays = [np.ones(3, 'f'), np.array([1, np.nan], 'f'), np.array([np.inf], 'd')]
    sent = [device.send(x) for x in arrays]
    answers = kernels_for(sent[0]).finite(sent)
    if answers != [True, False, False]:
        raise Failed(f'expected [True, False, False], got {answers}')
    return 'NaN and infinity are seen'


def _check_random(device: Device) -> str:
    u = backend.to_cpu(kernels_for(device.send(np.empty(1, 'f'))).uniform((10000,)))
    mean = float(u.mean())
    if not (u.min() >= 0 and u.max() < 1 and abs(mean - 0.5) < 0.02):
        raise Failed(f'expected numbers in [0, 1) of mean 0.5, got {mean:.3f}')
    return f'mean {mean:.3f}'


HYPERPARAMETERS: dict[str, Any] = {
    'lr': 0.1,
    'momentum': 0.9,
    'eps': 1e-6,
    'rho': 0.9,
    'alpha': 0.9,
    'alpha_t': 0.01,
    'beta': 0.9,
    'beta1': 0.9,
    'beta2': 0.99,
    'beta_power': 0.5,
    'weight_decay_rate': 0.1,
    'eta': 0.8,
}


def _numbers(name: str) -> dict[str, Any]:
    """Returns values for the hyperparameters that an update takes."""
    import inspect

    function = UPDATES[name].numbers
    if function is dict:
        from minigrad.kernels.formula import parameters

        names = parameters(UPDATES[name].formula)[1]
    else:
        names = tuple(inspect.signature(function).parameters)
    return {key: HYPERPARAMETERS[key] for key in names if key in HYPERPARAMETERS}


def _check_update(name: str, device: Device) -> str:
    numbers = _numbers(name)
    for dtype, tolerance in TOLERANCES.items():
        draw = Draw(dtype)
        here = [draw.normal(7, 3), draw.normal(7, 3, seed=1)]
        # The first state is larger than the square of the second, as in RMSprop.
        here += [
            draw.positive(7, 3, seed=i + 2) * draw.dtype_of(0.3**i)
            for i in range(len(UPDATES[name].states))
        ]
        there = [device.send(array.copy()) for array in here]
        kernels_for(there[0]).update(name, *there, **numbers)
        Kernels(np).update(name, *here, **numbers)
        for t, h in zip(there, here, strict=True):
            compare(backend.to_cpu(t), h, tolerance, dtype)
    return f'{len(UPDATES[name].states)} states'


def _check_together(device: Device) -> str:
    kernels = kernels_for(device.send(np.empty(1, 'f')))
    together = kernels.together()
    if together is None:
        raise Skipped('this set makes each update at once')
    draw = Draw('f')
    rows = [[draw.normal(n, seed=n + i) for i in range(3)] for n in range(1, 100, 9)]
    there = [[device.send(array.copy()) for array in row] for row in rows]
    for row in there:
        together.update('momentum_sgd', *row, lr=0.1, momentum=0.9)
    together.flush()
    for row, expected in zip(there, rows, strict=True):
        Kernels(np).update('momentum_sgd', *expected, lr=0.1, momentum=0.9)
        for t, h in zip(row, expected, strict=True):
            compare(backend.to_cpu(t), h, 1e-5)
    return f'{len(rows)} parameters'


def unchecked() -> set[str]:
    """Returns the kernels that no check calls."""
    names = {name for name in dir(Kernels) if not name.startswith('_')}
    return names - KERNELS.keys() - ELSEWHERE


__all__ = ['KERNELS', 'checks', 'unchecked']
