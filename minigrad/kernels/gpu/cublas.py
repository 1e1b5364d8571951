"""Matrix products that a CUDA graph can record.

CuPy refuses its own cuBLAS calls while a stream records, because the library might take
memory by itself. A handle of our own with a workspace of its own never does, which is
what NVIDIA asks of such a handle; everywhere else CuPy's product is used.
"""

from __future__ import annotations

import ctypes
import functools
import importlib
import sys
from typing import Any

import numpy as np

from minigrad.types import Array

# p pointer, i int or enum, z size_t, l long long.
SIGNATURES = {
    'cublasCreate_v2': 'p',
    'cublasDestroy_v2': 'p',
    'cublasSetStream_v2': 'pp',
    'cublasSetWorkspace_v2': 'ppz',
    'cublasGemmStridedBatchedEx': 'piiiiippiilpiilppiiliii',
}
ENUMERATIONS = {
    'CUBLAS_OP_N': 0,
    'CUBLAS_OP_T': 1,
    'CUBLAS_GEMM_DEFAULT': -1,
    'CUBLAS_COMPUTE_32F': 68,
    'CUBLAS_COMPUTE_32F_FAST_TF32': 77,
    'CUBLAS_COMPUTE_64F': 70,
    'CUDA_R_32F': 0,
    'CUDA_R_64F': 1,
    'CUDA_R_16F': 2,
}

# What cuBLAS recommends for Hopper; 4 MiB are enough for older cards.
WORKSPACE_BYTES = 32 << 20

_C_TYPES = {
    'p': ctypes.c_void_p,
    'i': ctypes.c_int,
    'z': ctypes.c_size_t,
    'l': ctypes.c_longlong,
}
_DATA_TYPES = {'e': 'CUDA_R_16F', 'f': 'CUDA_R_32F', 'd': 'CUDA_R_64F'}


@functools.cache
def find_cublas() -> Any:
    """Loads the cuBLAS that CuPy uses, and declares the functions.

    Raises:
        OSError: It cannot be found.
    """
    try:
        pathfinder: Any = importlib.import_module('cuda.pathfinder')
        path = pathfinder.load_nvidia_dynamic_lib('cublas').abs_path
    except Exception as error:
        raise OSError(f'cuBLAS was not found ({error})') from error
    return declare(ctypes.CDLL(path))


def declare(library: Any) -> Any:
    """Declares the arguments of the functions."""
    for name, letters in SIGNATURES.items():
        function = getattr(library, name)
        function.restype = ctypes.c_int
        function.argtypes = [_C_TYPES[letter] for letter in letters]
    return library


class RecordableProducts:
    """Products of one recording on the current device, with a handle of its own.

    It must be made before the stream records, and kept while the graph is: what it
    recorded writes to its workspace.

    Args:
        cupy: The ``cupy`` module.
    """

    def __init__(self, cupy: Any) -> None:
        self._cupy = cupy
        self._library = find_cublas()
        self._handle = ctypes.c_void_p()
        self._call('cublasCreate_v2', ctypes.byref(self._handle))
        self._workspace = cupy.cuda.alloc(WORKSPACE_BYTES)

    def __del__(self) -> None:
        if (
            getattr(self, '_handle', None) and not sys.is_finalizing()
        ):  # CUDA may be shut down by then
            self._library.cublasDestroy_v2(self._handle)

    def matmul(self, a: Array, b: Array, tf32: bool) -> Array:
        """Returns ``a @ b`` of two matrices or two stacks of as many matrices."""
        cupy = self._cupy
        (M, K), N = a.shape[-2:], b.shape[-1]
        count = len(a) if a.ndim == 3 else 1
        c = cupy.empty((*a.shape[:-1], N), a.dtype)
        if c.size == 0 or K == 0:
            c.fill(0)
            return c
        a, op_a, step_a = _oriented(cupy, a, K, M)
        b, op_b, step_b = _oriented(cupy, b, N, K)
        handle, workspace = self._handle, self._workspace
        self._call('cublasSetStream_v2', handle, cupy.cuda.get_current_stream().ptr)
        # Setting the stream resets the workspace.
        self._call('cublasSetWorkspace_v2', handle, workspace.ptr, WORKSPACE_BYTES)
        number = ctypes.c_double if a.dtype == np.float64 else ctypes.c_float
        one, zero = number(1), number(0)
        kind = ENUMERATIONS[_DATA_TYPES[a.dtype.char]]
        compute = (
            'CUBLAS_COMPUTE_64F' if a.dtype == np.float64 else 'CUBLAS_COMPUTE_32F'
        )
        if tf32 and a.dtype == np.float32:
            compute += '_FAST_TF32'
        # cuBLAS counts by columns: it sees every matrix transposed, so c.T = b.T @ a.T.
        self._call(
            'cublasGemmStridedBatchedEx', handle, op_b, op_a, N, M, K,
            ctypes.byref(one), b.data.ptr, kind, step_b, K * N,
            a.data.ptr, kind, step_a, M * K,
            ctypes.byref(zero), c.data.ptr, kind, N, M * N,
            count, ENUMERATIONS[compute], ENUMERATIONS['CUBLAS_GEMM_DEFAULT'],
        )  # fmt: skip
        return c

    def _call(self, name: str, *args: Any) -> None:
        status = getattr(self._library, name)(*args)
        if status:
            raise RuntimeError(f'{name} returned status {status}')


def _oriented(cupy: Any, x: Array, width: int, height: int) -> tuple[Array, int, int]:
    """Returns rows of numbers, whether they are columns instead, and their length."""
    swapped = x.swapaxes(-1, -2)
    if not x.flags.c_contiguous and swapped.flags.c_contiguous:
        return x, ENUMERATIONS['CUBLAS_OP_T'], height
    return cupy.ascontiguousarray(x), ENUMERATIONS['CUBLAS_OP_N'], width
