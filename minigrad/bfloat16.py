"""bfloat16: float32 with 8 bits of precision, through the package ``ml_dtypes``.

NumPy has no such dtype of its own (``einsum``, sorting and random numbers refuse it), and
CuPy 14 calls its support minimal (docs.cupy.dev, upgrade guide). So a function that does
not say otherwise is computed in float32 on casts of its inputs, and what comes out is
cast back; gradients take the same way. Parameters of this dtype are updated through
float32 copies, because most steps are smaller than half a unit of theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy

from minigrad.errors import InvalidType
from minigrad.types import InputTypes


def is_bfloat16(dtype: Any) -> bool:
    """Tells whether a dtype is ``ml_dtypes.bfloat16``.

    Example:
        >>> is_bfloat16(np.dtype('float32'))
        False
    """
    return bool(dtype.kind == 'V' and dtype.name == 'bfloat16')


def is_float(dtype: Any) -> bool:
    """Tells whether gradients flow through values of a dtype.

    Example:
        >>> is_float(np.dtype('float32')), is_float(np.dtype('int32'))
        (True, False)
    """
    return bool(dtype.kind == 'f' or is_bfloat16(dtype))


def any_bfloat16(inputs: Sequence[Any]) -> bool:
    """Tells whether an input of a function has this dtype.

    Example:
        >>> any_bfloat16((np.zeros(2),))
        False
    """
    for x in inputs:  # asked at each application of a function
        dtype = _dtype_of(x)
        if dtype is not None and dtype.kind == 'V' and is_bfloat16(dtype):
            return True
    return False


def _dtype_of(x: Any) -> Any:
    """Returns the dtype of an array or Variable; None if there is no array (yet)."""
    return getattr(getattr(x, '_array', x), 'dtype', None)


def apply_in_float32(function: Any, inputs: Sequence[Any]) -> tuple[Any, ...]:
    """Applies a function to float32 casts of its bfloat16 inputs.

    Args:
        function: A new `minigrad.FunctionNode`.
        inputs: Variables or arrays, one of them bfloat16 at least.

    Returns:
        Variables; those of float32 are cast to bfloat16 if the first input of a float
        dtype was, as batch normalization has float32 parameters beside narrow images.

    Raises:
        InvalidType: The function wants inputs of one dtype, and they differ.

    Example:
        >>> import ml_dtypes
        >>> x = minigrad.Variable(np.ones(2, ml_dtypes.bfloat16))
        >>> F.exp(x).dtype
        dtype(bfloat16)
    """
    # Both are built on top of this.
    from minigrad.functions.array.cast import cast
    from minigrad.variable import as_array

    dtypes = [_dtype_of(x) for x in inputs]
    floats = [dtype for dtype in dtypes if dtype is not None and is_float(dtype)]
    narrow = next(dtype for dtype in floats if is_bfloat16(dtype))
    if function.broadcasting and not all([is_bfloat16(d) for d in floats]):  # noqa: C419
        arrays = InputTypes([as_array(x) for x in inputs])
        try:
            function.check_type_forward(arrays)
        except InvalidType as error:
            error.list_inputs(function._names(arrays), arrays)
            raise
    ys = function.apply(
        [
            cast(x, numpy.float32) if dtype == narrow else x
            for x, dtype in zip(inputs, dtypes, strict=True)
        ]
    )
    if not is_bfloat16(floats[0]):
        return tuple(ys)
    return tuple([cast(y, narrow) if y.dtype == numpy.float32 else y for y in ys])
