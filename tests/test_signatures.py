"""Parameters and defaults of all public callables, and what is promised of defaults."""

import re
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
import minigrad.functions as F
import minigrad.links as L
from minigrad import training
from minigrad.training import extensions
from tests import signatures

ROOT = Path(__file__).parents[1]

# What takes other parameters than Chainer's, and why: patterns of whole paths. The first
# one that fits counts.
DEVIATIONS = {
    r'.*\.(forward|backward)(_[cg]pu)?|.*\.check_type_forward'
    r'|.*\.forward_(pre|post)process|.*\.get_example'
    r'|.*\.unchain_variables\.(initialize|trigger)|.*\.VariableNode\.set_creator_node'
    r'|.*\.Variable\.set_creator|.*\.variable_(repr|str)|chainer\.testing\.attr\.gpu'
    r'|chainer\.utils\.type_check\.eval': (
        'called by position; only the name of a parameter differs'
    ),
    r'chainer\.functions\..*(Grad\w*|\.Assign|\.Im2Col|\.(Repeat|Cumsum|MatMul|TensorDot)'
    r'|\.MaxPoolingNDWithIndexes|\.BatchNormalization|\.Dropout)'
    r'|chainer\.distributions\.utils\.ModifiedXLogX'
    r'|chainer\.links\.loss\.hierarchical_softmax\.BinaryHierarchicalSoftmaxFunction': (
        'a node, which its function makes; its derivatives are other functions here'
    ),
    r'chainer\.functions\.pooling\..*\.(AveragePooling2D|Pooling2D|Unpooling2D)': (
        'takes the same by *args and **kwargs, and hands them on'
    ),
    r'chainer\.(variable\.)?Parameter': 'memory layouts: arrays are always (N, C, ...)',
    r'chainer\.backends\.cuda\.Device': "CuPy's own class where there is a GPU",
    r'.*\.TheanoFunction': 'says when it is made what to use instead',
    r'.*\.resnet\.BuildingBlock': 'None is refused for what a block needs',
    r'chainermn\..*\.CommunicatorBase\.(bcast_obj|recv_obj)': (
        "as Chainer's communicators have it, of which this is the base class"
    ),
}


def test_the_table():
    """If this fails by intent: python -m tests.signatures > tests/signatures.txt."""
    written = signatures.read()
    # In a process of its own: other tests import modules anew, or replace names in them.
    command = [sys.executable, '-W', 'ignore', '-m', 'tests.signatures']
    printed = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert printed.returncode == 0, printed.stderr
    found = signatures.rows_of(printed.stdout)
    lines = []
    for path in sorted({*written, *found}):
        before, now = written.get(path), found.get(path)
        if before != now:
            lines += [path, f'    written: {before}', f'    now:     {now}']
    if lines:
        pytest.fail(
            'public names, parameters or defaults changed; if that is meant, run\n'
            'python -m tests.signatures > tests/signatures.txt\n' + '\n'.join(lines),
            pytrace=False,
        )


def test_the_table_holds_functions_classes_and_methods():
    found = signatures.table()
    assert len(found) > 1500
    assert found['minigrad.functions.elu'] == '(x, alpha=1.0)'
    assert found['minigrad.optimizers.MomentumSGD'].startswith('(lr=0.01, momentum=0.9')
    assert 'retain_grad=False' in found['minigrad.Variable.backward']
    assert 'minigrad.optimizers.Adam.setup' not in found  # as the base class has it


def reason(path):
    for pattern, why in DEVIATIONS.items():
        if re.fullmatch(pattern, path):
            return why
    return None


def test_parameters_and_defaults_are_chainers():
    unexplained = [row for row in signatures.differences() if reason(row[0]) is None]
    assert unexplained == []


def test_every_deviation_is_needed():
    used = {reason(path) for path, *_ in signatures.differences()}
    assert [why for why in DEVIATIONS.values() if why not in used] == []


