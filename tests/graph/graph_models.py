"""Small models with known graphs."""

import numpy as np

import minigrad
import minigrad.functions as F
import minigrad.links as L


class Block(minigrad.Chain):
    def __init__(self, n=4):
        super().__init__()
        with self.init_scope():
            self.a = L.Linear(n, n)
            self.b = L.Linear(n, n)

    def forward(self, x):
        return x + self.b(F.relu(self.a(x)))


class Net(minigrad.Chain):
    """Two residual blocks and an output layer."""

    def __init__(self, n=4, n_blocks=2):
        super().__init__()
        with self.init_scope():
            self.blocks = minigrad.ChainList(*[Block(n) for _ in range(n_blocks)])
            self.out = L.Linear(n, 3)

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.out(x)


class Fork(minigrad.Chain):
    """Two branches, one after a link and one after another."""

    def __init__(self):
        super().__init__()
        with self.init_scope():
            self.left = L.Linear(4, 3)
            self.right = L.Linear(4, 3)

    def forward(self, image):
        return F.tanh(self.left(image)) + F.relu(self.right(image))


class Unrolled(minigrad.Chain):
    """One cell called ``steps`` times."""

    def __init__(self, steps):
        super().__init__()
        self.steps = steps
        with self.init_scope():
            self.cell = L.Linear(4, 4)

    def forward(self, x):
        for _ in range(self.steps):
            x = F.tanh(self.cell(x))
        return x


class Poisoned(minigrad.Chain):
    """Takes the logarithm of something negative in the middle."""

    def __init__(self):
        super().__init__()
        with self.init_scope():
            self.first = L.Linear(4, 4)
            self.rotten = Bad()
            self.last = L.Linear(4, 2)

    def forward(self, x):
        return self.last(F.relu(self.rotten(self.first(x))))


class Bad(minigrad.Link):
    def forward(self, x):
        with np.errstate(invalid='ignore'):
            return F.log(x * 0 - 1)


def data(n=5, width=4, classes=3):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((n, width)).astype('f')
    return x, rng.integers(0, classes, n).astype('i')


def step(model, n=5):
    """Traces forward and backward; returns the graph."""
    x, t = data(n)
    with minigrad.graph.trace(model) as graph:
        loss = F.softmax_cross_entropy(model(x), t)
        model.cleargrads()
        loss.backward()
    return graph
