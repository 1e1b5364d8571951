"""Measures the ways of this machine: a few seconds, once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from minigrad.kernels.cpu import calibration, ways
from minigrad.kernels.numba_cpu import NumbaKernels
from minigrad.kernels.specs import ConvSpec
from minigrad.kernels.threads import get_num_threads
from minigrad.utils.processor import processor_name

ROUNDS = 3

# N, C, side, OC, window, stride: what networks are made of, at a batch size that makes
# each a few milliseconds.
CONVOLUTIONS = [
    (16, 1, 28, 20, 5, 1), (16, 20, 12, 50, 5, 1), (8, 3, 32, 32, 3, 1),
    (16, 16, 28, 16, 3, 1), (8, 32, 28, 32, 3, 1), (2, 64, 56, 64, 3, 1),
    (1, 128, 28, 128, 3, 1), (4, 128, 14, 256, 3, 1), (4, 256, 14, 256, 3, 1),
    (2, 256, 7, 256, 3, 1), (4, 256, 7, 512, 3, 1), (8, 256, 2, 256, 3, 1),
    (1, 192, 13, 384, 3, 1), (8, 32, 14, 32, 5, 1), (32, 48, 14, 16, 3, 1),
    (4, 64, 28, 64, 3, 2), (4, 256, 14, 256, 3, 2), (1, 3, 112, 64, 7, 2),
    (2, 64, 28, 256, 1, 1), (2, 512, 14, 128, 1, 1), (8, 512, 7, 512, 1, 1),
    (4, 1024, 7, 256, 1, 1), (4, 256, 14, 512, 1, 2), (32, 32, 8, 32, 3, 1),
    (2, 16, 8, 16, 3, 1), (1, 8, 6, 8, 3, 1),
]  # fmt: skip

PRODUCTS = [  # M, K, N
    (16, 400, 120), (64, 1024, 512), (100, 784, 1000), (256, 256, 256),
    (1024, 256, 1024), (20, 650, 2600), (700, 650, 650), (1, 1024, 1024),
    (2048, 512, 256), (32, 2048, 1024), (512, 1152, 196), (1024, 1024, 512),
    (64, 64, 64), (8, 128, 1000), (128, 4096, 128), (4608, 512, 196),
]  # fmt: skip
LAYOUTS = 'nn', 'nt', 'tn'  # of the factors: as stored, or transposed

Measured = Iterator[tuple[str, tuple[float, ...], float]]


def measure(report: Callable[[str], None] = lambda line: None) -> dict[str, Any]:
    """Returns the calibration of this machine, and keeps it on disk.

    Args:
        report: Called with a line for each way.
    """
    kernels = NumbaKernels()
    known = {
        'version': calibration.VERSION,
        'processor': processor_name(),
        'threads': get_num_threads(),
        'rates': {
            'convolution': _fit(_convolutions(kernels), report),
            'product': _fit(_products(kernels), report),
        },
    }
    calibration.save(known)
    ways.forget()
    return known


def _fit(measured: Measured, report: Callable[[str], None]) -> dict[str, list[float]]:
    done: dict[str, list[tuple[float, ...]]] = {}
    times: dict[str, list[float]] = {}
    for name, counts, nanoseconds in measured:
        done.setdefault(name, []).append(counts)
        times.setdefault(name, []).append(nanoseconds)
    rates = {}
    for name, counted in done.items():
        found = rates[name] = calibration.fit(counted, times[name])
        off = [
            abs(ways.predicted(found, counts) / spent - 1)
            for counts, spent in zip(counted, times[name], strict=True)
        ]
        report(f'{name}: predicted within {np.median(off):.0%} (median)')
    return rates


def _products(kernels: NumbaKernels) -> Measured:
    rng = np.random.default_rng(0)
    for M, K, N in PRODUCTS:
        a = rng.standard_normal((M, K), np.float32)
        b = rng.standard_normal((K, N), np.float32)
        turned = np.asfortranarray(a), np.asfortranarray(b)
        for layout, x, y in (('nn', a, b), ('nt', a, turned[1]), ('tn', turned[0], b)):
            for way in (ways.OWN, ways.BLAS):

                def product_and_next() -> None:
                    # A kernel of our own follows a product in a network: threads of
                    # BLAS that still wait in a loop would be in its way.
                    kernels.relu(kernels.matmul(x, y))  # noqa: B023

                with ways.taking(way):
                    spent = _time(product_and_next)
                yield f'{way} {layout}', ways.product_counts(M, N, K), spent


def _convolutions(kernels: NumbaKernels) -> Measured:
    rng = np.random.default_rng(0)
    for N, C, side, OC, window, stride in CONVOLUTIONS:
        x = rng.standard_normal((N, C, side, side), np.float32)
        W = rng.standard_normal((OC, C, window, window), np.float32)
        spec = ConvSpec.of(x.shape, W.shape, stride, window // 2)
        gy = rng.standard_normal((N, OC, spec.oh, spec.ow), np.float32)
        runs: list[tuple[str, Callable[..., Any], tuple[Any, ...]]] = [
            ('y', kernels.conv_2d, (x, W, None, spec)),
            ('gx', kernels.conv_2d_grad_x, (W, gy, spec)),
            ('gW', kernels.conv_2d_grad_w, (x, gy, spec)),
        ]
        for product, run, arrays in runs:
            for way in ways.possible(product, spec, N, C, OC, False):
                with ways.taking(way):
                    spent = _time(lambda: run(*arrays))  # noqa: B023
                done = ways.counts(way, product, spec, N, C, OC)
                yield f'{way} {product}', done, spent


def _time(run: Callable[[], Any]) -> float:
    """Returns the least time of some calls, in nanoseconds."""
    run()  # compiles, takes memory
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter_ns()
        run()
        times.append(time.perf_counter_ns() - start)
    return float(min(times))


def table() -> list[str]:
    """Returns what is chosen for convolutions and products of some sizes, as lines.

    A convolution's also say how long each way is predicted to take.
    """
    lines = []
    rates = calibration.rates('convolution', ways.RATES)
    for N, C, side, OC, window, stride in CONVOLUTIONS[::3]:
        W_shape = (OC, C, window, window)
        spec = ConvSpec.of((N, C, side, side), W_shape, stride, window // 2)
        chosen = [ways.fastest(p, spec, N, C, OC, False) for p in ('y', 'gx', 'gW')]
        times = []
        for way in ways.possible('y', spec, N, C, OC, False):
            done = ways.counts(way, 'y', spec, N, C, OC)
            times.append(f'{way} {ways.predicted(rates[f"{way} y"], done) / 1e6:.2f}')
        what = f'{N}x{C}x{side}x{side}, {OC} filters of {window}x{window}/{stride}'
        lines.append(
            f'{what}: y, gx, gW {" ".join(chosen)} (y in ms: {", ".join(times)})'
        )
    for M, K, N in PRODUCTS[::3]:
        chosen = [ways.fastest_product(layout, M, N, K) for layout in LAYOUTS]
        lines.append(
            f'({M}, {K}) @ ({K}, {N}): {", ".join(LAYOUTS)} {" ".join(chosen)}'
        )
    return lines
