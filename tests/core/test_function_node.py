"""FunctionNode and the old-style Function as their authors see them."""

import pickle

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
from minigrad import Function, FunctionHook, FunctionNode, Variable
from minigrad.errors import InvalidType
from minigrad.utils import type_check


class Square(FunctionNode):
    def forward(self, inputs):
        self.retain_inputs((0,))
        return (inputs[0] ** 2,)

    def backward(self, indexes, grad_outputs):
        (x,) = self.get_retained_inputs()
        return (2 * x * grad_outputs[0],)


def test_names():
    assert Square().label == 'Square'
    assert Square.public_name == 'square'
    x = Variable(np.array(1.0))
    labels = [y.creator.label for y in (x + x, 2 * x, x - 1, 3 / x, x**-2)]
    assert labels == ['_ + _', '_ * 2', '_ + (-1)', '3 / _', '_ ** (-2)']


def test_apply_once():
    node = Square()
    (y,) = node.apply((np.ones(2),))
    with pytest.raises(RuntimeError, match='one node is one application'):
        node.apply((np.ones(2),))
    del y  # nobody can ask for the gradient of that any more
    (y,) = node.apply((np.full(2, 3.0),))
    assert y.array.tolist() == [9, 9]
    with pytest.raises(RuntimeError, match=r'\.apply\('):
        node(np.ones(2))


def test_forward_cpu():
    class Twice(FunctionNode):
        def forward_cpu(self, inputs):
            return (inputs[0] * 2,)

    assert Twice().apply((np.array(2.0),))[0].array == 4
    with pytest.raises(NotImplementedError, match='defines neither'):
        FunctionNode().apply((np.array(2.0),))


@pytest.mark.parametrize('bad', [1.0, [1.0], None, 'x', ([1.0],)])
def test_forward_must_return_arrays(bad):
    class Bad(FunctionNode):
        def forward(self, inputs):
            return bad

    with pytest.raises(TypeError, match='bad: forward must return'):
        Bad().apply((np.array(2.0),))


def test_numpy_scalars_become_arrays():
    y = Square().apply((np.array(3.0),))[0]
    assert isinstance(y.array, np.ndarray)
    assert y.shape == ()


def test_inputs_must_be_arrays():
    with pytest.raises(TypeError, match='expected'):
        Square().apply(([1.0],))


def test_only_wanted_gradients_are_asked_for():
    asked = []

    class Pair(FunctionNode):
        def forward(self, inputs):
            return inputs[0] + inputs[1]

        def backward(self, indexes, grad_outputs):
            asked.append(indexes)
            return (grad_outputs[0],)  # one per wanted index, Chainer's other form

    x = Variable(np.array(1.0))
    Pair().apply((np.array(2.0), x))[0].backward()
    assert asked == [(1,)]
    assert x.grad == 1


def test_several_outputs_with_a_missing_gradient():
    class Split(FunctionNode):
        def forward(self, inputs):
            return inputs[0] * 2, inputs[0] * 3

        def backward(self, indexes, grad_outputs):
            a, b = grad_outputs
            assert b is None
            return a * 2

    x = Variable(np.array(1.0))
    y, _ = Split().apply((x,))
    y.backward()
    assert x.grad == 2


def test_retain_outputs():
    class Exp(FunctionNode):
        def forward(self, inputs):
            self.retain_outputs((0,))
            return np.exp(inputs[0])

        def backward(self, indexes, grad_outputs):
            (y,) = self.get_retained_outputs()
            return y * grad_outputs[0]

    x = Variable(np.array(0.0))
    y = Exp().apply((x,))[0]
    assert y.creator.output_data[0] is y.array
    y.backward()
    assert x.grad == 1
    with pytest.raises(RuntimeError, match='gone'):
        Square().output_data  # noqa: B018


