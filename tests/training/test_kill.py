import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import time

import numpy
import pytest

import minigrad

N_ITERATIONS = 300
N_KILLS = 20


def start(out):
    root = os.path.dirname(os.path.dirname(minigrad.__file__))
    return subprocess.Popen(
        [
            sys.executable,
            pathlib.Path(__file__).with_name('killed_training.py'),
            str(out),
            str(N_ITERATIONS),
        ],
        stdout=subprocess.PIPE,
        env={**os.environ, 'PYTHONPATH': root, 'OMP_NUM_THREADS': '1'},
    )


def finish(out):
    with start(out) as process:
        process.communicate(timeout=60)
    assert process.returncode == 0


def kill(out, seconds):
    """Kills a training some time after its first iteration; tells whether it hit."""
    with start(out) as process:
        process.stdout.read(1)
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        process.stdout.read()
    return process.returncode == -signal.SIGKILL


@pytest.mark.skipif(os.name != 'posix', reason='it sends signal 9')
def test_killed_twenty_times_it_ends_as_if_undisturbed(tmp_path):
    finish(tmp_path / 'whole')
    seconds = random.Random(0)
    hits = [kill(tmp_path / 'killed', seconds.uniform(0, 0.06)) for _ in range(N_KILLS)]
    assert all(hits)
    assert not (tmp_path / 'killed' / 'end.npz').exists()
    finish(tmp_path / 'killed')

    with (
        numpy.load(tmp_path / 'whole' / 'end.npz') as whole,
        numpy.load(tmp_path / 'killed' / 'end.npz') as killed,
    ):
        assert whole.files == killed.files
        for name in whole.files:
            if 'elapsed' in name or name.endswith('_log'):
                continue
            numpy.testing.assert_array_equal(whole[name], killed[name], name)

    logs = []
    for run in ('whole', 'killed'):
        rows = json.loads((tmp_path / run / 'log').read_text())
        logs.append([{**row, 'elapsed_time': 0} for row in rows])
    assert logs[0] == logs[1]
    # Nothing is left of the snapshots that were cut off, but for the last kill's.
    left = sorted(os.listdir(tmp_path / 'killed'))
    last = [f's_{N_ITERATIONS - 3 * i}' for i in range(3)]
    assert [n for n in left if not n.startswith('.log')] == sorted(
        ['end.npz', 'log', *last]
    )
