"""Functions that move elements: reshaping, indexing, joining, splitting, windows."""

import itertools

import numpy as np

import minigrad.functions as F
from minigrad.errors import InvalidType
from minigrad.testing.op_case import (
    ErrorCase,
    OpCase,
    Sample,
    const,
    integers,
)

INTS = np.ones((2, 3), 'i')
FLOATS = np.ones((2, 3), 'f')


def built(shape, element):
    """The array of that shape whose element at ``index`` is ``element(*index)``."""
    y = np.empty(shape)
    for index in np.ndindex(*shape):
        y[index] = element(*index)
    return y


def moved(x, order):
    """Axis ``i`` of the result is axis ``order[i]`` of ``x``."""

    def element(*index):
        place = [0] * x.ndim
        for axis, i in zip(order, index, strict=True):
            place[axis] = i
        return x[tuple(place)]

    return built([x.shape[a] for a in order], element)


def joined(*xs, axis=1):
    axis %= xs[0].ndim
    rows = [row for x in xs for row in moved_front(x, axis)]
    shape = list(xs[0].shape)
    shape[axis] = sum(x.shape[axis] for x in xs)
    if not rows:
        return np.empty(shape)
    order = [*range(1, axis + 1), 0, *range(axis + 1, len(shape))]
    return moved(np.array(rows), order)


def moved_front(x, axis):
    return moved(x, [axis, *[a for a in range(x.ndim) if a != axis]])


def at_least(ndim, x):
    if ndim == 1 and x.ndim == 0:
        return x.reshape(1)
    if ndim >= 2 and x.ndim < 2:
        x = x.reshape(1, x.size)
    return x[..., None] if ndim == 3 and x.ndim == 2 else x


def stacked(*xs, axis=0):
    axis %= xs[0].ndim + 1
    return joined(*[np.expand_dims(x, axis) for x in xs], axis=axis)


def pieces(x, bounds, axis):
    index = [slice(None)] * x.ndim
    ys = []
    for start, stop in itertools.pairwise(bounds):
        index[axis] = slice(start, stop)
        ys.append(x[tuple(index)])
    return tuple(ys)


