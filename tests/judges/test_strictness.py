"""The stand-in is no more lenient than CuPy: what CuPy refuses, it refuses.

Each call is made on both. Where CuPy raises, the stand-in must; where both return
arrays, dtypes and shapes are equal. The stand-in may refuse what CuPy takes.
"""

import itertools
import warnings

import numpy as np
import pytest

from tests.gpu import stand_in
from tests.gpu.stand_in.api import names

DTYPES = '?bBiqefdFD'
UFUNCS = sorted(
    name
    for name, row in names().items()
    if row == ['=ufunc'] and isinstance(getattr(np, name), np.ufunc)
)


def shown(value):
    """Returns what of a result is compared."""
    if isinstance(value, (tuple, list)):
        return [shown(v) for v in value]
    if hasattr(value, 'dtype') and hasattr(value, 'shape'):
        return str(value.dtype), tuple(value.shape)
    return type(value).__name__


def outcome(call, xp):
    """Returns what a call gives, or its error."""
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        try:
            return shown(call(xp)), None
        except Exception as error:
            return None, error


def lenient(calls, cupy):
    """Returns the calls that the stand-in answers and CuPy refuses, or otherwise."""
    theirs = {name: outcome(call, cupy) for name, call in calls.items()}
    found = {}
    with stand_in.installed() as fake:
        for name, call in calls.items():
            (wanted, refused), (given, error) = theirs[name], outcome(call, fake)
            if error is None and (refused is not None or given != wanted):
                found[name] = (
                    f'{given}, CuPy: {refused!r:.90}'
                    if refused
                    else (f'{given}, CuPy: {wanted}')
                )
    return found


def one(function, *arguments, **keywords):
    return lambda xp: getattr(xp, function)(
        *[a(xp) if callable(a) else a for a in arguments], **keywords
    )


def array(shape, dtype='f'):
    return lambda xp: xp.ones(shape, dtype)


@pytest.mark.parametrize('name', UFUNCS)
def test_ufunc(name, cupy):
    function = getattr(np, name)
    calls = {}
    values = {letter: array((2, 3), letter) for letter in DTYPES}
    values |= {repr(v): v for v in (True, 2, 1.5, 1j)}
    values |= {
        f'np.{type(v).__name__}': v for v in (np.float32(2), np.float64(2), np.int64(2))
    }
    values |= {f'0-d {letter}': array((), letter) for letter in 'id'}
    for chosen in itertools.product(values, repeat=min(function.nin, 2)):
        if any(not callable(values[c]) for c in chosen) and function.nin == 1:
            continue
        if not any(callable(values[c]) for c in chosen):
            continue
        calls[f'{name}({", ".join(chosen)})'] = one(name, *[values[c] for c in chosen])
    assert lenient(calls, cupy) == {}


REDUCTIONS = [
    'sum', 'prod', 'mean', 'var', 'std', 'max', 'min', 'argmax', 'argmin', 'all', 'any',
    'cumsum', 'cumprod', 'nansum', 'nanmax', 'median', 'ptp', 'count_nonzero', 'average',
    'amax', 'amin', 'nanmean', 'nanprod', 'nanmin',
]  # fmt: skip


@pytest.mark.parametrize('name', REDUCTIONS)
def test_reduction(name, cupy):
    calls = {}
    for letter in DTYPES:
        for shape in ((), (0,), (2, 3), (2, 3, 4)):
            for axis in (None, 0, -1, 1, 3, -4, (0, 1), (0, 0), (), (0, -1)):
                calls[f'{letter} {shape} axis={axis}'] = one(
                    name, array(shape, letter), axis=axis
                )
    for keywords in ({'keepdims': True}, {'dtype': 'f'}, {'dtype': 'i'}, {'out': None}):
        calls[str(keywords)] = one(name, array((2, 3)), **keywords)
    assert lenient(calls, cupy) == {}


