import multiprocessing
import os
import pathlib
import random
import signal
import subprocess
import sys
import threading
import time
import warnings
from multiprocessing import resource_tracker
from multiprocessing.shared_memory import SharedMemory

import numpy
import pytest

import minigrad
from minigrad import datasets
from minigrad.iterators import MultiprocessIterator, SerialIterator, _worker_pool
from minigrad.iterators._shared_block import free, new_block, pack, unpack
from minigrad.iterators._worker import seed
from minigrad.iterators._worker_pool import WorkerDied

ROOT = pathlib.Path(minigrad.__path__[0]).parent


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def make():
    made = []

    def build(*args, **kwargs):
        kwargs.setdefault('n_processes', 2)
        made.append(MultiprocessIterator(*args, **kwargs))
        return made[-1]

    yield build
    for iterator in made:
        iterator.finalize()
    assert multiprocessing.active_children() == []


@pytest.fixture
def in_a_module(tmp_path, monkeypatch):
    """Writes a module that the worker processes can import as well."""

    def write(name, text):
        (tmp_path / f'{name}.py').write_text(text)
        monkeypatch.syspath_prepend(str(tmp_path))
        return __import__(name)

    return write


@pytest.mark.parametrize('shared_mem', [None, 0, 1, 100_000])
@pytest.mark.parametrize('kind', [tuple, list, dict])
def test_examples_arrive_unchanged(make, shared_mem, kind):
    rng = numpy.random.RandomState(0)
    rows = [(i, rng.rand(3, i + 1).astype('f').T, f'text {i}') for i in range(9)]
    examples = [dict(enumerate(r)) if kind is dict else kind(r) for r in rows]
    it = make(examples, 4, shuffle=False, shared_mem=shared_mem, n_prefetch=2)
    for i in range(6):
        for j, example in enumerate(it.next()):
            expected = rows[(4 * i + j) % 9]
            assert type(example) is kind
            assert (example[0], example[2]) == (expected[0], expected[2])
            assert example[1].dtype == numpy.float32
            numpy.testing.assert_array_equal(example[1], expected[1])
            example[1][...] = -1  # writable, and nobody else's


def test_large_arrays_go_through_shared_memory(make):
    images = numpy.arange(6 * 300_000, dtype='f').reshape(6, -1)
    it = make(datasets.TupleDataset(images, range(6)), 3, shuffle=False)
    for i in range(8):
        for j, (image, label) in enumerate(it.next()):
            assert label == (3 * i + j) % 6
            numpy.testing.assert_array_equal(image, images[label])
    assert all(worker.block is not None for worker in it._pool_._workers)
    # The dataset itself was sent once, too.
    assert it._pool_._dataset_block is not None
    assert len(it._pool_._dataset.pickled) < 10_000


def test_examples_that_grow(make):
    sizes = [10, 10, 10, 10, 1000, 1000, 100_000, 100_000]
    it = make([numpy.full(n, n) for n in sizes], 2, shuffle=False)
    for _ in range(3):
        assert [len(x) for _ in range(4) for x in it.next()] == sizes


def test_draws_do_not_depend_on_the_number_of_processes(make, in_a_module):
    module = in_a_module(
        'drawing_dataset',
        'import random\n'
        'import numpy\n'
        'def draw(x):\n'
        '    return x, numpy.random.rand(), random.random()\n',
    )
    results = []
    for n_processes in (1, 2, 3):
        numpy.random.seed(4)
        dataset = datasets.TransformDataset(list(range(7)), module.draw)
        it = make(dataset, 3, n_processes=n_processes)
        results.append([x for _ in range(7) for x in it.next()])
        # Resuming draws the same again.
        saved = minigrad.serializers.serialize(it)
        ahead = it.next()
        other = make(dataset, 3, n_processes=n_processes)
        minigrad.serializers.NpzDeserializer(saved).load(other)
        assert other.next() == ahead
    assert results[0] == results[1] == results[2]
    draws = [x[1:] for x in results[0]]
    assert len(set(draws)) == len(draws)


