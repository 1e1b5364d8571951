"""Each optimizer, over several steps, against its paper and against Chainer."""

import inspect
import pickle

import numpy as np
import pytest

from minigrad import optimizers
from minigrad.link import Link
from minigrad.parameter import Parameter

START = np.array([0.5, -1.0, 2.0, 0.0])
GRADS = [
    np.array([0.1, -0.2, 3.0, 0.0]),
    np.array([0.3, 0.1, -2.0, 0.0]),
    np.array([-0.2, 0.4, 1.0, 1e-3]),
]

# What Chainer 7.8.1 (NumPy 1.23.5, float64) makes of START with GRADS.
GOLDEN = [
    ('SGD', {}, [0.498, -1.003, 1.98, -1e-05]),
    ('MomentumSGD', {}, [0.49359, -1.00048, 1.9467, -1e-05]),
    ('CorrectedMomentumSGD', {}, [0.49359, -1.00048, 1.9467, -1e-05]),
    ('NesterovAG', {}, [0.4910079, -1.0060888, 1.918827, -2.71e-05]),
    (
        'AdaGrad',
        {},
        [0.4985858393014886, -1.0003200851673963, 1.999287438956822, -0.0009999900000],
    ),
    (
        'AdaDelta',
        {},
        [0.494246023414003, -1.004482718693054, 1.997097300786877, -0.000975900072948],
    ),
    (
        'RMSprop',
        {},
        [0.3587476078474066, -1.0323753029171643, 1.9287252932521144, -0.0999900009999],
    ),
    (
        'RMSprop',
        {'eps': 0.01, 'eps_inside_sqrt': True},
        [0.4801852019365683, -1.026526354010988, 1.93274601071247, -9.999995000003e-05],
    ),
    (
        'RMSpropGraves',
        {},
        [
            0.4982805277652684,
            -0.9995669712164178,
            1.9991118832554,
            -9.9976258457589e-06,
        ],
    ),
    (
        'SMORMS3',
        {},
        [0.4980745242647603, -1.001043189679124, 1.9990044187803977, -0.0019999999999],
    ),
    (
        'Adam',
        {},
        [0.4978243193740722, -0.9991909963926346, 1.998576970698093, -0.00063861165266],
    ),
    (
        'AdamW',
        {'eta': 0.5, 'weight_decay_rate': 0.1},
        [0.4276713540379043, -0.857025906535808, 1.7140908483568, -0.00031930582633112],
    ),
    (
        'AMSGrad',
        {'alpha': 0.01, 'beta2': 0.7},
        [0.4788966460846083, -0.991401469790314, 1.98572978751352, -0.0054606562387567],
    ),
    (
        'AdaBound',
        {'gamma': 0.5},
        [0.4961440031622676, -1.000568001581136, 1.97672, -1.666666666666666e-05],
    ),
    (
        'AMSBound',
        {'alpha': 0.1, 'gamma': 0.3},
        [0.4820788888888888, -0.9961244444444444, 1.857697069809, -2.1111111111111e-05],
    ),
    (
        'MSVAG',
        {'weight_decay_rate': 0.01},
        [0.45825885100903, -0.9543496621128181, 1.636716804923163, -1.979102655065e-05],
    ),
]


def one_parameter(array):
    link = Link()
    with link.init_scope():
        link.w = Parameter(array)
    return link


def run(optimizer, start, grads):
    link = one_parameter(np.array(start))
    optimizer.setup(link)
    for grad in grads:
        link.w.grad = np.array(grad, link.w.dtype)
        optimizer.update()
    return link.w.array


@pytest.mark.parametrize(('name', 'kwargs', 'expected'), GOLDEN)
def test_as_chainer(name, kwargs, expected):
    actual = run(getattr(optimizers, name)(**kwargs), START, GRADS)
    np.testing.assert_allclose(actual, expected, rtol=1e-10, atol=1e-14)


# The papers' formulas, in their own letters, in float64. Each takes the parameter and
# the gradients of all steps.


def robbins_monro(p, gs, lr):
    for g in gs:
        p = p - lr * g
    return p


def goyal_10(w, gs, lr, momentum):
    v = 0
    for g in gs:
        v = momentum * v + lr * g
        w = w - v
    return w


def goyal_9(w, gs, lr, momentum):
    u = 0
    for g in gs:
        u = momentum * u + g
        w = w - lr * u
    return w


