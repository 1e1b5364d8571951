"""Arguments, order and defaults are Chainer's.

The tables were read off Chainer 7.8.1 with inspect.signature; links that Chainer does not
have need no row (tests/links/link_cases.py lists them). Where it takes ``**kwargs``
and looks for certain names in them, those stand here behind the star.
"""

import inspect

import pytest

import minigrad
import minigrad.initializers
import minigrad.links as L
from tests.links.link_cases import own_cases

LSTM = (
    'in_size, out_size=None, lateral_init=None, upward_init=None, bias_init=None, '
    'forget_bias_init=None'
)
N_STEP = 'n_layers, in_size, out_size, dropout, *, initialW=None, initial_bias=None, **kwargs'

CONVOLUTION = (
    'stride=1, pad=0, nobias=False, initialW=None, initial_bias=None, cover_all=False, '
    'dilate=1, groups=1'
)
DECONVOLUTION = (
    'stride=1, pad=0, nobias=False, outsize=None, initialW=None, initial_bias=None, '
    'dilate=1, groups=1'
)

LINKS = {
    'Linear': 'in_size, out_size=None, nobias=False, initialW=None, initial_bias=None',
    'Convolution2D': (
        'in_channels, out_channels, ksize=None, stride=1, pad=0, nobias=False, '
        'initialW=None, initial_bias=None, *, dilate=1, groups=1, **kwargs'
    ),
    'Deconvolution2D': (
        'in_channels, out_channels, ksize=None, stride=1, pad=0, nobias=False, '
        'outsize=None, initialW=None, initial_bias=None, *, dilate=1, groups=1, '
        '**kwargs'
    ),
    'DepthwiseConvolution2D': (
        'in_channels, channel_multiplier, ksize, stride=1, pad=0, nobias=False, '
        'initialW=None, initial_bias=None'
    ),
    'DilatedConvolution2D': (
        'in_channels, out_channels, ksize=None, stride=1, pad=0, dilate=1, '
        'nobias=False, initialW=None, initial_bias=None'
    ),
    'ConvolutionND': 'ndim, in_channels, out_channels, ksize=None, ' + CONVOLUTION,
    'Convolution1D': 'in_channels, out_channels, ksize, ' + CONVOLUTION,
    'Convolution3D': 'in_channels, out_channels, ksize, ' + CONVOLUTION,
    'DeconvolutionND': 'ndim, in_channels, out_channels, ksize=None, ' + DECONVOLUTION,
    'Deconvolution1D': 'in_channels, out_channels, ksize, ' + DECONVOLUTION,
    'Deconvolution3D': 'in_channels, out_channels, ksize, ' + DECONVOLUTION,
    'LocalConvolution2D': (
        'in_channels, out_channels, in_size=None, ksize=None, stride=1, nobias=False, '
        'initialW=None, initial_bias=None, **kwargs'
    ),
    'DeformableConvolution2D': (
        'in_channels, out_channels, ksize, stride=1, pad=0, offset_nobias=False, '
        'offset_initialW=None, offset_initial_bias=None, deform_nobias=False, '
        'deform_initialW=None, deform_initial_bias=None'
    ),
    'Bilinear': (
        'left_size, right_size, out_size, nobias=False, initialW=None, '
        'initial_bias=None'
    ),
    'EmbedID': 'in_size, out_size, initialW=None, ignore_label=None',
    'Bias': 'axis=1, shape=None',
    'Scale': 'axis=1, W_shape=None, bias_term=False, bias_shape=None',
    'BatchNormalization': (
        'size=None, decay=0.9, eps=2e-05, dtype=None, use_gamma=True, use_beta=True, '
        'initial_gamma=None, initial_beta=None, axis=None, initial_avg_mean=None, '
        'initial_avg_var=None'
    ),
    'LayerNormalization': 'size=None, eps=1e-06, initial_gamma=None, initial_beta=None',
    'GroupNormalization': (
        'groups, size=None, eps=1e-05, initial_gamma=None, initial_beta=None'
    ),
    'PReLU': 'shape=(), init=0.25',
    'Maxout': 'in_size, out_size, pool_size, initialW=None, initial_bias=0',
    'MLPConvolution2D': (
        'in_channels, out_channels, ksize=None, stride=1, pad=0, activation=relu, *, '
        'conv_init=None, bias_init=None, **kwargs'
    ),
    'GoogLeNet': "pretrained_model='auto'",
    'ResNet50Layers': "pretrained_model='auto', downsample_fb=False",
    'ResNet101Layers': "pretrained_model='auto', downsample_fb=False",
    'ResNet152Layers': "pretrained_model='auto', downsample_fb=False",
    'VGG16Layers': "pretrained_model='auto'",
    'VGG19Layers': "pretrained_model='auto'",
    'Classifier': (
        'predictor, lossfun=softmax_cross_entropy, accfun=accuracy, label_key=-1'
    ),
    'Parameter': 'array',
    'Highway': (
        'in_out_size, nobias=False, activate=relu, init_Wh=None, init_Wt=None, '
        'init_bh=None, init_bt=-1'
    ),
    'Inception': (
        'in_channels, out1, proj3, out3, proj5, out5, proj_pool, conv_init=None, '
        'bias_init=None'
    ),
    'InceptionBN': (
        'in_channels, out1, proj3, out3, proj33, out33, pooltype, proj_pool=None, '
        'stride=1, conv_init=None, dtype=None'
    ),
    'Swish': 'beta_shape, beta_init=1.0',
    'ChildSumTreeLSTM': 'in_size, out_size',
    'NaryTreeLSTM': 'in_size, out_size, n_ary=2',
    'LSTM': LSTM,
    'StatelessLSTM': LSTM,
    'StatefulPeepholeLSTM': 'in_size, out_size',
    'StatefulZoneoutLSTM': 'in_size, out_size, c_ratio=0.5, h_ratio=0.5, **kwargs',
    'GRU': 'in_size, out_size, init=None, inner_init=None, bias_init=0',
    'StatefulGRU': 'in_size, out_size, init=None, inner_init=None, bias_init=0',
    'StatelessGRU': 'in_size, out_size, init=None, inner_init=None, bias_init=None',
    'StatefulMGU': 'in_size, out_size',
    'StatelessMGU': 'n_inputs, n_units',
    'NStepLSTM': N_STEP,
    'NStepBiLSTM': N_STEP,
    'NStepGRU': N_STEP,
    'NStepBiGRU': N_STEP,
    'NStepRNNTanh': N_STEP,
    'NStepRNNReLU': N_STEP,
    'NStepBiRNNTanh': N_STEP,
    'NStepBiRNNReLU': N_STEP,
    'BatchRenormalization': (
        'size, rmax=1, dmax=0, decay=0.9, eps=2e-05, dtype=None, use_gamma=True, '
        'use_beta=True, initial_gamma=None, initial_beta=None, initial_avg_mean=None, '
        'initial_avg_var=None'
    ),
    'BinaryHierarchicalSoftmax': 'in_size, tree, dtype=None',
    'BlackOut': 'in_size, counts, sample_size',
    'CRF1d': 'n_label, initial_cost=None',
    'DecorrelatedBatchNormalization': (
        'size, groups=16, decay=0.9, eps=2e-05, dtype=float32'
    ),
    'NegativeSampling': 'in_size, counts, sample_size, power=0.75, dtype=None',
    'SimplifiedDropconnect': (
        'in_size, out_size, ratio=0.5, nobias=False, initialW=None, initial_bias=None'
    ),
}