def draws(order, epoch, position, i):
    seed((order, epoch, position), i)
    return numpy.random.random(), random.random()


@pytest.mark.parametrize('generator', [0, 1], ids=['numpy.random', 'random'])
def test_every_part_of_a_seed_counts_in_both_generators(generator):
    before = numpy.random.get_state(), random.getstate()
    try:
        plain = draws(5, 2, 7, 1)[generator]
        others = [
            draws(*numbers)[generator]
            for numbers in (
                (6, 2, 7, 1), (5, 3, 7, 1), (5, 2, 8, 1), (5, 2, 7, 3),
                (2, 5, 7, 1), (5, 7, 2, 1), (7, 2, 5, 1), (0, 0, 0, 0),
            )
        ]  # fmt: skip
        # By its order and sweep, not by what was drawn before.
        assert draws(5, 2, 7, 1)[generator] == plain
        # A place is a place: the second of a batch from 7 is the first of one from 8.
        assert draws(5, 2, 8, 0)[generator] == plain
        different = {plain, *others}
        assert len(different) == 9
    finally:
        numpy.random.set_state(before[0])
        random.setstate(before[1])


def test_a_failure_has_the_traceback_of_the_worker(make):
    it = make(datasets.TransformDataset(['1', '2', 'x', '4'], int), 2, shuffle=False)
    assert it.next() == [1, 2]
    with pytest.raises(ValueError, match=r"invalid literal for int.*'x'") as error:
        it.next()
    (note,) = error.value.__notes__
    assert 'dataset[2]: Traceback' in note
    assert 'transform_dataset.py' in note
    assert it.next() == [1, 2]  # the batch is passed over


def test_a_failure_that_cannot_be_sent(make, in_a_module):
    module = in_a_module(
        'stubborn_dataset',
        'class Stubborn(Exception):\n'
        '    def __init__(self, a, b):\n'
        '        super().__init__(a)\n'
        'def fail(x):\n'
        "    raise Stubborn('no', 'way')\n",
    )
    it = make(datasets.TransformDataset([1], module.fail), 1)
    with pytest.raises(RuntimeError, match='Stubborn: no'):
        it.next()


def test_a_worker_that_ends_itself(make):
    it = make(datasets.TransformDataset([7, 7], os._exit), 2)
    with pytest.raises(WorkerDied, match=r'worker process \d+ died with exit code 7'):
        it.next()


@pytest.mark.skipif(os.name != 'posix', reason='signals of POSIX')
def test_a_worker_that_is_killed(make):
    dataset = datasets.TransformDataset([0] * 4 + [30] * 4, time.sleep)
    it = make(dataset, 4, shuffle=False, repeat=False)
    it.next()
    pid = it._pool_.pids[0]
    threading.Timer(0.2, os.kill, (pid, signal.SIGKILL)).start()
    with pytest.raises(WorkerDied, match=rf'{pid} died with exit code -9 \(SIGKILL\)'):
        it.next()
    with pytest.raises(StopIteration):  # its only other batch was lost with it
        it.next()


def test_new_workers_after_a_death(make):
    it = make(list(range(6)), 2, shuffle=False)
    it.next()
    for pid in it._pool_.pids:
        os.kill(pid, signal.SIGTERM)
    for process in multiprocessing.active_children():
        process.join(5)
    time.sleep(0.2)  # the thread notices
    with pytest.raises(WorkerDied, match='SIGTERM'):
        take(it, 5)
    position = it.current_position
    assert it.next() == [position, position + 1] or position == 6
    assert it.next()


