"""Recurrent links: against loops in NumPy, states, files, copies, training."""

import pickle

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
import minigrad.links as L
from minigrad.gradient_check import check_backward, check_double_backward

N, N_IN, N_UNITS = 3, 3, 2
LENGTHS = (2, 4, 1)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def normal(seed, *shape):
    return np.random.RandomState(seed).normal(size=shape)


XS = [normal(t, N, N_IN) for t in range(3)]
H, C = normal(10, N, N_UNITS), normal(11, N, N_UNITS)
H2, C2 = normal(12, N, N_UNITS), normal(13, N, N_UNITS)
SEQUENCES = [normal(20 + n, n, N_IN) for n in LENGTHS]
SEQUENCE_STATES = {k: [normal(30 + i, k, N, N_UNITS) for i in (0, 1)] for k in (2, 4)}


# Oracles: from the parameters by path, and the inputs, to the list of outputs. ----------


def affine(p, name, x):
    return x @ p[f'/{name}/W'].T + p.get(f'/{name}/b', 0)


def four(gates):
    return gates[:, 0::4], gates[:, 1::4], gates[:, 2::4], gates[:, 3::4]


def lstm_step(p, c, h, x):
    a, i, f, o = four(affine(p, 'upward', x) + affine(p, 'lateral', h))
    c = np.tanh(a) * sigmoid(i) + sigmoid(f) * c
    return c, sigmoid(o) * np.tanh(c)


def lstm(p, *xs):
    c = h = np.zeros((N, N_UNITS))
    ys = []
    for x in xs:
        c, h = lstm_step(p, c, h, x)
        ys.append(h)
    return ys


def peephole(p, *xs):
    c = h = np.zeros((N, N_UNITS))
    ys = []
    for x in xs:
        a, i, f, o = four(affine(p, 'upward', x) + affine(p, 'lateral', h))
        i, f = i + affine(p, 'peep_i', c), f + affine(p, 'peep_f', c)
        c = np.tanh(a) * sigmoid(i) + sigmoid(f) * c
        h = sigmoid(o + affine(p, 'peep_o', c)) * np.tanh(c)
        ys.append(h)
    return ys


def zoneout(p, *xs):
    c = h = np.zeros((N, N_UNITS))
    ys = []
    for x in xs:
        c_new, h_new = lstm_step(p, c, h, x)
        c = np.where(np.random.rand(N, N_UNITS) < 0.3, c, c_new)
        h = np.where(np.random.rand(N, N_UNITS) < 0.6, h, h_new)
        ys.append(h)
    return ys


def gru_step(p, h, x):
    r = sigmoid(affine(p, 'W_r', x) + affine(p, 'U_r', h))
    z = sigmoid(affine(p, 'W_z', x) + affine(p, 'U_z', h))
    new = np.tanh(affine(p, 'W', x) + affine(p, 'U', r * h))
    return (1 - z) * h + z * new


def stateful_gru(p, x, *xs):
    ys = [sigmoid(affine(p, 'W_z', x)) * np.tanh(affine(p, 'W', x))]
    for x in xs:
        ys.append(gru_step(p, ys[-1], x))
    return ys


def mgu_step(p, h, x):
    f = sigmoid(affine(p, 'W_f', np.hstack([h, x])))
    new = np.tanh(affine(p, 'W_h', np.hstack([f * h, x])))
    return f * new + (1 - f) * h


def stateful_mgu(p, *xs):
    h, ys = np.zeros((N, N_UNITS)), []
    for x in xs:
        h = mgu_step(p, h, x)
        ys.append(h)
    return ys


def child_sum(p, *cshsx):
    n = len(cshsx) // 2
    cs, hs, x = cshsx[:n], cshsx[n:-1], cshsx[-1]
    of_x = affine(p, 'W_x', x)
    aio = of_x[:, : 3 * N_UNITS]
    aio = aio + sum([affine(p, 'W_h_aio', h) for h in hs])
    a, i, o = np.split(aio, 3, axis=1)
    c = np.tanh(a) * sigmoid(i)
    for c_child, h in zip(cs, hs, strict=True):
        f = sigmoid(of_x[:, 3 * N_UNITS :] + affine(p, 'W_h_f', h))
        c = c + f * c_child
    return [c, sigmoid(o) * np.tanh(c)]


