"""The warning about parameters and links that will not be trained."""

import warnings

import numpy as np
import pytest

from minigrad.chain import Chain
from minigrad.chain_list import ChainList
from minigrad.link import Link
from minigrad.parameter import Parameter
from minigrad.variable import Variable


class LeNet(Chain):
    pass


class Block(Link):
    pass


class Stack(ChainList):
    pass


@pytest.fixture
def silent():
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        yield


def test_link_outside_init_scope():
    model = LeNet()
    with pytest.warns(UserWarning, match=r'LeNet\.conv1') as record:
        model.conv1 = Link()
    (warning,) = record
    assert str(warning.message) == (
        'LeNet.conv1 was assigned outside init_scope(), so its parameters will not be '
        'trained;\n  move the assignment into "with self.init_scope():"'
    )
    assert warning.filename == __file__
    assert list(model.links(skipself=True)) == []


def test_parameter_outside_init_scope():
    for link in (LeNet(), Block(), Stack()):
        with pytest.warns(UserWarning, match='so it will not be trained') as record:
            link.W = Parameter(0, 2)
        assert f'{type(link).__name__}.W was assigned outside' in str(record[0].message)
        assert 'with self.init_scope():' in str(record[0].message)
        assert list(link.params()) == []


def test_before_the_constructor():
    class Early(Chain):
        def __init__(self):
            self.conv1 = Link()
            super().__init__()

    with pytest.warns(UserWarning, match=r'Early\.conv1 was assigned before Link'):
        Early()


def test_link_on_a_plain_link():
    block = Block()
    with pytest.warns(UserWarning, match='derive the class from Chain'):
        block.child = Link()
    with (
        pytest.warns(UserWarning, match='Link that is not a Chain'),
        block.init_scope(),
    ):
        block.other = Link()


def test_link_on_a_chain_list():
    with pytest.warns(UserWarning, match=r'self\.append\(link\)'):
        Stack().child = Link()


def test_once_per_attribute():
    model = LeNet()
    with pytest.warns(UserWarning, match=r'LeNet\.a'):
        model.a = Link()
    with pytest.warns(UserWarning, match=r'LeNet\.b'):
        model.b = Parameter(0)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        model.a = Link()
        model.b = Parameter(0)


@pytest.mark.usefixtures('silent')
class TestSilence:
    def test_registered(self):
        model = LeNet()
        with model.init_scope():
            model.conv1 = Link()
            model.W = Parameter(0)

    def test_replacing_a_registered_parameter(self):
        model = LeNet()
        with model.init_scope():
            model.W = Parameter(0, 2)
        model.W = Parameter(1, 2)
        model.W = Variable(np.ones(2))
        model.W = Parameter(2, 2)
        assert list(model.params()) == [model.W]

    def test_sharing_what_is_registered_elsewhere(self):
        model = LeNet()
        with model.init_scope():
            model.encoder = Block()
            with model.encoder.init_scope():
                model.encoder.W = Parameter(0, 2)
        model.decoder = model.encoder
        model.W = model.encoder.W

    def test_other_values(self):
        model = LeNet()
        model.y = Variable(np.ones(2))
        model.optimizer = object()
        model.name = 'model'
        model.layers = [Link()]

    def test_objects_that_are_not_links(self):
        class Holder:
            pass

        Holder().model = LeNet()

    def test_own_bookkeeping(self):
        chain = LeNet(a=Link(), b=Stack(Block(), Block()))
        chain.copy()
        chain.copy('copy')
        chain.copy('init')
        chain.b.append(Link())
        del chain.a
        chain.repeat(2)
