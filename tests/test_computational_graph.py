import os
import subprocess
import sys

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
from minigrad.computational_graph import ComputationalGraph, build_computational_graph


class Split(minigrad.FunctionNode):
    def forward(self, inputs):
        return inputs[0].copy(), inputs[0].copy()


def variable(name=None):
    return minigrad.Variable(np.zeros((1, 2), 'f'), name=name)


def size(outputs):
    graph = build_computational_graph(outputs)
    return len(graph.nodes), len(graph.edges)


def test_chain():
    x = variable()
    y = F.relu(x)
    z = F.relu(y)
    assert size([x]) == (1, 0)
    assert size(y) == (3, 2)
    assert size((z,)) == (5, 4)
    assert size([x, z]) == size([y, z]) == size([x, y, z]) == (5, 4)


def test_branches_and_several_outputs():
    x = variable()
    assert size([F.relu(x), F.tanh(x)]) == (5, 4)
    a, b = Split().apply((x,))
    assert size([a]) == (3, 2)
    assert size([a, b]) == (4, 3)


def test_nodes_and_edges_are_the_objects_of_the_graph():
    a, b = variable(), variable()
    y = a + b
    f = y.creator
    graph = build_computational_graph([y])
    assert graph.nodes == [a.node, b.node, f, y.node]
    assert set(graph.edges) == {(a.node, f), (b.node, f), (f, y.node)}


def test_an_input_used_twice_is_one_edge():
    x = variable()
    y = x * x
    assert size(y) == (3, 2)
    assert build_computational_graph(y).dump().count('->') == 2


def test_starts_from_nodes_too():
    y = F.relu(variable())
    assert size(y.node) == size([y]) == (3, 2)
    assert size(y.creator_node) == (2, 1)


def test_stops_where_unchained():
    y = F.relu(variable())
    y.unchain()
    assert size(F.relu(y)) == (3, 2)


def test_dump():
    x = variable('x')
    text = build_computational_graph(F.relu(x), rankdir='LR').dump()
    grey = 'shape="octagon",fillcolor="#E0E0E0",style="filled"'
    blue = 'shape="record",fillcolor="#6495ED",style="filled"'
    assert text.splitlines() == [
        'digraph graphname{rankdir=LR;',
        f'v0 [label="x: (1, 2), float32",{grey}];',
        f'f0 [label="ReLU",{blue}];',
        f'v1 [label="(1, 2), float32",{grey}];',
        'v0 -> f0;',
        'f0 -> v1;',
        '}',
    ]


def test_styles():
    y = F.relu(variable())
    style = {'label': 'mine', 'color': 'red'}
    text = build_computational_graph(y, variable_style=style).dump()
    assert 'v0 [label="mine",shape="oval",color="red"];' in text
    text = build_computational_graph(y, variable_style=None, function_style=None).dump()
    assert 'f0 [label="ReLU",shape="box"];' in text
    assert 'v1 [label="(1, 2), float32",shape="oval"];' in text


def test_show_name():
    y = F.relu(variable('x'))
    assert 'label="x: ' in build_computational_graph(y).dump()
    assert 'label="x: ' not in build_computational_graph(y, show_name=False).dump()


def test_remove_variable_joins_every_consumer():
    h = F.relu(variable())
    y = F.tanh(h) + F.exp(h)
    graph = build_computational_graph(y, remove_variable=True)
    text = graph.dump()
    assert 'octagon' not in text
    labels = {
        line.split()[0]: line.split('"')[1]
        for line in text.splitlines()
        if 'label' in line
    }
    edges = {
        tuple(labels[end] for end in line.rstrip(';').split(' -> '))
        for line in text.splitlines()
        if '->' in line
    }
    assert edges == {
        ('ReLU', 'Tanh'),
        ('ReLU', 'exp'),
        ('Tanh', '_ + _'),
        ('exp', '_ + _'),
    }
    assert graph.dump() == text  # dumping changes nothing


def test_labels_are_escaped():
    x = variable('a"b\\c\n|{}<>')
    text = build_computational_graph(abs(x)).dump()
    assert 'label="a\\"b\\\\c\\n|{}<>: (1, 2), float32"' in text
    assert r'label="\|_\|",shape="record"' in text


