"""Recurrent cells and networks: one unit of one sample at a time, in plain loops."""

import dataclasses

import numpy as np

import minigrad.functions as F
from minigrad.errors import InvalidType
from minigrad.testing.op_case import ErrorCase, OpCase, Sample, integers, uniform


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm(c_prev, x):
    c, h = c_prev.copy(), np.zeros((len(x), *c_prev.shape[1:]))
    for n in range(len(x)):
        for u in range(c.shape[1]):
            a, i, f, o = x[n, 4 * u : 4 * u + 4]
            c[n, u] = np.tanh(a) * sigmoid(i) + c_prev[n, u] * sigmoid(f)
            h[n, u] = sigmoid(o) * np.tanh(c[n, u])
    return c, h


def slstm(c1, c2, x1, x2):
    c, h = np.zeros_like(c1), np.zeros_like(c1)
    for u in range(c1.shape[1]):
        gates1, gates2 = x1[:, 4 * u : 4 * u + 4], x2[:, 4 * u : 4 * u + 4]
        for c_prev, gates in ((c1, gates1), (c2, gates2)):
            c[:, u] += np.tanh(gates[:, 0]) * sigmoid(gates[:, 1])
            c[:, u] += c_prev[:, u] * sigmoid(gates[:, 2])
        h[:, u] = np.tanh(c[:, u]) * sigmoid(gates1[:, 3] + gates2[:, 3])
    return c, h


def tree_lstm(*inputs):
    *cs, x = inputs
    a, i, o, *fs = np.split(x, 3 + len(cs), axis=1)
    c = np.tanh(a) * sigmoid(i)
    for c_prev, f in zip(cs, fs, strict=True):
        c = c + c_prev * sigmoid(f)
    return c, np.tanh(c) * sigmoid(o)


def lstm_step(x, h, c, w, b):
    s = [w[k] @ x + b[k] + w[k + 4] @ h + b[k + 4] for k in range(4)]
    c = sigmoid(s[1]) * c + sigmoid(s[0]) * np.tanh(s[2])
    return sigmoid(s[3]) * np.tanh(c), c


def gru_step(x, h, c, w, b):
    r = sigmoid(w[0] @ x + b[0] + w[3] @ h + b[3])
    z = sigmoid(w[1] @ x + b[1] + w[4] @ h + b[4])
    new = np.tanh(w[2] @ x + b[2] + r * (w[5] @ h + b[5]))
    return (1 - z) * new + z * h, c


def tanh_step(x, h, c, w, b):
    return np.tanh(w[0] @ x + b[0] + w[1] @ h + b[1]), c


def relu_step(x, h, c, w, b):
    return np.maximum(w[0] @ x + b[0] + w[1] @ h + b[1], 0), c


class Network:
    """The flat inputs of a case, and the arguments that the function takes."""

    def __init__(self, batches, n_layers, n_in, n_units, n_weights, directions, cells):
        self.batches, self.n_layers, self.directions = batches, n_layers, directions
        self.n_weights, self.cells = n_weights, cells
        state = (n_layers * directions, max(batches), n_units)
        self.shapes = [state] * (2 if cells else 1) + [(n, n_in) for n in batches]
        for layer in range(n_layers):
            n_x = n_in if layer == 0 else directions * n_units
            half = n_weights // 2
            for _ in range(directions):
                self.shapes += [(n_units, n_x)] * half + [(n_units, n_units)] * half
                self.shapes += [(n_units,)] * n_weights

    def sample(self, **kwargs):
        draws = [uniform(shape, -1, 1) for shape in self.shapes]
        return Sample(*draws, network=self, **kwargs)

    def take_apart(self, inputs):
        rest = list(inputs)
        states = [rest.pop(0) for _ in range(2 if self.cells else 1)]
        xs = [rest.pop(0) for _ in self.batches]
        ws, bs = [], []
        while rest:
            ws.append([rest.pop(0) for _ in range(self.n_weights)])
            bs.append([rest.pop(0) for _ in range(self.n_weights)])
        return states, xs, ws, bs


