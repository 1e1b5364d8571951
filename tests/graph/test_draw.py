import re

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
import minigrad.links as L
from minigrad.graph import trace
from minigrad.graph.fold import LARGE, view
from minigrad.graph.metrics import METRICS, PALETTE, Scale, contrast, ink, seconds
from tests.graph.graph_models import Net, data, step


def test_boxes_nest_as_links_do():
    dot = step(Net(n_blocks=1)).to_dot()
    depth, where = [], {}
    for line in dot.splitlines()[1:-1]:
        if line.startswith('subgraph'):
            depth.append(re.search('"(.*)"', line)[1])
        elif line == '}':
            depth.pop()
        elif match := re.match(r'(f\d+) \[label="(\w+)', line):
            where[match[1]] = (match[2], depth[-1] if depth else None)
    assert not depth
    assert list(where.values()) == [
        ('linear', 'cluster_Net/blocks/0/a'),
        ('relu', 'cluster_Net/blocks/0'),
        ('linear', 'cluster_Net/blocks/0/b'),
        ('add', 'cluster_Net/blocks/0'),
        ('linear', 'cluster_Net/out'),
        ('softmax_cross_entropy', None),
    ]


def test_the_same_graph_gives_the_same_text():
    first, second = step(Net()), step(Net())
    for a, b in zip(first.calls, second.calls, strict=True):
        b.forward_time, b.backward_time = a.forward_time, a.backward_time
        b.gradient_norm, b.zeros = a.gradient_norm, a.zeros
    assert first.to_dot(metric='flops') == second.to_dot(metric='flops')


@pytest.mark.parametrize('metric', [m for m in METRICS if m != 'peak'])
def test_every_metric_colours_and_has_a_legend(metric):
    graph = step(Net())
    dot = graph.to_dot(metric=metric)
    assert METRICS[metric].title in dot
    used = set(re.findall('fillcolor="(#......)"', dot)) & set(PALETTE)
    assert PALETTE[-1] in used or metric == 'zeros'


def test_the_critical_path_is_thick():
    graph = step(Net())
    dot = graph.to_dot()
    assert 'critical path' in dot
    assert dot.count('penwidth="2.2"') == 2 * len(graph.critical_path) - 1


def test_text_reads_on_every_colour():
    for colour in PALETTE:
        assert contrast(ink(colour), colour) >= 4.5


def test_scales():
    scale = Scale(METRICS['time'], [None, 0.0, 1.0, 7.0])
    assert scale.colour(None) == '#ffffff'
    assert scale.colour(0.0) == PALETTE[0]
    assert scale.colour(7.0) == PALETTE[-1]
    assert scale.colour(float('nan')) == PALETTE[-1]
    norms = Scale(METRICS['gradient_norm'], [1e-8, 1e-4, 1.0, 0.0])
    assert norms.colour(1e-4) == PALETTE[3]
    assert Scale(METRICS['time'], []).colour(1.0) == '#ffffff'
    assert Scale(METRICS['gradient_norm'], [2.0]).colour(2.0) == PALETTE[0]


def test_units():
    assert [seconds(v) for v in (2.5, 1.234e-3, 5e-6, 3e-8)] == [
        '2.5 s',
        '1.23 ms',
        '5 µs',
        '30 ns',
    ]
    assert METRICS['kept'].write(999) == '999 B'
    assert METRICS['kept'].write(999_700) == '1 MB'
    assert METRICS['flops'].write(28.9e6) == '28.9 MFLOP'


def test_links_that_do_the_same_are_shown_once():
    graph = step(Net(n_blocks=5))
    titles = [node.title for node in view(graph).nodes]
    first = ['linear', 'relu', 'linear', 'add']
    assert titles == [*first, '1', '2', '3', '4', 'linear', 'softmax_cross_entropy']
    few = step(Net(n_blocks=3))
    assert len(view(few).nodes) == len(few.calls)


def test_large_graphs_show_links():
    loss = 'softmax_cross_entropy'
    graph = step(Net(n_blocks=400))
    assert len(graph.calls) > LARGE
    shown = view(graph)
    assert len(shown.nodes) <= LARGE
    assert len(view(graph, None).nodes) == len(graph.calls)
    # the innermost links alone leave 4 nodes per block, and the blocks 400: all fold
    assert [node.title for node in shown.nodes] == ['blocks', 'out', loss]
    assert sum(len(node.calls) for node in shown.nodes) == len(graph.calls)


def test_large_graphs_without_links_show_runs():
    x = minigrad.Variable(np.ones(1, 'f'))
    with trace() as graph:
        for _ in range(1000):
            x = F.tanh(F.exp(x) * 0)
    shown = view(graph)
    assert len(shown.nodes) <= LARGE
    assert shown.nodes[0].title == 'exp, mul, tanh'
    assert len(shown.edges) == len(shown.nodes) - 1
    assert sum(len(node.calls) for node in shown.nodes) == 3000


def test_fold_by_hand():
    graph = step(Net())
    assert [n.title for n in view(graph, 1).nodes] == ['Net', 'softmax_cross_entropy']
    assert [n.title for n in view(graph, 2).nodes][:2] == ['blocks', 'out']
    assert [n.title for n in view(graph, 'links').nodes][:3] == ['a', 'relu', 'b']
    with pytest.raises(ValueError, match="expected 'auto'"):
        view(graph, 'everything')


def test_unknown_arguments():
    graph = step(Net())
    with pytest.raises(ValueError, match='choose one of time, forward_time'):
        graph.to_dot(metric='speed')
    with pytest.raises(ValueError, match='rankdir'):
        graph.to_dot(rankdir='up')


def test_an_empty_graph_can_be_drawn(engine, tmp_path):
    with trace() as graph:
        pass
    assert '<svg' in graph.render(tmp_path / 'x.svg').read_text()
    assert '0 functions' in str(graph)


def test_drawn_by_the_engine(engine, tmp_path):
    class 層(minigrad.Chain):
        def __init__(self):
            super().__init__()
            with self.init_scope():
                self.add_link('畳み込み<&>"', L.Linear(4, 3))

        def forward(self, x):
            return self['畳み込み<&>"'](x)

    model = 層()
    with trace(model, title='数字 <認識> & "more"') as graph:
        model(minigrad.Variable(data()[0], name='入力画像'))
    svg = graph.render(tmp_path / 'x.svg').read_text()
    assert '数字 &lt;認識&gt; &amp;' in svg
    assert '畳み込み&lt;&amp;&gt;' in svg
    assert svg.count('class="node"') == 2
    assert svg.count('class="cluster"') == 2
    png = graph.render(tmp_path / 'x.png').read_bytes()
    assert png.startswith(b'\x89PNG')
    assert '<svg' in graph._repr_mimebundle_()['image/svg+xml']