def split(x, indices_or_sections, axis):
    n, places = x.shape[axis], indices_or_sections
    if isinstance(places, int):
        places = [n // places * i for i in range(1, places)]
    return pieces(x, [0, *places, n], axis)


def joining(name, oracle, shapes, errors, empty):
    return OpCase(
        name,
        samples=[Sample(*s) for s in shapes],
        oracle=oracle,
        sequence=True,
        empty=empty,
        errors=[
            ErrorCase(raises=InvalidType, match='at least one input'),
            ErrorCase(FLOATS, (2, 3), raises=InvalidType, match='one dtype'),
            *[
                ErrorCase(*s, raises=InvalidType, match=f'{name}: expected')
                for s in errors
            ],
        ],
    )


def padded(x, pad_width, mode, constant_values=0):
    widths = np.broadcast_to(pad_width, (x.ndim, 2))
    place = {
        'edge': lambda i, n: min(max(i, 0), n - 1),
        'wrap': lambda i, n: i % n,
        'symmetric': lambda i, n: min(i % (2 * n), 2 * n - 1 - i % (2 * n)),
        'reflect': lambda i, n: min(i % (2 * n - 2), 2 * n - 2 - i % (2 * n - 2)),
    }.get(mode)

    def element(*index):
        at = [i - before for i, (before, _) in zip(index, widths, strict=True)]
        if mode != 'constant':
            return x[tuple(place(i, n) for i, n in zip(at, x.shape, strict=True))]
        inside = all(0 <= i < n for i, n in zip(at, x.shape, strict=True))
        return x[tuple(at)] if inside else constant_values

    shape = [n + a + b for n, (a, b) in zip(x.shape, widths, strict=True)]
    return built(shape, element)


def repeated(x, repeats, axis=None):
    if axis is None:
        x, axis = x.ravel(), 0
    if isinstance(repeats, int):
        repeats = (repeats,)
    n = x.shape[axis]
    counts = list(repeats) * (n if len(repeats) == 1 else 1)
    order = [i for i, count in enumerate(counts) for _ in range(count)]
    return np.take(x, np.array(order, int), axis)


def tiled(x, reps):
    reps = (reps,) if isinstance(reps, int) else reps
    ndim = max(x.ndim, len(reps))
    x = x.reshape((1,) * (ndim - x.ndim) + x.shape)
    reps = (1,) * (ndim - len(reps)) + tuple(reps)
    shape = [n * r for n, r in zip(x.shape, reps, strict=True)]

    def element(*index):
        return x[tuple(i % n for i, n in zip(index, x.shape, strict=True))]

    return built(shape, element)


def windows(x, ksize, stride=1, pad=0, cover_all=False, dilate=1):
    (kh, kw), (sy, sx) = np.broadcast_to(ksize, 2), np.broadcast_to(stride, 2)
    (ph, pw), (dy, dx) = np.broadcast_to(pad, 2), np.broadcast_to(dilate, 2)
    N, C, H, W = x.shape

    def length(n, k, s, p, d):
        free = n + 2 * p - (k - 1) * d - 1
        return -(-free // s) + 1 if cover_all else free // s + 1

    OH, OW = length(H, kh, sy, ph, dy), length(W, kw, sx, pw, dx)

    def element(n, c, j, i, oy, ox):
        y, x_ = oy * sy + j * dy - ph, ox * sx + i * dx - pw
        return x[n, c, y, x_] if 0 <= y < H and 0 <= x_ < W else 0.0

    return built((N, C, kh, kw, OH, OW), element).reshape(N, C * kh * kw, OH, OW)


def resized(x, output_shape, mode='bilinear', align_corners=True):
    N, C, H, W = x.shape
    OH, OW = output_shape

    def neighbours(o, out, size):
        if mode == 'nearest':
            return [(min(int(o * size / out), size - 1), 1.0)]
        if align_corners:
            place = o * (size - 1) / (out - 1) if out > 1 else 0.0
        else:
            place = max((o + 0.5) * size / out - 0.5, 0.0)
        first = min(int(place), size - 1)
        second = min(first + 1, size - 1)
        return [(first, 1 - (place - first)), (second, place - first)]

    def element(n, c, oy, ox):
        return sum(
            x[n, c, j, i] * v * w
            for j, v in neighbours(oy, OH, H)
            for i, w in neighbours(ox, OW, W)
        )

    return built((N, C, OH, OW), element)


def sequences(*xs, length=None, padding=0):
    longest = max(len(x) for x in xs) if length is None else length
    return built(
        (len(xs), longest, *xs[0].shape[1:]),
        lambda i, t, *rest: xs[i][(t, *rest)] if t < len(xs[i]) else padding,
    )


def batches(*xs):
    return tuple(np.array([x[t] for x in xs if len(x) > t]) for t in range(len(xs[0])))


def to_space(X, r):
    N, C, H, W = X.shape
    return built(
        (N, C // r**2, H * r, W * r),
        lambda n, c, y, x: X[n, (y % r * r + x % r) * (C // r**2) + c, y // r, x // r],
    )


def to_depth(X, r):
    N, C, H, W = X.shape
    return built(
        (N, C * r**2, H // r, W // r),
        lambda n, c, y, x: X[n, c % C, y * r + c // C // r, x * r + c // C % r],
    )


def added(a, b, slices):
    y = a.copy()
    places = np.arange(a.size).reshape(a.shape)[slices]
    for place, value in zip(places.ravel(), b.ravel(), strict=True):
        y.flat[place] += value
    return y


def diagonal(x, offset=0, axis1=0, axis2=1):
    axis1, axis2 = axis1 % x.ndim, axis2 % x.ndim
    rest = [a for a in range(x.ndim) if a not in (axis1, axis2)]
    x = moved(x, [*rest, axis1, axis2])
    rows, columns = x.shape[-2:]
    pairs = [(i, i + offset) for i in range(rows) if 0 <= i + offset < columns]
    return built(
        (*x.shape[:-2], len(pairs)), lambda *index: x[(*index[:-1], *pairs[index[-1]])]
    )


def out_of_range(**kwargs):
    return ErrorCase(FLOATS, **kwargs, raises=InvalidType, match='<= .* <')


INDEXES = [
    0,
    -1,
    slice(1, None),
    slice(None, None, -1),
    Ellipsis,
    None,
    (0, 1),
    (0, slice(1, 3)),
    (slice(None), None, 1),
    (Ellipsis, 0),
    (1, Ellipsis, None, slice(None, None, 2)),
    [1, 0, 1],
    [0, 1],
    np.array([[0, 1], [1, 1]]),
    (slice(None), [0, 0, 2]),
    ([0, 1, 1], [2, 0, 0]),
    (slice(None), np.array([2, 2]), slice(0, 2)),
    ([0, 1], slice(None), [3, 3]),
    (np.array([True, False]), slice(1, None)),
    np.array([False, True]),
    np.arange(24).reshape(2, 3, 4) % 3 == 0,
    np.int64(1),
    (),
    True,
]

CASES = [
    OpCase(
        'get_item',
        samples=[Sample((2, 3, 4), slices=i) for i in INDEXES]
        + [Sample((), slices=None), Sample((), slices=())]
        + [Sample((3, 150), slices=np.array([[0, -1], [2, 0]]))],
        oracle=lambda x, slices: x[slices],
        empty=Sample((0, 3), slices=(slice(None), 1)),
        errors=[
            ErrorCase(
                FLOATS, slices=(0, 0, 0), raises=IndexError, match='get_item: too'
            ),
            ErrorCase(
                FLOATS, slices=2, raises=IndexError, match=r'x has shape \(2, 3\)'
            ),
            ErrorCase(FLOATS, slices=[2], raises=IndexError, match='get_item: index 2'),
            ErrorCase(
                FLOATS, slices=(Ellipsis, Ellipsis), raises=ValueError, match='Ellipsis'
            ),
        ],
    ),
    OpCase(
        'scatter_add',
        call=lambda a, b, slices: F.scatter_add(a, slices, b),
        samples=[
            Sample((2, 3), (3,), slices=0),
            Sample((2, 3), (2, 4), slices=(slice(None), [0, 0, 2, 1])),
            Sample((3,), (3,), slices=[0, 0, 2]),
            Sample((2, 3), (2,), slices=(Ellipsis, 1)),
        ],
        oracle=added,
        empty=Sample((0, 3), (0,), slices=(slice(None), 1)),
        errors=[
            ErrorCase(
                (2, 3), (2,), slices=0, raises=ValueError, match=r'selects shape \(3,\)'
            ),
            ErrorCase((2,), (), slices=(0, 0), raises=InvalidType, match='a.ndim >= 2'),
            ErrorCase(
                (2,),
                (),
                slices=(Ellipsis, Ellipsis),
                raises=ValueError,
                match='scatter_add',
            ),
        ],
    ),
    OpCase(
        'select_item',
        samples=[
            Sample((4, 3), const(np.array([2, 0, 1, 1]))),
            Sample((5, 40), integers((5,), 40)),
        ],
        oracle=lambda x, t: np.array([row[i] for row, i in zip(x, t, strict=True)]),
        empty=Sample((0, 3), integers((0,), 3)),
        errors=[
            ErrorCase((2, 3), np.array([0, 3]), raises=ValueError, match='0 <= t < 3'),
            ErrorCase((2, 3), np.array([0, -1]), raises=ValueError, match='got -1'),
            ErrorCase((2, 3), (2,), raises=InvalidType, match='t.dtype'),
            ErrorCase((2, 3), np.array([0]), raises=InvalidType, match='2 != 1'),
            ErrorCase((2, 3, 1), np.array([0, 1]), raises=InvalidType, match='x.ndim'),
            ErrorCase((2, 3), np.array([[0, 1]]), raises=InvalidType, match='t.ndim'),
        ],
    ),
    OpCase(
        'permutate',
        samples=[
            Sample((3, 2), indices=np.array([2, 0, 1])),
            Sample((3, 2), indices=np.array([2, 0, 1]), inv=True),
            Sample((2, 4), indices=np.array([3, 0, 1, 2], 'i'), axis=1),
            Sample((2, 4), indices=np.array([3, 0, 1, 2]), axis=-1, inv=True),
        ],
        oracle=lambda x, indices, axis=0, inv=False: np.take(
            x,
            [list(indices).index(i) for i in range(len(indices))] if inv else indices,
            axis,
        ),
        empty=Sample((0, 3), indices=np.array([], 'i')),
        errors=[
            ErrorCase(
                FLOATS,
                indices=np.array([0, 2]),
                raises=ValueError,
                match='out of bounds',
            ),
            ErrorCase(
                FLOATS, indices=np.array([-1, 0]), raises=ValueError, match='-1 is'
            ),
            ErrorCase(
                FLOATS, indices=np.array([0, 0]), raises=ValueError, match='dupl'
            ),
            ErrorCase(FLOATS, indices=np.array([0.0]), raises=ValueError, match='ints'),
            ErrorCase(
                FLOATS, indices=np.array([[0]]), raises=ValueError, match='one axis'
            ),
            out_of_range(indices=np.array([0, 1]), axis=2),
        ],
    ),
    OpCase(
        'broadcast',
        samples=[Sample((2, 1), (3,)), Sample((2, 3), (), (1, 3)), Sample((2, 3))],
        oracle=lambda *xs: tuple(
            x + np.zeros(np.broadcast_shapes(*[v.shape for v in xs])) for x in xs
        ),
        empty=Sample((0, 1), (3,)),
        errors=[ErrorCase((2, 3), (2,), raises=InvalidType, match='broadcast')],
    ),
    OpCase(
        'cast',
        samples=[Sample((2, 3), typ='d'), Sample((), typ=np.float64)],
        oracle=lambda x, typ: x,
        dtypes='d',
        empty=Sample((0, 3), typ='d'),
    ),
    OpCase(
        'flatten',
        samples=[Sample((2, 3)), Sample(()), Sample((4,))],
        oracle=lambda x: np.array(list(x.flat)),
        empty=Sample((0, 3)),
    ),
    OpCase(
        'expand_dims',
        samples=[Sample((2, 3), axis=a) for a in (0, 1, 2, -1, -2, -3)]
        + [Sample((), axis=0)],
        oracle=lambda x, axis: x.reshape(
            [*x.shape[: axis % (x.ndim + 1)], 1, *x.shape[axis % (x.ndim + 1) :]]
        ),
        empty=Sample((0, 3), axis=1),
        errors=[
            ErrorCase(FLOATS, axis=3, raises=InvalidType, match='-3 <= axis <= 2'),
            ErrorCase(FLOATS, axis=-4, raises=InvalidType, match='got -4'),
        ],
    ),
    OpCase(
        'squeeze',
        samples=[
            Sample((2, 1, 3, 1)),
            Sample((2, 1, 3, 1), axis=1),
            Sample((2, 1, 3, 1), axis=(-1, 1)),
            Sample((1, 1)),
        ],
        oracle=lambda x, axis=None: x.reshape(
            [
                n
                for i, n in enumerate(x.shape)
                if n != 1
                or (axis is not None and i not in np.atleast_1d(axis) % x.ndim)
            ]
        ),
        empty=Sample((0, 1)),
        errors=[
            out_of_range(axis=2),
            ErrorCase(FLOATS, axis=1, raises=ValueError, match='axis 1 has length 3'),
            ErrorCase(FLOATS, axis=1.0, raises=TypeError, match='axis must be'),
            ErrorCase(FLOATS, axis=(0, 'x'), raises=TypeError, match='axis must be'),
        ],
    ),
    OpCase(
        'swapaxes',
        samples=[
            Sample((2, 3, 4), axis1=0, axis2=2),
            Sample((2, 3), axis1=-1, axis2=0),
        ],
        oracle=lambda x, axis1, axis2: moved(
            x,
            [
                {axis1 % x.ndim: axis2, axis2 % x.ndim: axis1}.get(a, a) % x.ndim
                for a in range(x.ndim)
            ],
        ),
        empty=Sample((0, 3), axis1=0, axis2=1),
        errors=[out_of_range(axis1=0, axis2=2)],
    ),
    OpCase(
        'moveaxis',
        samples=[
            Sample((2, 3, 4), source=0, destination=2),
            Sample((2, 3, 4), source=-1, destination=0),
            Sample((2, 3, 4), source=(0, 2), destination=(1, 0)),
            Sample((2, 3, 4), source=(0, 1), destination=(-1, -2)),
        ],
        oracle=lambda x, source, destination: np.einsum(
            x,
            [0, 1, 2],
            {
                (0, 2): [1, 2, 0],
                (-1, 0): [2, 0, 1],
                ((0, 2), (1, 0)): [2, 0, 1],
                ((0, 1), (-1, -2)): [2, 1, 0],
            }[source, destination],
        ),
        errors=[
            ErrorCase(INTS, source=0, destination=1, raises=InvalidType, match='dtype'),
            out_of_range(source=2, destination=0),
            out_of_range(source=0, destination=-3),
            ErrorCase(
                FLOATS,
                source=(0, 1),
                destination=0,
                raises=ValueError,
                match='moveaxis',
            ),
            ErrorCase(
                FLOATS,
                source=(0, 0),
                destination=(0, 1),
                raises=ValueError,
                match='repeat',
            ),
        ],
    ),
    OpCase(
        'rollaxis',
        samples=[
            Sample((2, 3, 4), axis=a, start=s)
            for a, s in [
                (0, 0),
                (2, 0),
                (0, 3),
                (0, 2),
                (1, 2),
                (-1, 1),
                (2, -2),
                (0, -1),
            ]
        ],
        oracle=lambda x, axis, start=0: np.rollaxis(x, axis, start),
        empty=Sample((0, 3), axis=1),
        errors=[
            out_of_range(axis=2),
            ErrorCase(FLOATS, axis=0, start=3, raises=InvalidType, match='start <= 2'),
            ErrorCase(FLOATS, axis=0.0, raises=TypeError, match='axis must be an int'),
            ErrorCase(FLOATS, axis=0, start='a', raises=TypeError, match='start must'),
        ],
    ),
    OpCase(
        'flip',
        samples=[Sample((2, 3), axis=a) for a in (0, 1, -1, -2)],
        oracle=lambda x, axis: np.take(x, range(x.shape[axis] - 1, -1, -1), axis),
        empty=Sample((0, 3), axis=0),
        errors=[
            out_of_range(axis=2),
            ErrorCase(FLOATS, axis=(0,), raises=TypeError, match='axis must be an int'),
            ErrorCase((), axis=0, raises=InvalidType, match='axis'),
        ],
    ),
    OpCase(
        'fliplr',
        samples=[Sample((2, 3)), Sample((2, 3, 2))],
        oracle=lambda x: np.array([row[::-1] for row in x]),
        empty=Sample((2, 0)),
        errors=[
            ErrorCase((3,), raises=InvalidType, match='a.ndim >= 2, got 1'),
            ErrorCase(INTS, raises=InvalidType, match='dtype'),
        ],
    ),
    OpCase(
        'flipud',
        samples=[Sample((3,)), Sample((3, 2))],
        oracle=lambda x: np.array(list(x)[::-1]).reshape(x.shape),
        empty=Sample((0, 2)),
        errors=[
            ErrorCase((), raises=InvalidType, match='a.ndim >= 1, got 0'),
            ErrorCase(INTS, raises=InvalidType, match='dtype'),
        ],
    ),
    OpCase(
        'concat',
        samples=[
            Sample((2, 3), (2, 1)),
            Sample((2, 3), (1, 3), (4, 3), axis=0),
            Sample((2, 3, 2), (2, 3, 0), (2, 3, 1), axis=-1),
            Sample((2, 3)),
        ],
        oracle=joined,
        sequence=True,
        empty=Sample((0, 3), (0, 2)),
        errors=[
            ErrorCase(raises=InvalidType, match='at least one input'),
            ErrorCase(FLOATS, (2, 3), raises=InvalidType, match='one dtype'),
            ErrorCase((2, 3), (3, 3), raises=InvalidType, match='in axis 1 only'),
            ErrorCase((2, 3), (2, 3, 1), raises=InvalidType, match='in axis 1 only'),
            ErrorCase((3,), (3,), raises=InvalidType, match='-1 <= axis < 1, got 1'),
            ErrorCase((3,), axis='a', raises=TypeError, match='axis must be an int'),
        ],
    ),
    joining(
        'hstack',
        lambda *xs: joined(*[at_least(1, x) for x in xs], axis=int(xs[0].ndim > 1)),
        [((2, 3), (2, 1)), ((2,), (3,)), ((), ()), ((2, 1, 2), (2, 3, 2)), ((),)],
        [((2, 3), (3, 3)), ((2,), (2, 3)), ((), (1,))],
        Sample((0, 3), (0, 2)),
    ),
    joining(
        'vstack',
        lambda *xs: joined(*[at_least(2, x) for x in xs], axis=0),
        [((2, 3), (1, 3)), ((3,), (3,)), ((), ()), ((1, 2, 2), (3, 2, 2)), ((3,),)],
        [((2, 3), (2, 2)), ((2,), (3,)), ((2,), (1, 2))],
        Sample((0, 3), (0, 3)),
    ),
    joining(
        'dstack',
        lambda *xs: joined(*[at_least(3, x) for x in xs], axis=2),
        [((2, 3), (2, 3)), ((3,), (3,)), ((), ()), ((2, 3, 1), (2, 3, 2)), ((2, 3),)],
        [((2, 3), (2, 2)), ((2,), (3,)), ((2, 3), (2, 3, 1))],
        Sample((0, 3), (0, 3)),
    ),
    OpCase(
        'stack',
        samples=[Sample((2, 3), (2, 3), axis=a) for a in (0, 1, 2, -1, -3)]
        + [Sample((), ()), Sample((2,))],
        oracle=stacked,
        sequence=True,
        empty=Sample((0, 3), (0, 3), axis=1),
        errors=[
            ErrorCase(raises=InvalidType, match='at least one input'),
            ErrorCase((2, 3), (2, 2), raises=InvalidType, match='one shape and dtype'),
            ErrorCase(FLOATS, (2, 3), raises=InvalidType, match='one shape and dtype'),
            ErrorCase((2,), axis=2, raises=InvalidType, match='-2 <= axis <= 1, got 2'),
        ],
    ),
    OpCase(
        'split_axis',
        samples=[
            Sample((2, 6), indices_or_sections=3, axis=1),
            Sample((2, 6), indices_or_sections=[1, 4], axis=1),
            Sample((6, 2), indices_or_sections=(2, 2, 5), axis=0),
            Sample((2, 6), indices_or_sections=np.array([3]), axis=-1),
            Sample((2, 6), indices_or_sections=[], axis=1),
            Sample((2, 6), indices_or_sections=1, axis=1),
        ],
        oracle=split,
        empty=Sample((0, 4), indices_or_sections=2, axis=1),
        errors=[
            ErrorCase(
                (2, 5),
                indices_or_sections=2,
                axis=1,
                raises=InvalidType,
                match='2 sections',
            ),
            ErrorCase(
                (2, 5),
                indices_or_sections=[6],
                axis=1,
                raises=InvalidType,
                match='>= 6',
            ),
            out_of_range(indices_or_sections=1, axis=2),
            ErrorCase(
                FLOATS,
                indices_or_sections=0,
                axis=1,
                raises=ValueError,
                match='at least 1',
            ),
            ErrorCase(
                FLOATS,
                indices_or_sections=1.0,
                axis=1,
                raises=TypeError,
                match='1-D array',
            ),
            ErrorCase(
                FLOATS,
                indices_or_sections=np.ones((1, 1), 'i'),
                axis=1,
                raises=TypeError,
                match='integers in one axis',
            ),
            ErrorCase(
                FLOATS,
                indices_or_sections=np.ones(1),
                axis=1,
                raises=TypeError,
                match='integers in one axis',
            ),
        ],
    ),
    OpCase(
        'separate',
        samples=[Sample((2, 3), axis=a) for a in (0, 1, -1)] + [Sample((2,))],
        oracle=lambda x, axis=0: tuple(moved_front(x, axis % x.ndim)),
        empty=Sample((2, 0)),
        errors=[out_of_range(axis=2)],
    ),
    OpCase(
        'pad_sequence',
        samples=[
            Sample((2, 3), (1, 3), (4, 3)),
            Sample((2,), (0,), length=3, padding=-1.0),
            Sample((2, 2), (2, 2)),
        ],
        oracle=sequences,
        sequence=True,
        empty=Sample((0, 2), (0, 2)),
        errors=[
            ErrorCase(raises=InvalidType, match='at least one sequence'),
            ErrorCase(
                (2,), (3,), length=2, raises=InvalidType, match='2 at most, got 3'
            ),
            ErrorCase((2, 2), (3, 1), raises=InvalidType, match='first axis only'),
            ErrorCase((2, 3), FLOATS, raises=InvalidType, match='first axis only'),
            ErrorCase((), raises=InvalidType, match='first axis only'),
        ],
    ),
    OpCase(
        'transpose_sequence',
        samples=[
            Sample((3, 2), (2, 2), (1, 2)),
            Sample((3,), (3,)),
            Sample((2,), (1,)),
        ],
        oracle=batches,
        sequence=True,
        errors=[
            ErrorCase((1,), (2,), raises=InvalidType, match='from long to short'),
            ErrorCase((2, 1), (1, 2), raises=InvalidType, match='from long to short'),
        ],
    ),
    OpCase(
        'pad',
        samples=[
            Sample((2, 3), pad_width=1, mode='constant'),
            Sample((2, 3), pad_width=(1, 2), mode='constant', constant_values=5.0),
            Sample((2, 3), pad_width=((1, 0), (0, 2)), mode='constant'),
            Sample((2, 3), pad_width=((1,), (2,)), mode='constant'),
            Sample((3,), pad_width=2, mode='edge'),
            Sample((3, 4), pad_width=2, mode='reflect'),
            Sample((3, 4), pad_width=((2, 1), (0, 3)), mode='symmetric'),
            Sample((3, 2), pad_width=(2, 1), mode='wrap'),
        ],
        oracle=padded,
        empty=Sample((0, 3), pad_width=1, mode='constant'),
        errors=[
            ErrorCase(
                INTS, pad_width=1, mode='constant', raises=InvalidType, match='dtype'
            ),
            ErrorCase(
                INTS, pad_width=1, mode='edge', raises=InvalidType, match='dtype'
            ),
        ],
    ),
    OpCase(
        'repeat',
        samples=[
            Sample((2, 3), repeats=2),
            Sample((2, 3), repeats=2, axis=0),
            Sample((2, 3), repeats=3, axis=-1),
            Sample((2, 3), repeats=(1, 0, 2), axis=1),
            Sample((3,), repeats=(2, 1, 3)),
            Sample((2, 3), repeats=0, axis=1),
            Sample((), repeats=2),
        ],
        oracle=repeated,
        empty=Sample((0, 3), repeats=2, axis=1),
        errors=[
            out_of_range(repeats=2, axis=2),
            ErrorCase(FLOATS, repeats=-1, raises=ValueError, match='negative'),
            ErrorCase(FLOATS, repeats=(1, 2), axis=1, raises=ValueError, match='or 3'),
            ErrorCase(FLOATS, repeats=1.0, raises=TypeError, match='repeats must be'),
            ErrorCase(
                FLOATS, repeats=1, axis=True, raises=TypeError, match='axis must'
            ),
            ErrorCase(FLOATS, repeats=1, axis=1.0, raises=TypeError, match='axis must'),
        ],
    ),
    OpCase(
        'tile',
        samples=[
            Sample(shape, reps=reps)
            for shape, reps in [
                ((2, 3), 2),
                ((2, 3), (2, 1)),
                ((3,), (2, 2)),
                ((2, 3), (2, 1, 2)),
                ((), 3),
                ((2, 3), (0, 1)),
            ]
        ],
        oracle=tiled,
        empty=Sample((0, 3), reps=2),
        errors=[
            ErrorCase(FLOATS, reps=-1, raises=ValueError, match='negative'),
            ErrorCase(FLOATS, reps=1.5, raises=TypeError, match='reps must be'),
        ],
    ),
    OpCase(
        'where',
        call=lambda condition, x, y: F.where(condition, x, y),
        samples=[
            Sample(const([[True, False, True], [False, False, True]]), (2, 3), (2, 3)),
            Sample(const([True, False, True]), (2, 1), (2, 3)),
            Sample(const([[True], [False]]), (), (3,)),
            Sample(const(True), (2,), (2,)),
        ],
        oracle=lambda c, x, y: np.array(
            [
                a if k else b
                for k, a, b in zip(
                    *[v.flat for v in np.broadcast_arrays(c, x, y)], strict=True
                )
            ]
        ).reshape(np.broadcast_shapes(c.shape, x.shape, y.shape)),
        empty=Sample(const(np.ones((0, 2), bool)), (0, 2), (2,)),
        errors=[
            ErrorCase(
                INTS, (2, 3), (2, 3), raises=InvalidType, match='a bool condition'
            ),
            ErrorCase(
                INTS > 0, FLOATS, (2, 3), raises=InvalidType, match='x.dtype == y.dtype'
            ),
            ErrorCase(INTS > 0, (2, 3), (2, 2), raises=InvalidType, match='broadcast'),
        ],
    ),
    OpCase(
        'im2col',
        samples=[
            Sample((2, 3, 5, 4), ksize=3),
            Sample((1, 2, 5, 5), ksize=(3, 2), stride=2, pad=1),
            Sample((1, 1, 5, 6), ksize=2, stride=(2, 3), pad=(1, 0), cover_all=True),
            Sample((1, 1, 7, 6), ksize=2, dilate=(3, 2)),
        ],
        oracle=windows,
        empty=Sample((0, 3, 5, 4), ksize=3),
        errors=[
            ErrorCase((2, 3), ksize=1, raises=InvalidType, match='x.ndim == 4'),
            ErrorCase(
                np.ones((1, 1, 2, 2), 'i'), ksize=1, raises=InvalidType, match='dtype'
            ),
            ErrorCase((1, 1, 2, 2), ksize=3, raises=ValueError, match='im2col: a 3x3'),
        ],
    ),
    OpCase(
        'resize_images',
        samples=[
            Sample((2, 2, 3, 4), output_shape=size, mode=mode, align_corners=corners)
            for size in [(5, 7), (2, 3), (3, 4), (1, 6)]
            for mode, corners in [
                ('bilinear', True),
                ('bilinear', False),
                ('nearest', True),
            ]
        ]
        + [Sample((1, 1, 2, 2), output_shape=(4, 4))],
        oracle=resized,
        empty=Sample((0, 2, 3, 4), output_shape=(2, 2)),
        errors=[
            ErrorCase((2, 3), output_shape=(2, 2), raises=InvalidType, match='x.ndim'),
            ErrorCase(
                (1, 1, 2, 2),
                output_shape=(2, 2),
                mode='cubic',
                raises=ValueError,
                match="got 'cubic'",
            ),
        ],
    ),
    OpCase(
        'depth2space',
        samples=[Sample((2, 8, 2, 3), r=2), Sample((1, 9, 1, 2), r=3)],
        oracle=to_space,
        empty=Sample((0, 4, 2, 2), r=2),
        errors=[
            ErrorCase(
                (1, 6, 2, 2), r=2, raises=InvalidType, match=r'r\*\*2 = 4, got 6'
            ),
            ErrorCase((4, 2, 2), r=2, raises=InvalidType, match='X.ndim == 4'),
        ],
    ),
    OpCase(
        'space2depth',
        samples=[Sample((2, 2, 4, 6), r=2), Sample((1, 1, 3, 6), r=3)],
        oracle=to_depth,
        empty=Sample((0, 1, 2, 2), r=2),
        errors=[
            ErrorCase((1, 1, 3, 4), r=2, raises=InvalidType, match='got 3 and 4'),
            ErrorCase((4, 2, 2), r=2, raises=InvalidType, match='X.ndim == 4'),
        ],
    ),
    OpCase(
        'diagonal',
        samples=[
            Sample((3, 4)),
            Sample((3, 4), offset=2),
            Sample((3, 4), offset=-1),
            Sample((2, 3, 4), offset=1, axis1=-1, axis2=0),
            Sample((2, 3, 4), axis1=1, axis2=2),
        ],
        oracle=diagonal,
        empty=Sample((0, 3)),
        errors=[out_of_range(axis2=2)],
    ),
    OpCase(
        'one_hot',
        samples=[Sample(integers((2, 3), 4), n_classes=4)],
        oracle=lambda t, n_classes: np.equal.outer(t, np.arange(n_classes)),
        differentiable=False,
        errors=[
            ErrorCase([4], n_classes=4, raises=ValueError, match='0 <= t < 4'),
            ErrorCase([1.0], n_classes=4, raises=InvalidType, match='one_hot: .*kind'),
        ],
    ),
]
