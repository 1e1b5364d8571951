"""Training steps on a GPU, beside PyTorch on the same card.

Each peer is timed by events on its own current stream, so that a time covers what the
card did and every gap in which it waited for Python. ``host ms`` is how long Python took
to hand the work out; where it is close to the step, the card waits for Python. The
``replay`` column is the same minigrad model through `minigrad.cuda_graph.Replay`.

Both libraries get the same precision, and choose convolution algorithms the same way: by
heuristics, or with ``--autotune`` both by measuring.
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import harness
from benchmarks.cases.models import batch, minigrad_model
from benchmarks.harness import MINIGRAD, TORCH, Case, Result
from minigrad.serializers import atomic_write

REPLAY = 'replay'
PRECISIONS = ('float32', 'tf32', 'mixed16')
DEVICE = '@cupy:0'

# name, model, shape of the batch, targets of minigrad and of replay, only in full
SETTINGS: list[
    tuple[str, str, tuple[int, ...], float | None, float | None, bool]
] = [
    ('mlp', 'mlp', (100, 784), None, None, False),
    ('lenet64', 'lenet', (64, 1, 28, 28), None, 0.5, False),
    ('lenet256', 'lenet', (256, 1, 28, 28), None, None, True),
    ('alexnet_cifar', 'alexnet_cifar', (128, 3, 32, 32), None, None, True),
    ('alexnet', 'alexnet', (128, 3, 227, 227), 1.0, None, False),
]  # fmt: skip


@dataclasses.dataclass(frozen=True)
class GpuCase(Case):
    """A training step in one precision.

    Attributes:
        precision: One of `PRECISIONS`.
        replay_target: Largest ratio replay / PyTorch that we aim at.
    """

    precision: str = 'float32'
    replay_target: float | None = None
    warmup: int = 24  # compiles, records, and lets a dynamic loss scale settle


def missing() -> str | None:
    """Returns what keeps this machine from the benchmark and what to install, or None."""
    from minigrad import backend

    try:
        backend.import_cupy()
    except RuntimeError as error:
        return str(error)
    return None


# -- peers


def build_minigrad(
    name: str, shape: tuple[int, ...], precision: str, replayed: bool
) -> Callable[[], Any]:
    """Returns one training step of a minigrad model on the GPU."""
    import minigrad as mg
    import minigrad.functions as F
    from minigrad.cuda_graph import Replay

    device = mg.get_device(DEVICE)
    x_array, t_array = batch(shape)
    model = minigrad_model(name)
    with mg.using_config('train', False), mg.no_backprop_mode():
        # One image gives lazy parameters their shapes.
        model(x_array[:1].astype(mg.get_dtype()))
    model.to_device(device)
    x = device.send(x_array.astype(mg.get_dtype()))
    t = device.send(t_array)
    optimizer = mg.optimizers.MomentumSGD(lr=0.001, momentum=0.9).setup(model)
    if precision == 'mixed16':
        optimizer.use_fp32_update()
        optimizer.loss_scaling()

    def lossfun(x: Any, t: Any) -> Any:
        return F.softmax_cross_entropy(model(x), t)

    if not replayed:
        return lambda: optimizer.update(lossfun, x, t)
    replay = Replay(lossfun, optimizer)

    def step() -> None:
        replay.update(x, t)

    step.replay = replay  # type: ignore[attr-defined]
    return step


def build_torch(
    name: str, shape: tuple[int, ...], precision: str, device: str = 'cuda'
) -> Callable[[], Any]:
    """Returns the same step in PyTorch; ImportError where it cannot use the card."""
    import torch
    import torch.nn.functional as TF

    from benchmarks import torch_models

    if device == 'cuda' and not torch.cuda.is_available():
        raise ImportError('this PyTorch was built without CUDA, or finds no card')
    x_array, t_array = batch(shape)
    x = torch.from_numpy(x_array).to(device)
    t = torch.from_numpy(t_array).long().to(device)
    model = torch_models.build(name).to(device)
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.001, momentum=0.9)
    if precision != 'mixed16':

        def step() -> None:
            loss = TF.cross_entropy(model(x), t)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        return step
    scaler = torch.amp.GradScaler(device)

    def mixed_step() -> None:
        with torch.autocast(device, dtype=torch.float16):
            loss = TF.cross_entropy(model(x), t)
        optimizer.zero_grad()
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()

    return mixed_step


@contextlib.contextmanager
def same_settings(precision: str, autotune: bool = False) -> Iterator[None]:
    """Gives both libraries the same precision and the same choice of algorithms."""
    import minigrad as mg

    tf32 = precision == 'tf32'
    with contextlib.ExitStack() as stack:
        stack.enter_context(mg.using_config('allow_tf32', tf32))
        stack.enter_context(mg.using_config('autotune', autotune))
        if precision == 'mixed16':
            stack.enter_context(mg.using_config('dtype', mg.mixed16))
        try:
            torch: Any = importlib.import_module('torch')
        except ImportError:
            yield
            return
        for flags, name, value in (
            (torch.backends.cuda.matmul, 'allow_tf32', tf32),
            (torch.backends.cudnn, 'allow_tf32', tf32),
            (torch.backends.cudnn, 'benchmark', autotune),
        ):
            stack.callback(setattr, flags, name, getattr(flags, name))
            setattr(flags, name, value)
        yield


def _cases() -> list[GpuCase]:
    return [
        GpuCase(
            f'gpu.{name}.{precision}',
            {
                MINIGRAD: partial(build_minigrad, model, shape, precision, False),
                REPLAY: partial(build_minigrad, model, shape, precision, True),
                TORCH: partial(build_torch, model, shape, precision),
            },
            target=target,
            full=full or (precision != 'float32' and model != 'alexnet'),
            precision=precision,
            replay_target=replay_target,
        )
        for name, model, shape, target, replay_target, full in SETTINGS
        for precision in PRECISIONS
    ]


CASES = _cases()


def find(name: str) -> GpuCase:
    """Returns the case of that name."""
    return next(case for case in CASES if case.name == name)


# -- clocks


class Clock:
    """Times steps by events on the current stream, and what Python took for them.

    Args:
        events: Returns a new event that has ``record`` and ``synchronize``.
        elapsed: Returns the milliseconds between two events.

    Attributes:
        host: Seconds that Python took for one step, one number for each call.
    """

    def __init__(
        self, events: Callable[[], Any], elapsed: Callable[[Any, Any], float]
    ) -> None:
        self._events = events
        self._elapsed = elapsed
        self.host: list[float] = []

    def __call__(self, step: Callable[[], Any], repeats: int) -> float:
        """Returns the seconds that one of ``repeats`` steps took."""
        start, stop = self._events(), self._events()
        start.record()
        begin = time.perf_counter()
        for _ in range(repeats):
            step()
        self.host.append((time.perf_counter() - begin) / repeats)
        stop.record()
        stop.synchronize()
        return self._elapsed(start, stop) / 1e3 / repeats


def clocks(case: Case) -> dict[str, Clock]:
    """Returns a clock for each peer of a case that can be imported."""
    cupy: Any = importlib.import_module('cupy')
    found = {}
    for peer in case.build:
        if peer != TORCH:
            found[peer] = Clock(cupy.cuda.Event, cupy.cuda.get_elapsed_time)
            continue
        with contextlib.suppress(ImportError):
            torch: Any = importlib.import_module('torch')
            found[peer] = Clock(
                partial(torch.cuda.Event, enable_timing=True),
                lambda start, stop: start.elapsed_time(stop),
            )
    return found


def measure(
    case: GpuCase, rounds: int | None, seconds: float, autotune: bool = False
) -> Result:
    """Measures the peers of a case in turns."""
    by_peer = clocks(case)
    with same_settings(case.precision, autotune):
        result = harness.measure(case, rounds, seconds, by_peer)
    for peer, clock in by_peer.items():
        if peer in result.median:
            result.host_ms[peer] = statistics.median(clock.host) * 1e3
    return result


# -- memory


def peak_memory(case: GpuCase, peer: str) -> float | None:
    """Returns the MB that a peer's pool took of the card, in a process of its own."""
    code = f'from benchmarks import gpu; print(gpu.own_peak({case.name!r}, {peer!r}))'
    done = subprocess.run(
        [sys.executable, '-c', code], capture_output=True, text=True, check=False
    )
    return float(done.stdout.split()[-1]) if done.returncode == 0 else None


