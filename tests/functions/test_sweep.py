"""Values and gradients at zeros, infinities, NaN, the largest and the smallest numbers.

Every differentiable function is in one of three tables: compared with PyTorch's numbers,
which `make_sweep.py` wrote down; rearranging elements, so that its gradient is known
from where they went; or left out for a reason that stands beside it.
"""

import json
from pathlib import Path

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
from tests.functions.sweep_cases import BINARY, ROWS, TABLE, UNARY, inputs
from tests.op_table import CASES

TORCH = json.loads(Path(__file__).with_name('sweep_torch.json').read_text())
NAMES = [*UNARY, *BINARY, *ROWS]
# Gradients that are differences of numbers around 1, so that 0 is a unit of them.
SUMS = {'e': 2e-3, 'f': 2e-7, 'd': 4e-16}
TOLERANCE = {'e': 4e-3, 'f': 1e-5, 'd': 1e-7}

OURS = {
    'a - b': lambda a, b: a - b,
    'a * b': lambda a, b: a * b,
    'a / b': lambda a, b: a / b,
    'a ** b': lambda a, b: a**b,
    'clip': lambda x: F.clip(x, 0, 1),
    'hinge': lambda x: F.hinge(x, np.zeros(len(x), 'i'), reduce='no'),
    'huber_loss': lambda x: F.huber_loss(x, np.zeros_like(x.array), 1.0),
    'sigmoid_cross_entropy': lambda x: F.sigmoid_cross_entropy(
        x, np.tile(np.array([1, 0], 'i'), (len(x), 1)), reduce='no'
    ),
    'softmax_cross_entropy': lambda x: F.softmax_cross_entropy(
        x, np.zeros(len(x), 'i'), reduce='no'
    ),
    **{
        name: lambda x, name=name: getattr(F, name)(x, axis=1)
        for name in ('average', 'cumprod', 'cumsum', 'logsumexp', 'mean', 'prod', 'sum')
    },
}

# At NaN a kink has no slope: which number stands for it is a matter of taste.
NO_SLOPE_AT_NAN = {
    *('absolute', 'absolute_error', 'clipped_relu', 'elu', 'hinge', 'maximum'),
    *('minimum', 'relu', 'relu6', 'selu', 'logsumexp', 'cumprod', 'huber_loss'),
    *(n for n, row in TABLE.items() if any(np.isnan(x) for x, _, _ in row.edges)),
}
# Where PyTorch gives NaN without being given any, and the limit is a number; the rows of
# the table and tests/op_cases/edges.py hold the numbers.
BETTER = {
    *('arctan2', 'cumprod', 'erfcx', 'gelu', 'log_ndtr', 'logsumexp', 'mish', 'silu'),
    *('sigmoid_cross_entropy', 'softsign', 'fmod', 'digamma'),
}
# Cells that are not compared, by their inputs ``a`` and ``b`` (of functions of one, both).
APART = {
    # inf - inf has no sign; PyTorch says 0
    'absolute_error': lambda a, b, info: np.isinf(a) & (a == b),
    # PyTorch squares the smallest numbers, to 0
    'arctan2': lambda a, b, info: (abs(a) <= info.tiny) & (abs(b) <= info.tiny),
    # at whole numbers below 1 ours is the limit, inf
    'digamma': lambda a, b, info: a <= -1,
    # the slope is a difference that has lost its digits: 5e-7 for 0
    'erfcx': lambda a, b, info: a == info.max,
    # PyTorch overflows
    'gelu': lambda a, b, info: a == info.max,
    # erfcx underflows: inf for 3.4e38
    'log_ndtr': lambda a, b, info: a == -info.max,
}
# As Chainer's: all to the first of equal ones; PyTorch's: half to each.
TIES = {'maximum', 'minimum'}


def parse(text, dtype):
    with np.errstate(over='ignore'):
        return np.array([float(v) for v in text.split()]).astype(dtype)


