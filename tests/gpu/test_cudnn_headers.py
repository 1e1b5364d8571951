"""The signatures and enumerations that we state, against cuDNN's own headers."""

import ctypes

import pytest

from minigrad.kernels.gpu import cudnn_library
from minigrad.kernels.gpu.cudnn_library import ENUMERATIONS, SIGNATURES
from tests.gpu import headers

pytestmark = pytest.mark.skipif(
    headers.find_wheel() is None
    or headers.find_cuda() is None
    or headers.COMPILER is None,
    reason='needs the cuDNN wheel (or MINIGRAD_TEST_CUDNN) and g++',
)


def test_headers(tmp_path):
    lines = [
        f'printf("offset {field} %zu\\n", offsetof(cudnnConvolutionFwdAlgoPerf_t, {field}));'
        for field in ('status', 'time', 'memory', 'determinism', 'mathType')
    ]
    lines.append('printf("size %zu\\n", sizeof(cudnnConvolutionBwdDataAlgoPerf_t));')
    includes = headers.find_wheel() / 'include', headers.find_cuda()
    seen = headers.read('cudnn.h', includes, SIGNATURES, ENUMERATIONS, lines, tmp_path)
    headers.check(seen, SIGNATURES, ENUMERATIONS)
    fields = cudnn_library.AlgorithmPerformance
    for field, ours in (
        ('status', fields.status),
        ('time', fields.time),
        ('memory', fields.memory),
        ('determinism', fields.determinism),
        ('mathType', fields.math_type),
    ):
        assert int(seen[f'offset {field}']) == ours.offset, field
    assert int(seen['size']) == ctypes.sizeof(fields)


def test_library_loads():
    """No GPU is needed to load cuDNN and find every function in it."""
    files = sorted((headers.find_wheel() / 'lib').glob('libcudnn.so.*'))
    found = cudnn_library.declare(ctypes.CDLL(str(files[0])), str(files[0]))
    assert found.reason == ''
    assert found.version >= 90000
