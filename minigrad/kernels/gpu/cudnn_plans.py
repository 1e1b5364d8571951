"""Convolutions by cuDNN: descriptors and the choice of an algorithm, made once each."""

from __future__ import annotations

import ctypes
import sys
import threading
from collections import OrderedDict
from typing import Any, NamedTuple

from minigrad.kernels.gpu.cudnn_library import (
    ENUMERATIONS,
    AlgorithmPerformance,
    Cudnn,
    CudnnError,
)
from minigrad.kernels.specs import ConvSpec

DATA_TYPES = {
    'e': ENUMERATIONS['CUDNN_DATA_HALF'],
    'f': ENUMERATIONS['CUDNN_DATA_FLOAT'],
    'd': ENUMERATIONS['CUDNN_DATA_DOUBLE'],
    'E': ENUMERATIONS['CUDNN_DATA_BFLOAT16'],  # as ml_dtypes calls it
}
MATH_NAMES = {
    ENUMERATIONS['CUDNN_DEFAULT_MATH']: 'default math',
    ENUMERATIONS['CUDNN_TENSOR_OP_MATH']: 'tensor cores',
    ENUMERATIONS['CUDNN_TENSOR_OP_MATH_ALLOW_CONVERSION']: 'converting tensor cores',
    ENUMERATIONS['CUDNN_FMA_MATH']: 'full precision',
}
PLANS_KEPT = 512
MOST_ALGORITHMS = 16

# The part of cuDNN's function names that differs, and which operand is a filter.
DIRECTIONS = {
    'forward': ('Forward', ('x', 'W', 'y')),
    'grad_x': ('BackwardData', ('W', 'y', 'x')),
    'grad_w': ('BackwardFilter', ('x', 'y', 'W')),
}


class Problem(NamedTuple):
    """Everything that the choice of an algorithm depends on.

    Attributes:
        direction: ``'forward'``, ``'grad_x'`` or ``'grad_w'``.
        dtype: Character of the dtype.
        N: Number of images.
        C: Channels of x.
        OC: Channels of y.
        spec: The geometry.
        math: The most that may be used, a value of ``cudnnMathType_t``.
        deterministic: Whether results must be equal from run to run.
        workspace: Bytes that the algorithm may take.
        autotune: Whether to measure instead of asking cuDNN's heuristics.
        device: Number of the device.
    """

    direction: str
    dtype: str
    N: int
    C: int
    OC: int
    spec: ConvSpec
    math: int
    deterministic: bool
    workspace: int
    autotune: bool
    device: int


class Plan:
    """The descriptors of a problem and the algorithm that solves it."""

    def __init__(self, cudnn: Cudnn, problem: Problem) -> None:
        self._cudnn = cudnn
        self.problem = problem
        spec, kind = problem.spec, DATA_TYPES[problem.dtype]
        layout = ENUMERATIONS['CUDNN_TENSOR_NCHW']
        self.x = self._make_('Tensor')
        self.y = self._make_('Tensor')
        self.W = self._make_('Filter')
        self.convolution = self._make_('Convolution')
        call = cudnn.call
        call(
            'cudnnSetTensor4dDescriptor', self.x, layout, kind,
            problem.N, problem.C, spec.h, spec.w,
        )  # fmt: skip
        call(
            'cudnnSetTensor4dDescriptor', self.y, layout, kind,
            problem.N, problem.OC, spec.oh, spec.ow,
        )  # fmt: skip
        call(
            'cudnnSetFilter4dDescriptor', self.W, kind, layout,
            problem.OC, problem.C // spec.groups, spec.kh, spec.kw,
        )  # fmt: skip
        # Sums are made in float32 at least.
        compute = DATA_TYPES['d' if problem.dtype == 'd' else 'f']
        call(
            'cudnnSetConvolution2dDescriptor', self.convolution,
            spec.ph, spec.pw, spec.sy, spec.sx, spec.dy, spec.dx,
            ENUMERATIONS['CUDNN_CROSS_CORRELATION'], compute,
        )  # fmt: skip
        call('cudnnSetConvolutionGroupCount', self.convolution, spec.groups)
        call('cudnnSetConvolutionMathType', self.convolution, problem.math)
        self.algorithm = -1
        self.workspace = 0
        self.note = ''

    def _make_(self, kind: str) -> ctypes.c_void_p:
        descriptor = ctypes.c_void_p()
        self._cudnn.call(f'cudnnCreate{kind}Descriptor', ctypes.byref(descriptor))
        return descriptor

    def __del__(self) -> None:
        library = self._cudnn.library
        for kind, name in (
            ('Tensor', 'x'),
            ('Tensor', 'y'),
            ('Filter', 'W'),
            ('Convolution', 'convolution'),
        ):
            descriptor = getattr(self, name, None)
            if descriptor:
                getattr(library, f'cudnnDestroy{kind}Descriptor')(descriptor)

    def _descriptors(self) -> tuple[Any, Any, Any]:
        first, second, result = DIRECTIONS[self.problem.direction][1]
        return getattr(self, first), getattr(self, second), getattr(self, result)

    def ask(self, handle: Any) -> None:
        """Chooses the algorithm that cuDNN's heuristics put first."""
        stem = DIRECTIONS[self.problem.direction][0]
        first, second, result = self._descriptors()
        found = (AlgorithmPerformance * MOST_ALGORITHMS)()
        count = ctypes.c_int()
        self._cudnn.call(
            f'cudnnGetConvolution{stem}Algorithm_v7', handle,
            first, second, self.convolution, result,
            MOST_ALGORITHMS, ctypes.byref(count), found,
        )  # fmt: skip
        self._choose(list(found[: count.value]))

    def measure(
        self, handle: Any, a: int, b: int, out: int, workspace: int, size: int
    ) -> None:
        """Chooses the algorithm that is fastest on these arrays, given by address."""
        stem = DIRECTIONS[self.problem.direction][0]
        first, second, result = self._descriptors()
        found = (AlgorithmPerformance * MOST_ALGORITHMS)()
        count = ctypes.c_int()
        self._cudnn.call(
            f'cudnnFindConvolution{stem}AlgorithmEx', handle,
            first, a, second, b, self.convolution, result, out,
            MOST_ALGORITHMS, ctypes.byref(count), found, workspace, size,
        )  # fmt: skip
        self._choose(list(found[: count.value]))

    def _choose(self, candidates: list[AlgorithmPerformance]) -> None:
        problem = self.problem
        refused = []
        for found in candidates:
            if found.status:
                continue
            if found.memory > problem.workspace:
                refused.append(f'{found.algorithm}: {found.memory >> 20} MiB')
            elif problem.deterministic and not found.determinism:
                refused.append(f'{found.algorithm}: not deterministic')
            elif not _allowed(found.math_type, problem.math):
                refused.append(f'{found.algorithm}: {_math_name(found.math_type)}')
            else:
                self.algorithm = found.algorithm
                self.workspace = found.memory
                # Since Ampere "default math" may be TF32: where full precision was asked
                # for it is set, whatever the answer calls it.
                full = ENUMERATIONS['CUDNN_FMA_MATH']
                math = full if problem.math == full else found.math_type
                self._cudnn.call('cudnnSetConvolutionMathType', self.convolution, math)
                self.note = (
                    f'algorithm {found.algorithm}, {found.memory >> 20} MiB, '
                    f'{_math_name(math)}'
                )
                if refused:
                    self.note += f' (passed over: {"; ".join(refused)})'
                return
        raise CudnnError('no algorithm fits: ' + ('; '.join(refused) or 'none offered'))

    def run(
        self, handle: Any, a: int, b: int, out: int, workspace: int, one: Any, zero: Any
    ) -> None:
        """Computes ``out`` from ``a`` and ``b``, all given by address."""
        stem = DIRECTIONS[self.problem.direction][0]
        first, second, result = self._descriptors()
        self._cudnn.call(
            f'cudnnConvolution{stem}', handle, one, first, a, second, b,
            self.convolution, self.algorithm, workspace, self.workspace,
            zero, result, out,
        )  # fmt: skip