def compared(name, xs, k, theirs):
    """Tells for each cell of a value (k == 0) or gradient whether it is compared."""
    given = np.stack(xs, -1) if name in BINARY else xs[0]
    cells = given.reshape(len(given), -1)
    if theirs.size != len(cells):  # gradients, and values of each element, of rows
        cells = cells.repeat(theirs.size // len(cells), axis=0)
    has_nan = np.isnan(cells).any(1)
    if name in ('hinge', 'sigmoid_cross_entropy'):  # of each element, not of rows
        has_nan = np.isnan(given.ravel())
    use = np.ones(theirs.size, bool)
    if k and name in NO_SLOPE_AT_NAN:
        use &= ~has_nan
    if name in BETTER:
        use &= ~np.isnan(theirs) | has_nan
    a, b = cells[:, 0], cells[:, -1]
    if k and name in TIES:
        use &= a != b
    if name in APART:
        use &= ~APART[name](a, b, np.finfo(cells.dtype))
    return use


@pytest.mark.parametrize('dtype', ['e', 'f', 'd'])
@pytest.mark.parametrize('name', NAMES)
def test_as_pytorch(name, dtype):
    assert name in TORCH, 'run python -m tests.functions.make_sweep with PyTorch'
    if dtype not in TORCH[name]:
        pytest.skip('PyTorch does not compute it in float16')
    if name in ('digamma', 'erf', 'erfc', 'erfcx', 'erfinv', 'gelu', 'lgamma') or (
        'ndtr' in name
    ):
        pytest.importorskip('scipy')
    given = inputs(name, dtype)
    xs = [minigrad.Variable(x) for x in given]
    with np.errstate(all='ignore'):  # the numbers are the question, not the warnings
        y = OURS.get(name, getattr(F, name, None))(*xs)
        y.grad = np.ones_like(y.array)
        y.backward()
    ours = [y.array] + [
        np.zeros_like(x.array) if x.grad is None else x.grad for x in xs
    ]
    assert len(ours) == len(TORCH[name][dtype])
    for k, (got, text) in enumerate(zip(ours, TORCH[name][dtype], strict=True)):
        theirs, got = parse(text, dtype), got.ravel()
        use = compared(name, given, k, theirs)
        assert use.sum() >= theirs.size // 4
        np.testing.assert_allclose(
            got[use].astype('d'),
            theirs[use].astype('d'),
            rtol=TOLERANCE[dtype],
            atol=SUMS.get(dtype, 0)
            if 'softmax' in name
            else float(np.finfo(dtype).tiny),
            err_msg=f'{name}: {"value" if k == 0 else f"gradient {k - 1}"}',
        )


# Functions that only move elements: where each output comes from, the oracle of the case
# says when it is asked about numbers that count the inputs.
MOVING = """
as_strided broadcast broadcast_to cast concat copy depth2space diagonal dstack embed_id
expand_dims flatten flip fliplr flipud get_item hstack identity im2col moveaxis pad
pad_sequence permutate repeat reshape rollaxis select_item separate shift space2depth
split_axis squeeze stack swapaxes tile transpose transpose_sequence vstack where
""".split()  # noqa: SIM905 - easier to read than a list
MOVED = [
    pytest.param(case, sample, id=f'{case}-{i}')
    for case in CASES
    if case.name in MOVING and case.differentiable
    for i, sample in enumerate(case.samples)
    if not {'constant_values', 'padding'} & sample.kwargs.keys()  # numbers from outside
]


@pytest.mark.parametrize('dtype', ['e', 'f', 'd'])
@pytest.mark.parametrize(('case', 'sample'), MOVED)
def test_moved_as_they_are(case, sample, dtype):
    special = np.array(
        [0.5, np.inf, -np.inf, np.nan, 0.0, -2.0, np.finfo(dtype).max], dtype
    )
    drawn = sample.draw()
    counted, xs, n = [], [], 0
    for x in drawn:
        if x.dtype.kind != 'f':
            counted.append(x)
            xs.append(x)
            continue
        counted.append(np.arange(n + 1, n + x.size + 1, dtype='d').reshape(x.shape))
        xs.append(minigrad.Variable(np.resize(special, x.shape)))
        n += x.size
    sources = case.oracle(*counted, **sample.kwargs)
    sources = sources if isinstance(sources, (tuple, list)) else (sources,)
    ys = case.function()(*xs, **sample.kwargs)
    ys = ys if isinstance(ys, (tuple, list)) else (ys,)
    values = [np.zeros(1)]
    values += [x.array.ravel() for x in xs if isinstance(x, minigrad.Variable)]
    values, gradients = np.concatenate(values), np.zeros(n + 1)
    with np.errstate(all='ignore'):
        for y, source in zip(ys, sources, strict=True):
            source = np.asarray(source, int)
            np.testing.assert_array_equal(y.array, values[source].astype(y.dtype))
            y.grad = np.resize(special, y.shape).astype(y.dtype)
            np.add.at(gradients, source, y.grad.astype('d'))
        minigrad.backward(list(ys))
        gradients = gradients[1:].astype(dtype)
    for x in xs:
        if isinstance(x, minigrad.Variable) and x.grad is not None:
            expected, gradients = np.split(gradients, [x.size])
            np.testing.assert_allclose(x.grad.ravel(), expected, rtol=2e-3)


MADE_OF_OTHERS = 'made of functions that are swept'
SUMS_OF_PRODUCTS = 'every output is a sum of products: NumPy and BLAS decide'
STATISTICS = 'a special number is in the statistics of all: NaN all over'
# So are those of the rows of the table.
BY_HAND = 'numbers by hand in tests/op_cases/edges.py, or in its case'
SOLVERS = 'LAPACK decides'
LEFT_OUT = {
    MADE_OF_OTHERS: """
        bernoulli_nll black_out crelu crf1d argmax_crf1d discriminative_margin_based_clustering_loss gaussian
        gaussian_kl_divergence gaussian_nll gumbel_softmax lstm slstm tree_lstm
        mean_absolute_error mean_squared_error negative_sampling n_step_bigru n_step_bilstm
        n_step_birnn n_step_gru n_step_lstm n_step_rnn scale bias linear_interpolate
        forget spatial_pyramid_pooling_2d roi_max_align_2d
    """,
    SUMS_OF_PRODUCTS: """
        average_pooling_1d average_pooling_2d average_pooling_3d average_pooling_nd
        batch_matmul bilinear convolution_1d convolution_2d convolution_3d convolution_nd
        cross_covariance decov deconvolution_1d deconvolution_2d deconvolution_3d
        deconvolution_nd deformable_convolution_2d_sampler depthwise_convolution_2d
        dilated_convolution_2d einsum fft ifft linear local_convolution_2d matmul
        resize_images roi_average_align_2d roi_average_pooling_2d simplified_dropconnect
        sparse_matmul spatial_transformer_grid spatial_transformer_sampler tensordot
        scatter_add sum_to unpooling_1d unpooling_2d unpooling_3d unpooling_nd
    """,
    STATISTICS: """
        batch_normalization batch_renormalization decorrelated_batch_normalization
        fixed_batch_normalization fixed_batch_renormalization
        fixed_decorrelated_batch_normalization group_normalization layer_normalization
        local_response_normalization
    """,
    BY_HAND: """
        connectionist_temporal_classification contrastive dropout max min
        max_pooling_1d max_pooling_2d max_pooling_3d max_pooling_nd maxout normalize
        prelu rrelu scaled_dot_product_attention swish triplet zoneout upsampling_2d
        roi_max_pooling_2d roi_pooling_2d polygamma zeta
    """,
    SOLVERS: 'batch_det batch_inv cholesky det inv',
}


def test_every_differentiable_function_has_its_place():
    differentiable = {c.name for c in CASES if c.differentiable and hasattr(F, c.name)}
    left_out = {name for names in LEFT_OUT.values() for name in names.split()}
    rows = {name for name, row in TABLE.items() if row.edges}
    placed = {*UNARY, *BINARY, *ROWS, *MOVING, *rows, *left_out}
    assert sorted(differentiable - placed) == []
    assert sorted(left_out - differentiable) == []
    assert sorted(set(MOVING) - differentiable) == []
