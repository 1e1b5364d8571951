"""Models as files of Caffe: what was computed, layer by layer."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy

from minigrad import backend
from minigrad.configuration import force_backprop_mode, using_config
from minigrad.function_hook import FunctionHook
from minigrad.link import Link
from minigrad.links.caffe.messages import net_parameter
from minigrad.types import Array
from minigrad.variable import Variable, VariableNode

_TEST = 1  # the phase


class _Layer:
    """A layer that is being written."""

    def __init__(self, message: Any, function: Any, arrays: tuple[Array, ...]) -> None:
        self.message = message
        self.function = function
        self.arrays = arrays

    def kind(self, name: str, n_data: int | None = None) -> None:
        """Says what it is, and how many of the inputs are data, not weights."""
        self.message.type = name
        if n_data is not None:
            del self.message.bottom[n_data:]

    def set(self, parameter: str, **values: Any) -> None:
        """Sets fields of a parameter message."""
        target = getattr(self.message, parameter)
        for name, value in values.items():
            setattr(target, name, value)

    def blob(self, array: Any) -> None:
        """Adds an array of weights."""
        array = numpy.asarray(backend.to_cpu(array), numpy.float32)
        blob = self.message.blobs.add()
        blob.shape.dim.extend(array.shape)
        blob.data.extend(array.ravel().tolist())


def _linear(layer: _Layer) -> None:
    _, W, *bias = layer.arrays
    layer.kind('InnerProduct', 1)
    layer.set('inner_product_param', num_output=W.shape[0], bias_term=bool(bias))
    for array in (W, *bias):
        layer.blob(array)


def _convolution(layer: _Layer) -> None:
    f, (_, W, *bias) = layer.function, layer.arrays
    transposed = 'Deconvolution' in type(f).__name__
    layer.kind('Deconvolution' if transposed else 'Convolution', 1)
    layer.set(
        'convolution_param',
        num_output=W.shape[1] * f.groups if transposed else W.shape[0],
        bias_term=bool(bias),
        pad_h=f.ph,
        pad_w=f.pw,
        stride_h=f.sy,
        stride_w=f.sx,
        kernel_h=W.shape[2],
        kernel_w=W.shape[3],
        group=f.groups,
    )
    if f.dy != f.dx:
        raise ValueError(f'dilations {f.dy} and {f.dx}; Caffe knows one for both axes')
    if f.dy != 1:
        layer.message.convolution_param.dilation.append(f.dy)
    for array in (W, *bias):
        layer.blob(array)


def _pooling(layer: _Layer) -> None:
    f = layer.function
    (kh, kw), (sy, sx), (ph, pw) = f.ksize, f.stride, f.pad
    layer.kind('Pooling')
    layer.set(
        'pooling_param',
        pool=1 if 'Average' in type(f).__name__ else 0,
        kernel_h=kh,
        kernel_w=kw,
        stride_h=sy,
        stride_w=sx,
        pad_h=ph,
        pad_w=pw,
    )


def _lrn(layer: _Layer) -> None:
    n, k, alpha, beta = layer.function.arguments
    layer.kind('LRN')
    layer.set('lrn_param', local_size=n, k=k, alpha=alpha * n, beta=beta)


def _batch_normalization(layer: _Layer) -> None:
    """Normalizes; `_scale` follows, for Caffe's layer has neither scale nor shift."""
    _, _, _, mean, var = layer.arrays
    layer.kind('BatchNorm', 1)
    layer.set('batch_norm_param', use_global_stats=True, eps=layer.function.eps)
    for array in (mean, var, numpy.ones(1)):
        layer.blob(array)


def _scale(layer: _Layer) -> None:
    _, gamma, beta, _, _ = layer.arrays
    layer.kind('Scale', 1)
    layer.set('scale_param', axis=1, bias_term=True)
    for array in (gamma, beta):
        layer.blob(array)


def _leaky_relu(layer: _Layer) -> None:
    layer.kind('ReLU')
    layer.set('relu_param', negative_slope=layer.function.slope)


def _concat(layer: _Layer) -> None:
    layer.kind('Concat')
    layer.set('concat_param', axis=layer.function.axis)


def _softmax(layer: _Layer) -> None:
    layer.kind('Softmax')
    layer.set('softmax_param', axis=layer.function.axis)


def _reshape(layer: _Layer) -> None:
    layer.kind('Reshape')
    layer.message.reshape_param.shape.dim.extend(layer.function.shape)


_LAYERS: dict[str, Callable[[_Layer], None]] = {
    'linear': _linear,
    'convolution_2d': _convolution,
    'deconvolution_2d': _convolution,
    'max_pooling_2d': _pooling,
    'average_pooling_2d': _pooling,
    'local_response_normalization': _lrn,
    'fixed_batch_normalization': _batch_normalization,
    'relu': lambda layer: layer.kind('ReLU'),
    'leaky_relu': _leaky_relu,
    'concat': _concat,
    'softmax': _softmax,
    'sigmoid': lambda layer: layer.kind('Sigmoid'),
    'reshape': _reshape,
    'add': lambda layer: layer.kind('Eltwise'),
}