def own_peak(name: str, peer: str, steps: int = 6) -> float:
    """Runs some steps and returns the most MB that the peer's pool held.

    What CuPy's pool took it never gives back unasked, so that its total is its peak; so
    is ``max_memory_reserved`` of PyTorch. A recording asks it to, once it is made: what
    both held by then counts. Contexts and libraries are in neither.
    """
    case = find(name)
    with same_settings(case.precision):
        step = case.build[peer]()
        for _ in range(steps):
            step()
        if peer == TORCH:
            torch: Any = importlib.import_module('torch')
            torch.cuda.synchronize()
            return float(torch.cuda.max_memory_reserved()) / (1 << 20)
        cupy: Any = importlib.import_module('cupy')
        cupy.cuda.runtime.deviceSynchronize()
        total = cupy.get_default_memory_pool().total_bytes()
        replay = getattr(step, 'replay', None)
        if replay is not None:
            total = max(total + replay.recorded_bytes, replay.most_bytes)
        return float(total) / (1 << 20)


# -- the table


def machine() -> dict[str, Any]:
    """Returns what the numbers depend on: `harness.machine`, and the card."""
    from minigrad.kernels import kernel_set_name
    from minigrad.kernels.gpu.cudnn_library import find_cudnn

    cupy: Any = importlib.import_module('cupy')
    about = cupy.cuda.runtime.getDeviceProperties(0)
    found = harness.machine()
    found['device'] = about['name'].decode()
    found['compute_capability'] = f'{about["major"]}.{about["minor"]}'
    found['kernels'] = kernel_set_name('cupy')
    versions = found['versions']
    versions['cupy'] = cupy.__version__
    versions['cuda'] = cupy.cuda.runtime.runtimeGetVersion()
    versions['driver'] = cupy.cuda.runtime.driverGetVersion()
    versions['cudnn'] = find_cudnn().version
    with contextlib.suppress(ImportError):
        torch: Any = importlib.import_module('torch')
        versions['torch_cuda'] = torch.version.cuda
        versions['torch_cudnn'] = torch.backends.cudnn.version()
        if torch.cuda.is_available():
            found['torch_device'] = torch.cuda.get_device_name(0)
    return found