class TestTypeCheck:
    class Checked(FunctionNode):
        public_name = 'checked'
        arg_names = ('x', 'W')

        def check_type_forward(self, in_types):
            assert in_types.size() == 2
            x, W = in_types
            if x.shape != W.shape:
                raise self.refuse('x.shape == W.shape', x.shape, 'transpose W')

        def forward(self, inputs):
            return inputs[0]

    def test_message(self):
        with pytest.raises(InvalidType) as caught:
            self.Checked().apply((np.ones((2, 3), 'f'), np.ones(3)))
        assert str(caught.value) == (
            'checked: expected x.shape == W.shape, got (2, 3)\n'
            '  hint: transpose W\n'
            '  x   float32 (2, 3)  numpy\n'
            '  W   float64 (3,)    numpy'
        )

    def test_forward_may_refuse_too(self):
        class Late(FunctionNode):
            arg_names = ('x',)

            def forward(self, inputs):
                raise self.refuse('something else', 'this')

        with pytest.raises(InvalidType) as caught:
            Late().apply((np.ones(3),))
        assert str(caught.value) == (
            'late: expected something else, got this\n  x   float64 (3,)  numpy'
        )

    def test_only_the_function_that_refuses_lists_its_inputs(self):
        class Outer(FunctionNode):
            def forward(self, inputs):
                return F.expand_dims(inputs[0], 7).array

        with pytest.raises(InvalidType) as caught:
            Outer().apply((np.ones(3),))
        assert str(caught.value).count('float64 (3,)') == 1

    def test_rule_and_value_stay_readable(self):
        with pytest.raises(InvalidType) as caught:
            self.Checked().apply((np.ones((2, 3), 'f'), np.ones(3)))
        error = pickle.loads(pickle.dumps(caught.value))
        assert (error.expect, error.actual) == ('x.shape == W.shape', (2, 3))
        assert str(error) == str(caught.value)

    def test_can_be_switched_off(self):
        with minigrad.using_config('type_check', False):
            self.Checked().apply((np.ones((2, 3)), np.ones(3)))

    def test_chainers_way(self):
        class Old(FunctionNode):
            def check_type_forward(self, in_types):
                type_check.expect(in_types.size() == 1, in_types[0].dtype.kind == 'f')

            def forward(self, inputs):
                return inputs[0]

        Old().apply((np.ones(2),))
        with pytest.raises(type_check.InvalidType):
            Old().apply((np.ones(2, 'i'),))


class TestHooks:
    class Recorder(FunctionHook):
        name = 'recorder'

        def __init__(self):
            self.calls = []

        def added(self, function):
            self.calls.append(('added', function))

        def deleted(self, function):
            self.calls.append(('deleted', function))

        def forward_preprocess(self, function, in_data):
            self.calls.append(('forward', function.label, in_data[0].shape))

        def forward_postprocess(self, function, in_data):
            self.calls.append(('forwarded', function.label))

        def backward_preprocess(self, function, in_data, out_grad):
            self.calls.append(('backward', function.label, in_data[0].shape, out_grad))

        def backward_postprocess(self, function, in_data, out_grad):
            self.calls.append(('backwarded', function.label))

    def test_of_the_thread(self):
        x = Variable(np.ones(()))
        with self.Recorder() as hook:
            y = Square().apply((x,))[0]
            y.backward()
            with pytest.raises(KeyError), self.Recorder():
                pass
        names = [call[:2] for call in hook.calls if call[1] in (None, 'Square')]
        assert names == [
            ('added', None),
            ('forward', 'Square'),
            ('forwarded', 'Square'),
            ('backward', 'Square'),
            ('backwarded', 'Square'),
            ('deleted', None),
        ]
        assert not minigrad.get_function_hooks()

    def test_of_one_node(self):
        hook, node = self.Recorder(), Square()
        node.add_hook(hook)
        with pytest.raises(KeyError):
            node.add_hook(hook)
        with pytest.raises(TypeError):
            node.add_hook(1, 'x')
        node.apply((np.ones(()),))
        Square().apply((np.ones(()),))
        assert [call[0] for call in hook.calls] == ['added', 'forward', 'forwarded']
        node.delete_hook('recorder')
        with pytest.raises(KeyError):
            node.delete_hook('recorder')


class OldSquare(Function):
    def forward(self, inputs):
        return (inputs[0] ** 2,)

    def backward(self, inputs, grad_outputs):
        return (2 * inputs[0] * grad_outputs[0],)


