"""Arrays in options and unknown keywords are answered by name, in every function."""

import inspect

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
import minigrad.links as L
from minigrad import training
from minigrad.named_arguments import _EXPECTED, checks_arguments
from minigrad.training import extensions

W = np.ones((8, 4), 'f')
TAKE_ARRAYS = {  # pairs of axes, which may come as arrays, and answer by themselves
    'tensordot.axes',
}

FUNCTIONS = {
    name: function
    for name, function in vars(F).items()
    if inspect.isfunction(function) and not name.startswith('_')
}
NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def options():
    """Lists every function with each parameter that is a number, a word or a flag."""
    for name, function in FUNCTIONS.items():
        for i, p in enumerate(inspect.signature(function).parameters.values()):
            plain = isinstance(p.default, (bool, int, float, str)) or p.name == 'axis'
            told = str(p.annotation).removesuffix(' | None') in _EXPECTED
            if (plain or told) and f'{name}.{p.name}' not in TAKE_ARRAYS:
                yield name, p, i


@pytest.mark.parametrize('array', [W, minigrad.Variable(W)], ids=['array', 'Variable'])
def test_no_option_takes_arrays(array):
    asked = 0
    for name, parameter, place in options():
        function, asked = FUNCTIONS[name], asked + 1
        said = (
            rf'^{function.__name__}: {parameter.name} is an array of shape \(8, 4\), '
        )
        with pytest.raises(TypeError, match=said + r'expected [^\n]*$'):
            function(**{parameter.name: array})
        if parameter.kind is not parameter.KEYWORD_ONLY:
            hint = rf'(.|\n)*{function.__name__}\(..., {parameter.name}=...\)$'
            with pytest.raises(TypeError, match=said + hint):
                function(*[None] * place, array)
    assert asked > 300


def test_no_function_takes_a_keyword_that_is_not_its_own():
    for name, function in FUNCTIONS.items():
        parameters = inspect.signature(function).parameters.values()
        own = [p.name for p in parameters if p.kind in NAMED]
        if len(own) < 2 or any(p.kind is p.VAR_KEYWORD for p in parameters):
            continue
        for mine in own:
            wrong = mine + 'z'
            with pytest.raises(TypeError) as info:
                function(**{wrong: 1})
            text = str(info.value)
            assert text.startswith(f'{function.__name__} takes no argument {wrong!r}')
            if len(mine) > 2:
                assert f'did you mean {mine}?' in text, name


@pytest.mark.parametrize(
    ('call', 'meant'),
    [
        (lambda: F.dropout(W, rate=0.5), 'ratio'),
        (lambda: F.dropout(W, p=0.5), 'ratio'),
        (lambda: F.zoneout(W, W, p=0.5), 'ratio'),
        (lambda: F.softmax(W, dim=1), 'axis'),
        (lambda: F.sum(W, keepdim=True), 'keepdims'),
        (lambda: F.max_pooling_2d(W, kernel_size=2), 'ksize'),
        (lambda: F.max_pooling_1d(W, kernel_size=2), 'ksize'),
        (lambda: F.convolution_2d(W, W, padding=1), 'pad'),
        (lambda: F.pad(W, 1, 'constant', constant_value=0), 'constant_values'),
        (lambda: L.Linear(4, 3)(W, n_batch_axis=1), 'n_batch_axes'),
        (lambda: L.NStepLSTM(1, 4, 3, 0.5, initial_bia=1), 'initial_bias'),
        (lambda: L.ResNet50Layers(None)(W, layer=['fc6']), 'layers'),
        (lambda: L.Linear(4, 3).copy(mod='init'), 'mode'),
        (lambda: minigrad.Variable(W, require_grad=False), 'requires_grad'),
        (lambda: minigrad.Parameter(initialiser=0), 'initializer'),
        (lambda: minigrad.grad([], [], create_graph=True), 'enable_double_backprop'),
        (lambda: minigrad.predict(None, W, batch=4), 'batch_size'),
        (lambda: minigrad.trace(None, titl='x'), 'title'),
        (lambda: minigrad.optimizer_hooks.WeightDecay(rat=0.1), 'rate'),
        (lambda: minigrad.initializers.Normal(std=0.1), 'scale'),
        (lambda: minigrad.distributions.Normal(mean=W), 'loc'),
        (lambda: minigrad.datasets.get_mnist(label=True), 'withlabel'),
        (lambda: minigrad.datasets.LabeledImageDataset('x', roots='.'), 'root'),
        (
            lambda: minigrad.datasets.get_cross_validation_datasets(W, 2, ordr=1),
            'order',
        ),
        (lambda: minigrad.dataset.concat_examples([W], devce=-1), 'device'),
        (lambda: minigrad.serializers.save_npz('x', None, compress=1), 'compression'),
        (lambda: extensions.snapshot(file_name='x'), 'filename'),
        (lambda: training.make_extension(triger=(1, 'epoch')), 'trigger'),
        (lambda: training.triggers.MinValueTrigger(keys='x'), 'key'),
    ],
)
def test_a_near_miss_is_named(call, meant):
    with pytest.raises(TypeError, match=f'did you mean {meant}[?]'):
        call()


def test_who_takes_nothing_says_so():
    for call in (
        lambda: extensions.FailOnNonNumber(foo=1),
        lambda: minigrad.optimizers.SGD().setup(L.Linear(4, 3)).update(los=1),
        lambda: extensions.snapshot_writers.SimpleWriter(foo=1)('x', '.', {}),
    ):
        with pytest.raises(TypeError, match=r'takes no argument \'(foo|los)\'[.;] '):
            call()


def test_what_calls_do_stays():
    x = np.arange(12, dtype='f').reshape(1, 1, 3, 4)
    assert F.max_pooling_2d(x, np.array([3, 2])).shape == (1, 1, 1, 2)
    assert L.Convolution2D(1, 2, np.array([3, 2]))(x).shape == (1, 2, 1, 3)
    assert F.sum(x, axis=np.int64(1)).shape == (1, 3, 4)
    assert F.dropout(x, np.array(0.0)).shape == x.shape
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'x'"):
        F.softmax()
    with pytest.raises(TypeError, match=r'missing 1 required .*ksize'):
        F.max_pooling_2d(x)


def test_a_type_error_inside_is_left_alone():
    @checks_arguments
    def scale(x, factor: 'int' = 1):
        return x * len(factor)

    with pytest.raises(TypeError, match="object of type 'int' has no len"):
        scale(x=W, factor=2)
