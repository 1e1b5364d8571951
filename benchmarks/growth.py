"""How the time and memory of a step grow with the batch and with the depth.

    python -m benchmarks growth --out benchmarks/growth.png

Draws step time and peak memory of LeNet against the batch size, and of a chain of dense
layers against its depth, minigrad beside PyTorch where it can be imported.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import harness
from benchmarks.cases.models import Case, _minigrad, _torch, batch

BATCHES = (16, 32, 64, 128, 256, 512)
DEPTHS = (4, 8, 16, 32, 64)
WIDTH = 128


def _deep_minigrad(depth: int) -> Callable[[], Any]:
    import minigrad as mg
    import minigrad.functions as F
    from models.mlp import MLP

    x, t = batch((64, WIDTH))
    model = MLP([WIDTH] * depth)
    model(x)
    optimizer = mg.optimizers.MomentumSGD(lr=0.001).setup(model)

    def step() -> None:
        loss = F.softmax_cross_entropy(model(x), t)
        model.cleargrads()
        loss.backward()
        optimizer.update()

    return step


def _deep_torch(depth: int) -> Callable[[], Any]:
    import torch
    from torch import nn

    x_array, t_array = batch((64, WIDTH))
    x, t = torch.from_numpy(x_array), torch.from_numpy(t_array).long()
    layers: list[nn.Module] = []
    for _ in range(depth):
        layers += [nn.Linear(WIDTH, WIDTH), nn.ReLU()]
    model = nn.Sequential(*layers, nn.Linear(WIDTH, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.001, momentum=0.9)

    def step() -> None:
        loss = nn.functional.cross_entropy(model(x), t)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def _case(name: str, own: Callable[[], Any], torch: Callable[[], Any]) -> Case:
    return Case(name, {harness.MINIGRAD: own, harness.TORCH: torch}, rounds=9)


CASES = {
    'batch size (LeNet)': [
        (
            n,
            _case(
                f'growth.batch{n}',
                _minigrad('lenet', (n, 1, 28, 28), True),
                _torch('lenet', (n, 1, 28, 28), True),
            ),
        )
        for n in BATCHES
    ],
    f'layers (dense, {WIDTH} wide, batch 64)': [
        (
            n,
            _case(
                f'growth.depth{n}',
                lambda n=n: _deep_minigrad(n),  # type: ignore[misc]
                lambda n=n: _deep_torch(n),  # type: ignore[misc]
            ),
        )
        for n in DEPTHS
    ],
}


def growth(out: Path, threads: int) -> int:
    """Measures, prints and draws the growth of time and memory."""
    import matplotlib

    matplotlib.use('Agg')
    import matplotlib.pyplot as plt

    harness.set_threads(threads)
    figure, axes = plt.subplots(2, len(CASES), figsize=(10, 6.5), squeeze=False)
    print(harness.HEADER)
    for column, (what, cases) in enumerate(CASES.items()):
        results = []
        for n, case in cases:
            result = harness.measure(case)
            for peer in result.median:
                peak = harness.peak_memory(case, peer, threads)
                if peak is not None:
                    result.peak_mb[peer] = peak
            results.append((n, result))
            print(harness.row(result), flush=True)
        sizes = [n for n, _ in results]
        for peer in results[0][1].median:
            times = [result.median[peer] for _, result in results]
            peaks = [result.peak_mb.get(peer) for _, result in results]
            axes[0][column].plot(sizes, times, 'o-', label=peer)
            axes[1][column].plot(sizes, peaks, 'o-', label=peer)
        axes[0][column].set_ylabel('step, ms')
        axes[1][column].set_ylabel('peak resident memory, MB')
        for axis in (axes[0][column], axes[1][column]):
            axis.set_xlabel(what)
            axis.set_ylim(bottom=0)
            axis.grid(alpha=0.3)
            axis.legend()
    figure.tight_layout()
    figure.savefig(out, dpi=100)
    print(f'saved {out}')
    return 0
