"""One operation at a time, forward and backward, on arrays of three sizes.

A row says the operation in both libraries, and which arrays it takes. PyTorch's side is
the function that its users would write.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from benchmarks.harness import MINIGRAD, TORCH, Case

Shape = tuple[int, ...]

# Small, medium and large.
MATRIX = (16, 64), (256, 1024), (2048, 2048)
IMAGES = (4, 16, 8, 8), (32, 64, 28, 28), (32, 64, 56, 56)
FEW_IMAGES = (4, 16, 8, 8), (16, 32, 28, 28), (16, 64, 56, 56)
SQUARE = (32, 32), (256, 256), (1024, 1024)
STACK = (4, 16, 16), (16, 128, 128), (32, 256, 256)
VOLUMES = (1, 4, 6, 6, 6), (4, 16, 14, 14, 14), (4, 32, 16, 28, 28)
SIZES = 'small', 'medium', 'large'


class Op(NamedTuple):
    """An operation.

    Attributes:
        name: Name in the table.
        minigrad: From ``F`` and Variables to the result.
        torch: From ``torch``, its ``functional`` and tensors to the result.
        shapes: The shape of the first array in three sizes.
        others: From that shape to the shapes of further arrays with gradients.
        positive: Whether the first array has only positive numbers.
    """

    name: str
    minigrad: Callable[..., Any]
    torch: Callable[..., Any]
    shapes: tuple[Shape, Shape, Shape] = MATRIX
    others: Callable[[Shape], list[Shape]] = lambda shape: []
    positive: bool = False


def _same(shape: Shape) -> list[Shape]:
    return [shape]


def _last(shape: Shape) -> list[Shape]:
    return [shape[-1:]] * 2


def _channels(shape: Shape) -> list[Shape]:
    return [shape[1:2]] * 2


def _filters(out: int, *window: int, groups: int = 1) -> Callable[[Shape], list[Shape]]:
    def shapes(shape: Shape) -> list[Shape]:
        channels = shape[1] * out
        return [(channels, shape[1] // (groups or shape[1]), *window), (channels,)]

    return shapes


def _unary(name: str, torch_name: str = '', **options: Any) -> Op:
    """An operation of one array that both libraries have under a name."""
    return Op(
        name,
        lambda F, x: getattr(F, name)(x),
        lambda torch, TF, x: getattr(
            torch if hasattr(torch, torch_name or name) else TF, torch_name or name
        )(x),
        **options,
    )


@functools.cache
def _labels(rows: int, classes: int) -> Any:
    return np.random.default_rng(1).integers(0, classes, rows)


@functools.cache
def _mask(shape: Shape) -> Any:
    return np.random.default_rng(1).random(shape) < 0.5


@functools.cache
def _targets(shape: Shape, dtype: str) -> Any:
    return _mask(shape).astype(dtype)


def _torch_of(torch: Any, array: Any) -> Any:
    return torch.from_numpy(array)


OPS = [
    # arithmetic
    Op('add', lambda F, x, y: x + y, lambda torch, TF, x, y: x + y, others=_same),
    Op('subtract', lambda F, x, y: x - y, lambda torch, TF, x, y: x - y, others=_same),
    Op('multiply', lambda F, x, y: x * y, lambda torch, TF, x, y: x * y, others=_same),
    Op(
        'divide', lambda F, y, x: x / y, lambda torch, TF, y, x: x / y,
        others=_same, positive=True,
    ),
    Op('add_number', lambda F, x: x + 1.5, lambda torch, TF, x: x + 1.5),
    Op('multiply_number', lambda F, x: x * 1.5, lambda torch, TF, x: x * 1.5),
    Op('negative', lambda F, x: -x, lambda torch, TF, x: -x),
    Op('power_2', lambda F, x: x**2, lambda torch, TF, x: x**2),
    Op('power_1.5', lambda F, x: x**1.5, lambda torch, TF, x: x**1.5, positive=True),
    Op(
        'add_row', lambda F, x, b, c: x + F.broadcast_to(b, x.shape),
        lambda torch, TF, x, b, c: x + b, others=_last,
    ),
    # elementary functions
    *[
        _unary(name)
        for name in ('absolute', 'exp', 'expm1', 'sin', 'cos', 'tanh', 'square')
    ],
    _unary('log', positive=True),
    _unary('log1p', positive=True),
    _unary('sqrt', positive=True),
    _unary('rsqrt', positive=True),
    _unary('erf'),
    Op(
        'maximum', lambda F, x, y: F.maximum(x, y),
        lambda torch, TF, x, y: torch.maximum(x, y), others=_same,
    ),
    Op(
        'minimum', lambda F, x, y: F.minimum(x, y),
        lambda torch, TF, x, y: torch.minimum(x, y), others=_same,
    ),
    Op('clip', lambda F, x: F.clip(x, -1.0, 1.0), lambda torch, TF, x: x.clamp(-1, 1)),
    Op(
        'where', lambda F, x, y: F.where(_mask(x.shape), x, y),
        lambda torch, TF, x, y: torch.where(_torch_of(torch, _mask(x.shape)), x, y),
        others=_same,
    ),
    # activations
    *[
        _unary(name)
        for name in (
            'sigmoid', 'relu', 'relu6', 'selu', 'silu', 'mish', 'gelu', 'softsign',
            'softplus', 'elu',
        )
    ],
    Op(
        'hard_sigmoid', lambda F, x: F.hard_sigmoid(x),
        lambda torch, TF, x: (x * 0.2 + 0.5).clamp(0, 1),
    ),
    Op(
        'leaky_relu', lambda F, x: F.leaky_relu(x, 0.2),
        lambda torch, TF, x: TF.leaky_relu(x, 0.2),
    ),
    Op(
        'prelu', lambda F, x, w, v: F.prelu(x, w),
        lambda torch, TF, x, w, v: TF.prelu(x, w), IMAGES, _channels,
    ),
    Op('softmax', lambda F, x: F.softmax(x), lambda torch, TF, x: TF.softmax(x, 1)),
    Op(
        'log_softmax', lambda F, x: F.log_softmax(x),
        lambda torch, TF, x: TF.log_softmax(x, 1),
    ),
    Op(
        'softmax_images', lambda F, x: F.softmax(x),
        lambda torch, TF, x: TF.softmax(x, 1), IMAGES,
    ),
    Op('glu', lambda F, x: _glu(F, x), lambda torch, TF, x: TF.glu(x, 1)),
    # reductions
    Op('sum', lambda F, x: F.sum(x), lambda torch, TF, x: x.sum()),
    Op('sum_rows', lambda F, x: F.sum(x, axis=1), lambda torch, TF, x: x.sum(1)),
    Op('sum_columns', lambda F, x: F.sum(x, axis=0), lambda torch, TF, x: x.sum(0)),
    Op('mean', lambda F, x: F.mean(x), lambda torch, TF, x: x.mean()),
    Op('max_rows', lambda F, x: F.max(x, axis=1), lambda torch, TF, x: x.amax(1)),
    Op(
        'logsumexp', lambda F, x: F.logsumexp(x, axis=1),
        lambda torch, TF, x: torch.logsumexp(x, 1),
    ),
    Op(
        'prod', lambda F, x: F.prod(x, axis=1), lambda torch, TF, x: x.prod(1),
        positive=True,
    ),
    Op('cumsum', lambda F, x: F.cumsum(x, axis=1), lambda torch, TF, x: x.cumsum(1)),
    # shapes
    Op(
        'transpose', lambda F, x: F.transpose(x) * 2.0, lambda torch, TF, x: x.T * 2.0
    ),
    Op(
        'transpose_images', lambda F, x: F.transpose(x, (0, 2, 3, 1)) * 2.0,
        lambda torch, TF, x: x.permute(0, 2, 3, 1).contiguous() * 2.0, IMAGES,
    ),
    Op('reshape', lambda F, x: F.reshape(x, (-1,)), lambda torch, TF, x: x.reshape(-1)),
    Op(
        'concat', lambda F, x, y: F.concat([x, y]),
        lambda torch, TF, x, y: torch.cat([x, y], 1), others=_same,
    ),
    Op(
        'stack', lambda F, x, y: F.stack([x, y]),
        lambda torch, TF, x, y: torch.stack([x, y]), others=_same,
    ),
    Op(
        'split', lambda F, x: F.split_axis(x, 2, 1)[0],
        lambda torch, TF, x: torch.chunk(x, 2, 1)[0],
    ),
    Op('slice', lambda F, x: x[:, 1:-1], lambda torch, TF, x: x[:, 1:-1]),
    Op(
        'pad', lambda F, x: F.pad(x, 2, 'constant'),
        lambda torch, TF, x: TF.pad(x, (2, 2, 2, 2)),
    ),
    Op(
        'broadcast', lambda F, x: F.broadcast_to(x[:1], x.shape) * 2.0,
        lambda torch, TF, x: x[:1].expand(x.shape) * 2.0,
    ),
    Op('flip', lambda F, x: F.flip(x, 1), lambda torch, TF, x: x.flip(1)),
    Op('repeat', lambda F, x: F.tile(x, (1, 2)), lambda torch, TF, x: x.repeat(1, 2)),
    # tables and labels
    Op(
        'embed_id', lambda F, W: F.embed_id(_labels(W.shape[0], W.shape[0]), W),
        lambda torch, TF, W: TF.embedding(
            _torch_of(torch, _labels(W.shape[0], W.shape[0])), W
        ),
        ((100, 16), (10_000, 256), (50_000, 512)),
    ),
    Op(
        'select_item', lambda F, x: F.select_item(x, _labels(*x.shape)),
        lambda torch, TF, x: x.gather(1, _torch_of(torch, _labels(*x.shape))[:, None])[
            :, 0
        ],
    ),
    # losses
    Op(
        'softmax_cross_entropy',
        lambda F, x: F.softmax_cross_entropy(x, _labels(*x.shape)),
        lambda torch, TF, x: TF.cross_entropy(x, _torch_of(torch, _labels(*x.shape))),
    ),
    Op(
        'sigmoid_cross_entropy',
        lambda F, x: F.sigmoid_cross_entropy(x, _targets(x.shape, 'i')),
        lambda torch, TF, x: TF.binary_cross_entropy_with_logits(
            x, _torch_of(torch, _targets(x.shape, 'f'))
        ),
    ),
    Op(
        'mean_squared_error', lambda F, x, y: F.mean_squared_error(x, y),
        lambda torch, TF, x, y: TF.mse_loss(x, y), others=_same,
    ),
    Op(
        'mean_absolute_error', lambda F, x, y: F.mean_absolute_error(x, y),
        lambda torch, TF, x, y: TF.l1_loss(x, y), others=_same,
    ),
    Op(
        'huber_loss', lambda F, x, y: F.sum(F.huber_loss(x, y, 1.0)),
        lambda torch, TF, x, y: TF.huber_loss(x, y, reduction='sum'), others=_same,
    ),
    # normalization and noise
    Op(
        'layer_normalization', lambda F, x, g, b: F.layer_normalization(x, g, b),
        lambda torch, TF, x, g, b: TF.layer_norm(x, x.shape[1:], g, b), others=_last,
    ),
    Op(
        'group_normalization', lambda F, x, g, b: F.group_normalization(x, 8, g, b),
        lambda torch, TF, x, g, b: TF.group_norm(x, 8, g, b), IMAGES, _channels,
    ),
    Op(
        'batch_normalization', lambda F, x, g, b: F.batch_normalization(x, g, b),
        lambda torch, TF, x, g, b: TF.batch_norm(x, None, None, g, b, True),
        IMAGES, _channels,
    ),
    Op(
        'batch_normalization_rows', lambda F, x, g, b: F.batch_normalization(x, g, b),
        lambda torch, TF, x, g, b: TF.batch_norm(x, None, None, g, b, True),
        others=_last,
    ),
    Op(
        'local_response_normalization', lambda F, x: F.local_response_normalization(
            x, 5, 1.0, 2e-5
        ),
        lambda torch, TF, x: TF.local_response_norm(x, 5), IMAGES,
    ),
    Op('normalize', lambda F, x: F.normalize(x), lambda torch, TF, x: TF.normalize(x)),
    Op('dropout', lambda F, x: F.dropout(x), lambda torch, TF, x: TF.dropout(x)),
    # products
    Op(
        'matmul', lambda F, x, y: F.matmul(x, y), lambda torch, TF, x, y: x @ y,
        SQUARE, _same,
    ),
    Op(
        'batch_matmul', lambda F, x, y: F.matmul(x, y), lambda torch, TF, x, y: x @ y,
        STACK, _same,
    ),
    Op(
        'linear', lambda F, x, W, b: F.linear(x, W, b),
        lambda torch, TF, x, W, b: TF.linear(x, W, b),
        ((16, 64), (128, 1024), (512, 2048)),
        lambda shape: [(shape[1] // 2, shape[1]), (shape[1] // 2,)],
    ),
    Op(
        'attention',
        lambda F, q, k: F.scaled_dot_product_attention(q, k, k),
        lambda torch, TF, q, k: TF.scaled_dot_product_attention(q, k, k),
        ((2, 2, 16, 16), (4, 8, 64, 64), (8, 8, 128, 64)), _same,
    ),
    # convolution and pooling
    *[
        Op(
            name,
            lambda F, x, W, b, s=stride, p=pad: F.convolution_2d(x, W, b, s, p),
            lambda torch, TF, x, W, b, s=stride, p=pad: TF.conv2d(x, W, b, s, p),
            FEW_IMAGES, _filters(1, size, size),
        )
        for name, size, stride, pad in (
            ('convolution_3x3', 3, 1, 1),
            ('convolution_3x3_stride_2', 3, 2, 1),
            ('convolution_1x1', 1, 1, 0),
            ('convolution_5x5', 5, 1, 2),
        )
    ],
    Op(
        'depthwise_convolution',
        lambda F, x, W, b: F.convolution_2d(x, W, b, 1, 1, groups=x.shape[1]),
        lambda torch, TF, x, W, b: TF.conv2d(x, W, b, 1, 1, groups=x.shape[1]),
        FEW_IMAGES, _filters(1, 3, 3, groups=0),
    ),
    Op(
        'deconvolution_2x2',
        lambda F, x, W: F.deconvolution_2d(x, W, None, 2),
        lambda torch, TF, x, W: TF.conv_transpose2d(x, W, None, 2),
        FEW_IMAGES, lambda shape: [(shape[1], shape[1], 2, 2)],
    ),
    Op(
        'convolution_3d', lambda F, x, W, b: F.convolution_nd(x, W, b, 1, 1),
        lambda torch, TF, x, W, b: TF.conv3d(x, W, b, 1, 1),
        VOLUMES, _filters(1, 3, 3, 3),
    ),
    Op(
        'max_pooling_2x2', lambda F, x: F.max_pooling_2d(x, 2),
        lambda torch, TF, x: TF.max_pool2d(x, 2), IMAGES,
    ),
    Op(
        'max_pooling_3x3', lambda F, x: F.max_pooling_2d(x, 3, 2, cover_all=False),
        lambda torch, TF, x: TF.max_pool2d(x, 3, 2), IMAGES,
    ),
    Op(
        'average_pooling_2x2', lambda F, x: F.average_pooling_2d(x, 2),
        lambda torch, TF, x: TF.avg_pool2d(x, 2), IMAGES,
    ),
    Op(
        'resize', lambda F, x: F.resize_images(x, (x.shape[2] * 2, x.shape[3] * 2)),
        lambda torch, TF, x: TF.interpolate(
            x, scale_factor=2, mode='bilinear', align_corners=True
        ),
        FEW_IMAGES,
    ),
    Op(
        'unpooling', lambda F, x: F.unpooling_2d(x, 2, cover_all=False),
        lambda torch, TF, x: TF.interpolate(x, scale_factor=2), FEW_IMAGES,
    ),
]  # fmt: skip


def _glu(F: Any, x: Any) -> Any:
    a, b = F.split_axis(x, 2, 1)
    return a * F.sigmoid(b)


def _arrays(op: Op, size: int) -> list[Any]:
    rng = np.random.default_rng(0)
    shape = op.shapes[size]
    arrays = [rng.standard_normal(s).astype('f') for s in (shape, *op.others(shape))]
    if op.positive:
        arrays[0] = np.abs(arrays[0]) + np.float32(0.5)
    return arrays


def _minigrad(op: Op, size: int) -> Callable[[], Callable[[], Any]]:
    def build() -> Callable[[], Any]:
        import minigrad
        import minigrad.functions as F

        inputs = [minigrad.Variable(array) for array in _arrays(op, size)]
        seed = np.ones_like(op.minigrad(F, *inputs).array)

        def step() -> None:
            for x in inputs:
                x.cleargrad()
            y = op.minigrad(F, *inputs)
            y.grad = seed
            y.backward()

        return step

    return build


def _torch(op: Op, size: int) -> Callable[[], Callable[[], Any]]:
    def build() -> Callable[[], Any]:
        import torch
        import torch.nn.functional as TF

        inputs = [torch.from_numpy(a).requires_grad_() for a in _arrays(op, size)]
        seed = torch.ones_like(op.torch(torch, TF, *inputs))

        def step() -> None:
            for x in inputs:
                x.grad = None
            op.torch(torch, TF, *inputs).backward(seed)

        return step

    return build


CASES = [
    Case(
        f'ops.{op.name}.{size}',
        {MINIGRAD: _minigrad(op, number), TORCH: _torch(op, number)},
        unit='us',
        target=1.0,
        full=size != 'medium',
        rounds=7,
    )
    for number, size in enumerate(SIZES)
    for op in OPS
]
