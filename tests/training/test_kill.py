"""Trainings that are killed, run out of disk, or meet another one.

``MINIGRAD_KILLS=200 python -m pytest tests/training/test_kill.py`` kills more often, with
every writer and every iterator.
"""

import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time

import numpy
import pytest

import minigrad

N_ITERATIONS = 300
N_KILLS = int(os.environ.get('MINIGRAD_KILLS', '20'))
# Seconds after the first iteration, at most: when each writer has something to lose.
WRITERS = {
    'SimpleWriter': 0.3,
    'ThreadWriter': 0.3,
    'ThreadQueueWriter': 0.3,
    'ProcessQueueWriter': 2.0,
    'ProcessWriter': 4.0,
}
ITERATORS = ['SerialIterator', 'MultithreadIterator', 'MultiprocessIterator']
ALL = [(writer, iterator) for writer in WRITERS for iterator in ITERATORS]
# Each writer and each iterator, at least once.
PAIRS = [(writer, ITERATORS[i % 3]) for i, writer in enumerate(WRITERS)]
PAIRS = ALL if N_KILLS > 100 else PAIRS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != 'posix', reason='it sends signal 9'),
]


def start(
    out, writer='SimpleWriter', iterator='SerialIterator', full_from=-1, **options
):
    root = os.path.dirname(os.path.dirname(minigrad.__file__))
    script = pathlib.Path(__file__).with_name('killed_training.py')
    arguments = [out, N_ITERATIONS, writer, iterator, full_from]
    return subprocess.Popen(
        [sys.executable, script, *map(str, arguments)],
        stdout=subprocess.PIPE,
        env={**os.environ, 'PYTHONPATH': root, 'OMP_NUM_THREADS': '1'},
        **options,
    )


def finish(out, *how):
    with start(out, *how) as process:
        process.communicate(timeout=600)
    assert process.returncode == 0


def kill(out, seconds, *how):
    """Kills a training some time after its first iteration; tells whether it hit."""
    with start(out, *how) as process:
        process.stdout.read(1)
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        process.stdout.close()  # workers that live a little longer hold it open
        process.wait()
    return process.returncode == -signal.SIGKILL


def assert_same(whole, other):
    """Two finished trainings are equal to the last bit, but for what a clock says."""
    with (
        numpy.load(whole / 'end.npz') as expected,
        numpy.load(other / 'end.npz') as found,
    ):
        assert expected.files == found.files
        for name in expected.files:
            if 'elapsed' in name or name.endswith('_log'):
                continue
            numpy.testing.assert_array_equal(expected[name], found[name], name)
    logs = []
    for run in (whole, other):
        rows = json.loads((run / 'log').read_text())
        logs.append([{**row, 'elapsed_time': 0} for row in rows])
    assert logs[0] == logs[1]


@pytest.mark.parametrize(('writer', 'iterator'), PAIRS)
def test_killed_often_it_ends_as_if_undisturbed(tmp_path, writer, iterator):
    whole, killed = tmp_path / 'whole', tmp_path / 'killed'
    finish(whole, writer, iterator)
    times = random.Random(f'{writer} {iterator}')
    hits, longest = 0, WRITERS[writer]
    for _ in range(-(-N_KILLS // len(PAIRS))):
        hits += kill(killed, times.uniform(0, longest), writer, iterator)
        if hits == 0:  # on a fast machine it ended before
            shutil.rmtree(killed)
            longest /= 2
            continue
        for path in killed.iterdir():  # a clock that jumps
            if path.is_file():
                os.utime(path, (times.uniform(0, 2e9),) * 2)
        if (killed / 'end.npz').exists():
            break
    assert hits > 0
    finish(killed, writer, iterator)
    assert_same(whole, killed)
    # Nothing is left of the snapshots that were cut off, but for the last kill's.
    step = 75 if writer == 'ProcessWriter' else 3
    last = [f's_{N_ITERATIONS - step * i}' for i in range(3)]
    assert sorted(os.listdir(killed)) == sorted(['end.npz', 'log', *last])


@pytest.mark.parametrize('writer', ['SimpleWriter', 'ThreadQueueWriter'])
def test_a_full_disk_loses_nothing_that_was_saved(tmp_path, writer):
    whole, full = tmp_path / 'whole', tmp_path / 'full'
    finish(whole, writer)
    with start(full, writer, 'SerialIterator', 100, stderr=subprocess.PIPE) as process:
        _, err = process.communicate(timeout=600)
    assert b'No space left' in err
    # At once, or after the training, which a queue does not stop.
    assert process.returncode == (1 if writer == 'SimpleWriter' else 0)
    if process.returncode == 0:
        assert b'could not be written' in err
        (full / 'end.npz').unlink()
        (full / 'log').unlink()
    assert sorted(p.name for p in full.iterdir() if p.name.startswith('s_')) == sorted(
        ['s_93', 's_96', 's_99']
    )
    finish(full, writer)  # goes on from there
    assert_same(whole, full)


def test_two_in_one_folder(tmp_path):
    whole, shared = tmp_path / 'whole', tmp_path / 'shared'
    finish(whole)
    with start(shared) as first:
        first.stdout.read(1)
        with start(shared, stderr=subprocess.PIPE) as second:
            out, err = second.communicate(timeout=600)
        assert second.returncode == 1
        assert out == b''
        assert b'another training' in err
        first.communicate(timeout=600)
    assert first.returncode == 0
    assert_same(whole, shared)
