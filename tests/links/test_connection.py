"""What the table of links cannot say about the layers with weights."""

import numpy as np
import pytest

import minigrad
import minigrad.links as L
from minigrad.errors import InvalidType


def test_linear_of_a_seed_is_chainers():
    np.random.seed(0)
    expected = [[1.2473733, 0.2829539], [0.6920723, 1.5845507], [1.320563, -0.6910398]]
    np.testing.assert_allclose(L.Linear(2, 3).W.array, expected, rtol=1e-6)


class TestLinear:
    def test_one_size_is_the_output(self):
        link = L.Linear(3)
        assert (link.in_size, link.out_size) == (None, 3)
        assert link.W.array is None
        assert link(np.ones((2, 5), 'f')).shape == (2, 3)
        assert link.W.shape == (3, 5)

    def test_batch_axes(self):
        link = L.Linear(None, 3)
        assert link(np.ones((2, 4, 5), 'f'), n_batch_axes=2).shape == (2, 4, 3)
        assert link.W.shape == (3, 5)

    def test_nobias(self):
        link = L.Linear(2, 3, nobias=True)
        assert link.b is None
        assert [path for path, _ in link.namedparams()] == ['/W']

    def test_wrong_input_size(self):
        with pytest.raises(InvalidType, match='linear'):
            L.Linear(4, 3)(np.ones((2, 5), 'f'))

    def test_from_params(self):
        W, b = np.ones((3, 2), 'f'), np.arange(3, dtype='f')
        for link in (
            L.Linear.from_params(W, b),
            L.Linear.from_params(minigrad.Variable(W), minigrad.Variable(b)),
        ):
            np.testing.assert_array_equal(link.W.array, W)
            np.testing.assert_array_equal(link.b.array, b)
        assert L.Linear.from_params(W, nobias=True).b is None
        with pytest.raises(ValueError, match='W has 3 outputs, but b has 2'):
            L.Linear.from_params(W, b[:2])

    def test_str(self):
        assert str(L.Linear(2, 3)) == 'Linear(in_size=2, out_size=3, nobias=False)'


class TestConvolution2D:
    def test_two_numbers_are_output_and_window(self):
        link = L.Convolution2D(6, 5)
        assert (link.in_channels, link.out_channels, link.ksize) == (None, 6, 5)
        assert link(np.ones((1, 3, 7, 7), 'f')).shape == (1, 6, 3, 3)
        assert link.W.shape == (6, 3, 5, 5)

    @pytest.mark.parametrize('kind', [L.Convolution2D, L.Deconvolution2D])
    def test_groups_divide_the_channels(self, kind):
        with pytest.raises(ValueError, match=r'input channels \(3\).*groups \(2\)'):
            kind(3, 4, 3, groups=2)
        with pytest.raises(ValueError, match=r'output channels \(3\).*groups \(2\)'):
            kind(4, 3, 3, groups=2)

    @pytest.mark.parametrize(
        'make',
        [
            lambda: L.Convolution2D(6, 5),
            lambda: L.Deconvolution2D(6, 5),
            lambda: L.DilatedConvolution2D(6, 5),
            lambda: L.DepthwiseConvolution2D(None, 6, 5),
        ],
    )
    def test_flat_images(self, make):
        link = make()
        name = type(link).__name__
        with pytest.raises(InvalidType, match=rf'{name}: expected x.ndim == 4') as e:
            link(np.ones((8, 784), 'f'))
        assert '(8, 784)' in str(e.value)
        assert link.W.array is None  # so that a second try starts afresh

    @pytest.mark.parametrize(
        'wrong', [{'stride': 0}, {'pad': -1}, {'dilate': 0}, {'stride': (1, 2, 3)}]
    )
    def test_numbers_out_of_range(self, wrong):
        (name,) = wrong
        with pytest.raises(ValueError, match=f'Convolution2D: {name} must'):
            L.Convolution2D(3, 4, 3, **wrong)

    def test_window_out_of_range(self):
        with pytest.raises(ValueError, match='Convolution2D: ksize must'):
            L.Convolution2D(3, 4, 0)

    def test_removed_argument(self):
        for kind in (L.Convolution2D, L.Deconvolution2D):
            with pytest.raises(ValueError, match='cudnn_deterministic'):
                kind(3, 4, 3, deterministic=True)
            with pytest.raises(TypeError, match='padding'):
                kind(3, 4, 3, padding=1)

    def test_from_params(self):
        W, b = np.ones((4, 3, 2, 1), 'f'), np.arange(4, dtype='f')
        link = L.Convolution2D.from_params(W, b, 2, 1, groups=2)
        assert (link.in_channels, link.out_channels, link.ksize) == (6, 4, (2, 1))
        assert (link.stride, link.pad, link.groups) == ((2, 2), (1, 1), 2)
        np.testing.assert_array_equal(link.b.array, b)
        with pytest.raises(ValueError, match='4 output channels, but b has 3'):
            L.Convolution2D.from_params(W, b[:3])

    def test_str(self):
        assert str(L.Convolution2D(3, 4, 3)) == (
            'Convolution2D(in_channels=3, out_channels=4, ksize=3, stride=(1, 1), '
            'pad=(0, 0), nobias=False, dilate=(1, 1), groups=1)'
        )


