"""One step of every optimizer, against its formula on single numbers."""

import math

import numpy as np
import pytest

from minigrad.kernels.reference import Kernels

k = Kernels(np)


def sgd(p, g, s, lr):
    return p - lr * g, ()


def momentum_sgd(p, g, s, lr, momentum):
    v = momentum * s[0] - lr * g
    return p + v, (v,)


def corrected_momentum_sgd(p, g, s, lr, momentum):
    v = momentum * s[0] - g
    return p + lr * v, (v,)


def nesterov_ag(p, g, s, lr, momentum):
    v = momentum * s[0] - lr * g
    return p + momentum**2 * v - (1 + momentum) * lr * g, (v,)


def ada_grad(p, g, s, lr, eps):
    h = s[0] + g * g
    return p - lr * g / (math.sqrt(h) + eps), (h,)


def ada_delta(p, g, s, rho, eps):
    msg = rho * s[0] + (1 - rho) * g * g
    dx = math.sqrt((s[1] + eps) / (msg + eps)) * g
    return p - dx, (msg, rho * s[1] + (1 - rho) * dx * dx)


def rmsprop(p, g, s, lr, alpha, eps, eps_inside_sqrt=False):
    ms = alpha * s[0] + (1 - alpha) * g * g
    root = math.sqrt(ms + eps) if eps_inside_sqrt else math.sqrt(ms) + eps
    return p - lr * g / root, (ms,)


def rmsprop_graves(p, g, s, lr, alpha, momentum, eps):
    n = alpha * s[0] + (1 - alpha) * g * g
    mean = alpha * s[1] + (1 - alpha) * g
    delta = momentum * s[2] - lr * g / math.sqrt(n - mean**2 + eps)
    return p + delta, (n, mean, delta)


def smorms3(p, g, s, lr, eps):
    r = 1 / (s[0] + 1)
    mean = (1 - r) * s[1] + r * g
    square = (1 - r) * s[2] + r * g * g
    x = mean**2 / (square + eps)
    p -= g * min(x, lr) / (math.sqrt(square) + eps)
    return p, (1 + s[0] * (1 - x), mean, square)


def adam(p, g, s, alpha_t, beta1, beta2, eps, eta=1, weight_decay_rate=0, bounds=None):
    m = beta1 * s[0] + (1 - beta1) * g
    v = beta2 * s[1] + (1 - beta2) * g * g
    states = (m, v) if len(s) == 2 else (m, v, max(v, s[2]))
    step = alpha_t / (math.sqrt(states[-1]) + eps)
    if bounds is not None:
        step = min(max(step, bounds[0]), bounds[1])
    return p - eta * (step * m + weight_decay_rate * p), states


def amsgrad(p, g, s, **hyperparameters):
    return adam(p, g, s, **hyperparameters)


def msvag(p, g, s, lr, beta, beta_power, eta=1, weight_decay_rate=0):
    rho = (1 - beta) ** 2 * (1 - beta_power**2)
    rho = min(rho / ((1 - beta_power) ** 2 * (1 - beta**2)), 0.9999)
    m = beta * s[0] + (1 - beta) * g
    v = beta * s[1] + (1 - beta) * g * g
    mt, vt = m / (1 - beta_power), v / (1 - beta_power)
    variance = (vt - mt**2) / (1 - rho)
    noise = mt**2 + rho * variance
    factor = 0 if noise == 0 else min(max(mt**2 / noise, 0), 1)
    return p - eta * (lr * mt * factor + weight_decay_rate * p), (m, v)


CASES = [  # formula, number of states, hyperparameters
    (sgd, 0, {'lr': 0.1}),
    (momentum_sgd, 1, {'lr': 0.1, 'momentum': 0.9}),
    (corrected_momentum_sgd, 1, {'lr': 0.1, 'momentum': 0.9}),
    (nesterov_ag, 1, {'lr': 0.1, 'momentum': 0.9}),
    (ada_grad, 1, {'lr': 0.1, 'eps': 1e-8}),
    (ada_delta, 2, {'rho': 0.95, 'eps': 1e-6}),
    (rmsprop, 1, {'lr': 0.1, 'alpha': 0.9, 'eps': 1e-8}),
    (rmsprop, 1, {'lr': 0.1, 'alpha': 0.9, 'eps': 0.1, 'eps_inside_sqrt': True}),
    (rmsprop_graves, 3, {'lr': 0.1, 'alpha': 0.9, 'momentum': 0.8, 'eps': 1e-4}),
    (smorms3, 3, {'lr': 0.1, 'eps': 1e-16}),
    (adam, 2, {'alpha_t': 0.1, 'beta1': 0.9, 'beta2': 0.99, 'eps': 1e-8}),
    (
        amsgrad,
        3,
        {
            'alpha_t': 0.1,
            'beta1': 0.9,
            'beta2': 0.99,
            'eps': 1e-8,
            'eta': 0.5,
            'weight_decay_rate': 0.01,
            'bounds': (0.05, 0.2),
        },
    ),
    (
        amsgrad,
        3,
        {'alpha_t': 0.1, 'beta1': 0.9, 'beta2': 0.99, 'eps': 1e-8},
    ),
    (msvag, 2, {'lr': 0.1, 'beta': 0.9, 'beta_power': 0.81}),
    (
        msvag,
        2,
        {
            'lr': 0.1,
            'beta': 0.9,
            'beta_power': 0.9,
            'eta': 0.5,
            'weight_decay_rate': 0.1,
        },
    ),
]


def states_for(name, number, rng, shape):
    states = [rng.uniform(0, 1, shape) for _ in range(number)]
    if name == 'rmsprop_graves':
        states[0] += 1  # n - g**2 is a variance
    if name in ('smorms3', 'msvag'):
        states[-1] += 1
    return states


@pytest.mark.parametrize(('formula', 'number', 'hyperparameters'), CASES)
def test_reference_step(formula, number, hyperparameters):
    rng = np.random.default_rng(1)
    shape = (3, 4)
    param, grad = rng.standard_normal(shape), rng.standard_normal(shape)
    states = states_for(formula.__name__, number, rng, shape)
    expected = [
        formula(
            float(param[i]),
            float(grad[i]),
            [float(state[i]) for state in states],
            **hyperparameters,
        )
        for i in np.ndindex(shape)
    ]
    k.update(formula.__name__, param, grad, *states, **hyperparameters)
    np.testing.assert_allclose(param.ravel(), [p for p, _ in expected])
    for i, state in enumerate(states):
        np.testing.assert_allclose(state.ravel(), [s[i] for _, s in expected])


@pytest.mark.parametrize(('formula', 'number', 'hyperparameters'), CASES)
def test_reference_keeps_float16(formula, number, hyperparameters):
    rng = np.random.default_rng(1)
    param, grad = np.ones(3, np.float16), np.full(3, 0.5, np.float16)
    states = states_for(formula.__name__, number, rng, 3)
    states = [state.astype(np.float16) for state in states]
    if 'eps' in hyperparameters:
        hyperparameters = {**hyperparameters, 'eps': 1e-3}
    k.update(formula.__name__, param, grad, *states, **hyperparameters)
    assert param.dtype == np.float16
    assert np.isfinite(param).all()
    assert (param != 1).all()


def test_msvag_without_gradient_stands_still():
    param = np.ones(2)
    states = np.zeros(2), np.zeros(2)
    k.update('msvag', param, np.zeros(2), *states, lr=0.1, beta=0.9, beta_power=0.9)
    np.testing.assert_array_equal(param, 1)
