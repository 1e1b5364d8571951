"""N1 to N4: networks so small that their authors worked them out by hand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

import minigrad as mg
import minigrad.functions as F
import minigrad.links as L

from .experiment import Experiment, Row, Run, values_row

W1 = np.array([[0.1, 0.3, 0.5], [0.2, 0.4, 0.6]])
B1 = np.array([0.1, 0.2, 0.3])


def one_unit(run: Run) -> Iterable[Row]:
    """A unit with two inputs; the published weights have a row per input."""
    x = np.array([[2.0, 3.0]])
    u = F.linear(x, np.array([[0.1, 0.2]]), np.array([0.5]))
    yield values_row('u', [[1.3]], u.array)
    yield values_row('z, ReLU', [[1.3]], F.relu(u).array)
    u = F.linear(x, np.array([[3.0, 3.0]]), np.array([-0.99372184]))
    yield values_row('u', [[14.00627816]], u.array)
    yield values_row('z, sigmoid', [[0.9999991737]], F.sigmoid(u).array, 10)


class TwoLayers(mg.Chain):
    """Two dense layers with given weights, which have a row per input."""

    def __init__(self, w2: Any, b2: Any) -> None:
        super().__init__()
        with self.init_scope(), mg.using_config('dtype', np.float64):
            self.l1 = L.Linear(2, 3, initialW=W1.T, initial_bias=B1)
            self.l2 = L.Linear(3, len(b2), initialW=w2.T, initial_bias=b2)

    def forward(self, x: Any) -> tuple[mg.Variable, mg.Variable]:
        """Returns both layers before their activations."""
        u1 = self.l1(x)
        return u1, self.l2(F.relu(u1))


def forward(run: Run) -> Iterable[Row]:
    """A network 2-3-4."""
    w2 = np.array([[0.1, 0.4, 0.7, 1.0], [0.2, 0.5, 0.8, 1.1], [0.3, 0.6, 0.9, 1.2]])
    model = TwoLayers(w2, np.array([0.1, 0.2, 0.3, 0.4]))
    u1, u2 = model(np.array([[1.0, 2.0]]))
    yield values_row('u1', [[0.6, 1.3, 2.0]], u1.array)
    yield values_row('u2', [[1.02, 2.29, 3.56, 4.83]], u2.array)
    y = [[0.01602796, 0.05707321, 0.20322929, 0.72366954]]
    yield values_row('y', y, F.softmax(u2).array)
    # The report adds 1e-7 to y, to be safe from log(0).
    loss = -F.log(F.softmax(u2)[0, 3] + 1e-7)
    yield values_row('cross entropy, log(y + 1e-7)', 0.32342029, loss.array)
    loss = F.softmax_cross_entropy(u2, np.array([3]))
    yield values_row('cross entropy, exact', 0.32342, loss.array, 6)


def backward(run: Run) -> Iterable[Row]:
    """A network 2-3-2 and one step of gradient descent."""
    w2 = np.array([[0.1, 0.4], [0.2, 0.5], [0.3, 0.6]])
    model = TwoLayers(w2, np.array([0.1, 0.2]))
    optimizer = mg.optimizers.SGD(lr=0.01).setup(model)
    u1, u2 = model(np.array([[1.0, 5.0]]))
    yield values_row('u1', [[1.2, 2.5, 3.8]], u1.array)
    yield values_row('u2', [[1.86, 4.21]], u2.array)
    yield values_row('y', [[0.08706577, 0.91293423]], F.softmax(u2).array)

    model.cleargrads()
    F.softmax_cross_entropy(u2, np.array([1])).backward(retain_grad=True)
    yield values_row('dE/du2', [[0.08706577, -0.08706577]], u2.grad)
    gw2 = [
        [0.10447893, -0.10447893],
        [0.21766443, -0.21766443],
        [0.33084994, -0.33084994],
    ]
    yield values_row('dE/dW2', gw2, model.l2.W.grad.T)
    yield values_row('dE/du1', [[-0.02611973] * 3], u1.grad)
    gw1 = [[-0.02611973] * 3, [-0.13059866] * 3]
    yield values_row('dE/dW1', gw1, model.l1.W.grad.T)

    optimizer.update()
    stepped = np.round(w2 - 0.01 * np.array(gw2), 8)
    yield values_row('W2 after a step', stepped, model.l2.W.array.T)


def windows(run: Run) -> Iterable[Row]:
    """The columns of a convolution, laid out as rows."""
    x = np.arange(32.0).reshape(2, 1, 4, 4)
    columns = F.im2col(x, ksize=3).array  # (2, 9, 2, 2)
    rows = columns.transpose(0, 2, 3, 1).reshape(-1, 9)
    corners = [(n, i, j) for n in range(2) for i in range(2) for j in range(2)]
    expected = [x[n, 0, i : i + 3, j : j + 3].ravel() for n, i, j in corners]
    yield Row('shape of the rows', '(8, 9)', str(rows.shape), rows.shape == (8, 9))
    yield values_row('all windows', expected, rows)
    yield values_row('last window', expected[-1], rows[-1])


def without_transpose(run: Run) -> Iterable[Row]:
    """The same columns as rows, their axes left as they are.

    Nothing complains, because the shape is the same. The axes of the columns are
    (image, place in the window, row, column), so the values of one place come one after
    another, and a row of nine takes them from several windows.
    """
    x = np.arange(32.0).reshape(2, 1, 4, 4)
    columns = F.im2col(x, ksize=3).array  # (2, 9, 2, 2)
    right = columns.transpose(0, 2, 3, 1).reshape(-1, 9)
    rows = columns.reshape(-1, 9)
    yield Row('shape of the rows', '(8, 9)', str(rows.shape), rows.shape == right.shape)
    yield values_row('first row: four windows', [0, 1, 4, 5, 1, 2, 5, 6, 2], rows[0])
    yield values_row('first window', [0, 1, 2, 4, 5, 6, 8, 9, 10], right[0])
    n = int(np.all(rows == right, axis=1).sum())
    yield Row('rows that are their window', '0', str(n), n == 0)


N1 = Experiment('N1', 'one unit, forward', one_unit)
N2 = Experiment('N2', 'network 2-3-4, forward', forward)
N3 = Experiment('N3', 'network 2-3-2, backward and a step of SGD', backward)
N4 = Experiment('N4', 'im2col: 2x1x4x4, window 3x3', windows)
N4B = Experiment(
    'N4B', 'im2col without its transpose: the same arrays', without_transpose
)