def n_ary(p, *cshsx):
    n = len(cshsx) // 2
    cs, hs, x = cshsx[:n], cshsx[n:-1], cshsx[-1]
    gates = affine(p, 'W_x', x)
    for k, h in enumerate(hs, 1):
        gates = gates + affine(p, f'W_h{k}', h)
    a, i, o, *fs = np.split(gates, 3 + n, axis=1)
    c = np.tanh(a) * sigmoid(i)
    for f, c_child in zip(fs, cs, strict=True):
        c = c + sigmoid(f) * c_child
    return [c, sigmoid(o) * np.tanh(c)]


def n_step_lstm(s, h, c, w, b):
    gates = [w[k] @ s + b[k] + w[k + 4] @ h + b[k + 4] for k in range(4)]
    c = sigmoid(gates[1]) * c + sigmoid(gates[0]) * np.tanh(gates[2])
    return sigmoid(gates[3]) * np.tanh(c), c


def n_step_gru(s, h, c, w, b):
    r, z = [sigmoid(w[k] @ s + b[k] + w[k + 3] @ h + b[k + 3]) for k in (0, 1)]
    new = np.tanh(w[2] @ s + b[2] + r * (w[5] @ h + b[5]))
    return (1 - z) * new + z * h, c


def n_step_tanh(s, h, c, w, b):
    return np.tanh(w[0] @ s + b[0] + w[1] @ h + b[1]), c


def n_step_relu(s, h, c, w, b):
    return np.maximum(w[0] @ s + b[0] + w[1] @ h + b[1], 0), c


def n_step(step, n_weights, directions, n_states):
    """Each sequence by itself, in the order in which it was given."""

    def oracle(p, *inputs):
        states = [state.copy() for state in inputs[:n_states]]
        h_all, c_all = states[0], states[-1]
        ys = []
        for n, below in enumerate(inputs[n_states:]):
            for layer in range(2):
                outputs = []
                for way in range(directions):
                    k = layer * directions + way
                    w = [p[f'/{k}/w{j}'] for j in range(n_weights)]
                    b = [p[f'/{k}/b{j}'] for j in range(n_weights)]
                    h, c = h_all[k, n], c_all[k, n]
                    output = []
                    for s in below[::-1] if way else below:
                        h, c = step(s, h, c, w, b)
                        output.append(h)
                    h_all[k, n], c_all[k, n] = h, c
                    outputs.append(output[::-1] if way else output)
                below = np.hstack(outputs)
            ys.append(below)
        return [*states, *ys]

    return oracle


# Cases: how to make the link, how to call it on flat inputs, those, and the oracle. -----


def step_by_step(link, *xs):
    return [link(x) for x in xs]


def at_once(link, *inputs):
    y = link(*inputs)
    return list(y) if isinstance(y, tuple) else [y]


def on_sequences(n_states):
    def call(link, *inputs):
        *last, ys = link(*inputs[:n_states], list(inputs[n_states:]))
        assert isinstance(ys, list)
        return [*last, *ys]

    return call


def n_step_case(kind, step, n_weights, directions, n_states):
    def make():
        return getattr(L, kind)(2, N_IN, N_UNITS, 0.0, initial_bias=normal(5, N_UNITS))

    inputs = [*SEQUENCE_STATES[2 * directions][:n_states], *SEQUENCES]
    oracle = n_step(step, n_weights, directions, n_states)
    return make, on_sequences(n_states), inputs, oracle


