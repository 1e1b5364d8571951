"""Which way a convolution or a product is computed: the one predicted to be fastest.

A way takes a time that is linear in what it does: multiply-adds, elements that are
moved, weights that are read. How long each of those takes is what a calibration
measures (``calibration.py``); without one, the rates here hold.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator, Mapping, Sequence

from minigrad.kernels.cpu import calibration, winograd
from minigrad.kernels.cpu.gemm import DOT_DEPTH
from minigrad.kernels.cpu.vectors import LOW_ROWS
from minigrad.kernels.specs import ConvSpec

DIRECT, WINOGRAD, COLUMNS = 'direct', 'winograd', 'columns'
"""Products with shifted views of one image; in transformed tiles; with the windows of
all images copied into columns."""

OWN, BLAS = 'own', 'blas'
"""Products of matrices by blocks of our own, or by NumPy's BLAS."""

# Nanoseconds, in the order of `counts`: an AMD EPYC (family 25, AVX-512), one thread.
RATES: dict[str, tuple[float, ...]] = {
    'columns gW': (0.0237, 1.4, 0, 1.17e04),
    'columns gx': (0.0259, 1.34, 0, 1.14e04),
    'columns y': (0.0213, 1.56, 0, 1.22e04),
    'direct gW': (0.0242, 0.888, 0.0935, 1.14e04),
    'direct gx': (0.0242, 1.2, 0, 1.13e04),
    'direct y': (0.0198, 0.985, 0.172, 8.92e03),
    'winograd gW': (0.0448, 0.86, 0, 0),
    'winograd gx': (0.0485, 0.732, 0, 0),
    'winograd y': (0.044, 0.926, 0, 0),
}

# Of products, by the layout of their factors: n as stored, t transposed. BLAS has threads
# of its own, which may be in the way of ours: it is used only where it was measured.
PRODUCT_RATES: dict[str, tuple[float, ...]] = {}

MOST_COLUMNS_BYTES = 1 << 26  # of columns: other ways need no such room
CACHED_BYTES = 1 << 18  # of weights, which the L2 cache then keeps from image to image
FAR_BYTES = 1 << 21  # of rows that dot products read again and again from afar
MARGIN = 0.9  # a way is left only for one that takes less than this share

_taken: str | None = None


@contextlib.contextmanager
def taking(way: str) -> Iterator[None]:
    """Makes every convolution that can be computed one way be so; for measurements."""
    global _taken
    before, _taken = _taken, way
    forget()
    try:
        yield
    finally:
        _taken = before
        forget()


def forget() -> None:
    """Forgets what was chosen, since the rates have changed."""
    fastest.cache_clear()
    fastest_product.cache_clear()


def _least(
    rates: Mapping[str, Sequence[float]],
    ways: Mapping[str, Sequence[float]],
    suffix: str,
) -> str:
    """Returns the best of some ways, of which the first is the usual one.

    Args:
        rates: Those known.
        ways: The counts of each way.
        suffix: What follows the name of a way in ``rates``.
    """
    usual = best = next(iter(ways))
    if _taken is not None:
        return _taken if _taken in ways else usual
    least = float('inf')
    for way, done in ways.items():
        if f'{way} {suffix}' in rates:
            time = predicted(rates[f'{way} {suffix}'], done)
            if time < least:
                best, least = way, time * (MARGIN if way == usual else 1)
    return best


@functools.lru_cache(maxsize=1024)
def fastest(product: str, spec: ConvSpec, N: int, C: int, OC: int, exact: bool) -> str:
    """Returns the way for one of the three products of a convolution.

    Args:
        product: ``'y'``, ``'gx'`` or ``'gW'``.
        spec: The convolution.
        N: Images.
        C: Input channels of a group.
        OC: Output channels.
        exact: Whether Winograd's rounding is not allowed.
    """
    ways = {
        way: counts(way, product, spec, N, C, OC)
        for way in possible(product, spec, N, C, OC, exact)
    }
    return _least(calibration.rates('convolution', RATES), ways, product)


@functools.lru_cache(maxsize=1024)
def fastest_product(layout: str, M: int, N: int, K: int) -> str:
    """Returns the way for a product of two matrices, (M, K) and (K, N).

    Args:
        layout: ``'nn'``, ``'nt'`` or ``'tn'``.
        M: Rows of the result.
        N: Its columns.
        K: Terms of each sum.
    """
    ways = dict.fromkeys((OWN, BLAS), product_counts(M, N, K))
    return _least(calibration.rates('product', PRODUCT_RATES), ways, layout)


def product_counts(M: int, N: int, K: int) -> tuple[float, ...]:
    """Returns what a product does; see `counts`."""
    far = M * N * K if M * min(K, DOT_DEPTH) * 4 > FAR_BYTES else 0
    return M * N * K, far, K * N, M * (K + N), 1


def possible(
    product: str, spec: ConvSpec, N: int, C: int, OC: int, exact: bool
) -> list[str]:
    """Returns the ways that compute a product of a convolution."""
    ways = [DIRECT]
    if spec.groups == 1:
        columns = N * C * spec.kh * spec.kw * spec.oh * spec.ow
        if columns * 4 <= MOST_COLUMNS_BYTES:
            ways.append(COLUMNS)
        fits = product != 'gx' or (spec.ph < spec.kh and spec.pw < spec.kw)
        if not exact and fits and winograd.wins(spec, N, C, OC):
            ways.append(WINOGRAD)
    return ways


def counts(
    way: str, product: str, spec: ConvSpec, N: int, C: int, OC: int
) -> tuple[float, ...]:
    """Returns what a way does, as numbers that its rates multiply.

    The last one is 1: a call takes some time whatever it computes.
    """
    window, pixels = spec.kh * spec.kw, spec.oh * spec.ow
    weights = C * window * OC
    if way == WINOGRAD:
        side = winograd.TILE + spec.kh - 1
        tiles = N * -(-spec.oh // winograd.TILE) * -(-spec.ow // winograd.TILE)
        points = side * side
        return (
            tiles * points * C * OC, tiles * points * (C + OC), points * C * OC, 1,
        )  # fmt: skip
    if way == COLUMNS:
        moved = N * OC * pixels
        moved += N * C * spec.h * spec.w if window == 1 else 0
        return N * weights * pixels, N * C * window * pixels, moved, 1
    row = spec.ow + (spec.kw - 1) * spec.dx // spec.sx
    if product == 'gx':  # sums for few channels take as long as for a block of them
        weights = weights // C * -(-C // LOW_ROWS) * LOW_ROWS
    read = N * weights if weights * 4 > CACHED_BYTES else 0
    moved = N * (C * spec.groups * spec.h * spec.w + OC * pixels)
    return N * weights * spec.oh * row, read, moved, 1


def predicted(rates: Sequence[float], done: Sequence[float]) -> float:
    """Returns the time in nanoseconds."""
    return sum([rate * count for rate, count in zip(rates, done, strict=True)])
