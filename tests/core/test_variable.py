"""Variable and Parameter as Chainer programs see them."""

import copy
import pickle

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
import minigrad.links as L
from minigrad import Parameter, Variable


class TestVariable:
    def test_attributes(self):
        x = Variable(np.zeros((2, 3), 'f'), name='x')
        assert (x.shape, x.ndim, x.size, len(x)) == ((2, 3), 2, 6, 2)
        assert x.dtype == np.float32
        assert x.xp is np
        assert str(x.device) == '@numpy'
        assert x.data is x.array
        assert x.label == '(2, 3), float32'
        assert (x.rank, x.creator, x.requires_grad, x.name) == (0, None, True, 'x')
        assert x.node.name == 'x'

    def test_only_arrays(self):
        for bad in ([1.0], 1.0, 'x', np.float32(1)):
            with pytest.raises(TypeError, match=r'Variable: expected numpy\.ndarray'):
                Variable(bad)

    def test_setting_the_array_tells_the_node(self):
        x = Variable(np.zeros(2, 'f'))
        assert x.node.shape == (2,)
        x.array = np.zeros((3, 4))
        assert x.node.shape == (3, 4)
        assert x.node.dtype == np.float64

    def test_grad_must_fit(self):
        x = Variable(np.zeros((2, 3), 'f'))
        with pytest.raises(ValueError, match='shape'):
            x.grad = np.zeros(3, 'f')
        with pytest.raises(TypeError, match='dtype'):
            x.grad = np.zeros((2, 3))
        with pytest.raises(TypeError, match='array'):
            x.grad = 1.0
        x.grad_var = Variable(np.ones((2, 3), 'f'))
        np.testing.assert_array_equal(x.grad, np.ones((2, 3)))

    def test_addgrad(self):
        x, y = Variable(np.zeros(2)), Variable(np.zeros(2), grad=np.ones(2))
        x.addgrad(y)
        assert not np.shares_memory(x.grad, y.grad)
        x.addgrad(y)
        np.testing.assert_array_equal(x.grad, [2, 2])
        x.addgrad(Variable(np.zeros(2)))
        np.testing.assert_array_equal(x.grad, [2, 2])

    def test_zerograd(self):
        x = Variable(np.zeros(2), grad=np.ones(2))
        with pytest.warns(DeprecationWarning, match='cleargrad'):
            x.zerograd()
        np.testing.assert_array_equal(x.grad, [0, 0])

    @pytest.mark.parametrize('name', ['grad', 'grad_var'])
    def test_a_gradient_may_be_taken_away(self, name):
        x = Variable(np.ones(2))
        x.grad = np.ones(2)
        setattr(x, name, None)
        assert x.grad is None
        assert x.grad_var is None

    def test_copydata(self):
        x, y = Variable(np.zeros(2)), Variable(np.ones(2))
        x.copydata(y)
        np.testing.assert_array_equal(x.array, [1, 1])

    def test_comparison_and_truth_raise(self):
        x = Variable(np.zeros(2))
        for compare in ('__lt__', '__le__', '__eq__', '__ne__', '__gt__', '__ge__'):
            with pytest.raises(TypeError, match='do not support'):
                getattr(x, compare)(1)
        with pytest.raises(TypeError, match='bool'):
            bool(x)
        with pytest.raises(TypeError, match='unhashable'):
            hash(x)

    def test_texts(self):
        assert repr(Variable(np.array([1.0, 2.0]))) == 'variable([1., 2.])'
        assert str(Variable(np.array([1.0, 2.0]))) == 'variable([1. 2.])'
        assert repr(Variable(np.zeros((0, 2)))) == 'variable([], shape=(0, 2))'
        assert repr(Variable(np.array(1.0), name='a')) == 'variable a(1.)'
        assert repr(Variable()) == 'variable(None)'
        assert Variable(np.zeros(1), name='a').summary() == '<variable a>'
        text = Variable(np.ones(2), grad=np.zeros(2)).debug_print()
        assert 'mean=1.00000000, std=0.00000000' in text
        assert '- grad: 0' in text

    def test_ndarray_on_the_left(self):
        x = Variable(np.array([1.0, 2.0]))
        for y in (np.ones(2) + x, np.float64(1) + x):
            assert isinstance(y, Variable)
            np.testing.assert_array_equal(y.array, [2, 3])

    def test_arrays_are_cast_to_the_variable_but_variables_must_agree(self):
        x = Variable(np.ones(2, 'f'))
        assert (x * np.ones(2)).dtype == np.float32
        with pytest.raises(minigrad.errors.InvalidType, match='float32 != float64'):
            x * Variable(np.ones(2))

    def test_scalars_take_the_dtype_of_the_array(self):
        x = Variable(np.ones(2, 'e'))
        for y in (x + 1, 1.5 * x, x / np.float64(3), x ** np.float64(2), 2 - x):
            assert y.dtype == np.float16

    def test_wrong_operand(self):
        with pytest.raises(TypeError, match='must be a scalar'):
            Variable(np.ones(2)) + [1, 2]  # noqa: RUF005

    def test_copies(self):
        x = Variable(np.ones(2), name='x', grad=np.ones(2))
        shallow, deep = copy.copy(x), copy.deepcopy(x)
        assert shallow.array is x.array
        assert shallow.node is not x.node
        assert deep.array is not x.array
        assert deep.grad is not x.grad
        np.testing.assert_array_equal(deep.grad, x.grad)
        restored = pickle.loads(pickle.dumps(x))
        assert restored.name == 'x'
        np.testing.assert_array_equal(restored.grad, x.grad)

    def test_no_node_without_backprop(self):
        x = Variable(np.ones(2))
        with minigrad.no_backprop_mode():
            y = x * 2
        assert y._node is None
        assert x._node is None
        assert y.creator is None

    def test_views(self):
        x = Variable(np.arange(6.0))
        assert x.reshape(2, 3).shape == x.reshape((2, 3)).shape == (2, 3)
        y = x.reshape(1, 2, 3)
        assert y.T.shape == (3, 2, 1)
        assert y.transpose(2, 0, 1).shape == y.transpose((2, 0, 1)).shape == (3, 1, 2)
        assert x.mean().item() == 2.5
        assert x[2].item() == 2.0


