"""What the table of operations cannot say about connections."""

import gc
import inspect
import weakref

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
from minigrad.errors import InvalidType

SIGNATURES = {
    'linear': '(x, W, b=None, n_batch_axes=1)',
    'bilinear': '(e1, e2, W, V1=None, V2=None, b=None)',
    'convolution_2d': (
        '(x, W, b=None, stride=1, pad=0, cover_all=False, *, dilate=1, groups=1,'
        ' **kwargs)'
    ),
    'deconvolution_2d': (
        '(x, W, b=None, stride=1, pad=0, outsize=None, *, dilate=1, groups=1, **kwargs)'
    ),
    'depthwise_convolution_2d': '(x, W, b=None, stride=1, pad=0)',
    'dilated_convolution_2d': (
        '(x, W, b=None, stride=1, pad=0, dilate=1, cover_all=False)'
    ),
    'embed_id': '(x, W, ignore_label=None)',
    'bias': '(x, y, axis=1)',
    'scale': '(x, y, axis=1)',
}


@pytest.mark.parametrize('name', SIGNATURES)
def test_signature_is_chainers(name):
    signature = inspect.signature(getattr(F, name))
    parameters = [
        p.replace(annotation=inspect.Parameter.empty)
        for p in signature.parameters.values()
    ]
    bare = signature.replace(
        parameters=parameters, return_annotation=inspect.Signature.empty
    )
    assert str(bare) == SIGNATURES[name]


MIXED = {
    'linear': (F.linear, (3, 4), (5, 4), (5,)),
    'convolution_2d': (F.convolution_2d, (2, 3, 5, 5), (4, 3, 3, 3), (4,)),
    'deconvolution_2d': (F.deconvolution_2d, (2, 3, 5, 5), (3, 4, 3, 3), (4,)),
}


@pytest.mark.parametrize('name', MIXED)
def test_weights_may_be_wider_than_the_input(name, rng):
    function, *shapes = MIXED[name]
    x, W, b = [
        minigrad.Variable((rng.standard_normal(shape) * 0.2).astype(dtype))
        for shape, dtype in zip(shapes, 'efe', strict=True)
    ]
    y = function(x, W, b)
    assert y.dtype == np.float16
    F.sum(y * y).backward(enable_double_backprop=True)
    assert (x.grad.dtype, W.grad.dtype, b.grad.dtype) == ('e', 'f', 'e')
    penalty = F.sum(W.grad_var * W.grad_var)
    x.cleargrad()
    W.cleargrad()
    penalty.backward()
    assert (x.grad.dtype, W.grad.dtype) == ('e', 'f')
    exact = function(x.array.astype('f'), W, b.array.astype('f'))
    np.testing.assert_allclose(y.array, exact.array, rtol=2e-2, atol=2e-2)


@pytest.mark.parametrize('name', MIXED)
def test_the_output_is_not_kept(name, rng):
    function, *shapes = MIXED[name]
    x, W, b = [minigrad.Variable(rng.standard_normal(s)) for s in shapes]
    y = function(x, W, b)
    z = F.sum(y)
    array = weakref.ref(y.array)
    del y
    gc.collect()
    assert array() is None
    z.backward()
    assert b.grad is not None


@pytest.mark.parametrize('name', MIXED)
def test_the_gradient_of_weights_is_memory_of_its_own(name, rng):
    function, *shapes = MIXED[name]
    x, W, b = [minigrad.Variable(rng.standard_normal(s)) for s in shapes]
    F.sum(function(x, W, b)).backward()
    for variable in (x, W, b):
        assert variable.grad.flags.c_contiguous
        assert variable.grad.flags.writeable
        assert variable.grad.base is None or variable.grad.base.size == variable.size


def test_gradients_that_nobody_wants_are_not_computed(rng, monkeypatch):
    from minigrad.functions.connection.linear import LinearGradData

    def refuse(self, inputs):
        raise AssertionError('the gradient of the input was computed')

    monkeypatch.setattr(LinearGradData, 'forward', refuse)
    W = minigrad.Variable(rng.standard_normal((5, 4)))
    F.sum(F.linear(rng.standard_normal((3, 4)), W)).backward()
    assert W.grad.shape == (5, 4)