def duchi(x, gs, lr, eps):
    for t, g in enumerate(gs, 1):
        x = x - lr * g / (np.sqrt(np.sum(np.square(gs[:t]), axis=0)) + eps)
    return x


def zeiler(x, gs, rho, eps):
    def rms(mean_square):
        return np.sqrt(mean_square + eps)

    mean_g2 = mean_dx2 = np.zeros_like(x)
    for g in gs:
        mean_g2 = rho * mean_g2 + (1 - rho) * g**2
        dx = -rms(mean_dx2) / rms(mean_g2) * g
        mean_dx2 = rho * mean_dx2 + (1 - rho) * dx**2
        x = x + dx
    return x


def hinton(w, gs, lr, alpha, eps, eps_inside_sqrt):
    mean_square = 0
    for g in gs:
        mean_square = alpha * mean_square + (1 - alpha) * g**2
        if eps_inside_sqrt:
            w = w - lr * g / (mean_square + eps) ** 0.5
        else:
            w = w - lr * g / (mean_square**0.5 + eps)
    return w


def graves(w, eps_i, lr, alpha, momentum, eps):
    n = g = delta = 0
    for e in eps_i:
        n = alpha * n + (1 - alpha) * e**2
        g = alpha * g + (1 - alpha) * e
        delta = momentum * delta - lr * e / np.sqrt(n - g**2 + eps)
        w = w + delta
    return w


def funk(p, gs, lr, eps):
    mem, mean, square = np.ones_like(p), 0, 0
    for g in gs:
        r = 1 / (mem + 1)
        mean = (1 - r) * mean + r * g
        square = (1 - r) * square + r * g**2
        x = mean * mean / (square + eps)
        p = p - g * np.minimum(lr, x) / (np.sqrt(square) + eps)
        mem = 1 + mem * (1 - x)
    return p


