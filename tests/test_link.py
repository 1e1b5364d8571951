"""Link: registering, traversing, copying, gradients, saving."""

import copy
import pickle
import warnings

import numpy as np
import pytest

from minigrad import initializers
from minigrad.backend import CpuDevice
from minigrad.link import Link
from minigrad.parameter import Parameter
from minigrad.variable import Variable


class Rule:
    enabled = True


@pytest.fixture
def link():
    link = Link(x=((2, 3), 'd'), u=(None, 'd'))
    with link.init_scope():
        link.y = Parameter(shape=(2,))
        link.v = Parameter()
    link.add_persistent('p', np.array([1, 2, 3], 'f'))
    link.name = 'a'
    link.x.update_rule = Rule()
    link.x.update_rule.enabled = False
    link.u.update_rule = Rule()
    return link


class TestRegistering:
    def test_constructor(self, link):
        assert (link.x.shape, link.x.dtype) == ((2, 3), np.float64)
        assert np.isnan(link.x.array).all()
        assert np.isnan(link.x.grad).all()
        assert (link.y.shape, link.y.dtype) == ((2,), np.float32)
        assert link.u.array is None
        link.u.initialize((1, 2))
        assert link.u.dtype == np.float64

    @pytest.mark.parametrize(
        ('value', 'shape', 'dtype'),
        [
            (3, (3,), 'f'),
            ((3,), (3,), 'f'),
            ((2, 3), (2, 3), 'f'),
            ([2, 3], (2, 3), 'f'),
            ((np.int64(2), np.int32(3)), (2, 3), 'f'),
            ((2, 0), (2, 0), 'f'),
            ((), (), 'f'),
            ((3, 'd'), (3,), 'd'),
            (((2, 3), np.float64), (2, 3), 'd'),
            (((), 'd'), (), 'd'),
        ],
    )
    def test_constructor_takes_shapes_and_pairs(self, value, shape, dtype):
        param = Link(w=value).w
        assert param.shape == shape
        assert param.dtype == np.dtype(dtype)

    def test_parameter_gets_its_name(self, link):
        assert link.y.name == 'y'
        assert link.u.name == 'u'

    def test_variable_in_init_scope_is_an_attribute(self, link):
        with link.init_scope():
            link.z = Variable(np.ones(2))
        assert 'z' not in link._params

    def test_add_param(self, link):
        link.add_param('a', (2, 3))
        link.add_param('b', (2, 3), dtype='d')
        link.add_param('c')
        link.add_param('d', initializer=initializers.Zero('d'))
        link.add_param('e', initializer=np.ones((2, 3), 'f'))
        link.add_param('f', 3, initializer=5)
        assert link.a.dtype == np.float32
        assert np.isnan(link.a.array).all()
        assert link.b.dtype == np.float64
        assert link.c.array is None
        link.d.initialize(2)
        np.testing.assert_array_equal(link.d.array, [0, 0])
        np.testing.assert_array_equal(link.e.array, np.ones((2, 3)))
        np.testing.assert_array_equal(link.f.array, [5, 5, 5])

    @pytest.mark.parametrize('name', ['x', 'p'])
    def test_names_are_unique(self, link, name):
        with pytest.raises(AttributeError, match=f'new parameter {name}: attribute'):
            link.add_param(name, 2)
        with pytest.raises(AttributeError, match=f'persistent value {name}: attribute'):
            link.add_persistent(name, 2)

    def test_register_persistent(self, link):
        link.q = 'abc'
        link.register_persistent('q')
        assert 'q' in link._persistent
        link.register_persistent('x')
        assert 'x' not in link._params
        assert 'x' in link._persistent
        with pytest.raises(AttributeError, match='non-existent attribute r'):
            link.register_persistent('r')

    def test_parameter_replaces_persistent(self, link):
        with link.init_scope():
            link.p = Parameter(0, 2)
        assert 'p' in link._params
        assert 'p' not in link._persistent

    def test_delete(self, link):
        del link.x
        del link.p
        assert not hasattr(link, 'x')
        assert 'x' not in link._params
        assert 'p' not in link._persistent

    def test_init_scope_nests_and_closes(self, link):
        assert not link.within_init_scope
        with link.init_scope():
            with link.init_scope():
                assert link.within_init_scope
            assert link.within_init_scope
        with pytest.raises(ZeroDivisionError), link.init_scope():
            raise ZeroDivisionError
        assert not link.within_init_scope

    def test_init_scope_belongs_to_one_link(self, link):
        other = Link()
        with link.init_scope():
            assert not other.within_init_scope

    def test_missing_super_init(self):
        class Forgetful(Link):
            def __init__(self):
                with self.init_scope():
                    pass

        with pytest.raises(RuntimeError, match=r'Forgetful.*super\(\).__init__\(\)'):
            Forgetful()

    def test_missing_super_init_found_by_the_call(self):
        class Forgetful(Link):
            def __init__(self):
                pass

            def forward(self):
                pass

        with pytest.raises(RuntimeError, match='has not been called'):
            Forgetful()()