def shapes():
    """Returns calls that turn on shapes and axes."""
    calls = {}
    every = [(), (1,), (3,), (2, 3), (2, 3, 4), (0, 3)]
    axes = [None, 0, 1, -1, -3, 2, 5, (0, 1), (1, 0), (0, 0), ()]
    for shape, axis in itertools.product(every, axes):
        x = array(shape)
        for name in (
            'squeeze',
            'expand_dims',
            'flip',
            'sort',
            'argsort',
            'repeat',
            'roll',
        ):
            more = {'repeat': (2,), 'roll': (1,)}.get(name, ())
            calls[f'{name} {shape} {axis}'] = one(name, x, *more, axis=axis)
        calls[f'transpose {shape} {axis}'] = one('transpose', x, axis)
        calls[f'rollaxis {shape} {axis}'] = one('rollaxis', x, axis)
        calls[f'moveaxis {shape} {axis}'] = one('moveaxis', x, axis, 0)
        calls[f'swapaxes {shape} {axis}'] = one('swapaxes', x, axis, 0)
        calls[f'take {shape} {axis}'] = one('take', x, np.array([0, 0]), axis)
        calls[f'split {shape} {axis}'] = one('split', x, 1, axis)
        calls[f'concatenate {shape} {axis}'] = lambda xp, x=x, axis=axis: (
            xp.concatenate([x(xp), x(xp)], axis)
        )
        calls[f'stack {shape} {axis}'] = lambda xp, x=x, axis=axis: xp.stack(
            [x(xp), x(xp)], axis
        )
    for a, b in itertools.product(every, every):
        for name in ('dot', 'matmul', 'inner', 'outer', 'kron', 'vdot', 'cross'):
            calls[f'{name} {a} {b}'] = one(name, array(a), array(b))
        for how in (
            0,
            1,
            2,
            ((), ()),
            ((0,), (0,)),
            ((-1,), (0,)),
            ([0], [0]),
            (0, 0),
            ((0, 1), (0, 1)),
        ):
            calls[f'tensordot {a} {b} {how}'] = one(
                'tensordot', array(a), array(b), how
            )
        for name in ('broadcast_to', 'reshape'):
            calls[f'{name} {a} {b}'] = one(name, array(a), b)
        calls[f'where {a} {b}'] = lambda xp, a=a, b=b: xp.where(
            xp.ones(a, '?'), xp.ones(b), 1
        )
        calls[f'concatenate {a} {b}'] = lambda xp, a=a, b=b: xp.concatenate(
            [xp.ones(a), xp.ones(b)]
        )
    for shape in every:
        for how in (
            1,
            (1, 2),
            ((1, 2),),
            [[1, 2]],
            ((1,),),
            [[1], [2]],
            ((1, 2), (0, 1)),
            -1,
            1.5,
            (1, 2, 3),
        ):
            for mode in (
                'constant',
                'edge',
                'reflect',
                'symmetric',
                'wrap',
                'mean',
                'other',
            ):
                calls[f'pad {shape} {how} {mode}'] = one('pad', array(shape), how, mode)
        for how in (2, (2,), (2, 1), (1, 2, 1), 0):
            calls[f'tile {shape} {how}'] = one('tile', array(shape), how)
        for how in ('constant_values', 'end_values'):
            for value in (1, (1, 2), ((1, 2),), [[1], [2]]):
                mode = 'constant' if how[0] == 'c' else 'linear_ramp'
                calls[f'pad {shape} {how} {value}'] = one(
                    'pad', array(shape), 1, mode, **{how: value}
                )
        for name in ('diag', 'tril', 'triu', 'diagonal', 'trace', 'ravel',
                     'atleast_2d', 'fliplr', 'flipud', 'rot90'):  # fmt: skip
            calls[f'{name} {shape}'] = one(name, array(shape))
        for size in (-1, (-1, 3), (3, -1), (-1, -1), (7,), (-2, 3)):
            calls[f'reshape {shape} {size}'] = one('reshape', array(shape), size)
    for text in ('ij,jk', 'ij,jk->ik', 'ii', 'ii->i', 'ij->', '...i', 'ij,j', 'i,i', 'ij->k',
                 'ijk', 'ij->jj', 'i j', ''):  # fmt: skip
        for a, b in itertools.product(every, repeat=2):
            operands = [array(a), array(b)][: 1 + text.count(',')]
            calls[f'einsum {text} {a} {b}'] = one('einsum', text, *operands)
    return calls


