"""What public programs did that failed here once, in small programs of our own."""

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
import minigrad.links as L


def test_the_determinant_of_the_filters_of_a_convolution():
    """A flow adds up log |det W| of its convolutions over single pixels."""
    conv = L.Convolution2D(3, 3, 1, nobias=True)
    logdet = F.log(abs(F.det(conv.W)))
    conv.cleargrads()
    logdet.backward()
    matrix = conv.W.array[:, :, 0, 0].astype('d')
    np.testing.assert_allclose(logdet.array, np.linalg.slogdet(matrix)[1], rtol=1e-5)
    np.testing.assert_allclose(
        conv.W.grad[:, :, 0, 0], np.linalg.inv(matrix).T, rtol=1e-3, atol=1e-4
    )


def test_a_sum_of_one():
    x = minigrad.Variable(np.array([1.0, 2.0]))
    F.sum(F.add(*[x]) * 3).backward()
    assert x.grad.tolist() == [3, 3]


class NewStyle(minigrad.FunctionNode):
    def forward(self, inputs):
        self.retain_outputs((1, 2))
        return None, inputs[0] * 3, None

    def backward(self, indexes, grad_outputs):
        assert grad_outputs[0] is grad_outputs[2] is None
        y, missing = self.get_retained_outputs()
        assert missing is None
        return grad_outputs[1] * y


class OldStyle(minigrad.Function):
    def forward(self, inputs):
        self.retain_inputs(())
        self.retain_outputs((1,))
        return None, inputs[0] * 3, None

    def backward(self, inputs, grad_outputs):
        assert inputs == (None,)
        assert self.output_data[0] is self.output_data[2] is None
        return (grad_outputs[1] * self.output_data[1],)


@pytest.mark.parametrize(
    'apply', [lambda x: NewStyle().apply((x,)), lambda x: OldStyle()(x)]
)
def test_outputs_that_are_left_out(apply):
    x = minigrad.Variable(np.array([1.0, 2.0]))
    first, y, last = apply(x)
    assert first.array is last.array is None
    F.sum(y).backward()
    np.testing.assert_array_equal(x.grad, [3, 6])


@pytest.mark.parametrize('unpool', [F.unpooling_2d, F.unpooling_nd])
@pytest.mark.parametrize('size', [(3, 2), (2, 3)])
def test_an_unpooling_whose_output_is_all_padding(unpool, size):
    x = minigrad.Variable(np.ones((2, 2, *size), 'f'))
    y = unpool(x, 1, 1, 1)
    assert y.shape == (2, 2, size[0] - 2, size[1] - 2)
    F.sum(y).backward()
    np.testing.assert_array_equal(x.grad, np.zeros_like(x.array))
    with pytest.raises(ValueError, match='the output would be 0x-1 '):
        unpool(np.ones((1, 1, 2, 1), 'f'), 1, 1, 1)


def test_slopes_of_rrelu_are_for_training():
    x, r = np.array([-1.0, 2.0]), np.array([0.5, 0.5])
    assert F.rrelu(x, r=r).array.tolist() == [-0.5, 2]
    with minigrad.using_config('train', False):
        assert F.rrelu(x, l=0.25, u=0.75, r=r * 3).array.tolist() == [-0.5, 2]
        _, used = F.rrelu(x, l=0.25, u=0.75, r=r * 3, return_r=True)
    assert used.tolist() == [0.5, 0.5]


@pytest.mark.parametrize(
    ('use', 'error', 'message'),
    [
        (
            lambda x: minigrad.Variable(x, volatile=True),
            ValueError,
            'volatile argument is not supported anymore.*no_backprop_mode',
        ),
        (
            lambda x: F.convolution_2d(x, x, deterministic=True),
            ValueError,
            'deterministic argument is not supported anymore.*cudnn_deterministic',
        ),
        (
            lambda x: F.deconvolution_2d(x, x, typo=1),
            TypeError,
            "takes no argument 'typo'",
        ),
        (lambda x: L.Linear(3, 2, wscale=2), TypeError, 'LeCunNormal'),
        (lambda x: minigrad.FunctionSet(), AttributeError, 'derive from'),
        (lambda x: F.Linear(3, 2), AttributeError, 'links'),
        (lambda x: minigrad.optimizers.SGD().zero_grads(), AttributeError, 'clear'),
        (
            lambda x: minigrad.optimizers.SGD().setup(3),
            TypeError,
            'optimization target must be a link',
        ),
    ],
)
def test_old_idioms_are_explained(use, error, message):
    with pytest.raises(error, match=message):
        use(np.ones((1, 1, 3, 3), 'f'))


def test_one_node_may_be_applied_again_when_its_outputs_are_gone():
    """Tests of functions hand ``node.apply`` to the gradient check."""

    class Square(minigrad.FunctionNode):
        def forward(self, inputs):
            self.retain_inputs((0,))
            return (inputs[0] ** 2,)

        def backward(self, indexes, grad_outputs):
            return (2 * self.get_retained_inputs()[0] * grad_outputs[0],)

    node = Square()
    minigrad.gradient_check.check_backward(
        lambda x: node.apply((x,))[0], np.arange(1.0, 4.0), np.ones(3)
    )
