"""Links that Chainer does not have, beside PyTorch's of the same parameters."""

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
import minigrad.links as L

torch = pytest.importorskip('torch', reason='PyTorch is the second opinion here')

RNG = np.random.default_rng(0)
X = RNG.standard_normal((2, 5, 8))


def fill(*pairs):
    """Gives PyTorch's parameters to those of a link."""
    for param, tensor in pairs:
        param.array[...] = tensor.detach().numpy()


def fill_attention(link, module):
    for i, part in enumerate((link.query, link.key, link.value)):
        rows = slice(8 * i, 8 * i + 8)
        fill((part.W, module.in_proj_weight[rows]), (part.b, module.in_proj_bias[rows]))
    fill((link.out.W, module.out_proj.weight), (link.out.b, module.out_proj.bias))


def assert_same(ours, theirs, x):
    """Compares values and gradients by the input."""
    a, b = minigrad.Variable(x.copy()), torch.tensor(x, requires_grad=True)
    y, z = ours(a), theirs(b)
    gy = RNG.standard_normal(y.shape)
    y.grad = gy
    y.backward()
    z.backward(torch.tensor(gy))
    np.testing.assert_allclose(y.array, z.detach().numpy(), rtol=1e-7, atol=1e-10)
    np.testing.assert_allclose(a.grad, b.grad.numpy(), rtol=1e-6, atol=1e-9)


def in_float64(make):
    with minigrad.using_config('dtype', np.float64):
        return make()


@pytest.mark.parametrize(
    ('kind', 'causal'),  # PyTorch takes one of the two
    [(None, False), (None, True), ('bool', False), ('float', False)],
)
def test_scaled_dot_product_attention(kind, causal):
    mask = {
        None: None,
        'bool': np.tri(5, 5, 1, dtype=bool),
        'float': RNG.standard_normal((5, 5)),
    }[kind]
    assert_same(
        lambda x: F.scaled_dot_product_attention(x, x, x, mask=mask, causal=causal),
        lambda x: torch.nn.functional.scaled_dot_product_attention(
            *(x, x, x),
            attn_mask=None if mask is None else torch.tensor(mask),
            is_causal=causal,
        ),
        X,
    )


def test_multi_head_attention():
    link = in_float64(lambda: L.MultiHeadAttention(8, 2))
    module = torch.nn.MultiheadAttention(8, 2, batch_first=True, dtype=torch.float64)
    fill_attention(link, module)
    assert_same(link, lambda x: module(x, x, x)[0], X)


@pytest.mark.parametrize('norm_first', [False, True])
def test_transformer_encoder_layer(norm_first):
    link = in_float64(
        lambda: L.TransformerEncoderLayer(8, 2, 6, 0, norm_first=norm_first)
    )
    module = torch.nn.TransformerEncoderLayer(
        *(8, 2, 6, 0), batch_first=True, norm_first=norm_first, dtype=torch.float64
    )
    fill_attention(link.attention, module.self_attn)
    for ours, theirs in ((link.hidden, module.linear1), (link.out, module.linear2)):
        fill((ours.W, theirs.weight), (ours.b, theirs.bias))
    for ours, theirs in ((link.norm1, module.norm1), (link.norm2, module.norm2)):
        fill((ours.gamma, theirs.weight), (ours.beta, theirs.bias))
    assert_same(link, module, X)


def test_rms_norm():
    link = in_float64(lambda: L.RMSNorm(8, 1e-5))
    module = torch.nn.RMSNorm(8, 1e-5, dtype=torch.float64)
    link.gamma.array[...] = RNG.standard_normal(8)
    module.weight.data = torch.tensor(link.gamma.array)
    assert_same(link, module, X)
