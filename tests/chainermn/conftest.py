"""Starts programs in several processes, each with a time limit."""

import os
import pathlib
import shutil
import signal
import subprocess
import sys

import pytest

collect_ignore = ['programs']  # run in several processes, by the tests here

ROOT = pathlib.Path(__file__).parents[2]
THREADS = ('MINIGRAD_NUM_THREADS', 'OMP_NUM_THREADS')  # the processes share the cores
LIMIT = 120  # seconds; all take a few on two idle cores


def mpiexec():
    beside_python = pathlib.Path(sys.executable).parent / 'mpiexec'
    return str(beside_python) if beside_python.exists() else shutil.which('mpiexec')


@pytest.fixture
def start(tmp_path):
    """Returns what starts ``python ARGUMENTS`` in N processes and waits for the end."""
    pytest.importorskip(
        'mpi4py', reason='mpi4py is not installed: pip install minigrad[mpi]'
    )
    launcher = mpiexec()
    if launcher is None:
        pytest.skip('there is no mpiexec: pip install mpich')

    def run(n, *arguments, limit=LIMIT, environment=()):
        process = subprocess.Popen(
            [launcher, '-n', str(n), sys.executable, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            env={
                **{k: v for k, v in os.environ.items() if k not in THREADS},
                'PYTHONPATH': str(ROOT),
                'PYTHONUNBUFFERED': '1',
                **dict(environment),
            },
            start_new_session=True,  # so that nothing is left when the time is over
        )
        try:
            out, error = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, error = process.communicate()
            pytest.fail(f'{n} processes did not end within {limit} s\n{out}\n{error}')
        return process.returncode, out, error

    return run