class TestCall:
    def test_forward(self):
        class Double(Link):
            def forward(self, x, factor=2):
                return x * factor

        assert Double()(3) == 6
        assert Double()(3, factor=4) == 12

    def test_without_forward(self):
        with pytest.raises(AttributeError, match='forward'):
            Link()()

    def test_mixin_call_comes_first(self):
        class Mixin:
            def __call__(self, x):
                return ('mixin', x)

        class Mixed(Link, Mixin):
            def forward(self, x):
                return ('forward', x)

        assert Mixed()(1) == ('mixin', 1)

    def test_mixin_init_is_left_alone(self):
        class Mixin:
            def __init__(self, needed):
                raise AssertionError

        class Mixed(Link, Mixin):
            pass

        assert list(Mixed().params()) == []


class TestTraversal:
    def test_params_in_alphabetical_order(self, link):
        expected = [link.u, link.v, link.x, link.y]
        assert [id(p) for p in link.params()] == [id(p) for p in expected]
        found = [path for path, _ in link.namedparams()]
        assert found == ['/u', '/v', '/x', '/y']

    def test_skip_uninitialized(self, link):
        assert [p.name for p in link.params(include_uninit=False)] == ['x', 'y']
        found = [path for path, _ in link.namedparams(include_uninit=False)]
        assert found == ['/x', '/y']

    def test_links(self, link):
        assert list(link.links()) == [link]
        assert list(link.links(skipself=True)) == []
        assert list(link.namedlinks()) == [('/', link)]
        assert list(link.namedlinks(skipself=True)) == []
        assert list(link.children()) == []

    def test_params_can_be_added_while_traversing(self, link):
        for param in link.params():
            link.add_param(param.name + '2', 1)
        assert len(list(link.params())) == 8


class TestCopy:
    def test_share(self, link):
        link.x.grad = np.zeros((2, 3))
        ret = link.copy()
        assert ret.name is None
        assert ret.x is not link.x
        assert ret.x.array is link.x.array
        assert ret.x.grad is None
        assert link.x.grad is not None
        assert ret.u.array is None
        assert ret.p is link.p

    def test_share_has_registries_of_its_own(self, link):
        ret = link.copy()
        ret.add_param('z', 1)
        ret.add_persistent('q', 1)
        del ret.x
        assert 'z' not in link._params
        assert 'x' in link._params
        assert 'q' not in link._persistent

    @pytest.mark.parametrize('make', [lambda link: link.copy('copy'), copy.deepcopy])
    def test_copy(self, link, make):
        link.x.array[...] = 4
        ret = make(link)
        assert ret.name == 'a'
        assert ret.x is not link.x
        assert ret.x.array is not link.x.array
        np.testing.assert_array_equal(ret.x.array, link.x.array)
        np.testing.assert_array_equal(ret.x.grad, link.x.grad)
        assert ret.u.array is None
        assert ret.p is not link.p
        np.testing.assert_array_equal(ret.p, link.p)
        assert [path for path, _ in ret.namedparams()] == ['/u', '/v', '/x', '/y']

    def test_init(self, link):
        link.u.initializer = initializers.Normal(dtype='d')
        link.u.initialize((2, 3))
        ret = link.copy('init')
        assert ret.u.shape == (2, 3)
        assert not np.array_equal(ret.u.array, link.u.array)
        assert ret.v.array is None

    def test_unknown_mode(self, link):
        with pytest.raises(ValueError, match="'share', 'copy' or 'init', got 'deep'"):
            link.copy('deep')

    def test_pickle(self, link):
        link.x.update_rule = link.u.update_rule = None
        link.x.array[...] = 4
        ret = pickle.loads(pickle.dumps(link))
        assert [path for path, _ in ret.namedparams()] == ['/u', '/v', '/x', '/y']
        np.testing.assert_array_equal(ret.x.array, link.x.array)
        np.testing.assert_array_equal(ret.p, link.p)