def kingma_ba(
    theta,
    gs,
    alpha,
    beta1,
    beta2,
    eps,
    eta=1.0,
    weight_decay_rate=0,
    amsgrad=False,
    adabound=False,
    final_lr=None,
    gamma=None,
):
    m = v = largest_v = 0
    for t, g in enumerate(gs, 1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        largest_v = np.maximum(largest_v, v)
        # Corrected moments, where eps is hat epsilon of the paper's section 2.
        m_hat = m / (1 - beta1**t)
        correction = np.sqrt(1 - beta2**t)
        v_root = np.sqrt(largest_v if amsgrad else v) / correction
        step = alpha / (v_root + eps / correction) * m_hat
        if adabound:
            bias = 1 / (1 - beta1**t)
            rate = alpha / (v_root + eps / correction) * bias
            lower = final_lr * (1 - 1 / (gamma * t + 1))
            upper = final_lr * (1 + 1 / (gamma * t))
            step = np.minimum(np.maximum(rate, lower), upper) * m
        theta = theta - eta * (step + weight_decay_rate * theta)
    return theta


def balles_hennig(theta, gs, lr, beta, eta, weight_decay_rate):
    m_sum = v_sum = 0
    for t, g in enumerate(gs, 1):
        m_sum = beta * m_sum + (1 - beta) * g
        v_sum = beta * v_sum + (1 - beta) * g**2
        m, v = m_sum / (1 - beta**t), v_sum / (1 - beta**t)
        # The variance of an average with these weights, from its definition.
        weights = (1 - beta) * beta ** np.arange(t) / (1 - beta**t)
        rho = min(np.sum(weights**2), 0.9999)
        s = (v - m**2) / (1 - rho)
        gamma = np.divide(
            m**2, m**2 + rho * s, out=np.zeros_like(m), where=m**2 + rho * s != 0
        )
        step = lr * np.clip(gamma, 0, 1) * m + weight_decay_rate * theta
        theta = theta - eta * step
    return theta


PAPERS = [
    ('SGD', {}, robbins_monro),
    ('MomentumSGD', {}, goyal_10),
    ('MomentumSGD', {'lr': 0.5, 'momentum': 0.3}, goyal_10),
    ('CorrectedMomentumSGD', {}, goyal_9),
    ('AdaGrad', {}, duchi),
    ('AdaGrad', {'lr': 0.1, 'eps': 0.5}, duchi),
    ('AdaDelta', {}, zeiler),
    ('AdaDelta', {'rho': 0.5, 'eps': 0.1}, zeiler),
    ('RMSprop', {}, hinton),
    ('RMSprop', {'eps': 0.1, 'eps_inside_sqrt': True}, hinton),
    ('RMSpropGraves', {}, graves),
    ('RMSpropGraves', {'lr': 0.1, 'alpha': 0.5, 'momentum': 0.5, 'eps': 0.1}, graves),
    ('SMORMS3', {}, funk),
    ('SMORMS3', {'lr': 0.5, 'eps': 0.01}, funk),
    ('Adam', {}, kingma_ba),
    ('Adam', {'alpha': 0.1, 'beta1': 0.5, 'beta2': 0.7, 'eps': 0.1}, kingma_ba),
    ('AdamW', {'eta': 0.7, 'weight_decay_rate': 0.01}, kingma_ba),
    ('AMSGrad', {'beta2': 0.6}, kingma_ba),
    ('AdaBound', {}, kingma_ba),
    ('AdaBound', {'gamma': 0.9, 'final_lr': 0.01}, kingma_ba),
    ('AMSBound', {'beta2': 0.6, 'gamma': 0.2}, kingma_ba),
    ('MSVAG', {}, balles_hennig),
    ('MSVAG', {'lr': 0.3, 'beta': 0.5, 'weight_decay_rate': 0.1}, balles_hennig),
]


@pytest.mark.parametrize(('name', 'kwargs', 'paper'), PAPERS)
def test_as_the_paper(name, kwargs, paper):
    rng = np.random.default_rng(0)
    start = rng.normal(size=(3, 4))
    grads = list(rng.normal(size=(7, 3, 4)))
    grads[2][0] = 0
    optimizer = getattr(optimizers, name)(**kwargs)
    expected = paper(start, grads, **optimizer.hyperparam.get_dict())
    np.testing.assert_allclose(run(optimizer, start, grads), expected, rtol=1e-10)


def test_nesterov_ag_is_chainers_formula():
    """Unlike equation 7 of its paper, which has v before its update in p's."""
    rng = np.random.default_rng(1)
    start, grads = rng.normal(size=5), rng.normal(size=(6, 5))
    p, v, mu, lr = start, 0, 0.9, 0.01
    for g in grads:
        p = p + mu**3 * v - (1 + mu + mu**2) * lr * g
        v = mu * v - lr * g
    np.testing.assert_allclose(run(optimizers.NesterovAG(), start, grads), p)


ALL = [getattr(optimizers, name) for name in optimizers.__all__]


def with_large_eps(cls, **kwargs):
    if 'eps' in inspect.signature(cls).parameters:
        kwargs['eps'] = 1e-2  # 1e-8 is zero in float16
    return cls(**kwargs)


@pytest.mark.parametrize('dtype', [np.float16, np.float32])
@pytest.mark.parametrize('cls', ALL)
def test_dtypes(cls, dtype):
    actual = run(with_large_eps(cls), START.astype(dtype), GRADS)
    assert actual.dtype == dtype
    expected = run(with_large_eps(cls), START, GRADS)
    tolerance = 5e-3 if dtype == np.float16 else 1e-6
    if cls is optimizers.MSVAG:
        # Step 1 divides v - m ** 2, which is zero but for rounding, by 1e-4.
        tolerance = 0.2 if dtype == np.float16 else 1e-3
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize('cls', ALL)
@pytest.mark.parametrize('shape', [(), (0,), (1, 0, 2), (2, 3)])
def test_shapes_in_place(cls, shape):
    link = one_parameter(np.ones(shape, np.float32))
    optimizer = cls().setup(link)
    array = link.w.array
    grad = np.full(shape, 0.5, np.float32)
    for _ in range(2):
        link.w.grad = grad
        optimizer.update()
    assert link.w.array is array
    assert array.shape == shape
    assert array.dtype == np.float32
    assert (array < 1).all()
    assert (grad == 0.5).all()


@pytest.mark.parametrize('cls', ALL)
def test_non_contiguous(cls):
    rng = np.random.default_rng(2)
    start, grads = rng.normal(size=(3, 4)), rng.normal(size=(2, 3, 4))
    expected = run(cls(), start, grads)
    link = one_parameter(start.copy().T)
    optimizer = cls().setup(link)
    for grad in grads:
        link.w.grad = grad.T
        optimizer.update()
    np.testing.assert_allclose(link.w.array.T, expected, rtol=1e-9)


@pytest.mark.parametrize('cls', ALL)
def test_arrays_that_cannot_be_written(cls):
    # The gradient is read only; a parameter or a state that stayed as it was would be
    # an update that nobody misses.
    param = Parameter(np.ones(4, np.float32))
    param.grad = np.ones(4, np.float32)
    param.grad.flags.writeable = False
    rule = cls().create_update_rule()
    rule.update(param)
    assert (param.array != 1).all()
    param.array.flags.writeable = False
    with pytest.raises(ValueError, match='read-only'):
        rule.update(param)


@pytest.mark.parametrize('cls', ALL)
def test_no_gradient_and_no_array(cls):
    rule = cls().create_update_rule()
    param = Parameter(np.ones(2, np.float32))
    param.cleargrad()
    rule.update(param)
    assert (param.array == 1).all()
    rule = cls().create_update_rule()
    rule.update(Parameter())  # lazy, and its gradient was never cleared
    assert rule.t == 1
    assert rule.state is None


@pytest.mark.filterwarnings('ignore:.*called before any backward')
@pytest.mark.parametrize('cls', ALL)
def test_zero_gradients_change_nothing(cls):
    link = one_parameter(np.ones(2, np.float32))
    optimizer = cls().setup(link)
    for _ in range(3):
        link.cleargrads()
        optimizer.update()
    np.testing.assert_array_equal(link.w.array, 1)


@pytest.mark.parametrize('cls', ALL)
def test_hyperparameters(cls):
    link = one_parameter(np.ones(2, np.float32))
    for name, default in cls().hyperparam.get_dict().items():
        optimizer = cls().setup(link)
        assert getattr(link.w.update_rule.hyperparam, name) == default
        assert getattr(optimizer, name) == default
        setattr(optimizer, name, default + 1)
        assert getattr(link.w.update_rule.hyperparam, name) == default + 1
    # A rule made alone has the optimizer's defaults.
    rule = type(cls().create_update_rule())()
    defaults = rule.hyperparam.get_dict()
    own = {**cls().hyperparam.get_dict(), 'amsgrad': False, 'adabound': False}
    assert defaults == {name: own[name] for name in defaults}


@pytest.mark.parametrize('cls', ALL)
def test_rule_arguments(cls):
    rule_type = type(cls().create_update_rule())
    for name in cls().hyperparam.get_dict():
        rule = rule_type(**{name: 0})
        assert getattr(rule.hyperparam, name) == 0
        assert rule_type(None, **{name: None}).hyperparam.__dict__.get(name) is None


@pytest.mark.parametrize('cls', ALL)
def test_pickle(cls):
    link = one_parameter(START.copy())
    optimizer = cls().setup(link)
    link.w.grad = GRADS[0]
    optimizer.update()
    copy = pickle.loads(pickle.dumps(optimizer))
    for o in (optimizer, copy):
        o.target.w.grad = GRADS[1]
        o.update()
    assert copy.target.w.array is not link.w.array
    np.testing.assert_array_equal(copy.target.w.array, link.w.array)


@pytest.mark.parametrize('cls', [optimizers.RMSprop, optimizers.Adam])
def test_eps_too_small(cls):
    param = Parameter(np.ones(2, np.float16))
    param.grad = np.ones(2, np.float16)
    rule = cls(eps=1e-50).create_update_rule()
    name = 'float32' if cls is optimizers.Adam else 'float16'
    with pytest.raises(ValueError, match=f'eps of {cls.__name__} .* {name} .1e-50'):
        rule.update(param)
    cls(eps=0).create_update_rule().update(param)
    assert np.isfinite(param.array).all()


def test_adam_rates():
    optimizer = optimizers.Adam(alpha=0.1, beta1=0.5, beta2=0.75)
    with pytest.raises(RuntimeError, match='before its first update'):
        _ = optimizer.alpha_t
    optimizer.t = 1
    assert optimizer.alpha_t == pytest.approx(0.1 * 0.5 / 0.5)
    with pytest.warns(DeprecationWarning, match='alpha_t') as caught:
        assert optimizer.lr == optimizer.alpha_t
    assert caught[0].filename == __file__
    rule = optimizer.create_update_rule()
    with pytest.raises(RuntimeError, match='before its first update'):
        _ = rule.alpha_t
    rule.t = 1
    with pytest.warns(DeprecationWarning, match='alpha_t') as caught:
        assert rule.lr == rule.alpha_t
    assert caught[0].filename == __file__


def test_adabound_bounds_follow_alpha():
    optimizer = optimizers.AdaBound(alpha=0.1, final_lr=0.2, gamma=1.0)
    rule = optimizer.create_update_rule()
    with pytest.raises(RuntimeError, match='before its first update'):
        _ = rule.bounds
    rule.t = 1
    assert rule.bounds == pytest.approx((0.1, 0.4))
    optimizer.alpha = 0.01
    assert rule.bounds == pytest.approx((0.01, 0.04))


def test_corrected_momentum_with_a_falling_rate():
    start, g = np.array([1.0]), np.array([0.5])
    link = one_parameter(start)
    optimizer = optimizers.CorrectedMomentumSGD(lr=1.0, momentum=0.5).setup(link)
    link.w.grad = g
    optimizer.update()
    optimizer.lr = 0.1
    link.w.grad = g
    optimizer.update()
    np.testing.assert_allclose(link.w.array, 1 - 0.5 - 0.1 * (0.25 + 0.5))


def test_overrides_of_chainer_programs_are_honoured():
    class Halving(optimizers.sgd.SGDRule):
        def update_core_cpu(self, param):
            super().update_core_cpu(param)
            param.array /= 2

    param = Parameter(np.array([2.0]))
    param.grad = np.array([1.0])
    Halving(lr=1.0).update(param)
    assert param.array.tolist() == [0.5]


def test_minimise_a_quadratic():
    rates = {'AdaDelta': {'eps': 1e-2}, 'AdaGrad': {'lr': 0.5}, 'MSVAG': {'lr': 0.05}}
    for cls in ALL:
        kwargs = rates.get(cls.__name__, {})
        if not kwargs and 'lr' in inspect.signature(cls).parameters:
            kwargs = {'lr': 0.01}
        elif not kwargs:
            kwargs = {'alpha': 0.01}
        link = one_parameter(np.array([1.0, -2.0]))
        optimizer = cls(**kwargs).setup(link)
        for _ in range(300):
            link.w.grad = 2 * (link.w.array - 3 * np.array([0.1, 0.1]))
            optimizer.update()
        distance = np.abs(link.w.array - 0.3).max()
        assert distance < 1.0, (cls.__name__, distance)


def test_nesterov_ag_as_published():
    """The step of the paper's equation 7, which is PyTorch's too."""
    start, lr, momentum = np.array([1.0, -2.0]), 0.1, 0.8
    grads = [np.array([0.5, 1.0]), np.array([-1.0, 0.2]), np.array([0.3, 0.4])]
    p, v = start.copy(), np.zeros(2)
    for g in grads:
        p += momentum**2 * v - (1 + momentum) * lr * g
        v = momentum * v - lr * g
    optimizer = optimizers.NesterovAG(lr, momentum, as_published=True)
    np.testing.assert_allclose(run(optimizer, start, grads), p)


@pytest.mark.parametrize('name', ['SGD', 'Adam', 'RMSprop'])
def test_a_model_in_the_place_of_a_number(name):
    with pytest.raises(
        TypeError, match=rf'{name}: expected numbers .*got Link\n  hint'
    ):
        getattr(optimizers, name)(Link())


@pytest.mark.parametrize('number', [1, 2])
@pytest.mark.parametrize('bad', [np.inf, np.nan])
def test_each_gradient_is_looked_at_for_the_loss_scale(number, bad):
    link = Link()
    with link.init_scope():
        for i in range(number):
            setattr(link, f'p{i}', Parameter(np.ones(2)))
    optimizer = optimizers.SGD().setup(link)
    optimizer.loss_scaling()
    for param in link.params():
        param.grad = np.ones(2)
    optimizer.check_nan_in_grads()
    assert optimizer.is_safe_to_update()
    param.grad = np.array([1, bad])
    with pytest.warns(UserWarning, match=rf'p{number - 1}'):
        optimizer.check_nan_in_grads()
    assert not optimizer.is_safe_to_update()
