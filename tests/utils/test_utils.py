"""The helpers that Chainer programs import."""

import os

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
from minigrad import utils
from minigrad.errors import InvalidType
from minigrad.utils import argument, array, conv, imgproc, type_check


class Product(minigrad.Function):
    def check_type_forward(self, in_types):
        type_check.expect(in_types.size() == 2)
        x_type, y_type = in_types
        type_check.expect(
            x_type.dtype.kind == 'f',
            x_type.shape == y_type.shape,
        )

    def forward(self, inputs):
        return (inputs[0] * inputs[1],)


def test_expect_accepts():
    y = Product()(np.ones(2), np.full(2, 3.0))
    np.testing.assert_array_equal(y.array, [3, 3])


def test_expect_names_condition_and_inputs():
    with pytest.raises(InvalidType) as raised:
        Product()(np.ones(2, 'f'), np.ones(3, 'f'))
    assert str(raised.value).splitlines() == [
        'Product: expected x_type.shape == y_type.shape (condition 2 of 2)',
        '  input 0   float32 (2,)  numpy',
        '  input 1   float32 (3,)  numpy',
    ]


def test_expect_with_one_condition():
    with pytest.raises(
        InvalidType, match=r'Product: expected in_types.size\(\) == 2\n'
    ):
        Product()(np.ones(2))


def test_expect_where_the_source_is_unknown():
    code = compile('expect(True, False)', '<nowhere>', 'exec')
    with pytest.raises(InvalidType, match=r'a type check failed \(condition 2 of 2\)'):
        exec(code, {'expect': type_check.expect})


def test_the_error_is_the_one_of_functions():
    assert type_check.InvalidType is minigrad.errors.InvalidType


def test_argname():
    type_check.argname((np.ones(2),), ('x',))
    with pytest.raises(InvalidType, match=r'expected 2 inputs \(x, W\), got 1'):
        type_check.argname((np.ones(2),), ('x', 'W'))


def test_expect_broadcast_shapes():
    type_check.expect_broadcast_shapes((2, 1), (3,))
    with pytest.raises(InvalidType, match=r'\(2,\) and \(3,\)'):
        type_check.expect_broadcast_shapes((2,), (3,))


def test_same_types_eval_prod():
    assert type_check.same_types(np.ones(1), np.ones(2))
    assert not type_check.same_types(np.ones(1), 1)
    assert type_check.eval(3) == 3
    assert type_check.make_variable(3, 'n') == 3
    assert type_check.prod((2, 3, 4)) == 24


def test_force_array():
    y = utils.force_array(np.float32(2))
    assert isinstance(y, np.ndarray)
    assert y.dtype == np.float32
    assert utils.force_array(1, np.float16).dtype == np.float16
    x = np.ones(2)
    assert utils.force_array(x) is x
    assert utils.force_array(x, 'f').dtype == np.float32


def test_force_type():
    assert isinstance(utils.force_type(np.dtype('f'), 2), np.float32)
    x = np.ones(2)
    assert utils.force_type(np.dtype('d'), x) is x
    assert utils.force_type(np.dtype('f'), x).dtype == np.float32


def test_shapes():
    assert utils.size_of_shape((2, 3, 4)) == 24
    assert utils.size_of_shape(()) == 1
    assert utils.get_conv_outsize(10, 3, 2, 1) == 5
    assert utils.conv.get_deconv_outsize(5, 3, 2, 1) == 9


@pytest.mark.parametrize('shape', [(2, 3), (3,), (1, 3), (2, 1), ()])
def test_sum_to(shape):
    y = utils.sum_to(np.arange(6.0).reshape(2, 3), shape)
    assert y.shape == shape
    assert y.sum() == 15


def test_sum_to_refuses_a_variable():
    with pytest.raises(TypeError, match=r'minigrad\.functions\.sum_to'):
        utils.sum_to(minigrad.Variable(np.ones(2)), (1,))


def test_deprecated_array_functions():
    x = np.ones((2, 3, 4))
    for function, shape in [
        (array.as_vec, (24,)),
        (array.as_mat, (2, 12)),
        (array.empty_like, (2, 3, 4)),
    ]:
        with pytest.warns(DeprecationWarning, match=function.__name__):
            assert function(x).shape == shape


def test_parse_kwargs():
    def function(**kwargs):
        return argument.parse_kwargs(kwargs, ('a', 1), ('b', 2), train='no train')

    assert function() == (1, 2)
    assert function(b=5) == (1, 5)
    with pytest.raises(TypeError, match=r"^function takes no argument 'c'.*nor d"):
        function(d=1, c=2)
    with pytest.raises(ValueError, match='no train'):
        function(train=True)


def test_assert_kwargs_empty():
    argument.assert_kwargs_empty({})
    with pytest.raises(TypeError, match="'a'"):
        argument.assert_kwargs_empty({'a': 1})


def test_experimental(monkeypatch):
    with pytest.warns(FutureWarning, match='f is experimental'):
        utils.experimental('f')
    monkeypatch.setattr(
        minigrad, 'disable_experimental_feature_warning', True, raising=False
    )
    utils.experimental('f')


def test_nondeterministic():
    utils.nondeterministic('f')
    with (
        minigrad.using_config('warn_nondeterministic', True),
        pytest.warns(UserWarning, match='f may give'),
    ):
        utils.nondeterministic('f')


def test_tempdir():
    with utils.tempdir() as path:
        assert os.path.isdir(path)
    assert not os.path.exists(path)


def test_oversample():
    image = np.arange(16.0).reshape(1, 4, 4)
    crops = imgproc.oversample([image, image + 100], (2, 2))
    assert crops.shape == (20, 1, 2, 2)
    np.testing.assert_array_equal(crops[0, 0], [[0, 1], [4, 5]])
    np.testing.assert_array_equal(crops[4, 0], [[5, 6], [9, 10]])
    np.testing.assert_array_equal(crops[5, 0], [[1, 0], [5, 4]])
    np.testing.assert_array_equal(crops[13, 0], [[110, 111], [114, 115]])


class TestConv:
    @pytest.mark.parametrize('options', [(1, 1, 0, 0), (2, 1, 1, 0), (3, 2, 2, 1)])
    @pytest.mark.parametrize('dilation', [1, 2])
    def test_im2col_is_that_of_the_function(self, options, dilation):
        sy, sx, ph, pw = options
        x = np.random.RandomState(0).rand(2, 3, 7, 8).astype('f')
        col = conv.im2col_cpu(x, 3, 2, sy, sx, ph, pw, dy=dilation, dx=dilation)
        y = F.im2col(x, (3, 2), (sy, sx), (ph, pw), dilate=dilation).array
        np.testing.assert_array_equal(col.reshape(y.shape), y)

    def test_padding_and_cover_all(self):
        x = np.ones((1, 1, 4, 4))
        col = conv.im2col_cpu(x, 3, 3, 2, 2, 0, 0, pval=-1, cover_all=True)
        assert col.shape == (1, 1, 3, 3, 2, 2)
        assert col[0, 0, 2, 2].tolist() == [[1, -1], [-1, -1]]

    def test_col2im_is_the_transpose_of_im2col(self):
        rng = np.random.RandomState(0)
        x, col = rng.rand(1, 2, 6, 5), rng.rand(1, 2, 3, 2, 3, 5)
        there = (conv.im2col_cpu(x, 3, 2, 2, 1, 1, 0, out_h=3, out_w=5) * col).sum()
        back = (x * conv.col2im(col, 2, 1, 1, 0, 6, 5)).sum()
        np.testing.assert_allclose(there, back)
