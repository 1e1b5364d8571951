"""Where the time of a training step goes, per function, against the machine's limits."""

from __future__ import annotations

import collections
import statistics
import time
from typing import Any

import numpy as np

STEPS = 5


def limits() -> tuple[float, float]:
    """Returns the machine's matrix products in FLOP/s and its memory in bytes/s.

    Both are measured here: the best of several products of 1500x1500 matrices, and of
    copies of 128 MB (each byte is read and written).
    """
    a = np.random.default_rng(0).random((1500, 1500), dtype=np.float32)
    big = np.ones(32 << 20, np.float32)
    target = np.empty_like(big)

    def best(work: Any) -> float:
        times = []
        for _ in range(7):
            start = time.perf_counter()
            work()
            times.append(time.perf_counter() - start)
        return min(times)

    products = 2 * 1500**3 / best(lambda: a @ a)
    memory = 2 * big.nbytes / best(lambda: np.copyto(target, big))
    return products, memory


def _bytes(graph: Any, ids: list[str]) -> int:
    values = [graph.values[i] for i in ids]
    return sum(int(np.prod(v.shape)) * np.dtype(v.dtype).itemsize for v in values)


def profile(name: str, threads: int) -> int:
    """Prints a table of a model's step; ``name`` is one of the model cases."""
    import minigrad as mg
    import minigrad.functions as F
    from benchmarks import harness
    from benchmarks.cases.models import SETTINGS, batch, minigrad_model
    from minigrad.utils.program import ProgramError

    settings = {case: (model, shape) for case, model, shape, *_ in SETTINGS}
    if name not in settings:
        raise ProgramError(
            f'unknown model {name!r}; choose one of {", ".join(settings)}'
        )
    model_name, shape = settings[name]
    harness.set_threads(threads, [harness.MINIGRAD])
    peak, bandwidth = limits()
    print(
        f'{name}: batch {shape}, {threads} threads; limits: '
        f'{peak / 1e9:.0f} GFLOP/s, {bandwidth / 1e9:.1f} GB/s'
    )

    x, t = batch(shape)
    model = minigrad_model(model_name)
    optimizer = mg.optimizers.MomentumSGD(lr=0.001)

    def forward_backward() -> None:
        loss = F.softmax_cross_entropy(model(x), t)
        model.cleargrads()
        loss.backward()

    forward_backward()
    optimizer.setup(model)
    optimizer.update()
    # By place in the step: a link may apply the same function twice.
    rows: dict[int, list[tuple[float, float]]] = collections.defaultdict(list)
    ideal: dict[int, tuple[float, float]] = {}
    updates, totals = [], []
    for _ in range(STEPS):
        with mg.trace(model, statistics=False) as graph:
            forward_backward()
        start = time.perf_counter()
        optimizer.update()
        updates.append(time.perf_counter() - start)
        for i, call in enumerate(graph.calls):
            rows[i].append((call.forward_time or 0, call.backward_time or 0))
            moved = _bytes(graph, call.inputs) + _bytes(graph, call.outputs)
            ideal[i] = (
                max((call.flops or 0) / peak, moved / bandwidth),
                max((call.backward_flops or 0) / peak, moved / bandwidth),
            )
        start = time.perf_counter()
        forward_backward()
        optimizer.update()
        totals.append(time.perf_counter() - start)

    total = statistics.median(totals)
    print(f'{"function":<44} {"forward":>19} {"backward":>19} {"of step":>8}')
    print(f'{"":<44} {"ms":>9} {"of limit":>9} {"ms":>9} {"of limit":>9}')
    spent = 0.0
    for i, times in rows.items():
        forward = statistics.median(f for f, _ in times)
        backward = statistics.median(b for _, b in times)
        best_forward, best_backward = ideal[i]
        spent += forward + backward
        print(
            f'{graph.calls[i].where[-44:]:<44} {forward * 1e3:9.3f} {_share(best_forward, forward):>9} '
            f'{backward * 1e3:9.3f} {_share(best_backward, backward):>9} '
            f'{(forward + backward) / total:8.1%}'
        )
    update = statistics.median(updates)
    # Parameter, gradient and velocity are read, parameter and velocity written.
    n_bytes = 5 * sum(p.array.nbytes for p in model.params())
    limit = _share(n_bytes / bandwidth, update)
    print(
        f'{"update":<44} {update * 1e3:9.3f} {limit:>9} {"":19} {update / total:8.1%}'
    )
    rest = total - spent - update
    print(f'{"everything else":<44} {rest * 1e3:9.3f} {"":29} {rest / total:8.1%}')
    print(f'{"step":<44} {total * 1e3:9.3f}')
    return 0


def _share(best: float, actual: float) -> str:
    return '-' if actual == 0 else f'{best / actual:.0%}'
