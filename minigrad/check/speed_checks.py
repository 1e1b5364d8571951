"""How fast it is here; beside PyTorch where that is installed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad import backend, functions
from minigrad.backend import Device, GpuDevice
from minigrad.check.checks import Check


def _seconds(run: Callable[[], Any], device: Device) -> float:
    """The fastest of a few calls, the last of which ended on the device."""
    best = float('inf')
    for _ in range(5):
        start = time.perf_counter()
        run()
        if isinstance(device, GpuDevice):
            backend.import_cupy().cuda.get_current_stream().synchronize()
        best = min(best, time.perf_counter() - start)
    return best


def _check_product(device: Device) -> str:
    n = 4096 if isinstance(device, GpuDevice) else 512
    a = device.send(np.random.default_rng(0).standard_normal((n, n)).astype('f'))
    seconds = _seconds(lambda: functions.matmul(a, a), device)
    return f'{2 * n**3 / seconds / 1e9:.0f} GFLOP/s in products of {n} x {n}'


def _check_convolution(device: Device) -> str:
    n = 64 if isinstance(device, GpuDevice) else 8
    rng = np.random.default_rng(0)
    x = device.send(rng.standard_normal((n, 64, 28, 28)).astype('f'))
    W = device.send(rng.standard_normal((64, 64, 3, 3)).astype('f'))
    seconds = _seconds(lambda: functions.convolution_2d(x, W, pad=1), device)
    text = f'{2 * n * 64 * 64 * 9 * 28 * 28 / seconds / 1e9:.0f} GFLOP/s'
    peer = _torch_seconds(x, W, device)
    return text if peer is None else f"{text}, {seconds / peer:.2f} of PyTorch's time"


def _torch_seconds(x: Any, W: Any, device: Device) -> float | None:
    try:
        import torch
    except ImportError:
        return None
    place = 'cuda' if isinstance(device, GpuDevice) else 'cpu'
    if place == 'cuda' and not torch.cuda.is_available():
        return None
    xs: Any = [torch.from_numpy(backend.to_cpu(v)).to(place) for v in (x, W)]

    def run() -> None:
        torch.nn.functional.conv2d(xs[0], xs[1], padding=1)
        if place == 'cuda':
            torch.cuda.synchronize()

    return _seconds(run, device)


CHECKS = (
    Check('speed', 'matrix product', _check_product),
    Check('speed', 'convolution', _check_convolution),
)
