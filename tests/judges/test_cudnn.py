"""cuDNN's own library, which takes descriptors without a card."""

import ctypes
import itertools

import numpy as np
import pytest

from minigrad.kernels.gpu.cudnn_library import ENUMERATIONS, CudnnError, find_cudnn
from minigrad.kernels.gpu.cudnn_plans import (
    DATA_TYPES,
    DIRECTIONS,
    MATH_NAMES,
    Handle,
    Plan,
    Problem,
)
from minigrad.kernels.specs import ConvSpec
from tests.gpu.test_cupy_kernels import CONVOLUTIONS

GEOMETRIES = [g for g in CONVOLUTIONS if 'cover_all' not in g[2]]
NCHW = ENUMERATIONS['CUDNN_TENSOR_NCHW']


@pytest.fixture(scope='module')
def cudnn():
    found = find_cudnn()
    assert found.reason == ''
    return found


def read(cudnn, name, descriptor, n, *before):
    """Returns ``n`` ints that a function of cuDNN tells of a descriptor."""
    numbers = [ctypes.c_int() for _ in range(n)]
    function = getattr(cudnn.library, name)
    function.restype = ctypes.c_int
    assert function(descriptor, *before, *map(ctypes.byref, numbers)) == 0
    return tuple(number.value for number in numbers)


@pytest.mark.parametrize('direction', DIRECTIONS)
@pytest.mark.parametrize('dtype', DATA_TYPES)
@pytest.mark.parametrize(('x_shape', 'W_shape', 'options'), GEOMETRIES)
def test_descriptors_are_read_back(x_shape, W_shape, options, dtype, direction, cudnn):
    s = ConvSpec.of(x_shape, W_shape, **options)
    (N, C), OC, kind = x_shape[:2], W_shape[0], DATA_TYPES[dtype]
    problem = Problem(direction, dtype, N, C, OC, s, 0, False, 1 << 28, False, 0)
    for math in MATH_NAMES:
        plan = Plan(cudnn, problem._replace(math=math))
        x = read(cudnn, 'cudnnGetTensor4dDescriptor', plan.x, 9)
        assert x == (kind, N, C, s.h, s.w, C * s.h * s.w, s.h * s.w, s.w, 1)
        y = read(cudnn, 'cudnnGetTensor4dDescriptor', plan.y, 9)
        assert y == (kind, N, OC, s.oh, s.ow, OC * s.oh * s.ow, s.oh * s.ow, s.ow, 1)
        W = read(cudnn, 'cudnnGetFilter4dDescriptor', plan.W, 6)
        assert (kind, NCHW, *W_shape) == W
        convolution = read(
            cudnn, 'cudnnGetConvolution2dDescriptor', plan.convolution, 8
        )
        compute = DATA_TYPES['d' if dtype == 'd' else 'f']
        assert convolution == (s.ph, s.pw, s.sy, s.sx, s.dy, s.dx, 1, compute)
        for name, value in (('GroupCount', s.groups), ('MathType', math)):
            stored = read(cudnn, f'cudnnGetConvolution{name}', plan.convolution, 1)
            assert stored == (value,)


def test_sizes_of_outputs(cudnn):
    """cuDNN computes the size of an output as we do."""
    choices = itertools.product((5, 6, 11), (1, 2, 3), (1, 2, 3), (0, 1, 2), (1, 2))
    function = cudnn.library.cudnnGetConvolution2dForwardOutputDim
    for size, k, stride, pad, dilate in choices:
        shapes = (2, 3, size, size + 1), (4, 3, k, k)
        if size + 2 * pad < (k - 1) * dilate + 1:
            continue
        s = ConvSpec.of(*shapes, stride=stride, pad=pad, dilate=dilate)
        plan = Plan(cudnn, Problem('forward', 'f', 2, 3, 4, s, 0, False, 0, False, 0))
        numbers = [ctypes.c_int() for _ in range(4)]
        pointers = map(ctypes.byref, numbers)
        assert function(plan.convolution, plan.x, plan.W, *pointers) == 0
        assert tuple(n.value for n in numbers) == (2, 4, s.oh, s.ow)


def test_a_handle_wants_a_card(cudnn):
    with pytest.raises(CudnnError, match='cudnnCreate: CUDNN_STATUS_'):
        Handle(cudnn)


def test_kernels_go_on_without_a_handle(cudnn, computing, monkeypatch):
    """A cuDNN that cannot be used is no reason to stop."""
    from minigrad.kernels import cudnn as module
    from minigrad.kernels import kernels_for, using_kernels

    monkeypatch.setattr(module, 'find_cudnn', lambda: cudnn)
    x = np.random.default_rng(0).standard_normal((2, 3, 5, 5)).astype('f')
    W = np.ones((4, 3, 3, 3), 'f')
    spec = ConvSpec.of(x.shape, W.shape)
    with using_kernels('cudnn'):
        kernels = kernels_for(computing.empty(1))
        kernels.conv_2d(computing.asarray(x), computing.asarray(W), None, spec)
        assert kernels.notes()[0].startswith('conv_2d forward')
        assert 'cudnnCreate' in kernels.notes()[0]
        one = computing.ones(3, 'f')
        kernels.batch_norm(computing.asarray(x), one, one, 1e-5, (0, 2, 3))
