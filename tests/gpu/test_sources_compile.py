"""Every CUDA source through NVIDIA's compiler, where one is installed."""

import os
import re
import shutil
import subprocess

import pytest

from minigrad.kernels.gpu import raw, table
from minigrad.kernels.gpu.elementwise import ELEMENTWISE


def find_nvcc():
    for home in ('CUDA_PATH', 'CUDA_HOME'):
        if home in os.environ:
            return shutil.which('nvcc', path=os.path.join(os.environ[home], 'bin'))
    return shutil.which('nvcc') or shutil.which('nvcc', path='/usr/local/cuda/bin')


def everything():
    """Returns one program with all kernels for all types, each in its namespace."""
    parts = ['#include <cuda_fp16.h>', 'typedef int int32;']
    for types in ('e', 'f', 'd', 'ef'):
        code = raw.prelude(*types) + ''.join(raw.RAW.values())
        for line in ('#include <cuda_fp16.h>', 'extern "C" '):
            code = code.replace(line, '')
        code = re.sub(r'#define THREADS.*', '#undef EACH\n#undef THREADS\n\\g<0>', code)
        code = code.replace(
            '#define EACH_OF', '#undef EACH_OF_CHANNEL\n#define EACH_OF'
        )
        parts.append(f'namespace types_{types} {{\n{code}\n}}')
    for types in ('ee', 'ff', 'dd', 'ef', 'fe'):
        for name in (*table.OF_MANY, 'finite'):
            code = table.source(name, *types)
            for line in ('#include <cuda_fp16.h>', 'extern "C" '):
                code = code.replace(line, '')
            code = code.replace('#define EACH(', '#undef EACH\n#define EACH(')
            code = code.replace('#define THREADS', '#undef THREADS\n#define THREADS')
            parts.append(f'namespace of_many_{name}_{types} {{\n{code}\n}}')
    for name, (inputs, outputs, body) in ELEMENTWISE.items():
        parameters = [f'{p.split()[0]} {p.split()[1]}' for p in inputs.split(',')]
        parameters += [f'{p.split()[0]}& {p.split()[1]}' for p in outputs.split(',')]
        function = f'__device__ void {name}({", ".join(parameters)}) {{ {body} }}'
        for T, A in (('__half', 'float'), ('float', 'float'), ('double', 'double')):
            parts.append(
                f'namespace {name}_{T} {{ typedef {T} T; typedef {A} A;'
                f' typedef float U; {function} }}'
            )
    return '\n'.join(parts)


@pytest.mark.slow
@pytest.mark.skipif(find_nvcc() is None, reason="needs NVIDIA's compiler, nvcc")
def test_sources_compile(tmp_path):
    source = tmp_path / 'everything.cu'
    source.write_text(everything())
    command = [find_nvcc(), '-std=c++17', '--fatbin', '-o', str(tmp_path / 'out')]
    for arch in ('80', '90'):
        command += ['-gencode', f'arch=compute_{arch},code=sm_{arch}']
    command += ['-Werror', 'all-warnings', str(source)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
