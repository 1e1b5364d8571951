"""What the table of links cannot say about normalization."""

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
import minigrad.links as L
from minigrad.errors import InvalidType


@pytest.fixture
def x(rng):
    return rng.normal(2, 3, (6, 3, 4)).astype('f')


class TestBatchNormalization:
    def test_defaults(self):
        link = L.BatchNormalization(3)
        assert (link.decay, link.eps) == (0.9, 2e-5)
        np.testing.assert_array_equal(link.gamma.array, [1, 1, 1])
        np.testing.assert_array_equal(link.beta.array, [0, 0, 0])
        np.testing.assert_array_equal(link.avg_mean, [0, 0, 0])
        np.testing.assert_array_equal(link.avg_var, [1, 1, 1])
        assert link.N == 0

    def test_running_averages(self, x):
        link = L.BatchNormalization(3, decay=0.7)
        link(x)
        n = x.size / 3
        mean, var = x.mean((0, 2)), x.var((0, 2)) * n / (n - 1)
        np.testing.assert_allclose(link.avg_mean, 0.3 * mean, rtol=1e-5)
        np.testing.assert_allclose(link.avg_var, 0.7 + 0.3 * var, rtol=1e-5)

    def test_prediction_uses_them_and_leaves_them(self, x):
        link = L.BatchNormalization(3, initial_avg_mean=2, initial_avg_var=9)
        with minigrad.using_config('train', False):
            y = link(x).array
        np.testing.assert_allclose(y, (x - 2) / np.sqrt(9 + 2e-5), rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(link.avg_mean, [2, 2, 2])

    def test_finetuning_averages_the_batches(self, rng):
        link = L.BatchNormalization(2)
        batches = rng.normal(size=(3, 8, 2)).astype('f')
        link.start_finetuning()
        for batch in batches:
            link(batch, finetune=True)
        assert link.N == 3
        expected = batches.mean((0, 1))
        np.testing.assert_allclose(link.avg_mean, expected, rtol=1e-4, atol=1e-6)
        link.start_finetuning()
        assert link.N == 0

    def test_recomputing_leaves_the_averages(self, x):
        link = L.BatchNormalization(3)
        link(x, finetune=True)
        mean = link.avg_mean.copy()
        with minigrad.using_config('in_recomputing', True):
            link(x + 1, finetune=True)
        np.testing.assert_array_equal(link.avg_mean, mean)
        assert link.N == 1

    @pytest.mark.parametrize(
        ('axis', 'shape'), [((0, 2), (3,)), (0, (3, 4)), ((0, 1), (4,))]
    )
    def test_lazy(self, x, axis, shape):
        link = L.BatchNormalization(axis=axis)
        assert link.gamma.array is None
        assert 'size=None' in str(link)
        link(x)
        assert link.gamma.shape == link.beta.shape == shape
        assert link.avg_mean.shape == link.avg_var.shape == shape

    def test_without_gamma_and_beta(self, x):
        link = L.BatchNormalization(3, use_gamma=False, use_beta=False)
        assert list(link.params()) == []
        y = link(x).array
        np.testing.assert_allclose(y.mean((0, 2)), [0, 0, 0], atol=1e-6)
        assert 'use_gamma=False, use_beta=False' in str(link)

    def test_dtypes(self, x):
        assert L.BatchNormalization(3, dtype='d').gamma.dtype == np.float64
        with minigrad.using_config('dtype', minigrad.mixed16):
            link = L.BatchNormalization(3)
        assert link.gamma.dtype == link.avg_mean.dtype == np.float32
        assert link(x.astype('e')).dtype == np.float16

    def test_initializer_is_left_as_it_was(self):
        one = minigrad.initializers.One()
        L.BatchNormalization(3, initial_gamma=one)
        L.GroupNormalization(3, initial_gamma=one)
        assert one.dtype is None

    def test_persistent(self):
        assert L.BatchNormalization(3)._persistent == {'N', 'avg_mean', 'avg_var'}

    def test_errors(self, x):
        with pytest.raises(RuntimeError, match='size or axis is required'):
            L.BatchNormalization()
        with pytest.raises(ValueError, match=r"using_config\('train', False\)"):
            L.BatchNormalization(3)(x, test=True)


def test_lazy_file(x, tmp_path):
    link, other = L.BatchNormalization(3), L.BatchNormalization(axis=(0, 2))
    link(x)
    path = str(tmp_path / 'bn.npz')
    minigrad.serializers.save_npz(path, link)
    minigrad.serializers.load_npz(path, other)
    np.testing.assert_array_equal(other.avg_mean, link.avg_mean)
    np.testing.assert_array_equal(other.gamma.array, link.gamma.array)


def test_layer_normalization_of_images():
    link = L.LayerNormalization(initial_gamma=2)
    with pytest.raises(minigrad.errors.InvalidType):
        link(np.ones((2, 3, 4), 'f'))
    assert L.LayerNormalization(6, initial_beta=np.arange(6)).beta.array[5] == 5


def test_group_normalization_of_a_vector():
    with pytest.raises(ValueError, match=r'at least 2.*got 1'):
        L.GroupNormalization(1)(np.ones(4, 'f'))


def test_batch_renormalization_in_training_and_evaluation():
    rng = np.random.RandomState(0)
    layer = L.BatchRenormalization(3, rmax=1e3, dmax=1e3)
    x = rng.normal(2, 3, (6, 3)).astype('f')
    with minigrad.using_config('train', False):
        expected = layer(x).array
    # Unbounded corrections undo the batch, before the averages move.
    np.testing.assert_allclose(layer(x).array, expected, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(layer.avg_mean, 0.1 * x.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(
        layer.avg_var, 0.9 + 0.1 * x.var(axis=0, ddof=1), rtol=1e-5
    )


def test_batch_renormalization_takes_initial_averages():
    layer = L.BatchRenormalization(2, initial_avg_mean=3, initial_avg_var=4)
    assert layer.avg_mean.tolist() == [3, 3]
    assert layer.avg_var.tolist() == [4, 4]


@pytest.mark.parametrize(
    'make',
    [
        lambda: L.BatchRenormalization(4, rmax=3, dmax=5),
        lambda: L.DecorrelatedBatchNormalization(4, groups=2),
    ],
)
def test_other_normalizations_run_again_without_counting_twice(make):
    x = np.random.RandomState(0).normal(1, 2, (5, 4)).astype('f')
    results = []
    for call in (lambda f, x: f(x), F.forget):
        layer, v = make(), minigrad.Variable(x)
        F.sum(call(layer, v) ** 3).backward()
        averages = [getattr(layer, name) for name in sorted(layer._persistent)]
        results.append([v.grad, *averages])
    for plain, forgotten in zip(*results, strict=True):
        np.testing.assert_array_equal(plain, forgotten)


@pytest.mark.parametrize(
    'make',
    [
        lambda: L.BatchRenormalization(4),
        lambda: L.DecorrelatedBatchNormalization(4, groups=2),
    ],
)
def test_fine_tuning_of_other_normalizations(make):
    layer = make()
    xs = np.random.RandomState(0).normal(1, 2, (3, 5, 4)).astype('f')
    for x in xs:
        layer(x, finetune=True)
    assert layer.N == 3
    np.testing.assert_allclose(layer.avg_mean.ravel(), xs.mean(axis=(0, 1)), rtol=1e-5)
    layer.start_finetuning()
    assert layer.N == 0


def test_decorrelated_channels():
    rng = np.random.RandomState(0)
    x = rng.normal(size=(50, 4)) @ rng.normal(size=(4, 4))
    layer = L.DecorrelatedBatchNormalization(4, groups=1, dtype='d')
    np.testing.assert_allclose(
        np.cov(layer(x).array.T, bias=True), np.eye(4), atol=1e-3
    )
    assert layer.avg_projection.shape == (1, 4, 4)
    with minigrad.using_config('train', False):
        y = layer(x).array
    expected = (x - layer.avg_mean[0]) @ layer.avg_projection[0].T
    np.testing.assert_allclose(y, expected)


@pytest.mark.parametrize('dtype', ['e', 'f'])
def test_decorrelated_channels_in_float16(dtype):
    """The averages of the link are float32 unless asked otherwise."""
    rng = np.random.RandomState(0)
    x = (rng.normal(size=(50, 4)) @ rng.normal(size=(4, 4))).astype('e')
    layer = L.DecorrelatedBatchNormalization(4, 2, dtype=dtype)
    whole = L.DecorrelatedBatchNormalization(4, 2, dtype='d')
    y, y_whole = layer(x), whole(x.astype('d'))
    assert y.dtype == np.float16
    assert layer.avg_mean.dtype == layer.avg_projection.dtype == dtype
    np.testing.assert_allclose(y.array, y_whole.array, rtol=1e-2, atol=1e-2)
    with minigrad.using_config('train', False):
        y, y_whole = layer(x), whole(x.astype('d'))
    assert y.dtype == np.float16
    np.testing.assert_allclose(y.array, y_whole.array, rtol=1e-2, atol=1e-2)


def test_gradients_through_fixed_float32_statistics():
    """Those of the statistics are float32, and the types are not checked on request."""
    rng = np.random.RandomState(0)
    arrays = [rng.normal(size=s) for s in ((3, 4), (2, 2), (2, 2, 2))]
    gradients = {}
    for dtypes in ('eff', 'ddd'):
        v = [
            minigrad.Variable(a.astype(d)) for a, d in zip(arrays, dtypes, strict=True)
        ]
        F.sum(F.fixed_decorrelated_batch_normalization(*v, 2) ** 2).backward()
        assert ''.join(x.grad.dtype.char for x in v) == dtypes
        gradients[dtypes] = [x.grad for x in v]
    for got, expected in zip(*gradients.values(), strict=True):
        np.testing.assert_allclose(got, expected, rtol=2e-2, atol=2e-2)
    x, mean, projection = (a.astype(d) for a, d in zip(arrays, 'dee', strict=True))
    with pytest.raises(InvalidType, match=r'mean\.dtype == x\.dtype'):
        F.fixed_decorrelated_batch_normalization(x, mean, projection, 2)
    with minigrad.using_config('type_check', False):
        y = F.fixed_decorrelated_batch_normalization(x, mean, projection, 2)
    assert y.dtype == np.float64


@pytest.mark.parametrize('form', ['deserializer', 'npz', 'hdf5'])
@pytest.mark.parametrize('groups', [1, 2])
def test_old_files_of_decorrelated_batch_normalization(groups, form, tmp_path):
    layer = L.DecorrelatedBatchNormalization(2 * groups, groups)
    whole = minigrad.Sequential(layer)
    old = {
        'avg_mean': np.array([1, 2], 'f'),
        'avg_projection': np.array([[1, 2], [3, 4]], 'f'),
        'N': np.array(0),
    }
    path = tmp_path / 'old'
    if form == 'npz':
        with path.open('wb') as f:
            np.savez(f, **{f'0/{name}': value for name, value in old.items()})
    elif form == 'hdf5':
        h5py = pytest.importorskip('h5py')
        with h5py.File(path, 'w') as file:
            for name, value in old.items():
                file[f'0/{name}'] = value

    def load():
        if form == 'deserializer':
            minigrad.serializers.NpzDeserializer(old).load(layer)
        else:
            getattr(minigrad.serializers, f'load_{form}')(path, whole)

    if groups == 1:
        load()
    else:
        with pytest.warns(UserWarning, match='taken for each of 2'):
            load()
    assert layer.avg_mean.tolist() == [[1, 2]] * groups
    assert layer.avg_projection.tolist() == [[[1, 2], [3, 4]]] * groups


def test_simplified_dropconnect_draws_or_takes_a_mask():
    layer = L.SimplifiedDropconnect(None, 2, ratio=0.5)
    x = np.ones((3, 4), 'f')
    np.random.seed(0)
    first = layer(x).array
    assert (first != layer(x).array).any()
    np.testing.assert_allclose(
        layer(x, train=False).array, F.linear(x, layer.W).array, rtol=1e-6
    )
    mask = np.zeros((2, 4), bool)
    assert not layer(x, mask=mask, use_batchwise_mask=False).array.any()
    assert 'mask' in layer._persistent


@pytest.mark.parametrize('shape', [(4096, 1), (5000, 3), (4, 2, 40, 40), (64, 8)])
@pytest.mark.parametrize('kernels', ['numba', 'reference'])
@pytest.mark.parametrize('make', [L.BatchNormalization, L.BatchRenormalization])
def test_statistics_of_numbers_around_ten_thousand(make, shape, kernels):
    x = (1e4 + np.random.RandomState(0).randn(*shape)).astype('f')
    axes = (0, *range(2, len(shape)))
    wide = x.astype('d')
    mean = wide.mean(axes, keepdims=True)
    expected = (wide - mean) / np.sqrt(wide.var(axes, keepdims=True) + 2e-5)
    link = make(shape[1], decay=0.0)
    with minigrad.kernels.using_kernels(kernels):
        y = link(x).array
    np.testing.assert_allclose(link.avg_mean, mean.ravel(), atol=1e-3)  # one unit
    if make is L.BatchNormalization:
        np.testing.assert_allclose(y, expected, atol=1e-4)  # Chainer: 3e-4
