"""A cuBLAS in main memory: its products, counted by columns as it counts."""

from __future__ import annotations

import ctypes

import numpy

from minigrad.kernels.gpu.cublas import SIGNATURES, declare
from tests.gpu.stand_in import cuda

_C = {
    'p': ctypes.c_void_p,
    'i': ctypes.c_int,
    'z': ctypes.c_size_t,
    'l': ctypes.c_longlong,
}
_DTYPES = {0: numpy.float32, 1: numpy.float64, 2: numpy.float16}


class Library:
    """The functions; ``calls`` remembers what was multiplied."""

    def __init__(self):
        self.calls = []
        self.stream = None
        self.workspace = None
        self._keep = []
        for name, letters in SIGNATURES.items():
            types = [_C[letter] for letter in letters]
            run = getattr(self, '_' + name)
            made = ctypes.CFUNCTYPE(ctypes.c_int, *types)(run)
            self._keep.append(made)
            setattr(self, name, made)

    def _cublasCreate_v2(self, handle):
        ctypes.c_void_p.from_address(handle).value = 77
        return 0

    def _cublasDestroy_v2(self, handle):
        return 0

    def _cublasSetStream_v2(self, handle, stream):
        self.stream, self.workspace = stream or 0, None
        return 0

    def _cublasSetWorkspace_v2(self, handle, pointer, size):
        self.workspace = pointer
        return 0

    def _cublasGemmStridedBatchedEx(
        self, handle, op_a, op_b, m, n, k, alpha, a, a_kind, a_lead, a_step,
        b, b_kind, b_lead, b_step, beta, c, c_kind, c_lead, c_step, count, compute,
        algorithm,
    ):  # fmt: skip
        if handle != 77 or self.workspace is None:
            return 1
        if self.stream != cuda.get_current_stream().ptr or algorithm != -1:
            return 7
        dtype = numpy.dtype(_DTYPES[a_kind])
        if compute not in ((70,) if dtype == 'd' else (68, 77)):
            return 15
        self.calls.append((m, n, k, count, compute))

        def run():
            for i in range(count):
                x = _columns(a, a_lead, *((m, k) if op_a == 0 else (k, m)), i * a_step)
                y = _columns(b, b_lead, *((k, n) if op_b == 0 else (n, k)), i * b_step)
                z = _columns(c, c_lead, m, n, i * c_step)
                x, y = x if op_a == 0 else x.T, y if op_b == 0 else y.T
                wide = numpy.promote_types(dtype, numpy.float32)
                z[...] = x.astype(wide) @ y.astype(wide)

        def _columns(address, lead, rows, columns, offset):
            size = lead * columns
            memory = ctypes.c_char * (size * dtype.itemsize)
            flat = memory.from_address(address + offset * dtype.itemsize)
            return numpy.frombuffer(flat, dtype).reshape(columns, lead)[:, :rows].T

        if cuda.state.capturing is not None:
            flat = (ctypes.c_char * (c_step * count * dtype.itemsize)).from_address(c)
            cuda.state.capturing.touch([numpy.frombuffer(flat, numpy.uint8)])
            cuda.state.capturing.record(run, None)
        run()
        return 0


def make():
    return declare(Library())
