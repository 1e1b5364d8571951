"""The hooks: weight decay, lasso, clipping, noise, LARS."""

import numpy as np
import pytest

from minigrad import optimizers
from minigrad.link import Link
from minigrad.optimizer_hooks import (
    GradientClipping,
    GradientHardClipping,
    GradientLARS,
    GradientNoise,
    Lasso,
    WeightDecay,
)
from minigrad.parameter import Parameter

W = np.array([[0.5, -1.0], [2.0, 0.0]])
G = np.array([[0.1, -0.2], [3.0, 4.0]])
U = np.array([-3.0])
H = np.array([0.5])


class Two(Link):
    """Parameters w and u with gradients; a loss scale multiplies both."""

    def __init__(self, dtype=np.float64, scale=None):
        super().__init__()
        with self.init_scope():
            self.w = Parameter(W.astype(dtype))
            self.u = Parameter(U.astype(dtype))
        for param, grad in ((self.w, G), (self.u, H)):
            param.grad = (grad * (1 if scale is None else scale)).astype(dtype)
            param._loss_scale = scale


def gradients(hook, dtype=np.float64, scale=None):
    """Returns the gradients that the hook leaves, without the scale."""
    target = Two(dtype, scale)
    arrays = target.w.grad, target.u.grad
    optimizer = optimizers.SGD().setup(target)
    optimizer.add_hook(hook)
    optimizer.call_hooks()
    assert target.w.grad is arrays[0]  # changed in place
    assert target.w.grad.dtype == dtype
    factor = 1 if scale is None else scale
    return [a.astype(np.float64) / factor for a in arrays]


def norm(*arrays):
    return sum(float((a**2).sum()) for a in arrays) ** 0.5


def lars(p, g, threshold, weight_decay, eps):
    rate = norm(p) / (eps + norm(g) + weight_decay * norm(p))
    return (rate if norm(p) > threshold else 1) * (g + weight_decay * p)


CASES = [
    (WeightDecay(0.1), [G + 0.1 * W, H + 0.1 * U]),
    (WeightDecay(0), [G, H]),
    (Lasso(0.1), [G + 0.1 * np.sign(W), H + 0.1 * np.sign(U)]),
    (GradientHardClipping(-0.1, 0.3), [G.clip(-0.1, 0.3), H.clip(-0.1, 0.3)]),
    (GradientClipping(0.5), [G * 0.5 / norm(G, H), H * 0.5 / norm(G, H)]),
    (GradientClipping(100.0), [G, H]),
    (GradientClipping(0.0), [G * 0, H * 0]),
    (GradientLARS(), [lars(W, G, 1e-2, 0, 1e-9), lars(U, H, 1e-2, 0, 1e-9)]),
    (
        GradientLARS(threshold=2.5, weight_decay=0.1, eps=0.5),
        [lars(W, G, 2.5, 0.1, 0.5), lars(U, H, 2.5, 0.1, 0.5)],
    ),
    (GradientNoise(1.0, lambda *args: 0.25), [G + 0.25, H + 0.25]),
]


@pytest.mark.parametrize('scale', [None, 16])
@pytest.mark.parametrize('dtype', [np.float16, np.float32, np.float64])
@pytest.mark.parametrize(
    ('hook', 'expected'), CASES, ids=[type(case[0]).__name__ for case in CASES]
)
def test_gradients(hook, expected, dtype, scale):
    tolerance = {np.float16: 5e-3, np.float32: 1e-6, np.float64: 1e-12}[dtype]
    for actual, wanted in zip(gradients(hook, dtype, scale), expected, strict=True):
        np.testing.assert_allclose(actual, wanted, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize('hook', [case[0] for case in CASES])
def test_missing_gradients_and_arrays(hook):
    target = Link()
    with target.init_scope():
        target.w = Parameter(np.ones(2, np.float32))
        target.lazy = Parameter()
    target.w.cleargrad()
    optimizer = optimizers.SGD(lr=0.0).setup(target)
    optimizer.add_hook(hook)
    optimizer.call_hooks()
    optimizer.update()
    assert (target.w.array == 1).all()


@pytest.mark.parametrize('hook', [case[0] for case in CASES])
def test_zero_size_and_zero(hook):
    target = Link()
    with target.init_scope():
        target.empty = Parameter(np.ones((0, 2), np.float32))
        target.zero = Parameter(np.zeros(3, np.float32))
        target.scalar = Parameter(np.array(0.0, np.float32))
    for param in target.params():
        param.grad = np.zeros_like(param.array)
    optimizer = optimizers.SGD().setup(target)
    optimizer.add_hook(hook)
    optimizer.update()
    for param in target.params():
        assert np.isfinite(param.array).all()


def test_attributes():
    for hook, _ in CASES:
        assert hook.timing == 'pre'
        assert hook.name == type(hook).__name__
        per_param = getattr(hook, 'call_for_each_param', False)
        assert per_param == (not isinstance(hook, GradientClipping))


def test_a_hook_on_one_rule_only():
    target = Two(scale=4)
    optimizer = optimizers.SGD(lr=1.0).setup(target)
    target.u.update_rule.add_hook(WeightDecay(0.1))
    optimizer.update()
    np.testing.assert_allclose(target.w.array, W - G)
    # The gradient is unscaled before the hooks of the rule.
    np.testing.assert_allclose(target.u.array, U - (H + 0.1 * U))


def test_clipping_of_large_float16_gradients():
    """Whose squares are not float16 numbers."""
    link = Link()
    with link.init_scope():
        link.w = Parameter(np.ones(4, np.float16))
    link.w.grad = np.full(4, 1000.0, np.float16)
    optimizer = optimizers.SGD().setup(link)
    optimizer.add_hook(GradientClipping(1.0))
    optimizer.call_hooks()
    np.testing.assert_allclose(link.w.grad, 0.5, rtol=1e-3)


@pytest.mark.filterwarnings('ignore:.*called before any backward')
def test_noise_is_drawn_from_numpys_generator_and_falls():
    target = Link()
    with target.init_scope():
        target.w = Parameter(np.zeros(10000))
    optimizer = optimizers.SGD(lr=1.0).setup(target)
    optimizer.add_hook(GradientNoise(0.3))
    deviations = []
    for t in range(3):
        target.cleargrads()
        np.random.seed(t)
        optimizer.update()
        deviations.append(target.w.grad.std())
        np.random.seed(t)
        expected = np.random.normal(0, np.sqrt(0.3 / (1 + t) ** 0.55), 10000)
        np.testing.assert_array_equal(target.w.grad, expected)
    assert deviations[0] > deviations[1] > deviations[2]


def test_noise_function_gets_its_arguments():
    calls = []

    def draw(*args):
        calls.append(args)
        return np.ones(args[1])

    hook = GradientNoise(0.1, noise_func=draw)
    target = Two(np.float32)
    optimizer = optimizers.SGD().setup(target)
    optimizer.add_hook(hook)
    optimizer.call_hooks()
    xp, shape, dtype, passed, rule = calls[0]
    first = next(target.params())
    assert (xp, shape, dtype, passed) == (np, first.shape, np.float32, hook)
    assert rule is first.update_rule


def test_post_timing():
    target = Two()
    optimizer = optimizers.SGD(lr=1.0).setup(target)
    optimizer.add_hook(WeightDecay(0.5), timing='post')
    optimizer.update()
    np.testing.assert_allclose(target.w.array, W - G)
    np.testing.assert_allclose(target.w.grad, G + 0.5 * (W - G))