class TestOldStyleFunction:
    def test_backward(self):
        x = Variable(np.array(3.0))
        function = OldSquare()
        y = function(x)
        y.backward()
        assert x.grad == 6
        assert y.creator is function
        assert y.creator_node.function is function
        assert function.inputs == (x.node,)
        assert y.creator.label == 'OldSquare'

    def test_may_be_called_again(self):
        x = Variable(np.array(3.0))
        square = OldSquare()
        square(square(x)).backward()
        assert x.grad == 108

    def test_differentiable_once(self):
        x = Variable(np.array(3.0))
        (gx,) = minigrad.grad([OldSquare()(x)], [x], enable_double_backprop=True)
        with pytest.raises(RuntimeError, match='twice-differentiate'):
            gx.backward()

    def test_outlives_the_name_it_had(self):
        x = Variable(np.array(3.0))
        y = OldSquare()(x) * 2
        y.backward()
        assert x.grad == 12

    def test_cpu_methods_and_retained_inputs(self):
        class Product(Function):
            def forward_cpu(self, inputs):
                self.retain_inputs((1,))
                return (inputs[0] * inputs[1],)

            def backward_cpu(self, inputs, grad_outputs):
                assert inputs[0] is None
                return grad_outputs[0] * inputs[1], None

        a, b = Variable(np.array(3.0)), Variable(np.array(2.0))
        Product()(a, b).backward()
        assert (a.grad, b.grad) == (2, None)


def test_mixed_use_with_functions():
    x = Variable(np.array([1.0, 2.0]))
    F.sum(Square().apply((F.exp(x),))[0]).backward()
    np.testing.assert_allclose(x.grad, 2 * np.exp([2.0, 4.0]))


class MulAdd(minigrad.FunctionNode):
    """Has no backward, only backward_accumulate."""

    def forward(self, inputs):
        self.retain_inputs((0, 1))
        a, b, c = inputs
        return a * b + c

    def backward_accumulate(self, target_input_indexes, grad_outputs, grad_inputs):
        a, b = self.get_retained_inputs()
        (g,) = grad_outputs
        gxs = (g * b, g * a, g)
        return tuple(
            gxs[i] if former is None else former + gxs[i]
            for i, former in zip(target_input_indexes, grad_inputs, strict=True)
        )


def test_backward_accumulate_may_stand_for_backward():
    a, b = [minigrad.Variable(np.full(2, v, 'f')) for v in (2, 3)]
    (y,) = MulAdd().apply((a, b, a))
    y.grad = np.ones(2, 'f')
    y.backward()
    assert a.grad.tolist() == [4, 4]
    assert b.grad.tolist() == [2, 2]


def test_backward_accumulate_adds_to_what_is_there():
    a = minigrad.Variable(np.full(2, 3, 'f'))
    y = a * a
    one = minigrad.Variable(np.ones(2, 'f'))
    both = y.creator_node.backward_accumulate((0, 1), (one,), (one, None))
    assert [g.array.tolist() for g in both] == [[4, 4], [3, 3]]


def test_an_instance_may_bring_its_own_type_check():
    f = minigrad.FunctionNode()
    f.forward = lambda inputs: inputs[0]
    seen = []
    f.check_type_forward = seen.append
    f.apply((np.ones(2),))
    assert len(seen) == 1


def test_a_wrong_gradient_of_an_old_function_is_blamed_by_its_label():
    class Wrong(Function):
        label = 'my label'

        def forward(self, inputs):
            return (inputs[0].sum(),)

        def backward(self, inputs, grad_outputs):
            return (1,)

    y = Wrong()(Variable(np.ones(2, 'f')))
    with pytest.raises(TypeError, match='my label'):
        y.backward()


class TestLabel:
    def test_an_authors_label_is_inherited(self):
        class Named(Square):
            label = 'a name'

        class Heir(Named):
            pass

        assert Square().label == 'Square'
        assert Heir().label == 'a name'

    def test_of_arithmetic_with_a_number(self):
        x = Variable(np.ones(2, 'f'))
        ys = [x + 2, 2 - x, x * -1.5, 2 / x, x**2, 2**x]
        labels = ['_ + 2', '2 - _', '_ * (-1.5)', '2 / _', '_ ** 2', '2 ** _']
        assert [y.creator.label for y in ys] == labels

    def test_hooks_report_the_class(self):
        x = Variable(np.ones(2, 'f'))
        with minigrad.function_hooks.TimerHook() as hook:
            _ = x + 2
        assert [name for name, _ in hook.call_history] == ['AddConstant']
