"""A strict stand-in for CuPy, for machines without a GPU.

`installed()` puts a module named ``cupy`` into `sys.modules` for the time of a ``with``
block. Its arrays are NumPy arrays in disguise that refuse what CuPy's refuse: to become
a NumPy array unasked, to be mixed with one, names and parameters that CuPy does not have
(``api.txt``), arrays of another device than the current one. So a forgotten ``numpy.``
or a missing device context fails on any machine. It is stricter than CuPy in one thing:
a NumPy function applied to an array raises, where CuPy would come to the rescue.
"""

from __future__ import annotations

import contextlib
import sys

from minigrad.kernels.gpu.cudnn_library import Cudnn
from tests.gpu.stand_in import cuda, library
from tests.gpu.stand_in.array import ndarray

__all__ = ['installed', 'ndarray']

NO_CUDNN = Cudnn(None, -1, '', 'no cuDNN for the stand-in')
_MODULES = library.build_modules()


@contextlib.contextmanager
def installed(devices=2, cudnn=NO_CUDNN, **extra):
    """Makes ``import cupy`` give the stand-in, with that many devices.

    ``cudnn`` is what `find_cudnn` gives: none, whatever the machine has. ``extra`` are
    further names of the module, such as an emulated ``RawModule``.
    """
    hidden = {
        name: sys.modules.pop(name)
        for name in list(sys.modules)
        if name.split('.')[0] in ('cupy', 'cupyx')
    }
    sys.modules.update(_MODULES)
    cupy = _MODULES['cupy']
    for name, value in extra.items():
        setattr(cupy, name, value)
    cuda.state.reset(devices)
    _forget()
    from minigrad.kernels import cudnn as cudnn_kernels

    find_cudnn = cudnn_kernels.find_cudnn
    cudnn_kernels.find_cudnn = lambda: cudnn
    try:
        yield cupy
    finally:
        cudnn_kernels.find_cudnn = find_cudnn
        for name in extra:
            delattr(cupy, name)
        for name in _MODULES:
            sys.modules.pop(name, None)
        sys.modules.update(hidden)
        _forget()


def _forget():
    """Drops what minigrad remembers of CuPy."""
    import minigrad.kernels as kernels
    from minigrad.backends import cuda as minigrad_cuda

    minigrad_cuda._state.cache_clear()
    minigrad_cuda.clear_memo()
    kernels._built.pop('cupy', None)
    kernels._built.pop('cudnn', None)
    kernels._tables.by_type.pop(ndarray, None)
