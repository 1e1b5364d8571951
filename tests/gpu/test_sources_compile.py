"""Every CUDA source, as it is compiled when a program runs, through a compiler.

NVIDIA's own where its wheel is installed (it needs no GPU), else the machine's, behind
the emulator's header.
"""

import ctypes
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy
import pytest

from minigrad.kernels.gpu import raw, table
from minigrad.kernels.gpu.elementwise import ELEMENTWISE
from minigrad.kernels.gpu.launch import Launcher
from tests.gpu import emulator

TYPES = {letter: numpy.dtype(letter) for letter in 'efd'}
PAIRS = ('ee', 'ff', 'dd', 'ef')
PROGRAMS = [
    *[f'{module} {pair}' for module in raw.RAW for pair in PAIRS],
    *[
        f'{name} {pair}'
        for name in (*table.OF_MANY, 'finite')
        for pair in (*PAIRS, 'fe')
    ],
]


def compiled_as(program):
    """Returns the text and the options that CuPy is given for a program."""
    given = []

    def take(**keywords):
        given.append(keywords)
        return SimpleNamespace(get_function=lambda name: name)

    name, (dtype, other) = program.split()
    launcher = Launcher(SimpleNamespace(RawModule=take))
    if name in raw.RAW:
        launcher.raw(name, 'any', TYPES[dtype], TYPES[other])
    else:
        launcher.of_many(name, dtype, other)
    (keywords,) = given
    return keywords['code'], keywords['options']


def find_nvrtc():
    """Returns the compiler's library and the folder of CUDA's headers, or None."""
    places = [Path(p) / 'nvidia' for p in sys.path if p]
    libraries = [
        path
        for place in places
        for pattern in ('cuda_nvrtc/lib/libnvrtc.so.*', 'cu1?/lib/libnvrtc.so.*')
        for path in place.glob(pattern)
        if 'alt' not in path.name
    ]
    headers = [
        path.parent
        for place in places
        for pattern in ('cuda_runtime/include', 'cu1?/include')
        for path in place.glob(f'{pattern}/cuda_fp16.h')
    ]
    for home in ('CUDA_PATH', 'CUDA_HOME'):
        if home in os.environ:
            folder = Path(os.environ[home])
            libraries += folder.glob('lib*/libnvrtc.so')
            headers += [folder / 'include']
    return (libraries[0], headers[0]) if libraries and headers else None


NVRTC = find_nvrtc()


def nvrtc(code, options):
    """Compiles with NVIDIA's library; returns what it says, '' for nothing."""
    library = ctypes.CDLL(str(NVRTC[0]))
    program = ctypes.c_void_p()
    arguments = ctypes.byref(program), code.encode(), b'source.cu', 0, None, None
    assert library.nvrtcCreateProgram(*arguments) == 0
    given = [option.encode() for option in (*options, f'-I{NVRTC[1]}')]
    status = library.nvrtcCompileProgram(
        program, len(given), (ctypes.c_char_p * len(given))(*given)
    )
    size = ctypes.c_size_t()
    library.nvrtcGetProgramLogSize(program, ctypes.byref(size))
    log = ctypes.create_string_buffer(size.value)
    library.nvrtcGetProgramLog(program, log)
    library.nvrtcDestroyProgram(ctypes.byref(program))
    return log.value.decode() or ('' if status == 0 else f'status {status}')


@pytest.mark.skipif(NVRTC is None, reason="needs the wheel of NVIDIA's NVRTC")
@pytest.mark.parametrize('program', PROGRAMS)
def test_for_nvidia(program):
    code, options = compiled_as(program)
    assert nvrtc(code, (*options, '--gpu-architecture=compute_80')) == ''


@pytest.mark.skipif(NVRTC is None, reason="needs the wheel of NVIDIA's NVRTC")
@pytest.mark.parametrize(('T', 'A'), [('__half', 'float'), ('float',) * 2, ('double',) * 2])  # fmt: skip
def test_bodies_for_nvidia(T, A):
    # The text around them is CuPy's.
    parts = ['#include <cuda_fp16.h>', 'typedef int int32;']
    for name, (inputs, outputs, body) in ELEMENTWISE.items():
        parameters = [f'{p.split()[0]} {p.split()[1]}' for p in inputs.split(',')]
        parameters += [f'{p.split()[0]}& {p.split()[1]}' for p in outputs.split(',')]
        types = f'typedef {T} T; typedef {A} A; typedef float U;'
        function = f'__device__ void body({", ".join(parameters)}) {{ {body} }}'
        parts.append(f'namespace of_{name} {{ {types} {function} }}')
    options = '--std=c++17', '--gpu-architecture=compute_80'
    assert nvrtc('\n'.join(parts), options) == ''


def gxx(code):
    """Compiles behind the emulator's header; returns what the compiler says."""
    command = [emulator.COMPILER, '-std=c++17', '-fsyntax-only', '-x', 'c++']
    command += ['-w', f'-I{emulator.FOLDER / "include"}', '-']
    done = subprocess.run(
        command, input=emulator.HEADER + code, capture_output=True, text=True
    )
    return done.stderr


@pytest.mark.skipif(emulator.COMPILER is None, reason='needs a C++ compiler')
@pytest.mark.parametrize('pair', [*PAIRS, 'fe'])
def test_what_stands_before_a_source(pair):
    for program in PROGRAMS:
        if program.endswith(f' {pair}'):
            code, options = compiled_as(program)
            assert code.startswith(raw.prelude(*pair)), program
            assert options == ('--std=c++17',)
    use = 'T t; A a; G g; __device__ A sum() { return block_sum(a) + block_max(a); }\n'
    use += f'static_assert(THREADS == {raw.THREADS}, "");\n'
    use += '__global__ void loop(int n) { EACH(i, n) t = (T)a; }'
    assert gxx(raw.prelude(*pair) + use) == ''


@pytest.mark.skipif(emulator.COMPILER is None, reason='needs a C++ compiler')
@pytest.mark.parametrize(
    ('before', 'after'),
    [('#include <cuda_fp16.h>', ''), ('typedef float A;', ''), ('EACH(i, n)', 'X')],
)
def test_a_wrong_start_is_not_compiled(before, after):
    code = raw.prelude('e', 'f')
    assert before in code
    use = '\nT t; A a; __global__ void loop(int n) { EACH(i, n) t = (T)a; }'
    assert gxx(code + use) == ''
    assert 'error' in gxx(code.replace(before, after) + use)
