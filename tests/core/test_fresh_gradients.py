"""Gradients that functions call fresh, and what a backward copies."""

import itertools

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
import minigrad.links as L
from minigrad.kernels import using_kernels
from minigrad.testing import properties
from tests.op_table import CASES


def arrays_of(values):
    several = values if isinstance(values, (tuple, list)) else (values,)
    return [minigrad.as_array(v) for v in several if v is not None]


def address(array):
    return array.__array_interface__['data'][0]


class Shares(minigrad.FunctionHook):
    """Refuses a fresh gradient that shares memory with anything else in sight."""

    name = 'shares'

    def __init__(self):
        self.seen = set()
        self.given = []  # kept, so that no memory is used again

    def run_backward(self, function, backward, target_input_indexes, grad_outputs):
        results = backward(target_input_indexes, grad_outputs)
        if function.fresh_gradients:
            self.seen.add(function.public_name)
            fresh = [g for g in arrays_of(results) if isinstance(g, np.ndarray)]
            held = [function.input_array(i) for i in range(len(function.inputs))]
            held = [x for x in held if x is not None]
            held += [*arrays_of(grad_outputs), *self.given]
            for a, b in itertools.product(fresh, held):
                assert not np.may_share_memory(a, b), function.label
            for a, b in itertools.combinations(fresh, 2):
                assert not np.may_share_memory(a, b), function.label
            assert all(a.flags.writeable for a in fresh), function.label
            self.given += fresh
        return results


def seen_in(case):
    hook = Shares()
    with hook:
        for sample in case.samples:
            for _ in range(2):
                properties._gradients(case, sample, sample.draw())
    return hook.seen


def test_what_is_called_fresh_is():
    with using_kernels('reference'):
        seen = [seen_in(case) for case in CASES]
    names = set().union(*seen)
    assert names >= {
        'linear',
        'convolution_2d',
        'deconvolution_nd',
        'embed_id',
        'matmul',
    }
    for case, found in zip(CASES, seen, strict=True):
        if found:  # other kernels need not be compiled
            seen_in(case)


class Made(minigrad.FunctionHook):
    """Notes where the gradients lie that functions make."""

    name = 'made'

    def __init__(self):
        self.arrays = []

    def run_backward(self, function, backward, target_input_indexes, grad_outputs):
        results = backward(target_input_indexes, grad_outputs)
        self.arrays += arrays_of(results)
        return results


def bytes_copied(model, loss):
    with Made() as made:
        loss.backward()
    places = {address(array) for array in made.arrays}
    copied = [p.grad for p in model.params() if address(p.grad) not in places]
    return sum(array.nbytes for array in copied)


class AlexNetInSmall(minigrad.Chain):
    """Layers of AlexNet's kinds, with fewer channels and units."""

    def __init__(self):
        super().__init__()
        with self.init_scope():
            self.conv1 = L.Convolution2D(3, 8, 11, stride=4)
            self.conv2 = L.Convolution2D(8, 12, 5, pad=2)
            self.fc1 = L.Linear(None, 32)
            self.fc2 = L.Linear(32, 32)
            self.fc3 = L.Linear(32, 10)

    def forward(self, x):
        h = F.local_response_normalization(F.relu(self.conv1(x)))
        h = F.relu(self.conv2(F.max_pooling_2d(h, 3, 2)))
        h = F.dropout(F.relu(self.fc1(h)))
        return self.fc3(F.dropout(F.relu(self.fc2(h))))


@pytest.mark.parametrize('kernels', ['reference', 'numba'])
def test_gradients_of_dense_and_convolutional_layers_are_not_copied(kernels):
    if kernels == 'numba':
        pytest.importorskip('numba')
    with using_kernels(kernels):
        model = AlexNetInSmall()
        x = np.random.RandomState(0).rand(2, 3, 67, 67).astype('f')
        loss = F.softmax_cross_entropy(model(x), np.array([1, 2], 'i'))
        model.cleargrads()
        assert bytes_copied(model, loss) == 0


def test_a_gradient_that_is_not_fresh_is_copied():
    model = minigrad.Link(w=(2, 3))
    model.w.array[...] = 1
    model.cleargrads()
    assert bytes_copied(model, F.sum(model.w + 1)) == model.w.array.nbytes


def test_a_shared_weight_gets_the_sum_in_memory_of_its_own():
    model = L.Linear(3, 3)
    x = np.ones((2, 3), 'f')
    h = model(x)
    loss = F.sum(model(h))
    model.cleargrads()
    made = Made()
    with made:
        loss.backward()
    both = [a for a in made.arrays if a.shape == (3, 3)]
    np.testing.assert_allclose(
        model.W.grad, np.outer(np.ones(3), h.array.sum(0)) + both[1], rtol=1e-5
    )
