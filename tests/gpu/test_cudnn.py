"""What is said to cuDNN, and what is done when it refuses."""

import sys

import numpy as np
import pytest

import minigrad
from minigrad.kernels import Kernels, cudnn, kernels_for
from minigrad.kernels.gpu import cudnn_library
from minigrad.kernels.specs import ConvSpec
from tests.gpu import emulator, stand_in
from tests.gpu.emulator import cudnn as emulated
from tests.gpu.test_cupy_kernels import CONVOLUTIONS, TOLERANCES, draw

pytestmark = pytest.mark.skipif(
    emulator.COMPILER is None, reason='the CUDA sources need g++ to run on the CPU'
)
reference = Kernels(np)


@pytest.fixture
def found():
    return emulated.make()


@pytest.fixture
def library(found):
    return found.library


@pytest.fixture
def xp(found):
    with stand_in.installed(
        cudnn=found,
        RawModule=emulator.RawModule,
        ElementwiseKernel=emulator.ElementwiseKernel,
    ) as module:
        yield module


def convolve(xp, k, x, W, b, spec):
    """Returns y, gx and gW, and what they should be."""
    y = reference.conv_2d(x, W, b, spec)
    gy = draw(*y.shape, dtype=x.dtype, seed=3)
    send = xp.asarray
    bias = None if b is None else send(b)
    actual = (
        k.conv_2d(send(x), send(W), bias, spec),
        k.conv_2d_grad_x(send(W), send(gy), spec),
        k.conv_2d_grad_w(send(x), send(gy), spec),
    )
    expected = (
        y,
        reference.conv_2d_grad_x(W, gy, spec),
        reference.conv_2d_grad_w(x, gy, spec),
    )
    return actual, expected


@pytest.mark.parametrize('dtype', 'efd')
@pytest.mark.parametrize(('x_shape', 'W_shape', 'options'), CONVOLUTIONS)
def test_convolution(x_shape, W_shape, options, dtype, xp, library):
    spec = ConvSpec.of(x_shape, W_shape, **options)
    x, W = draw(*x_shape, dtype=dtype), draw(*W_shape, dtype=dtype, seed=1)
    k = kernels_for(xp.empty(1))
    assert k.name == 'cudnn'
    for b in (None, draw(W_shape[0], dtype=dtype, seed=2)):
        actual, expected = convolve(xp, k, x, W, b, spec)
        for a, e in zip(actual, expected, strict=True):
            assert (a.dtype, a.shape) == (e.dtype, e.shape)
            tolerance = 10 * TOLERANCES[dtype]
            np.testing.assert_allclose(
                a.get().astype('d'), e.astype('d'), rtol=tolerance, atol=tolerance
            )
    ran = [c for c in library.calls if c.startswith('cudnnConvolution')]
    assert len(ran) == (0 if 'cover_all' in options else 6)
    assert not k._thread.plans.refused


def test_a_plan_is_made_once(xp, library):
    k = kernels_for(xp.empty(1))
    spec = ConvSpec.of((2, 3, 8, 8), (4, 3, 3, 3))
    x, W = xp.ones((2, 3, 8, 8), 'f'), xp.ones((4, 3, 3, 3), 'f')
    for _ in range(3):
        k.conv_2d(x, W, None, spec)
    assert library.calls.count('cudnnGetConvolutionForwardAlgorithm_v7') == 1
    assert library.calls.count('cudnnCreate') == 1
    with xp.cuda.Stream(non_blocking=True) as stream:
        k.conv_2d(x, W, None, spec)
        handle = k._thread.handles[0].pointer.value
        assert library.descriptors[handle]['stream'] == stream.ptr


@pytest.mark.parametrize(
    ('options', 'dtype', 'algorithm'),
    [
        ({}, 'f', 0),  # full precision only: what uses tensor cores is passed over
        ({'allow_tf32': True}, 'f', 5),
        ({'allow_tf32': True, 'cudnn_deterministic': True}, 'f', 1),
        ({'use_cudnn_tensor_core': 'always'}, 'f', 5),
        ({}, 'e', 5),
        ({'use_cudnn_tensor_core': 'never'}, 'e', 0),
        ({'cudnn_deterministic': True}, 'd', 1),
        ({'autotune': True}, 'e', 5),
    ],
)
def test_choice_of_algorithm(options, dtype, algorithm, xp, library):
    k = kernels_for(xp.empty(1))
    spec = ConvSpec.of((2, 3, 8, 8), (4, 3, 3, 3))
    before = {name: getattr(minigrad.config, name) for name in options}
    for name, value in options.items():
        setattr(minigrad.config, name, value)
    try:
        k.conv_2d(
            xp.ones((2, 3, 8, 8), dtype), xp.ones((4, 3, 3, 3), dtype), None, spec
        )
    finally:
        for name in before:
            delattr(minigrad.config, name)
    (note,) = k.notes()
    types = sys.modules['cupy._core._routines_linalg'].compute_types
    assert types.get(np.float32, 1) == 1  # no product of CuPy ran
    assert note.startswith(
        f'conv_2d forward {dtype} (2, 3, 8, 8) by 3x3 to (2, 4, 6, 6): '
        f'cudnn algorithm {algorithm}, '
    )
    find = 'cudnnFindConvolutionForwardAlgorithmEx'
    assert (find in library.calls) == ('autotune' in options)


def test_never(xp, library):
    k = kernels_for(xp.empty(1))
    spec = ConvSpec.of((1, 1, 3, 3), (1, 1, 3, 3))
    with minigrad.using_config('use_cudnn', 'never'):
        k.conv_2d(xp.ones((1, 1, 3, 3), 'f'), xp.ones((1, 1, 3, 3), 'f'), None, spec)
    assert library.calls == []