class TestBilinear:
    def test_initial_bias(self):
        V1, V2, b = np.ones((2, 4)), np.ones((3, 4)), np.arange(4)
        link = L.Bilinear(2, 3, 4, initial_bias=(V1, V2, b))
        np.testing.assert_array_equal(link.V1.array, V1)
        np.testing.assert_array_equal(link.V2.array, V2)
        np.testing.assert_array_equal(link.b.array, b)

    @pytest.mark.parametrize('nobias', [False, True])
    @pytest.mark.parametrize(
        ('initialW', 'initial_bias'),
        [
            (None, None),
            (2, (3, 4, 5)),
            (minigrad.initializers.Normal(0.1), (None, minigrad.initializers.One(), 0)),
            (np.ones((2, 3, 4)), (np.ones((2, 4)), np.ones((3, 4)), np.ones(4))),
        ],
    )
    def test_initial_shapes(self, initialW, initial_bias, nobias):
        link = L.Bilinear(2, 3, 4, nobias, initialW, initial_bias)
        shapes = {name: W.shape for name, W in link.namedparams()}
        bias = {'/V1': (2, 4), '/V2': (3, 4), '/b': (4,)}
        assert shapes == {'/W': (2, 3, 4), **({} if nobias else bias)}
        assert {W.dtype for W in link.params()} == {np.dtype('f')}

    def test_errors(self):
        with pytest.raises(ValueError, match=r'tuple \(V1, V2, b\) or None, got list'):
            L.Bilinear(2, 3, 4, initial_bias=[0, 0, 0])
        with pytest.raises(ValueError, match=r'initialW must have shape \(2, 3, 4\)'):
            L.Bilinear(2, 3, 4, initialW=np.ones((3, 2, 4)))
        with pytest.raises(ValueError, match=r'initial_bias\[1\] must have shape'):
            L.Bilinear(2, 3, 4, initial_bias=(0, np.ones((2, 4)), 0))


def test_embed_id_from_params():
    W = np.arange(6, dtype='f').reshape(3, 2)
    link = L.EmbedID.from_params(W, ignore_label=-1)
    assert link.ignore_label == -1
    np.testing.assert_array_equal(link(np.array([2, -1])).array, [[4, 5], [0, 0]])


class TestScale:
    def test_parameters(self):
        link = L.Scale(1, (3,), bias_term=True)
        assert [path for path, _ in link.namedparams()] == ['/W', '/bias/b']
        assert list(L.Scale().params()) == []
        assert list(L.Bias().params()) == []

    def test_bias_without_shape(self):
        with pytest.raises(ValueError, match='bias_shape should be given'):
            L.Scale(bias_term=True)


