"""The signatures and enumerations that we state, against cuDNN's own headers."""

import ctypes
import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from minigrad.kernels.gpu import cudnn_library
from minigrad.kernels.gpu.cudnn_library import ENUMERATIONS, SIGNATURES


def find_wheel():
    """Returns the folder of the wheel, which holds the headers and the library."""
    if 'MINIGRAD_TEST_CUDNN' in os.environ:
        return Path(os.environ['MINIGRAD_TEST_CUDNN'])
    try:
        spec = importlib.util.find_spec('nvidia.cudnn')
    except ImportError:
        return None
    return None if spec is None else Path(next(iter(spec.submodule_search_locations)))


def find_cuda():
    """Returns the folder of the CUDA runtime's headers: the wheel's or the toolkit's."""
    folders = [Path('/usr/local/cuda/include')]
    if find_wheel() is not None:
        wheels = find_wheel().parent
        folders.insert(0, wheels / 'cuda_runtime' / 'include')  # CUDA 12's
        folders.insert(0, wheels / 'cu13' / 'include')
    return next((f for f in folders if (f / 'crt' / 'host_defines.h').exists()), None)


pytestmark = pytest.mark.skipif(
    find_wheel() is None or find_cuda() is None or shutil.which('g++') is None,
    reason='needs the cuDNN wheel (or MINIGRAD_TEST_CUDNN) and g++',
)

PROGRAM = r"""
#include <stddef.h>
#include <stdio.h>
#include <type_traits>
#include <cudnn.h>
template <class T> char letter() {
  if (std::is_pointer<T>::value) return 'p';
  if (std::is_enum<T>::value || std::is_same<T, int>::value) return 'i';
  if (std::is_same<T, size_t>::value) return 'z';
  if (std::is_same<T, double>::value) return 'd';
  return '?';
}
template <class R, class... P> void show(const char* name, R (*)(P...)) {
  char letters[] = {letter<P>()..., 0};
  printf("%s %s\n", name, letters);
}
int main() {
"""


def test_headers(tmp_path):
    include = find_wheel() / 'include'
    lines = [f'show("{name}", {name});' for name in SIGNATURES]
    lines += [f'printf("{name} %d\\n", (int){name});' for name in ENUMERATIONS]
    for field in ('status', 'time', 'memory', 'determinism', 'mathType'):
        lines.append(
            f'printf("offset {field} %zu\\n", '
            f'offsetof(cudnnConvolutionFwdAlgoPerf_t, {field}));'
        )
    lines.append('printf("size %zu\\n", sizeof(cudnnConvolutionBwdDataAlgoPerf_t));')
    source = tmp_path / 'show.cpp'
    source.write_text(PROGRAM + '\n'.join(lines) + '}')
    program = tmp_path / 'show'
    command = ['g++', '-std=c++17', '-w', f'-I{include}', f'-I{find_cuda()}']
    subprocess.run([*command, '-c', source, '-o', f'{program}.o'], check=True)
    # The functions are only named, never called: any address will do.
    stubs = tmp_path / 'stubs.cpp'
    stubs.write_text('\n'.join(f'extern "C" void {n}() {{}}' for n in SIGNATURES))
    subprocess.run(['g++', f'{program}.o', str(stubs), '-o', str(program)], check=True)
    shown = subprocess.run([str(program)], capture_output=True, text=True, check=True)
    seen = dict(line.rsplit(' ', 1) for line in shown.stdout.splitlines())
    for name, letters in SIGNATURES.items():
        assert seen[name] == letters, name
    for name, value in ENUMERATIONS.items():
        assert int(seen[name]) == value, name
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
    files = sorted((find_wheel() / 'lib').glob('libcudnn.so.*'))
    found = cudnn_library.declare(ctypes.CDLL(str(files[0])), str(files[0]))
    assert found.reason == ''
    assert found.version >= 90000
