"""A network of Caffe, read from its file and run with our functions."""

from __future__ import annotations

import functools
import math
import operator
import os
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import numpy

from minigrad.chain import Chain
from minigrad.configuration import using_config
from minigrad.functions.activation.leaky_relu import leaky_relu
from minigrad.functions.activation.relu import relu
from minigrad.functions.activation.sigmoid import sigmoid
from minigrad.functions.activation.softmax import softmax
from minigrad.functions.array.concat import concat, split_axis
from minigrad.functions.array.reshape import reshape
from minigrad.functions.loss.softmax_cross_entropy import softmax_cross_entropy
from minigrad.functions.math.maximum import maximum
from minigrad.functions.noise.dropout import dropout
from minigrad.functions.normalization.local_response_normalization import (
    local_response_normalization,
)
from minigrad.functions.pooling.average_pooling_2d import average_pooling_2d
from minigrad.functions.pooling.max_pooling_2d import max_pooling_2d
from minigrad.link import Link
from minigrad.links.caffe.messages import V1_LAYERS, net_parameter
from minigrad.links.connection.convolution_2d import Convolution2D
from minigrad.links.connection.deconvolution_2d import Deconvolution2D
from minigrad.links.connection.linear import Linear
from minigrad.links.connection.scale import Scale
from minigrad.links.normalization.batch_normalization import BatchNormalization
from minigrad.serializers.errors import DamagedFile
from minigrad.types import Array
from minigrad.utils import argument
from minigrad.variable import Variable, as_variable

_Forward = Callable[..., Any]


