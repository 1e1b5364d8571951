"""Threads: numbers, work space, several user threads, fork, settings."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from minigrad.kernels import threads
from minigrad.kernels.specs import ConvSpec


@pytest.fixture(autouse=True)
def restore_number():
    before = threads.get_num_threads()
    yield
    threads.set_num_threads(before)


def test_grain_keeps_small_work_here():
    threads.set_num_threads(4)
    assert threads.count_pieces(100, 60) == 1
    assert threads.count_pieces(100, 30) == 3


def test_scratch_belongs_to_its_thread():
    first = threads.scratch('a', 10, np.float32)
    assert threads.scratch('a', 8, np.float32) is first
    assert threads.scratch('a', 8, np.float64) is not first
    other = []
    thread = threading.Thread(
        target=lambda: other.append(threads.scratch('a', 10, np.float32))
    )
    thread.start()
    thread.join()
    assert other[0] is not first


def test_number_must_be_positive():
    with pytest.raises(ValueError, match='at least 1, got 0'):
        threads.set_num_threads(0)


@pytest.mark.parametrize(
    ('files', 'cores'),
    [
        ({}, sys.maxsize),
        ({'cpu.max': 'max 100000\n'}, sys.maxsize),
        ({'cpu.max': '200000 100000\n'}, 2),
        ({'cpu.max': '150000 100000\n'}, 2),
        ({'cpu.max': '5000 100000\n'}, 1),
        ({'cpu.cfs_quota_us': '-1\n', 'cpu.cfs_period_us': '100000\n'}, sys.maxsize),
        ({'cpu.cfs_quota_us': '400000\n', 'cpu.cfs_period_us': '100000\n'}, 4),
        ({'cpu.max': 'nonsense'}, sys.maxsize),
    ],
)
def test_the_limit_of_a_container_counts(tmp_path, files, cores):
    (tmp_path / 'cpu').mkdir()
    for name, text in files.items():
        folder = tmp_path / 'cpu' if name.startswith('cpu.cfs') else tmp_path
        (folder / name).write_text(text)
    assert threads._quota(tmp_path) == cores


def blas_threads():
    from threadpoolctl import threadpool_info

    return [
        library['num_threads']
        for library in threadpool_info()
        if library['user_api'] == 'blas'
    ]


def test_blas_is_held_and_given_back():
    before = blas_threads()
    with threads.single_threaded_blas():
        with threads.single_threaded_blas():
            pass
        assert set(blas_threads()) <= {1}
    assert blas_threads() == before


@pytest.fixture
def kernels(monkeypatch):
    pytest.importorskip('numba', reason='Numba is not installed')
    from minigrad.kernels import numba_cpu

    monkeypatch.setattr(numba_cpu, 'GRAIN_BYTES', 64)  # tiny work goes to threads too
    monkeypatch.setattr(numba_cpu, 'GRAIN_PRODUCTS', 64)
    return numba_cpu.NumbaKernels()


def small_network(kernels, seed):
    """Convolution, pooling and dense layer, forward and backward, a few times."""
    rng = np.random.default_rng(seed)
    spec = ConvSpec.of((6, 2, 12, 12), (5, 2, 3, 3), 1, 1)
    x = rng.standard_normal((6, 2, 12, 12)).astype(np.float32)
    W = rng.standard_normal((5, 2, 3, 3)).astype(np.float32)
    v = np.zeros_like(W)
    for _ in range(10):
        y = kernels.relu(kernels.conv_2d(x, W, None, spec))
        flat = y.reshape(6, -1)
        gy = kernels.matmul(kernels.matmul(flat, flat.T), flat).reshape(y.shape)
        gy = kernels.relu_grad(y, gy) / np.abs(gy).max()
        x = x + 1e-3 * kernels.conv_2d_grad_x(W, gy, spec)
        gW = kernels.conv_2d_grad_w(x, gy, spec)
        kernels.update('momentum_sgd', W, gW, v, lr=1e-3, momentum=0.9)
    return W


def test_results_are_equal_from_run_to_run(kernels):
    threads.set_num_threads(3)
    first = small_network(kernels, 0)
    for _ in range(3):
        np.testing.assert_array_equal(small_network(kernels, 0), first)


@pytest.mark.parametrize('number', [2, 7])
def test_several_user_threads_at_once(kernels, number):
    threads.set_num_threads(number)
    expected = [small_network(kernels, seed) for seed in range(4)]
    results = [None] * 4

    def train(seed):
        results[seed] = small_network(kernels, seed)

    users = [threading.Thread(target=train, args=(seed,)) for seed in range(4)]
    for user in users:
        user.start()
    for user in users:
        user.join()
    for result, e in zip(results, expected, strict=True):
        np.testing.assert_array_equal(result, e)


def test_more_threads_than_cores_compute_the_same(kernels):
    expected = small_network(kernels, 0)
    threads.set_num_threads(16)
    for _ in range(20):
        # Sums of other parts: equal up to rounding.
        np.testing.assert_allclose(small_network(kernels, 0), expected, atol=1e-6)


@pytest.mark.skipif(not hasattr(os, 'fork'), reason='no fork on this platform')
@pytest.mark.filterwarnings('ignore::DeprecationWarning')  # fork beside threads
def test_a_forked_child_computes_too(kernels):
    threads.set_num_threads(2)
    expected = small_network(kernels, 0)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writer, small_network(kernels, 0).tobytes())
        finally:
            os._exit(0)
    os.close(writer)
    data = b''
    while chunk := os.read(reader, 1 << 16):
        data += chunk
    os.close(reader)
    os.waitpid(child, 0)
    np.testing.assert_array_equal(np.frombuffer(data, np.float32), expected.ravel())
    small_network(kernels, 0)  # the parent's team is as it was


def in_a_new_process(code, **environment):
    result = subprocess.run(
        [sys.executable, '-c', code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def test_the_environment_sets_the_number():
    code = 'from minigrad.kernels.threads import *; print(get_num_threads())'
    assert in_a_new_process(code, MINIGRAD_NUM_THREADS='3') == '3'
    assert in_a_new_process(code, MINIGRAD_NUM_THREADS='', OMP_NUM_THREADS='2,1') == '2'


RELU = """
import numpy as np
from minigrad.kernels import kernels_for
x = np.array([-1, 2], np.float32)
print(kernels_for(x).name, kernels_for(x).relu(x).tolist())
"""


def test_a_cache_that_cannot_be_written(tmp_path):
    pytest.importorskip('numba', reason='Numba is not installed')
    blocked = tmp_path / 'file'
    blocked.write_text('not a folder')
    # Neither Numba's own folder nor one in the home can be made; beside the source it
    # may be writable, which is as good.
    out = in_a_new_process(RELU, NUMBA_CACHE_DIR=str(blocked), HOME=str(blocked))
    assert out == 'numba [0.0, 2.0]'


def test_without_numba_one_warning_says_so():
    code = (
        'import sys, warnings; sys.modules["numba"] = None\n'
        'warnings.simplefilter("always")\n'
        f'{RELU}\n{RELU}'
    )
    result = subprocess.run(
        [sys.executable, '-c', code],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert result.stdout.split('\n')[0] == 'reference [0.0, 2.0]'
    assert result.stderr.count('Numba cannot be used') == 1


def test_importing_does_not_import_numba():
    code = 'import sys, minigrad; print("numba" in sys.modules)'
    assert in_a_new_process(code) == 'False'
