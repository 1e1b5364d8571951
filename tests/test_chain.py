"""Chain: children as attributes."""

import copy
import pickle

import numpy as np
import pytest

from minigrad import initializers
from minigrad.chain import Chain
from minigrad.link import Link
from minigrad.parameter import Parameter


def leaf(shape, initializer=None):
    link = Link()
    with link.init_scope():
        link.x = Parameter(
            initializers.Normal() if initializer is None else initializer, shape
        )
    return link


@pytest.fixture
def tree():
    """c2 holds c1 (which holds l1 and l2), l3 and a parameter of its own."""
    c1 = Chain()
    with c1.init_scope():
        c1.l2 = leaf(2)
    c1.add_link('l1', leaf((2, 3)))
    c2 = Chain(c1=c1)
    with c2.init_scope():
        c2.l3 = leaf(None)
        c2.w = Parameter(0, 4)
    return c2


PATHS = ['/w', '/c1/l1/x', '/c1/l2/x', '/l3/x']


def test_registering(tree):
    assert tree.c1.name == 'c1'
    assert tree['c1'] is tree.c1
    assert tree.c1.l1.name == 'l1'
    assert [child.name for child in tree.children()] == ['c1', 'l3']


def test_existing_attribute(tree):
    tree.z = 0
    with pytest.raises(AttributeError, match='new link z: attribute exists'):
        tree.add_link('z', Link())
    exists = pytest.raises(AttributeError, match='new link z: attribute exists')
    with exists, tree.init_scope():
        tree.z = Link()
    with pytest.raises(TypeError, match='non-link object as a child: int'):
        tree.add_link('y', 3)


def test_delete(tree):
    del tree.c1
    assert [path for path, _ in tree.namedlinks()] == ['/', '/l3']
    with tree.init_scope():
        tree.c1 = Link()
    assert tree.c1.name == 'c1'


def test_traversal(tree):
    assert [path for path, _ in tree.namedparams()] == PATHS
    assert [path for path, _ in tree.namedparams(include_uninit=False)] == PATHS[:-1]
    by_path = dict(tree.namedparams())
    assert [id(p) for p in tree.params()] == [id(by_path[path]) for path in PATHS]
    assert len(list(tree.params(include_uninit=False))) == 3
    named = ['/', '/c1', '/c1/l1', '/c1/l2', '/l3']
    assert [path for path, _ in tree.namedlinks()] == named
    assert [path for path, _ in tree.namedlinks(skipself=True)] == named[1:]
    assert list(tree.links()) == [link for _, link in tree.namedlinks()]
    assert list(tree.links(skipself=True)) == list(tree.links())[1:]


def test_order_does_not_depend_on_registration():
    names = ['b', 'a10', 'a2', 'c']
    one = Chain(**{name: leaf(1) for name in names})
    two = Chain(**{name: leaf(1) for name in reversed(names)})
    expected = ['/a10/x', '/a2/x', '/b/x', '/c/x']
    assert [path for path, _ in one.namedparams()] == expected
    assert [path for path, _ in two.namedparams()] == expected


def test_share(tree):
    ret = tree.copy()
    assert ret.name is None
    assert ret.c1 is not tree.c1
    assert ret.c1.name == 'c1'
    assert ret.c1.l1.x is not tree.c1.l1.x
    assert ret.c1.l1.x.array is tree.c1.l1.x.array
    assert ret.c1.l1.x.grad is None
    assert ret.w.array is tree.w.array
    assert ret.l3.x.array is None
    del ret.c1
    assert 'c1' in tree._children


@pytest.mark.parametrize('make', [lambda c: c.copy('copy'), copy.deepcopy])
def test_copy(tree, make):
    ret = make(tree)
    assert ret.c1.l1.name == 'l1'
    assert ret.c1.l1.x.array is not tree.c1.l1.x.array
    np.testing.assert_array_equal(ret.c1.l1.x.array, tree.c1.l1.x.array)


def test_init(tree):
    ret = tree.copy('init')
    assert not np.array_equal(ret.c1.l1.x.array, tree.c1.l1.x.array)
    assert not np.array_equal(ret.c1.l2.x.array, tree.c1.l2.x.array)
    assert ret.l3.x.array is None


def test_pickle(tree):
    ret = pickle.loads(pickle.dumps(tree))
    assert [path for path, _ in ret.namedparams()] == PATHS
    np.testing.assert_array_equal(ret.c1.l1.x.array, tree.c1.l1.x.array)


def test_repeat(tree):
    a, b = tree.repeat(2)
    assert not np.array_equal(a.c1.l1.x.array, b.c1.l1.x.array)


def test_copyparams_and_addgrads(tree):
    other = tree.copy('init')
    for link in (other, tree):
        link.l3.x.cleargrad()
        link.l3.x.initialize(3)
    other.l3.x.array[...] = 5
    tree.copyparams(other)
    np.testing.assert_array_equal(tree.c1.l1.x.array, other.c1.l1.x.array)
    np.testing.assert_array_equal(tree.l3.x.array, [5, 5, 5])

    tree.cleargrads()
    for param in other.params():
        param.grad = np.full(param.shape, 2, 'f')
    tree.addgrads(other)
    tree.addgrads(other)
    for param in tree.params():
        np.testing.assert_array_equal(param.grad, np.full(param.shape, 4))


def test_copyparams_from_another_structure(tree):
    with pytest.raises(KeyError, match="no child link 'l1', which Chain has"):
        tree.c1.copyparams(Chain(l2=leaf(2)))


def test_count_params(tree):
    assert tree.c1.count_params() == 8
    with pytest.warns(UserWarning, match="'/l3/x' has not been initialized"):
        assert tree.count_params() == 12


class Serializer:
    """Keeps what it is given under its full path."""

    def __init__(self, seen, path=''):
        self.seen, self.path = seen, path

    def __getitem__(self, name):
        return Serializer(self.seen, f'{self.path}{name}/')

    def __call__(self, name, value):
        self.seen[self.path + name] = value
        return value


def test_serialize(tree):
    tree.c1.l1.add_persistent('n', 3)
    seen = {}
    tree.serialize(Serializer(seen))
    assert list(seen) == ['w', 'c1/l1/x', 'c1/l1/n', 'c1/l2/x', 'l3/x']
    assert seen['c1/l1/x'] is tree.c1.l1.x.array
    assert seen['c1/l1/n'] == 3


def test_str(tree):
    assert str(tree) == (
        'Chain(\n'
        '  (c1): Chain(\n'
        '    (l1): Link(),\n'
        '    (l2): Link(),\n'
        '  ),\n'
        '  (l3): Link(),\n'
        ')'
    )
    assert repr(Chain()) == 'Chain()'


def test_to_device_visits_children(tree):
    visited = []

    class Watched(Link):
        def device_resident_accept(self, visitor):
            super().device_resident_accept(visitor)
            visited.append(self.name)

    with tree.init_scope():
        tree.watched = Watched()
    tree.to_device('@numpy')
    assert visited == ['watched']
