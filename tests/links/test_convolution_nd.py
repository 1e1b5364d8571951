"""Convolution layers over any number of axes: what the table of links cannot say."""

import numpy as np
import pytest

import minigrad
import minigrad.links as L


@pytest.mark.parametrize('link', [L.ConvolutionND, L.Convolution3D])
def test_from_params(link):
    W = np.random.RandomState(0).normal(size=(4, 1, 2, 3, 2)).astype('f')
    b = minigrad.Variable(np.arange(4, dtype='f'))
    conv = link.from_params(W, b, stride=2, pad=1, groups=2, cover_all=True)
    assert (conv.ndim, conv.in_channels, conv.ksize) == (3, 2, (2, 3, 2))
    x = np.ones((1, 2, 4, 4, 4), 'f')
    y = minigrad.functions.convolution_3d(x, W, b, 2, 1, True, groups=2)
    np.testing.assert_array_equal(conv(x).array, y.array)


def test_from_params_refuses_another_bias():
    with pytest.raises(ValueError, match=r'Convolution1D: W has 4 output .* b has 3'):
        L.Convolution1D.from_params(np.ones((4, 2, 3), 'f'), np.ones(3, 'f'))


def test_wrong_arguments():
    with pytest.raises(ValueError, match='ConvolutionND: ksize must have 3 numbers'):
        L.ConvolutionND(3, 2, 4, (3, 3))
    with pytest.raises(ValueError, match='Convolution3D: the number of output'):
        L.Convolution3D(4, 3, 2, groups=2)
    with pytest.raises(
        minigrad.errors.InvalidType, match=r'x.ndim == 5 .N, C, D, H, W'
    ):
        L.DeconvolutionND(3, None, 4, 2)(np.ones((1, 2, 3, 3), 'f'))


def test_local_convolution_with_a_stride():
    conv = L.LocalConvolution2D(2, 3, (7, 6), 3, stride=(2, 1))
    assert conv.W.shape == (3, 3, 4, 2, 3, 3)
    assert conv(np.ones((1, 2, 7, 6), 'f')).shape == (1, 3, 3, 4)