def caller(name):
    def call(*inputs, network, dropout=0.0, **kwargs):
        states, xs, ws, bs = network.take_apart(inputs)
        function = getattr(F, name)
        *last, ys = function(network.n_layers, dropout, *states, ws, bs, xs, **kwargs)
        assert isinstance(ys, tuple)
        return (*last, *ys)

    return call


def network_oracle(steps):
    """Follows each sequence of the batch alone, from its first to its last element."""

    def oracle(*inputs, network, dropout=0.0, activation='default'):
        states, xs, ws, bs = network.take_apart(inputs)
        step = steps[activation]
        h_last = states[0].copy()
        c_last = states[-1].copy()
        below = [x.copy() for x in xs]
        for layer in range(network.n_layers):
            above = []
            for way in range(network.directions):
                k = layer * network.directions + way
                given = below
                if layer > 0:  # one mask for each time and direction, in this order
                    masks = [np.random.rand(*x.shape) >= dropout for x in below]
                    given = [
                        x * m / (1 - dropout) for x, m in zip(below, masks, strict=True)
                    ]
                outputs = [np.zeros((len(x), h_last.shape[2])) for x in xs]
                for n in range(h_last.shape[1]):
                    h, c = h_last[k, n], c_last[k, n]
                    times = [t for t, x in enumerate(xs) if len(x) > n]
                    for t in times[::-1] if way else times:
                        h, c = step(given[t][n], h, c, ws[k], bs[k])
                        outputs[t][n] = h
                    h_last[k, n], c_last[k, n] = h, c
                above.append(outputs)
            below = [
                np.concatenate(parts, axis=1) for parts in zip(*above, strict=True)
            ]
        return (h_last, c_last, *below) if network.cells else (h_last, *below)

    return oracle


def network_cases(name, steps, n_weights, directions, cells, activations=()):
    def network(batches, n_layers, n_in=2):
        return Network(batches, n_layers, n_in, 2, n_weights, directions, cells)

    samples = [
        network((3, 3), 1).sample(),
        network((3, 2, 1), 1, 4).sample(),
        network((2, 2, 1), 2, 3).sample(),
        *[network((2, 1), 2).sample(activation=a) for a in activations],
    ]
    unfit = network((2, 1), 1)
    unsorted, too_wide = network((1, 2), 1), network((2, 2), 1)
    narrow = network((2, 1), 1)
    too_wide.shapes[0] = (directions, 1, 2)
    if cells:
        too_wide.shapes[1] = too_wide.shapes[0]
    narrow.shapes[1 + cells] = (2, 5)
    states = network((2, 1), 2)
    states.shapes[0] = (1, 2, 2)
    case = OpCase(
        name,
        call=caller(name),
        oracle=network_oracle(steps),
        samples=samples,
        tol={'e': 3e-2},
        errors=[
            ErrorCase(
                *net.shapes,
                network=net,
                raises=error,
                match=f'{name}.*{match}',
                **kwargs,
            )
            for net, error, match, kwargs in (
                (unsorted, InvalidType, r'from large to small.*\[2, 1, 2\]', {}),
                (too_wide, InvalidType, r'from large to small.*\[1, 2, 2\]', {}),
                (narrow, ValueError, 'have 5 values, the weights take 2', {}),
                (states, InvalidType, r'hx.shape\[0\] == \d', {}),
                (unfit, TypeError, "'rate'", {'rate': 1}),
            )
        ]
        + [
            ErrorCase(
                *unfit.shapes, network=unfit, raises=ValueError, match=match, **kwargs
            )
            for match, kwargs in (
                ('using_config', {'train': True}),
                ('use_cudnn', {'use_cudnn': True}),
            )
        ],
    )
    dropped = dataclasses.replace(
        case, samples=[network((2, 1), 3).sample(dropout=0.5)], random=True, errors=[]
    )
    return [case, dropped]


RNN_STEPS = {'default': tanh_step, 'tanh': tanh_step, 'relu': relu_step}
ints = integers((2, 8), 5)

