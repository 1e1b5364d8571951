"""Links that are losses, and those that draw: numbers, gradients, devices, files."""

import copy
import pickle

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
import minigrad.links as L
from minigrad.gradient_check import check_backward, check_double_backward
from minigrad.links.loss.hierarchical_softmax import TreeParser
from minigrad.utils import WalkerAlias

X = np.random.RandomState(2).normal(size=(4, 3))
T = np.array([0, 2, 1, 2], 'i')
IGNORING = np.array([0, 2, -1, 2], 'i')
COST = np.random.RandomState(1).normal(size=(3, 3))
LABELS = [np.array(y, 'i') for y in ([0, 2, 1, 1], [2, 2, 0], [1, 0, 0])]
COUNTS = [5, 1, 4]

# Made by Chainer 7.8.1 with the same seeds: loss, gradient of x, gradient of W, each
# multiplied with cosines and summed.
CASES = {
    'NegativeSampling': (
        lambda: L.NegativeSampling(3, COUNTS, 4),
        (IGNORING,),
        [13.3725, -0.2044, 0.9431],
    ),
    'NegativeSampling no': (
        lambda: L.NegativeSampling(3, COUNTS, 2, power=1),
        (T, 'no'),
        [3.1235, -0.6664, 2.3155],
    ),
    'BlackOut': (lambda: L.BlackOut(3, COUNTS, 4), (T,), [2.3699, 0.1607, -0.0122]),
    'BinaryHierarchicalSoftmax': (
        lambda: L.BinaryHierarchicalSoftmax(3, ((0, 2), 1)),
        (T,),
        [6.0672, 1.3907, 1.4378],
    ),
}
each_case = pytest.mark.parametrize('name', CASES)


def make(name, dtype='f'):
    """Returns a link with weights that are not zero, and its inputs."""
    build, inputs, _ = CASES[name]
    with minigrad.using_config('dtype', np.dtype(dtype)):
        link = build()
    link.cleargrads()
    link.W.array[...] = np.random.RandomState(1).normal(size=link.W.shape)
    return link, (X.astype(dtype), *inputs)


def seeded(link, *inputs):
    """Calls a link so that it draws the same every time."""
    state = np.random.get_state()
    np.random.seed(3)
    try:
        return link(*inputs)
    finally:
        np.random.set_state(state)


@each_case
def test_same_numbers_as_chainer(name):
    link, (x, *inputs) = make(name)
    x = minigrad.Variable(x)
    y = seeded(link, x, *inputs)
    y.grad = np.ones_like(y.array)
    y.backward()
    seen = [
        (a.astype('d').ravel() * np.cos(np.arange(a.size))).sum()
        for a in (y.array, x.grad, link.W.grad)
    ]
    np.testing.assert_allclose(seen, CASES[name][2], atol=2e-4)


@each_case
def test_gradients(name):
    link, (x, *inputs) = make(name, 'd')

    def loss(x, W):
        link.W.array = W.array
        fresh = link.copy()
        with fresh.init_scope():
            fresh.__dict__['W'] = W
        y = seeded(fresh, x, *inputs)
        return y * y

    y = loss(minigrad.Variable(x), minigrad.Variable(link.W.array))
    rng = np.random.RandomState(0)
    gy = rng.normal(size=y.shape)
    xs = (x, link.W.array.copy())
    check_backward(loss, xs, gy, eps=1e-6, atol=1e-6, rtol=1e-5)
    ggx = tuple(rng.normal(size=v.shape) for v in xs)
    check_double_backward(loss, xs, gy, ggx, eps=1e-6, atol=1e-5, rtol=1e-4)


@each_case
@pytest.mark.parametrize('dtype', ['e', 'f', 'd'])
def test_dtype(name, dtype):
    link, inputs = make(name, dtype)
    y = seeded(link, *inputs)
    assert y.dtype == dtype
    F.sum(y).backward()
    assert link.W.grad.dtype == dtype


