"""bfloat16: float32 with 8 bits of precision, through the package ``ml_dtypes``.

NumPy has no such dtype of its own (``einsum``, sorting and random numbers refuse it), and
CuPy 14 calls its support minimal (docs.cupy.dev, upgrade guide). So a function that does
not say otherwise is computed in float32 on casts of its inputs, and what comes out is
cast back; gradients take the same way. Parameters of this dtype are updated through
float32 copies, because most steps are smaller than half a unit of theirs.
"""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.dtypes import is_bfloat16, is_float
from minigrad.errors import InvalidType
from minigrad.function_node import FunctionNode
from minigrad.functions.array.cast import cast
from minigrad.types import InputTypes
from minigrad.variable import Variable, as_array


def _dtype_of(x: Any) -> Any:
    """Returns the dtype of an array or Variable; None if there is no array (yet)."""
    return getattr(getattr(x, '_array', x), 'dtype', None)


def apply_bfloat16(
    function: FunctionNode, inputs: tuple[Any, ...]
) -> tuple[Variable, ...] | None:
    """Applies a function to float32 casts of its bfloat16 inputs.

    Args:
        function: A new node.
        inputs: Variables or arrays.

    Returns:
        Variables; those of float32 are cast to bfloat16 if the first input of a float
        dtype was, as batch normalization has float32 parameters beside narrow images.
        None if no input is bfloat16, or the function takes this dtype.

    Raises:
        InvalidType: The function wants inputs of one dtype, and they differ.

    Example:
        >>> import ml_dtypes
        >>> x = minigrad.Variable(np.ones(2, ml_dtypes.bfloat16))
        >>> F.exp(x).dtype
        dtype(bfloat16)
    """
    dtypes = [_dtype_of(x) for x in inputs]
    narrow = next((d for d in dtypes if d is not None and is_bfloat16(d)), None)
    if narrow is None or function.takes_bfloat16(inputs):
        return None
    floats = [dtype for dtype in dtypes if dtype is not None and is_float(dtype)]
    if function.broadcasting and not all([is_bfloat16(d) for d in floats]):  # noqa: C419
        arrays = InputTypes([as_array(x) for x in inputs])
        try:
            function.check_type_forward(arrays)
        except InvalidType as error:
            error.list_inputs(function._names_(arrays), arrays)
            raise
    ys = function.apply(
        [
            cast(x, numpy.float32) if dtype == narrow else x
            for x, dtype in zip(inputs, dtypes, strict=True)
        ]
    )
    if not is_bfloat16(floats[0]):
        return ys
    return tuple([cast(y, narrow) if y.dtype == numpy.float32 else y for y in ys])
