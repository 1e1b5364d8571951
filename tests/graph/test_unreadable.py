"""Files of graphs and of ONNX models that cannot be read."""

import json

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
import minigrad.links as L
from minigrad.graph import Graph, UnreadableModel

onnx = pytest.importorskip('onnx', reason='ONNX files need the package onnx')


@pytest.fixture
def saved(tmp_path):
    model = L.Linear(3, 2)
    x = np.ones((1, 3), 'f')
    with minigrad.trace(model) as graph:
        F.relu(model(x))
    graph.save(tmp_path / 'a.json')
    return tmp_path / 'a.json'


def change(path, function):
    data = json.loads(path.read_text())
    function(data)
    path.write_text(json.dumps(data))


def test_a_whole_graph(saved):
    graph = Graph.load(saved)
    assert [call.name for call in graph.calls] == ['linear', 'relu']
    assert isinstance(graph.calls[0].path, tuple)
    assert isinstance(next(iter(graph.values.values())).shape, tuple)


@pytest.mark.parametrize(
    ('function', 'match'),
    [
        (lambda d: d.update(format='other'), 'format'),
        (lambda d: d.pop('calls'), 'calls'),
        (lambda d: d.update(calls={}), 'no lists'),
        (lambda d: d.update(title=3), 'title is a int, expected str'),
        (
            lambda d: d['calls'][1].update(flops='6'),
            'call 1: flops is a str, expected int',
        ),
        (lambda d: d['calls'][0].update(forward_time=-1.0), 'forward_time is a float'),
        (lambda d: d['calls'][0].update(path='ab'), 'call 0: path is a str'),
        (lambda d: d['calls'][0].update(more=1), "call 0 has an unknown field 'more'"),
        (lambda d: d['calls'][0].pop('id'), 'id'),
        (lambda d: d['calls'][0]['inputs'].append('v99'), "names the value 'v99'"),
        (lambda d: d['values'][0].update(shape=[1.5]), 'value 0: shape is a list'),
        (lambda d: d['values'].append(d['values'][0]), 'the same id'),
    ],
)
def test_a_damaged_graph(saved, function, match):
    change(saved, function)
    with pytest.raises(
        UnreadableModel, match=rf'a\.json: not a graph.*{match}'
    ) as error:
        Graph.load(saved)
    assert isinstance(error.value, ValueError)


@pytest.mark.parametrize('content', [b'', b'{', b'[]', b'\xff', b'3', b'[' * 100_000])
def test_no_graph(tmp_path, content):
    (tmp_path / 'a.json').write_bytes(content)
    with pytest.raises(UnreadableModel, match=r'a\.json: not a graph'):
        Graph.load(tmp_path / 'a.json')
    with pytest.raises(FileNotFoundError):
        Graph.load(tmp_path / 'none.json')


class TestCommands:
    """One line, status 2."""

    def run(self, capsys, *arguments):
        from minigrad.cli import main

        assert (
            main(
                ['summary', 'minigrad.links:Linear(in_size=3, out_size=2)', *arguments]
            )
            == 2
        )
        out, err = capsys.readouterr()
        assert out == ''
        assert err.startswith('error: ')
        assert err.count('\n') == 1
        return err

    def test_weights(self, capsys, tmp_path):
        path = tmp_path / 'a.npz'
        for content, reason in ((b'', 'not an npz file'), (None, 'No such file')):
            if content is None:
                path.unlink()
            else:
                path.write_bytes(content)
            err = self.run(capsys, '--input', '1,3', '--weights', str(path))
            assert str(path) in err
            assert reason in err

    def test_another_model(self, capsys, tmp_path):
        path = tmp_path / 'a.npz'
        minigrad.serializers.save_npz(path, L.Linear(4, 2))
        assert str(path) in self.run(capsys, '--input', '1,3', '--weights', str(path))