def test_refusals():
    y = F.relu(variable())
    with pytest.raises(ValueError, match='rankdir'):
        build_computational_graph(y, rankdir='TL')
    with pytest.raises(ValueError, match='remove_split'):
        build_computational_graph(y, remove_split=False)
    with pytest.raises(TypeError, match='got ndarray'):
        build_computational_graph([np.zeros(3)])
    with pytest.raises(NotImplementedError, match='dot'):
        build_computational_graph(y).dump('svg')


def long_graph(n=5000):
    rng = np.random.default_rng(0)
    values = [variable('x')]
    while len(values) <= n:
        i, j = rng.integers(max(0, len(values) - 20), len(values), 2)
        values.append(values[i] + values[j])
    return values


def calls(function):
    """Counts the calls that a function makes: a clock that load does not change."""
    count = 0

    def profile(frame, event, argument):
        nonlocal count
        count += event in ('call', 'c_call')

    sys.setprofile(profile)
    try:
        function()
    finally:
        sys.setprofile(None)
    return count


def test_the_work_grows_with_the_number_of_functions():
    def work(n):
        outputs = long_graph(n)
        return calls(lambda: build_computational_graph(outputs).dump())

    assert work(2000) < 2.5 * work(1000)
    graph = build_computational_graph(long_graph())
    assert len(graph.nodes) == 10_001
    assert graph.dump().count('->') == len(graph.edges)


def test_wide_fan_in_and_removed_variables_stay_linear():
    def work(n):
        x = variable()
        y = F.concat([F.relu(x) for _ in range(n)], axis=0)
        graph = build_computational_graph(y, remove_variable=True)
        assert graph.dump().count('->') == n
        return calls(graph.dump)

    assert work(2000) < 2.5 * work(1000)


def test_byte_equal_in_two_processes():
    code = (
        'import sys; sys.path.insert(0, sys.argv[1])\n'
        'from test_computational_graph import *\n'
        'graph = build_computational_graph(long_graph()[-1])\n'
        'sys.stdout.write(graph.dump())'
    )
    texts = [
        subprocess.run(
            [sys.executable, '-c', code, os.path.dirname(__file__)],
            env={**os.environ, 'PYTHONHASHSEED': seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ('1', '2')
    ]
    assert texts[0] == texts[1]
    assert texts[0].startswith(b'digraph graphname{')


def test_render(tmp_path, monkeypatch):
    from minigrad.graph import engines

    graph = build_computational_graph(F.relu(variable('入力')))
    assert graph.render(tmp_path / 'x.dot').read_text() == graph.dump()
    if engines.engine_name() is None:
        pytest.skip('no Graphviz engine installed: pip install graphviz-pure')
    assert '入力' in graph.render(tmp_path / 'x.svg').read_text()
    assert graph.render(tmp_path / 'x.png').read_bytes().startswith(b'\x89PNG')
    assert '<svg' in graph._repr_mimebundle_()['image/svg+xml']
    with pytest.raises(ValueError, match=r'choose \.svg'):
        graph.render(tmp_path / 'x.gif')
    monkeypatch.setattr(engines, '_engines', lambda: iter(()))
    bundle = graph._repr_mimebundle_()
    assert list(bundle) == ['text/plain']
    assert 'digraph' in bundle['text/plain']
    assert 'pip install' in bundle['text/plain']


def test_page(tmp_path):
    x = variable('入力')
    graph = build_computational_graph(F.relu(x) + x)
    html = graph.render(tmp_path / 'x.html').read_text()
    assert '入力' in html
    recording = graph._record()
    assert [call.name for call in recording.calls] == ['relu', 'add']
    assert [(a.name, b.name) for a, b, _ in recording.edges()] == [('relu', 'add')]
    assert [v.kind for v in recording.values.values()] == ['input', 'output', 'output']


def test_the_class_takes_nodes_and_edges_as_chainers_does():
    x = variable()
    y = F.relu(x)
    graph = ComputationalGraph(
        [x.node, y.creator_node, y.node],
        [(x.node, y.creator_node), (y.creator_node, y.node)],
        None,
        None,
        'BT',
    )
    assert graph.dump().startswith('digraph graphname{rankdir=BT;')
    assert graph.dump().count('->') == 2
