import gc
import weakref

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
import minigrad.links as L
from minigrad.function_hook import get_function_hooks
from minigrad.graph import Graph, trace, trace_step
from minigrad.kernels import _tables, using_kernels
from minigrad.link_hook import get_link_hooks
from tests.graph.graph_models import Net, Poisoned, Unrolled, data, step


def test_links_shapes_and_wiring():
    graph = step(Net(n_blocks=1))
    assert [call.where for call in graph.calls] == [
        'Net/blocks/0/a: linear',
        'Net/blocks/0: relu',
        'Net/blocks/0/b: linear',
        'Net/blocks/0: add',
        'Net/out: linear',
        'softmax_cross_entropy',
    ]
    a, relu, b, add, out, loss = graph.calls
    assert [(x.id, y.id) for x, y, _ in graph.edges()] == [
        (a.id, relu.id),
        (relu.id, b.id),
        (b.id, add.id),
        (add.id, out.id),
        (out.id, loss.id),
    ]
    x, W, bias = (graph.values[v] for v in a.inputs)
    assert (x.kind, x.shape, x.dtype, x.nbytes) == ('input', (5, 4), 'float32', 80)
    assert (W.kind, W.name, W.shape) == ('parameter', 'blocks/0/a/W', (4, 4))
    assert bias.name == 'blocks/0/a/b'
    assert set(add.inputs) == {x.id, *b.outputs}  # the input, not a copy of it
    assert graph.values[loss.outputs[0]].shape == ()
    assert a.arg_names == ('x', 'W', 'b')
    assert graph.parameters == 2 * 20 + 15


def test_numbers_of_a_linear_layer():
    model = Net(n_blocks=1)
    graph = step(model)
    a, relu, _b, add, out, loss = graph.calls
    assert a.flops == 2 * 5 * 4 * 4 + 5 * 4
    assert relu.flops == 20
    assert out.flops == 2 * 5 * 4 * 3 + 5 * 3
    assert out.backward_flops == 2 * out.flops  # gx and gW
    assert a.backward_flops == a.flops  # the input wants no gradient
    assert a.allocated == 5 * 4 * 4
    assert a.kept == 0  # keeps the input and a parameter
    assert out.kept == 5 * 4 * 4  # keeps what add gave
    assert add.kept == 0
    assert all(call.forward_time > 0 and call.backward_time > 0 for call in graph.calls)
    assert loss.gradient_norm == pytest.approx(1)
    norms = [v.gradient_norm for v in graph.values.values() if v.name == 'out/W']
    assert norms == [pytest.approx(np.linalg.norm(model.out.W.grad), rel=1e-5)]
    assert graph.wall_time > 0


def test_zeros_norms_and_retained_bytes_are_those_of_the_arrays():
    x = minigrad.Variable(np.array([[-1, 2, -3, 4]], 'f'))
    with trace() as graph:
        y = F.relu(x)
        z = F.sum(y * y)
        z.backward()
    relu, mul, _ = graph.calls
    assert relu.zeros == 0.5
    assert relu.gradient_norm == pytest.approx(np.linalg.norm([0, 4, 0, 8]))
    assert mul.gradient_norm == pytest.approx(2)
    assert relu.kept + mul.kept == y.array.nbytes  # y is kept by both, counted once


def test_names_of_inputs():
    x, y = (minigrad.Variable(np.ones((2, 4), 'f'), name=name) for name in 'xy')
    model = Net()
    with trace(model) as graph:
        F.sum(model(x) * F.sum(y)).backward()
    names = [value.name for value in graph.values.values() if value.kind == 'input']
    assert names == ['x', 'y']


def test_kernels_are_named():
    x, W = np.ones((1, 1, 4, 4), 'f'), np.ones((1, 1, 3, 3), 'f')
    W = minigrad.Variable(W)
    with using_kernels('reference'), trace() as graph:
        y = F.convolution_2d(x, W)
        F.sum(y).backward()
    conv, total = graph.calls
    assert conv.kernels[0] == 'reference.conv_2d'
    assert 'reference.conv_2d_grad_w' in conv.backward_kernels
    assert total.kernels == ('numpy',)
    assert conv.arguments == {'ksize': '3', 'stride': '1', 'pad': '0'}


def test_without_a_graph_the_wiring_is_known_too():
    model = Net()
    with minigrad.no_backprop_mode(), trace(model) as graph:
        model(data()[0])
    assert len(graph.edges()) == len(graph.calls) - 1 + 1  # a skip, one into add
    assert graph.total('kept') == 0
    assert graph.calls[0].backward_time is None


