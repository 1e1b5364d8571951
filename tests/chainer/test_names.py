"""The table of Chainer's names is true, and nothing is missing without a reason."""

from pathlib import Path

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
import minigrad.links as L
from minigrad.chainer import names

DOC = Path(__file__).parents[2] / 'docs' / 'chainer-names.md'


def test_the_table_in_the_documentation():
    """If this fails: python -m minigrad.chainer.names > docs/chainer-names.md."""
    assert DOC.read_text(encoding='utf-8') == names.table()


def test_nothing_is_missing_without_a_reason():
    assert [n.path for n in names.missing() if names.reason(n) is None] == []


def test_every_reason_is_needed():
    used = {names.reason(name) for name in names.missing()}
    assert [why for why in names.REASONS.values() if why not in used] == []


def test_parameters_are_chainers():
    """Whatever a documented package gives takes Chainer's parameters in its order."""
    assert names.different_parameters() == []


def conv(ndim, **kwargs):
    x = np.ones((1, 2, *[6] * ndim), 'f')
    return x, np.ones((2, 2, *[3] * ndim), 'f'), kwargs


@pytest.mark.parametrize('name', ['convolution_2d', 'deconvolution_2d'])
def test_nodes_of_convolutions_tell_what_they_were_given(name):
    x, W, kwargs = conv(2, stride=(2, 1), pad=(1, 0), dilate=(1, 2))
    node = getattr(F, name)(x, minigrad.Variable(W), **kwargs).creator
    found = [node.sy, node.sx, node.ph, node.pw, node.dy, node.dx, node.groups]
    assert found == [2, 1, 1, 0, 1, 2, 1]


def test_nodes_of_poolings_and_windows():
    x = minigrad.Variable(np.ones((1, 2, 6, 6), 'f'))
    for y in (
        F.max_pooling_2d(x, (3, 2), 2, 1, cover_all=False),
        F.average_pooling_2d(x, (3, 2), 2, 1),
        F.unpooling_2d(x, (3, 2), 2, 1),
    ):
        node = y.creator
        assert (node.kh, node.kw, node.sy, node.sx, node.ph, node.pw) == (
            (3, 2, 2, 2, 1, 1)
        )
    node = F.convolution_nd(x, np.ones((1, 2, 2, 3), 'f'), stride=2, pad=1).creator
    assert (node.stride, node.pad, node.cover_all) == ((2, 2), (1, 1), False)
    node = F.local_response_normalization(x, n=3, k=1).creator
    assert (node.n, node.k, node.alpha, node.beta) == (3, 1, 1e-4, 0.75)
    node = F.diagonal(x, 1, 2, 3).creator
    assert (node.offset, node.axis1, node.axis2) == (1, 2, 3)


def test_variables_take_attributes_and_copies_keep_them():
    import copy

    v = minigrad.Variable(np.ones(2, 'f'))
    v.tag = [1]
    assert copy.copy(v).tag is v.tag
    deep = copy.deepcopy(v)
    assert deep.tag == [1]
    assert deep.tag is not v.tag


def test_names_of_parameters_have_a_sets_methods():
    link = L.Linear(2, 3)
    names_ = link._params
    assert list(names_) == ['W', 'b']
    copied = names_.copy()
    copied.update(['c', 'a'])
    copied.discard('W')
    assert list(copied) == ['a', 'b', 'c']
    assert list(names_ | {'a'}) == list(names_.union(['a'])) == ['W', 'a', 'b']
    copied.add('d')
    copied.remove('d')
    assert list(names_) == ['W', 'b']
    assert minigrad.ChainList(link)._children == [link]
    with pytest.warns(DeprecationWarning, match='_device_id is deprecated'):
        assert link._device_id is None


def test_a_configuration_over_globals_of_ones_own():
    globals_ = minigrad.configuration.GlobalConfig()
    globals_.depth = 3
    config = minigrad.configuration.LocalConfig(globals_)
    assert config.depth == 3
    config.depth = 4
    assert (config.depth, globals_.depth) == (4, 3)
    del config.depth
    assert config.depth == 3
    assert not hasattr(config, 'train')
    assert not hasattr(minigrad.config, 'depth')
    assert minigrad.config.train is True


@pytest.mark.parametrize(
    ('use', 'message'),
    [
        (lambda: minigrad.links.TheanoFunction([], []), 'Theano ended in 2017'),
        (lambda: minigrad.iterators.DaliIterator(None), 'MultiprocessIterator'),
        (lambda: minigrad.backend.ChainerxDevice(None), 'ChainerX is not available'),
        (lambda: minigrad.backend.Intel64Device(), 'iDeep is not available'),
        (lambda: L.Linear(1, 1).to_chx(), 'Linear.to_chx: ChainerX'),
        (lambda: L.Linear(1, 1).to_intel64(), 'Linear.to_intel64: iDeep'),
        (lambda: minigrad.Variable().to_chx(), 'ChainerX is not available'),
        (lambda: minigrad.Variable().as_layout('x'), "layout 'x' is not supported"),
    ],
)
def test_what_is_not_provided_says_so_when_used(use, message):
    with pytest.raises((NotImplementedError, RuntimeError), match=message):
        use()


def test_no_device_is_chainerxs_or_ideeps():
    device = L.Linear(1, 1).from_chx().device
    assert not isinstance(device, minigrad.backend.ChainerxDevice)
    assert not isinstance(device, minigrad.backend.Intel64Device)
    assert minigrad.backend.ChainerxDevice.from_array(np.ones(1)) is None
    assert minigrad.backend.from_chx(device) is device
    assert not isinstance(np.ones(1), minigrad.backend.chainerx.ndarray)
    x = minigrad.Variable(np.ones(1))
    assert x.layout is None
    assert x.as_layout(None) is x


def test_windows_over_three_axes_and_back():
    from minigrad.utils import conv_nd

    x = np.arange(2 * 5 * 4 * 3.0).reshape(1, 2, 5, 4, 3)
    col = conv_nd.im2col_nd(x, (2, 3, 2), (2, 1, 1), (1, 0, 1))
    W = np.random.RandomState(0).randn(4, 2, 2, 3, 2)
    y = np.tensordot(W, col, ((1, 2, 3, 4), (1, 2, 3, 4)))[:, 0]
    expected = F.convolution_nd(x, W, stride=(2, 1, 1), pad=(1, 0, 1)).array[0]
    np.testing.assert_allclose(y, expected)
    back = conv_nd.col2im_nd(col, (2, 1, 1), (1, 0, 1), (5, 4, 3))
    # The derivative of a linear map: <A x, A x> == <x, A' A x>.
    np.testing.assert_allclose((col * col).sum(), (x * back).sum())
    with pytest.raises(ValueError, match='expected a number or 2 numbers'):
        conv_nd.as_tuple((1, 2, 3), 2)