CHILDREN = [C, C2, H, H2, XS[0]]
CASES = {
    'LSTM': (lambda: L.LSTM(N_IN, N_UNITS), step_by_step, XS, lstm),
    'LSTM lazy': (lambda: L.LSTM(N_UNITS), step_by_step, XS, lstm),
    'StatelessLSTM': (
        lambda: L.StatelessLSTM(None, N_UNITS),
        at_once,
        [C, H, XS[0]],
        lstm_step,
    ),
    'StatefulPeepholeLSTM': (
        lambda: L.StatefulPeepholeLSTM(None, N_UNITS),
        step_by_step,
        XS,
        peephole,
    ),
    'StatefulZoneoutLSTM': (
        lambda: L.StatefulZoneoutLSTM(None, N_UNITS, c_ratio=0.3, h_ratio=0.6),
        step_by_step,
        XS,
        zoneout,
    ),
    'StatelessGRU': (
        lambda: L.StatelessGRU(None, N_UNITS, bias_init=0.3),
        at_once,
        [H, XS[0]],
        lambda p, h, x: [gru_step(p, h, x)],
    ),
    'StatefulGRU': (
        lambda: L.StatefulGRU(None, N_UNITS, bias_init=0.3),
        step_by_step,
        XS,
        stateful_gru,
    ),
    'GRU': (lambda: L.GRU(N_IN, N_UNITS), step_by_step, XS, stateful_gru),
    'StatelessMGU': (
        lambda: L.StatelessMGU(N_IN, N_UNITS),
        at_once,
        [H, XS[0]],
        lambda p, h, x: [mgu_step(p, h, x)],
    ),
    'StatefulMGU': (
        lambda: L.StatefulMGU(N_IN, N_UNITS),
        step_by_step,
        XS,
        stateful_mgu,
    ),
    'ChildSumTreeLSTM': (
        lambda: L.ChildSumTreeLSTM(None, N_UNITS),
        at_once,
        CHILDREN,
        child_sum,
    ),
    'ChildSumTreeLSTM leaf': (
        lambda: L.ChildSumTreeLSTM(N_IN, N_UNITS),
        at_once,
        XS[:1],
        child_sum,
    ),
    'NaryTreeLSTM': (lambda: L.NaryTreeLSTM(None, N_UNITS), at_once, CHILDREN, n_ary),
    'NaryTreeLSTM of one': (
        lambda: L.NaryTreeLSTM(N_IN, N_UNITS, n_ary=1),
        at_once,
        [C, H, XS[0]],
        n_ary,
    ),
    'NStepLSTM': n_step_case('NStepLSTM', n_step_lstm, 8, 1, 2),
    'NStepBiLSTM': n_step_case('NStepBiLSTM', n_step_lstm, 8, 2, 2),
    'NStepGRU': n_step_case('NStepGRU', n_step_gru, 6, 1, 1),
    'NStepBiGRU': n_step_case('NStepBiGRU', n_step_gru, 6, 2, 1),
    'NStepRNNTanh': n_step_case('NStepRNNTanh', n_step_tanh, 2, 1, 1),
    'NStepBiRNNTanh': n_step_case('NStepBiRNNTanh', n_step_tanh, 2, 2, 1),
    'NStepRNNReLU': n_step_case('NStepRNNReLU', n_step_relu, 2, 1, 1),
    'NStepBiRNNReLU': n_step_case('NStepBiRNNReLU', n_step_relu, 2, 2, 1),
}
each_case = pytest.mark.parametrize('name', CASES)
each_stateful = pytest.mark.parametrize(
    'name', [name for name, case in CASES.items() if case[1] is step_by_step]
)
each_n_step = pytest.mark.parametrize(
    'name', [name for name in CASES if name.startswith('NStep')]
)


def make(name, dtype='d'):
    """Returns an initialized link, how to call it anew, and its inputs."""
    build, call, inputs, _ = CASES[name]
    inputs = [x.astype(dtype) for x in inputs]
    np.random.seed(0)
    with minigrad.using_config('dtype', np.dtype(dtype)):
        link = build()
        call(link, *inputs)

    def function(*xs, link=link):
        if hasattr(link, 'reset_state'):
            link.reset_state()
        state = np.random.get_state()
        np.random.seed(1)
        try:
            with minigrad.using_config('dtype', np.dtype(dtype)):
                return tuple(call(link, *xs))
        finally:
            np.random.set_state(state)

    return link, function, inputs


def test_every_link_has_a_case():
    links = {name for name in L.__all__ if '.rnn.' in getattr(L, name).__module__}
    assert {name.split()[0] for name in CASES} == links
    assert len(links) == 19