class CaffeFunction(Chain):
    """A network of Caffe: its layers by name, run in the order of its file.

    Nothing of the file is executed: it is a list of layers with numbers. Layers without a
    counterpart are skipped with a warning, and data layers silently. A convolution of
    groups is a convolution of groups here; Chainer fills up its weights with zeros.

    Args:
        model_path: A ``.caffemodel`` file of today's layers or those with numbers.

    Attributes:
        forwards: Functions by the names of the layers.
        layers: Triples of the name of a layer, the names of its inputs and of its
            outputs, in the order in which they run.

    Raises:
        DamagedFile: It is no such file, or a blob has another size than its shape.
        ImportError: The package protobuf is missing.
        NotImplementedError: A layer is used in a way that has no counterpart.

    Source: Jia et al. 2014; compatible with chainer.links.caffe.CaffeFunction.

    Example:
        >>> net = L.caffe.CaffeFunction('bvlc_alexnet.caffemodel')  # doctest: +SKIP
        >>> (y,) = net({'data': x}, ['fc8'])  # doctest: +SKIP
    """

    def __init__(self, model_path: str | os.PathLike[str]) -> None:
        super().__init__()
        self._path = os.fspath(model_path)
        self.forwards: dict[str, _Forward] = {}
        self.split_map: dict[str, str] = {}
        self.layers: list[tuple[str, list[str], list[str]]] = []
        self._skipped: dict[str, str] = {}  # output -> kind of the layer
        net = net_parameter()()
        with open(model_path, 'rb') as file:
            content = file.read()
        try:
            net.ParseFromString(content)
        except Exception as error:  # DecodeError, by a name of protobuf's own
            raise DamagedFile(
                f'{self._path}: not a network of Caffe ({error})'
            ) from error
        layers = [(layer, layer.type) for layer in net.layer] or [
            (layer, V1_LAYERS.get(layer.type, f'number {layer.type}'))
            for layer in net.layers
        ]
        if not layers:
            raise DamagedFile(
                f'{self._path}: not a network of Caffe: it holds no layers\n'
                '  hint: the file of the weights is wanted (.caffemodel), not .prototxt'
            )
        for layer, kind in layers:
            names = (layer.name, kind, *layer.bottom, *layer.top)
            if not all(isinstance(name, str) for name in names):
                raise DamagedFile(f'{self._path}: a name that is no text among {names}')
            self._set_up_(layer, kind)

    def _set_up_(self, layer: Any, kind: str) -> None:
        bottom = [self.split_map.get(name, name) for name in layer.bottom]
        if kind == 'Split':
            self.split_map.update(dict.fromkeys(layer.top, bottom[0]))
            return
        if kind in ('Data', 'Input'):
            return
        make = _LAYERS.get(kind)
        if make is None:
            warnings.warn(
                f'Skip the layer "{layer.name}", since CaffeFunction does not support '
                f'{kind} layer',
                stacklevel=4,
            )
            self._skipped.update(dict.fromkeys(layer.top, kind))
            return
        try:
            made = make(layer)
        except (ValueError, IndexError, OverflowError) as error:
            raise DamagedFile(
                f'{self._path}: layer {layer.name!r} ({kind}): {error}'
            ) from error
        except NotImplementedError as error:
            raise NotImplementedError(
                f'{self._path}: layer {layer.name!r} ({kind}): {error}'
            ) from error
        if isinstance(made, Link):
            if hasattr(self, layer.name):
                raise DamagedFile(
                    f'{self._path}: a second layer of the name {layer.name!r}, or a '
                    'name that this class needs itself'
                )
            self.add_link(layer.name, made)
            in_test = kind == 'BatchNorm' and layer.batch_norm_param.use_global_stats
            self.forwards[layer.name] = _Child(self, layer.name, in_test)
        else:
            self.forwards[layer.name] = made
        self.layers.append((layer.name, bottom, list(layer.top)))

    def forward(
        self,
        inputs: dict[str, Any],
        outputs: Iterable[str],
        disable: Iterable[str] = (),
        **kwargs: Any,
    ) -> tuple[Variable, ...]:
        """Runs all layers whose inputs are known.

        Args:
            inputs: Variables or arrays by the names of blobs, such as ``'data'``.
            outputs: Names of the blobs to return.
            disable: Names of layers not to run.
            kwargs: None; ``train`` is refused with an explanation.

        Returns:
            The blobs that were asked for.

        Raises:
            KeyError: A blob was not computed; says what is missing for it.
            TypeError: ``inputs`` is no dictionary, or ``outputs`` a string.
        """
        argument.parse_kwargs(
            kwargs,
            train='train argument is not supported anymore; use minigrad.using_config',
        )
        if not isinstance(inputs, dict):
            raise TypeError(
                'CaffeFunction: expected inputs as a dictionary of names and arrays, as '
                f"{{'data': x}}, got {type(inputs).__name__}"
            )
        if isinstance(outputs, str):
            raise TypeError(
                f'CaffeFunction: expected outputs as a list of names, got {outputs!r}\n'
                f'  hint: outputs=[{outputs!r}]'
            )
        variables: dict[str, Any] = {k: as_variable(x) for k, x in inputs.items()}
        disabled = set(disable)
        for name, bottom, top in self.layers:
            if name in disabled or any(blob not in variables for blob in bottom):
                continue
            ys = self.forwards[name](*[variables[blob] for blob in bottom])
            ys = ys if isinstance(ys, (tuple, list)) else (ys,)
            variables.update(zip(top, ys, strict=False))
        self.variables = variables
        return tuple([self._blob(name, variables, inputs) for name in outputs])

    def _blob(
        self, name: str, variables: dict[str, Any], inputs: dict[str, Any]
    ) -> Any:
        if name in variables:
            return variables[name]
        made_by = {blob: row for row in self.layers for blob in row[2]}
        missing = name
        while missing in made_by:  # back to the first blob that nothing computes
            layer, bottom, _ = made_by.pop(missing)
            absent = [blob for blob in bottom if blob not in variables]
            if not absent:
                raise KeyError(
                    f'{name!r} was not computed: layer {layer!r} is disabled'
                )
            missing = absent[0]
        if missing in self._skipped:
            why = f'it is made by a {self._skipped[missing]} layer, which is not known'
        else:
            why = f'no layer makes it, and the inputs are {sorted(inputs)}'
        raise KeyError(f'{name!r} was not computed: {missing!r} is missing ({why})')


