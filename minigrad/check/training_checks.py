"""Whole steps of training against those of the CPU's reference, and what a card adds."""

from __future__ import annotations

import gc
from typing import Any

import numpy as np

from minigrad import backend, functions, links, optimizers
from minigrad.backend import Device, GpuDevice
from minigrad.chain import Chain
from minigrad.check.checks import Check, Failed, Skipped, compare
from minigrad.configuration import config, using_config
from minigrad.dtypes import mixed16
from minigrad.kernels import using_kernels


class _LeNet(Chain):
    """Convolutions, poolings and dense layers, in LeNet's sizes."""

    def __init__(self) -> None:
        super().__init__()
        with self.init_scope():
            self.conv1 = links.Convolution2D(1, 6, 5)
            self.conv2 = links.Convolution2D(6, 16, 5)
            self.fc3 = links.Linear(256, 120)
            self.fc4 = links.Linear(120, 84)
            self.fc5 = links.Linear(84, 10)

    def forward(self, x: Any) -> Any:
        relu, pool = functions.relu, functions.max_pooling_2d
        h = pool(relu(self.conv1(x)), 2)
        h = pool(relu(self.conv2(h)), 2)
        return self.fc5(relu(self.fc4(relu(self.fc3(h)))))


class _AlexNet(Chain):
    """The kinds of layers that AlexNet has, with few channels."""

    def __init__(self) -> None:
        super().__init__()
        with self.init_scope():
            self.conv1 = links.Convolution2D(3, 8, 11, 4)
            # A bias before a normalization has a gradient of nothing but rounding.
            self.conv2 = links.Convolution2D(8, 16, 5, pad=2, nobias=True)
            self.bn2 = links.BatchNormalization(16)
            self.conv3 = links.Convolution2D(16, 16, 3, pad=1)
            self.fc4 = links.Linear(None, 32)
            self.fc5 = links.Linear(32, 10)

    def forward(self, x: Any) -> Any:
        relu, pool = functions.relu, functions.max_pooling_2d
        lrn = functions.local_response_normalization
        h = pool(lrn(relu(self.conv1(x))), 3, 2)
        h = pool(relu(self.bn2(self.conv2(h))), 3, 2)
        h = functions.dropout(relu(self.fc4(relu(self.conv3(h)))), 0.0)
        return self.fc5(h)


def _data(shape: tuple[int, ...], dtype: Any = 'f') -> tuple[Any, Any]:
    x = np.random.default_rng(0).random((16, *shape)).astype(dtype)
    return x, np.arange(16, dtype='i') % 10


def _step(
    make: type[Chain], shape: tuple[int, ...], device: Device, n: int = 2
) -> dict[str, Any]:
    """Makes steps of training; returns losses and parameters as NumPy arrays."""
    np.random.seed(0)
    model = links.Classifier(make())
    x, t = _data(shape)
    model.predictor(x)  # sizes that the input decides
    model.to_device(device)
    optimizer = optimizers.MomentumSGD(0.05).setup(model)
    x, t = device.send((x, t))
    losses = []
    for _ in range(n):
        optimizer.update(model, x, t)
        losses.append(float(backend.to_cpu(model.loss.array)))
    result = {'losses': np.array(losses)}
    for path, param in model.namedparams():
        result[path] = backend.to_cpu(param.array)
    return result


def _check_model(make: type[Chain], shape: tuple[int, ...], device: Device) -> str:
    with using_kernels('reference'):
        wanted = _step(make, shape, backend.CpuDevice())
    got = _step(make, shape, device)
    worst = max([compare(got[k], wanted[k], 2e-3, k) for k in wanted])
    return f'losses and parameters within {worst:.0e} of the reference'


def _check_lenet(device: Device) -> str:
    return _check_model(_LeNet, (1, 28, 28), device)


def _check_alexnet(device: Device) -> str:
    return _check_model(_AlexNet, (3, 67, 67), device)


def _check_twice(device: Device) -> str:
    with using_config('cudnn_deterministic', True):
        first, second = (_step(_LeNet, (1, 28, 28), device) for _ in range(2))
    differ = [k for k in first if not np.array_equal(first[k], second[k])]
    if differ:
        raise Failed(f'two equal runs gave other bits in {differ[0]}')
    return 'two equal runs gave equal bits'


def _need_card(device: Device) -> Any:
    if not isinstance(device, GpuDevice):
        raise Skipped('for a GPU')
    return backend.import_cupy()


def _check_replay(device: Device) -> str:
    _need_card(device)
    from minigrad.cuda_graph import Replay

    np.random.seed(0)
    model = links.Classifier(_LeNet())
    model.to_device(device)
    optimizer = optimizers.MomentumSGD(0.05).setup(model)
    replay = Replay(model, optimizer)
    x, t = device.send(_data((1, 28, 28)))
    for _ in range(6):
        replay.update(x, t)
    if not replay.n_replayed:
        raise Failed(f'no step was replayed: {replay.reason}')
    replayed = {p: backend.to_cpu(v.array) for p, v in model.namedparams()}
    plain = _step(_LeNet, (1, 28, 28), device, n=6)
    worst = max([compare(replayed[p], plain[p], 2e-3, p) for p in replayed])
    return f'{replay.n_replayed} steps replayed, within {worst:.0e} of eager'


