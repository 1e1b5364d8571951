"""Shows what this machine computes with, and what is missing for more.

Versions, threads, devices, and which kernels are used for arrays of either kind; for
each that is not, the reason and what to install.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import os
import platform
import warnings

from minigrad import backend, configuration
from minigrad._version import __version__
from minigrad.kernels.gpu.cudnn_library import find_cudnn

HELP = 'show versions, devices and kernels, and what is missing'

_OPTIONAL = (
    ('numba', 'fast kernels for the CPU', 'numba'),
    ('graphviz', 'drawings of graphs', 'graphviz graphviz-pure'),
    ('matplotlib', 'PlotReport', 'matplotlib'),
    ('h5py', 'HDF5 snapshots', 'h5py'),
    ('safetensors', 'safetensors files', 'safetensors'),
    ('PIL', 'image data sets', 'pillow'),
    ('ml_dtypes', 'bfloat16', 'ml_dtypes'),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of this command."""
    parser.add_argument(
        '--calibrate',
        action='store_true',
        help='first measure which ways to compute are the fastest on this processor '
        '(a minute; let nothing else run), for all later programs',
    )


def run(options: argparse.Namespace) -> None:
    """Prints the report."""
    if options.calibrate:
        from minigrad.kernels.calibrate import measure

        measure(print)
        print()
    print(report())


def report() -> str:
    """Returns the report as text."""
    python, system = platform.python_version(), platform.system()
    machine = f'{system} {platform.machine()}, {os.cpu_count()} processors'
    lines = [f'minigrad {__version__}, Python {python}, {machine}']
    for title, section in (
        ('Packages', _packages()),
        ('CPU kernels', _cpu()),
        ('GPU', _gpu()),
        ('Configuration', _configuration()),
    ):
        lines += ['', title, *[f'  {line}' for line in section]]
    return '\n'.join(lines)


def _packages() -> list[str]:
    rows = [f'numpy {_version("numpy")}']
    for module, use, package in _OPTIONAL:
        if importlib.util.find_spec(module) is None:
            rows.append(f'{module} is missing: no {use}; pip install {package}')
        else:
            rows.append(f'{module} {_version(module)}')
    return rows


def _version(module: str) -> str:
    name = {'PIL': 'pillow'}.get(module, module)
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return '(version unknown)'


def _cpu() -> list[str]:
    import numpy

    from minigrad.kernels import kernels_for
    from minigrad.kernels.threads import get_num_threads

    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # a missing Numba is told above
        name = kernels_for(numpy.empty(0)).name
    lines = [f'{name}, {get_num_threads()} threads']
    if name == 'numba':
        from minigrad.kernels.calibrate import table
        from minigrad.kernels.cpu import calibration

        known, where = calibration.load(), calibration.path()
        if known is None:
            lines.append(
                'ways by the rates that come with minigrad; '
                'python -m minigrad info --calibrate measures those of this processor'
            )
        else:
            lines.append(
                f'ways by {where}: {known["processor"]}, {known["threads"]} threads'
            )
        lines += table()
    return lines


def _gpu() -> list[str]:
    try:
        cupy = backend.import_cupy()
    except RuntimeError as error:
        first = str(error).splitlines()[0].removeprefix('a GPU was asked for, but ')
        lines = [f'not used: {first}']
        lines += [line.strip() for line in str(error).splitlines()[1:]]
        if backend.loaded_cupy() is None:
            return lines
        return [f'CuPy {backend.loaded_cupy().__version__}', *lines, _cudnn()]
    from minigrad.kernels import kernels_for

    runtime = cupy.cuda.runtime
    cuda = _dotted(runtime.runtimeGetVersion())
    driver = _dotted(runtime.driverGetVersion())
    lines = [f'CuPy {cupy.__version__}, CUDA runtime {cuda}, driver {driver}']
    for number in range(runtime.getDeviceCount()):
        about = runtime.getDeviceProperties(number)
        lines.append(
            f'@cupy:{number} {about["name"].decode()}, '
            f'{about["totalGlobalMem"] / (1 << 30):.1f} GiB, compute capability '
            f'{about["major"]}.{about["minor"]}'
        )
    name = kernels_for(cupy.empty(0)).name
    why = {
        'cudnn': 'convolutions and batch normalization by cuDNN, the rest our own',
        'cupy': 'all kernels our own, because',
        'reference': 'plain array code, because this CuPy cannot compile kernels',
    }[name]
    lines.append(f'kernels: {name} ({why}{" " + _cudnn() if name == "cupy" else ""})')
    if name == 'cudnn':
        lines.append(_cudnn())
    return lines


def _dotted(version: int) -> str:
    return f'{version // 1000}.{version % 1000 // 10}'


def _cudnn() -> str:
    found = find_cudnn()
    if found.library is None:
        return found.reason
    number = found.version
    return (
        f'cuDNN {number // 10000}.{number // 100 % 100}.{number % 100} ({found.path})'
    )


def _configuration() -> list[str]:
    names = (
        'dtype', 'use_cudnn', 'use_cudnn_tensor_core', 'allow_tf32',
        'cudnn_deterministic', 'autotune', 'exact_convolution', 'debug', 'type_check',
    )  # fmt: skip
    width = max(map(len, names))
    return [f'{name:<{width}} {getattr(configuration.config, name)}' for name in names]
