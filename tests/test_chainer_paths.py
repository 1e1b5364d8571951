"""Names and paths by which programs written for Chainer reach things."""

import importlib
import importlib.util
import io
import operator
import subprocess
import sys

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
from minigrad import _chainer_paths


@pytest.mark.parametrize('path', sorted(_chainer_paths.MODULES))
def test_a_module_by_chainers_path(path):
    """Reached by import, as an attribute, and by what looks for modules."""
    name = f'minigrad.{path}'
    module = importlib.import_module(name)
    assert operator.attrgetter(path)(minigrad) is module
    assert importlib.util.find_spec(name) is not None
    with pytest.raises(AttributeError, match='no_such_name'):
        _ = module.no_such_name


def test_a_module_of_several_rooms():
    from minigrad.functions.math.trigonometric import Arctan2, Sin, arctan2, sin

    assert (sin, arctan2) == (F.sin, F.arctan2)
    assert issubclass(Sin, minigrad.FunctionNode)
    assert issubclass(Arctan2, minigrad.FunctionNode)
    assert {'Sin', 'Arctan2'} <= set(dir(minigrad.functions.math.trigonometric))


@pytest.mark.parametrize(
    ('family', 'name'),
    [
        ('activation', 'lstm'),
        ('activation', 'slstm'),
        ('activation', 'tree_lstm'),
        ('connection', 'n_step_gru'),
        ('connection', 'n_step_lstm'),
        ('connection', 'n_step_rnn'),
    ],
)
def test_recurrent_functions_by_the_paths_of_their_time(family, name):
    """Until Chainer 7 they were not in a family of their own."""
    for path in (family, 'rnn'):
        module = importlib.import_module(f'minigrad.functions.{path}.{name}')
        assert getattr(module, name) is getattr(F, name)


@pytest.mark.parametrize('path', ['connection', 'rnn'])
def test_recurrent_links_by_the_paths_of_their_time(path):
    names = {
        'gru': 'StatefulGRU', 'lstm': 'StatelessLSTM', 'mgu': 'StatefulMGU',
        'n_step_gru': 'NStepBiGRU', 'n_step_lstm': 'NStepLSTM',
        'n_step_rnn': 'NStepRNNTanh', 'peephole': 'StatefulPeepholeLSTM',
        'tree_lstm': 'NaryTreeLSTM', 'zoneoutlstm': 'StatefulZoneoutLSTM',
    }  # fmt: skip
    for name, link in names.items():
        module = importlib.import_module(f'minigrad.links.{path}.{name}')
        assert getattr(module, link) is getattr(minigrad.links, link)


@pytest.mark.parametrize('kind', ['lstm', 'gru'])
def test_one_step_of_a_recurrent_layer(kind):
    """ChainerRL steps through its layers by `_lstm`."""
    from minigrad.functions.connection.n_step_gru import _gru
    from minigrad.functions.connection.n_step_lstm import _lstm

    rng = np.random.RandomState(0)
    link = {'lstm': minigrad.links.NStepLSTM, 'gru': minigrad.links.NStepGRU}[kind](
        1, 3, 4, 0.0
    )
    for b in link.bs[0]:
        b.array[...] = rng.normal(size=b.shape)
    x = rng.normal(size=(2, 3)).astype('f')
    h, c = rng.normal(size=(2, 1, 2, 4)).astype('f')
    given = link.ws[0], link.bs[0]
    if kind == 'lstm':
        got = _lstm(x, h[0], c[0], *given)
        expected = link(h, c, list(x[:, None]))[:2]
    else:
        got = _gru(x, h[0], None, *given)
        assert got[1] is None
        got = got[:1]
        expected = link(h, list(x[:, None]))[:1]
    for y, y_expected in zip(got, expected, strict=True):
        np.testing.assert_allclose(y.array, y_expected.array[0], rtol=1e-6)


def test_an_unknown_module_of_functions_is_named():
    with pytest.raises(AttributeError, match='no_such_module'):
        _ = minigrad.functions.math.no_such_module


def test_modules_inside_the_families():
    assert issubclass(F.activation.relu.ReLU, minigrad.FunctionNode)
    assert F.array.broadcast.broadcast_to is F.broadcast_to


def test_cuda_by_its_older_path():
    import minigrad.cuda
    from minigrad.cuda import to_cpu

    assert minigrad.cuda is minigrad.backends.cuda
    assert to_cpu is minigrad.backends.cuda.to_cpu


def test_testing_is_there_without_import_and_costs_nothing_before():
    script = (
        'import sys, minigrad; assert "minigrad.testing" not in sys.modules;'
        'assert minigrad.testing.parameterize'
    )
    subprocess.run([sys.executable, '-c', script], check=True)
    with pytest.raises(AttributeError, match='no_such_name'):
        _ = minigrad.no_such_name


def test_debug_mode_as_a_context():
    with minigrad.DebugMode(True):
        assert minigrad.is_debug()
        with minigrad.DebugMode(False):
            assert not minigrad.is_debug()
    assert not minigrad.is_debug()


def test_should_use_cudnn_at_top_level():
    with minigrad.using_config('use_cudnn', 'never'):
        assert not minigrad.should_use_cudnn('>=auto')
    with pytest.raises(ValueError, match='==auto'):
        minigrad.should_use_cudnn('==auto')


def test_print_runtime_info(capsys):
    out = io.StringIO()
    minigrad.print_runtime_info(out)
    minigrad.print_runtime_info()
    assert capsys.readouterr().out == out.getvalue()
    assert f'NumPy: {np.__version__}' in out.getvalue()


def test_the_experimental_warning_can_be_disabled(monkeypatch):
    with pytest.warns(FutureWarning, match='something'):
        minigrad.utils.experimental('something')
    monkeypatch.setattr(minigrad, 'disable_experimental_feature_warning', True)
    minigrad.utils.experimental('something')


def test_modes_of_the_graph_by_their_older_path():
    from minigrad import function

    assert function.no_backprop_mode is minigrad.no_backprop_mode
    assert function.force_backprop_mode is minigrad.force_backprop_mode


def test_hooks_of_links_by_chainers_name():
    with minigrad.link_hooks.TimerHook() as hook:
        assert list(minigrad._get_link_hooks().values()) == [hook]
    assert not minigrad._get_link_hooks()


def test_basic_math_at_top_level():
    from minigrad import basic_math

    assert basic_math.AddConstant(2.0).label == '_ + 2.0'


def test_input_types_by_chainers_name():
    from minigrad.utils import type_check

    seen = []
    f = minigrad.FunctionNode()
    f.forward = lambda inputs: inputs[0]
    f.check_type_forward = seen.append
    f.apply((np.ones(2),))
    assert isinstance(seen[0], type_check.LightTypeInfoTuple)


@pytest.mark.parametrize('options', [None, {}, {'verbosity_level': 1}])
def test_static_chains_run_as_they_are(options):
    from minigrad.graph_optimizations.static_graph import static_graph
    from minigrad.graph_optimizations.static_graph_utilities import static_code

    assert minigrad.static_graph is static_graph
    assert minigrad.static_code is static_code
    mark = static_graph if options is None else static_graph(**options)
    mark_code = static_code if options is None else static_code(func_name='count')

    class Model(minigrad.Chain):
        calls = 0

        @mark
        def forward(self, x):
            self.count()
            return 2 * x

        @mark_code
        def count(self):
            self.calls += 1

    model = Model()
    x = minigrad.Variable(np.ones(3, 'f'))
    for _ in range(2):
        F.sum(model(x)).backward()
    assert model.calls == 2
    np.testing.assert_array_equal(x.grad, [4, 4, 4])