@pytest.mark.skipif(sys.platform in ('win32', 'darwin'), reason='needs fork')
def test_a_dataset_that_cannot_be_pickled_is_inherited(make):
    factor = 3
    x = numpy.arange(500_000.0).reshape(5, -1)
    dataset = datasets.TransformDataset(x, lambda row: row * factor)
    it = make(dataset, 2, shuffle=False, maxtasksperchild=2)
    with pytest.warns(RuntimeWarning, match=r'lambda.*forked'):
        batches = [it.next()]
    batches += take(it, 4)
    for n, batch in enumerate(batches):
        for i, row in enumerate(batch):
            numpy.testing.assert_array_equal(row, 3 * x[(2 * n + i) % 5])
    pids = it._pool_.pids
    it.finalize()
    assert not any(is_alive(pid) for pid in pids)


def test_the_exit_code_comes_after_another_thread_saw_the_end():
    class Process:
        codes = iter([None, None, 0, 0])
        exitcode = property(lambda self: next(self.codes))

        def join(self, timeout):
            pass

    assert _worker_pool._exit_code(Process()) == 0


@pytest.mark.skipif(sys.platform in ('win32', 'darwin'), reason='needs fork')
def test_forked_processes_leave_nothing_behind():
    script = (
        'import numpy; from minigrad import datasets, iterators\n'
        'data = datasets.TransformDataset(numpy.ones((4, 9000)), lambda x: 2 * x)\n'
        'with iterators.MultiprocessIterator(data, 2, n_processes=1) as it:\n'
        '    print([it.next()[0].sum() for _ in range(3)][-1])'
    )
    run = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', script],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    assert (run.stdout, run.stderr) == ('18000.0\n', '')


def test_a_dataset_that_cannot_be_sent(make, monkeypatch):
    monkeypatch.setattr(multiprocessing, 'get_all_start_methods', lambda: ['spawn'])
    it = make(datasets.TransformDataset([1], lambda x: x), 1)
    with pytest.raises(Exception, match='lambda') as error:
        it.next()
    assert 'must be picklable' in error.value.__notes__[0]


def test_a_dataset_that_cannot_be_loaded(make, in_a_module, tmp_path):
    module = in_a_module('vanishing_dataset', 'class Data(list):\n    pass\n')
    it = make(module.Data([1]), 1)
    (tmp_path / 'vanishing_dataset.py').unlink()
    with pytest.raises(WorkerDied, match='cannot load the dataset') as error:
        it.next()
    assert "No module named 'vanishing_dataset'" in str(error.value)
    assert 'must be importable' in str(error.value)


def test_timeout_warning(make):
    dataset = datasets.TransformDataset([0, 0, 2.5, 0], time.sleep)
    it = make(dataset, 2, shuffle=False, dataset_timeout=1.0)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        assert it.next() == [None, None]
    with pytest.warns(MultiprocessIterator.TimeoutWarning, match='Stalled dataset'):
        assert it.next() == [None, None]


def test_maxtasksperchild(make):
    it = make(list(range(4)), 2, shuffle=False, maxtasksperchild=1)
    seen = set()
    for i in range(4):
        assert it.next() == [[0, 1], [2, 3]][i % 2]
        seen.update(it._pool_.pids)
    assert len(seen) >= 6


def test_finalize_ends_everything(make):
    it = make(datasets.TransformDataset([0, 0, 60, 60], time.sleep), 2, shuffle=False)
    it.next()
    pids = it._pool_.pids
    it.finalize()
    it.finalize()
    assert not any(is_alive(pid) for pid in pids)
    with pytest.raises(NotImplementedError, match='Reset of finalized'):
        it.reset()
    with pytest.raises(RuntimeError, match='it was finalized'):
        it.next()


def test_garbage_is_collected():
    it = MultiprocessIterator([1, 2, 3], 2, n_processes=1)
    it.next()
    (pid,) = it._pool_.pids
    del it
    assert not is_alive(pid)


@pytest.mark.skipif(os.name != 'posix', reason='signals of POSIX')
def test_ctrl_c(make):
    dataset = datasets.TransformDataset([0, 0, 60, 60], time.sleep)
    it = make(dataset, 2, shuffle=False)
    it.next()
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        it.next()
    assert it.current_position == 2


