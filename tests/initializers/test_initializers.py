"""The sixteen initializers: values, dtypes, generators, messages."""

import numpy as np
import pytest

from minigrad import initializers
from minigrad.configuration import mixed16, using_config
from minigrad.initializer import Initializer, get_fans
from minigrad.initializers import _get_initializer, generate_array

RANDOM = [
    'Normal',
    'Uniform',
    'LeCunNormal',
    'LeCunUniform',
    'GlorotNormal',
    'GlorotUniform',
    'HeNormal',
    'HeUniform',
    'Orthogonal',
]
FIXED = ['Zero', 'One', 'NaN', 'Identity']
SAMPLING = ['UpsamplingDeconvFilter', 'DownsamplingConvFilter']

# The first four numbers Chainer 7.8.1 puts into a (2, 3, 2) array after
# numpy.random.seed(0): a seeded Chainer program starts from the same weights here.
CHAINER = {
    'Normal': [0.088203, 0.020008, 0.048937, 0.112045],
    'Uniform': [0.004881, 0.021519, 0.010276, 0.004488],
    'LeCunNormal': [0.720171, 0.163364, 0.399568, 0.914841],
    'LeCunUniform': [0.069033, 0.304324, 0.145329, 0.063474],
    'GlorotNormal': [0.788908, 0.178956, 0.437705, 1.002158],
    'GlorotUniform': [0.075622, 0.33337, 0.1592, 0.069533],
    'HeNormal': [1.018476, 0.231031, 0.565075, 1.29378],
    'HeUniform': [0.097627, 0.430379, 0.205527, 0.089766],
    'Orthogonal': [0.524364, 0.118947, 0.29093, 0.666105],
}


def shape_for(name):
    return (4, 4, 3, 3) if name in SAMPLING else (4, 4)


@pytest.mark.parametrize('name', RANDOM)
def test_seeded_values_are_chainers(name):
    np.random.seed(0)
    array = generate_array(getattr(initializers, name)(), (2, 3, 2), np)
    np.testing.assert_allclose(array.ravel()[:4], CHAINER[name], atol=1e-6)


def test_he_normal_fan_out_is_chainers():
    np.random.seed(0)
    array = generate_array(initializers.HeNormal(fan_option='fan_out'), (2, 3, 2), np)
    expected = [1.247373, 0.282954, 0.692072, 1.584551]
    np.testing.assert_allclose(array.ravel()[:4], expected, atol=1e-6)


@pytest.mark.parametrize('dtype', ['e', 'f', 'd'])
@pytest.mark.parametrize('name', RANDOM + FIXED + SAMPLING)
def test_dtype(name, dtype):
    initializer = getattr(initializers, name)(dtype=dtype)
    array = generate_array(initializer, shape_for(name), np)
    assert array.dtype == np.dtype(dtype)
    assert array.shape == shape_for(name)


@pytest.mark.parametrize('name', RANDOM + FIXED + SAMPLING)
def test_other_dtype_is_refused(name):
    initializer = getattr(initializers, name)(dtype='f')
    with pytest.raises(ValueError, match=f'{name}: expected .*float32, got float64'):
        initializer(np.empty(shape_for(name)))


@pytest.mark.parametrize('name', RANDOM)
def test_rng_replaces_the_global_generator(name):
    kind = getattr(initializers, name)
    state = np.random.get_state()[1].copy()
    first = generate_array(kind(rng=np.random.RandomState(3)), (4, 5), np)
    second = generate_array(kind(rng=np.random.RandomState(3)), (4, 5), np)
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(state, np.random.get_state()[1])


@pytest.mark.parametrize('name', RANDOM)
def test_non_contiguous_array(name):
    base = np.zeros((4, 6), 'f')
    getattr(initializers, name)()(base[:, ::2])
    assert (base[:, ::2] != 0).all()
    assert (base[:, 1::2] == 0).all()


def fans_of(shape):
    receptive = np.prod(shape[2:], dtype=int)
    return shape[1] * receptive, shape[0] * receptive


