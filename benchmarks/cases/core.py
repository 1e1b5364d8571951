"""The cost of one operation, when its arithmetic costs nothing: 4x4 arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.harness import MINIGRAD, TORCH, Case

LENGTH = 1000


def _control() -> Callable[[], Any]:
    a = np.random.default_rng(0).random((1000, 1000), dtype=np.float32)
    out = np.empty_like(a)
    return lambda: np.matmul(a, a, out=out)


def _minigrad(operation: str, backward: bool) -> Callable[[], Callable[[], Any]]:
    def build() -> Callable[[], Any]:
        import minigrad
        import minigrad.functions as F

        x = minigrad.Variable(np.full((4, 4), 0.5, 'f'))
        w = minigrad.Variable(np.full((4, 4), 1.0, 'f'))
        seed = np.ones((4, 4), 'f')
        apply = {
            'add': lambda y: y + w,
            'mul': lambda y: y * w,
            'relu': F.relu,
        }[operation]

        def forward() -> minigrad.Variable:
            y = x
            for _ in range(LENGTH):
                y = apply(y)
            return y

        if not backward:
            return forward

        def forward_backward() -> None:
            x.cleargrad()
            w.cleargrad()
            y = forward()
            y.grad = seed
            y.backward()

        return forward_backward

    return build


def _torch(operation: str, backward: bool) -> Callable[[], Callable[[], Any]]:
    def build() -> Callable[[], Any]:
        import torch

        x = torch.full((4, 4), 0.5, requires_grad=True)
        w = torch.full((4, 4), 1.0, requires_grad=True)
        seed = torch.ones(4, 4)
        apply = {
            'add': lambda y: y + w,
            'mul': lambda y: y * w,
            'relu': torch.relu,
        }[operation]

        def forward() -> torch.Tensor:
            y = x
            for _ in range(LENGTH):
                y = apply(y)
            return y

        if not backward:
            return forward

        def forward_backward() -> None:
            x.grad = w.grad = None
            forward().backward(seed)

        return forward_backward

    return build


CASES = [
    Case('control', {'control': _control}),
    *[
        Case(
            f'core.{operation}_{"fwd_bwd" if backward else "fwd"}',
            {
                MINIGRAD: _minigrad(operation, backward),
                TORCH: _torch(operation, backward),
            },
            work=LENGTH,
            unit='us',
            target=1.0,
        )
        for operation in ('add', 'mul', 'relu')
        for backward in (False, True)
    ],
]
