"""The script of continuous integration, with stand-ins for Python and its tools."""

import os
import subprocess
from pathlib import Path

import pytest

RUN = Path(__file__).parents[1] / '.ci' / 'run'

# Writes down how it is called, and fails where RED stands in the call. ``python3 -m venv
# FOLDER`` copies it to the tools of the new environment.
STAND_IN = """#!/usr/bin/env bash
echo "${0##*/} $*" >> "$CALLS"
if [[ ${1-} == -m && ${2-} == venv ]]; then
  mkdir -p "$3/bin"
  for tool in python pip ruff mypy; do cp "$0" "$3/bin/$tool"; done
fi
[[ -z $RED || "$*" != *"$RED"* ]]
"""


def run(folder, red):
    (folder / 'bin').mkdir()
    python = folder / 'bin' / 'python3'
    python.write_text(STAND_IN)
    python.chmod(0o755)
    environment = {
        'PATH': f'{folder / "bin"}:{os.environ["PATH"]}',
        'CALLS': str(folder / 'calls'),
        'RED': red,
    }
    done = subprocess.run([RUN], env=environment, capture_output=True, text=True)
    calls = [line.split()[0] for line in (folder / 'calls').read_text().splitlines()]
    return done.returncode, done.stdout.splitlines(), calls


@pytest.mark.parametrize(
    ('red', 'names'),
    [
        (
            'pytest -q -n auto',
            {'tests', 'kernels without the compiler', 'without Numba'},
        ),
        ('tests/kernels', {'kernels without the compiler', 'without Numba'}),
        ('--check .', {'format'}),
    ],
)
def test_each_leg_runs_and_failed_ones_are_named(tmp_path, red, names):
    status, lines, calls = run(tmp_path, red)
    assert status == 1
    assert names <= {
        line.removeprefix('failed: ') for line in lines if line.startswith('failed: ')
    }
    assert 'mypy' in calls


def test_all_legs_passed(tmp_path):
    status, lines, calls = run(tmp_path, '')
    assert (status, lines[-1]) == (0, 'all legs passed')
    assert 'mypy' in calls


def test_without_an_environment_no_leg_runs(tmp_path):
    status, _, calls = run(tmp_path, '-m venv')
    assert (status, calls) == (1, ['python3'])