class _Child:
    """Calls a child of a chain by its name, if asked always as in testing."""

    def __init__(self, chain: CaffeFunction, name: str, in_test: bool) -> None:
        self._chain = chain
        self._name = name
        self._in_test = in_test

    def __call__(self, *xs: Any) -> Any:
        link = self._chain[self._name]
        if not self._in_test:
            return link(*xs)
        with using_config('train', False):
            return link(*xs)


def _array(blob: Any) -> Array:
    """Returns the numbers of a blob in its shape."""
    shape = tuple(blob.shape.dim) or (
        blob.num,
        blob.channels,
        blob.height,
        blob.width,
    )
    data = blob.data if blob.data else blob.double_data
    # Python's integers: a shape of the file cannot overflow here.
    if math.prod(shape) != len(data) or any(size < 0 for size in shape):
        raise ValueError(f'expected numbers of shape {shape}, got {len(data)}')
    return numpy.fromiter(data, numpy.float32, len(data)).reshape(shape)


def _pair(
    values: Any, height: int, width: int, default: int | None = None
) -> int | tuple[int, int]:
    """Returns the setting of both axes: ``(height, width)`` goes before ``values``."""
    if height or width:
        return height, width
    values = list(values) if hasattr(values, '__len__') else [values]
    if not values and default is not None:
        return default
    if len(values) == 1:
        return int(values[0])
    if len(values) != 2:
        raise NotImplementedError(f'expected numbers for 2 axes, got {values}')
    return int(values[0]), int(values[1])


def _weights(layer: Any, bias_term: bool) -> tuple[Array, Array | None]:
    W = _array(layer.blobs[0])
    return W, _array(layer.blobs[1]).ravel() if bias_term else None


def _windows(layer: Any) -> tuple[Array, dict[str, Any]]:
    """Returns the filters of a convolution, and what our links want to know of it."""
    p = layer.convolution_param
    W, b = _weights(layer, p.bias_term)
    if W.ndim != 4:
        raise NotImplementedError(f'expected filters with 4 axes, got {W.shape}')
    ksize = _pair(p.kernel_size, p.kernel_h, p.kernel_w, 0)
    sides = (ksize, ksize) if isinstance(ksize, int) else ksize
    if ksize and sides != W.shape[2:]:
        raise ValueError(f'expected filters of size {sides}, got {W.shape}')
    return W, {
        'ksize': W.shape[2:],
        'stride': _pair(p.stride, p.stride_h, p.stride_w, 1),
        'pad': _pair(p.pad, p.pad_h, p.pad_w, 0),
        'nobias': b is None,
        'initialW': W,
        'initial_bias': b,
        'dilate': _pair(p.dilation, 0, 0, 1),
        'groups': p.group,
    }


def _convolution(layer: Any) -> Link:
    W, arguments = _windows(layer)
    return Convolution2D(W.shape[1] * arguments['groups'], W.shape[0], **arguments)


def _deconvolution(layer: Any) -> Link:
    W, arguments = _windows(layer)
    return Deconvolution2D(W.shape[0], W.shape[1] * arguments['groups'], **arguments)


def _inner_product(layer: Any) -> Link:
    p = layer.inner_product_param
    if p.axis != 1 or p.transpose:
        raise NotImplementedError('another axis than 1, or a transposed matrix')
    W, b = _weights(layer, p.bias_term)
    W = W.reshape(-1, W.shape[-1])
    return Linear(W.shape[1], W.shape[0], nobias=b is None, initialW=W, initial_bias=b)


def _batch_norm(layer: Any) -> Link:
    p = layer.batch_norm_param
    mean, var = [_array(blob).ravel() for blob in layer.blobs[:2]]
    link = BatchNormalization(
        mean.size,
        decay=p.moving_average_fraction,
        eps=p.eps,
        use_gamma=False,
        use_beta=False,
    )
    if len(layer.blobs) > 2:
        # Caffe keeps sums, and what they are to be divided by.
        scale = _array(layer.blobs[2]).ravel()[0]
        mean, var = mean / scale, var / scale
    link.avg_mean[...] = mean
    link.avg_var[...] = var
    return link


