"""One parameter under two names: seen once where it is trained, by all names in files."""

import io

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
import minigrad.links as L
from minigrad import optimizer_hooks, optimizers


class Twice(minigrad.Chain):
    """The same link under two names."""

    def __init__(self):
        super().__init__()
        with self.init_scope():
            self.a = L.Linear(3, 3, nobias=True)
            self.b = self.a

    def forward(self, x):
        return self.b(self.a(x))


class TiedWeights(minigrad.Chain):
    """The same parameter in two links."""

    def __init__(self):
        super().__init__()
        with self.init_scope():
            self.embed = L.EmbedID(3, 3)
            self.out = L.Linear(3, 3, nobias=True)
            with self.out.init_scope():
                self.out.W = self.embed.W

    def forward(self, x):
        return self.out(x) + F.embed_id(np.array([0, 1]), self.embed.W)


NETS = pytest.mark.parametrize('make', [Twice, TiedWeights])
X = np.ones((2, 3), 'f')


def gradient(net):
    net.cleargrads()
    F.sum(net(X)).backward()
    (param,) = net.params()
    return param, param.grad.copy()


@NETS
def test_it_is_yielded_once_and_named_twice(make):
    net = make()
    assert len(list(net.params())) == 1
    assert len(list(net.namedparams())) == 2
    assert net.count_params() == 9


@NETS
def test_it_is_stepped_and_decayed_once(make):
    net = make()
    optimizer = optimizers.SGD(lr=0.1).setup(net)
    optimizer.add_hook(optimizer_hooks.WeightDecay(0.5))
    param, g = gradient(net)
    before = param.array.copy()
    optimizer.update()
    np.testing.assert_allclose(
        param.array, before - 0.1 * (g + 0.5 * before), rtol=1e-5, atol=1e-6
    )


@NETS
def test_its_gradient_counts_once_for_clipping(make):
    net = make()
    optimizer = optimizers.SGD(lr=1.0).setup(net)
    optimizer.add_hook(optimizer_hooks.GradientClipping(1.0))
    param, _ = gradient(net)
    before = param.array.copy()
    optimizer.update()
    assert np.linalg.norm(param.array - before) == pytest.approx(1, rel=1e-5)


@NETS
@pytest.mark.parametrize('mode', ['share', 'copy', 'init'])
def test_copies_are_tied_too(make, mode):
    copied = make().copy(mode)
    assert len(list(copied.params())) == 1


@NETS
def test_gradients_are_added_once(make):
    net = make()
    other = net.copy('copy')
    param, g = gradient(net)
    gradient(other)
    net.addgrads(other)
    np.testing.assert_allclose(param.grad, 2 * g, rtol=1e-6)


@NETS
def test_files_keep_all_names(make):
    net, other, stream = make(), make(), io.BytesIO()
    minigrad.serializers.save_npz(stream, net)
    stream.seek(0)
    assert len(np.load(stream).files) == 2
    stream.seek(0)
    minigrad.serializers.load_npz(stream, other)
    np.testing.assert_array_equal(*[next(n.params()).array for n in (net, other)])


class Scale(minigrad.Link):
    def __init__(self):
        super().__init__()
        with self.init_scope():
            self.s = minigrad.Parameter(np.arange(2.0))


def test_parameters_made_of_arrays_can_be_initialized_again():
    links = Scale().repeat(2, mode='init')
    for link in links:
        np.testing.assert_array_equal(link.s.array, [0, 1])
        assert link.s.dtype == np.float64
    links[0].s.array[...] = 5
    np.testing.assert_array_equal(links[1].s.array, [0, 1])