SCRIPT = """
import numpy, sys, time
from minigrad import datasets, iterators

def wait(example):
    time.sleep(example[0])
    return example

if __name__ == '__main__':
    data = datasets.TupleDataset([0] * 4 + [60] * 4, numpy.ones((8, 100_000)))
    data = datasets.TransformDataset(data, wait)
    it = iterators.MultiprocessIterator(data, 4, shuffle=False, n_processes=2)
    it.next()
    print(*it._pool_.pids)
    print(*it._pool_._blocks_, flush=True)
    {then}
"""


def run_script(tmp_path, then, **options):
    path = tmp_path / 'script.py'
    path.write_text(SCRIPT.replace('{then}', then))
    return subprocess.Popen(
        [sys.executable, '-W', 'error', str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, 'PYTHONPATH': str(ROOT)},
        **options,
    )


def take(iterator, n):
    return [iterator.next() for _ in range(n)]


def is_shared(name):
    try:
        SharedMemory(name).close()
    except FileNotFoundError:
        return False
    resource_tracker.unregister(f'/{name}', 'shared_memory')  # it is not ours
    return True


def wait_for_end(pids):
    for _ in range(100):
        if not any(is_alive(pid) for pid in pids):
            return True
        time.sleep(0.1)
    return False


def wait_until_freed(names):
    for _ in range(100):  # after a kill, Python's resource tracker does it
        if not any(is_shared(name) for name in names):
            return True
        time.sleep(0.1)
    return False


def test_a_program_may_end_without_finalize(tmp_path):
    with run_script(tmp_path, 'pass') as process:
        out, err = process.communicate(timeout=600)
    assert process.returncode == 0, err
    assert err == ''
    pids, blocks = out.splitlines()
    assert wait_for_end([int(pid) for pid in pids.split()])
    assert len(blocks.split()) >= 1
    assert wait_until_freed(blocks.split())


@pytest.mark.skipif(os.name != 'posix', reason='signals of POSIX')
@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGKILL])
def test_a_program_that_is_interrupted_leaves_nothing(tmp_path, number):
    with run_script(tmp_path, 'it.next()', start_new_session=True) as process:
        pids = [int(pid) for pid in process.stdout.readline().split()]
        blocks = process.stdout.readline().split()
        assert all(is_alive(pid) for pid in pids)
        time.sleep(0.2)
        # To the whole group, as a terminal does; a kill hits the parent alone.
        if number == signal.SIGINT:
            os.killpg(process.pid, number)
        else:
            os.kill(process.pid, number)
        _, err = process.communicate(timeout=600)
    assert process.returncode != 0
    if number == signal.SIGINT:
        assert err.count('KeyboardInterrupt') == 1, err
    assert wait_for_end(pids)
    assert len(blocks) >= 1
    assert wait_until_freed(blocks)


def test_a_script_without_guard_is_told(tmp_path):
    path = tmp_path / 'script.py'
    path.write_text(
        'from minigrad import iterators\n'
        'iterators.MultiprocessIterator([1], 1, n_processes=1).next()\n'
    )
    done = subprocess.run(
        [sys.executable, str(path)],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        env={**os.environ, 'PYTHONPATH': str(ROOT)},
    )
    assert done.returncode == 1
    assert "if __name__ == '__main__':" in done.stderr.splitlines()[-1]


def test_same_batches_as_serial_over_many_sweeps(make):
    numpy.random.seed(1)
    expected = [SerialIterator(list(range(11)), 4).next() for _ in range(1)]
    numpy.random.seed(1)
    it = make(list(range(11)), 4, n_processes=3, n_prefetch=3)
    assert it.next() == expected[0]


def test_pack_without_room():
    array = numpy.arange(100)
    packed = pack([array], memoryview(bytearray(10)))
    assert packed.inline is not None
    assert packed.needed == 832
    numpy.testing.assert_array_equal(unpack(packed, None)[0], array)


def test_a_block_that_is_too_large_is_not_made():
    assert new_block(2**60) is None
    block = new_block(100)
    name = block.name
    free([block])
    with pytest.raises(FileNotFoundError):
        type(block)(name)