def _check_tf32(device: Device) -> str:
    xp = _need_card(device)
    a = device.send(np.random.default_rng(0).standard_normal((256, 256)).astype('f'))
    exact = backend.to_cpu(xp.matmul(a.astype('d'), a.astype('d')))

    def error() -> float:
        y = backend.to_cpu(functions.matmul(a, a).array)
        return float(np.abs(y - exact).max() / np.abs(exact).max())

    plain = error()
    with using_config('allow_tf32', True):
        loose = error()
    again = error()
    if plain > 1e-5 or again > 1e-5:
        raise Failed(f'float32 has errors of {plain:.0e} before and {again:.0e} after')
    return f'error {plain:.0e} in float32, {loose:.0e} with TF32'


def _check_mixed(device: Device) -> str:
    _need_card(device)
    with using_config('dtype', mixed16):
        np.random.seed(0)
        model = links.Classifier(_LeNet())
        model.to_device(device)
        optimizer = optimizers.Adam().setup(model)
        optimizer.use_fp32_update()
        optimizer.loss_scaling()
        x, t = device.send(_data((1, 28, 28), 'e'))
        losses = []
        for _ in range(20):
            optimizer.update(model, x, t)
            losses.append(float(backend.to_cpu(model.loss.array)))
    if not losses[-1] < losses[0]:
        raise Failed(f'the loss did not fall: {losses[0]:.2f} to {losses[-1]:.2f}')
    return f'loss {losses[0]:.2f} to {losses[-1]:.2f} in 20 steps'


def _check_streams(device: Device) -> str:
    cupy = _need_card(device)
    a = device.send(np.random.default_rng(0).standard_normal((64, 64)).astype('f'))
    wanted = backend.to_cpu(functions.matmul(a, a).array)
    results = []
    for _ in range(2):
        with cupy.cuda.Stream(non_blocking=True) as stream:
            results.append(functions.matmul(a, a).array)
            stream.synchronize()
    for y in results:
        compare(backend.to_cpu(y), wanted, 1e-6)
    return 'two streams agree'


def _check_copies(device: Device) -> str:
    _need_card(device)
    from minigrad.dataset import ConcatWithAsyncTransfer

    convert = ConcatWithAsyncTransfer()
    batches = [[np.full((8, 8), i, 'f')] * 4 for i in range(6)]
    sent = [convert(batch, device) for batch in batches]
    for i, x in enumerate(sent):
        compare(backend.to_cpu(x), np.full((4, 8, 8), i, 'f'), 0)
    return '6 batches through page-locked memory'


def _check_memory(device: Device) -> str:
    cupy = _need_card(device)
    pool = cupy.get_default_memory_pool()
    _step(_LeNet, (1, 28, 28), device)
    gc.collect()
    before = pool.used_bytes()
    for _ in range(3):
        _step(_LeNet, (1, 28, 28), device)
    gc.collect()
    left = pool.used_bytes() - before
    if left > 1 << 20:
        raise Failed(f'{left / 1e6:.1f} MB were not given back')
    return 'memory is given back'


def _check_bfloat16(device: Device) -> str:
    try:
        import ml_dtypes
    except ImportError:
        raise Skipped('needs ml_dtypes') from None
    x = np.random.default_rng(0).standard_normal((4, 8)).astype(ml_dtypes.bfloat16)
    y = functions.sum(functions.exp(device.send(x)))
    wanted = np.exp(x.astype('d')).sum()
    got = float(np.asarray(backend.to_cpu(y.array)).astype('d'))
    if abs(got - wanted) > 0.02 * wanted:
        raise Failed(f'expected {wanted:.2f}, got {got:.2f}')
    return f'{got:.2f}, in float64 {wanted:.2f}'


def _check_installed(device: Device) -> str:
    from minigrad.cli.info import report

    array = device.send(np.empty(1, 'f'))
    from minigrad.kernels import kernels_for

    name = kernels_for(array).name
    if name == 'reference':
        raise Failed('only the reference kernels: ' + report().splitlines()[0])
    return f'{device} uses the kernels {name!r}, {config.dtype} by default'


FIRST = (
    Check('installed', 'kernels', _check_installed),
    Check('training', 'a step of LeNet', _check_lenet, 'cuDNN and cuBLAS in one step'),
    Check('training', "a step of AlexNet's layers", _check_alexnet),
)
MORE = (
    Check('training', 'equal runs', _check_twice, 'whether filter gradients repeat'),
    Check('training', 'bfloat16', _check_bfloat16, 'bfloat16 in CuPy'),
    Check('card', 'replay', _check_replay, 'capture of cuDNN, cuBLAS and updates'),
    Check('card', 'TF32', _check_tf32, 'that the switch is off until asked for'),
    Check('card', 'mixed precision', _check_mixed, 'an overflow under a dynamic scale'),
    Check('card', 'two streams', _check_streams, 'handles and workspaces by stream'),
    Check('card', 'page-locked copies', _check_copies, 'copies beside computation'),
    Check('card', 'memory', _check_memory, 'lifetimes in the memory pool'),
)
