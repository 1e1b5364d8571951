"""Every link, called in one way or several: what the tests of links run over.

The table of Chainer's links takes the modules as arguments, so that Chainer can run it
too (see make_golden.py): its numbers are the oracle. A link that Chainer does not have
stands in `own_cases` and brings an oracle along, in NumPy.
"""

import numpy as np


def spread(*shape):
    """Numbers around 0, none of them closer to it than 0.1."""
    x = np.random.RandomState(1).normal(size=shape)
    return x + np.copysign(0.1, x)


def attention(n_heads, causal=False):
    """Returns the oracle of multi-head attention, head by head and row by row."""

    def oracle(params, x, prefix=''):
        def project(name, x):
            W, b = (params[f'{prefix}/{name}/{part}'] for part in 'Wb')
            return x @ W.T + b

        q, k, v = (project(name, x) for name in ('query', 'key', 'value'))
        y, size = np.zeros_like(q), q.shape[-1] // n_heads
        for n, i, h in np.ndindex(len(x), x.shape[1], n_heads):
            head, end = slice(h * size, (h + 1) * size), i + 1 if causal else None
            score = k[n, :end, head] @ q[n, i, head] / np.sqrt(size)
            weights = np.exp(score) / np.exp(score).sum()
            y[n, i, head] = weights @ v[n, :end, head]
        return project('out', y)

    return oracle


def encoder_layer(n_heads, norm_first):
    def oracle(params, x):
        def norm(name, x):
            mean, var = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
            y = (x - mean) / np.sqrt(var + 1e-5)
            return y * params[f'/{name}/gamma'] + params[f'/{name}/beta']

        def dense(x):
            h = np.maximum(x @ params['/hidden/W'].T + params['/hidden/b'], 0)
            return h @ params['/out/W'].T + params['/out/b']

        def attend(x):
            return attention(n_heads)(params, x, '/attention')

        if norm_first:
            x = x + attend(norm('norm1', x))
            return x + dense(norm('norm2', x))
        x = norm('norm1', x + attend(x))
        return norm('norm2', x + dense(x))

    return oracle


def rms_norm(params, x):
    square = (x * x).mean(-1, keepdims=True)
    return x / np.sqrt(square + 1e-6) * params['/gamma']


def own_cases(L, F):
    """Returns ``{name: (make, inputs, oracle)}`` of links that Chainer does not have.

    ``oracle(params, *inputs)`` gives the output from the parameters by path, and the
    inputs, as float64 arrays.
    """
    x = spread(2, 3, 4)
    return {
        'MultiHeadAttention': (lambda: L.MultiHeadAttention(4, 2), (x,), attention(2)),
        'TransformerEncoderLayer': (
            lambda: L.TransformerEncoderLayer(4, 2, 6, dropout_ratio=0),
            (x,),
            encoder_layer(2, False),
        ),
        'TransformerEncoderLayer norm_first': (
            lambda: L.TransformerEncoderLayer(4, 2, 6, 0, norm_first=True),
            (x,),
            encoder_layer(2, True),
        ),
        'RMSNorm': (lambda: L.RMSNorm(4), (x,), rms_norm),
        'RMSNorm lazy': (lambda: L.RMSNorm(initial_gamma=2), (x,), rms_norm),
    }