@pytest.mark.parametrize(
    'function',
    [
        'cudnnConvolutionForward',
        'cudnnGetConvolutionForwardAlgorithm_v7',
        'cudnnCreate',
    ],
)
def test_refusal_falls_back_and_is_noted(function, xp, library):
    k = kernels_for(xp.empty(1))
    spec = ConvSpec.of((1, 1, 3, 3), (1, 1, 3, 3))
    library.refuse[function] = emulated.NOT_SUPPORTED
    x, W = xp.ones((1, 1, 3, 3), 'f'), xp.ones((1, 1, 3, 3), 'f')
    for _ in range(2):
        assert k.conv_2d(x, W, None, spec).get().item() == 9
    assert library.calls.count(function) == 1
    (note,) = k.notes()
    assert f'cupy: {function}: CUDNN_STATUS_OF_A_TEST' in note


@pytest.mark.parametrize(
    'function',
    [
        'cudnnBatchNormalizationForwardTraining',
        'cudnnBatchNormalizationBackward',
        'cudnnSetTensor4dDescriptor',
        'cudnnCreate',
    ],
)
def test_refused_batch_normalization_falls_back(function, xp, library):
    k = kernels_for(xp.empty(1))
    library.refuse[function] = emulated.NOT_SUPPORTED
    x, gy = (draw(6, 5, dtype='f', seed=i) for i in range(2))
    gamma, beta = draw(2, 5, dtype='f', seed=2)
    expected = reference.batch_norm(x, gamma, beta, 1e-3, (0,))
    there = [xp.asarray(a) for a in (x, gamma, beta, gy)]
    found = k.batch_norm(*there[:3], 1e-3, (0,))
    _, mean, inv_std = expected
    expected += reference.batch_norm_grad(x, gamma, gy, mean, inv_std, (0,))
    found += k.batch_norm_grad(there[0], there[1], there[3], *found[1:], (0,))
    for a, e in zip(found, expected, strict=True):
        np.testing.assert_allclose(a.get(), e, rtol=1e-4, atol=1e-5)
    assert function in library.calls


def test_no_algorithm_within_the_workspace(xp, library):
    k = kernels_for(xp.empty(1))
    library.algorithms = [(3, 1 << 40, 1, 3)]
    spec = ConvSpec.of((1, 1, 3, 3), (1, 1, 3, 3))
    x, W = xp.ones((1, 1, 3, 3), 'f'), xp.ones((1, 1, 3, 3), 'f')
    assert k.conv_2d(x, W, None, spec).get().item() == 9
    assert 'no algorithm fits: 3: 1048576 MiB' in k.notes()[0]


@pytest.mark.parametrize('dtypes', ['ef', 'ff', 'dd', 'ee'])
@pytest.mark.parametrize('shape', [(6, 5), (3, 5, 4, 3)])
def test_batch_normalization(dtypes, shape, xp, library):
    x, gy = (draw(*shape, dtype=dtypes[0], seed=i) for i in range(2))
    gamma, beta = draw(2, shape[1], dtype=dtypes[1], seed=2)
    axis = (0, *range(2, len(shape)))
    k = kernels_for(xp.empty(1))
    send = xp.asarray
    actual = k.batch_norm(send(x), send(gamma), send(beta), 1e-5, axis)
    expected = reference.batch_norm(x, gamma, beta, 1e-5, axis)
    statistics = [send(a) for a in expected[1:]]
    actual += k.batch_norm_grad(send(x), send(gamma), send(gy), *statistics, axis)
    expected += reference.batch_norm_grad(x, gamma, gy, *expected[1:], axis)
    tolerance = {'e': 2e-2, 'f': 1e-4, 'd': 1e-10}[dtypes[0]]
    for a, e in zip(actual, expected, strict=True):
        assert (a.dtype, a.shape) == (e.dtype, e.shape)
        np.testing.assert_allclose(a.get(), e, rtol=tolerance, atol=tolerance)
    assert ('cudnnBatchNormalizationBackward' in library.calls) == (dtypes != 'ee')


def test_another_major_version_is_refused():
    found = cudnn_library.declare(emulated.Library(100000), 'somewhere')
    assert found.library is None
    assert found.reason == 'cuDNN 100000 is there, but version 9 is needed'


def test_missing_library_says_what_to_install(monkeypatch):
    monkeypatch.setattr(cudnn_library, '_locate', lambda: 'libcudnn_of_nobody.so')
    found = cudnn_library.find_cudnn.__wrapped__()
    assert found.library is None
    assert found.reason.startswith('cuDNN was not found (libcudnn_of_nobody.so')
    assert found.reason.endswith('pip install nvidia-cudnn-cu12 (or -cu13)')
    with (
        stand_in.installed(cudnn=found, RawModule=emulator.RawModule),
        pytest.raises(ImportError, match='pip install nvidia-cudnn'),
    ):
        cudnn.CudnnKernels()
    with stand_in.installed(RawModule=emulator.RawModule) as xp:
        assert kernels_for(xp.empty(1)).name == 'cupy'
    with stand_in.installed() as xp:
        assert kernels_for(xp.empty(1)).name == 'reference'


def test_full_precision_is_set_whatever_the_answer_calls_it(xp, library):
    """Since Ampere, default math may be TF32."""
    library.algorithms = [(2, 0, 1, 99), (0, 0, 1, 0)]
    k = kernels_for(xp.empty(1))
    spec = ConvSpec.of((2, 3, 8, 8), (4, 3, 3, 3))
    k.conv_2d(xp.ones((2, 3, 8, 8), 'f'), xp.ones((4, 3, 3, 3), 'f'), None, spec)
    (note,) = k.notes()
    assert 'algorithm 0, 0 MiB, full precision' in note
    assert '2: math of type 99' in note