@each_case
@pytest.mark.parametrize(
    ('dtype', 'tolerance'), [('e', 1e-2), ('f', 1e-5), ('d', 1e-12)]
)
def test_forward(name, dtype, tolerance):
    link, function, inputs = make(name, dtype)
    ys = function(*inputs)
    assert {y.dtype for y in ys} == {np.dtype(dtype)}
    assert {param.dtype for param in link.params()} == {np.dtype(dtype)}
    params = {path: p.array.astype('d') for path, p in link.namedparams()}
    np.random.seed(1)
    expected = CASES[name][3](params, *[x.astype('d') for x in inputs])
    for y, e in zip(ys, expected, strict=True):
        np.testing.assert_allclose(y.array, e, rtol=tolerance, atol=tolerance)


@each_case
def test_gradients(name):
    link, function, inputs = make(name)
    gys = tuple(normal(40 + i, *y.shape) for i, y in enumerate(function(*inputs)))
    params = tuple(link.params())
    options = {'eps': 1e-6, 'atol': 1e-6, 'rtol': 1e-5}
    check_backward(function, tuple(inputs), gys, params, **options)


@each_case
def test_double_gradients(name):
    link, function, inputs = make(name)
    gys = tuple(normal(40 + i, *y.shape) for i, y in enumerate(function(*inputs)))
    params = tuple(link.params())
    ggs = tuple(normal(60 + i, *x.shape) for i, x in enumerate([*inputs, *params]))
    n = len(inputs)

    def squared(*xs):  # a ReLU network alone is linear almost everywhere
        return tuple(y * y for y in function(*xs))

    options = {'eps': 1e-6, 'atol': 1e-5, 'rtol': 1e-4}
    check_double_backward(
        squared, tuple(inputs), gys, ggs[:n], params, ggs[n:], **options
    )


@each_case
def test_copies_compute_the_same(name):
    link, function, inputs = make(name, 'f')
    expected = function(*inputs)
    for copied in (
        link.copy(),
        link.copy('copy'),
        pickle.loads(pickle.dumps(link)),
    ):
        for y, e in zip(function(*inputs, link=copied), expected, strict=True):
            np.testing.assert_array_equal(y.array, e.array)


@each_case
def test_file(name, tmp_path):
    link, function, inputs = make(name, 'f')
    path = str(tmp_path / 'link.npz')
    minigrad.serializers.save_npz(path, link)
    with np.load(path) as file:
        assert sorted(file) == sorted(path[1:] for path, _ in link.namedparams())
    np.random.seed(7)
    other = CASES[name][0]()  # the lazy ones take their shapes from the file
    minigrad.serializers.load_npz(path, other)
    expected = function(*inputs)
    for y, e in zip(function(*inputs, link=other), expected, strict=True):
        np.testing.assert_array_equal(y.array, e.array)


@each_case
def test_arrays_or_variables(name):
    _, function, inputs = make(name, 'f')
    ys = function(*[minigrad.Variable(x) for x in inputs])
    for y, e in zip(ys, function(*inputs), strict=True):
        np.testing.assert_array_equal(y.array, e.array)


def test_parameters_have_the_names_of_chainer():
    def paths(link):
        return ' '.join([path[1:] for path, _ in link.namedparams()])

    assert paths(L.LSTM(3, 2)) == 'lateral/W upward/W upward/b'
    assert paths(L.StatelessLSTM(3, 2)) == 'lateral/W upward/W upward/b'
    assert paths(L.StatefulZoneoutLSTM(3, 2)) == 'lateral/W upward/W upward/b'
    assert paths(L.StatefulPeepholeLSTM(3, 2)) == (
        'lateral/W peep_f/W peep_i/W peep_o/W upward/W upward/b'
    )
    assert paths(L.GRU(3, 2)) == (
        'U/W U/b U_r/W U_r/b U_z/W U_z/b W/W W/b W_r/W W_r/b W_z/W W_z/b'
    )
    assert paths(L.StatefulMGU(3, 2)) == 'W_f/W W_f/b W_h/W W_h/b'
    assert paths(L.ChildSumTreeLSTM(3, 2)) == 'W_h_aio/W W_h_f/W W_x/W W_x/b'
    assert paths(L.NaryTreeLSTM(3, 2)) == 'W_h1/W W_h2/W W_x/W W_x/b'
    assert paths(L.NStepRNNTanh(1, 3, 2, 0)) == '0/b0 0/b1 0/w0 0/w1'
    assert paths(L.NStepBiLSTM(2, 3, 2, 0)).split()[-9:] == (
        ['3/b7', '3/w0', '3/w1', '3/w2', '3/w3', '3/w4', '3/w5', '3/w6', '3/w7']
    )