CASES = [
    OpCase(
        'lstm',
        oracle=lstm,
        samples=[
            Sample((3, 2), (3, 8)),
            Sample((4, 2), (2, 8)),
            Sample((3, 2), (0, 8)),
            Sample((3, 2, 2), (2, 8, 2)),
        ],
        empty=Sample((0, 2), (0, 8)),
        errors=[
            ErrorCase((2, 2), (3, 8), raises=InvalidType, match='lstm.*len.*3 > 2'),
            ErrorCase((2, 2), (2, 6), raises=InvalidType, match='four gates'),
            ErrorCase((2, 2, 3), (2, 8), raises=InvalidType, match='lstm: .*axes of x'),
            ErrorCase((2, 2, 3), (2, 8, 4), raises=InvalidType, match='axes of x'),
            ErrorCase((2,), (8,), raises=InvalidType, match='c.ndim >= 2'),
            ErrorCase(ints, ints, raises=InvalidType, match="c.dtype.kind == 'f'"),
            ErrorCase((2, 2), ints, raises=InvalidType, match='int32 != float64'),
        ],
    ),
    OpCase(
        'slstm',
        oracle=slstm,
        samples=[
            Sample((3, 2), (3, 2), (3, 8), (3, 8)),
            Sample((2, 1, 2, 2), (2, 1, 2, 2), (2, 4, 2, 2), (2, 4, 2, 2)),
        ],
        empty=Sample((0, 2), (0, 2), (0, 8), (0, 8)),
        errors=[
            ErrorCase(
                (2, 2),
                (2, 3),
                (2, 8),
                (2, 8),
                raises=InvalidType,
                match='slstm: .*c_prev2',
            ),
            ErrorCase(
                (2, 2), (2, 2), (2, 8), (2, 6), raises=InvalidType, match='x2.shape == '
            ),
            ErrorCase(
                (2, 2), (2, 2), (3, 8), (2, 8), raises=InvalidType, match='x1.shape == '
            ),
            ErrorCase((2,), (2,), (8,), (8,), raises=InvalidType, match='ndim >= 2'),
            ErrorCase(
                (2, 2),
                (2, 2),
                (2, 8),
                ints,
                raises=InvalidType,
                match='one dtype.*int32',
            ),
            ErrorCase(ints, ints, ints, ints, raises=InvalidType, match="kind == 'f'"),
        ],
    ),
    OpCase(
        'tree_lstm',
        oracle=tree_lstm,
        samples=[
            Sample((3, 2), (3, 8)),
            Sample((3, 2), (3, 2), (3, 10)),
            Sample((2, 1, 2), (2, 1, 2), (2, 1, 2), (2, 6, 2)),
        ],
        empty=Sample((0, 2), (0, 8)),
        errors=[
            ErrorCase(
                (2, 8), raises=InvalidType, match='tree_lstm.*one child at least'
            ),
            ErrorCase(
                (2, 2), (2, 3), (2, 10), raises=InvalidType, match='c2 of the shape'
            ),
            ErrorCase(
                (2, 2), (2, 10), raises=InvalidType, match=r'\(2, 8\).*\(2, 10\)'
            ),
            ErrorCase((2,), (8,), raises=InvalidType, match='c1.ndim >= 2'),
            ErrorCase(ints, ints, raises=InvalidType, match="c1.dtype.kind == 'f'"),
        ],
    ),
    *network_cases('n_step_lstm', {'default': lstm_step}, 8, 1, True),
    *network_cases('n_step_bilstm', {'default': lstm_step}, 8, 2, True),
    *network_cases('n_step_gru', {'default': gru_step}, 6, 1, False),
    *network_cases('n_step_bigru', {'default': gru_step}, 6, 2, False),
    *network_cases('n_step_rnn', RNN_STEPS, 2, 1, False, ('tanh', 'relu')),
    *network_cases('n_step_birnn', RNN_STEPS, 2, 2, False, ('tanh', 'relu')),
]
