"""exp, log, tanh, sin and their kind in float32, as straight LLVM code without calls.

The same code serves a single number, in loops that LLVM turns into vectors, and a vector
of them. Polynomials and the reduction of the argument are those of the Cephes library
(S. Moshier, netlib.org/cephes), but for ``erf``. In units in the last place, ``exp``,
``log``, ``sin`` and ``cos`` are right to 2, ``erf`` to 3, ``erfc`` to 8, what is made of
them to 4. What would be smaller than the smallest normal number may become zero.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]

_LOWEST, _HIGHEST = -87.33, 88.8  # of exp; below: 0; above: infinity
_LOG2_HIGH, _LOG2_LOW = 0.693359375, -2.12194440e-4
_EXP = (
    1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2,
    1.6666665459e-1, 5.0000001201e-1,
)  # fmt: skip
_LOG = (
    7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1,
    1.4249322787e-1, -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1,
    3.3333331174e-1,
)  # fmt: skip
_SIN = -1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1
_COS = 2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2
# Through the Chebyshev points: erf(x) / x in x**2 up to 1, and exp(x**2) * erfc(x) from
# there in (x - 3) / (x + 3).
_ERF = (
    7.8824971106e-05, -8.0188549928e-04, 5.1893119427e-03, -2.6854328796e-02,
    1.1283597463e-01, -3.7612626904e-01, 1.1283791659e+00,
)  # fmt: skip
_ERFCX = (
    -5.4708426808e-04, 7.3250788082e-04, 4.2553006786e-03, -2.4397418400e-02,
    7.1667384342e-02, -1.5011556388e-01, 2.4560374183e-01, -3.2623356779e-01,
    1.7900115155e-01,
)  # fmt: skip
_HALF_PI = 1.5703125, 4.837512969970703125e-4, 7.54978995489188216e-8
FARTHEST = 8192.0  # up to which the reduction of sin and cos is exact enough

_f32, _i32 = ir.FloatType(), ir.IntType(32)


class Elementary:
    """Emits the functions for float32 numbers, or vectors of them.

    Args:
        builder: Where the code goes.
        kind: ``float`` or a vector of it.
    """

    def __init__(self, builder: Any, kind: Any) -> None:
        self._b = builder
        self._kind = kind
        self._lanes_ = kind.count if isinstance(kind, ir.VectorType) else 0
        self._integer = ir.VectorType(_i32, kind.count) if self._lanes_ else _i32

    def _number_(self, value: float) -> Any:
        value = float(np.float32(value))  # which is what LLVM wants to read
        return ir.Constant(
            self._kind, [value] * self._lanes_ if self._lanes_ else value
        )

    def _int(self, value: int) -> Any:
        several = [value] * self._lanes_ if self._lanes_ else value
        return ir.Constant(self._integer, several)

    def _intrinsic(self, name: str, *args: Any) -> Any:
        suffix = f'v{self._lanes_}f32' if self._lanes_ else 'f32'
        signature = ir.FunctionType(self._kind, [self._kind] * len(args))
        full = f'llvm.{name}.{suffix}'
        function = self._b.module.globals.get(full)
        if function is None:
            function = ir.Function(self._b.module, signature, full)
        return self._b.call(function, args)

    def _polynomial(self, x: Any, coefficients: tuple[float, ...]) -> Any:
        y = self._number_(coefficients[0])
        for coefficient in coefficients[1:]:
            y = self._intrinsic('fmuladd', y, x, self._number_(coefficient))
        return y

    def _clip(self, x: Any, low: float, high: float) -> Any:
        b, lowest, highest = self._b, self._number_(low), self._number_(high)
        x = b.select(b.fcmp_ordered('>', x, lowest), x, lowest)
        return b.select(b.fcmp_ordered('<', x, highest), x, highest)

    def _power_of_two(self, n: Any) -> Any:
        b = self._b
        return b.bitcast(b.shl(b.add(n, self._int(127)), self._int(23)), self._kind)

    def _nan_stays(self, x: Any, y: Any) -> Any:
        return self._b.select(self._b.fcmp_unordered('uno', x, x), x, y)

    def _reduced_exp(self, x: Any) -> tuple[Any, Any]:
        """Returns n and ``exp(r) - 1`` for ``x = n * log(2) + r``; x is clipped."""
        b, number = self._b, self._number_
        r = self._clip(x, _LOWEST, _HIGHEST)
        n = self._intrinsic(
            'floor', b.fadd(b.fmul(r, number(1 / math.log(2))), number(0.5))
        )
        r = self._intrinsic('fmuladd', n, number(-_LOG2_HIGH), r)
        r = self._intrinsic('fmuladd', n, number(-_LOG2_LOW), r)
        y = self._polynomial(r, _EXP)
        y = b.fadd(b.fmul(y, b.fmul(r, r)), r)
        return b.fptosi(n, self._integer), y

    def exp(self, x: Any) -> Any:
        """Returns ``exp(x)``."""
        b = self._b
        if self._lanes_ == 16:
            return self._exp_scaled(x)
        n, y = self._reduced_exp(x)
        y = b.fadd(y, self._number_(1.0))
        # 2**n in two factors: 2**128 alone would be infinity.
        half = b.ashr(n, self._int(1))
        for part in (half, b.sub(n, half)):
            y = b.fmul(y, self._power_of_two(part))
        below = b.fcmp_ordered('<', x, self._number_(_LOWEST))
        return self._nan_stays(x, b.select(below, self._number_(0.0), y))

    def _exp_scaled(self, x: Any) -> Any:
        """Returns ``exp(x)`` by AVX-512's product with a power of two.

        It knows infinity and numbers too small to be normal, and NaN goes through.
        """
        b, number = self._b, self._number_
        lowest, highest = number(-104.0), number(89.0)
        r = b.select(b.fcmp_ordered('>', lowest, x), lowest, x)
        r = b.select(b.fcmp_ordered('<', highest, r), highest, r)
        scaled = self._intrinsic('fmuladd', r, number(1 / math.log(2)), number(0.5))
        n = self._intrinsic('floor', scaled)
        r = self._intrinsic('fmuladd', n, number(-_LOG2_HIGH), r)
        r = self._intrinsic('fmuladd', n, number(-_LOG2_LOW), r)
        y = self._polynomial(r, _EXP)
        y = self._intrinsic('fmuladd', y, b.fmul(r, r), r)
        y = b.fadd(y, number(1.0))
        name = 'llvm.x86.avx512.mask.scalef.ps.512'
        function = b.module.globals.get(name)
        if function is None:
            kinds = [self._kind] * 3 + [ir.IntType(16), _i32]
            signature = ir.FunctionType(self._kind, kinds)
            function = ir.Function(b.module, signature, name)
        # Where all lanes count the third is not read; 4: round as usual.
        return b.call(function, [y, n, y, ir.IntType(16)(-1), _i32(4)])

    def expm1(self, x: Any) -> Any:
        """Returns ``exp(x) - 1``, exact near zero."""
        b = self._b
        n, y = self._reduced_exp(x)
        half = self._power_of_two(b.sub(n, self._int(1)))
        y = b.fadd(b.fmul(half, y), b.fsub(half, self._number_(0.5)))
        y = b.fadd(y, y)
        # Keeps the sign of zero and numbers too small to be halved.
        tiny = b.fcmp_ordered('<', self.absolute(x), self._number_(1e-30))
        return self._nan_stays(x, b.select(tiny, x, y))

    def tanh(self, x: Any) -> Any:
        """Returns ``tanh(x) = e / (e + 2)`` with ``e = exp(2 * x) - 1``."""
        b = self._b
        size = self._clip(self.absolute(x), 0.0, 10.0)
        e = self.expm1(b.fadd(size, size))
        y = b.fdiv(e, b.fadd(e, self._number_(2.0)))
        return self._nan_stays(x, self._intrinsic('copysign', y, x))

    def log(self, x: Any) -> Any:
        """Returns ``log(x)``; that of zero is minus infinity."""
        b, number = self._b, self._number_
        small = b.fcmp_ordered('<', x, number(float(np.finfo(np.float32).tiny)))
        normal = b.select(small, b.fmul(x, number(2.0**23)), x)
        bits = b.bitcast(normal, self._integer)
        exponent = b.sub(b.lshr(bits, self._int(23)), self._int(126))
        bits = b.or_(b.and_(bits, self._int(0x7FFFFF)), self._int(0x3F000000))
        m = b.bitcast(bits, self._kind)  # in [1/2, 1)
        n = b.sitofp(exponent, self._kind)
        n = b.fsub(n, b.select(small, number(23.0), number(0.0)))
        low = b.fcmp_ordered('<', m, number(math.sqrt(0.5)))
        n = b.fsub(n, b.select(low, number(1.0), number(0.0)))
        r = b.fsub(b.fadd(m, b.select(low, m, number(0.0))), number(1.0))
        square = b.fmul(r, r)
        y = b.fmul(b.fmul(self._polynomial(r, _LOG), r), square)
        y = b.fadd(y, b.fmul(n, number(_LOG2_LOW)))
        y = b.fsub(y, b.fmul(square, number(0.5)))
        y = b.fadd(b.fadd(r, y), b.fmul(n, number(_LOG2_HIGH)))
        y = b.select(b.fcmp_ordered('==', x, number(math.inf)), x, y)
        y = b.select(b.fcmp_ordered('==', x, number(0.0)), number(-math.inf), y)
        y = b.select(b.fcmp_ordered('<', x, number(0.0)), number(math.nan), y)
        return self._nan_stays(x, y)

    def log1p(self, x: Any) -> Any:
        """Returns ``log(1 + x)``: that of the rounded sum, and what rounding lost."""
        b, one = self._b, self._number_(1.0)
        u = b.fadd(one, x)
        lost = b.fdiv(b.fsub(x, b.fsub(u, one)), u)
        finite = b.fcmp_ordered('<', self.absolute(x), self._number_(math.inf))
        counts = b.and_(finite, b.fcmp_ordered('!=', u, self._number_(0.0)))
        y = b.fadd(self.log(u), b.select(counts, lost, self._number_(0.0)))
        # Zero keeps its sign.
        return b.select(b.fcmp_ordered('==', x, self._number_(0.0)), x, y)

    def erf(self, x: Any) -> Any:
        """Returns the error function."""
        b, one = self._b, self._number_(1.0)
        size = self.absolute(x)
        outside = self._intrinsic('copysign', b.fsub(one, self._erfc_outside(size)), x)
        return b.select(b.fcmp_unordered('>=', size, one), outside, self._erf_inside(x))

    def erfc(self, x: Any) -> Any:
        """Returns ``1 - erf(x)``, exact where that is small."""
        b, one = self._b, self._number_(1.0)
        size = self.absolute(x)
        outside = self._erfc_outside(size)
        negative = b.fcmp_ordered('<', x, self._number_(0.0))
        outside = b.select(negative, b.fsub(self._number_(2.0), outside), outside)
        inside = b.fsub(one, self._erf_inside(x))
        return b.select(b.fcmp_unordered('>=', size, one), outside, inside)

    def _erf_inside(self, x: Any) -> Any:
        b = self._b
        return b.fmul(x, self._polynomial(b.fmul(x, x), _ERF))

    def _erfc_outside(self, x: Any) -> Any:
        b, number = self._b, self._number_
        limit = number(10.2)  # where erfc is less than any number
        x = b.select(b.fcmp_ordered('>', x, limit), limit, x)
        square = b.fmul(x, x)
        lost = self._intrinsic('fma', x, x, b.fneg(square))
        y = self.exp(b.fneg(square))
        y = b.fsub(y, b.fmul(y, lost))
        three = number(3.0)
        place = b.fdiv(b.fsub(x, three), b.fadd(x, three))
        return b.fmul(y, self._polynomial(place, _ERFCX))

    def sin(self, x: Any) -> Any:
        """Returns ``sin(x)``."""
        return self._far(x, 'sin', lambda: self._near(x, 0))

    def cos(self, x: Any) -> Any:
        """Returns ``cos(x)``."""
        return self._far(x, 'cos', lambda: self._near(x, 1))

    def _near(self, x: Any, quarter: int) -> Any:
        """Returns ``sin(x + quarter * pi / 2)``."""
        b, number = self._b, self._number_
        n = self._intrinsic(
            'floor', b.fadd(b.fmul(x, number(2 / math.pi)), number(0.5))
        )
        r = x
        for part in _HALF_PI:
            r = self._intrinsic('fmuladd', n, number(-part), r)
        q = b.add(b.fptosi(n, self._integer), self._int(quarter))
        square = b.fmul(r, r)
        sine = b.fmul(self._polynomial(square, _SIN), b.fmul(square, r))
        sine = b.fadd(sine, r)
        cosine = b.fmul(self._polynomial(square, _COS), b.fmul(square, square))
        cosine = b.fadd(b.fsub(cosine, b.fmul(square, number(0.5))), number(1.0))
        odd = b.icmp_signed('!=', b.and_(q, self._int(1)), self._int(0))
        y = b.select(odd, cosine, sine)
        sign = b.shl(b.and_(q, self._int(2)), self._int(30))
        return b.bitcast(b.xor(b.bitcast(y, self._integer), sign), self._kind)

    def _far(self, x: Any, name: str, near: Any) -> Any:
        """Returns ``near()``, or LLVM's function if a number is far from zero."""
        b = self._b
        within = b.fcmp_ordered('<', self.absolute(x), self._number_(FARTHEST))
        if self._lanes_:
            bits = ir.IntType(self._lanes_)
            within = b.icmp_signed('==', b.bitcast(within, bits), bits(-1))
        with b.if_else(within) as (then, otherwise):
            with then:
                y, then_block = near(), b.block
            with otherwise:
                far, other_block = self._intrinsic(name, x), b.block
        phi = b.phi(self._kind)
        phi.add_incoming(y, then_block)
        phi.add_incoming(far, other_block)
        return phi

    def absolute(self, x: Any) -> Any:
        """Returns ``abs(x)``."""
        return self._intrinsic('fabs', x)