# States ---------------------------------------------------------------------------------


@each_stateful
def test_states_are_kept_and_forgotten(name):
    link, _, inputs = make(name, 'f')
    with minigrad.using_config('train', False):
        link.reset_state()
        assert all(getattr(link, state) is None for state in link._states_)
        first = link(inputs[0]).array
        assert not np.array_equal(link(inputs[0]).array, first)
        assert all(getattr(link, state).shape == (N, 2) for state in link._states_)
        link.reset_state()
        np.testing.assert_array_equal(link(inputs[0]).array, first)


@each_stateful
def test_set_state(name):
    link, _, inputs = make(name, 'f')
    states = {state: getattr(link, state) for state in link._states_}
    with minigrad.using_config('train', False):
        expected = link(inputs[0]).array
        link.reset_state()
        link.set_state(**states)
        assert all(getattr(link, key) is state for key, state in states.items())
        np.testing.assert_array_equal(link(inputs[0]).array, expected)
    arrays = {key: state.array for key, state in states.items()}
    with pytest.raises(TypeError, match='set_state: expected a Variable for'):
        link.set_state(**arrays)


@each_stateful
def test_states_move_with_the_link(name):
    link, _, _ = make(name, 'f')
    seen = []

    class Visitor(minigrad.device_resident.DeviceResidentsVisitor):
        def visit_device_resident(self, device_resident):
            pass

        def visit_variable(self, param):
            seen.append(param)

    link.device_resident_accept(Visitor())
    states = [getattr(link, state) for state in link._states_]
    assert all(any(state is s for s in seen) for state in states)
    link.reset_state()
    seen.clear()
    link.device_resident_accept(Visitor())
    assert all(isinstance(s, minigrad.Parameter) for s in seen)


def test_states_are_no_parameters():
    link = L.LSTM(3, 2)
    before = [path for path, _ in link.namedparams()]
    link(np.zeros((1, 3), 'f'))
    assert [path for path, _ in link.namedparams()] == before


# The LSTM -------------------------------------------------------------------------------


def test_lstm_with_batches_that_get_smaller():
    link, _, _ = make('LSTM', 'd')
    link.reset_state()
    params = {path: p.array for path, p in link.namedparams()}
    c, h = np.zeros((N, N_UNITS)), np.zeros((N, N_UNITS))
    for n, x in zip((3, 2, 2, 0, 0), [*XS, *XS], strict=False):
        y = link(x[:n])
        c[:n], h[:n] = lstm_step(params, c[:n], h[:n], x[:n])
        np.testing.assert_allclose(y.array, h[:n], atol=1e-12)
        np.testing.assert_allclose(link.c.array, c, atol=1e-12)
        np.testing.assert_allclose(link.h.array, h, atol=1e-12)
    with pytest.raises(
        TypeError, match='LSTM: the batch has grown from 3 samples to 4'
    ):
        link(np.zeros((4, N_IN)))


def test_lstm_of_an_empty_batch():
    link = L.LSTM(4)
    assert link(np.zeros((0, 3), 'f')).shape == (0, 4)
    assert link.upward.W.shape == (16, 3)


def test_lstm_initial_biases():
    np.testing.assert_array_equal(L.LSTM(2, 2).upward.b.array, [0, 0, 1, 0] * 2)
    link = L.StatelessLSTM(None, 2, bias_init=0.5, forget_bias_init=0)
    link(None, None, np.zeros((1, 3), 'f'))
    np.testing.assert_array_equal(link.upward.b.array, [0.5, 0.5, 0, 0.5] * 2)