class TestMLPConvolution2D:
    def test_structure(self):
        link = L.MLPConvolution2D(None, (4, 5, 6), 3, pad=1)
        assert len(link) == 3
        assert [layer.ksize for layer in link] == [3, 1, 1]
        assert link(np.ones((1, 3, 4, 4), 'f')).shape == (1, 6, 4, 4)

    def test_lists_of_channels_and_window(self):
        link = L.MLPConvolution2D((4, 5), 3)
        assert link(np.ones((1, 2, 3, 3), 'f')).shape == (1, 5, 1, 1)

    def test_errors(self):
        with pytest.raises(ValueError, match='Use conv_init and bias_init'):
            L.MLPConvolution2D(3, (4,), 3, wscale=1)
        with pytest.raises(ValueError, match='must not be empty'):
            L.MLPConvolution2D(3, (), 3)


class TestMaxout:
    def test_callable_initializers_see_the_pools(self):
        shapes = []

        def fill(array):
            shapes.append(array.shape)
            array[...] = np.arange(array.size).reshape(array.shape)

        link = L.Maxout(4, 3, 2, fill, fill)
        assert shapes == [(3, 2, 4), (3, 2)]
        expected = np.arange(24).reshape(6, 4)
        np.testing.assert_array_equal(link.linear.W.array, expected)

    def test_no_bias(self):
        assert L.Maxout(4, 3, 2, initial_bias=None).linear.b is None

    def test_errors(self):
        with pytest.raises(ValueError, match=r'initialW\.ndim should be 3'):
            L.Maxout(4, 3, 2, np.ones((6, 4)))
        with pytest.raises(ValueError, match=r'initial_bias\.ndim should be 2'):
            L.Maxout(4, 3, 2, initial_bias=np.ones(6))


def test_inception_bn_errors():
    with pytest.raises(ValueError, match="'max' or 'avg', got 'sum'"):
        L.InceptionBN(3, 0, 1, 1, 1, 1, 'sum')
    with pytest.raises(ValueError, match='needs stride=1'):
        L.InceptionBN(3, 1, 1, 1, 1, 1, 'max', 1, stride=2)
    with pytest.raises(ValueError, match='and a proj_pool'):
        L.InceptionBN(3, 1, 1, 1, 1, 1, 'avg')


@pytest.mark.parametrize('pooltype', ['max', 'avg'])
@pytest.mark.parametrize(
    ('out1', 'proj_pool', 'stride', 'shape'),
    [
        (0, None, 1, (2, 7, 7, 7)),  # the pooled input goes through as it is
        (0, None, 2, (2, 7, 4, 4)),
        (0, 2, 1, (2, 6, 7, 7)),
        (0, 2, 2, (2, 6, 4, 4)),
        (2, 2, 1, (2, 8, 7, 7)),
    ],
)
def test_inception_bn_with_and_without_projection(
    pooltype, out1, proj_pool, stride, shape
):
    """The combinations that Chainer 7.8.1 takes, and the shapes that it gives."""
    link = L.InceptionBN(3, out1, 2, 2, 2, 2, pooltype, proj_pool, stride)
    x = np.random.RandomState(0).normal(size=(2, 3, 7, 7)).astype('f')
    y = link(x)
    assert y.shape == shape
    assert hasattr(link, 'conv1') == (out1 > 0)
    assert hasattr(link, 'poolp') == (proj_pool is not None)
    if proj_pool is None:
        window = x[:, :, :2, :2]
        pooled = {'max': window.max, 'avg': lambda axis: window.sum(axis) / 9}[pooltype]
        np.testing.assert_allclose(y.array[:, -3:, 0, 0], pooled((2, 3)), rtol=1e-5)
