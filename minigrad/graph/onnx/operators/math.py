"""Arithmetic, elementary functions, reductions and products."""

from __future__ import annotations

import math
from typing import Any

import numpy

from minigrad.graph.onnx.builder import (
    Builder,
    UnsupportedFunction,
    operator,
    plain,
)
from minigrad.graph.onnx.operators.activation import normal_cdf

plain('Add', 'Add')
plain('Sum', 'MultiAdd')
plain('Sub', 'Sub')
plain('Mul', 'Mul')
plain('Div', 'Div')
plain('Pow', 'PowVarVar')
plain('Max', 'Maximum')
plain('Min', 'Minimum')
plain('Neg', 'Neg')
plain('Abs', 'Absolute')
plain('Erf', 'Erf')


def _elementary(name: str) -> str:
    """Returns ONNX's name of an elementary function."""
    return f'A{name[3:]}' if name.startswith('arc') else name.capitalize()


for _ours in (
    *('exp', 'log', 'sqrt', 'sin', 'cos', 'tan', 'sinh', 'cosh', 'ceil', 'floor'),
    *('sign', 'arcsin', 'arccos', 'arctan', 'arctanh'),
):
    plain(_elementary(_ours), _ours)


@operator('square')
def _square(b: Builder, f: Any, x: str) -> Any:
    return b.op('Mul', x, x)


@operator('rsqrt')
def _rsqrt(b: Builder, f: Any, x: str) -> Any:
    return b.op('Reciprocal', b.op('Sqrt', x))


@operator('log2', 'log10')
def _log_of_base(b: Builder, f: Any, x: str) -> Any:
    base = 2 if f.public_name == 'log2' else 10
    return b.op('Div', b.op('Log', x), math.log(base))


@operator('fix')
def _fix(b: Builder, f: Any, x: str) -> Any:
    return b.op('Mul', b.op('Sign', x), b.op('Floor', b.op('Abs', x)))


@operator('expm1', 'log1p')
def _near_zero(b: Builder, f: Any, x: str) -> Any:
    if f.public_name == 'expm1':
        return b.op('Sub', b.op('Exp', x), 1.0)
    return b.op('Log', b.op('Add', x, 1.0))


@operator('Erfc', 'erfc')
def _erfc(b: Builder, f: Any, x: str) -> Any:
    return b.op('Sub', 1.0, b.op('Erf', x))


@operator('Ndtr', 'ndtr')
def _ndtr(b: Builder, f: Any, x: str) -> Any:
    return normal_cdf(b, x)


@operator(
    *('AddConstant', 'SubFromConstant', 'MulConstant', 'DivFromConstant'),
    *('PowVarConst', 'PowConstVar'),
)
def _with_constant(b: Builder, f: Any, x: str) -> Any:
    value = numpy.array(f.value, b.dtype)
    first = b.function in ('SubFromConstant', 'DivFromConstant', 'PowConstVar')
    inputs = (value, x) if first else (x, value)
    return b.op(b.function[:3], *inputs)  # Add, Sub, Mul, Div or Pow


@operator('Remainder')
def _remainder(b: Builder, f: Any, x: str, y: str) -> Any:
    # ONNX's Mod of floats has the sign of x; Python's that of y.
    return b.op('Sub', x, b.op('Mul', b.op('Floor', b.op('Div', x, y)), y))


@operator('Fmod')
def _fmod(b: Builder, f: Any, x: str, y: str) -> Any:
    return b.op('Mod', x, y, fmod=1)


@operator('LinearInterpolate')
def _linear_interpolate(b: Builder, f: Any, p: str, x: str, y: str) -> Any:
    rest = b.op('Mul', b.op('Sub', 1.0, p), y)
    return b.op('Add', b.op('Mul', p, x), rest)


def _axes(b: Builder, f: Any) -> list[int]:
    n = len(b.shapes[0])
    return [axis % n for axis in (range(n) if f.axis is None else f.axis)]


