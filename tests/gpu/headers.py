"""What NVIDIA's headers say of functions and enumerations, asked of the C++ compiler."""

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

COMPILER = shutil.which('g++')


def find_wheel():
    """Returns the folder of cuDNN's wheel, which holds its headers and its library."""
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


def find_cublas():
    """Returns the folders of cuBLAS's headers and of those that they include, or None."""
    cuda = find_cuda()
    if cuda is None:
        return None
    # The last is NVIDIA's C++ library, which CuPy brings, too.
    folders = [cuda, cuda / 'cccl']
    if find_wheel() is not None:
        folders.append(find_wheel().parent / 'cublas' / 'include')  # CUDA 12's
    cupy = importlib.util.find_spec('cupy')
    if cupy is not None and cupy.submodule_search_locations:
        inside = '_core/include/cupy/_cccl/libcudacxx'
        folders.append(Path(cupy.submodule_search_locations[0]) / inside)
    wanted = 'cublas_v2.h', 'nv/target'
    complete = all(any((f / name).exists() for f in folders) for name in wanted)
    return folders if complete else None


PROGRAM = r"""
#include <stddef.h>
#include <stdio.h>
#include <type_traits>
template <class T> char letter() {
  if (std::is_pointer<T>::value) return 'p';
  if (std::is_enum<T>::value || std::is_same<T, int>::value) return 'i';
  if (std::is_same<T, size_t>::value) return 'z';
  if (std::is_same<T, double>::value) return 'd';
  if (std::is_same<T, long long>::value) return 'l';
  return '?';
}
template <class R, class... P> void show(const char* name, R (*)(P...)) {
  char letters[] = {letter<P>()..., 0};
  printf("%s %s\n", name, letters);
}
int main() {
"""


def read(header, includes, signatures, enumerations, lines, folder, overloads=None):
    """Returns what a header says: letters and values by name.

    Args:
        header: Its name.
        includes: Folders of headers.
        signatures: Names of functions.
        enumerations: Names of constants.
        lines: Further statements, each of which prints a name and a value.
        folder: For the program.
        overloads: Types of functions, where several have one name.
    """
    body = []
    for name in signatures:
        kind = (overloads or {}).get(name)
        chosen = name if kind is None else f'static_cast<{kind}>({name})'
        body.append(f'show("{name}", {chosen});')
    body += [f'printf("{name} %d\\n", (int){name});' for name in enumerations]
    source = folder / 'show.cpp'
    source.write_text(f'#include <{header}>' + PROGRAM + '\n'.join(body + lines) + '}')
    # The functions are only named, never called: any address will do.
    stubs = folder / 'stubs.cpp'
    stubs.write_text('\n'.join(f'extern "C" void {n}() {{}}' for n in signatures))
    command = [COMPILER, '-std=c++17', '-w', *[f'-I{i}' for i in includes]]
    subprocess.run([*command, '-c', source, '-o', folder / 'show.o'], check=True)
    program = folder / 'show'
    subprocess.run([COMPILER, folder / 'show.o', stubs, '-o', program], check=True)
    shown = subprocess.run([program], capture_output=True, text=True, check=True)
    return dict(line.rsplit(' ', 1) for line in shown.stdout.splitlines())


def check(seen, signatures, enumerations):
    """Compares what was read with what we state."""
    for name, letters in signatures.items():
        assert seen[name] == letters, name
    for name, value in enumerations.items():
        assert int(seen[name]) == value, name