@each_case
def test_copies_and_files(name, tmp_path):
    link, inputs = make(name)
    expected = seeded(link, *inputs).array
    minigrad.serializers.save_npz(tmp_path / 'link.npz', link)
    loaded = CASES[name][0]()
    minigrad.serializers.load_npz(tmp_path / 'link.npz', loaded)
    for other in (
        link.copy(),
        copy.deepcopy(link),
        pickle.loads(pickle.dumps(link)),
        loaded,
        link.to_device('@numpy'),
    ):
        np.testing.assert_array_equal(seeded(other, *inputs).array, expected)


def test_crf_like_chainer():
    layer = L.CRF1d(3, COST.astype('f'))
    x = X.astype('f')
    xs = [minigrad.Variable(v) for v in (x, x[1:], x[:3] * 2)]
    loss = layer(xs, LABELS, transpose=True)
    layer.cleargrads()
    loss.backward()
    np.testing.assert_allclose(loss.array, 6.284103, rtol=1e-6)
    np.testing.assert_allclose(
        layer.cost.grad,
        [
            [1.2743, 0.0748, 0.1147],
            [-0.2684, -0.3259, 0.0024],
            [-0.2362, -0.3316, -0.3041],
        ],
        atol=1e-4,
    )
    score, path = layer.argmax(xs, transpose=True)
    np.testing.assert_allclose(score.array, [6.7391, 5.5315, 6.7015], atol=1e-4)
    assert [y.tolist() for y in path] == [[0, 0, 0, 2], [0, 0, 2], [0, 0, 0]]


def test_crf_does_not_mind_the_order_of_sequences():
    layer = L.CRF1d(3, COST.astype('f'))
    x = X.astype('f')
    xs = [x[:2], x, x[1:]]
    ys = [
        y[: len(x)] for x, y in zip(xs, [LABELS[1], LABELS[0], LABELS[2]], strict=True)
    ]
    together = layer(xs, ys, 'no', transpose=True).array
    alone = [layer([xs[i]], [ys[i]], 'no', transpose=True).array[0] for i in (1, 2, 0)]
    np.testing.assert_allclose(together, alone, rtol=1e-5)
    _, path = layer.argmax(xs, transpose=True)
    for x, labels in zip(xs, path, strict=True):
        _, expected = layer.argmax([v[None] for v in x])
        assert labels.tolist() == np.concatenate(expected).tolist()


def test_crf_of_batches():
    layer = L.CRF1d(3)
    assert not layer.cost.array.any()
    xs, ys = [X.astype('f')] * 2, [T] * 2
    loss = layer(xs, ys)
    expected = 2 * F.softmax_cross_entropy(xs[0], T).array  # without transitions
    np.testing.assert_allclose(loss.array, expected, rtol=1e-6)
    score, path = layer.argmax(xs)
    np.testing.assert_allclose(score.array, 2 * xs[0].max(axis=1), rtol=1e-6)
    np.testing.assert_array_equal(path, [X.argmax(axis=1)] * 2)


def test_black_out_takes_given_samples():
    layer, (x, t) = make('BlackOut')
    layer.sample_data = np.array([[0, 1], [1, 0], [2, 0], [1, 1]], 'i')
    expected = F.black_out(x, t, layer.W, layer.sample_data)
    assert layer(x, t).array == expected.array


def test_negative_sampling_returns_its_samples():
    layer, (x, t) = make('NegativeSampling')
    assert isinstance(layer.sampler, WalkerAlias)
    y, samples = layer(x, t, 'no', return_samples=True)
    assert y.shape == (4,)
    assert samples.shape == (4, 5)
    assert not L.NegativeSampling(3, COUNTS, 4).W.array.any()


