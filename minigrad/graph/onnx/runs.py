"""From ONNX operators to functions: one entry of `RUNS` for each operator."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy

from minigrad import functions as F
from minigrad.variable import Variable, as_array


class Node(NamedTuple):
    """An operator of a file.

    Attributes:
        operator: Its kind.
        name: Its name in the file.
        attributes: Its attributes.
        opset: Version of the operators.
        n_out: Number of outputs.
    """

    operator: str
    name: str
    attributes: dict[str, Any]
    opset: int
    n_out: int

    def __str__(self) -> str:
        return f'{self.operator} {self.name!r}'

    def get(self, key: str, default: Any = None) -> Any:
        """Returns an attribute; text as str."""
        value = self.attributes.get(key, default)
        return value.decode() if isinstance(value, bytes) else value

    def only(self, **defaults: Any) -> None:
        """Refuses attributes that are not what they are by default."""
        for key, default in defaults.items():
            value = self.get(key, default)
            if value != default:
                raise ValueError(f'{key}={value!r} cannot be run, only {default!r}')


Run = Callable[..., Any]
RUNS: dict[str, Run] = {}
"""What runs each operator: called with the node and its inputs."""


def operator(*operators: str) -> Callable[[Run], Run]:
    def register(run: Run) -> Run:
        RUNS.update(dict.fromkeys(operators, run))
        return run

    return register


def _number(x: Any) -> Any:
    """Returns a constant number as Python's, which takes the dtype of what it meets."""
    is_number = x is not None and not isinstance(x, Variable) and numpy.ndim(x) == 0
    return x.item() if is_number and hasattr(x, 'item') else x


def _ints(x: Any) -> list[int]:
    return [int(n) for n in numpy.ravel(as_array(x))]


def _given(n: Node, inputs: Sequence[Any], place: int, name: str) -> list[int] | None:
    """Returns integers that are an input in new versions, an attribute in old ones."""
    if len(inputs) > place and inputs[place] is not None:
        return _ints(inputs[place])
    value = n.get(name)
    return None if value is None else _ints(value)


# -- functions of each element --------------------------------------------------------

_ELEMENTWISE: dict[str, Run] = {
    'Abs': F.absolute,
    'Acos': F.arccos,
    'Asin': F.arcsin,
    'Atan': F.arctan,
    'Atanh': F.arctanh,
    'Ceil': F.ceil,
    'Cos': F.cos,
    'Cosh': F.cosh,
    'Erf': F.erf,
    'Exp': F.exp,
    'Floor': F.floor,
    'Identity': F.identity,
    'Log': F.log,
    'Neg': lambda x: -x,
    'Reciprocal': lambda x: 1 / x,
    'Relu': F.relu,
    'Sigmoid': F.sigmoid,
    'Sign': F.sign,
    'Sin': F.sin,
    'Sinh': F.sinh,
    'Softplus': F.softplus,
    'Softsign': F.softsign,
    'Sqrt': F.sqrt,
    'Tan': F.tan,
    'Tanh': F.tanh,
    'Mish': F.mish,
    'MatMul': F.matmul,
}
for _operator, _function in _ELEMENTWISE.items():
    RUNS[_operator] = lambda n, *xs, _function=_function: _function(*xs)

_ARITHMETIC: dict[str, Run] = {
    'Add': lambda a, b: a + b,
    'Div': lambda a, b: a / b,
    'Mul': lambda a, b: a * b,
    'Pow': lambda a, b: a**b,
    'Sub': lambda a, b: a - b,
}
for _operator, _function in _ARITHMETIC.items():
    RUNS[_operator] = lambda n, a, b, _function=_function: _function(
        _number(a), _number(b)
    )