def test_shapes(cupy):
    assert lenient(shapes(), cupy) == {}


def set_item(key, value, shape=(2, 3), dtype='f'):
    def call(xp):
        x = xp.zeros(shape, dtype)
        k = (
            tuple(p(xp) if callable(p) else p for p in key)
            if type(key) is tuple
            else key
        )
        x[k(xp) if callable(k) else k] = value(xp) if callable(value) else value
        return x

    return call


def get_item(key, shape=(2, 3)):
    def call(xp):
        k = (
            tuple(p(xp) if callable(p) else p for p in key)
            if type(key) is tuple
            else key
        )
        return xp.zeros(shape)[k(xp) if callable(k) else k]

    return call


def test_indices(cupy):
    def whole(xp):
        return xp.zeros(2, 'i')

    keys = {
        'int': 1, 'beyond': 2, 'negative': -3, 'slice': slice(None, None, -1), 'None': None,
        'list': [0, 1], 'lists': [[0, 1], [1, 0]], 'floats': [0.5], 'float': 1.0, 'text': 'a',
        'too many': (0, 0, 0),
        'ellipsis': (..., 0), 'two ellipses': (..., ...), 'np': np.array([0, 1]),
        'np beyond': np.array([0, 5]), 'np short mask': np.array([True]), 'array': whole, 'arrays': (whole, whole),
        'array and slice': (whole, slice(1)), 'slice and array': (slice(1), whole),
        'float array': lambda xp: xp.zeros(2), 'long mask': lambda xp: xp.ones(3, '?'),
        '0-d array': lambda xp: xp.zeros((), 'i'), 'empty list': [], 'np int': np.int64(1),
    }  # fmt: skip
    calls = {f'x[{name}]': get_item(key) for name, key in keys.items()}
    calls |= {f'0-d[{name}]': get_item(key, ()) for name, key in keys.items()}
    values = {
        'number': 1, 'complex': 1j, 'list': [1, 2, 3], 'np': np.ones(3), 'np 0-d': np.array(1.0),
        'np number': np.float64(1), 'array': array(3), '0-d': array(()), 'wrong': array(4),
        'wide': array(3, 'd'), 'complex array': array(3, 'F'), 'None': None, 'text': 'a',
        'tuple': (1, 2, 3), 'nan': float('nan'),
    }  # fmt: skip
    for (key_name, key), (name, value) in itertools.product(
        keys.items(), values.items()
    ):
        if key_name in ('int', 'slice', 'ellipsis', 'array'):
            calls[f'x[{key_name}] = {name}'] = set_item(key, value)
    for dtype, (name, value) in itertools.product('?ie', values.items()):
        calls[f'{dtype}[0] = {name}'] = set_item(0, value, dtype=dtype)
    assert lenient(calls, cupy) == {}


BINARY = [
    '+', '-', '*', '/', '//', '%', '**', '@', '&', '|', '^', '<<', '>>', '==', '!=', '<',
    '<=', '>', '>=',
]  # fmt: skip


