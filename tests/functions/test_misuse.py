"""Wrong kinds of arguments are refused in the name of the function that got them."""

import numpy as np
import pytest

import minigrad.functions as F

V = np.ones((2, 3), 'f')
IMAGES = np.ones((2, 3, 4, 4), 'f')
T = np.array([0, 1])
H = np.zeros((1, 2, 3), 'f')
WS = [[np.zeros((3, 4), 'f')] * 4 + [np.zeros((3, 3), 'f')] * 4]
BS = [[np.zeros(3, 'f')] * 8]
XS = [np.zeros((2, 4), 'f')]

CASES = {
    # numbers where arrays belong
    'convolution_1d': lambda: F.convolution_1d(3.0, V),
    'convolution_3d': lambda: F.convolution_3d(3.0, V),
    'convolution_nd': lambda: F.convolution_nd(3.0, V),
    'convolution_2d': lambda: F.convolution_2d(3.0, V),
    'deconvolution_1d': lambda: F.deconvolution_1d(3.0, V),
    'deconvolution_nd': lambda: F.deconvolution_nd(3.0, V),
    'max_pooling_1d': lambda: F.max_pooling_1d(3.0, 2),
    'max_pooling_2d': lambda: F.max_pooling_2d(3.0, 2),
    'max_pooling_nd': lambda: F.max_pooling_nd(3.0, 2),
    'average_pooling_3d': lambda: F.average_pooling_3d(3, 2),
    'average_pooling_nd': lambda: F.average_pooling_nd(3.0, 2),
    'unpooling_1d': lambda: F.unpooling_1d(3.0, 2),
    'unpooling_nd': lambda: F.unpooling_nd([1.0], 2),
    'upsampling_2d': lambda: F.upsampling_2d(IMAGES, 3, 2),
    'local_response_normalization n': lambda: F.local_response_normalization(V, 'a'),
    # sizes
    'resize_images {}': lambda: F.resize_images(IMAGES, {}),
    'resize_images None': lambda: F.resize_images(IMAGES, None),
    'resize_images 3': lambda: F.resize_images(IMAGES, 3),
    'resize_images one': lambda: F.resize_images(IMAGES, (1,)),
    'resize_images 0': lambda: F.resize_images(IMAGES, (0, 1)),
    'one_hot': lambda: F.one_hot(T, 'a'),
    # lists
    'n_step_lstm xs': lambda: F.n_step_lstm(1, 0.0, H, H, WS, BS, 5),
    'n_step_lstm hx': lambda: F.n_step_lstm(1, 0.0, 3, H, WS, BS, XS),
    'n_step_lstm cx': lambda: F.n_step_lstm(1, 0.0, H, None, WS, BS, XS),
    'n_step_lstm ws': lambda: F.n_step_lstm(1, 0.0, H, H, 5, BS, XS),
    'n_step_lstm bs': lambda: F.n_step_lstm(1, 0.0, H, H, WS, [], XS),
    'n_step_lstm int': lambda: F.n_step_lstm(1, 0.0, H, H, WS, BS, [XS[0].astype('i')]),
    'crf1d xs': lambda: F.crf1d(V[:2, :2], 3, [T]),
    'crf1d ys': lambda: F.crf1d(V[:2, :2], [V[:, :2]], [T * 1.0]),
    'connectionist_temporal_classification x': lambda: (
        F.connectionist_temporal_classification(3, T, 0)
    ),
    'connectionist_temporal_classification t': lambda: (
        F.connectionist_temporal_classification([V], 3, 0)
    ),
    # sampling losses
    'negative_sampling sampler': lambda: F.negative_sampling(V, T, V, 3, 2),
    'negative_sampling size': lambda: F.negative_sampling(V, T, V, np.zeros, 'a'),
    'black_out samples': lambda: F.black_out(V, T, V, 3),
    'black_out t': lambda: F.black_out(V, T * 1.0, V, T[:, None]),
    # arrays where numbers belong
    'clip': lambda: F.clip(V, V * 0, V),
    'elu': lambda: F.elu(V, V),
    'leaky_relu': lambda: F.leaky_relu(V, V),
    'softplus': lambda: F.softplus(V, V),
    'clipped_relu': lambda: F.clipped_relu(V, V),
    'maxout': lambda: F.maxout(V, V),
    'rrelu': lambda: F.rrelu(V, V),
    'hinge': lambda: F.hinge(V, T, V),
    'huber_loss': lambda: F.huber_loss(V, V, V),
    'triplet': lambda: F.triplet(V, V, V, V),
    'contrastive': lambda: F.contrastive(V, V, T, V),
    'gumbel_softmax': lambda: F.gumbel_softmax(V, V),
    'zoneout': lambda: F.zoneout(V, V, V),
    'dropout': lambda: F.dropout(V, V),
    # masks
    'scaled_dot_product_attention': lambda: F.scaled_dot_product_attention(
        V, V, V, np.ones((3, 2), bool)
    ),
    'scaled_dot_product_attention wide': lambda: F.scaled_dot_product_attention(
        V, V, V, np.ones((4, 2, 2), 'f')
    ),
    'absolute_error reduce': lambda: F.bernoulli_nll(V, V, V),
}


@pytest.mark.parametrize('name', CASES)
def test_refused_by_name(name):
    said = 'bernoulli_nll' if 'reduce' in name else name.split()[0]
    with pytest.raises((TypeError, ValueError), match=rf'^{said}: .*(expected|must)'):
        CASES[name]()