class TestParameter:
    def test_array(self):
        W = Parameter(np.ones((2, 3), 'f'))
        assert W.is_initialized
        assert W.grad is None

    def test_shape(self):
        W = Parameter(2.0, (2, 3))
        np.testing.assert_array_equal(W.array, np.full((2, 3), 2.0))
        assert W.dtype == np.float32
        assert np.isnan(W.grad).all()

    def test_lazy(self):
        W = Parameter(minigrad.initializers.One())
        assert not W.is_initialized
        assert W.array is None
        with pytest.raises(RuntimeError, match='no gradient yet'):
            W.grad  # noqa: B018
        with pytest.raises(RuntimeError, match='dtype'):
            W.dtype  # noqa: B018
        W.cleargrad()
        assert W.grad is None
        W.initialize((2, 2))
        assert W.array.sum() == 4
        assert W.grad is None

    def test_lazy_gradient_is_nan_until_cleared(self):
        W = Parameter(minigrad.initializers.One())
        W.initialize(2)
        assert np.isnan(W.grad).all()

    def test_default_is_nan(self):
        assert np.isnan(Parameter(shape=(2,)).array).all()

    def test_uninitialised_in_a_function(self):
        with pytest.raises(RuntimeError, match='rhs is uninitialised'):
            Variable(np.ones(2)) + Parameter()

    @pytest.mark.parametrize('cleared', [False, True])
    @pytest.mark.parametrize('base', [minigrad.FunctionNode, minigrad.Function])
    def test_uninitialised_in_a_function_of_the_program(self, base, cleared):
        """It is given None, as in Chainer, and its gradient arrives."""

        class TimesWeight(base):
            def forward(self, inputs):
                x, W = inputs
                assert W is None
                self.retain_inputs((0, 1))
                return (x * np.full(3, 2, 'f'),)

            def backward(self, indexes, grad_outputs):
                if base is minigrad.FunctionNode:
                    x, W = self.get_retained_inputs()
                else:
                    x, W = indexes
                assert W is None
                (gy,) = grad_outputs
                return gy * 2, (gy * x)[0]

        W = Parameter(1.0)
        if cleared:
            W.cleargrad()
        x = Variable(np.array([[1, 2, 3]], 'f'))
        function = TimesWeight()
        if base is minigrad.FunctionNode:
            (y,) = function.apply((x, W))
        else:
            y = function(x, W)
        np.testing.assert_array_equal(y.array, [[2, 4, 6]])
        y.grad = np.ones((1, 3), 'f')
        y.backward()
        np.testing.assert_array_equal(x.grad, [[2, 2, 2]])
        np.testing.assert_array_equal(W.grad, [1, 2, 3])
        assert not W.is_initialized

    @pytest.mark.parametrize('debug', [False, True])
    def test_a_function_of_nothing_but_an_uninitialised_parameter(self, debug):
        class Ones(minigrad.FunctionNode):
            def forward(self, inputs):
                return np.ones(2)

        with minigrad.using_config('debug', debug):
            (y,) = Ones().apply((Parameter(),))
        assert y.array.tolist() == [1, 1]

    def test_copies_and_pickles(self):
        W = Parameter(np.ones(2, 'f'), name='W')
        W.cleargrad()
        for other in (copy.copy(W), copy.deepcopy(W), pickle.loads(pickle.dumps(W))):
            assert isinstance(other, Parameter)
            assert other.name == 'W'
            assert other.grad is None
            np.testing.assert_array_equal(other.array, W.array)
        lazy = pickle.loads(pickle.dumps(Parameter(minigrad.initializers.One())))
        lazy.initialize(2)
        assert lazy.array.sum() == 2

    def test_to_device_before_initialisation(self):
        W = Parameter(minigrad.initializers.One())
        W.to_device('@numpy')
        W.to_cpu()
        W.initialize(2)
        assert isinstance(W.array, np.ndarray)


