"""ChainList: children as items."""

import copy

import numpy as np
import pytest

from minigrad import initializers
from minigrad.chain_list import ChainList
from minigrad.link import Link
from minigrad.parameter import Parameter


def leaf(shape=2):
    link = Link()
    with link.init_scope():
        link.x = Parameter(initializers.Normal(), shape)
    return link


@pytest.fixture
def tree():
    """[[l1, l2], l3]."""
    c1 = ChainList(leaf((2, 3)))
    c1.add_link(leaf(2))
    c2 = ChainList(c1)
    c2.append(leaf(3))
    return c2


def names(chain):
    return [child.name for child in chain.children()]


def test_registering(tree):
    assert names(tree) == ['0', '1']
    assert tree[0][1].name == '1'
    assert len(tree) == 2
    assert list(tree) == [tree[0], tree[1]]


def test_init_scope(tree):
    with tree.init_scope():
        tree.p = Parameter(0, 2)
        with pytest.raises(TypeError, match='use append'):
            tree.l = Link()
    assert next(tree.namedparams())[0] == '/p'


def test_traversal(tree):
    assert [path for path, _ in tree.namedparams()] == ['/0/0/x', '/0/1/x', '/1/x']
    found = [path for path, _ in tree.namedlinks()]
    assert found == ['/', '/0', '/0/0', '/0/1', '/1']
    assert list(tree.links()) == [link for _, link in tree.namedlinks()]
    assert list(tree.links(skipself=True)) == list(tree.links())[1:]
    assert len(list(tree.params())) == 3


def test_numbers_not_letters_order_the_children():
    chain = ChainList(*[leaf(1) for _ in range(11)])
    assert [path for path, _ in chain.namedparams()][-1] == '/10/x'


def test_list_operations(tree):
    a, b, c = leaf(), leaf(), leaf()
    chain = ChainList(a, b)
    chain.insert(0, c)
    assert list(chain) == [c, a, b]
    assert [link.name for link in (c, a, b)] == ['0', '1', '2']
    chain[1] = tree
    assert tree.name == '1'
    del chain[0]
    assert names(chain) == ['0', '1']
    assert chain.pop() is b
    chain.extend([a, b])
    chain.reverse()
    assert list(chain) == [b, a, tree]
    assert names(chain) == ['0', '1', '2']
    chain.remove(a)
    assert list(chain) == [b, tree]
    assert chain.index(tree) == 1
    assert chain.count(b) == 1
    assert tree in chain
    chain[-1] = a
    assert a.name == '1'


def test_slices():
    links = [leaf() for _ in range(4)]
    chain = ChainList(*links)
    assert chain[1:3] == links[1:3]
    del chain[1:3]
    assert list(chain) == [links[0], links[3]]
    assert names(chain) == ['0', '1']
    chain[0:1] = links[1:3]
    assert list(chain) == [*links[1:3], links[3]]
    assert names(chain) == ['0', '1', '2']
    with pytest.raises(TypeError, match='integers or slices, not str'):
        chain['0'] = leaf()


def test_share(tree):
    ret = tree.copy()
    assert ret[0] is not tree[0]
    assert ret[0][0].name == '0'
    assert ret[0][0].x is not tree[0][0].x
    assert ret[0][0].x.array is tree[0][0].x.array
    ret.append(leaf())
    assert len(tree) == 2


@pytest.mark.parametrize('make', [lambda c: c.copy('copy'), copy.deepcopy])
def test_copy(tree, make):
    with tree.init_scope():
        tree.p = Parameter(3, 2)
    ret = make(tree)
    assert ret[0][0].x.array is not tree[0][0].x.array
    np.testing.assert_array_equal(ret[0][0].x.array, tree[0][0].x.array)
    assert ret.p.array is not tree.p.array


def test_init(tree):
    ret = tree.copy('init')
    assert not np.array_equal(ret[0][0].x.array, tree[0][0].x.array)


def test_copyparams_and_addgrads(tree):
    other = tree.copy('init')
    tree.copyparams(other)
    np.testing.assert_array_equal(tree[0][0].x.array, other[0][0].x.array)
    tree.cleargrads()
    for param in other.params():
        param.grad = np.ones(param.shape, 'f')
    tree.addgrads(other)
    for param in tree.params():
        np.testing.assert_array_equal(param.grad, np.ones(param.shape))


def test_str(tree):
    assert str(tree) == (
        'ChainList(\n'
        '  (0): ChainList(\n'
        '    (0): Link(),\n'
        '    (1): Link(),\n'
        '  ),\n'
        '  (1): Link(),\n'
        ')'
    )
    assert repr(ChainList()) == 'ChainList()'