class _Calls(FunctionHook):
    """Collects what was computed, with the arrays that it was computed from."""

    name = 'CaffeExport'

    def __init__(self) -> None:
        self.calls: list[tuple[Any, tuple[Array, ...]]] = []

    def forward_postprocess(self, function: Any, in_data: tuple[Array, ...]) -> None:
        self.calls.append((function, tuple(in_data)))


def export(
    model: Link,
    args: Sequence[Variable],
    directory: str | os.PathLike[str] | None = None,
    export_params: bool = True,
    graph_name: str = 'Graph',
) -> None:
    """Writes a model as it runs in testing: ``chainer_model.prototxt``, ``.caffemodel``.

    Linear layers, convolutions, deconvolutions, max and average pooling, batch and local
    response normalization, ReLU, leaky ReLU, sigmoid, softmax, concatenation, addition
    and reshaping can be written; GoogLeNet, ResNet and VGG consist of these.

    Args:
        model: The model.
        args: Its input, a list of one Variable.
        directory: Folder to write to; None only tries.
        export_params: Whether to write the weights (``.caffemodel``) too.
        graph_name: Name of the network.

    Raises:
        ImportError: The package protobuf is missing.
        NotImplementedError: The model takes several inputs.
        ValueError: A function has no layer in Caffe.

    Source: Jia et al. 2014; compatible with chainer.exporters.caffe.export.

    Example:
        >>> import tempfile
        >>> from minigrad.exporters import caffe
        >>> x = minigrad.Variable(np.zeros((1, 3, 8, 8), 'f'))
        >>> folder = tempfile.mkdtemp()
        >>> caffe.export(L.Convolution2D(3, 4, 3), [x], folder)
        >>> net = L.caffe.CaffeFunction(f'{folder}/chainer_model.caffemodel')
        >>> net.layers
        [('Convolution2DFunction-1-1', ['data'], ['Convolution2DFunction-1-1'])]
    """
    if not isinstance(args, (list, tuple)) or not all(
        isinstance(x, Variable) for x in args
    ):
        raise TypeError('caffe.export: expected args to be a list of Variables')
    if len(args) != 1:
        raise NotImplementedError(
            f'caffe.export: expected one input, got {len(args)}: Caffe calls it "data"'
        )
    calls = _Calls()
    with force_backprop_mode(), using_config('train', False), calls:
        outputs = model(*args)
    outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    net = _network(calls, args[0], [y.creator_node for y in outputs])
    net.name = graph_name
    if directory is None:
        return
    os.makedirs(directory, exist_ok=True)
    path = os.path.join(directory, 'chainer_model')
    if export_params:
        with open(f'{path}.caffemodel', 'wb') as file:
            file.write(net.SerializeToString())
    with open(f'{path}.prototxt', 'w', encoding='utf-8') as text:
        text.write(_prototxt(net, args[0].shape))


def _network(calls: _Calls, x: Variable, outputs: list[Any]) -> Any:
    net = net_parameter()()
    needed = _ancestors(outputs)
    names: dict[VariableNode, str] = {x.node: 'data'}
    count: dict[str, int] = {}
    for function, arrays in calls.calls:
        if function not in needed:
            continue
        label = f'{type(function).__name__}-{function.rank + 1}'
        count[label] = count.get(label, 0) + 1
        name = f'{label}-{count[label]}'
        write = _LAYERS.get(function.public_name)
        if write is None:
            raise ValueError(
                f'caffe.export: {function.public_name} has no layer in Caffe\n  can be '
                f'written: {", ".join(_LAYERS)}'
            )
        message = net.layer.add(name=name, top=[name], phase=_TEST)
        message.bottom.extend([names.get(node, 'data') for node in function.inputs])
        try:
            write(_Layer(message, function, arrays))
        except ValueError as error:
            raise ValueError(f'caffe.export: {name}: {error}') from error
        if write is _batch_normalization:
            message.name = f'{name}_bn'
            message.top[:] = [message.name]
            scale = net.layer.add(name=name, top=[name], phase=_TEST)
            scale.bottom.append(message.name)
            _scale(_Layer(scale, function, arrays))
        for reference in function.outputs:
            node = reference()
            if node is not None:
                names[node] = name
    return net


def _ancestors(functions: list[Any]) -> set[Any]:
    found: set[Any] = set()
    left = [function for function in functions if function is not None]
    while left:
        function = left.pop()
        if function not in found:
            found.add(function)
            creators = [node.creator_node for node in function.inputs]
            left.extend([creator for creator in creators if creator is not None])
    return found


def _prototxt(net: Any, shape: tuple[int, ...]) -> str:
    """Returns the network without weights, with its input, as text."""
    from google.protobuf import text_format

    text = net_parameter()(name=net.name)
    data = text.layer.add(name='data', type='Input', top=['data'])
    data.input_param.shape.add().dim.extend(shape)
    text.layer.extend(net.layer)
    for layer in text.layer:
        layer.ClearField('blobs')
    return str(text_format.MessageToString(text))