def test_as_variable_and_as_array():
    x = Variable(np.ones(2))
    assert minigrad.as_variable(x) is x
    assert not minigrad.as_variable(x.array).requires_grad
    assert minigrad.as_array(x) is x.array
    assert minigrad.as_array(x.array) is x.array


def test_retained_input_is_the_array_of_the_forward_pass():
    x = Variable(np.array(3.0))
    y = x * x
    x.array = np.array(100.0)
    y.backward()
    assert x.grad == 6


def test_function_of_a_dead_output():
    x = Variable(np.array(0.0))
    (g,) = minigrad.grad([F.exp(x)], [x], enable_double_backprop=True)
    (gg,) = minigrad.grad([g], [x])
    assert gg.array == 1


def test_copies_of_a_lazy_parameter_are_initialised_together():
    x = minigrad.Parameter()
    y, deep = copy.copy(x), copy.deepcopy(x)
    loaded = pickle.loads(pickle.dumps(x))
    y.initialize((3, 2))
    assert x.array is y.array
    assert deep.array is None
    assert loaded.array is None


def test_a_copy_moved_elsewhere_gets_its_own_array():
    x = Parameter()
    y = copy.copy(x)
    x._initial_device = None  # where it was before
    x.to_device('@numpy')
    x.initialize((2,))
    assert y.array is None


def test_backward_with_retain_grad_gives_the_gradient_back():
    x = minigrad.Variable(np.ones(3, 'f'))
    y = x * 2
    y.grad = np.ones(3, 'f')
    gy = y.grad_var
    y.backward(retain_grad=True)
    assert y.grad_var is gy
    assert x.grad is not y.grad


def test_debug_print_names_the_device():
    assert 'device: CPU' in minigrad.Variable(np.ones(2)).debug_print()
    assert 'device: None' in minigrad.Variable().debug_print()


def test_copies_see_an_array_that_is_assigned():
    x = Parameter(np.zeros(2, 'f'))
    y, z, deep = copy.copy(x), copy.copy(copy.copy(x)), copy.deepcopy(x)
    x.array = np.ones(3, 'f')
    assert y.array is x.array
    assert z.array is x.array
    z.data = np.ones(1, 'f')
    assert x.array is z.array
    assert deep.array.tolist() == [0, 0]
    last = copy.copy(x)
    assert len(x._copies) == 4  # not the one that is gone
    assert last.array is x.array
    y.grad = np.ones(1, 'f')
    assert x.grad is None


class TestByteOrder:
    """Arrays of the other byte order are read as they are meant, everywhere."""

    @pytest.mark.parametrize(
        'function',
        [F.relu, F.softmax, F.sum, F.dropout, L.Linear(4, 2), L.BatchNormalization(4)],
    )
    def test_inputs(self, function):
        x = np.random.RandomState(0).rand(3, 4).astype('f')
        for other in (x.astype('>f4'), minigrad.Variable(x.astype('>f4'))):
            np.random.seed(0)
            expected = function(x)
            np.random.seed(0)
            y = function(other)
            assert y.dtype.isnative
            np.testing.assert_array_equal(y.array, expected.array)

    def test_labels(self):
        x, t = np.eye(3, dtype='f'), np.arange(3)
        expected = F.softmax_cross_entropy(x, t).array
        assert F.softmax_cross_entropy(x, t.astype('>i4')).array == expected
        assert L.EmbedID(3, 2)(t.astype('>i8')).shape == (3, 2)

    def test_gradients(self):
        x = minigrad.Variable(np.ones(3, '>f4'))
        F.sum(x * x).backward()
        assert x.grad.tolist() == [2, 2, 2]


def test_masked_arrays_are_refused():
    x = np.ma.masked_array(np.ones(3, 'f'), [0, 1, 0])
    for use in (minigrad.Variable, F.relu, F.exp):
        with pytest.raises(TypeError, match=r'got MaskedArray\n.*x\.filled\(0\)'):
            use(x)