class Layer(Link):
    def __init__(self):
        super().__init__()
        with self.init_scope():
            self.x = Parameter(initializers.Normal(), (2, 3))

    def forward(self, x):
        return x + 1


class TestRepeat:
    def test_none(self):
        assert len(Layer().repeat(0)) == 0

    def test_init(self):
        a, b = Layer().repeat(2)
        assert a is not b
        assert not np.array_equal(a.x.array, b.x.array)

    def test_copy(self):
        layer = Layer()
        a, b = layer.repeat(2, mode='copy')
        assert a.x.array is not b.x.array
        assert layer.x.array is not a.x.array
        np.testing.assert_array_equal(a.x.array, b.x.array)

    def test_share(self):
        layer = Layer()
        a, b = layer.repeat(2, mode='share')
        assert a is not b
        assert a.x is not b.x
        assert a.x.array is b.x.array is layer.x.array

    def test_call(self):
        assert Layer().repeat(3)(0) == 3

    def test_unknown_mode(self):
        with pytest.raises(ValueError, match="got 'twice'"):
            Layer().repeat(2, mode='twice')


class TestCopyparams:
    def make(self):
        ret = Link()
        with ret.init_scope():
            ret.x = Parameter(2, (2, 3))
            ret.y = Parameter(4, 2)
            ret.u = Parameter(6, (2, 3))
            ret.v = Parameter(8, (3, 2))
        ret.add_persistent('p', np.array([7, 8, 9], 'f'))
        return ret

    def test_values_but_not_gradients(self, link):
        other = self.make()
        link.x.grad = np.zeros((2, 3))
        array = link.x.array
        link.u.cleargrad()
        link.v.cleargrad()
        link.copyparams(other)
        for name in 'xyuv':
            np.testing.assert_array_equal(
                getattr(link, name).array, getattr(other, name).array
            )
        assert link.x.array is array
        np.testing.assert_array_equal(link.x.grad, np.zeros((2, 3)))
        assert link.u.grad is None
        np.testing.assert_array_equal(link.p, [7, 8, 9])

    def test_arrays_are_not_shared(self, link):
        other = self.make()
        link.copyparams(other)
        for name in 'xyuv':
            assert not np.shares_memory(
                getattr(link, name).array, getattr(other, name).array
            )
        assert not np.shares_memory(link.p, other.p)

    def test_persistent_can_be_left_out(self, link):
        link.copyparams(self.make(), copy_persistent=False)
        np.testing.assert_array_equal(link.p, [1, 2, 3])

    def test_other_persistents_are_copied_deeply(self):
        a, b = Link(), Link()
        a.add_persistent('p', None)
        b.add_persistent('p', [1, [2]])
        a.copyparams(b)
        assert a.p == [1, [2]]
        assert a.p[1] is not b.p[1]