def test_operators(cupy):
    values = {
        'array': array((2, 3)), 'ints': array((2, 3), 'i'), 'bools': array((2, 3), '?'),
        'wide': array((2, 3), 'd'), 'half': array((2, 3), 'e'), '0-d': array(()), 'other shape': array((4,)),
        'square': array((3, 3)), 'complex': array((2, 3), 'F'),
        'np': np.ones((2, 3)), 'np 0-d': np.array(2.0), 'np number': np.float64(2),
        'np int': np.int64(2), 'list': [1.0, 2.0, 3.0], 'None': None, 'text': 'a', 'int': 2,
        'float': 2.5, 'big': 1 << 40, 'bool': True, 'object': object(),
    }  # fmt: skip

    def operate(sign, a, b, in_place=False):
        def call(xp):
            scope = {n: v(xp) if callable(v) else v for n, v in (('a', a), ('b', b))}
            if in_place:
                exec(f'a {sign}= b', scope)
                return scope['a']
            return eval(f'a {sign} b', scope)

        return call

    calls = {}
    for sign, a, b in itertools.product(BINARY, values, values):
        if sign == '@' and 'None' in (a, b):
            continue  # a segmentation fault in CuPy
        if callable(values[a]) or callable(values[b]):
            calls[f'{a} {sign} {b}'] = operate(sign, values[a], values[b])
        if callable(values[a]) and sign[0] not in '=!<>':
            calls[f'{a} {sign}= {b}'] = operate(sign, values[a], values[b], True)
    assert lenient(calls, cupy) == {}


def test_conversions(cupy):
    shapes = [(), (1,), (1, 1), (3,), (0,)]
    functions = {
        'float': float, 'int': int, 'bool': bool, 'complex': complex, 'len': len,
        'list': list, 'tolist': lambda x: x.tolist(), 'item': lambda x: x.item(),
        'item 0': lambda x: x.item(0), 'np.asarray': np.asarray, 'np.array': np.array,
        'np.sum': np.sum, 'range': range, 'index': lambda x: [1, 2][x], 'hash': hash,
        'iter': lambda x: list(iter(x)), 'get': lambda x: x.get(), 'str': str,
        'astype text': lambda x: x.astype('U3'), 'astype object': lambda x: x.astype('O'),
        'astype g': lambda x: x.astype(np.longdouble), 'view i': lambda x: x.view('i'),
        'view d': lambda x: x.view('d'), 'fill': lambda x: x.fill(1),
        'fill array': lambda x: x.fill(np.ones(1)), 'fill list': lambda x: x.fill([1]),
        'set': lambda x: x.set(np.ones(x.shape, 'f')), 'set wide': lambda x: x.set(np.ones(x.shape)),
        'set list': lambda x: x.set([1]), 'contains': lambda x: 1 in x, 'del': lambda x: x.__delitem__(0),
        'resize': lambda x: x.resize(3), 'setflags': lambda x: x.setflags(write=False),
        'byteswap': lambda x: x.byteswap(), 'choose': lambda x: x.choose([1]), 'flat': lambda x: x.flat,
        'strides': lambda x: setattr(x, 'strides', (1,)),
        'dtype': lambda x: setattr(x, 'dtype', 'i'), 'shape': lambda x: setattr(x, 'shape', (1,)),
        'ctypes': lambda x: x.ctypes, 'searchsorted': lambda x: x.searchsorted(1),
        'itemset': lambda x: x.itemset(1), 'newbyteorder': lambda x: x.newbyteorder(),
        'partition': lambda x: x.partition(0),
    }  # fmt: skip
    calls = {
        f'{name} {shape}': lambda xp, f=f, shape=shape: f(xp.zeros(shape, 'f'))
        for (name, f), shape in itertools.product(functions.items(), shapes)
    }
    for name in ('array', 'asarray', 'ascontiguousarray', 'asanyarray'):
        for value in (1, 1.5, 'a', None, [1, 2], [[1], [2, 3]], [1, 'a'], object(), 1 << 70,
                      np.ones(2), np.ones(2, 'O'), np.array('a'), np.float16(1)):  # fmt: skip
            if value is not None or name != 'ascontiguousarray':  # as above
                calls[f'{name} {value!r:.40}'] = one(name, value)
        calls[f'{name} of arrays'] = lambda xp, name=name: getattr(xp, name)(
            [xp.ones(2), xp.ones(2)]
        )
        calls[f'{name} mixed'] = lambda xp, name=name: getattr(xp, name)(
            [xp.ones(()), 1.0]
        )
        calls[f'{name} ragged'] = lambda xp, name=name: getattr(xp, name)(
            [xp.ones(2), xp.ones(3)]
        )
    for name in ('zeros', 'ones', 'empty', 'full'):
        more = (1,) if name == 'full' else ()
        for shape in (
            3,
            (2, 3),
            (),
            -1,
            (2, -1),
            1.5,
            None,
            'a',
            np.int64(2),
            np.array([2, 3]),
        ):
            calls[f'{name} {shape!r}'] = one(name, shape, *more)
        for dtype in ('U3', 'O', 'g', 'M8[s]', 'V3', 'f', None, float, 'bfloat16'):
            calls[f'{name} dtype {dtype!r}'] = one(name, 2, *more, dtype=dtype)
    assert lenient(calls, cupy) == {}


