import numpy as np
import pytest

import minigrad
import minigrad.functions as F
import minigrad.links as L
from minigrad.graph import trace
from tests.graph.graph_models import step


class Small(minigrad.Chain):
    def __init__(self, width=4, extra=False, activation=F.relu):
        super().__init__()
        self.activation = activation
        with self.init_scope():
            self.a = L.Linear(4, width)
            if extra:
                self.extra = L.Linear(width, width)
            self.b = L.Linear(width, 3)

    def forward(self, x):
        h = self.activation(self.a(x))
        if hasattr(self, 'extra'):
            h = F.relu(self.extra(h))
        return self.b(h)


class Other(Small):
    pass


def kinds(diff):
    return [(c.kind, c.where) for c in diff.changes if c.kind != 'same']


def still(graph):
    """Gives every function the same time, so that noise changes nothing."""
    for call in graph.calls:
        call.forward_time, call.backward_time = 1e-3, 1e-3
    return graph


def test_the_same_model_twice():
    diff = still(step(Small())).diff(still(step(Small())))
    assert not diff
    assert str(diff) == 'no difference'
    assert not diff.added
    assert not diff.removed


def test_a_layer_was_added_or_removed():
    small, large = still(step(Small())), still(step(Small(extra=True)))
    diff = small.diff(large)
    assert kinds(diff) == [
        ('added', 'Small/extra: linear'),
        ('added', 'Small: relu'),
    ]
    back = large.diff(small)
    assert [call.where for call in back.removed] == [
        'Small/extra: linear',
        'Small: relu',
    ]
    assert '- Small/extra: linear' in str(back)
    assert 'total operations, forward: ' in str(back)
    # the picture keeps what is gone, wired as it was
    wired = [(a.where, b.where) for a, b, _ in back.merged.edges()]
    assert ('Small/extra: linear', 'Small: relu') in wired
    assert ('Small: relu', 'Small/extra: linear') in wired
    assert ('Small: relu', 'Small/b: linear') in wired
    assert len({call.id for call in back.merged.calls}) == len(large.calls)


def test_another_width_changes_shapes_and_costs():
    diff = still(step(Small(4))).diff(still(step(Small(6))))
    assert [c.where for c in diff.changed] == [
        'Small/a: linear',
        'Small: relu',
        'Small/b: linear',
    ]
    notes = diff.changed[0].notes
    assert 'W 4×4 → 6×4' in notes  # noqa: RUF001
    assert '180 FLOP → 270 FLOP' in notes


def test_another_function_is_one_removed_and_one_added():
    diff = still(step(Small())).diff(still(step(Small(activation=F.tanh))))
    assert ('removed', 'Small: relu') in kinds(diff)
    assert ('added', 'Small: tanh') in kinds(diff)
    assert [c.notes for c in diff.changed if c.where == 'Small/b: linear'] == []


def test_models_of_different_classes_are_matched_by_their_parts():
    diff = still(step(Small())).diff(still(step(Other(extra=True))))
    assert kinds(diff) == [('added', 'Other/extra: linear'), ('added', 'Other: relu')]
    assert diff.merged.title == 'Small → Other'
    assert {call.path[0] for call in diff.merged.calls if call.path} == {'Other'}


def test_times_count_when_they_matter():
    before, after = still(step(Small())), still(step(Small()))
    after.calls[0].forward_time = 4e-3
    after.calls[1].forward_time = 1.2e-3
    diff = before.diff(after)
    assert [(c.where, c.notes) for c in diff.changed] == [
        ('Small/a: linear', ['2 ms → 5 ms'])
    ]
    assert not before.diff(after, slower=float('inf'))
    assert len(before.diff(after, slower=1.05, least=0.1).changed) == 1
    assert len(before.diff(after, slower=1.05).changed) == 2


def test_arguments_kernels_and_nan():
    def run(ksize, bad):
        x = np.ones((1, 1, 6, 6), 'f')
        if bad:
            x[:] = np.nan
        with trace() as graph:
            F.max_pooling_2d(x, ksize, stride=2)
        return still(graph)

    (change,) = run(2, False).diff(run(3, True)).changed
    assert 'ksize 2 → 3' in change.notes
    assert 'NaN came' in change.notes


def test_long_graphs_are_matched_too():
    def run(n):
        x = minigrad.Variable(np.ones(1, 'f'))
        with trace(statistics=False) as graph:
            for _ in range(n):
                x = x + 1
        return still(graph)

    diff = run(1200).diff(run(1210))
    assert len(diff.added) == 10
    assert not diff.removed


def test_drawn(tmp_path, engine):
    diff = still(step(Small(extra=True))).diff(still(step(Small(6))))
    dot = diff.to_dot()
    assert dot.count('fillcolor="#ffcecb"') == 2
    assert '2 removed' in dot
    assert '3 changed' in dot
    assert 'dashed' in dot
    diff.render(tmp_path / 'diff.svg')
    html = diff.render(tmp_path / 'diff.html').read_text()
    assert '"metric":"difference"' in html
    assert '"mark":"removed"' in html
    assert '<svg' in diff._repr_mimebundle_()['image/svg+xml']
    with pytest.raises(ValueError, match='fold'):
        diff.to_dot(fold='no')
