"""A cuDNN whose "device memory" is main memory, for the stand-in's arrays.

Its functions are C functions as far as ctypes is concerned. They do what the headers of
cuDNN 9 say of each argument, with descriptors that know their shapes, and compute by
the definition; a descriptor, address or order that is wrong gives a wrong number or an
error here as it would there.
"""

from __future__ import annotations

import contextlib
import ctypes

import numpy

from minigrad.kernels import Kernels
from minigrad.kernels.gpu.cudnn_library import (
    SIGNATURES,
    AlgorithmPerformance,
    declare,
)
from minigrad.kernels.specs import ConvSpec
from tests.gpu.stand_in import cuda

_reference = Kernels(numpy)
_C = {
    'p': ctypes.c_void_p,
    'i': ctypes.c_int,
    'z': ctypes.c_size_t,
    'd': ctypes.c_double,
}
_DTYPES = {0: numpy.float32, 1: numpy.float64, 2: numpy.float16}
with contextlib.suppress(ImportError):
    from ml_dtypes import bfloat16

    _DTYPES[9] = bfloat16
BAD_PARAM, NOT_SUPPORTED = 2000, 3000


class Refused(Exception):
    """Ends a function with a status."""


class Library:
    """The functions, by name; ``calls`` remembers them, ``refuse`` makes one fail."""

    def __init__(self, version=92800):
        self.calls = []
        self.refuse = {}
        self.descriptors = {}
        self.algorithms = [
            # algorithm, memory, deterministic, math type
            (5, 64 << 20, 0, 1),
            (6, 1 << 40, 1, 3),
            (1, 1 << 20, 1, 1),
            (0, 0, 1, 3),
        ]
        self._next = 1
        self._keep = []
        self.cudnnGetVersion = self._function('cudnnGetVersion', '', ctypes.c_size_t)
        self._version = version
        # No C function: ctypes cannot give bytes back from Python.
        self.cudnnGetErrorString = lambda status: b'CUDNN_STATUS_OF_A_TEST'
        for name, letters in SIGNATURES.items():
            setattr(self, name, self._function(name, letters, ctypes.c_int))

    def _function(self, name, letters, result):
        def run(*args):
            if name == 'cudnnGetVersion':
                return self._version
            self.calls.append(name)
            if name in self.refuse:
                return self.refuse[name]
            try:
                self._dispatch(name, args)
            except Refused:
                return BAD_PARAM
            return 0

        types = [_C[letter] for letter in letters]
        made = ctypes.CFUNCTYPE(result, *types)(run)
        self._keep.append(made)
        return made

    def _dispatch(self, name, args):
        if name == 'cudnnCreate' or name.startswith('cudnnCreate'):
            ctypes.c_void_p.from_address(args[0]).value = self._next
            self.descriptors[self._next] = {'kind': name[len('cudnnCreate') :]}
            self._next += 1
        elif name.startswith('cudnnDestroy'):
            del self.descriptors[args[0]]
        elif name == 'cudnnSetStream':
            self.descriptors[args[0]]['stream'] = args[1] or 0
        elif name == 'cudnnSetTensor4dDescriptor':
            self._set_(args[0], 'TensorDescriptor', dtype=args[2], shape=args[3:])
        elif name == 'cudnnSetFilter4dDescriptor':
            self._set_(args[0], 'FilterDescriptor', dtype=args[1], shape=args[3:])
        elif name == 'cudnnSetConvolution2dDescriptor':
            self._set_(
                args[0], 'ConvolutionDescriptor', steps=args[1:7], compute=args[8]
            )
            if args[7] != 1:
                raise Refused('a true convolution turns the filter')
        elif name == 'cudnnSetConvolutionGroupCount':
            self._set_(args[0], 'ConvolutionDescriptor', groups=args[1])
        elif name == 'cudnnSetConvolutionMathType':
            self._set_(args[0], 'ConvolutionDescriptor', math=args[1])
        elif name.startswith('cudnnGetConvolution'):
            self._offer(name, args[1:3], args[4], args[3], args[5:8])
        elif name.startswith('cudnnFindConvolution'):
            self._offer(name, (args[1], args[3]), args[6], args[5], args[8:11])
        elif name.startswith('cudnnConvolution'):
            self._convolve(name, *args)
        elif name == 'cudnnBatchNormalizationForwardTraining':
            self._batch_norm(*args)
        elif name == 'cudnnBatchNormalizationBackward':
            self._batch_norm_grad(*args)
        else:
            raise NotImplementedError(name)

    def _set_(self, key, kind, **values):
        descriptor = self.descriptors[key]
        if descriptor['kind'] != kind:
            raise Refused(kind)
        descriptor.update(values)

    def _get(self, key, kind):
        descriptor = self.descriptors[key]
        if descriptor['kind'] != kind:
            raise Refused(f'{kind} expected, got {descriptor["kind"]}')
        return descriptor

    def _operands(self, name, first, second, result, convolution):
        """Returns the shapes of x, W and y, and the spec that joins them."""
        order = {
            'Forward': ('x', 'W', 'y'),
            'BackwardData': ('W', 'y', 'x'),
            'BackwardFilter': ('x', 'y', 'W'),
        }
        stem = next(s for s in order if f'Convolution{s}' in name)
        letters = order[stem]
        keys = dict(zip(letters, (first, second, result), strict=True))
        x = self._get(keys['x'], 'TensorDescriptor')
        y = self._get(keys['y'], 'TensorDescriptor')
        W = self._get(keys['W'], 'FilterDescriptor')
        c = self._get(convolution, 'ConvolutionDescriptor')
        ph, pw, sy, sx, dy, dx = c['steps']
        spec = ConvSpec.of(
            x['shape'], W['shape'], (sy, sx), (ph, pw), (dy, dx), c['groups']
        )
        if (x['shape'][0], W['shape'][0], spec.oh, spec.ow) != y['shape']:
            raise Refused('the output has another shape')
        if x['shape'][1] != W['shape'][1] * c['groups']:
            raise Refused('channels')
        if c['compute'] != (1 if x['dtype'] == 1 else 0):
            raise Refused('compute type')
        return stem, letters, {'x': x, 'y': y, 'W': W}, spec, c

    def _offer(self, name, inputs, result, convolution, request):
        self._operands(name, *inputs, result, convolution)
        most, count, found = request
        offers = self.algorithms[:most]
        ctypes.c_int.from_address(count).value = len(offers)
        array = (AlgorithmPerformance * most).from_address(found)
        for i, (algorithm, memory, deterministic, math) in enumerate(offers):
            array[i].algorithm, array[i].status = algorithm, 0
            array[i].memory, array[i].determinism = memory, deterministic
            array[i].math_type = math

    def _convolve(
        self, name, handle, alpha, first, a, second, b, convolution, algorithm,
        workspace, size, beta, result, out,
    ):  # fmt: skip
        if self.descriptors[handle]['stream'] != cuda.get_current_stream().ptr:
            raise Refused('stream')
        stem, letters, operands, spec, c = self._operands(
            name, first, second, result, convolution
        )
        offer = {o[0]: o for o in self.algorithms}[algorithm]
        # Full precision may be asked of what was offered as "default math" (0).
        alike = c['math'] == offer[3] or (c['math'], offer[3]) == (3, 0)
        if size < offer[1] or (size and not workspace) or not alike:
            raise Refused('workspace')
        kind = _DTYPES[operands['x']['dtype']]
        self._check_numbers(kind, (alpha, 1), (beta, 0))
        arrays = [
            _view(pointer, operands[letter]['shape'], kind)
            for letter, pointer in zip(letters, (a, b, out), strict=True)
        ]
        method = {
            'Forward': lambda x, W, spec: _reference.conv_2d(x, W, None, spec),
            'BackwardData': _reference.conv_2d_grad_x,
            'BackwardFilter': _reference.conv_2d_grad_w,
        }[stem]

        def compute():
            wide = numpy.float64 if kind is numpy.float64 else numpy.float32
            a, b = (x.astype(wide) for x in arrays[:2])
            arrays[2][...] = method(a, b, spec)

        if cuda.state.capturing is not None:
            cuda.state.capturing.touch(arrays[2:])
            cuda.state.capturing.record(compute, None)
        compute()

    def _check_numbers(self, kind, *pairs):
        number = ctypes.c_double if kind is numpy.float64 else ctypes.c_float
        for pointer, expected in pairs:
            if number.from_address(pointer).value != expected:
                raise Refused('alpha or beta')

    def _batch_norm(
        self, handle, mode, alpha, beta, x_desc, x, y_desc, y, desc, scale, bias,
        factor, running_mean, running_var, eps, mean, inv_std,
    ):  # fmt: skip
        images, channels, kind, parameter = self._norm(x_desc, desc, mode)
        self._check_numbers(kind, (alpha, 1), (beta, 0))
        if (
            running_mean
            or running_var
            or self._get(y_desc, 'TensorDescriptor')
            != (self._get(x_desc, 'TensorDescriptor'))
        ):
            raise Refused('y')
        results = _reference.batch_norm(
            _view(x, images, kind), _view(scale, channels, parameter),
            _view(bias, channels, parameter), eps, (0, 2, 3),
        )  # fmt: skip
        _view(y, images, kind)[...] = results[0]
        _view(mean, channels, parameter)[...] = results[1]
        _view(inv_std, channels, parameter)[...] = results[2]

    def _batch_norm_grad(
        self, handle, mode, alpha, beta, alpha_parameter, beta_parameter, x_desc, x,
        gy_desc, gy, gx_desc, gx, desc, scale, ggamma, gbeta, eps, mean, inv_std,
    ):  # fmt: skip
        images, channels, kind, parameter = self._norm(x_desc, desc, mode)
        pairs = (alpha, 1), (beta, 0), (alpha_parameter, 1), (beta_parameter, 0)
        self._check_numbers(kind, *pairs)
        results = _reference.batch_norm_grad(
            _view(x, images, kind), _view(scale, channels, parameter),
            _view(gy, images, kind), _view(mean, channels, parameter),
            _view(inv_std, channels, parameter), (0, 2, 3),
        )  # fmt: skip
        _view(gx, images, kind)[...] = results[0]
        _view(ggamma, channels, parameter)[...] = results[1]
        _view(gbeta, channels, parameter)[...] = results[2]

    def _norm(self, x_desc, desc, mode):
        x, c = (
            self._get(x_desc, 'TensorDescriptor'),
            self._get(desc, 'TensorDescriptor'),
        )
        if c['shape'] != (1, x['shape'][1], 1, 1) or mode not in (1, 2):
            raise Refused('parameters')
        kind, parameter = _DTYPES[x['dtype']], _DTYPES[c['dtype']]
        wanted = numpy.float64 if kind is numpy.float64 else numpy.float32
        if parameter is not wanted:
            raise Refused('parameters are float32, or float64 beside float64')
        return x['shape'], (x['shape'][1],), kind, parameter


def _view(address, shape, dtype):
    """Returns the memory at an address as an array."""
    size = int(numpy.prod(shape)) * numpy.dtype(dtype).itemsize
    memory = (ctypes.c_char * size).from_address(address)
    return numpy.frombuffer(memory, dtype).reshape(shape)


def make(version=92800):
    """Returns a declared cuDNN, as `find_cudnn` would, around a `Library`."""
    return declare(Library(version), 'emulated')
