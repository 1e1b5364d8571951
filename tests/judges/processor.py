"""Launches carried out by the CPU: the sources that CuPy hands to NVRTC, through g++.

So CuPy computes true numbers without a card, slowly; a kernel that waits for other
threads of its block runs as the emulator runs one.
"""

from __future__ import annotations

import atexit
import ctypes
import functools
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.gpu import emulator

HERE = Path(__file__).parent
COMPILER = shutil.which('g++')
SHARED = 48 << 10  # elements of dynamic shared memory: more than there are bytes
_KERNEL = re.compile(r'extern "C"\s+__global__\s+void\s+(\w+)\s*\(([^{]*)\)\s*\{')


@functools.cache
def _options():
    """Returns g++ with CuPy's include folders and the headers compiled already."""
    from cupy._core import core

    command = [COMPILER, '-std=c++17', '-O0', '-fPIC', '-w', '-ffp-contract=off']
    command += [o for o in core.assemble_cupy_compiler_options(()) if o[:2] == '-I']
    command += [f'-I{Path(emulator.__file__).parent}']
    header = Path(tempfile.mkdtemp(dir=_folder())) / 'on_cpu.h'
    shutil.copy(HERE / 'on_cpu.h', header)
    _run([*command, '-x', 'c++-header', str(header)])
    return [*command, '-include', str(header), '-shared', '-Wl,-Bsymbolic']


@functools.cache
def _folder():
    """Returns the folder of what was compiled; the workers of one run share it."""
    name = os.environ.get('PYTEST_XDIST_TESTRUNUID', f'{os.getpid()}')
    folder = Path(tempfile.gettempdir()) / f'judges-{name}'
    folder.mkdir(exist_ok=True)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _run(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr[:3000])


@functools.cache
def library(source):
    """Compiles a program; each of its kernels gets a function ``on_cpu_`` + name."""
    text = re.sub(
        r'extern __shared__ (\w+ \w+)\[\]', rf'__shared__ \1[{SHARED}]', source.decode()
    )
    lines = []
    for name, parameters in _KERNEL.findall(text):
        arguments = [
            f'*(({kind}*)arguments[{i}])' for i, kind in enumerate(_types(parameters))
        ]
        waits = 'true' if re.search('__sync|__shfl', text) else 'false'
        lines.append(
            f'extern "C" void on_cpu_{name}(int blocks, int threads, void** arguments)'
            f' {{ launch(blocks, threads, {waits},'
            f' [&] {{ {name}({", ".join(arguments)}); }}); }}'
        )
    finished = _folder() / f'{hashlib.sha1(source).hexdigest()}.so'
    if not finished.exists():
        with tempfile.TemporaryDirectory(dir=_folder()) as folder:
            file = Path(folder) / 'kernel.cpp'
            file.write_text(text + '\n'.join(lines))
            _run([*_options(), '-o', f'{folder}/kernel.so', str(file)])
            os.replace(f'{folder}/kernel.so', finished)
    return ctypes.CDLL(str(finished))


def _types(parameters):
    """Returns the types of a list of parameters, which may hold commas of templates."""
    parts, depth = [''], 0
    for letter in parameters:
        depth += {'<': 1, '>': -1}.get(letter, 0)
        if letter == ',' and depth == 0:
            parts.append('')
        else:
            parts[-1] += letter
    return [re.match(r'\s*(.*?)\w+\s*$', p, re.S)[1].strip() for p in parts]


def run(launch):
    """Carries out a launch."""
    if launch.grid[1:] != (1, 1) or launch.block[1:] != (1, 1):
        raise NotImplementedError(f'{launch.name}: a grid of more than one axis')
    function = library(launch.source)[f'on_cpu_{launch.name}']
    function(launch.grid[0], launch.block[0], ctypes.c_void_p(launch.arguments))