def _math_name(math: int) -> str:
    return MATH_NAMES.get(math, f'math of type {math}')


def _allowed(used: int, most: int) -> bool:
    """Tells whether an algorithm's math is not less exact than what was allowed."""
    full = ENUMERATIONS['CUDNN_FMA_MATH']
    return most != full or used in (full, ENUMERATIONS['CUDNN_DEFAULT_MATH'])


class Plans:
    """The plans of one thread; the least recently used are dropped.

    Attributes:
        refused: Why cuDNN could not solve a problem, for those that it could not.
    """

    def __init__(self, cudnn: Cudnn) -> None:
        self._cudnn = cudnn
        self._plans: OrderedDict[Problem, Plan] = OrderedDict()
        self.refused: dict[Problem, str] = {}

    def get(self, problem: Problem) -> Plan | None:
        """Returns the plan of a problem if there is one already."""
        plan = self._plans.get(problem)
        if plan is not None:
            self._plans.move_to_end(problem)
        return plan

    def add(self, plan: Plan) -> None:
        """Keeps a plan."""
        self._plans[plan.problem] = plan
        if len(self._plans) > PLANS_KEPT:
            self._plans.popitem(last=False)

    def refuse(self, problem: Problem, reason: str) -> None:
        """Marks a problem as one that cuDNN cannot solve."""
        self._plans.pop(problem, None)
        self.refused[problem] = reason

    def notes(self) -> list[str]:
        """Returns a line for each problem: what solves it, or why cuDNN does not."""
        lines = [(p, f'cudnn {plan.note}') for p, plan in self._plans.items()]
        lines += [(p, f'cupy: {why}') for p, why in self.refused.items()]
        return [f'{describe(problem)}: {what}' for problem, what in lines]


def describe(problem: Problem) -> str:
    """Returns a description of a problem."""
    s = problem.spec
    return (
        f'conv_2d {problem.direction} {problem.dtype} '
        f'({problem.N}, {problem.C}, {s.h}, {s.w}) by {s.kh}x{s.kw} to '
        f'({problem.N}, {problem.OC}, {s.oh}, {s.ow})'
    )


class Handle:
    """A handle of cuDNN, destroyed with the thread that it belongs to."""

    def __init__(self, cudnn: Cudnn) -> None:
        self._library = cudnn.library
        self.pointer = ctypes.c_void_p()  # null until there is one
        cudnn.call('cudnnCreate', ctypes.byref(self.pointer))

    def __del__(self) -> None:
        if self.pointer and not sys.is_finalizing():  # CUDA may be shut down by then
            self._library.cudnnDestroy(self.pointer)


class ThreadState(threading.local):
    """Handles by device, and plans: cuDNN's handles belong to one thread each."""

    def __init__(self, cudnn: Cudnn) -> None:
        self.handles: dict[int, Handle] = {}
        self.tensors: dict[Any, Any] = {}
        self.plans = Plans(cudnn)