def test_graphs_show_the_names_that_chainers_show(rng):
    x, W = rng.standard_normal((1, 2, 3, 3)), rng.standard_normal((2, 2, 3, 3))
    W = minigrad.Variable(W)
    assert F.convolution_2d(x, W).creator.label == 'Convolution2DFunction'
    assert F.deconvolution_2d(x, W).creator.label == 'Deconvolution2DFunction'
    assert F.linear(W, W.reshape((2, 18))).creator.label == 'LinearFunction'


def test_the_message_of_a_wrong_channel_number():
    with pytest.raises(InvalidType) as info:
        F.convolution_2d(np.zeros((8, 3, 32, 32), 'f'), np.zeros((16, 5, 3, 3), 'f'))
    assert str(info.value) == (
        'convolution_2d: expected x.shape[1] == W.shape[1] * groups, got 3 != 5 * 1\n'
        '  hint: W takes 5 input channels, but x has 3\n'
        '  x   float32 (8, 3, 32, 32)  numpy\n'
        '  W   float32 (16, 5, 3, 3)   numpy'
    )


def test_convolution_of_a_strided_gradient(rng):
    """The gradient of a sum is a broadcast view; kernels must not trust its strides."""
    x = minigrad.Variable(rng.standard_normal((2, 3, 6, 6)).astype('f'))
    W = minigrad.Variable(rng.standard_normal((4, 3, 3, 3)).astype('f'))
    y = F.convolution_2d(x, W, pad=1)
    y.grad = np.broadcast_to(np.float32(1), y.shape)
    y.backward()
    got = x.grad, W.grad
    x.cleargrad()
    W.cleargrad()
    y = F.convolution_2d(x, W, pad=1)
    y.grad = np.ones(y.shape, 'f')
    y.backward()
    np.testing.assert_allclose(got[0], x.grad, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(got[1], W.grad, rtol=1e-4, atol=1e-4)


def test_numbers_out_of_range_are_refused_before_anything_is_read():
    W = minigrad.Variable(np.zeros((3, 2), 'f'))
    with pytest.raises(ValueError, match='0 <= x < 3'):
        F.embed_id(np.array([0, 1, 7], 'i'), W)


def test_an_ignored_number_gives_no_gradient(rng):
    W = minigrad.Variable(rng.standard_normal((3, 2)))
    F.sum(F.embed_id(np.array([2, 1, 2], 'i'), W, ignore_label=1)).backward()
    np.testing.assert_array_equal(W.grad, [[0, 0], [0, 0], [2, 2]])


@pytest.mark.parametrize(
    ('function', 'shape', 'also'),
    [
        (F.convolution_2d, (2, 2, 3, 3), {'cover_all': False}),
        (F.deconvolution_2d, (2, 1, 3, 3), {'outh': 17, 'outw': 26}),
    ],
)
def test_nodes_on_images_have_the_numbers_that_chainers_have(function, shape, also):
    groups = 2 if function is F.deconvolution_2d else 1
    x, W = np.ones((1, 2, 9, 8), 'f'), np.ones(shape, 'f')
    options = {'stride': (2, 3), 'pad': (1, 0), 'dilate': (1, 2), 'groups': groups}
    x = minigrad.Variable(x)
    y = function(x, W, **options)
    node = y.creator
    numbers = {'sy': 2, 'sx': 3, 'ph': 1, 'pw': 0, 'dy': 1, 'dx': 2, 'groups': groups}
    for name, value in {**numbers, **also}.items():
        assert getattr(node, name) == value
    (gx,) = minigrad.grad([y], [x], enable_double_backprop=True)
    for name, value in numbers.items():  # those of a node that was made from a spec
        assert getattr(gx.creator, name) == value
    assert node.ndim == 2


def test_images_are_the_other_nodes_with_another_spec():
    nodes = minigrad.functions.connection
    for two, any_number in (
        (
            nodes.convolution_2d.Convolution2DFunction,
            nodes.convolution_nd.ConvolutionND,
        ),
        (
            nodes.deconvolution_2d.Deconvolution2DFunction,
            nodes.deconvolution_nd.DeconvolutionND,
        ),
        (
            nodes.convolution_2d.Convolution2DGradW,
            nodes.convolution_nd.ConvolutionNDGradW,
        ),
    ):
        assert issubclass(two, any_number)
        assert 'forward' not in vars(two)
        assert 'backward' not in vars(two)