@pytest.mark.parametrize('shape', [(300, 200), (60, 40, 3, 3)])
@pytest.mark.parametrize(
    ('name', 'variance'),
    [
        ('LeCunNormal', lambda i, o: 1 / i),
        ('LeCunUniform', lambda i, o: 1 / i),
        ('GlorotNormal', lambda i, o: 2 / (i + o)),
        ('GlorotUniform', lambda i, o: 2 / (i + o)),
        ('HeNormal', lambda i, o: 2 / i),
        ('HeUniform', lambda i, o: 2 / i),
    ],
)
def test_variance(name, variance, shape):
    rng = np.random.RandomState(1)
    array = generate_array(getattr(initializers, name)(3.0, 'd', rng=rng), shape, np)
    expected = 9 * variance(*fans_of(shape))
    assert array.var() == pytest.approx(expected, rel=0.03)
    assert array.mean() == pytest.approx(0, abs=0.02 * expected**0.5)


def test_uniform_stays_within_scale():
    rng = np.random.RandomState(1)
    array = generate_array(initializers.Uniform(0.5, rng=rng), (10000,), np)
    assert 0.499 < abs(array).max() <= 0.5


def test_fan_option_is_checked_early():
    with pytest.raises(ValueError, match="'fan_in' or 'fan_out', got 'fan'"):
        initializers.HeNormal(fan_option='fan')


@pytest.mark.parametrize('shape', [(3, 5), (5, 3), (4, 4), (3, 2, 4), (1,)])
def test_orthogonal(shape):
    array = generate_array(initializers.Orthogonal(2.0, 'd'), shape, np)
    matrix = array.reshape(len(array), -1)
    if len(matrix) > matrix.shape[1]:
        matrix = matrix.T
    np.testing.assert_allclose(matrix @ matrix.T, 4 * np.eye(len(matrix)), atol=1e-12)


def test_orthogonal_scalar_is_plus_or_minus_scale():
    values = {float(generate_array(initializers.Orthogonal(2.0), (), np))}
    rng = np.random.RandomState(0)
    for _ in range(20):
        values.add(float(generate_array(initializers.Orthogonal(2.0, rng=rng), (), np)))
    assert values == {2.0, -2.0}


@pytest.mark.parametrize(
    ('mode', 'good', 'bad'),
    [
        ('projection', [(2, 3), (3, 3)], [(3, 2)]),
        ('embedding', [(3, 2), (3, 3)], [(2, 3)]),
        ('basis', [(3, 3)], [(3, 2), (2, 3)]),
        ('auto', [(3, 2), (2, 3)], []),
    ],
)
def test_orthogonal_modes(mode, good, bad):
    initializer = initializers.Orthogonal(mode=mode)
    for shape in good:
        generate_array(initializer, shape, np)
    for shape in bad:
        with pytest.raises(ValueError, match=f'Cannot make orthogonal {mode}'):
            generate_array(initializer, shape, np)


def test_orthogonal_errors():
    with pytest.raises(ValueError, match="Invalid mode: 'x'"):
        initializers.Orthogonal(mode='x')
    with pytest.raises(ValueError, match='empty'):
        generate_array(initializers.Orthogonal(), (0, 3), np)


def test_identity():
    array = generate_array(initializers.Identity(3, 'd'), (2, 2), np)
    np.testing.assert_array_equal(array, 3 * np.eye(2))


@pytest.mark.parametrize('shape', [(2, 3), (2,), (2, 2, 2)])
def test_identity_needs_a_square(shape):
    with pytest.raises(ValueError, match='square matrix'):
        generate_array(initializers.Identity(), shape, np)


def test_constants():
    for initializer, value in [
        (initializers.Zero(), 0),
        (initializers.One(), 1),
        (initializers.NaN(), np.nan),
        (initializers.Constant(2.5), 2.5),
        (initializers.Constant(np.array([1.0, 2.0])), [[1, 2], [1, 2]]),
    ]:
        array = generate_array(initializer, (2, 2), np)
        np.testing.assert_array_equal(array, np.broadcast_to(value, (2, 2)))
        assert array.dtype == np.float32