INITIALIZERS = {
    'Identity': 'scale=1.0, dtype=None',
    'Constant': 'fill_value, dtype=None',
    'Zero': 'dtype=None',
    'One': 'dtype=None',
    'NaN': 'dtype=None',
    'Normal': 'scale=0.05, dtype=None, *, rng=None',
    'Uniform': 'scale=0.05, dtype=None, *, rng=None',
    'LeCunNormal': 'scale=1.0, dtype=None, *, rng=None',
    'LeCunUniform': 'scale=1.0, dtype=None, *, rng=None',
    'GlorotNormal': 'scale=1.0, dtype=None, *, rng=None',
    'GlorotUniform': 'scale=1.0, dtype=None, *, rng=None',
    'HeNormal': "scale=1.0, dtype=None, fan_option='fan_in', *, rng=None",
    'HeUniform': 'scale=1.0, dtype=None, *, rng=None',
    'Orthogonal': "scale=1.1, dtype=None, mode='auto', *, rng=None",
    'UpsamplingDeconvFilter': "interpolation='linear', dtype=None",
    'DownsamplingConvFilter': "interpolation='linear', dtype=None",
}

METHODS = {
    'Link.add_hook': 'hook, name=None',
    'Link.add_param': 'name, shape=None, dtype=float32, initializer=None',
    'Link.add_persistent': 'name, value',
    'Link.addgrads': 'link',
    'Link.children': '',
    'Link.cleargrads': '',
    'Link.copy': "mode='share'",
    'Link.copyparams': 'link, copy_persistent=True',
    'Link.count_params': '',
    'Link.delete_hook': 'name',
    'Link.device_resident_accept': 'visitor',
    'Link.disable_update': '',
    'Link.enable_update': '',
    'Link.init_scope': '',
    'Link.links': 'skipself=False',
    'Link.namedlinks': 'skipself=False',
    'Link.namedparams': 'include_uninit=True',
    'Link.params': 'include_uninit=True',
    'Link.register_persistent': 'name',
    'Link.repeat': "n_repeat, mode='init'",
    'Link.serialize': 'serializer',
    'Link.to_cpu': '',
    'Link.to_device': 'device',
    'Link.to_gpu': 'device=None',
    'Link.zerograds': '',
    'Chain.add_link': 'name, link',
    'ChainList.add_link': 'link',
    'ChainList.append': 'value',
    'ChainList.insert': 'index, link',
    'ChainList.pop': 'index=-1',
    'Sequential.append': 'layer',
    'Sequential.copy': "mode='share'",
    'Sequential.copyparams': 'link, copy_persistent=True',
    'Sequential.count': 'layer',
    'Sequential.count_by_layer_type': 'type_name',
    'Sequential.extend': 'sequential',
    'Sequential.flatten': '',
    'Sequential.forward': '*x',
    'Sequential.index': 'layer, start=None, end=None',
    'Sequential.insert': 'i, layer',
    'Sequential.pop': 'i=-1',
    'Sequential.remove': 'layer',
    'Sequential.remove_by_layer_type': 'type_name',
}

