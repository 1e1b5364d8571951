"""cuDNN 9 through ctypes: where the library is, its functions, its errors.

CuPy 14 gave up its cuDNN bindings, and NVIDIA's Python front end does without pooling
and brings hundreds of megabytes; the C functions used here have been the same since
cuDNN 7. They are marked deprecated in the headers of cuDNN 9, so another major version
is refused rather than guessed at.
"""

from __future__ import annotations

import ctypes
import functools
import importlib
import importlib.util
import os
from typing import Any, NamedTuple

# How each function takes its arguments: p pointer, i int or enum, z size_t, d double.
SIGNATURES = {
    'cudnnCreate': 'p',
    'cudnnDestroy': 'p',
    'cudnnSetStream': 'pp',
    'cudnnCreateTensorDescriptor': 'p',
    'cudnnSetTensor4dDescriptor': 'piiiiii',
    'cudnnDestroyTensorDescriptor': 'p',
    'cudnnCreateFilterDescriptor': 'p',
    'cudnnSetFilter4dDescriptor': 'piiiiii',
    'cudnnDestroyFilterDescriptor': 'p',
    'cudnnCreateConvolutionDescriptor': 'p',
    'cudnnSetConvolution2dDescriptor': 'piiiiiiii',
    'cudnnSetConvolutionGroupCount': 'pi',
    'cudnnSetConvolutionMathType': 'pi',
    'cudnnDestroyConvolutionDescriptor': 'p',
    'cudnnGetConvolutionForwardAlgorithm_v7': 'pppppipp',
    'cudnnGetConvolutionBackwardDataAlgorithm_v7': 'pppppipp',
    'cudnnGetConvolutionBackwardFilterAlgorithm_v7': 'pppppipp',
    'cudnnFindConvolutionForwardAlgorithmEx': 'ppppppppipppz',
    'cudnnFindConvolutionBackwardDataAlgorithmEx': 'ppppppppipppz',
    'cudnnFindConvolutionBackwardFilterAlgorithmEx': 'ppppppppipppz',
    'cudnnConvolutionForward': 'pppppppipzppp',
    'cudnnConvolutionBackwardData': 'pppppppipzppp',
    'cudnnConvolutionBackwardFilter': 'pppppppipzppp',
    'cudnnBatchNormalizationForwardTraining': 'pipppppppppdppdpp',
    'cudnnBatchNormalizationBackward': 'pippppppppppppppdpp',
}

# Values of the enumerations, by the names of the headers.
ENUMERATIONS = {
    'CUDNN_STATUS_SUCCESS': 0,
    'CUDNN_DATA_FLOAT': 0,
    'CUDNN_DATA_DOUBLE': 1,
    'CUDNN_DATA_HALF': 2,
    'CUDNN_DATA_BFLOAT16': 9,
    'CUDNN_TENSOR_NCHW': 0,
    'CUDNN_CROSS_CORRELATION': 1,
    'CUDNN_DEFAULT_MATH': 0,
    'CUDNN_TENSOR_OP_MATH': 1,
    'CUDNN_TENSOR_OP_MATH_ALLOW_CONVERSION': 2,
    'CUDNN_FMA_MATH': 3,
    'CUDNN_NON_DETERMINISTIC': 0,
    'CUDNN_DETERMINISTIC': 1,
    'CUDNN_BATCHNORM_SPATIAL': 1,
    'CUDNN_BATCHNORM_SPATIAL_PERSISTENT': 2,
}

MAJOR = 9

_C_TYPES = {
    'p': ctypes.c_void_p,
    'i': ctypes.c_int,
    'z': ctypes.c_size_t,
    'd': ctypes.c_double,
}


class AlgorithmPerformance(ctypes.Structure):
    """What cuDNN says of one way to compute a convolution."""

    _fields_ = (
        ('algorithm', ctypes.c_int),
        ('status', ctypes.c_int),
        ('time', ctypes.c_float),
        ('memory', ctypes.c_size_t),
        ('determinism', ctypes.c_int),
        ('math_type', ctypes.c_int),
        ('reserved', ctypes.c_int * 3),
    )


class CudnnError(RuntimeError):
    """A cuDNN function failed; the message has its name and cuDNN's own message."""


class Cudnn(NamedTuple):
    """The library, or why there is none.

    Attributes:
        library: The loaded library, None if it cannot be used.
        version: Its version, such as 92800, or -1.
        path: The file, or an empty text.
        reason: Why it cannot be used, or an empty text.
    """

    library: Any
    version: int
    path: str
    reason: str

    def call(self, name: str, *args: Any) -> None:
        """Calls a function.

        Raises:
            CudnnError: Its status is not success.
        """
        status = getattr(self.library, name)(*args)
        if status:
            words = self.library.cudnnGetErrorString(status)
            raise CudnnError(f'{name}: {words.decode() if words else status}')


@functools.cache
def find_cudnn() -> Cudnn:
    """Finds and loads cuDNN 9, from its wheel or the system. Needs no GPU."""
    path = _locate()
    try:
        library = ctypes.CDLL(path)
    except OSError as error:
        return Cudnn(
            None,
            -1,
            '',
            f'cuDNN was not found ({error}); pip install nvidia-cudnn-cu12 (or -cu13)',
        )
    return declare(library, path)


def _locate() -> str:
    """Returns a path for the loader, or the bare name for it to search."""
    name = f'libcudnn.so.{MAJOR}'
    try:
        pathfinder: Any = importlib.import_module('cuda.pathfinder')
        return str(pathfinder.load_nvidia_dynamic_lib('cudnn').abs_path or name)
    except Exception:  # no wheel, or not found: the loader will search
        pass
    try:
        wheel = importlib.util.find_spec('nvidia.cudnn')
    except ImportError:
        wheel = None
    for folder in () if wheel is None else wheel.submodule_search_locations or ():
        file = os.path.join(folder, 'lib', name)
        if os.path.exists(file):
            return file
    return name


def declare(library: Any, path: str) -> Cudnn:
    """Checks version and functions of a library, and declares their arguments."""
    library.cudnnGetVersion.restype = ctypes.c_size_t
    version = int(library.cudnnGetVersion())
    major = version // 10000 if version >= 90000 else version // 1000
    if major != MAJOR:
        reason = f'cuDNN {version} is there, but version {MAJOR} is needed'
        return Cudnn(None, -1, path, reason)
    library.cudnnGetErrorString.restype = ctypes.c_char_p
    library.cudnnGetErrorString.argtypes = [ctypes.c_int]
    for name, letters in SIGNATURES.items():
        function = getattr(library, name, None)
        if function is None:
            return Cudnn(None, -1, path, f'{path} has no function {name}')
        function.restype = ctypes.c_int
        function.argtypes = [_C_TYPES[letter] for letter in letters]
    return Cudnn(library, version, path, '')
