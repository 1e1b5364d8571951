import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from minigrad import serializers
from minigrad.cli import commands, main
from minigrad.graph import Graph, engines
from models.lenet import LeNet

LENET = ['models.lenet:LeNet', '--input', '1,1,28,28']


def run(*words):
    return main([str(word) for word in words])


def test_without_a_system_dot(tmp_path):
    """The first show: nothing but Python's own packages on the path."""
    if engines._find_graphviz_pure() is None:
        pytest.skip('no engine from a wheel: pip install graphviz graphviz-pure')
    empty = tmp_path / 'bin'
    empty.mkdir()
    root = Path(__file__).parents[2]
    out = tmp_path / 'lenet.svg'
    command = [sys.executable, '-m', 'minigrad', 'graph', *LENET, '-o', str(out)]
    environment = {**os.environ, 'PATH': str(empty)}
    subprocess.run(command, cwd=root, env=environment, check=True, capture_output=True)
    svg = out.read_text()
    for box in ('conv1', 'conv2', 'fc3', 'fc4', 'fc5'):
        assert f'<title>cluster_LeNet/{box}</title>' in svg


@pytest.mark.parametrize('suffix', ['svg', 'png', 'html', 'dot', 'json'])
def test_formats(suffix, tmp_path, engine, capsys):
    out = tmp_path / f'lenet.{suffix}'
    assert run('graph', *LENET, '-o', out) == 0
    assert out.stat().st_size > 1000
    assert '44,426 parameters' in capsys.readouterr().out


def test_onnx(tmp_path):
    onnx = pytest.importorskip('onnx', reason='needs onnx: pip install onnx')
    out = tmp_path / 'lenet.onnx'
    assert run('graph', *LENET, '-o', out) == 0
    operators = [node.op_type for node in onnx.load(str(out)).graph.node]
    assert operators[:3] == ['Conv', 'Relu', 'MaxPool']


def test_options(tmp_path):
    out = tmp_path / 'x.dot'
    words = ['--step', '--metric', 'kept', '--fold', '1', '--rankdir', 'LR']
    assert run('graph', *LENET, '-o', out, *words) == 0
    text = out.read_text()
    assert 'rankdir="LR"' in text
    assert 'bytes kept for backward' in text
    assert '12 functions' in text
    assert 'cluster' not in text


def test_constructor_arguments_and_weights(tmp_path):
    weights, out = tmp_path / 'w.npz', tmp_path / 'x.json'
    model = LeNet(n_out=7, in_channels=1)
    model.fc3.W.initialize((120, 256))
    serializers.save_npz(weights, model)
    name = 'models.lenet:LeNet(n_out=7)'
    words = ['--input', '1,1,28,28', '--weights', weights, '-o', out]
    assert run('graph', name, *words) == 0
    graph = Graph.load(out)
    assert graph.values[graph.calls[-1].outputs[0]].shape == (1, 7)


def test_diff(tmp_path, capsys):
    before, out = tmp_path / 'before.json', tmp_path / 'diff.dot'
    assert run('graph', *LENET, '-o', before) == 0
    words = ['models.lenet:LeNet(n_out=5)', '--input', '1,1,28,28', '--diff', before]
    assert run('graph', *words, '-o', out) == 0
    assert '~ LeNet/fc5: linear' in capsys.readouterr().out
    assert '1 changed' in out.read_text() or 'changed' in out.read_text()


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        (['models.lenet', '--input', '1'], 'given as module:Class'),
        (['models.nowhere:X', '--input', '1'], 'cannot import models.nowhere'),
        (['models.lenet:X', '--input', '1'], 'models.lenet has no X; it has LeNet'),
        (['models.lenet:F', '--input', '1'], 'is no Link, but a module'),
        (['models.lenet:LeNet(3)', '--input', '1'], 'cannot read the arguments'),
        (['models.lenet:LeNet(a=open(1))', '--input', '1'], 'cannot read the arg'),
        ([*LENET, '--fold', 'most'], "fold: expected 'auto'"),
    ],
)
def test_mistakes_are_explained(words, message, tmp_path, capsys):
    assert run('graph', *words, '-o', tmp_path / 'x.dot') == 2
    assert message in capsys.readouterr().err


def test_wrong_suffix_and_missing_engine(tmp_path, capsys, monkeypatch):
    assert run('graph', *LENET, '-o', tmp_path / 'x.gif') == 2
    assert 'choose .svg' in capsys.readouterr().err
    monkeypatch.setattr(engines, '_engines', lambda: iter(()))
    assert run('graph', *LENET, '-o', tmp_path / 'x.svg') == 2
    assert 'pip install' in capsys.readouterr().err


def test_bad_shape(capsys, tmp_path):
    with pytest.raises(SystemExit):
        run('graph', 'models.lenet:LeNet', '--input', '1,a', '-o', tmp_path / 'x.dot')
    assert 'expected sizes such as 1,3,227,227' in capsys.readouterr().err


def test_summary(capsys):
    assert run('summary', *LENET) == 0
    assert '44,426 parameters' in capsys.readouterr().out
    assert run('summary', *LENET, '--json') == 0
    assert json.loads(capsys.readouterr().out)['parameters'] == 44_426


def test_help_lists_every_command(capsys):
    with pytest.raises(SystemExit):
        main(['--help'])
    text = capsys.readouterr().out
    assert {'graph', 'summary'} <= set(commands())
    assert all(name in text for name in commands())