@operator('Sum', 'Mean', 'Max', 'Min', 'Prod')
def _reduce(b: Builder, f: Any, x: str) -> Any:
    return b.reduce(type(f).__name__, x, _axes(b, f), f.keepdims)


@operator('LogSumExp')
def _logsumexp(b: Builder, f: Any, x: str) -> Any:
    return b.reduce('LogSumExp', x, _axes(b, f))


@operator('BatchL2NormSquared')
def _batch_l2_norm_squared(b: Builder, f: Any, x: str) -> Any:
    return b.reduce('SumSquare', x, range(1, len(b.shapes[0])))


@operator('ArgMax', 'ArgMin')
def _index_of_extremum(b: Builder, f: Any, x: str) -> Any:
    x, axis = (b.op('Reshape', x, [-1]), 0) if f.axis is None else (x, f.axis)
    return b.cast(b.op(type(f).__name__, x, axis=axis, keepdims=0), 'int32')


@operator('Cumsum')
def _cumsum(b: Builder, f: Any, x: str) -> Any:
    axis = numpy.array(f.axis % len(b.shapes[0]), numpy.int64)
    return b.op('CumSum', x, axis, reverse=int(f.backwards))


@operator('Cumprod')
def _cumprod(b: Builder, f: Any, x: str) -> Any:
    if b.opset < 26:
        raise UnsupportedFunction(
            f'to_onnx: cumprod has no operator in opset {b.opset}; 26 has one'
        )
    return b.op('CumProd', x, numpy.array(f.axis % len(b.shapes[0]), numpy.int64))


@operator('MatMul', 'BatchMatMul')
def _matmul(b: Builder, f: Any, x: str, y: str) -> Any:
    names = []
    for name, shape, turned in zip((x, y), b.shapes, (f.transa, f.transb), strict=True):
        n = len(shape)
        if turned and n > 1:
            name = b.op('Transpose', name, perm=[*range(n - 2), n - 1, n - 2])
        elif type(f).__name__ == 'BatchMatMul' and n == 2:
            raise UnsupportedFunction('to_onnx: batch_matmul of vectors')
        names.append(name)
    if len(b.shapes[0]) > 1 and len(b.shapes[1]) == 1:
        # onnxruntime 1.32 multiplies a transposed matrix and a vector wrongly.
        return b.op(
            'Squeeze', b.op('MatMul', names[0], b.op('Unsqueeze', y, [1])), [-1]
        )
    return b.op('MatMul', *names)


@operator('EinSum')
def _einsum(b: Builder, f: Any, *xs: str) -> Any:
    pairs = list(zip(f.in_subs, xs, strict=True))
    factors = [(subs, x) for subs, x in pairs if subs]
    subscripts = ','.join([subs for subs, _ in factors])
    equation = f'{subscripts}->{f.out_sub}'.replace('@', '...')
    y = b.op('Einsum', *[x for _, x in factors], equation=equation)
    for subs, x in pairs:
        if not subs:
            y = b.op('Mul', y, x)
    return y


@operator('TensorDot')
def _tensordot(b: Builder, f: Any, x: str, y: str) -> Any:
    letters = 'abcdefghijklmnopqrstuvwxyz'
    n, m = map(len, b.shapes)
    left, right = list(letters[:n]), list(letters[n : n + m])
    for i, j in zip(f._a_axes, f._b_axes, strict=True):
        right[j] = left[i]
    out = [c for c in left if c not in right] + [c for c in right if c not in left]
    equation = f'{"".join(left)},{"".join(right)}->{"".join(out)}'
    return b.op('Einsum', x, y, equation=equation)


@operator('BatchDet')
def _det(b: Builder, f: Any, x: str) -> Any:
    return b.op('Det', x)


@operator('Arctan2')
def _arctan2(b: Builder, f: Any, y: str, x: str) -> Any:
    """The angle in the right half plane, turned by half a circle in the left one."""
    angle = b.op('Atan', b.op('Div', y, x))
    turn = b.op('Where', b.op('Less', y, 0.0), -math.pi, math.pi)
    return b.op('Where', b.op('Less', x, 0.0), b.op('Add', angle, turn), angle)