def test_lstm_initializers_see_one_gate_at_a_time():
    seen = []

    def init(name):
        def fill(array):
            seen.append((name, array.shape))
            array[...] = len(seen)

        return fill

    link = L.LSTM(3, 2, init('lateral'), init('upward'), init('bias'), init('forget'))
    weights = [('lateral', (2, 2)), ('upward', (2, 3))] * 4
    biases = [(name, (1, 2, 1)) for name in ('bias', 'bias', 'forget', 'bias')]
    assert seen == weights + biases
    np.testing.assert_array_equal(link.lateral.W.array[:, 0], [1, 1, 3, 3, 5, 5, 7, 7])
    np.testing.assert_array_equal(link.upward.b.array, [9, 10, 11, 12] * 2)


def test_stateless_lstm_begins_with_zeros():
    link = L.StatelessLSTM(3, 2)
    zeros = np.zeros((N, 2), 'f')
    x = XS[0].astype('f')
    for y, e in zip(link(None, None, x), link(zeros, zeros, x), strict=True):
        np.testing.assert_allclose(y.array, e.array, rtol=1e-6)


# GRU, zoneout, trees --------------------------------------------------------------------


def test_gru_takes_one_argument():
    link = L.GRU(3, 2)
    with pytest.raises(ValueError, match=r'got 2\n.*StatelessGRU'):
        link(np.zeros((1, 2), 'f'), np.zeros((1, 3), 'f'))
    for n in (0, 3):
        with pytest.raises(ValueError, match=f'expected one argument, x, got {n}'):
            link(*[np.zeros((1, 3), 'f')] * n)


def test_zoneout_only_in_training():
    link, _, inputs = make('StatefulZoneoutLSTM')
    link.reset_state()
    params = {path: p.array for path, p in link.namedparams()}
    with minigrad.using_config('train', False):
        ys = [link(x).array for x in inputs]
    np.testing.assert_allclose(ys, lstm(params, *inputs), atol=1e-12)
    with pytest.raises(ValueError, match='using_config'):
        L.StatefulZoneoutLSTM(3, 2, train=True)
    with pytest.raises(TypeError, match='ratio'):
        L.StatefulZoneoutLSTM(3, 2, ratio=0.5)


@pytest.mark.parametrize('name', ['ChildSumTreeLSTM', 'NaryTreeLSTM'])
def test_trees_take_none_for_zeros(name):
    link, _, _ = make(name)
    zero_state, zero_x = np.zeros((N, N_UNITS)), np.zeros((N, N_IN))
    for given in (
        [None, C, H, None, XS[0]],
        [C, None, None, H, None],
        [None, None, H, H2, None],
        [None, None, None, None, XS[0]],
    ):
        filled = [zero_state if x is None else x for x in given[:-1]]
        filled.append(zero_x if given[-1] is None else given[-1])
        for y, e in zip(link(*given), link(*filled), strict=True):
            np.testing.assert_allclose(y.array, e.array, atol=1e-12)
    with pytest.raises(ValueError, match=f'{name}: cells, outputs and input are all'):
        link(*[None] * 5)
    with pytest.raises(ValueError, match='got 4 arguments'):
        link(C, C, H, H)
    with pytest.raises(ValueError, match='hint: give in_size'):
        CASES[name][0]()(C, C, H, H, None)


def test_the_order_of_children():
    link, _, _ = make('ChildSumTreeLSTM')
    swapped = link(C2, C, H2, H, XS[0])
    for y, e in zip(link(*CHILDREN), swapped, strict=True):
        np.testing.assert_allclose(y.array, e.array, atol=1e-12)
    with pytest.raises(ValueError, match='n_ary must be positive, got 0'):
        L.NaryTreeLSTM(3, 2, 0)


# Stacked layers -------------------------------------------------------------------------


@each_n_step
def test_n_step_without_states(name):
    link, function, inputs = make(name, 'f')
    n = link.n_cells
    zeros = [np.zeros_like(x) for x in inputs[:n]]
    expected = function(*zeros, *inputs[n:])
    for y, e in zip(function(*[None] * n, *inputs[n:]), expected, strict=True):
        np.testing.assert_array_equal(y.array, e.array)