def test_an_input_returned_as_it_came_is_told_apart():
    x = minigrad.Variable(np.ones(3, 'f'))
    with trace() as graph:
        y = F.identity(x)
        F.exp(x)
        F.exp(y)
    _, on_x, on_y = graph.calls
    assert on_x.inputs != on_y.inputs
    assert [(a.name, b.id) for a, b, _ in graph.edges()] == [('identity', on_y.id)]


def test_scalar_results_keep_their_identity():
    x = minigrad.Variable(np.array(2.0))
    with trace() as graph:
        y = (x * x) * x
    assert isinstance(y.array, np.ndarray)
    assert len(graph.edges()) == 1


def test_functions_inside_functions_belong_to_them():
    x = minigrad.Variable(np.ones(3, 'f'))
    with trace() as graph:
        y = F.forget(lambda x: F.exp(F.exp(x)), x)
    (call,) = graph.calls
    assert call.name == 'forget'
    assert [name for name, _ in call.inner] == ['exp', 'exp']
    assert y.shape == (3,)


def test_differentiable_backward_is_part_of_the_graph():
    x = minigrad.Variable(np.array([2.0]))
    with trace() as graph:
        y = F.exp(x)
        (gx,) = minigrad.grad([y], [x], enable_double_backprop=True)
        F.sum(gx * gx).backward()
    phases = {call.phase for call in graph.calls}
    assert phases == {'forward', 'backward'}


def test_off_again_nothing_is_left():
    before = _tables.by_type
    x = minigrad.Variable(np.ones(3, 'f'))
    with trace():
        y = F.exp(x)
    assert not get_function_hooks()
    assert not get_link_hooks()
    assert _tables.by_type is before
    assert 'forward' not in vars(y.creator)
    F.sum(y).backward()
    assert 'backward' not in vars(y.creator)


def test_off_again_after_an_exception():
    before = _tables.by_type

    def run():
        F.exp(np.ones(3, 'f'))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), trace():
        run()
    assert not get_function_hooks()
    assert _tables.by_type is before


def test_a_function_that_raises_and_is_caught():
    class Fails(minigrad.FunctionNode):
        def forward(self, inputs):
            raise RuntimeError('no')

    class Outer(minigrad.Link):
        def forward(self, x):
            return Fails().apply((x,))

    class Model(minigrad.Chain):
        def __init__(self):
            super().__init__()
            with self.init_scope():
                self.outer, self.ok = Outer(), L.Linear(3, 3)

        def forward(self, x):
            try:
                self.outer(x)
            except RuntimeError:
                return self.ok(x)

    model = Model()
    with trace(model) as graph:
        model(np.ones((1, 3), 'f'))
        F.exp(np.ones(3, 'f'))
    assert [call.where for call in graph.calls][-2:] == ['Model/ok: linear', 'exp']


def test_traces_do_not_nest():
    with trace(), pytest.raises(RuntimeError, match='do not nest'), trace():
        pass
    with trace() as graph:
        F.exp(np.ones(3, 'f'))
    assert len(graph.calls) == 1


def test_arrays_and_functions_are_not_kept_alive():
    x = np.ones(3, 'f')
    ref = weakref.ref(x)
    with trace() as graph:
        y = F.exp(x)
        function = weakref.ref(y.creator)
        del y
        gc.collect()
        assert function() is None
    del x
    gc.collect()
    assert ref() is None
    assert len(graph.calls) == 1


def test_results_are_the_same_as_without():
    x, t = data()
    grads = []
    for traced in (False, True):
        np.random.seed(0)
        model = Net()
        if traced:
            with trace(model):
                F.softmax_cross_entropy(model(x), t).backward()
        else:
            F.softmax_cross_entropy(model(x), t).backward()
        grads.append([p.grad for p in model.params()])
    for a, b in zip(*grads, strict=True):
        np.testing.assert_array_equal(a, b)


def test_nan_is_traced_to_its_function_and_link():
    graph = step(Poisoned())
    trouble = graph.first_nan
    assert trouble.call.where == 'Poisoned/rotten: log'
    assert (trouble.kind, trouble.phase, trouble.count) == ('NaN', 'forward', 20)
    assert trouble.source is None
    assert str(trouble) == 'first NaN: Poisoned/rotten: log, forward, gave 20 NaN'
    assert str(trouble) in str(graph)
    dot = graph.to_dot()
    assert dot.count('NaN starts here') == 1
    line = next(line for line in dot.splitlines() if 'NaN starts here' in line)
    assert line.startswith(trouble.call.id + ' ')
    assert '"log\\n' in line