_COMPARISONS: dict[str, Run] = {
    'Equal': numpy.equal,
    'Greater': numpy.greater,
    'GreaterOrEqual': numpy.greater_equal,
    'Less': numpy.less,
    'LessOrEqual': numpy.less_equal,
    'And': numpy.logical_and,
    'Not': numpy.logical_not,
    'Or': numpy.logical_or,
}
for _operator, _function in _COMPARISONS.items():
    RUNS[_operator] = lambda n, *xs, _function=_function: _function(
        *[as_array(x) for x in xs]
    )


@operator('Elu')
def _elu(n: Node, x: Any) -> Any:
    return F.elu(x, n.get('alpha', 1.0))


@operator('LeakyRelu')
def _leaky_relu(n: Node, x: Any) -> Any:
    return F.leaky_relu(x, n.get('alpha', 0.01))


@operator('Selu')
def _selu(n: Node, x: Any) -> Any:
    alpha = n.get('alpha', 1.6732632423543772)
    return F.selu(x, alpha, n.get('gamma', 1.0507009873554805))


@operator('HardSigmoid')
def _hard_sigmoid(n: Node, x: Any) -> Any:
    return F.clip(x * n.get('alpha', 0.2) + n.get('beta', 0.5), 0.0, 1.0)


@operator('HardSwish')
def _hard_swish(n: Node, x: Any) -> Any:
    return x * F.clip(x / 6 + 0.5, 0.0, 1.0)


