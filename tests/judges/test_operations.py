"""Every operation of the table through CuPy itself: types, loops, shapes and numbers.

Forward, gradient and gradient of the gradient must be what they are with NumPy. In
float32 the CPU carries out CuPy's kernels and ours; in the other dtypes CuPy only
decides what it would launch.
"""

import numpy as np
import pytest

from minigrad import Variable, backend, grad
from minigrad.testing import properties
from minigrad.variable import as_array
from tests.judges import libraries
from tests.op_table import CASES

# Shapes that depend on numbers: masks, and how often a class occurs.
BY_NUMBERS = {
    'classification_summary', 'embed_id', 'f1_score', 'fbeta_score', 'get_item',
    'precision', 'recall', 'repeat',
}  # fmt: skip
CARD_ONLY = {'fft': 'cuFFT plans nothing without a card'}
CARD_ONLY['ifft'] = CARD_ONLY['fft']


def answers(case, sample, dtype, xp):
    """Returns outputs, gradients and their gradients as NumPy arrays or None."""
    inputs = [xp.asarray(x) for x in properties._cast(sample.draw(), dtype)]
    wanted = properties._grad_inputs(case, inputs) if case.differentiable else []
    given = [
        Variable(x, requires_grad=i in wanted) if x.dtype.kind == 'f' else x
        for i, x in enumerate(inputs)
    ]
    if case.random:
        np.random.seed(0)
    outputs = properties._as_tuple(properties._call(case, sample, given))
    results = list(outputs)
    if wanted:
        floats = [y for y in outputs if y.dtype.kind == 'f']
        xs = [given[i] for i in wanted]
        gradients = seeds = floats
        for depth in range(1 + case.double):
            seeds = [Variable(xp.full_like(y.array, 0.5)) for y in gradients]
            found = grad(
                gradients, xs, seeds, enable_double_backprop=case.double and depth == 0
            )
            results += found
            gradients = [g for g in found if g is not None]
            xs = xs + seeds
    return [None if r is None else backend.to_cpu(as_array(r)) for r in results]


def compare(case, sample, dtype, cupy, numbers):
    libraries.LEFT_OUT.clear()
    with np.errstate(all='ignore'):
        expected = answers(case, sample, dtype, np)
    actual = answers(case, sample, dtype, cupy)
    for place, (a, e) in enumerate(zip(actual, expected, strict=True)):
        assert (a is None) == (e is None), place
        if a is None:
            continue
        assert (a.shape, a.dtype) == (e.shape, e.dtype), place
        if numbers and not case.random and not libraries.LEFT_OUT:
            a, e = a.astype('d'), e.astype('d')
            np.testing.assert_allclose(a, e, 1e-3, 1e-4, err_msg=f'number {place}')


def skip_if_card_only(case):
    if case.name in CARD_ONLY:
        pytest.skip(CARD_ONLY[case.name])


@pytest.mark.parametrize('case', [c for c in CASES if 'f' in c.dtypes], ids=str)
def test_numbers(case, computing):
    skip_if_card_only(case)
    for sample in case.samples:
        compare(case, sample, 'f', computing, numbers=True)


@pytest.mark.parametrize('case', CASES, ids=str)
def test_types(case, request):
    skip_if_card_only(case)
    fixture = 'computing' if case.name in BY_NUMBERS else 'cupy'
    cupy = request.getfixturevalue(fixture)
    for dtype in case.dtypes:
        if dtype != 'f':
            for sample in case.samples:
                compare(case, sample, dtype, cupy, numbers=False)
