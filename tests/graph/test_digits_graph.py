import numpy as np

from minigrad.graph import engines
from models.digits import draw_graph
from models.lenet import LeNet


def files_of(tmp_path):
    x = np.zeros((6, 1, 28, 28), 'f')
    model = LeNet()
    files = draw_graph(model, (x, np.zeros(6, 'i')), 4, tmp_path)
    assert all(param.grad is None for param in model.params())
    return [path.name for path in files]


def test_the_main_job_leaves_its_graph(tmp_path, engine):
    assert files_of(tmp_path) == ['graph.html', 'graph.svg']
    svg = (tmp_path / 'graph.svg').read_text()
    assert '<title>cluster_LeNet/conv1</title>' in svg
    assert '>convolution_2d</text>' in svg


def test_without_an_engine_it_says_what_is_missing(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(engines, '_engines', lambda: iter(()))
    assert files_of(tmp_path) == ['graph.html']
    out = capsys.readouterr().out
    assert out.startswith('no graph.svg: no Graphviz engine is installed')
    assert 'pip install graphviz graphviz-pure' in out
