"""What is installed, and what users are told to install."""

import ast
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from minigrad.cli import info

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / 'pyproject.toml').read_text())['project']

# Printed by a program in a foreign folder: what it finds, and where.
PROBE = """
import site, sys
site.addsitedir({folder!r})
sys.path.insert(0, sys.path.pop())  # before a minigrad that is installed already
import minigrad
from minigrad.models.lenet import LeNet
from minigrad.models.weights import load_torchvision
try:
    import models
except ModuleNotFoundError:
    print(minigrad.Variable.__name__, LeNet.__module__, minigrad.__file__)
"""


def build(backend_function, folder):
    pytest.importorskip('hatchling', reason='builds the package: pip install hatchling')
    pytest.importorskip('editables', reason='builds the package: pip install editables')
    code = (
        f'import hatchling.build; hatchling.build.{backend_function}({str(folder)!r})'
    )
    done = subprocess.run(
        [sys.executable, '-c', code], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = folder.glob('*.whl')
    return zipfile.ZipFile(wheel)


@pytest.mark.parametrize('kind', ['build_wheel', 'build_editable'])
def test_an_install_brings_nothing_but_minigrad(kind, tmp_path):
    site, foreign = tmp_path / 'site', tmp_path / 'foreign'
    foreign.mkdir()
    with build(kind, tmp_path) as wheel:
        wheel.extractall(site)
        names = {name.split('/')[0] for name in wheel.namelist()}
    if kind == 'build_wheel':
        assert {name for name in names if not name.endswith('.dist-info')} == {
            'minigrad'
        }
        assert 'minigrad/models/experiments/chosen/I1.jsonl' in wheel.namelist()
    environment = {k: v for k, v in os.environ.items() if k != 'PYTHONPATH'}
    done = subprocess.run(
        [sys.executable, '-c', PROBE.format(folder=str(site))],
        cwd=foreign,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    variable, module, file = done.stdout.split()
    assert (variable, module) == ('Variable', 'minigrad.models.lenet')
    home = site if kind == 'build_wheel' else ROOT
    assert Path(file) == home / 'minigrad' / '__init__.py'


def test_version_continues_chainers():
    import minigrad

    assert minigrad.__version__.split('.')[0] == '8'


def names(requirements):
    return {re.match(r'[\w.-]+', line).group() for line in requirements}


KNOWN = names(PROJECT['dependencies']).union(
    *map(names, PROJECT['optional-dependencies'].values())
) - {PROJECT['name']}
# Beside the project: the peer of the benchmarks, what draws PDF files, what runs ONNX.
KNOWN |= {'torch', 'pygraphviz', 'onnxruntime'}


def hinted(text):
    """Returns the packages that a text tells to install."""
    found = []
    for command in text.split('pip install ')[1:]:
        found += (
            re.split(r'[\n,;()`]|  | or | brings ', command)[0]
            .replace('"', '')
            .replace("'", '')
            .split()
        )
    return found


def strings(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_hints_name_what_is_missing():
    """Never `minigrad[...]`, which on the package index is another project's."""
    told = [package for _, _, line in info._OPTIONAL for package in line.split()]
    for folder in ('minigrad', 'models', 'benchmarks', 'examples'):
        for path in sorted((ROOT / folder).rglob('*.py')):
            for text in strings(path):
                told += hinted(text)
    assert {'numba', 'h5py', 'cupy-cuda12x[ctk]', 'tensorboardX'} <= set(told)
    assert names(told) - KNOWN == set()