@operator('Gelu')
def _gelu(n: Node, x: Any) -> Any:
    if n.get('approximate', 'none') == 'tanh':
        return 0.5 * x * (1 + F.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    return F.gelu(x)


@operator('PRelu')
def _prelu(n: Node, x: Any, slope: Any) -> Any:
    return F.relu(x) - slope * F.relu(-x)


@operator('Clip')
def _clip(n: Node, x: Any, low: Any = None, high: Any = None) -> Any:
    limits = [
        float(as_array(limit)) if limit is not None else n.get(name)
        for limit, name in ((low, 'min'), (high, 'max'))
    ]
    return F.identity(x) if limits == [None, None] else F.clip(x, *limits)


@operator('Mod')
def _mod(n: Node, a: Any, b: Any) -> Any:
    a, b = _number(a), _number(b)
    return F.fmod(a, b) if n.get('fmod', 0) else a % b


@operator('Sum')
def _sum_of_several(n: Node, *xs: Any) -> Any:
    return F.add(*xs) if len(xs) > 1 else F.identity(*xs)


@operator('Max', 'Min')
def _extremum_of_several(n: Node, *xs: Any) -> Any:
    function = F.maximum if n.operator == 'Max' else F.minimum
    y = xs[0]
    for x in xs[1:]:
        shape = numpy.broadcast_shapes(y.shape, x.shape)
        y = function(F.broadcast_to(y, shape), F.broadcast_to(x, shape))
    return y


@operator('Where')
def _where(n: Node, condition: Any, x: Any, y: Any) -> Any:
    shape = numpy.broadcast_shapes(*[v.shape for v in (condition, x, y)])
    condition = numpy.broadcast_to(as_array(condition), shape)
    return F.where(condition, *[F.broadcast_to(v, shape) for v in (x, y)])


@operator('Dropout')
def _dropout(n: Node, x: Any, ratio: Any = None, training: Any = None) -> Any:
    if ratio is not None:
        return F.dropout(x, float(as_array(ratio)))
    return F.dropout(x, n.get('ratio', 0.5))


@operator('Cast')
def _cast(n: Node, x: Any) -> Any:
    import onnx

    dtype = onnx.helper.tensor_dtype_to_np_dtype(n.get('to'))
    return F.cast(x, dtype) if dtype.kind == 'f' else as_array(x).astype(dtype)


# -- softmax --------------------------------------------------------------------------


@operator('Softmax', 'LogSoftmax')
def _softmax(n: Node, x: Any) -> Any:
    function = F.softmax if n.operator == 'Softmax' else F.log_softmax
    if n.opset >= 13:
        return function(x, axis=n.get('axis', -1))
    # Before version 13, all axes from this one on were one.
    axis = n.get('axis', 1) % x.ndim
    rows = F.reshape(x, (math.prod(x.shape[:axis]), -1))
    return F.reshape(function(rows), x.shape)


# -- convolution, pooling ---------------------------------------------------------------


class _Windows(NamedTuple):
    ksize: tuple[int, ...]
    stride: tuple[int, ...]
    dilate: tuple[int, ...]
    begin: tuple[int, ...]  # padding
    end: tuple[int, ...]

    @classmethod
    def of(cls, n: Node, size: Sequence[int], ksize: Sequence[int]) -> _Windows:
        """Reads the attributes of a convolution or pooling of images of a size."""
        ndim = len(size)
        stride = tuple(n.get('strides', [1] * ndim))
        dilate = tuple(n.get('dilations', [1] * ndim))
        pads = n.get('pads', [0] * 2 * ndim)
        begin, end = tuple(pads[:ndim]), tuple(pads[ndim:])
        auto = n.get('auto_pad', 'NOTSET')
        if auto in ('SAME_UPPER', 'SAME_LOWER'):
            # As many windows as strides fit, the last one padded at either end.
            whole = [
                max((-(-m // s) - 1) * s + (k - 1) * d + 1 - m, 0)
                for m, s, k, d in zip(size, stride, ksize, dilate, strict=True)
            ]
            low, high = [p // 2 for p in whole], [p - p // 2 for p in whole]
            begin, end = map(
                tuple, (low, high) if auto == 'SAME_UPPER' else (high, low)
            )
        return cls(tuple(ksize), stride, dilate, begin, end)

    def padded(self, x: Any, value: float) -> tuple[Any, tuple[int, ...]]:
        """Pads by hand what hangs over at the end; returns the padding of both ends."""
        if self.begin == self.end:
            return x, self.begin
        both = tuple(map(min, zip(self.begin, self.end, strict=True)))
        width = [(0, 0), (0, 0)]
        width += [
            (b - p, e - p) for b, e, p in zip(self.begin, self.end, both, strict=True)
        ]
        return F.pad(x, width, 'constant', constant_values=value), both

    def outsize(self, size: Sequence[int], up: bool) -> tuple[int, ...]:
        """Returns the size of a pooling, rounded up or down."""
        result = []
        for m, k, s, d, b, e in zip(
            size,
            self.ksize,
            self.stride,
            self.dilate,
            self.begin,
            self.end,
            strict=True,
        ):
            room = m + b + e - (k - 1) * d - 1
            out = (-(-room // s) if up else room // s) + 1
            # A window that lies in the padding at the end alone is none.
            result.append(out - 1 if up and (out - 1) * s >= m + b else out)
        return tuple(result)


@operator('Conv')
def _conv(n: Node, x: Any, W: Any, b: Any = None) -> Any:
    w = _Windows.of(n, x.shape[2:], W.shape[2:])
    x, pad = w.padded(x, 0)
    groups = n.get('group', 1)
    function = F.convolution_2d if x.ndim == 4 else F.convolution_nd
    return function(x, W, b, w.stride, pad, dilate=w.dilate, groups=groups)


@operator('ConvTranspose')
def _conv_transpose(n: Node, x: Any, W: Any, b: Any = None) -> Any:
    n.only(auto_pad='NOTSET')
    w = _Windows.of(n, x.shape[2:], W.shape[2:])
    extra = n.get('output_padding', [0] * (x.ndim - 2))
    full = [
        s * (m - 1) + (k - 1) * d + 1 + e
        for s, m, k, d, e in zip(
            w.stride, x.shape[2:], w.ksize, w.dilate, extra, strict=True
        )
    ]
    outsize = n.get('output_shape')
    begin, end = w.begin, w.end
    if outsize is None:
        outsize = [f - b - e for f, b, e in zip(full, begin, end, strict=True)]
    else:
        total = [max(f - o, 0) for f, o in zip(full, outsize, strict=True)]
        begin = tuple([t // 2 for t in total])
    function = F.deconvolution_2d if x.ndim == 4 else F.deconvolution_nd
    return function(
        x,
        W,
        b,
        stride=w.stride,
        pad=begin,
        outsize=tuple(outsize),
        dilate=w.dilate,
        groups=n.get('group', 1),
    )


@operator('MaxPool')
def _max_pool(n: Node, x: Any) -> Any:
    if n.n_out > 1:
        raise ValueError('its output of indices cannot be run')
    w = _Windows.of(n, x.shape[2:], n.get('kernel_shape'))
    if set(w.dilate) != {1}:
        raise ValueError(f'dilations={list(w.dilate)} cannot be run, only 1')
    outsize = w.outsize(x.shape[2:], bool(n.get('ceil_mode', 0)))
    # The end needs padding as far as the last window reaches, and no more windows.
    ends = [
        max((o - 1) * s + k - m - b, 0)
        for o, s, k, m, b in zip(
            outsize, w.stride, w.ksize, x.shape[2:], w.begin, strict=True
        )
    ]
    even = w._replace(end=w.begin)
    is_even = all(e <= b for e, b in zip(ends, w.begin, strict=True))
    if is_even and even.outsize(x.shape[2:], False) == outsize:
        w = even
    else:
        w = w._replace(end=tuple(ends))
    x, pad = w.padded(x, -numpy.inf)
    function = F.max_pooling_2d if x.ndim == 4 else F.max_pooling_nd
    return function(x, w.ksize, w.stride, pad, cover_all=False)


@operator('AveragePool')
def _average_pool(n: Node, x: Any) -> Any:
    n.only(ceil_mode=0)
    w = _Windows.of(n, x.shape[2:], n.get('kernel_shape'))
    if set(w.dilate) != {1}:
        raise ValueError(f'dilations={list(w.dilate)} cannot be run, only 1')
    counted = bool(n.get('count_include_pad', 0)) or not any(w.begin + w.end)
    if counted:
        x, pad = w.padded(x, 0)
    elif w.begin == w.end:
        pad = w.begin
    else:
        raise ValueError('different padding at both ends that is not counted')
    return F.average_pooling_nd(
        x, w.ksize, w.stride, pad, pad_value=0 if counted else None
    )


@operator('GlobalAveragePool', 'GlobalMaxPool')
def _global_pool(n: Node, x: Any) -> Any:
    function = F.average if n.operator == 'GlobalAveragePool' else F.max
    return function(x, axis=tuple(range(2, x.ndim)), keepdims=True)


# -- normalization ----------------------------------------------------------------------


@operator('LRN')
def _lrn(n: Node, x: Any) -> Any:
    size = n.get('size')
    alpha = n.get('alpha', 1e-4) / size
    k, beta = n.get('bias', 1.0), n.get('beta', 0.75)
    return F.local_response_normalization(x, size, k, alpha, beta)


@operator('BatchNormalization')
def _batch_normalization(
    n: Node, x: Any, gamma: Any, beta: Any, mean: Any, var: Any
) -> Any:
    n.only(training_mode=0)
    eps = n.get('epsilon', 1e-5)
    return F.fixed_batch_normalization(x, gamma, beta, mean, var, eps)


@operator('InstanceNormalization')
def _instance_normalization(n: Node, x: Any, gamma: Any, beta: Any) -> Any:
    eps = n.get('epsilon', 1e-5)
    return F.group_normalization(x, x.shape[1], gamma, beta, eps)


@operator('GroupNormalization')
def _group_normalization(n: Node, x: Any, gamma: Any, beta: Any) -> Any:
    groups, eps = n.get('num_groups'), n.get('epsilon', 1e-5)
    if n.opset < 21:  # one scale for each group then
        per_group = x.shape[1] // groups
        gamma, beta = [F.repeat(v, per_group, 0) for v in (gamma, beta)]
    return F.group_normalization(x, groups, gamma, beta, eps)


@operator('LayerNormalization')
def _layer_normalization(n: Node, x: Any, gamma: Any, beta: Any = None) -> Any:
    axis = n.get('axis', -1) % x.ndim
    width = math.prod(x.shape[axis:])
    rows = F.reshape(x, (-1, width))
    if beta is None:
        beta = numpy.zeros(width, x.dtype)
    gamma, beta = F.reshape(gamma, (width,)), F.reshape(beta, (width,))
    y = F.layer_normalization(rows, gamma, beta, n.get('epsilon', 1e-5))
    return F.reshape(y, x.shape)


@operator('LpNormalization')
def _lp_normalization(n: Node, x: Any) -> Any:
    n.only(p=2)
    axis = n.get('axis', -1) % x.ndim
    norm = F.sqrt(F.sum(x * x, axis, keepdims=True))
    divisor = F.where(norm.array == 0, numpy.ones_like(norm.array), norm)
    return x / F.broadcast_to(divisor, x.shape)


# -- products ---------------------------------------------------------------------------


@operator('Gemm')
def _gemm(n: Node, a: Any, b: Any, c: Any = None) -> Any:
    if n.get('transA', 0):
        a = F.transpose(a)
    if not n.get('transB', 0):
        b = F.transpose(b)
    alpha, beta = n.get('alpha', 1.0), n.get('beta', 1.0)
    fits = c is None or c.shape == (b.shape[0],)
    if (alpha, beta) == (1.0, 1.0) and fits:
        return F.linear(a, b, c)
    y = F.linear(a, b) * alpha
    return y if c is None else y + F.broadcast_to(c * beta, y.shape)


@operator('Einsum')
def _einsum(n: Node, *xs: Any) -> Any:
    return F.einsum(n.get('equation'), *xs)


@operator('Det')
def _det(n: Node, x: Any) -> Any:
    return F.det(x) if x.ndim == 2 else F.batch_det(x)


# -- reductions ---------------------------------------------------------------------------


def _reduction(function: Callable[..., Any]) -> Run:
    def run(n: Node, *inputs: Any) -> Any:
        x = inputs[0]
        axes = _given(n, inputs, 1, 'axes')
        if not axes and n.get('noop_with_empty_axes', 0):
            return x
        axes = list(range(x.ndim)) if not axes else [a % x.ndim for a in axes]
        y = function(x, axis=tuple(axes))
        if not n.get('keepdims', 1):
            return y
        kept = [1 if i in axes else m for i, m in enumerate(x.shape)]
        return F.reshape(y, tuple(kept))

    return run


_REDUCTIONS: dict[str, Run] = {
    'Max': F.max,
    'Mean': F.average,
    'Min': F.min,
    'Prod': F.prod,
    'Sum': F.sum,
    'LogSumExp': F.logsumexp,
    'L1': lambda x, axis: F.sum(abs(x), axis),
    'L2': lambda x, axis: F.sqrt(F.sum(x * x, axis)),
    'SumSquare': lambda x, axis: F.sum(x * x, axis),
}
for _operator, _function in _REDUCTIONS.items():
    RUNS[f'Reduce{_operator}'] = _reduction(_function)


@operator('ArgMax', 'ArgMin')
def _arg(n: Node, x: Any) -> Any:
    n.only(select_last_index=0)
    function = numpy.argmax if n.operator == 'ArgMax' else numpy.argmin
    axis, keep = n.get('axis', 0), bool(n.get('keepdims', 1))
    return function(as_array(x), axis=axis, keepdims=keep)


@operator('CumSum')
def _cumsum(n: Node, x: Any, axis: Any) -> Any:
    n.only(exclusive=0, reverse=0)
    return F.cumsum(x, int(as_array(axis)))


# -- shapes -------------------------------------------------------------------------------


@operator('Shape')
def _shape(n: Node, x: Any) -> Any:
    return numpy.array(x.shape[n.get('start', 0) : n.get('end')], numpy.int64)


@operator('Reshape')
def _reshape(n: Node, x: Any, shape: Any = None) -> Any:
    sizes = _ints(n.get('shape') if shape is None else shape)
    if not n.get('allowzero', 0):
        sizes = [size or x.shape[i] for i, size in enumerate(sizes)]
    return F.reshape(x, tuple(sizes))


@operator('Flatten')
def _flatten(n: Node, x: Any) -> Any:
    axis = n.get('axis', 1)
    axis = axis + x.ndim if axis < 0 else axis
    return F.reshape(x, (math.prod(x.shape[:axis]), math.prod(x.shape[axis:])))


@operator('Transpose')
def _transpose(n: Node, x: Any) -> Any:
    return F.transpose(x, n.get('perm'))


@operator('Squeeze')
def _squeeze(n: Node, *inputs: Any) -> Any:
    axes = _given(n, inputs, 1, 'axes')
    return F.squeeze(inputs[0], None if axes is None else tuple(axes))


@operator('Unsqueeze')
def _unsqueeze(n: Node, *inputs: Any) -> Any:
    x = inputs[0]
    axes = _given(n, inputs, 1, 'axes') or []
    ndim = x.ndim + len(axes)
    sizes = iter(x.shape)
    places = {axis % ndim for axis in axes}
    return F.reshape(x, tuple([1 if i in places else next(sizes) for i in range(ndim)]))


@operator('Expand')
def _expand(n: Node, x: Any, shape: Any) -> Any:
    return F.broadcast_to(x, numpy.broadcast_shapes(x.shape, tuple(_ints(shape))))


@operator('Concat')
def _concat(n: Node, *xs: Any) -> Any:
    return F.concat(xs, axis=n.get('axis'))


@operator('Split')
def _split(n: Node, *inputs: Any) -> Any:
    x, axis = inputs[0], n.get('axis', 0)
    sizes = _given(n, inputs, 1, 'split')
    if sizes is None:
        most = -(-x.shape[axis] // n.n_out)
        bounds = [min(most * i, x.shape[axis]) for i in range(1, n.n_out)]
    else:
        bounds = numpy.cumsum(sizes)[:-1].tolist()
    return tuple(F.split_axis(x, bounds, axis)) if bounds else (F.identity(x),)


@operator('Slice')
def _slice(n: Node, *inputs: Any) -> Any:
    x = inputs[0]
    starts, ends = _given(n, inputs, 1, 'starts'), _given(n, inputs, 2, 'ends')
    axes = _given(n, inputs, 3, 'axes') or list(range(len(starts or [])))
    steps = _given(n, inputs, 4, 'steps') or [1] * len(axes)
    index = [slice(None)] * x.ndim
    for axis, start, end, step in zip(
        axes, starts or [], ends or [], steps, strict=True
    ):
        last: int | None = end
        if step < 0 and end < -x.shape[axis]:
            last = None
        index[axis % x.ndim] = slice(start, last, step)
    return F.get_item(x, tuple(index))


@operator('Gather')
def _gather(n: Node, x: Any, indices: Any) -> Any:
    axis = n.get('axis', 0) % x.ndim
    numbers = as_array(indices)
    if axis == 0 and x.ndim == 2 and numbers.ndim:
        numbers = numpy.where(numbers < 0, numbers + len(x), numbers)
        return F.embed_id(numbers.astype('i'), x)
    return F.get_item(x, (slice(None),) * axis + (numbers,))


@operator('GatherElements')
def _gather_elements(n: Node, x: Any, indices: Any) -> Any:
    axis = n.get('axis', 0) % x.ndim
    numbers = as_array(indices)
    places = list(numpy.ogrid[tuple([slice(size) for size in numbers.shape])])
    places[axis] = numbers
    return F.get_item(x, tuple(numpy.broadcast_arrays(*places)))


@operator('Pad')
def _pad(n: Node, *inputs: Any) -> Any:
    x = inputs[0]
    pads = _given(n, inputs, 1, 'pads') or []
    value = inputs[2] if len(inputs) > 2 else None
    constant = n.get('value', 0.0) if value is None else float(as_array(value).item())
    axes = _given(n, inputs, 3, '') or list(range(x.ndim))
    width = [(0, 0)] * x.ndim
    for i, axis in enumerate(axes):
        width[axis] = (pads[i], pads[i + len(axes)])
    if any(p < 0 for pair in width for p in pair):
        raise ValueError(f'pads={pads} cut the input, which cannot be run')
    mode = n.get('mode', 'constant')
    if mode == 'constant':
        return F.pad(x, width, mode, constant_values=constant)
    return F.pad(x, width, mode)


@operator('Tile')
def _tile(n: Node, x: Any, repeats: Any) -> Any:
    return F.tile(x, tuple(_ints(repeats)))


@operator('DepthToSpace')
def _depth_to_space(n: Node, x: Any) -> Any:
    r = n.get('blocksize')
    if n.get('mode', 'DCR') == 'DCR':
        return F.depth2space(x, r)
    N, C, H, W = x.shape
    x = F.reshape(x, (N, C // r**2, r, r, H, W))
    return F.reshape(F.transpose(x, (0, 1, 4, 2, 5, 3)), (N, C // r**2, H * r, W * r))


@operator('SpaceToDepth')
def _space_to_depth(n: Node, x: Any) -> Any:
    n.only(mode='DCR')
    return F.space2depth(x, n.get('blocksize'))


@operator('Resize', 'Upsample')
def _resize(n: Node, x: Any, *rest: Any) -> Any:
    n.only(antialias=0, axes=None, keep_aspect_ratio_policy='stretch')
    n.only(exclude_outside=0)
    if n.operator == 'Upsample' or n.opset < 11:
        scales, sizes = (rest[0] if rest else numpy.array(n.get('scales'))), None
        how, rounding = 'asymmetric', 'floor'
    else:
        scales = rest[1] if len(rest) > 1 else None
        sizes = rest[2] if len(rest) > 2 else None
        how = n.get('coordinate_transformation_mode', 'half_pixel')
        rounding = n.get('nearest_mode', 'round_prefer_floor')
    if sizes is not None:
        outsize = _ints(sizes)
        factors = [o / m for o, m in zip(outsize, x.shape, strict=True)]
    else:
        factors = numpy.ravel(as_array(scales)).tolist()
        outsize = [int(m * s) for m, s in zip(x.shape, factors, strict=True)]
    mode = n.get('mode', 'nearest')
    # Whole pixels are repeated, however the places between them are rounded.
    repeated = rounding == 'floor' if how == 'asymmetric' else how == 'half_pixel'
    repeated = repeated and rounding in ('floor', 'round_prefer_floor')
    if mode == 'nearest' and repeated and all(s == int(s) for s in factors):
        for axis, factor in enumerate(factors):
            if factor != 1:
                x = F.repeat(x, int(factor), axis)
        return x
    known = how in ('half_pixel', 'align_corners') and mode == 'linear' and x.ndim == 4
    exact = all(m * s == o for m, s, o in zip(x.shape, factors, outsize, strict=True))
    if not (known and exact):
        raise ValueError(
            f'mode={mode!r} by {how!r} ({rounding}) from {x.shape} to {outsize}'
        )
    align = how == 'align_corners'
    return F.resize_images(x, tuple(outsize[2:]), align_corners=align)


@operator('ConstantOfShape', 'Range', 'OneHot', 'NonZero')
def _of_constants(n: Node, *inputs: Any) -> Any:
    raise ValueError('it can only be run on what does not depend on the inputs')