def test_values(cupy):
    """Functions of numbers and lists beside arrays."""
    calls = {}
    for low, high in itertools.product(
        (None, 0, 1.5, array(()), np.float64(1), np.ones(3), [1, 2, 3]), repeat=2
    ):
        calls[f'clip {low} {high}'] = one('clip', array((2, 3)), low, high)
        calls[f'ints clip {low} {high}'] = one('clip', array((2, 3), 'i'), low, high)
    for condition, x, y in itertools.product(
        (array(3, '?'), array(3), True, np.ones(3, '?'), [True]),
        (array(3), 1, 1.5, np.float64(1), np.ones(3)),
        (array(3, 'e'), 0, None, 1j),
    ):
        calls[f'where {condition} {x} {y}'] = one('where', condition, x, y)
    for name in ('maximum', 'add', 'power', 'arctan2', 'hypot', 'equal', 'logical_and'):
        for bad in ([1, 2, 3], (1, 2, 3), None, 'a', np.ones(3), object()):
            calls[f'{name} {bad!r:.20}'] = one(name, array(3), bad)
        for out in (array(3), array(3, 'i'), array(4), np.ones(3), (array(3),), 'a'):
            calls[f'{name} out={out}'] = lambda xp, name=name, out=out: getattr(
                xp, name
            )(xp.ones(3), xp.ones(3), out=out(xp) if callable(out) else out)
        for more in (
            {'where': True},
            {'dtype': 'f'},
            {'dtype': 'i'},
            {'casting': 'no'},
            {'axis': 0},
            {'subok': False},
        ):
            calls[f'{name} {more}'] = one(name, array(3), array(3), **more)
    for name in ('zeros_like', 'ones_like', 'empty_like', 'full_like'):
        more = (1,) if name == 'full_like' else ()
        for given in (array(3), np.ones(3), 1, [1, 2]):
            calls[f'{name} {given}'] = one(name, given, *more)
    for name, arguments in (
        ('arange', (3,)), ('arange', (0, 3, 0.5)), ('linspace', (0, 1, 5)),
        ('linspace', (array(2), 1, 5)), ('eye', (3,)), ('eye', (3, 4, 1)), ('identity', (3,)),
        ('meshgrid', (array(2), array(3))), ('bincount', (array(3),)),
        ('bincount', (array((2, 2), 'i'),)), ('digitize', (array(3), array(2))),
        ('searchsorted', (array(3), array(2))), ('searchsorted', (array(3), 1)),
        ('percentile', (array(3), 50)), ('percentile', (array(3), [50])), ('quantile', (array(3), 2)),
        ('interp', (array(3), array(3), array(3))), ('copyto', (array(3), np.ones(3))),
        ('copyto', (array(3), 1)), ('put', (array(3), [0], 1)), ('place', (array(3), array(3, '?'), 1)),
        ('ravel_multi_index', (array(2, 'i'), (3,))), ('unravel_index', (array(2, 'i'), (3,))),
        ('isin', (array(3), array(2))),
        ('gradient', (array(3),)), ('diff', (array(3),)),
        ('trapezoid', (array(3),)), ('choose', (array(2, 'i'), [array(2), array(2)])),
        ('select', ([array(2, '?')], [array(2)])), ('piecewise', (array(2), [array(2, '?')], [1])),
        ('apply_along_axis', (lambda x: x, 0, array(3))), ('vectorize', (lambda x: x,)),
        ('insert', (array(3), 0, 1)), ('append', (array(3), array(2))),
        ('append', (array(3), 1)), ('resize', (array(3), (2, 2))), ('block', ([array(2)],)),
        ('in1d', (array(2), array(2))), ('nan_to_num', (array(3), )), ('round', (array(3), 1)),
        ('around', (array(3),)), ('result_type', (array(3), 'd')), ('can_cast', ('f', 'd')),
        ('can_cast', (array(3), 'd')), ('shares_memory', (array(3), array(3))),
        ('may_share_memory', (array(3), np.ones(3))), ('array_equal', (array(3), np.ones(3))),
        ('allclose', (array(3), np.ones(3))), ('isclose', (array(3), 1)), ('fromiter', ([1], 'f')),
        ('frombuffer', (b'1234', 'f')), ('loadtxt', ('x',)), ('cov', (array((2, 3)),)),
        ('corrcoef', (array((2, 3)),)), ('nanargmax', (array(3),)), ('lexsort', ([array(3)],)),
        ('partition', (array(3), 1)), ('take_along_axis', (array((2, 3)), array((2, 1), 'q'), 1)),
        ('put_along_axis', (array((2, 3)), array((2, 1), 'q'), 1.0, 1)),
        ('broadcast_arrays', (array(3), array((2, 3)))), ('ix_', ([0, 1],)), ('indices', ((2, 3),)),
        ('tri', (3,)), ('vander', (array(3),)), ('logspace', (0, 1, 3)), ('geomspace', (1, 2, 3)),
        ('hstack', ([array(2), array(3)],)), ('vstack', ([array(2), array(2)],)),
        ('column_stack', ([array(2), array(2)],)), ('array_split', (array(5), 2)),
        ('hsplit', (array(4), 2)), ('isscalar', (array(()),)), ('ndim', (array(()),)), ('shape', (array(3),)),
        ('size', (array(3),)), ('size', ([1],)), ('shape', ([1],)), ('sum', ([1, 2],)), ('mean', (np.ones(3),)),
        ('exp', ([1.0],)), ('exp', (1.0,)), ('exp', (np.float64(1),)), ('transpose', ([[1]],)),
        ('reshape', ([1, 2], (2, 1))), ('concatenate', (array((2, 3)),)), ('concatenate', ([],)),
        ('stack', ([],)), ('dot', (array(3), 2)), ('dot', (array(3), np.ones(3))), ('matmul', (array((2, 3)), np.ones((3, 2)))),
    ):  # fmt: skip
        calls[f'{name} {arguments}'] = lambda xp, name=name, arguments=arguments: (
            getattr(xp, name)(*[_resolve(a, xp) for a in arguments])
        )
    assert lenient(calls, cupy) == {}


def _resolve(value, xp):
    if isinstance(value, list):
        return [_resolve(v, xp) for v in value]
    return (
        value(xp) if getattr(value, '__qualname__', '').startswith('array') else value
    )


@pytest.mark.parametrize('value', [[1.0, 2.0], 1.0, 'a', np.ones(2)], ids=repr)
def test_first_argument(value, cupy):
    """Functions of an array, given something else (not None: as above)."""
    skipped = {'loadtxt', 'genfromtxt', 'load', 'fromfile', 'savetxt'}
    skipped |= {'save', 'savez', 'savez_compressed'}  # files
    calls = {}
    for name, row in names().items():
        if '.' not in name and ''.join(row)[:1] != '=' and name not in skipped:
            for more in ((), (0,), (1, 1), (array(2),)):
                calls[f'{name} {len(more)} {more}'] = one(name, value, *more)
    assert lenient(calls, cupy) == {}