def test_constant_refuses_other_values():
    with pytest.raises(ValueError, match='number or an array, got list'):
        initializers.Constant([1, 2])


def test_fixed_values_can_be_read():
    assert initializers.Zero().fill_value == 0
    assert initializers.One.fill_value == 1


@pytest.mark.parametrize('size', [1, 2, 3, 4, 5])
@pytest.mark.parametrize('ndim', [1, 2, 3])
def test_sampling_filters(size, ndim):
    # Independent: the tent function, evaluated at every point of the window.
    half = (size + 1) // 2
    center = half - 1 if size % 2 else half - 0.5
    expected = np.empty((size,) * ndim)
    for index in np.ndindex(expected.shape):
        expected[index] = np.prod([1 - abs(i - center) / half for i in index])
    shape = (2, 2, *expected.shape)
    up = generate_array(initializers.UpsamplingDeconvFilter(dtype='d'), shape, np)
    down = generate_array(initializers.DownsamplingConvFilter(dtype='d'), shape, np)
    for array, weights in [(up, expected), (down, expected / expected.sum())]:
        np.testing.assert_allclose(array[0, 0], weights)
        np.testing.assert_allclose(array[1, 1], weights)
        assert not array[0, 1].any()
        assert not array[1, 0].any()


def test_sampling_filter_of_one_channel_each():
    array = generate_array(initializers.UpsamplingDeconvFilter(), (3, 1, 4, 4), np)
    np.testing.assert_array_equal(array[0], array[2])


def test_sampling_filter_errors():
    kind = initializers.UpsamplingDeconvFilter
    with pytest.raises(ValueError, match='Unsupported interpolation method: cubic'):
        kind('cubic')
    with pytest.raises(ValueError, match='ksize must be all same'):
        generate_array(kind(), (2, 2, 3, 4), np)
    with pytest.raises(ValueError, match='second axis must be 1 or as long'):
        generate_array(kind(), (3, 2, 3, 3), np)


def test_get_fans():
    assert get_fans((2, 3)) == (3, 2)
    assert get_fans((2, 3, 4, 5)) == (60, 40)
    with pytest.raises(ValueError, match='length >= 2'):
        get_fans((3,))
    with pytest.raises(ValueError, match='shape must be tuple'):
        get_fans(3)


class TestGenerateArray:
    def test_default_dtype_comes_from_the_configuration(self):
        with using_config('dtype', np.float64):
            assert generate_array(initializers.Zero(), (2,), np).dtype == np.float64
        with using_config('dtype', mixed16):
            assert generate_array(initializers.Zero(), (2,), np).dtype == np.float16

    def test_dtype_argument_beats_the_configuration(self):
        assert generate_array(initializers.Zero(), 2, np, dtype='d').dtype == np.float64

    def test_dtype_mismatch(self):
        with pytest.raises(ValueError, match=r'float64 was asked for.*makes float32'):
            generate_array(initializers.Zero('f'), (2,), np, dtype='d')

    def test_device(self):
        array = generate_array(initializers.One(), (2,), np, device='@numpy')
        np.testing.assert_array_equal(array, [1, 1])

    def test_any_callable(self):
        def fill(array):
            array[...] = 7

        np.testing.assert_array_equal(generate_array(fill, (2,), np), [7, 7])


def test_get_initializer():
    assert isinstance(_get_initializer(None), initializers.LeCunNormal)
    assert _get_initializer(3).fill_value == 3
    array = np.ones(2)
    assert _get_initializer(array).fill_value is array
    one = initializers.One()
    assert _get_initializer(one) is one
    with pytest.raises(TypeError, match='None, a number, an array or a callable'):
        _get_initializer([1, 2])


def test_base_class_says_what_is_missing():
    class Empty(Initializer):
        pass

    with pytest.raises(NotImplementedError, match=r'Empty\.__call__'):
        Empty()(np.zeros(2))
