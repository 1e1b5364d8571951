"""Functions and what to call them with at special values, here and in PyTorch.

`make_sweep.py` writes down what PyTorch gives; `test_sweep.py` compares. PyTorch's side is
text, so that the table can be read without it.
"""

import re

import numpy as np

from minigrad.functions.elementwise import ROWS as TABLE

UNARY = {
    'absolute': 'torch.abs(x)',
    'arccos': 'torch.acos(x)',
    'arcsin': 'torch.asin(x)',
    'arctan': 'torch.atan(x)',
    'arctanh': 'torch.atanh(x)',
    'clip': 'torch.clamp(x, 0, 1)',
    'clipped_relu': 'torch.nn.functional.hardtanh(x, 0, 20)',
    'cos': 'torch.cos(x)',
    'cosh': 'torch.cosh(x)',
    'digamma': 'torch.digamma(x)',
    'elu': 'torch.nn.functional.elu(x)',
    'erf': 'torch.erf(x)',
    'erfc': 'torch.erfc(x)',
    'erfcx': 'torch.special.erfcx(x)',
    'erfinv': 'torch.erfinv(x)',
    'exp': 'torch.exp(x)',
    'expm1': 'torch.expm1(x)',
    'hard_sigmoid': 'torch.clamp(x * 0.2 + 0.5, 0, 1)',
    'leaky_relu': 'torch.nn.functional.leaky_relu(x, 0.2)',
    'lgamma': 'torch.lgamma(x)',
    'log': 'torch.log(x)',
    'log10': 'torch.log10(x)',
    'log1p': 'torch.log1p(x)',
    'log2': 'torch.log2(x)',
    'log_ndtr': 'torch.special.log_ndtr(x)',
    'ndtr': 'torch.special.ndtr(x)',
    'ndtri': 'torch.special.ndtri(x)',
    'relu': 'torch.relu(x)',
    'relu6': 'torch.nn.functional.relu6(x)',
    'rsqrt': 'torch.rsqrt(x)',
    'selu': 'torch.nn.functional.selu(x)',
    'sigmoid': 'torch.sigmoid(x)',
    'sin': 'torch.sin(x)',
    'sinh': 'torch.sinh(x)',
    'softplus': 'torch.nn.functional.softplus(x)',
    'sqrt': 'torch.sqrt(x)',
    'square': 'torch.square(x)',
    'tan': 'torch.tan(x)',
    'tanh': 'torch.tanh(x)',
}
# Rows of the table whose source says what they are in PyTorch.
UNARY |= {
    row.name: f'{found[0]}(x)'
    for row in TABLE.values()
    if (found := re.search(r'torch\.[\w.]+', row.source))
}
BINARY = {
    'a - b': 'a - b',
    'a * b': 'a * b',
    'a / b': 'a / b',
    'a ** b': 'a ** b',
    'add': 'a + b',
    'absolute_error': 'torch.abs(a - b)',
    'arctan2': 'torch.atan2(a, b)',
    'fmod': 'torch.fmod(a, b)',
    'maximum': 'torch.maximum(a, b)',
    'minimum': 'torch.minimum(a, b)',
    'squared_difference': '(a - b) ** 2',
    'squared_error': '(a - b) ** 2',
}
# Of rows of two numbers.
ROWS = {
    'average': 'x.mean(1)',
    'batch_l2_norm_squared': '(x * x).sum(1)',
    'cumprod': 'torch.stack([x[:, 0], x[:, 0] * x[:, 1]], 1)',
    'cumsum': 'torch.cumsum(x, 1)',
    'hinge': 'torch.relu(1 - x * torch.tensor([1, -1]))',
    'huber_loss': 'torch.nn.functional.huber_loss(x, torch.zeros_like(x), "none").sum(1)',
    'log_softmax': 'torch.log_softmax(x, 1)',
    'logsumexp': 'torch.logsumexp(x, 1)',
    'mean': 'x.mean(1)',
    'prod': 'torch.prod(x, 1)',
    'sigmoid_cross_entropy': (
        'torch.nn.functional.binary_cross_entropy_with_logits('
        'x, torch.tensor([1, 0]).expand_as(x).to(x), reduction="none")'
    ),
    'softmax': 'torch.softmax(x, 1)',
    'softmax_cross_entropy': (
        'torch.nn.functional.cross_entropy('
        'x, torch.zeros(len(x), dtype=torch.long), reduction="none")'
    ),
    'sum': 'x.sum(1)',
}


def numbers(dtype):
    """Zeros, infinities, NaN, the largest number, the smallest normal one, and others."""
    info = np.finfo(dtype)
    largest, tiny = float(info.max), float(info.tiny)
    alone = [
        0.0,
        -0.0,
        np.inf,
        -np.inf,
        np.nan,
        largest,
        -largest,
        tiny,
        -tiny,
        0.5,
        -2.0,
    ]
    return np.array(alone, dtype)


def pairs(dtype):
    """All pairs of some of them, shape (49, 2)."""
    some = numbers(dtype)[[0, 2, 3, 4, 5, 7, 10]]
    return np.stack([a.ravel() for a in np.meshgrid(some, some)], 1)


def inputs(name, dtype):
    """Returns the arrays that a function is called with."""
    if name in UNARY:
        return (numbers(dtype),)
    given = pairs(dtype)
    return (given,) if name in ROWS else (given[:, 0].copy(), given[:, 1].copy())
