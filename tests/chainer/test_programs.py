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