@pytest.mark.parametrize('form', ['npz', 'hdf5', 'pickle', 'deepcopy', 'copy', 'share'])
def test_the_sampler_of_negative_sampling_after_serialization(form, tmp_path):
    """Files hold no sampler: that of the link that reads them stays."""
    if form == 'hdf5':
        pytest.importorskip('h5py')
    layer, (x, t) = make('NegativeSampling')
    layer.W.array[...] = np.random.RandomState(1).normal(size=(3, 3))
    if form in ('npz', 'hdf5'):
        other = L.NegativeSampling(3, COUNTS, 4)
        getattr(minigrad.serializers, f'save_{form}')(tmp_path / 'layer', layer)
        getattr(minigrad.serializers, f'load_{form}')(tmp_path / 'layer', other)
    elif form == 'pickle':
        other = pickle.loads(pickle.dumps(layer))
    elif form == 'deepcopy':
        other = copy.deepcopy(layer)
    else:
        other = layer.copy(mode=form)
    np.testing.assert_array_equal(other.sampler.threshold, layer.sampler.threshold)
    np.testing.assert_array_equal(other.sampler.values, layer.sampler.values)
    losses = []
    for one in (layer, other):
        np.random.seed(0)
        y, samples = one(x, t, return_samples=True)
        losses.append((float(y.array), samples.tolist()))
    assert losses[0] == losses[1]


def test_hierarchical_softmax_is_a_distribution():
    tree = ((((0, 5), 1), 3), (2, 4))
    layer = L.BinaryHierarchicalSoftmax(3, tree)
    x = X[:1].astype('f')
    p = [np.exp(-layer(x, np.array([t], 'i')).array) for t in range(6)]
    np.testing.assert_allclose(sum(p), 1, rtol=1e-5)


def test_hierarchical_softmax_of_no_samples():
    layer, _ = make('BinaryHierarchicalSoftmax')
    x = minigrad.Variable(np.zeros((0, 3), 'f'))
    loss = layer(x, np.zeros(0, 'i'))
    loss.backward()
    assert loss.array == 0
    assert not layer.W.grad.any()


def test_huffman_tree():
    create = L.BinaryHierarchicalSoftmax.create_huffman_tree
    assert create({0: 8, 1: 5, 2: 6, 3: 4}) == ((3, 1), (2, 0))
    assert create({'x': 3}) == 'x'
    assert create({0: 1, 1: 1, 2: 1, 3: 1}) == ((0, 1), (2, 3))
    with pytest.raises(ValueError, match='no words'):
        create({})


def test_tree_parser():
    parser = TreeParser(np.float32)
    parser.parse(((0, 1), 2))
    assert parser.size() == 2
    paths = {word: path.tolist() for word, path in parser.get_paths().items()}
    codes = {word: code.tolist() for word, code in parser.get_codes().items()}
    assert paths == {0: [0, 1], 1: [0, 1], 2: [0]}
    assert codes == {0: [1, 1], 1: [1, -1], 2: [-1]}
    with pytest.raises(ValueError, match=r'two children, got \(1, 2, 3\)'):
        parser.parse((0, (1, 2, 3)))


def test_a_tree_deeper_than_the_stack():
    tree = 0
    for word in range(1, 3000):
        tree = (tree, word)
    layer = L.BinaryHierarchicalSoftmax(1, tree)
    assert layer.W.shape == (2999, 1)
    assert layer(np.ones((1, 1), 'f'), np.array([2999], 'i')).array > 0


@pytest.mark.parametrize(
    ('x', 't', 'match'),
    [
        (X, T, 'W float64'),
        (X.astype('f'), T.astype('q'), 't.dtype == int32'),
        (X.astype('f'), T[:2], r't \(N,\)'),
        (T[:, None], T, 'x.dtype'),
    ],
)
def test_hierarchical_softmax_refuses(x, t, match):
    layer, _ = make('BinaryHierarchicalSoftmax')
    with pytest.raises(minigrad.errors.InvalidType, match=match):
        layer(x, t)


def test_hierarchical_softmax_refuses_unknown_words():
    layer, (x, _) = make('BinaryHierarchicalSoftmax')
    with pytest.raises(ValueError, match='0 <= t < 3'):
        layer(x, T + 1)