def _scale(layer: Any) -> Link:
    p = layer.scale_param
    arrays = [_array(blob) for blob in layer.blobs]
    if len(layer.bottom) == 1:
        link = Scale(p.axis, arrays[0].shape, p.bias_term)
        link.W.array[...] = arrays.pop(0)
    else:
        shape = arrays[0].shape if p.bias_term else None
        link = Scale(p.axis, bias_term=p.bias_term, bias_shape=shape)
    if p.bias_term:
        link.bias.b.array[...] = arrays[0]
    return link


def _concat(layer: Any) -> _Forward:
    p = layer.concat_param
    axis = p.concat_dim if p.axis == 1 and p.concat_dim != 1 else p.axis
    return lambda *xs: concat(xs, axis=axis)


def _dropout(layer: Any) -> _Forward:
    return functools.partial(dropout, ratio=layer.dropout_param.dropout_ratio)


def _lrn(layer: Any) -> _Forward:
    p = layer.lrn_param
    if p.norm_region != 0:
        raise NotImplementedError('normalization within channels')
    return functools.partial(
        local_response_normalization,
        n=p.local_size,
        k=p.k,
        alpha=p.alpha / p.local_size,
        beta=p.beta,
    )


def _pooling(layer: Any) -> _Forward:
    p = layer.pooling_param
    if p.pool not in (0, 1):
        raise NotImplementedError('stochastic pooling')
    pool = max_pooling_2d if p.pool == 0 else average_pooling_2d
    ksize = _pair(p.kernel_size, p.kernel_h, p.kernel_w)
    stride = _pair(p.stride, p.stride_h, p.stride_w)
    pad = _pair(p.pad, p.pad_h, p.pad_w)
    if p.global_pooling and not ksize:
        return lambda x: pool(x, x.shape[2:], stride=stride, pad=pad)
    return functools.partial(pool, ksize=ksize, stride=stride, pad=pad)


def _relu(layer: Any) -> _Forward:
    slope = layer.relu_param.negative_slope
    return functools.partial(leaky_relu, slope=slope) if slope else relu


def _reshape(layer: Any) -> _Forward:
    shape = tuple(layer.reshape_param.shape.dim)
    return lambda x: reshape(
        x, tuple([x.shape[i] if n == 0 else n for i, n in enumerate(shape)])
    )


def _eltwise(layer: Any) -> _Forward:
    p = layer.eltwise_param
    weights = list(p.coeff)
    if p.operation not in (0, 1, 2):
        raise ValueError(f'expected operation 0, 1 or 2, got {p.operation}')
    if weights and len(weights) != len(layer.bottom):
        raise ValueError(
            f'expected {len(layer.bottom)} coefficients, got {len(weights)}'
        )
    combine = (operator.mul, operator.add, maximum)[p.operation]

    def run(*xs: Any) -> Any:
        terms: Any = xs
        if weights and p.operation == 1:
            terms = [x * weight for x, weight in zip(xs, weights, strict=True)]
        return functools.reduce(combine, terms)

    return run


def _slice(layer: Any) -> _Forward:
    p = layer.slice_param
    axis = p.slice_dim if p.HasField('slice_dim') and not p.HasField('axis') else p.axis
    parts = list(p.slice_point) or len(layer.top)
    return functools.partial(split_axis, indices_or_sections=parts, axis=axis)


def _softmax(layer: Any) -> _Forward:
    if layer.softmax_param.axis != 1:
        raise NotImplementedError('softmax along another axis than the channels')
    return softmax


def _softmax_with_loss(layer: Any) -> _Forward:
    _softmax(layer)
    return softmax_cross_entropy


_LAYERS: dict[str, Callable[[Any], Link | _Forward]] = {
    'BatchNorm': _batch_norm,
    'Concat': _concat,
    'Convolution': _convolution,
    'Deconvolution': _deconvolution,
    'Dropout': _dropout,
    'Eltwise': _eltwise,
    'InnerProduct': _inner_product,
    'LRN': _lrn,
    'Pooling': _pooling,
    'ReLU': _relu,
    'Reshape': _reshape,
    'Scale': _scale,
    'Sigmoid': lambda layer: sigmoid,
    'Slice': _slice,
    'Softmax': _softmax,
    'SoftmaxWithLoss': _softmax_with_loss,
}
