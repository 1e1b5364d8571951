"""CUDA sources run on the CPU: `RawModule` and `ElementwiseKernel` for the stand-in.

The text that NVRTC would get is compiled by the machine's C++ compiler behind a header
that knows CUDA's words. It shows that the arithmetic and the indexes of a kernel are
right, and that Python passes it what it declares; nothing about speed or races.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy

from tests.gpu.stand_in import cuda
from tests.gpu.stand_in.array import _make, ndarray, unwrap

FOLDER = Path(__file__).parent
HEADER = (FOLDER / 'cuda_on_cpu.h').read_text()
COMPILER = shutil.which('g++')
_C_TYPES = {'e': '_Float16', 'f': 'float', 'd': 'double', 'i': 'int', 'l': 'long long'}
_BY_DTYPE = {
    'int32': ctypes.c_int,
    'int64': ctypes.c_longlong,
    'float32': ctypes.c_float,
    'float64': ctypes.c_double,
}


@functools.cache
def _folder():
    return tempfile.TemporaryDirectory(prefix='emulator')


@functools.cache
def _library(code):
    """Compiles C++ and loads it."""
    name = hashlib.sha1(code.encode()).hexdigest()[:16]
    source = Path(_folder().name) / f'{name}.cpp'
    source.write_text(code)
    library = source.with_suffix('.so')
    command = [
        COMPILER,
        '-std=c++17',
        '-O0',
        '-shared',
        '-fPIC',
        '-Wl,-Bsymbolic',
        '-w',
        f'-I{FOLDER / "include"}',
    ]
    command += ['-ffp-contract=off', '-o', str(library), str(source)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return ctypes.CDLL(str(library))


_KERNEL = re.compile(r'extern "C" __global__ void (\w+)\(([^)]*)\)', re.S)


class RawModule:
    """CUDA C++ source with kernels to get by name."""

    def __init__(self, code, options=(), **kwargs):
        launchers = []
        self.parameters = {}
        self._synchronises = {}
        pieces = re.split(r'(?=extern "C" __global__)', code)
        common = '__syncthreads' in pieces[0]
        for piece in pieces[1:]:
            name, parameters = _KERNEL.match(piece).groups()
            declared = [' '.join(p.split()) for p in parameters.split(',')]
            self.parameters[name] = declared
            names = ', '.join([p.split()[-1].lstrip('*') for p in declared])
            uses = re.search(r'__syncthreads|block_|row_statistics', piece)
            waits = 'true' if common and uses else 'false'
            launchers.append(
                f'extern "C" void launch_{name}(int blocks, int threads, {parameters})'
                f'{{ launch(blocks, threads, {waits}, [&] {{ {name}({names}); }}); }}'
            )
        self.code = HEADER + code + '\n'.join(launchers)

    def get_function(self, name):
        def kernel(grid, block, args, shared_mem=0):
            library = _library(self.code)
            declared = self.parameters[name]
            if len(args) != len(declared):
                raise TypeError(f'{name} takes {len(declared)}, got {len(args)}')
            given = []
            for arg, parameter in zip(args, declared, strict=True):
                given.append(_argument(name, arg, parameter, self.code))

            def run():
                plain = [g() if callable(g) else g for g in given]
                library[f'launch_{name}'](grid[0], block[0], *plain)

            if any(isinstance(a, numpy.ndarray) for a in args):
                # Nobody here knows which arrays its addresses are of.
                if cuda.state.capturing is None:
                    run()
                else:
                    cuda.state.capturing.record(run, None)
                cuda.state.launches += 1
                return
            if cuda.state.capturing is not None:
                arrays = [a for a in args if isinstance(a, ndarray)]
                cuda.state.capturing.touch([unwrap(a) for a in arrays])
            run()
            cuda.state.launches += 1
            if cuda.state.capturing is not None:
                cuda.state.capturing.record(run, None)

        return kernel


def _argument(name, arg, parameter, code):
    """Returns what ctypes passes; refuses what the declaration does not say."""
    kind = parameter.rsplit(' ', 1)[0].replace('const ', '').replace('*', '').strip()
    for letter in ('T', 'A', 'G'):
        if kind == letter:
            kind = re.search(rf'typedef (\w+) {letter};', code).group(1)
    if '*' in parameter:
        if not isinstance(arg, ndarray):
            raise TypeError(f'{name}: {parameter} was given {type(arg)}')
        expected = {'__half': 'float16', 'float': 'float32', 'double': 'float64'}
        expected['int'] = 'int32'
        expected['unsigned long long'] = 'uint64'
        array = unwrap(arg)
        if array.dtype != expected[kind]:
            raise TypeError(f'{name}: {parameter} ({kind}) was given {array.dtype}')
        if not array.flags.c_contiguous:
            raise ValueError(f'{name}: {parameter} is not contiguous')
        return lambda: ctypes.c_void_p(array.ctypes.data)
    if isinstance(arg, numpy.ndarray):
        # CuPy passes an array of one element by value.
        if arg.size != 1 or kind != 'Table':
            raise TypeError(f'{name}: {parameter} was given {type(arg)} of {arg.size}')
        return type(
            'Value',
            (ctypes.Structure,),
            {'_fields_': [('words', ctypes.c_uint64 * (arg.itemsize // 8))]},
        ).from_buffer_copy(arg.tobytes())
    expected = {'int': 'int32', 'long long': 'int64', 'float': 'float32'}
    expected['double'] = 'float64'
    if type(arg).__name__ != expected[kind]:
        raise TypeError(f'{name}: {parameter} ({kind}) was given {type(arg)}')
    return _BY_DTYPE[expected[kind]](arg)


class ElementwiseKernel:
    """A body for each element; types are found from the arguments, as CuPy does.

    That is, from the arrays: a number has no type, not even one of NumPy's.
    """

    def __init__(
        self, in_params, out_params, operation, name='kernel', preamble='', **kwargs
    ):
        self.preamble = preamble
        self.inputs = [p.split() for p in in_params.split(',')]
        self.outputs = [p.split() for p in out_params.split(',')]
        self.operation = operation
        self.name = name

    def __call__(self, *args):
        parameters = self.inputs + self.outputs
        if len(args) != len(parameters):
            raise TypeError(f'{self.name} takes {len(parameters)}, got {len(args)}')
        values = [unwrap(a) for a in args]
        n_in = len(self.inputs)
        for place, value in enumerate(values):
            number = isinstance(value, (bool, int, float, complex, numpy.generic))
            if not isinstance(value, numpy.ndarray) and (place >= n_in or not number):
                raise TypeError(f'{self.name}: Unsupported type {type(value)}')
        types = {}
        for (kind, name), value in zip(parameters, values, strict=True):
            if not isinstance(value, numpy.ndarray):
                continue
            dtype = value.dtype
            known = types.setdefault(kind, dtype) if len(kind) == 1 else dtype
            if known != dtype or (len(kind) > 1 and dtype != kind):
                raise TypeError(f'{self.name}: Type is mismatched. {kind} {name}')
        dtypes = [
            types[kind] if len(kind) == 1 else numpy.dtype(kind)  # KeyError, as CuPy's
            for kind, _ in parameters
        ]
        values = [
            v if isinstance(v, numpy.ndarray) else numpy.asarray(v, dtype)
            for v, dtype in zip(values, dtypes, strict=True)
        ]
        shape = numpy.broadcast_shapes(*[numpy.shape(v) for v in values[:n_in]])
        library = _library(self._source(types))

        def run():
            ins = [
                numpy.ascontiguousarray(numpy.broadcast_to(v, shape))
                for v in values[:n_in]
            ]
            outs = [numpy.ascontiguousarray(v) for v in values[n_in:]]
            pointers = [ctypes.c_void_p(a.ctypes.data) for a in ins + outs]
            library.run(ctypes.c_longlong(outs[0].size), *pointers)
            for original, new in zip(values[n_in:], outs, strict=True):
                if original is not new:
                    original[...] = new

        for value in values[n_in:]:
            if value.shape != shape:
                raise ValueError('Out shape is mismatched')
        if cuda.state.capturing is not None:
            cuda.state.capturing.touch(values)
        run()
        cuda.state.launches += 1
        if cuda.state.capturing is not None:
            cuda.state.capturing.record(run, None)
        return _make(values[n_in])

    def _source(self, types):
        lines = ['#include <math.h>', 'typedef int int32;']
        lines += ['typedef float float32;', 'typedef double float64;', self.preamble]
        for letter, dtype in types.items():
            if len(letter) == 1:
                lines.append(f'typedef {_C_TYPES[dtype.char]} {letter};')
        parameters = [f'{k}* {n}_' for k, n in self.inputs + self.outputs]
        lines.append(
            f'extern "C" void run(long long size, {", ".join(parameters)})'
            '{ for (long long i_ = 0; i_ < size; ++i_) {'
        )
        for kind, name in self.inputs:
            lines.append(f'const {kind} {name} = {name}_[i_];')
        for kind, name in self.outputs:
            lines.append(f'{kind}& {name} = {name}_[i_];')
        return '\n'.join([*lines, self.operation, '}}'])
