"""How far the fast kernels are from float64: a table, by one command.

Kernels that do not round each operation as NumPy does (vector functions, sums in another
order, Winograd's tiles) are compared in float32 with the same computation in float64, and
so is what they stand in for: NumPy's function in float32, the plain formula, the direct
convolution.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from minigrad.kernels import kernels_for, using_kernels
from minigrad.kernels.specs import ConvSpec

COUNT = 200_001
Function = Callable[..., Any]


class Row(NamedTuple):
    """Errors of one kernel.

    Attributes:
        name: The kernel, and on what.
        unit: ``'ulp'``: units in the last place, largest and mean; ``'relative'``: the
            largest error by the largest value, and the Frobenius norms' ratio.
        ours: Both numbers.
        plain: The same of what the kernel stands in for.
    """

    name: str
    unit: str
    ours: tuple[float, float]
    plain: tuple[float, float]


# Name, lowest and highest argument.
ELEMENTARY = [
    ('exp', -80.0, 80.0), ('expm1', -20.0, 20.0), ('log', 1e-6, 1e6),
    ('log1p', -0.9, 1e4), ('tanh', -10.0, 10.0), ('sin', -1000.0, 1000.0),
    ('cos', -1000.0, 1000.0), ('erf', -4.0, 4.0), ('erfc', -4.0, 9.0),
]  # fmt: skip


def rows() -> Iterator[Row]:
    """Yields the errors of each approximate kernel."""
    for name, low, high in ELEMENTARY:
        yield _elementary(name, low, high)
    yield from _along_rows()
    yield from _products()
    yield from _convolutions()


def _elementary(name: str, low: float, high: float) -> Row:
    import scipy.special

    source = scipy.special if name in ('erf', 'erfc') else np

    def formula(xp: Any, x: Any) -> Any:
        if hasattr(x, 'apply'):
            return x.apply(name)
        return getattr(source, name)(x)

    x = np.linspace(low, high, COUNT).astype(np.float32)
    exact = getattr(source, name)(x.astype(np.float64))
    unit = np.spacing(np.abs(exact).astype(np.float32)).astype(np.float64)
    if name in ('sin', 'cos'):  # near their roots the absolute error counts
        unit = np.maximum(unit, np.spacing(np.float32(0.5)))

    def errors(y: Any) -> tuple[float, float]:
        off = np.abs(y - exact) / unit
        return float(off.max()), float(off.mean())

    ours = errors(kernels_for(x).elementwise(formula, x))
    what = f'{name} from {low:g} to {high:g}'
    return Row(what, 'ulp', ours, errors(getattr(source, name)(x)))


def _relative(y: Any, exact: Any) -> tuple[float, float]:
    off = y - exact
    largest = np.abs(off).max() / np.abs(exact).max()
    return float(largest), float(np.linalg.norm(off) / np.linalg.norm(exact))


def _compare(name: str, run: Function, *arrays: Any) -> Row:
    """Compares a function of arrays by our kernels and by the definition."""
    with using_kernels('reference'):
        exact = run(*[a.astype(np.float64) for a in arrays])
        plain = run(*arrays)
    return Row(
        name, 'relative', _relative(run(*arrays), exact), _relative(plain, exact)
    )


def _along_rows() -> Iterator[Row]:
    import minigrad.functions as F

    rng = np.random.default_rng(0)
    x = rng.standard_normal((256, 1000), np.float32) * 3
    one, zero = np.ones(1000, np.float32), np.zeros(1000, np.float32)
    for name, function in (
        ('softmax', F.softmax),
        ('log_softmax', F.log_softmax),
        ('logsumexp', lambda x: F.logsumexp(x, axis=1)),
        ('sigmoid', F.sigmoid),
        ('softplus', F.softplus),
        ('gelu', F.gelu),
        (
            'layer_normalization',
            lambda x: F.layer_normalization(
                x, one.astype(x.dtype), zero.astype(x.dtype)
            ),
        ),
    ):
        yield _compare(f'{name}, 256x1000', lambda x, f=function: f(x).array, x)


def _products() -> Iterator[Row]:
    rng = np.random.default_rng(0)
    for M, K, N in ((64, 64, 64), (128, 4096, 128)):
        a = rng.standard_normal((M, K), np.float32)
        b = rng.standard_normal((K, N), np.float32)
        yield _compare(
            f'matmul {M}x{K}x{N}', lambda a, b: kernels_for(a).matmul(a, b), a, b
        )


def _convolutions() -> Iterator[Row]:
    from minigrad.kernels.cpu import ways

    rng = np.random.default_rng(0)
    for window in (3, 5):
        x = rng.standard_normal((8, 64, 16, 16), np.float32)
        W = rng.standard_normal((64, 64, window, window), np.float32)
        gy = rng.standard_normal((8, 64, 16, 16), np.float32)
        spec = ConvSpec.of(x.shape, W.shape, 1, window // 2)
        runs: list[tuple[str, Function, tuple[Any, ...]]] = [
            ('y', lambda x, W: kernels_for(x).conv_2d(x, W, None, spec), (x, W)),  # noqa: B023
            ('gx', lambda W, gy: kernels_for(W).conv_2d_grad_x(W, gy, spec), (W, gy)),  # noqa: B023
            ('gW', lambda x, gy: kernels_for(x).conv_2d_grad_w(x, gy, spec), (x, gy)),  # noqa: B023
        ]
        for product, run, arrays in runs:
            for way in (ways.DIRECT, ways.COLUMNS, ways.WINOGRAD):
                with ways.taking(way):
                    name = (
                        f'convolution {window}x{window}, 64 channels, {way}, {product}'
                    )
                    yield _compare(name, run, *arrays)


HEAD = """# Errors of the fast kernels

Made by `python -m benchmarks accuracy > docs/accuracy.md`. float32 on a CPU, against the
same computation in float64. In "ulp" the numbers are the largest and the mean error in units
in the last place; else the largest error divided by the largest value, and the norm of the
errors divided by that of the values (Frobenius). "Plain" is what the kernel stands in for:
NumPy's function in float32, or the definition in array code. `config.exact_convolution = True`
keeps convolutions away from Winograd's tiles. Reductions of float32 rounding alone are about
1e-7.

| kernel | unit | ours: largest | ours: mean or norm | plain: largest | plain: mean or norm |
| --- | --- | --- | --- | --- | --- |
"""


def table() -> str:
    """Returns the page of the docs."""
    lines = []
    for row in rows():
        numbers = ' | '.join([_shown(n, row.unit) for n in (*row.ours, *row.plain)])
        lines.append(f'| {row.name} | {row.unit} | {numbers} |\n')
    return HEAD + ''.join(lines)


def _shown(number: float, unit: str) -> str:
    return f'{number:.2f}' if unit == 'ulp' else f'{number:.1e}'


def read(page: str) -> dict[str, tuple[float, ...]]:
    """Returns the numbers of each kernel in a page that `table` made."""
    found = {}
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip('|').split('|')]
        if len(cells) == 6 and cells[1] in ('ulp', 'relative'):
            found[cells[0]] = tuple(map(float, cells[2:]))
    return found


def within(error: float, stated: float) -> bool:
    """Returns whether an error is about what was stated, on whatever processor."""
    return math.isfinite(error) and error <= 1.5 * stated + 1e-12
