"""What to type when an input is not what a function takes: the hints of its errors.

Called only when an input was refused, so nothing here needs to be fast.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

# by the first part of the module that a type comes from
_CONVERSIONS = {
    'torch': 'x.detach().cpu().numpy()',
    'pandas': 'x.to_numpy(numpy.float32)',
    'PIL': 'numpy.asarray(x, numpy.float32).transpose(2, 0, 1) / 255, pixels from 0 to '
    '1 with channels first',
    'tensorflow': 'x.numpy()',
    'jax': 'numpy.asarray(x)',
    'jaxlib': 'numpy.asarray(x)',
}


def conversion(value: Any) -> str:
    """Returns how to make an array of a value.

    Example:
        >>> from minigrad.input_hints import conversion
        >>> conversion([1.0, 2.0])
        'numpy.array(x, numpy.float32)'
    """
    kind = type(value)
    if kind.__name__ == 'MaskedArray':
        return 'x.filled(0), since no function sees the mask'
    if isinstance(value, (list, tuple)):
        return 'numpy.array(x, numpy.float32)'
    if hasattr(value, 'forward') and hasattr(value, 'namedparams'):
        return 'call the link: what it returns is the input of the next'
    if callable(value) and not hasattr(value, 'shape'):
        return 'call the function: what it returns is the input of the next'
    return _CONVERSIONS.get(kind.__module__.split('.')[0], 'numpy.array(x) makes one')


def hint_for(
    names: Sequence[str], values: Sequence[Any], has_hint: bool = False
) -> str | None:
    """Returns what is probably wrong with the inputs of a function, None if unknown.

    Args:
        names: Their names.
        values: The arrays that were refused.
        has_hint: The function has a hint of its own, so that only a layout is told.
    """
    arrays = {
        name: value
        for name, value in zip(names, values, strict=False)
        if hasattr(value, 'dtype') and hasattr(value, 'shape')
    }
    x, W, t = arrays.get('x'), arrays.get('W'), arrays.get('t')
    y = arrays.get('y', x)
    if t is not None and y is not None and not has_hint:
        hint = _about_labels(t, y)
        if hint is not None:
            return hint
    if x is not None and W is not None:
        hint = _about_channels(x, W)
        if hint is not None:
            return hint
    if has_hint:
        return None
    return _about_dtypes({k: v for k, v in arrays.items() if k != 't'})


def _about_labels(t: Any, y: Any) -> str | None:
    if y.dtype.kind in 'iu' and t.dtype.kind == 'f':
        return 'the scores come first, and the labels t second'
    if t.shape == y.shape and t.ndim > 1 and t.dtype.kind in 'iufb':
        return 'one-hot labels become numbers of classes by t.argmax(axis=1)'
    if t.dtype.kind == 'f' and t.ndim < y.ndim:
        return 'numbers of classes are integers: t.astype(numpy.int32)'
    if t.dtype.kind in 'ub':
        return 'labels are signed integers: t.astype(numpy.int32)'
    if t.ndim == y.ndim and t.shape[-1:] == (1,):
        return 'labels have one axis less: t[:, 0]'
    return None


def _about_channels(x: Any, W: Any) -> str | None:
    if x.ndim == W.ndim - 1:
        return 'a batch of one image is x[None]'
    if x.ndim < 3 or x.ndim != W.ndim or x.shape[1] == W.shape[1]:
        return None
    if x.shape[-1] == W.shape[1]:
        axes = ', '.join(map(str, (0, x.ndim - 1, *range(1, x.ndim - 1))))
        return f'channels are the second axis here, not the last: x.transpose({axes})'
    return None


def _about_dtypes(arrays: dict[str, Any]) -> str | None:
    whole = [name for name, a in arrays.items() if a.dtype.kind in 'iub']
    floats = {name: a.dtype for name, a in arrays.items() if a.dtype.kind == 'f'}
    if whole and floats and 'x' not in arrays:
        return f'{whole[0]}.astype(numpy.{_others(floats)}) makes floats of integers'
    if 'x' in whole and floats:
        if arrays['x'].dtype == 'uint8':
            return f'pixels become floats by x.astype(numpy.{_others(floats)}) / 255'
        return f'x.astype(numpy.{_others(floats)}) makes floats of integers'
    if len(set(floats.values())) > 1:
        for name, dtype in floats.items():
            rest = {k: d for k, d in floats.items() if k != name}
            if len(set(rest.values())) == 1 and (name == 'x' or len(rest) > 1):
                other = _others(rest)
                why = ', the default of NumPy' if dtype == 'float64' else ''
                return f'{name} is {dtype}{why}: {name}.astype(numpy.{other})'
    return None


def _others(dtypes: dict[str, Any]) -> str:
    return str(next(iter(dtypes.values())).newbyteorder('='))