HEADER = (
    f'{"case":<28} {"minigrad":>9} {"replay":>9} {"torch":>9} {"unit":>4} '
    f'{"ratio":>6} {"replay":>6} {"target":>6}  {"host ms":>18}  {"peak MB":>18}'
)


def row(case: GpuCase, result: Result) -> str:
    """Returns a result as one line of the table."""
    peers = (MINIGRAD, REPLAY, TORCH)

    def number(value: float | None) -> str:
        return '-' if value is None else f'{value:.4g}'

    def slashed(values: dict[str, float], digits: int) -> str:
        return '/'.join(f'{values[p]:.{digits}f}' for p in peers if p in values)

    replayed = ratio_of(result, REPLAY)
    judged, target = result.ratio, case.target
    if case.replay_target is not None:
        judged, target = replayed, case.replay_target
    verdict = ''
    if judged is not None and target is not None:
        verdict = 'met' if judged <= target else 'MISSED'
    times = ' '.join(f'{number(result.median.get(p)):>9}' for p in peers)
    return (
        f'{case.name:<28} {times} {result.unit:>4} {number(result.ratio):>6} '
        f'{number(replayed):>6} {number(target):>6}  {slashed(result.host_ms, 2):>18}  '
        f'{slashed(result.peak_mb, 0):>18} {verdict}'
    ).rstrip()


def ratio_of(result: Result, peer: str) -> float | None:
    """Returns the ratio of a peer's median to PyTorch's, if both were measured."""
    if peer not in result.median or TORCH not in result.median:
        return None
    return result.median[peer] / result.median[TORCH]


def run(
    names: list[str],
    full: bool,
    rounds: int | None,
    seconds: float,
    memory: bool,
    autotune: bool,
    path: Path | None,
) -> int:
    """Measures the chosen cases; returns the exit code of the command."""
    reason = missing()
    if reason is not None:
        print(reason, file=sys.stderr)
        return 2
    chosen = [
        case
        for case in CASES
        if (case.name in names or 'gpu' in names)
        or any(case.name.startswith(f'gpu.{name}.') for name in names)
        or (not names and (full or not case.full))
    ]
    if not chosen:
        known = ', '.join(case.name for case in CASES)
        print(f'no GPU case is named {" or ".join(names)}: {known}', file=sys.stderr)
        return 2
    about = machine()
    print(f'{about["device"]}, kernels: {about["kernels"]}, {about["versions"]}')
    if about.get('torch_device', about['device']) != about['device']:
        print(f'PyTorch runs on another card: {about["torch_device"]}', file=sys.stderr)
        return 2
    print(HEADER)
    about['autotune'] = autotune
    results: list[Result] = []
    failed: dict[str, str] = {}
    for case in chosen:
        try:
            result = measure(case, rounds, seconds, autotune)
            if memory:
                for peer in result.median:
                    peak = peak_memory(case, peer)
                    if peak is not None:
                        result.peak_mb[peer] = peak
        except Exception as error:  # the next case must be measured all the same
            failed[case.name] = f'{type(error).__name__}: {error}'
            print(f'{case.name:<28} failed: {failed[case.name]}'[:200], flush=True)
        else:
            results.append(result)
            print(row(case, result), flush=True)
        if path is not None:
            save(path, about, results, failed)
    if not any(TORCH in result.median for result in results):
        print(
            'PyTorch cannot use this card, so there are no ratios: pip install torch'
            ' (a build for the CUDA version of the driver)'
        )
    return 1 if failed else 0


def save(
    path: Path, about: dict[str, Any], results: list[Result], failed: dict[str, str]
) -> None:
    """Writes what is known so far, whole or not at all."""
    document = {
        'machine': about,
        'results': [dataclasses.asdict(result) for result in results],
        'failed': failed,
    }
    with atomic_write(path) as file:
        file.write((json.dumps(document, indent=2) + '\n').encode())
