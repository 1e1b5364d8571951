"""What many processes would make of a step: a simulation, and what some do make.

    python -m benchmarks scale lenet64 --measure 1 2 4
    python -m benchmarks scale resnet50 --cluster benchmarks/clusters/mn-1.toml

One process is measured: when in its step each gradient is final. Buckets are filled as
minigrad.chainermn fills them; each leaves when it is full and its forerunner has arrived.
How long it takes is a formula over latency and bandwidth of the links. The step of n
processes ends when the last bucket has arrived; the slowest of n decides when it leaves.
"""

from __future__ import annotations

import json
import math
import os
import statistics
import subprocess
import sys
import time
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

ONE_MACHINE = Path(__file__).parent / 'clusters' / 'one-machine.toml'
SIZES = [2**i for i in range(11)]
BUCKET_BYTES = 4 * 1024 * 1024
FIRST_BUCKET_BYTES = 1024 * 1024


class Link(NamedTuple):
    """A kind of connection, and how sums travel over it."""

    algorithm: str  # ring or tree
    latency: float
    bandwidth: float

    def seconds(self, n: int, n_bytes: float) -> float:
        """Returns the time of the sum of so many bytes over n members.

        A ring passes n-th parts around twice. A tree doubles distances and halves parts,
        so it has fewer messages (Thakur, Rabenseifner and Gropp 2005).
        """
        if n == 1:
            return 0.0
        steps = 2 * (n - 1) if self.algorithm == 'ring' else 2 * math.ceil(math.log2(n))
        return steps * self.latency + 2 * (n - 1) / n * n_bytes / self.bandwidth


class Cluster(NamedTuple):
    """A description of machines."""

    name: str
    inside: Link
    between: Link
    processes_per_node: int
    cores_per_node: int | None = None
    jitter: float = 0.0
    one_ring: bool = False  # through all processes, as NCCL 2 has it

    @classmethod
    def of(cls, table: dict[str, Any]) -> Cluster:
        """Reads it from the table of a TOML file."""
        own = {name: table[name] for name in cls._fields if name in table}
        return cls(
            **own | {name: Link(**table[name]) for name in ('inside', 'between')}
        )

    def sum_seconds(self, n: int, n_bytes: float) -> float:
        """Returns the time of an all-reduce: in the nodes, then between them.

        One ring through all processes is as fast as its slowest link.
        """
        if self.one_ring:
            link = self.between if n > self.processes_per_node else self.inside
            return link.seconds(n, n_bytes)
        inside = min(n, self.processes_per_node)
        nodes = math.ceil(n / self.processes_per_node)
        return self.inside.seconds(inside, n_bytes) + self.between.seconds(
            nodes, n_bytes
        )

    def slowness(self, n: int) -> float:
        """Returns by how much the slowest of n processes computes longer than one."""
        crowded = 1.0
        if self.cores_per_node is not None:
            crowded = max(1.0, min(n, self.processes_per_node) / self.cores_per_node)
        # Expected maximum of n normal numbers, to first order.
        return crowded * (1 + self.jitter * math.sqrt(2 * math.log(n)))


class Profile(NamedTuple):
    """A step of one process: when gradients become final, and how large they are."""

    forward: float  # seconds until backward begins
    ready: list[float]  # seconds after that
    n_bytes: list[float]
    backward: float
    update: float

    @property
    def seconds(self) -> float:
        """Time of the whole step."""
        return self.forward + self.backward + self.update


class Prediction(NamedTuple):
    """A step of n processes."""

    processes: int
    seconds: float
    alone: float  # the step of one

    @property
    def efficiency(self) -> float:
        """Part of the time that one process alone would take."""
        return self.alone / self.seconds


def buckets_of(
    profile: Profile, limit: int = BUCKET_BYTES
) -> list[tuple[float, float]]:
    """Returns when each bucket is full, and its bytes."""
    buckets: list[tuple[float, float]] = []
    held = 0.0
    last = 0.0
    for ready, size in zip(profile.ready, profile.n_bytes, strict=True):
        most = limit if buckets else min(limit, FIRST_BUCKET_BYTES)
        if held and held + size > most:
            buckets.append((last, held))
            held = 0.0
        held += size
        last = ready
    if held:
        buckets.append((last, held))
    return buckets