@each_n_step
def test_n_step_copies_have_their_own_weights(name):
    link, _, _ = make(name, 'f')
    copied = link.copy('init')
    assert copied.ws[0][0] is copied[0].w0
    assert not np.array_equal(copied.ws[0][0].array, link.ws[0][0].array)
    assert link.copy().ws[0][0].array is link.ws[0][0].array
    assert len(link.ws) == len(link.bs) == 2 * link.direction
    assert len(link.ws[0]) == len(link.bs[0]) == link.n_weights


@each_n_step
def test_n_step_arguments(name):
    kind = getattr(L, name)
    W = normal(1, 2, 2)
    with minigrad.using_config('dtype', np.float64):
        link = kind(1, 2, 2, 0.0, initialW=W, initial_bias=3)
    for ws, bs in zip(link.ws, link.bs, strict=True):
        for w, b in zip(ws, bs, strict=True):
            np.testing.assert_array_equal(w.array, W)
            np.testing.assert_array_equal(b.array, [3, 3])
    with pytest.raises(ValueError, match='use_cudnn'):
        kind(1, 2, 2, 0.0, use_cudnn=True)
    with pytest.raises(TypeError, match='bias'):
        kind(1, 2, 2, 0.0, bias=0)
    states = [None] * link.n_cells
    with pytest.raises(ValueError, match='using_config'):
        link(*states, [np.zeros((1, 2))], train=True)
    with pytest.raises(TypeError, match=f'{name}: expected a list of sequences'):
        link(*states, np.zeros((1, 2, 2)))


@each_n_step
def test_n_step_dropout_between_layers(name):
    kind = getattr(L, name)
    states = [None] * kind.n_cells
    xs = [x.astype('f') for x in SEQUENCES]

    def run(n_layers, train):
        np.random.seed(0)
        link = kind(n_layers, N_IN, N_UNITS, 0.5)
        with minigrad.using_config('train', train):
            return np.concatenate([y.array for y in link(*states, xs)[-1]])

    np.testing.assert_array_equal(run(1, True), run(1, False))
    assert not np.allclose(run(3, True), run(3, False))


# Training -------------------------------------------------------------------------------


class LanguageModel(minigrad.Chain):
    def __init__(self, n_words, n_units):
        super().__init__()
        with self.init_scope():
            self.embed = L.EmbedID(n_words, n_units)
            self.lstm = L.LSTM(n_units, n_units)
            self.out = L.Linear(n_units, n_words)

    def forward(self, word):
        return self.out(self.lstm(self.embed(word)))


def test_truncated_backpropagation_learns_a_repeating_sequence():
    # After 0 comes 1 or 2 by turns, so one word alone does not tell the next.
    np.random.seed(0)
    words = np.array([0, 1, 0, 2], 'i')
    model = LanguageModel(3, 8)
    optimizer = minigrad.optimizers.Adam(0.02).setup(model)
    losses = []
    for start in range(80):
        loss = 0
        for t in range(5 * start, 5 * start + 5):
            y = model(words[[t % 4, (t + 1) % 4]])
            loss += F.softmax_cross_entropy(y, words[[(t + 1) % 4, (t + 2) % 4]])
        model.cleargrads()
        loss.backward()
        loss.unchain_backward()
        assert model.lstm.h.creator_node is None
        assert model.lstm.c.creator_node is None
        optimizer.update()
        losses.append(float(loss.array) / 5)
    assert losses[0] > 1
    assert max(losses[-4:]) < 0.05


def test_unchained_states_stop_the_gradient():
    def gradient(unchain):
        np.random.seed(0)
        link = L.LSTM(3, 2)
        x = minigrad.Variable(np.ones((1, 3), 'f'))
        y = link(x)
        if unchain:
            y.unchain_backward()
            link.c.unchain_backward()
        F.sum(link(np.ones((1, 3), 'f'))).backward()
        return x.grad

    assert gradient(True) is None
    assert np.abs(gradient(False)).max() > 0


def test_sequences_of_equal_length_keep_their_order():
    from minigrad.links.rnn.n_step_rnn import argsort_list_descent

    order = argsort_list_descent([np.zeros(n) for n in (3, 3, 5, 3, 4, 3)])
    assert order.tolist() == [2, 4, 0, 1, 3, 5]