def test_nan_that_came_in_with_a_parameter_or_the_input():
    model = Net()
    model.out.W.array[0, 0] = np.nan
    trouble = step(model).first_nan
    assert trouble.source.name == 'out/W'
    assert str(trouble) == (
        'first NaN: came in with parameter out/W, taken by Net/out: linear'
    )
    x = np.full((1, 4), np.nan, 'f')
    with trace() as graph:
        F.exp(x)
    assert graph.first_nan.source.kind == 'input'
    assert 'holds NaN' in graph.to_dot()


def test_nan_of_backward():
    x = minigrad.Variable(np.zeros(3, 'f'))
    with trace() as graph, np.errstate(all='ignore'):
        y = F.sum(F.sqrt(x) * 0)
        y.backward()
    trouble = graph.first_nan
    assert (trouble.phase, trouble.call.name) == ('backward', 'sqrt')
    assert graph.first_inf is None


def test_infinity_is_named_as_what_came_before():
    x = minigrad.Variable(np.full(3, 1000, 'f'))
    with trace() as graph, np.errstate(all='ignore'):
        y = F.exp(x)
        y - y
    assert graph.first_inf.call.name == 'exp'
    assert graph.first_nan.after.name == 'exp'
    assert 'infinity came up before in exp' in str(graph.first_nan)


def test_critical_path_is_the_longest_branch():
    graph = step(Net(n_blocks=1))
    for call in graph.calls:
        call.forward_time, call.backward_time = 1.0, None
    assert [call.id for call in graph.critical_path] == [c.id for c in graph.calls]
    x = minigrad.Variable(np.ones(3, 'f'))
    with trace() as graph:
        slow, fast = F.exp(x), F.tanh(x)
        slow + fast
    for call, seconds in zip(graph.calls, (3, 1, 1), strict=True):
        call.forward_time = seconds
    assert [call.name for call in graph.critical_path] == ['exp', 'add']


def test_norms_of_what_is_too_large_to_square():
    x = minigrad.Variable(np.full(4, 1, 'f'))
    with trace() as graph:
        y = x * 1
        y.grad = np.full(4, 1e30, 'f')
        y.backward()
    assert graph.calls[0].gradient_norm == pytest.approx(2e30)


def test_memory():
    x = np.ones((100, 100))
    with trace(memory=True) as graph:
        F.exp(x)
    assert 80_000 <= graph.calls[0].peak < 250_000


def test_saved_and_loaded(tmp_path):
    graph = step(Net())
    graph.save(tmp_path / 'x.json')
    loaded = Graph.load(tmp_path / 'x.json')
    assert loaded.to_dict() == graph.to_dict()
    assert loaded.to_dot() == graph.to_dot()
    assert loaded.calls == graph.calls
    (tmp_path / 'y.json').write_text('{}')
    with pytest.raises(ValueError, match='not a graph'):
        Graph.load(tmp_path / 'y.json')


def test_an_unrolled_link_is_one_node():
    graph = step_unrolled(20)
    text = str(graph)
    assert '20 functions, 20 calls' in text
    assert len(graph.calls) == 41
    assert graph.to_dot(fold=None).count('linear') >= 20
    assert 'linear' not in graph.to_dot().replace('Unrolled', '')


def step_unrolled(steps):
    model = Unrolled(steps)
    with trace(model) as graph:
        F.sum(model(data()[0])).backward()
    return graph


class TestTraceStep:
    def test_times_are_medians_after_a_first_step(self):
        model = Net()
        x, t = data()
        calls = []

        def one():
            calls.append(len(calls))
            loss = F.softmax_cross_entropy(model(x), t)
            model.cleargrads()
            loss.backward()

        graph = trace_step(one, model, 3)
        assert calls == [0, 1, 2, 3]
        assert graph.n_steps == 3
        assert [call.name for call in graph.calls] == [
            call.name for call in step(model).calls
        ]
        assert all(call.forward_time > 0 for call in graph.calls)
        assert 'medians of 3 steps' in graph.to_dot()
        assert 'medians of 3 steps' in str(graph)

    def test_the_number_of_steps_is_saved(self, tmp_path):
        graph = trace_step(lambda: Net()(data()[0]), repeat=2)
        graph.save(tmp_path / 'graph.json')
        assert Graph.load(tmp_path / 'graph.json').n_steps == 2

    def test_steps_that_differ_are_not_mixed(self):
        sizes = iter([1, 2, 3, 4])
        x = np.ones(3, 'f')

        def grows():
            for _ in range(next(sizes)):
                F.relu(x)

        graph = trace_step(grows, repeat=3)
        assert (len(graph.calls), graph.n_steps) == (4, 1)

    def test_refused(self):
        with pytest.raises(ValueError, match='repeat >= 1, got 0'):
            trace_step(print, repeat=0)
