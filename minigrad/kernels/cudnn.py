"""Kernels that call cuDNN: convolutions and batch normalization.

The rest is bound by memory, and one pass of our own is as good: max pooling, whose
second derivative needs the place of each maximum, which cuDNN does not tell; local
response normalization, whose scale it does not tell; softmax, dropout and optimizers.

What ran, and why not cuDNN, is in `CudnnKernels.notes`.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from minigrad.backends import cuda
from minigrad.configuration import config
from minigrad.dtypes import is_bfloat16
from minigrad.kernels.cupy_gpu import CupyKernels
from minigrad.kernels.gpu.cudnn_library import ENUMERATIONS, CudnnError, find_cudnn
from minigrad.kernels.gpu.cudnn_plans import (
    DATA_TYPES,
    Handle,
    Plan,
    Problem,
    ThreadState,
)
from minigrad.kernels.specs import ConvSpec
from minigrad.types import Array

_NUMBERS = {
    kind: (ctypes.byref(number(1)), ctypes.byref(number(0)))
    for kind, number in (
        ('e', ctypes.c_float),
        ('f', ctypes.c_float),
        ('d', ctypes.c_double),
        ('E', ctypes.c_float),
    )
}


class CudnnKernels(CupyKernels):
    """`CupyKernels` with cuDNN where it is faster.

    ``config.use_cudnn`` ('always', 'auto', 'never'), ``config.cudnn_deterministic``,
    ``config.autotune``, ``config.use_cudnn_tensor_core`` and ``config.allow_tf32`` are
    looked at in each call.

    Raises:
        ImportError: CuPy or cuDNN 9 is missing; the message says what to install.
    """

    name = 'cudnn'

    def __init__(self) -> None:
        super().__init__()
        self._cudnn = find_cudnn()
        if self._cudnn.library is None:
            raise ImportError(self._cudnn.reason)
        self._thread = ThreadState(self._cudnn)

    @property
    def convolves_bfloat16(self) -> bool:  # type: ignore[override]
        """Whether convolutions take bfloat16 as it is."""
        return bool(config.use_cudnn != 'never')

    def notes(self) -> list[str]:
        """Returns a line for each convolution of this thread: what computed it."""
        return self._thread.plans.notes()

    # Convolution

    def conv_2d(self, x: Array, W: Array, b: Array | None, spec: ConvSpec) -> Array:
        """See `Kernels.conv_2d`."""
        xp = self.xp
        if b is None or b.dtype == x.dtype:
            y = self._convolve(
                'forward', x, W, (len(x), len(W), spec.oh, spec.ow),
                len(x), x.shape[1], len(W), spec,
            )  # fmt: skip
            if y is not None:
                if b is not None:
                    xp.add(y, b[:, None, None], out=y)
                return y
        if is_bfloat16(x.dtype):
            y = super().conv_2d(_wide(x), _wide(W), _wide(b), spec)
            return y.astype(x.dtype)
        return super().conv_2d(x, W, b, spec)

    def conv_2d_grad_x(self, W: Array, gy: Array, spec: ConvSpec) -> Array:
        """See `Kernels.conv_2d_grad_x`."""
        C = W.shape[1] * spec.groups
        gx = self._convolve(
            'grad_x', W, gy, (len(gy), C, spec.h, spec.w), len(gy), C, len(W), spec
        )
        if gx is not None:
            return gx
        gx = super().conv_2d_grad_x(_wide(W), _wide(gy), spec)
        return gx.astype(gy.dtype, copy=False)

    def conv_2d_grad_w(self, x: Array, gy: Array, spec: ConvSpec) -> Array:
        """See `Kernels.conv_2d_grad_w`."""
        C, OC = x.shape[1], gy.shape[1]
        gW = self._convolve(
            'grad_w', x, gy, (OC, C // spec.groups, spec.kh, spec.kw),
            len(x), C, OC, spec,
        )  # fmt: skip
        if gW is not None:
            return gW
        gW = super().conv_2d_grad_w(_wide(x), _wide(gy), spec)
        return gW.astype(x.dtype, copy=False)

    def _convolve(
        self,
        direction: str,
        a: Array,
        b: Array,
        out_shape: tuple[int, ...],
        N: int,
        C: int,
        OC: int,
        spec: ConvSpec,
    ) -> Array | None:
        """Returns one of the three products by cuDNN, or None if it cannot."""
        if not self._takes(a, b) or N == 0 or _rounds_up(spec):
            return None
        cupy = self.xp
        device = cupy.cuda.runtime.getDevice()
        problem = Problem(
            direction, a.dtype.char, N, C, OC, spec, self._math(a.dtype),
            bool(config.cudnn_deterministic), cuda.get_max_workspace_size(),
            bool(config.autotune), device,
        )  # fmt: skip
        plans = self._thread.plans
        if problem in plans.refused:
            return None
        a, b = cupy.ascontiguousarray(a), cupy.ascontiguousarray(b)
        out = cupy.empty(out_shape, a.dtype)
        addresses = a.data.ptr, b.data.ptr, out.data.ptr
        try:
            handle = self._handle(device)
            plan = plans.get(problem)
            if plan is None:
                plan = self._plan_(handle, problem, addresses)
                plans.add(plan)
            # Given back to CuPy's pool at the end of this call, which is safe: the
            # pool hands it to later work of the same stream only.
            workspace = cupy.cuda.alloc(plan.workspace) if plan.workspace else None
            plan.run(
                handle, *addresses,
                0 if workspace is None else workspace.ptr, *_NUMBERS[problem.dtype],
            )  # fmt: skip
        except CudnnError as error:
            plans.refuse(problem, str(error))
            return None
        return out

    def _plan_(
        self, handle: Any, problem: Problem, addresses: tuple[int, int, int]
    ) -> Plan:
        plan = Plan(self._cudnn, problem)
        stream = self.xp.cuda.get_current_stream()
        if problem.autotune and not stream.is_capturing():
            workspace = self.xp.cuda.alloc(problem.workspace)
            plan.measure(handle, *addresses, workspace.ptr, problem.workspace)
        else:
            plan.ask(handle)
        return plan

    def _takes(self, *arrays: Array) -> bool:
        """Tells whether the configuration and the dtypes let cuDNN compute."""
        if config.use_cudnn == 'never':
            return False
        first = arrays[0].dtype
        known = first.char in 'efd' or is_bfloat16(first)
        return known and all([a.dtype == first for a in arrays[1:]])  # noqa: C419

    def _math(self, dtype: Any) -> int:
        """Returns the least exact arithmetic that the configuration allows."""
        if dtype == np.float64:
            return ENUMERATIONS['CUDNN_DEFAULT_MATH']
        if dtype == np.float32:
            # The default math of an Ampere or later card is TF32: 10 bits.
            allowed = getattr(config, 'allow_tf32', False)
        else:
            allowed = True
        if config.use_cudnn_tensor_core == 'never' or not (
            allowed or config.use_cudnn_tensor_core == 'always'
        ):
            return ENUMERATIONS['CUDNN_FMA_MATH']
        return ENUMERATIONS['CUDNN_TENSOR_OP_MATH']

    def _handle(self, device: int) -> ctypes.c_void_p:
        """Returns this thread's handle, set to the current stream."""
        handle = self._thread.handles.get(device)
        if handle is None:
            handle = self._thread.handles[device] = Handle(self._cudnn)
        stream = self.xp.cuda.get_current_stream().ptr
        self._cudnn.call('cudnnSetStream', handle.pointer, stream)
        return handle.pointer

    # Batch normalization

    def batch_norm(
        self, x: Array, gamma: Array, beta: Array, eps: float, axis: tuple[int, ...]
    ) -> tuple[Array, Array, Array]:
        """See `Kernels.batch_norm`."""
        if not self._normalizes(x, gamma, axis) or beta.dtype != gamma.dtype:
            return super().batch_norm(x, gamma, beta, eps, axis)
        cupy = self.xp
        x, gamma, beta = map(cupy.ascontiguousarray, (x, gamma, beta))
        y = cupy.empty_like(x)
        mean, inv_std = cupy.empty_like(gamma), cupy.empty_like(gamma)
        one, zero = _NUMBERS[x.dtype.char]
        try:
            handle = self._handle(cupy.cuda.runtime.getDevice())
            images = self._tensor(x.shape, x)
            channels = self._tensor((1, len(gamma)), gamma)
            self._cudnn.call(
                'cudnnBatchNormalizationForwardTraining', handle, _mode(), one, zero,
                images, x.data.ptr, images, y.data.ptr,
                channels, gamma.data.ptr, beta.data.ptr,
                1.0, None, None, float(eps), mean.data.ptr, inv_std.data.ptr,
            )  # fmt: skip
        except CudnnError:
            return super().batch_norm(x, gamma, beta, eps, axis)
        return y, mean, inv_std

    def batch_norm_grad(
        self,
        x: Array,
        gamma: Array,
        gy: Array,
        mean: Array,
        inv_std: Array,
        axis: tuple[int, ...],
    ) -> tuple[Array, Array, Array]:
        """See `Kernels.batch_norm_grad`."""
        alike = mean.dtype == inv_std.dtype == gamma.dtype and gy.dtype == x.dtype
        if not alike or not self._normalizes(x, gamma, axis):
            return super().batch_norm_grad(x, gamma, gy, mean, inv_std, axis)
        cupy = self.xp
        x, gamma, gy, mean, inv_std = map(
            cupy.ascontiguousarray, (x, gamma, gy, mean, inv_std)
        )
        gx = cupy.empty_like(x)
        ggamma, gbeta = cupy.empty_like(gamma), cupy.empty_like(gamma)
        one, zero = _NUMBERS[x.dtype.char]
        try:
            handle = self._handle(cupy.cuda.runtime.getDevice())
            images = self._tensor(x.shape, x)
            channels = self._tensor((1, len(gamma)), gamma)
            # The epsilon is not used where the saved statistics are given.
            self._cudnn.call(
                'cudnnBatchNormalizationBackward', handle, _mode(), one, zero, one, zero,
                images, x.data.ptr, images, gy.data.ptr, images, gx.data.ptr,
                channels, gamma.data.ptr, ggamma.data.ptr, gbeta.data.ptr,
                1e-5, mean.data.ptr, inv_std.data.ptr,
            )  # fmt: skip
        except CudnnError:
            return super().batch_norm_grad(x, gamma, gy, mean, inv_std, axis)
        return gx, ggamma, gbeta

    def _normalizes(self, x: Array, gamma: Array, axis: tuple[int, ...]) -> bool:
        # cuDNN's parameters are float32 beside float16 images.
        kinds = x.dtype.char, gamma.dtype.char
        return (
            config.use_cudnn != 'never'
            and kinds in (('f', 'f'), ('d', 'd'), ('e', 'f'))
            and x.size > 0
            and axis == (0, *range(2, x.ndim))
        )

    def _tensor(self, shape: tuple[int, ...], array: Array) -> ctypes.c_void_p:
        """Returns the descriptor of an array seen as (N, C, P, 1)."""
        N, C = shape[:2]
        tensors: dict[Any, _Tensor] = self._thread.tensors
        key = (N, C, array.size // (N * C), array.dtype.char)
        if key not in tensors:
            if len(tensors) > 512:
                tensors.clear()
            tensors[key] = _Tensor(self._cudnn, *key)
        return tensors[key].descriptor


class _Tensor:
    """A tensor descriptor that is destroyed with this object."""

    def __init__(self, cudnn: Any, N: int, C: int, P: int, dtype: str) -> None:
        self._cudnn = cudnn
        self.descriptor = ctypes.c_void_p()
        cudnn.call('cudnnCreateTensorDescriptor', ctypes.byref(self.descriptor))
        cudnn.call(
            'cudnnSetTensor4dDescriptor', self.descriptor,
            ENUMERATIONS['CUDNN_TENSOR_NCHW'], DATA_TYPES[dtype], N, C, P, 1,
        )  # fmt: skip

    def __del__(self) -> None:
        self._cudnn.library.cudnnDestroyTensorDescriptor(self.descriptor)


def _wide(x: Array | None) -> Array | None:
    """Returns bfloat16 as float32, which our own kernels compute in."""
    return x.astype(np.float32) if x is not None and is_bfloat16(x.dtype) else x


def _mode() -> int:
    fast = config.cudnn_fast_batch_normalization
    name = 'SPATIAL_PERSISTENT' if fast else 'SPATIAL'
    return ENUMERATIONS[f'CUDNN_BATCHNORM_{name}']


def _rounds_up(spec: ConvSpec) -> bool:
    """Tells whether the output is larger than cuDNN would make it (``cover_all``)."""
    high = (spec.kh - 1) * spec.dy + 1
    wide = (spec.kw - 1) * spec.dx + 1
    oh = (spec.h + 2 * spec.ph - high) // spec.sy + 1
    ow = (spec.w + 2 * spec.pw - wide) // spec.sx + 1
    return (oh, ow) != (spec.oh, spec.ow)