def cases(L, F):
    """Returns ``{name: (make, inputs)}`` of Chainer's; ``make()`` gives a link."""
    x = spread(2, 3, 6, 5)
    x3 = spread(2, 3, 8)
    x4 = spread(2, 4, 6, 5)
    x5 = spread(2, 2, 4, 3, 5)
    v = spread(4, 6)
    return {
        'Linear': (lambda: L.Linear(6, 3), (v,)),
        'Linear lazy': (lambda: L.Linear(None, 3), (x,)),
        'Linear short': (lambda: L.Linear(3, nobias=True), (v,)),
        'Linear values': (
            lambda: L.Linear(6, 3, initialW=spread(3, 6), initial_bias=spread(3)),
            (v,),
        ),
        'Convolution2D': (lambda: L.Convolution2D(3, 4, 3), (x,)),
        'Convolution2D lazy': (lambda: L.Convolution2D(None, 4, (3, 2)), (x,)),
        'Convolution2D short': (lambda: L.Convolution2D(4, 3), (x,)),
        'Convolution2D options': (
            lambda: L.Convolution2D(3, 6, 3, (2, 1), (1, 2), True, dilate=2, groups=3),
            (x,),
        ),
        'Deconvolution2D': (lambda: L.Deconvolution2D(3, 4, 3), (x,)),
        'Deconvolution2D lazy': (
            lambda: L.Deconvolution2D(None, 4, (3, 2), 2, 1, outsize=(12, 8)),
            (x,),
        ),
        'Deconvolution2D options': (
            lambda: L.Deconvolution2D(4, 6, 3, 2, 1, True, dilate=2, groups=2),
            (x4,),
        ),
        'DepthwiseConvolution2D': (lambda: L.DepthwiseConvolution2D(3, 2, 3), (x,)),
        'DepthwiseConvolution2D lazy': (
            lambda: L.DepthwiseConvolution2D(None, 2, (3, 2), 2, 1, True),
            (x,),
        ),
        'DilatedConvolution2D': (
            lambda: L.DilatedConvolution2D(3, 4, 3, 1, 2, dilate=2),
            (x,),
        ),
        'DilatedConvolution2D lazy': (lambda: L.DilatedConvolution2D(4, 3), (x,)),
        'ConvolutionND': (lambda: L.ConvolutionND(3, 2, 4, 3), (x5,)),
        'ConvolutionND options': (
            lambda: L.ConvolutionND(
                *(3, 2, 4, (3, 2, 2), 2, (1, 0, 1), True),
                cover_all=True,
                dilate=(1, 2, 1),
            ),
            (x5,),
        ),
        'ConvolutionND groups': (
            lambda: L.ConvolutionND(2, 4, 6, 3, (2, 1), groups=2),
            (x4,),
        ),
        'Convolution1D': (lambda: L.Convolution1D(None, 4, 3, 2, 1), (x3,)),
        'Convolution3D': (lambda: L.Convolution3D(2, 3, (2, 3, 2)), (x5,)),
        'DeconvolutionND': (lambda: L.DeconvolutionND(3, None, 4, 3, 2, 1), (x5,)),
        'DeconvolutionND options': (
            lambda: L.DeconvolutionND(
                2, 4, 6, 3, 2, 1, True, outsize=(12, 10), dilate=1, groups=2
            ),
            (x4,),
        ),
        'Deconvolution1D': (lambda: L.Deconvolution1D(3, 4, 4, 2, 1), (x3,)),
        'Deconvolution3D': (lambda: L.Deconvolution3D(2, 3, (2, 3, 2), 2), (x5,)),
        'LocalConvolution2D': (
            lambda: L.LocalConvolution2D(3, 2, (6, 5), 3, initial_bias=0.5),
            (x,),
        ),
        'LocalConvolution2D lazy': (
            lambda: L.LocalConvolution2D(None, 2, ksize=(2, 3), nobias=True),
            (x,),
        ),
        'DeformableConvolution2D': (
            lambda: L.DeformableConvolution2D(
                3, 4, 3, 2, 1, deform_initialW=spread(4, 3, 3, 3)
            ),
            (x,),
        ),
        'DeformableConvolution2D lazy': (
            lambda: L.DeformableConvolution2D(
                None,
                2,
                (3, 2),
                offset_nobias=True,
                deform_nobias=True,
                deform_initialW=spread(2, 3, 3, 2),
            ),
            (x,),
        ),
        'Bilinear': (lambda: L.Bilinear(6, 3, 4), (v, spread(4, 3))),
        'Bilinear nobias': (lambda: L.Bilinear(6, 3, 4, True), (v, spread(4, 3))),
        'EmbedID': (lambda: L.EmbedID(5, 3), (np.array([[0, 2], [2, 4]]),)),
        'EmbedID ignore': (
            lambda: L.EmbedID(5, 3, ignore_label=2),
            (np.array([0, 2, 2, 4]),),
        ),
        'Bias': (lambda: L.Bias(1, (3,)), (x,)),
        'Bias of two': (lambda: L.Bias(2), (x, spread(6, 5))),
        'Scale': (lambda: L.Scale(1, (3, 6), True), (x,)),
        'Scale of two': (
            lambda: L.Scale(1, bias_term=True, bias_shape=(3,)),
            (x, spread(3)),
        ),
        'MLPConvolution2D': (
            lambda: L.MLPConvolution2D(3, (4, 5), 3, activation=F.tanh),
            (x,),
        ),
        'BatchNormalization': (lambda: L.BatchNormalization(3), (x,)),
        'BatchNormalization lazy': (lambda: L.BatchNormalization(axis=(0, 2)), (x,)),
        'BatchNormalization values': (
            lambda: L.BatchNormalization(
                6, 0.5, 1e-3, initial_gamma=spread(6), initial_beta=2
            ),
            (v,),
        ),
        'BatchNormalization plain': (
            lambda: L.BatchNormalization(3, use_gamma=False, use_beta=False),
            (x,),
        ),
        'BatchRenormalization': (lambda: L.BatchRenormalization(3), (x,)),
        'BatchRenormalization plain': (
            lambda: L.BatchRenormalization(
                6, decay=0.5, eps=1e-3, use_gamma=False, use_beta=False
            ),
            (v,),
        ),
        'DecorrelatedBatchNormalization': (
            lambda: L.DecorrelatedBatchNormalization(4, groups=2, eps=1e-2),
            (x4,),
        ),
        'LayerNormalization': (lambda: L.LayerNormalization(), (v,)),
        'GroupNormalization': (
            lambda: L.GroupNormalization(2, initial_gamma=2, initial_beta=1),
            (x4,),
        ),
        'PReLU': (lambda: L.PReLU(), (x,)),
        'PReLU shape': (lambda: L.PReLU((3,), 0.5), (x,)),
        'Swish': (lambda: L.Swish(None), (v,)),
        'Swish shape': (lambda: L.Swish((), 2.0), (v,)),
        'SimplifiedDropconnect': (lambda: L.SimplifiedDropconnect(6, 3, 0), (v,)),
        'SimplifiedDropconnect lazy': (
            lambda: L.SimplifiedDropconnect(None, 3, ratio=0, nobias=True),
            (x,),
        ),
        'Maxout': (lambda: L.Maxout(6, 3, 2), (v,)),
        'Maxout values': (
            lambda: L.Maxout(6, 3, 2, spread(3, 2, 6), spread(3, 2)),
            (v,),
        ),
        'Parameter': (lambda: L.Parameter(spread(2, 3)), ()),
        'Highway': (lambda: L.Highway(6, activate=F.tanh), (v,)),
        'Inception': (lambda: L.Inception(3, 1, 2, 3, 1, 2, 2), (x,)),
        'InceptionBN': (
            lambda: L.InceptionBN(3, 1, 2, 3, 2, 2, 'avg', 2),
            (x,),
        ),
        'InceptionBN max': (
            lambda: L.InceptionBN(None, 0, 2, 3, 2, 2, 'max', stride=2),
            (x,),
        ),
        'Classifier': (
            lambda: L.Classifier(L.Linear(6, 3)),
            (v, np.array([0, 2, 1, 1], 'i')),
        ),
    }


def as_float(x, dtype):
    """Copies an input, in this dtype unless it is integers."""
    return x.astype(dtype) if x.dtype.kind == 'f' else x.copy()


def run(chainer, make, inputs):
    """Runs a case once in float32, forward and backward.

    Returns every number that a user can see: output, gradients, persistent values.
    """
    np.random.seed(0)
    link = make()
    xs = [chainer.Variable(as_float(x, 'f')) for x in inputs]
    y = link(*xs)
    y.grad = np.random.RandomState(2).normal(size=y.shape).astype(y.dtype)
    link.cleargrads()
    y.backward()
    seen = {'y': y.array}
    for i, x in enumerate(xs):
        if x.grad is not None:
            seen[f'gx{i}'] = x.grad
    for path, param in link.namedparams():
        seen[f'g{path}'] = param.grad
    for path, part in link.namedlinks():
        for name in sorted(part._persistent):
            seen[f'{path}.{name}'] = np.asarray(getattr(part, name))
    return seen


def digest(array):
    """Returns a handful of numbers that pin an array down."""
    flat = np.asarray(array, 'd').ravel()
    weights = np.cos(np.arange(flat.size))
    return [*np.shape(array), float(flat @ weights), float(flat @ flat), *flat[:2]]
