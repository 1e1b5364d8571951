"""What NumPy takes and CuPy refuses, or answers in another dtype.

``tests/judges/test_strictness.py`` found each case and holds the stand-in to it.
"""

from __future__ import annotations

import numpy
from numpy.exceptions import AxisError

# How many arguments come before the axis.
_BEFORE_AXIS = dict.fromkeys(
    (
        'sum', 'prod', 'max', 'min', 'amax', 'amin', 'argmax', 'argmin', 'all', 'any',
        'cumsum', 'cumprod', 'nansum', 'nanprod', 'nanmax', 'nanmin', 'nanmean', 'ptp',
        'count_nonzero', 'nanargmax', 'nanargmin', 'nancumsum', 'nancumprod',
    ),
    1,
)  # fmt: skip
_BEFORE_AXIS['repeat'] = 2
_LOGICAL = ('logical_and', 'logical_or', 'logical_xor', 'logical_not')
_OF_NOTHING = ('median', 'nanmedian', 'nanmean', 'partition', 'argpartition')
_NUMBERS = (bool, int, float, complex, numpy.generic, numpy.ndarray)
_PER_SIDE = ('constant_values', 'end_values', 'stat_length')
_ARRAY = ('a', 'x', 'arr', 'ary', 'prototype')
# Functions that make an array of something else, or look at no array.
_TAKE_ANYTHING = frozenset(
    [
        'array',
        'asarray',
        'asanyarray',
        'isscalar',
        'ndim',
        'result_type',
        'can_cast',
        'common_type',
        'arange',
        'linspace',
        'logspace',
        'geomspace',
        'full',
        'zeros',
        'ones',
        'empty',
        'indices',
        'fromfunction',
        'fromiter',
        'frombuffer',
        'fromstring',
        'fromfile',
        'load',
        'loadtxt',
        'genfromtxt',
        'apply_along_axis',
        'vectorize',
        'einsum',
        'einsum_path',
        'broadcast_shapes',
        'binary_repr',
        'base_repr',
        'bartlett',
        'blackman',
        'hamming',
        'hanning',
        'kaiser',
        'from_dlpack',
        'min_scalar_type',
        'dtype',
        'ix_',
    ]
)
_TAKE_AN_INT = frozenset(
    [
        'eye',
        'identity',
        'tri',
        'tril_indices',
        'triu_indices',
        'diag_indices',
        'mask_indices',
    ]
)


def refuse(name, args, kwargs, is_array):
    """Raises what CuPy raises; ``is_array`` knows its arrays."""
    _refuse_arguments(name, args, is_array)
    arrays = [a for a in args if is_array(a)]
    if not arrays:
        return
    first = arrays[0]
    if name in _LOGICAL and any(numpy.iscomplexobj(_plain(a)) for a in args):
        raise TypeError(f'Wrong type of arguments for cupy_{name}')
    if name in _BEFORE_AXIS and first.ndim == 0:
        place = _BEFORE_AXIS[name]
        axis = kwargs.get('axis', args[place] if len(args) > place else None)
        if isinstance(axis, (int, numpy.integer)):
            raise AxisError(axis, 0)
    if name in _OF_NOTHING and first.size == 0:
        raise ValueError(f'{name} of no elements')
    if name == 'median' and kwargs.get('axis', None) == ():
        raise AxisError('Axis overrun')
    if name == 'argsort' and first.ndim > 1 and first.size == 0:
        raise ValueError('cannot reshape array of size 0')
    if name in ('var', 'std', 'nanvar', 'nanstd'):
        dtype = kwargs.get('dtype')
        if dtype is not None and numpy.dtype(dtype).kind in 'biu':
            raise TypeError(f'{name}: stricter than CuPy, whose {dtype} is another')
    if name in ('pow', 'power') and first.dtype == bool:
        raise TypeError(f'{name}: stricter than CuPy, whose dtype is another')
    if name == 'unravel_index' and first.dtype != numpy.int64:
        raise TypeError('unravel_index: stricter than CuPy, whose dtype is another')
    if name == 'tensordot':
        _refuse_axes(args, kwargs)
    if name == 'pad':
        values = [v for k, v in kwargs.items() if k in _PER_SIDE]
        for value in (kwargs.get('pad_width', (*args, 0)[1]), *values):
            _refuse_sides(value, first.ndim)
    if name == 'einsum' and isinstance(args[0], str):
        _refuse_labels(args[0], arrays)


def _refuse_arguments(name, args, is_array):
    if name in ('clip', 'choose', 'lexsort') and any(
        isinstance(a, (list, tuple)) for a in args
    ):
        raise TypeError(f'Unsupported type <class list> in cupy.{name}')
    if name == 'where' and len(args) == 3 and not is_array(args[0]):
        raise AttributeError('the condition is no array')
    if name == 'broadcast_to' and not is_array(args[0]):
        raise TypeError('cupy.broadcast_to: an argument has incorrect type')
    if name in ('gradient', 'lexsort', 'trim_zeros') and isinstance(args[0], str):
        raise ValueError('Unsupported dtype')
    if name == 'dot' and not all(map(is_array, args[:2])):
        raise TypeError('cupy.dot: an argument has incorrect type')


def refuse_first(name, parameters, args, is_array):
    """Raises where a function of arrays is given something else first."""
    if not args or name in _TAKE_ANYTHING or name.startswith('random.'):
        return
    if parameters == ['=ufunc']:
        return  # of numbers, too
    first = args[0]
    if name in _TAKE_AN_INT:
        if not isinstance(first, (int, numpy.integer)):
            raise TypeError(f'cupy.{name} was given {type(first)}')
    elif isinstance(first, (int, float, complex, str, numpy.generic)) or (
        parameters and parameters[0] in _ARRAY and not is_array(first)
    ):
        raise AttributeError(f'cupy.{name} was given {type(first)}')


def refuse_operands(name, args, is_array):
    """Raises where a ufunc is given what is neither an array nor a number."""
    for arg in args:
        known = is_array(arg) or hasattr(arg, 'creator_node')
        if not known and not isinstance(arg, _NUMBERS):
            raise TypeError(f'cupy.{name}: Unsupported type {type(arg)}')


def _plain(value):
    return getattr(value, '_a', value)


def _refuse_axes(args, kwargs):
    a, b, *rest = args
    axes = kwargs.get('axes', rest[0] if rest else 2)
    if 0 in (a.ndim, b.ndim) and axes != 0 and axes != ((), ()):
        raise ValueError('An input is zero-dim while axes has dimensions')


def _refuse_sides(value, ndim):
    shape = numpy.shape(value)
    size = int(numpy.prod(shape))
    if size == 1 or (size == 2 and shape != (2, 1)) or len(shape) > 2:
        return
    if size != 2 * ndim:
        raise ValueError(f'cannot reshape array of size {size} into shape ({ndim},2)')


def _refuse_labels(text, arrays):
    sizes = {}
    inputs = text.replace(' ', '').split('->')[0].split(',')
    for labels, array in zip(inputs, arrays, strict=False):
        if '...' in labels or len(labels) != array.ndim:
            continue
        for label, size in zip(labels, array.shape, strict=True):
            if sizes.setdefault(label, size) != size and 1 not in (size, sizes[label]):
                raise ValueError(f'Size of label {label!r} does not match')