class TestGradients:
    def test_cleargrads(self, link):
        link.cleargrads()
        link.u.initialize((2, 3))
        for param in link.params():
            assert param.grad is None

    def test_zerograds(self, link):
        with pytest.warns(DeprecationWarning, match=r'Use (Link|Variable)\.cleargrad'):
            link.zerograds()
        link.u.initialize((2, 3))
        for param in (link.x, link.y, link.u):
            np.testing.assert_array_equal(param.grad, np.zeros(param.shape))

    def test_addgrads(self, link):
        other = Link(x=((2, 3), 'd'), y=2, u=((2, 3), 'd'), v=None)
        other.v.cleargrad()
        link.v.cleargrad()
        link.u.cleargrad()
        for param, value in ((other.x, 1), (other.y, 2), (other.u, 3)):
            param.grad[...] = value
        link.x.grad[...] = -1
        link.y.grad[...] = -2
        link.addgrads(other)
        np.testing.assert_array_equal(link.x.grad, np.zeros((2, 3)))
        np.testing.assert_array_equal(link.y.grad, np.zeros(2))
        np.testing.assert_array_equal(link.u.grad, np.full((2, 3), 3))
        assert not np.shares_memory(link.u.grad, other.u.grad)
        assert link.v.grad is None

    def test_updates(self, link):
        assert link.update_enabled
        link.disable_update()
        assert not link.update_enabled
        assert not link.u.update_rule.enabled
        link.enable_update()
        assert link.x.update_rule.enabled
        assert link.update_enabled

    def test_count_params(self, link):
        with pytest.warns(UserWarning, match="'/[uv]' has not been initialized") as w:
            assert link.count_params() == 8
        assert len(w) == 2
        link.u.initialize((2, 3))
        link.v.initialize((2, 3))
        with warnings.catch_warnings():
            warnings.simplefilter('error')
            assert link.count_params() == 20


class Recorder:
    """A serializer that keeps what it is given, and answers from a dictionary."""

    def __init__(self, answers=None):
        self.calls = {}
        self.answers = answers

    def __call__(self, name, value):
        self.calls[name] = value
        return value if self.answers is None else self.answers[name]


class TestSerialize:
    def test_names_and_values(self, link):
        recorder = Recorder()
        link.serialize(recorder)
        assert list(recorder.calls) == ['u', 'v', 'x', 'y', 'p']
        assert recorder.calls['x'] is link.x.array
        assert recorder.calls['u'] is None
        assert recorder.calls['p'] is link.p

    def test_persistents_are_replaced(self, link):
        answers = {'u': None, 'v': None, 'x': link.x.array, 'y': None, 'p': 'new'}
        link.serialize(Recorder(answers))
        assert link.p == 'new'

    def test_lazy_parameters_take_the_loaded_shape(self, link):
        loaded = np.arange(6, dtype='f').reshape(2, 3)
        answers = {'u': loaded, 'v': loaded, 'x': None, 'y': None, 'p': None}
        link.serialize(Recorder(answers))
        np.testing.assert_array_equal(link.u.array, loaded)
        assert link.u.dtype == np.float64
        assert not np.shares_memory(link.v.array, loaded)


class TestDevice:
    def test_to_device(self, link):
        x, p = link.x.array, link.p
        assert link.to_device('@numpy') is link
        assert link.x.array is x
        assert link.p is p
        assert link.device == CpuDevice()
        assert link.xp is np

    def test_to_cpu_is_deprecated(self, link):
        with pytest.warns(DeprecationWarning, match=r"use to_device\('@numpy'\)"):
            assert link.to_cpu() is link

    def test_overridden_to_cpu_is_called(self):
        calls = []

        class Old(Link):
            def to_cpu(self):
                calls.append('old')
                return super().to_cpu()

        with pytest.warns(DeprecationWarning, match='to_cpu'):
            Old().to_device('@numpy')
        assert calls == ['old']
        with pytest.warns(DeprecationWarning, match='to_cpu'):
            Old().to_cpu()
        assert calls == ['old', 'old']


def test_str(link):
    class Shown(Link):
        @property
        def printable_specs(self):
            yield 'a', 1
            yield 'b', (2, 3)

    assert str(Shown()) == 'Shown(a=1, b=(2, 3))'
    assert repr(link) == 'Link()'


def test_from_params():
    with pytest.raises(NotImplementedError, match='Link does not implement'):
        Link.from_params(np.ones(2))