FORWARDS = {
    'BatchRenormalization': 'x, finetune=False',
    'BinaryHierarchicalSoftmax': 'x, t',
    'BlackOut': 'x, t',
    'CRF1d': "xs, ys, reduce='mean', transpose=False",
    'DecorrelatedBatchNormalization': 'x, *, finetune=False',
    'NegativeSampling': "x, t, reduce='sum', *, return_samples=False",
    'SimplifiedDropconnect': 'x, train=True, mask=None, use_batchwise_mask=True',
    'Linear': 'x, n_batch_axes=1',
    'Bilinear': 'e1, e2',
    'Bias': '*xs',
    'Scale': '*xs',
    'BatchNormalization': 'x, *, finetune=False, **kwargs',
    'GoogLeNet': 'x, layers=None, **kwargs',
    'ResNet50Layers': 'x, layers=None, **kwargs',
    'ResNet101Layers': 'x, layers=None, **kwargs',
    'ResNet152Layers': 'x, layers=None, **kwargs',
    'VGG16Layers': 'x, layers=None, **kwargs',
    'VGG19Layers': 'x, layers=None, **kwargs',
    'Classifier': '*args, **kwargs',
    'Parameter': '',
    'ChildSumTreeLSTM': '*cshsx',
    'NaryTreeLSTM': '*cshsx',
    'StatelessLSTM': 'c, h, x',
    'GRU': '*args',
    'StatelessGRU': 'h, x',
    'StatelessMGU': 'h, x',
    'NStepLSTM': 'hx, cx, xs, **kwargs',
    'NStepBiLSTM': 'hx, cx, xs, **kwargs',
    'NStepGRU': 'hx, xs, **kwargs',
    'NStepBiGRU': 'hx, xs, **kwargs',
    'NStepRNNTanh': 'hx, xs, **kwargs',
    'NStepRNNReLU': 'hx, xs, **kwargs',
    'NStepBiRNNTanh': 'hx, xs, **kwargs',
    'NStepBiRNNReLU': 'hx, xs, **kwargs',
}


def show(function):
    """Writes the arguments of a method as the tables do."""
    parts = []
    for parameter in list(inspect.signature(function).parameters.values())[1:]:
        if parameter.kind == parameter.KEYWORD_ONLY and '*' not in ''.join(parts):
            parts.append('*')
        default = parameter.default
        text = str(parameter.replace(annotation=inspect.Parameter.empty))
        if callable(default) and default is not inspect.Parameter.empty:
            text = f'{parameter.name}={default.__name__}'
        parts.append(text)
    return ', '.join(parts)


def test_tables_are_complete():
    own = {name.split()[0] for name in own_cases(L, None)}
    assert set(LINKS) == set(L.__all__) - own
    names = set(minigrad.initializers.__all__) - {'generate_array'}
    assert set(INITIALIZERS) == names
    assert len(names) == 16


@pytest.mark.parametrize('name', LINKS)
def test_links(name):
    assert show(getattr(L, name).__init__) == LINKS[name]


@pytest.mark.parametrize('name', LINKS)
def test_forwards(name):
    assert show(getattr(L, name).forward) == FORWARDS.get(name, 'x')


@pytest.mark.parametrize('name', INITIALIZERS)
def test_initializers(name):
    kind = getattr(minigrad.initializers, name)
    assert show(kind.__init__) == INITIALIZERS[name]


@pytest.mark.parametrize('name', METHODS)
def test_methods(name):
    kind, method = name.split('.')
    assert show(getattr(getattr(minigrad, kind), method)) == METHODS[name]


def test_paths_of_chainer():
    from minigrad.initializers.normal import HeNormal
    from minigrad.links.connection.linear import Linear
    from minigrad.links.model.classifier import Classifier

    assert Classifier is L.Classifier
    assert Linear is L.Linear
    assert HeNormal is minigrad.initializers.HeNormal
