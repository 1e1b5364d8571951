"""The examples run, in their short form, and learn or check what they say."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

EXAMPLES = Path(__file__).parents[2] / 'examples'


def main_of(name):
    spec = importlib.util.spec_from_file_location(Path(name).stem, EXAMPLES / name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main


def test_every_example_is_tried():
    """Here, or by a test of its own."""
    elsewhere = {'mnist/train_mnist.py', 'chainermn/train_mnist.py'}
    not_programs = {'text/characters.py'}
    found = {str(path.relative_to(EXAMPLES)) for path in EXAMPLES.rglob('*.py')}
    assert found == elsewhere | not_programs | {*TRIED}


TRIED = [
    'mnist/loop.py',
    'generation/gan.py',
    'generation/vae.py',
    'text/char_lstm.py',
    'text/char_transformer.py',
    'extending/function_with_kernel.py',
    'extending/transfer.py',
    'graph/draw_graph.py',
]


@pytest.mark.parametrize(
    'name', ['generation/vae.py', 'text/char_transformer.py', 'text/char_lstm.py']
)
def test_losses_fall(name, tmp_path, capsys):
    arguments = ['--out', str(tmp_path)] if 'generation' in name else []
    losses = main_of(name)(['--test', *arguments])
    assert np.isfinite(losses).all()
    assert losses[-1] < losses[0]
    assert 'expected: ' in capsys.readouterr().out


def test_pictures_are_drawn(tmp_path):
    losses = main_of('generation/gan.py')(['--test', '--out', str(tmp_path)])
    assert np.isfinite(losses).all()
    assert (tmp_path / 'gan.png').read_bytes().startswith(b'\x89PNG')


def test_digits_are_read():
    assert main_of('mnist/loop.py')(['--test']) > 0.5
    assert main_of('extending/transfer.py')(['--test']) > 0.9


def test_a_function_of_ones_own(capsys):
    pytest.importorskip('numba', reason='Numba is not installed')
    main_of('extending/function_with_kernel.py')(['--test'])
    assert 'are right' in capsys.readouterr().out


def test_the_graph_is_drawn(tmp_path):
    graph = main_of('graph/draw_graph.py')(['--test', '--out', str(tmp_path)])
    assert 'conv1' in (tmp_path / 'graph.dot').read_text()
    assert (tmp_path / 'graph.html').stat().st_size > 10_000
    assert len(str(graph).splitlines()) > 10
