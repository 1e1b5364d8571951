"""The signatures and enumerations that we state, against cuBLAS's own headers."""

import pytest

from minigrad.kernels.gpu import cublas
from tests.gpu import headers

pytestmark = pytest.mark.skipif(
    headers.find_cublas() is None or headers.COMPILER is None,
    reason='needs the wheels of CUDA and g++',
)

# In C++ there is another, which takes an older type of the computation.
MATRIX = 'const void*, cudaDataType, int, long long'
OVERLOADS = {
    'cublasGemmStridedBatchedEx': 'cublasStatus_t (*)(cublasHandle_t, cublasOperation_t,'
    f' cublasOperation_t, int, int, int, const void*, {MATRIX}, {MATRIX}, const void*,'
    f' {MATRIX.replace("const ", "")}, int, cublasComputeType_t, cublasGemmAlgo_t)'
}


def test_headers(tmp_path):
    seen = headers.read(
        'cublas_v2.h',
        headers.find_cublas(),
        cublas.SIGNATURES,
        cublas.ENUMERATIONS,
        [],
        tmp_path,
        OVERLOADS,
    )
    headers.check(seen, cublas.SIGNATURES, cublas.ENUMERATIONS)


def test_library_loads():
    """No GPU is needed to load cuBLAS and find every function in it."""
    library = cublas.find_cublas()
    for name in cublas.SIGNATURES:
        assert getattr(library, name).argtypes is not None