@pytest.mark.parametrize(
    ('theirs', 'ours', 'same'),
    [
        ('(x, ratio=0.5)', '(x, ratio=0.5)', True),
        ('(x, ratio=0.5)', '(x, ratio=0.5, mask=None)', True),
        ('(x, ratio=0.5)', '(x, ratio=0.4)', False),
        ('(x, ratio=0.5)', '(x, ratio)', False),
        ('(x, ratio=0.5)', '(ratio=0.5, x=None)', False),
        ('(x, *, mask=None)', '(x, *, mask=None)', True),
        ('(x, *, mask=None)', '(x, *, mask=0)', False),
        ('(x, *, mask=None)', '(x)', False),
        ('(x, dtype=...)', '(x, dtype=<float32>)', True),
        ('(x, dtype=...)', '(x, dtype)', False),
    ],
)
def test_what_counts_as_a_difference(theirs, ours, same):
    assert signatures.takes(signatures.parsed(theirs), signatures.parsed(ours)) is same


# -- defaults that promise something ---------------------------------------------------


def test_backward_keeps_neither_graph_nor_gradients_between():
    x = mg.Variable(np.array(3.0))
    middle = x * 2
    y = middle * x
    y.backward()
    assert x.grad_var.creator is None
    assert middle.grad_var is None
    assert mg.grad([x * x], [x])[0].creator is None


def test_backward_keeps_both_when_asked():
    x = mg.Variable(np.array(3.0))
    middle = x * 2
    (middle * x).backward(retain_grad=True, enable_double_backprop=True)
    assert x.grad_var.creator is not None
    assert middle.grad_var is not None
    assert mg.grad([x * x], [x], enable_double_backprop=True)[0].creator is not None


class Failing(training.Updater):
    """Fails in its second iteration."""

    iteration = epoch = 0
    epoch_detail = previous_epoch_detail = 0.0
    is_new_epoch = False

    def update(self):
        if self.iteration:
            raise ZeroDivisionError('in the loop')
        self.iteration += 1

    def get_all_optimizers(self):
        return {}

    def finalize(self):
        pass

    def serialize(self, serializer):
        self.iteration = serializer('iteration', self.iteration)


@pytest.mark.parametrize('kwargs', [{}, {'snapshot_on_error': True}])
def test_a_run_that_raises_writes_a_snapshot_only_when_asked(tmp_path, kwargs):
    trainer = training.Trainer(Failing(), (9, 'iteration'), out=str(tmp_path))
    trainer.extend(extensions.snapshot(**kwargs), trigger=(9, 'iteration'))
    with pytest.raises(ZeroDivisionError):
        trainer.run(show_loop_exception_msg=False)
    written = [path.name for path in tmp_path.iterdir()]
    assert written == (['snapshot_iter_1'] if kwargs else [])


@pytest.mark.parametrize('kwargs', [{}, {'show_loop_exception_msg': False}])
def test_a_run_that_raises_says_so_at_once(tmp_path, capsys, kwargs):
    trainer = training.Trainer(Failing(), (9, 'iteration'), out=str(tmp_path))
    with pytest.raises(ZeroDivisionError):
        trainer.run(**kwargs)
    said = 'Exception in main training loop' in capsys.readouterr().err
    assert said is not bool(kwargs)


def test_configuration():
    names = ['train', 'enable_backprop', 'type_check', 'debug', 'keep_graph_on_report']
    values = [getattr(mg.config, name) for name in names]
    assert values == [True, True, True, False, False]
    assert mg.config.dtype == np.float32


def test_dropout_drops_while_training_only():
    x = np.ones(1000, 'f')
    assert set(np.unique(F.dropout(x).array)) == {0, 2}
    with mg.using_config('train', False):
        np.testing.assert_array_equal(F.dropout(x).array, x)


def test_onnx_opset(tmp_path):
    onnx = pytest.importorskip('onnx', reason='needs onnx')
    from minigrad import onnx_chainer

    model, x = L.Linear(3, 2), np.zeros((1, 3), 'f')
    newest = min(onnx.defs.onnx_opset_version(), onnx_chainer.MAXIMUM_OPSET_VERSION)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        written = onnx_chainer.export(model, x)
    assert [o.version for o in written.opset_import if not o.domain] == [newest]