def predict(
    profile: Profile, cluster: Cluster, n: int, overlap: bool = True, scale: float = 1.0
) -> Prediction:
    """Simulates a step of n processes.

    Args:
        profile: Step of one process.
        cluster: Machines.
        n: Number of processes.
        overlap: Whether buckets leave while backward runs; else all gradients at once
            behind it, as in ChainerMN.
        scale: Factor on the bytes, such as 0.5 for float16.
    """
    slow = cluster.slowness(n)
    end_of_backward = slow * (profile.forward + profile.backward)
    if overlap:
        arrived = 0.0
        for ready, size in buckets_of(profile):
            starts = max(slow * (profile.forward + ready), arrived)
            arrived = starts + cluster.sum_seconds(n, scale * size)
        arrived = max(arrived, end_of_backward)
    else:
        total = scale * sum(profile.n_bytes)
        arrived = end_of_backward + cluster.sum_seconds(n, total)
    seconds = arrived + slow * profile.update
    return Prediction(n, seconds, profile.seconds)


def profile_of(name: str, threads: int, rounds: int = 15) -> Profile:
    """Measures a training step of one of the benchmark's models."""
    import minigrad as mg

    mg.set_num_threads(threads)
    model, x, t = _case(name)
    optimizer = mg.optimizers.MomentumSGD(0.001).setup(model)
    runs = [_timed_step(model, optimizer, x, t) for _ in range(rounds + 3)][3:]
    return sorted(runs, key=lambda run: run.seconds)[len(runs) // 2]


def _case(name: str) -> tuple[Any, Any, Any]:
    import minigrad.links as L
    from benchmarks.cases.models import batch, minigrad_model

    shapes = {
        'lenet64': ('lenet', (64, 1, 28, 28)),
        'mlp': ('mlp', (100, 784)),
        'alexnet_cifar': ('alexnet_cifar', (32, 3, 32, 32)),
    }
    if name not in shapes:
        raise SystemExit(f'scale: no model {name}; there are {", ".join(shapes)}')
    architecture, shape = shapes[name]
    x, t = batch(shape)
    return L.Classifier(minigrad_model(architecture)), x, t


def _timed_step(model: Any, optimizer: Any, x: Any, t: Any) -> Profile:
    import minigrad as mg

    final: list[tuple[float, float]] = []
    start = time.perf_counter()
    loss = model(x, t)
    model.cleargrads()
    begun = time.perf_counter()

    def note(variable: Any) -> None:
        final.append((time.perf_counter() - begun, variable.array.nbytes))

    with mg.GradientHook(note):
        loss.backward()
    done = time.perf_counter()
    del loss
    optimizer.update()
    end = time.perf_counter()
    ready, n_bytes = zip(*final, strict=True)
    return Profile(begun - start, list(ready), list(n_bytes), done - begun, end - done)


def measure(name: str, n: int, rounds: int = 15) -> float:
    """Runs n processes of one thread; returns the median of their step times."""
    command = [
        *('mpiexec', '-n', str(n), sys.executable, '-m', 'benchmarks.scale'),
        *(name, str(rounds)),
    ]
    environment = {**os.environ, 'MINIGRAD_NUM_THREADS': '1'}
    folder = Path(sys.executable).parent  # where a wheel puts mpiexec
    environment['PATH'] = f'{folder}{os.pathsep}{environment.get("PATH", "")}'
    done = subprocess.run(
        command,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    )
    result = json.loads(done.stdout.splitlines()[-1])
    print(
        f'measured {n}: {1000 * result["seconds"]:.2f} ms a step, computing '
        f'{1000 * result["computing"]:.2f}, communicating '
        f'{1000 * result["communicating"]:.2f}, of which hidden '
        f'{1000 * result["hidden"]:.2f}'
    )
    return float(result['seconds'])


def _worker(name: str, rounds: int) -> None:
    """What one of the measured processes does."""
    import minigrad as mg
    from minigrad import chainermn

    comm = chainermn.create_communicator('naive')
    model, x, t = _case(name)
    optimizer = chainermn.create_multi_node_optimizer(
        mg.optimizers.MomentumSGD(0.001), comm
    ).setup(model)
    seconds, times = [], []
    for _ in range(rounds + 3):
        start = time.perf_counter()
        optimizer.update(model, x, t)
        seconds.append(time.perf_counter() - start)
        times.append(optimizer.times)
    if comm.rank == 0:
        medians = {
            field: statistics.median(getattr(one, field) for one in times[3:])
            for field in times[0]._fields
        }
        print(json.dumps({'seconds': statistics.median(seconds[3:]), **medians}))


def _described(table: dict[str, Any]) -> Profile:
    """Makes a profile of a model that the cluster file describes."""
    seconds, backward = table['seconds'], table['backward'] * table['seconds']
    pieces = 50  # gradients of one size, at even distances
    size = table['parameters'] * table['bytes_per_parameter'] / pieces
    ready = [backward * (i + 1) / pieces for i in range(pieces)]
    return Profile(seconds - backward, ready, [size] * pieces, backward, 0.0)


def scale(name: str, cluster_file: Path, measured: Sequence[int], out: Path) -> int:
    """Predicts, compares and draws."""
    table = tomllib.loads(cluster_file.read_text())
    cluster = Cluster.of(table)
    described = table.get(name)
    profile = profile_of(name, 1) if described is None else _described(described)
    print(
        f'{name} on {cluster.name}: {1000 * profile.seconds:.2f} ms a step alone, '
        f'{sum(profile.n_bytes) / 1e6:.2f} MB of gradients in '
        f'{len(buckets_of(profile))} buckets'
    )
    print('processes   overlapped ms  efficiency   afterwards ms  efficiency')
    rows = []
    for n in SIZES:
        with_, without = [predict(profile, cluster, n, o) for o in (True, False)]
        rows.append((n, with_, without))
        print(
            f'{n:9d}   {1000 * with_.seconds:13.2f}  {with_.efficiency:10.1%}   '
            f'{1000 * without.seconds:13.2f}  {without.efficiency:10.1%}'
        )
    points = [
        (n, profile.seconds / measure(name, n), 'measured here') for n in measured
    ]
    for entry in (described or {}).get('published', []):
        n = entry['processes']
        part = entry.get('bytes_per_parameter', described['bytes_per_parameter'])
        model = predict(
            profile, cluster, n, False, part / described['bytes_per_parameter']
        )
        found = entry.get('efficiency') or profile.seconds / entry['seconds']
        print(
            f'published {n}: {found:.1%}; the simulation without overlap says '
            f'{model.efficiency:.1%}\n  {entry["source"]}'
        )
        points.append((n, found, 'published'))
    _draw(name, cluster, rows, points, out)
    return 0


def _draw(name: str, cluster: Cluster, rows: Any, points: Any, out: Path) -> None:
    import matplotlib

    matplotlib.use('Agg')
    import matplotlib.pyplot as plt

    figure, axis = plt.subplots(figsize=(7, 4.2))
    sizes = [n for n, *_ in rows]
    axis.plot(sizes, [a.efficiency for _, a, _ in rows], label='overlapped (simulated)')
    axis.plot(
        sizes, [b.efficiency for *_, b in rows], '--', label='afterwards (simulated)'
    )
    for label, marker in (('measured here', 'o'), ('published', 's')):
        chosen = [(n, e) for n, e, what in points if what == label]
        if chosen:
            axis.plot(*zip(*chosen, strict=True), marker, label=label)
    axis.set_xscale('log', base=2)
    axis.set_xlabel('processes')
    axis.set_ylabel('efficiency: step alone / step of n')
    axis.set_ylim(bottom=0)
    axis.set_title(f'{name}, {cluster.name}', fontsize=10)
    axis.grid(alpha=0.3)
    axis.legend()
    figure.tight_layout()
    figure.savefig(out, dpi=100)
    print(f'saved {out}')


if __name__ == '__main__':
    _worker(sys.argv[1], int(sys.argv[2]))
