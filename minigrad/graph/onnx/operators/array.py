"""Functions that move elements: shapes, joints, parts and indices."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.graph.onnx.builder import (
    Builder,
    UnsupportedFunction,
    operator,
    plain,
)

plain('Concat', 'Concat', axis='axis')
plain('Shape', 'Shape')


@operator('Identity', 'Copy')
def _identity(b: Builder, f: Any, *xs: str) -> Any:
    return tuple([b.op('Identity', x) for x in xs])


@operator('Reshape', 'Squeeze', 'ExpandDims')
def _reshape(b: Builder, f: Any, x: str, shape: str | None = None) -> Any:
    # A shape that is computed is that of a function wrapped by onnx_chainer.replace_func.
    return b.reshape(x, b.outputs[0]) if shape is None else b.op('Reshape', x, shape)


@operator('BroadcastTo')
def _broadcast_to(b: Builder, f: Any, x: str) -> Any:
    return b.op('Expand', x, list(b.outputs[0]))


@operator('Broadcast')
def _broadcast(b: Builder, f: Any, *xs: str) -> Any:
    return tuple([b.op('Expand', x, list(b.outputs[0])) for x in xs])


@operator('SumTo')
def _sum_to(b: Builder, f: Any, x: str) -> Any:
    before, after = b.shapes[0], b.outputs[0]
    lead = len(before) - len(after)
    axes = [i for i, n in enumerate(before) if i < lead or n != after[i - lead]]
    return b.reshape(b.reduce('Sum', x, axes, keepdims=True), after)


def moved(b: Builder, x: str, order: Any) -> str:
    """Puts the axes into another order."""
    return str(b.op('Transpose', x, perm=[int(axis) for axis in order]))


@operator('Transpose')
def _transpose(b: Builder, f: Any, x: str) -> Any:
    n = len(b.shapes[0])
    axes = range(n)[::-1] if f.axes is None else [axis % n for axis in f.axes]
    return moved(b, x, axes)


def _order(b: Builder, move: Any) -> Any:
    """Finds the order of the axes that a function of NumPy makes."""
    n = len(b.shapes[0])
    sizes = numpy.arange(2, n + 2)
    return [size - 2 for size in move(numpy.empty(sizes, 'b')).shape]


@operator('Swapaxes')
def _swapaxes(b: Builder, f: Any, x: str) -> Any:
    return moved(b, x, _order(b, lambda a: a.swapaxes(f.axis1, f.axis2)))


@operator('Moveaxis')
def _moveaxis(b: Builder, f: Any, x: str) -> Any:
    order = _order(b, lambda a: numpy.moveaxis(a, f.source, f.destination))
    return moved(b, x, order)


@operator('Rollaxis')
def _rollaxis(b: Builder, f: Any, x: str) -> Any:
    return moved(b, x, _order(b, lambda a: numpy.rollaxis(a, f.axis, f.start)))


@operator('Flip', 'FlipLR', 'FlipUD')
def _flip(b: Builder, f: Any, x: str) -> Any:
    axis = {'FlipLR': 1, 'FlipUD': 0}.get(type(f).__name__, getattr(f, 'axis', 0))
    end = numpy.iinfo(numpy.int64).min
    return b.op('Slice', x, [-1], [end], [axis], [-1])


@operator('Stack')
def _stack(b: Builder, f: Any, *xs: str) -> Any:
    axis = f.axis % len(b.outputs[0])
    return b.op('Concat', *[b.op('Unsqueeze', x, [axis]) for x in xs], axis=axis)


@operator('Hstack', 'Vstack', 'Dstack')
def _joined(b: Builder, f: Any, *xs: str) -> Any:
    n = len(b.outputs[0])
    axis = {'Hstack': 1 if len(b.shapes[0]) > 1 else 0, 'Vstack': 0, 'Dstack': 2}
    shapes: dict[int, Any] = {1: numpy.atleast_1d, 2: numpy.atleast_2d}
    stack = shapes.get(n, numpy.atleast_3d)
    shaped = [
        b.op('Reshape', x, list(stack(numpy.empty(shape, 'b')).shape))
        if len(shape) < n
        else x
        for x, shape in zip(xs, b.shapes, strict=True)
    ]
    return b.op('Concat', *shaped, axis=axis[type(f).__name__])


@operator('Separate')
def _separate(b: Builder, f: Any, x: str) -> Any:
    axis, n = f.axis % len(b.shapes[0]), len(b.outputs)
    parts = parts_of(b, x, [1] * n, axis)
    return tuple([b.op('Squeeze', part, [axis]) for part in parts])


def parts_of(b: Builder, x: str, sizes: list[int], axis: int) -> tuple[str, ...]:
    """Cuts along an axis into parts of these sizes."""
    parts = b.op('Split', x, sizes, n_out=len(sizes), axis=axis)
    return (parts,) if isinstance(parts, str) else parts


@operator('SplitAxis')
def _split_axis(b: Builder, f: Any, x: str) -> Any:
    axis = f.axis % len(b.shapes[0])
    return parts_of(b, x, [shape[axis] for shape in b.outputs], axis)


@operator('GetItem')
def _get_item(b: Builder, f: Any, x: str) -> Any:
    """Slices, numbers and new axes by their operators; anything else by one gather."""
    shape = b.shapes[0]
    index = _without_ellipsis(f.slices, len(shape))
    if not all(_is_plain(i) for i in index):
        return _gathered(b, x, index, shape)
    slices: dict[int, slice] = {}
    squeezed: list[int] = []
    for axis, i in enumerate([i for i in index if i is not None]):
        if not isinstance(i, slice):
            at = int(i) % shape[axis]
            slices[axis] = slice(at, at + 1)
            squeezed.append(axis)
        elif i != slice(None):
            slices[axis] = i
    y = _sliced(b, x, slices, shape)
    if squeezed:
        y = b.op('Squeeze', y, squeezed)
    if None in index:
        left = [i for i in index if i is None or isinstance(i, slice)]
        y = b.op('Unsqueeze', y, [k for k, i in enumerate(left) if i is None])
    return b.op('Identity', y) if y == x else y


def _is_plain(i: Any) -> bool:
    """Tells a slice, a new axis or a number from an array or a bool."""
    is_bool = isinstance(i, (bool, numpy.bool_))
    return i is None or isinstance(i, slice) or (numpy.ndim(i) == 0 and not is_bool)


def _without_ellipsis(index: Any, ndim: int) -> list[Any]:
    """Returns an index with an entry for each axis; lists become arrays."""
    index = list(index) if isinstance(index, tuple) else [index]
    index = [numpy.asarray(i) if isinstance(i, list) else i for i in index]
    n_axes = 0
    for i in index:
        if isinstance(i, (bool, numpy.bool_)) or i is None or i is Ellipsis:
            continue
        is_mask = isinstance(i, numpy.ndarray) and i.dtype == bool
        n_axes += i.ndim if is_mask else 1
    at = next((k for k, i in enumerate(index) if i is Ellipsis), len(index))
    return [*index[:at], *[slice(None)] * (ndim - n_axes), *index[at + 1 :]]


def _gathered(b: Builder, x: str, index: list[Any], shape: tuple[int, ...]) -> str:
    """Takes elements by index arrays: one gather from axes made into one."""
    arrays = [axis for axis, i in enumerate(index) if not isinstance(i, slice)]
    others = [i for axis, i in enumerate(index) if axis not in arrays]
    if len(arrays) == 1 and all(i == slice(None) for i in others):
        (axis,) = arrays
        numbers = index[axis]
        if isinstance(numbers, numpy.ndarray) and numbers.dtype != bool:
            numbers = numpy.where(numbers < 0, numbers + shape[axis], numbers)
            return str(b.op('Gather', x, numbers.astype(numpy.int64), axis=axis))
    size = int(numpy.prod(shape[1:]))
    if isinstance(index[0], slice) and index[0] == slice(None):
        # The first axis is taken as it is, of any length, if it stays the first.
        two = numpy.arange(2 * size).reshape(2, *shape[1:])[tuple(index)]
        if len(two) == 2 and (two[1] - two[0] == size).all():
            return str(b.op('Gather', b.op('Reshape', x, [0, size]), two[0], axis=1))
    places = numpy.arange(shape[0] * size).reshape(shape)[tuple(index)]
    return str(b.op('Gather', b.op('Reshape', x, [-1]), places, axis=0))


def _sliced(b: Builder, x: str, slices: dict[int, slice], shape: Any) -> str:
    """Takes slices along axes."""
    if not slices:
        return x
    limits = numpy.iinfo(numpy.int64)
    starts, ends, steps = [], [], []
    for axis, part in slices.items():
        start, stop, step = part.indices(shape[axis])
        starts.append(start)
        # A first axis may be longer in use: what reaches its end goes on to do so.
        ends.append(limits.max if part.stop is None and step > 0 else stop)
        if step < 0 and stop < 0:
            ends[-1] = limits.min
        steps.append(step)
    return str(b.op('Slice', x, starts, ends, list(slices), steps))


@operator('TransposeSequence')
def _transpose_sequence(b: Builder, f: Any, *xs: str) -> Any:
    """Of these lengths; those of other inputs are other graphs."""
    steps: list[list[str]] = [[] for _ in b.outputs]
    for x, shape in zip(xs, b.shapes, strict=True):
        for step, part in zip(steps, parts_of(b, x, [1] * shape[0], 0), strict=False):
            step.append(part)
    return tuple([b.op('Concat', *step, axis=0) for step in steps])


@operator('PadSequence')
def _pad_sequence(b: Builder, f: Any, *xs: str) -> Any:
    """Of these lengths; those of other inputs are other graphs."""
    length = b.outputs[0][1]
    rows = []
    for x, shape in zip(xs, b.shapes, strict=True):
        if shape[0] < length:
            rest = len(shape) - 1
            pads = [*[0] * len(shape), length - shape[0], *[0] * rest]
            x = b.op('Pad', x, pads, float(f.padding))
        rows.append(b.op('Unsqueeze', x, [0]))
    return b.op('Concat', *rows, axis=0)


@operator('Where')
def _where(b: Builder, f: Any, x: str, y: str) -> Any:
    return b.op('Where', b.name_of(f.condition), x, y)


@operator('_Masked')
def _masked(b: Builder, f: Any, x: str) -> Any:
    return b.op('Where', b.name_of(f.mask), x, 0.0)


@operator('Cast')
def _cast(b: Builder, f: Any, x: str) -> Any:
    return b.cast(x, f.type)


@operator('SelectItem')
def _select_item(b: Builder, f: Any, x: str, t: str) -> Any:
    columns = b.op('Unsqueeze', b.cast(t, 'int64'), [1])
    return b.op('Squeeze', b.op('GatherElements', x, columns, axis=1), [1])


@operator('OneHot')
def _one_hot(b: Builder, f: Any, t: str) -> Any:
    values = numpy.array([0, 1], f.dtype)
    return b.op('OneHot', b.cast(t, 'int64'), numpy.array(f.n_classes), values, axis=-1)


@operator('Permutate')
def _permutate(b: Builder, f: Any, x: str) -> Any:
    order = numpy.argsort(f.indices) if f.inv else numpy.asarray(f.indices)
    axis = f.axis % len(b.shapes[0])
    return b.op('Gather', x, order.astype(numpy.int64), axis=axis)


@operator('Repeat')
def _repeat(b: Builder, f: Any, x: str) -> Any:
    if f.axis is None:
        x, n, axis = b.op('Reshape', x, [-1]), int(numpy.prod(b.shapes[0])), 0
    else:
        axis = f.axis % len(b.shapes[0])
        n = b.shapes[0][axis]
    rows = numpy.arange(n).repeat(f.repeats if len(f.repeats) > 1 else f.repeats[0])
    return b.op('Gather', x, rows, axis=axis)


@operator('Tile')
def _tile(b: Builder, f: Any, x: str) -> Any:
    shape, reps = list(b.shapes[0]), list(f.reps)
    if len(reps) > len(shape):
        x = b.op('Reshape', x, [1] * (len(reps) - len(shape)) + shape)
    return b.op('Tile', x, [1] * (len(shape) - len(reps)) + reps)


@operator('Pad')
def _pad(b: Builder, f: Any, x: str) -> Any:
    modes = {'constant': 'constant', 'reflect': 'reflect', 'edge': 'edge'}
    if f.mode not in modes or set(f.keywords) - {'constant_values'}:
        raise UnsupportedFunction(f'to_onnx: pad with mode={f.mode!r}')
    value = f.keywords.get('constant_values', 0)
    if numpy.ndim(value):
        raise UnsupportedFunction('to_onnx: pad with different constants')
    width = numpy.asarray(f.pad_width)
    pads = [*width[:, 0].tolist(), *width[:, 1].tolist()]
    constant = float(value) if f.mode == 'constant' else None
    return b.op('Pad', x, pads, constant, mode=modes[f.mode])


@operator('Depth2Space')
def _depth2space(b: Builder, f: Any, x: str) -> Any:
    return b.op('DepthToSpace', x, blocksize=f.r, mode='DCR')


@operator('Space2Depth')
def _space2depth(b: Builder, f: Any, x: str) -> Any:
    return b.op('SpaceToDepth', x, blocksize=f.r)


@operator('Diagonal')
def _diagonal(b: Builder, f: Any, x: str) -> Any:
    offset, axis1, axis2 = f.place
    shape = b.shapes[0]
    n = len(shape)
    axis1, axis2 = axis1 % n, axis2 % n
    others = [axis for axis in range(n) if axis not in (axis1, axis2)]
    length = b.outputs[0][-1]
    rows = numpy.arange(length) - min(offset, 0)
    places = rows * shape[axis2] + numpy.arange(length) + max(offset, 0)
    flat = [*[shape[axis] for axis in others], shape[axis1] * shape[axis2]]
    y = b.op('Reshape', moved(b, x, [*others, axis1, axis2]), flat)
    return b.op('Gather', y, places, axis=len(others))


@operator('ResizeImages')
def _resize_images(b: Builder, f: Any, x: str) -> Any:
    if f.mode not in ('bilinear', 'nearest'):
        raise UnsupportedFunction(f'to_onnx: resize_images with mode={f.mode!r}')
    if f.mode == 'nearest':
        raise UnsupportedFunction('to_onnx: resize_images to the nearest pixel')
    batch = b.op('Slice', b.op('Shape', x), [0], [2])
    return b.op(
        'Resize',
        x,
        None,
        None,
        b.op('Concat', batch, list(f.size), axis=0),
        mode='linear',
        coordinate_transformation_mode=(
            'align_corners' if f.align_corners else 'half_pixel'
        ),
    )


@operator('Im2Col')
def _im2col(b: Builder, f: Any, x: str) -> Any:
    """A convolution with filters that each pick one element of the window."""
    s, (_, C, _, _) = f.spec, b.shapes[0]
    if (s.oh - 1) * s.sy + (s.kh - 1) * s.dy + 1 > s.h + 2 * s.ph:
        raise UnsupportedFunction('to_onnx: im2col with cover_all')
    taps = s.kh * s.kw
    W = numpy.eye(taps, dtype=b.dtype).reshape(taps, 1, s.kh, s.kw)
    return b.op(
        'Conv',
        x,
        numpy.tile(W, (C, 1, 1, 1)),
        kernel_shape=[s.kh, s.kw],
        strides=[s.sy, s.sx],
        pads=[s.ph, s.pw, s.ph, s.pw],
        dilations=[s.dy, s.dx],
        group=C,
    )
