import re

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
import minigrad.links as L
from minigrad.graph import trace
from minigrad.graph.fold import LARGE, OPEN, view
from minigrad.graph.metrics import METRICS, PALETTE, Scale, contrast, ink, seconds
from tests.graph.graph_models import Fork, Net, data, step


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
    graph = step(Fork())
    dot = graph.to_dot()
    assert 'critical path' in dot
    assert dot.count('penwidth="2.2"') == 2 * len(graph.critical_path) - 1
    assert 'critical path' in graph.table()


def test_the_only_path_is_not_marked():
    graph = step(Net())
    assert len(graph.critical_path) == len(graph.calls)
    assert graph.marked_path == []
    assert 'critical path' not in graph.to_dot() + graph.table()
    assert 'penwidth="2.2"' not in graph.to_dot()
    # a fork that is folded: there is one box, and no other way
    assert 'critical path' not in step(Fork()).to_dot(fold=1)


def test_inputs_have_the_names_of_arguments():
    dot = step(Net()).to_dot()
    assert re.search(r'label="x\\n5', dot)
    assert 'label="input' not in dot


def test_one_outlier_does_not_turn_all_else_pale():
    scale = Scale(METRICS['time'], [1.0, 2.0, 3.0, 100.0])
    assert (scale.high, scale.most) == (9.0, '9 s and more')
    assert scale.colour(100.0) == PALETTE[-1]
    assert scale.colour(3.0) == PALETTE[2]
    scale = Scale(METRICS['time'], [1.0, 2.0, 3.0, 5.0])
    assert (scale.high, scale.most) == (5.0, '5 s')


def test_times_measured_once_say_so():
    graph = step(Net())
    assert 'times: measured once' in graph.to_dot()
    assert 'times: measured once' in str(graph)
    assert 'measured' not in graph.to_dot(metric='flops')


@pytest.mark.slow
def test_resnet50_opens_with_no_more_than_40_boxes():
    model = L.ResNet50Layers(pretrained_model=None)
    x = np.zeros((1, 3, 224, 224), 'f')
    with (
        minigrad.using_config('train', False),
        minigrad.no_backprop_mode(),
        trace(model, statistics=False) as graph,
    ):
        model(x)
    shown = view(graph)
    assert len(graph.calls) > 150
    assert 20 < len(shown.nodes) <= OPEN
    titles = {node.title for node in shown.nodes if node.path[-1:] == ('res3',)}
    assert titles == {'a', 'b1', 'b2', 'b3'}


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
