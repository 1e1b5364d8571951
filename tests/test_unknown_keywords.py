"""What takes ``**kwargs`` refuses keywords that nobody reads."""

import re
import tempfile

import numpy as np
import pytest

import minigrad
import minigrad.chainermn
import minigrad.onnx_chainer
from minigrad import chainermn, datasets, optimizers, training
from minigrad import functions as F
from minigrad import links as L
from minigrad.links.model import vision
from minigrad.training import extensions
from tests import signatures

# Whose keywords are names of one's own, or go to somebody who refuses them.
HANDED_ON = {
    r'minigrad\.(Chain|Link)|.*\.(NamedLayers|StatefulOutput|StatefulCells)': (
        'names of children and parameters'
    ),
    r'.*\.DictDataset|.*\.Checker(\.float_with_axes)?|.*\.reads': 'names',
    r'.*\.Link\.__call__|.*\.Classifier\.forward|.*\.calc_local': 'to forward',
    r'.*\.Link\.from_params|.*\.FunctionNode\.__call__': 'refuses whatever comes',
    r'minigrad\.backends\.cuda\..*|.*\.ReplayUpdater': 'needs a GPU; to CuPy, to a base',
    r'minigrad\.kernels\..*|.*\.(KernelRule|refuse_arrays|NamedArguments)': (
        'called by the library'
    ),
    r'minigrad\.(graph|onnx_chainer\.(context|onnx_helper))\..*|.*\.Picture\..*': (
        "to Graphviz, or ONNX's attributes"
    ),
    r'minigrad\.testing\..*|.*\.(tempdir|dumps|new_figure|parse_kwargs)'
    r'|.*\.check_unexpected_kwargs': 'to the standard library, or to the test',
    r'.*\.snapshot_writers\..*': 'to the function that saves',
    r'.*\.CommunicatorBase\.set_config': 'for communicators of your own',
}

x = np.ones((2, 3, 5, 5), 'f')
rows = np.ones((2, 3), 'f')
sequences = [rows, rows]


def naive():
    return chainermn.create_communicator('naive')


def weights(n, m, directions=1):
    """Returns n matrices of inputs and n of states, and their biases, of one layer."""
    ws = [np.ones((2, 3), 'f')] * n + [np.ones((2, 2), 'f')] * n
    return [ws] * directions, [[np.zeros(2, 'f')] * m] * directions


def n_step(name, n, states=1):
    def call(**keywords):
        directions = 1 + ('_bi' in name)
        ws, bs = weights(n, 2 * n, directions)
        h = [np.zeros((directions, 2, 2), 'f')] * states
        getattr(F, name)(1, 0.0, *h, ws, bs, sequences, **keywords)

    return call


def trainer():
    optimizer = optimizers.SGD().setup(L.Classifier(L.Linear(3, 2)))
    iterator = minigrad.iterators.SerialIterator([(rows[0], np.int32(0))], 1)
    return training.Trainer(training.StandardUpdater(iterator, optimizer), (1, 'epoch'))


def small(call):
    return lambda **keywords: call(np.zeros((1, 3, 224, 224), 'f'), **keywords)


RECURRENT = ('NStepBiGRU', 'NStepBiLSTM', 'NStepBiRNNReLU', 'NStepBiRNNTanh')
RECURRENT += ('NStepGRU', 'NStepLSTM', 'NStepRNNReLU', 'NStepRNNTanh')
CALLS = {
    'minigrad.Optimizer.update': lambda **k: (
        optimizers.SGD().setup(L.Linear(3, 1)).update(**k)
    ),
    'minigrad.Variable': lambda **k: minigrad.Variable(rows, **k),
    'minigrad.chainermn.create_communicator': lambda **k: (
        chainermn.create_communicator('naive', **k)
    ),
    'minigrad.chainermn.extensions.GenericMultiNodeEvaluator': lambda **k: (
        chainermn.extensions.GenericMultiNodeEvaluator(
            naive(), minigrad.iterators.SerialIterator([1], 1), L.Linear(3, 2), **k
        )
    ),
    'minigrad.chainermn.extensions.MultiNodeEarlyStoppingTrigger': lambda **k: (
        chainermn.extensions.MultiNodeEarlyStoppingTrigger(naive(), **k)
    ),
    'minigrad.datasets.get_cross_validation_datasets': lambda **k: (
        datasets.get_cross_validation_datasets([1, 2, 3], 3, **k)
    ),
    'minigrad.datasets.get_cross_validation_datasets_random': lambda **k: (
        datasets.get_cross_validation_datasets_random([1, 2, 3], 3, **k)
    ),
    'minigrad.functions.convolution_2d': lambda **k: (
        F.convolution_2d(x, np.ones((4, 3, 3, 3), 'f'), **k)
    ),
    'minigrad.functions.deconvolution_2d': lambda **k: (
        F.deconvolution_2d(x, np.ones((3, 4, 3, 3), 'f'), **k)
    ),
    'minigrad.functions.dropout': lambda **k: F.dropout(rows, **k),
    'minigrad.functions.zoneout': lambda **k: F.zoneout(rows, rows, **k),
    'minigrad.functions.rrelu': lambda **k: F.rrelu(rows, **k),
    'minigrad.functions.pad': lambda **k: F.pad(rows, 1, 'constant', **k),
    'minigrad.functions.array.pad.Pad': lambda **k: F.pad(rows, 1, 'edge', **k),
    'minigrad.functions.spatial_transformer_grid': lambda **k: (
        F.spatial_transformer_grid(np.ones((2, 2, 3), 'f'), (3, 3), **k)
    ),
    'minigrad.functions.spatial_transformer_sampler': lambda **k: (
        F.spatial_transformer_sampler(x, np.zeros((2, 2, 3, 3), 'f'), **k)
    ),
    **{
        f'minigrad.functions.n_step_{name}': n_step(f'n_step_{name}', n, states)
        for name, n, states in (
            ('rnn', 1, 1), ('birnn', 1, 1), ('lstm', 4, 2), ('bilstm', 4, 2),
            ('gru', 3, 1), ('bigru', 3, 1),
        )
    },
    **{
        f'minigrad.functions.pooling.{module}.{name}': lambda name=name, module=module, **k: (
            getattr(getattr(F.pooling, module), name)(2, **k)
        )
        for module, name in (
            ('average_pooling_2d', 'AveragePooling2D'),
            ('average_pooling_2d', 'Pooling2D'),
            ('max_pooling_2d', 'MaxPooling2D'),
            ('unpooling_2d', 'Unpooling2D'),
        )
    },
    'minigrad.links.BatchNormalization.forward': lambda **k: (
        L.BatchNormalization(3)(rows, **k)
    ),
    'minigrad.links.Convolution2D': lambda **k: L.Convolution2D(3, 4, 3, **k),
    'minigrad.links.ConvolutionND.from_params': lambda **k: (
        L.ConvolutionND.from_params(np.ones((4, 3, 3, 3), 'f'), **k)
    ),
    'minigrad.links.Deconvolution2D': lambda **k: L.Deconvolution2D(3, 4, 3, **k),
    'minigrad.links.LocalConvolution2D': lambda **k: (
        L.LocalConvolution2D(3, 4, 5, 3, **k)
    ),
    'minigrad.links.MLPConvolution2D': lambda **k: L.MLPConvolution2D(3, (4,), 3, **k),
    'minigrad.links.StatefulZoneoutLSTM': lambda **k: L.StatefulZoneoutLSTM(3, 2, **k),
    **{
        f'minigrad.links.{name}': lambda name=name, **k: (
            getattr(L, name)(1, 3, 2, 0.0, **k)
        )
        for name in RECURRENT
    },
    'minigrad.links.rnn.n_step_lstm.NStepLSTMBase.forward': lambda **k: (
        L.NStepLSTM(1, 3, 2, 0.0)(None, None, sequences, **k)
    ),
    'minigrad.chainermn.links.n_step_rnn.NStepRNNBase.forward': lambda **k: (
        L.NStepRNNTanh(1, 3, 2, 0.0)(None, sequences, **k)
    ),
    'minigrad.links.model.vision.googlenet.NamedLayers.forward': lambda **k: (
        small(L.GoogLeNet(pretrained_model=None))(layers=['conv1'], **k)
    ),
    'minigrad.links.model.vision.googlenet.NamedLayers.extract': lambda **k: (
        vision.googlenet.GoogLeNet(pretrained_model=None).extract(
            [np.zeros((3, 224, 224), 'f')], layers=['conv1'], **k
        )
    ),
    'minigrad.onnx_chainer.export_testcase': lambda **k: (
        minigrad.onnx_chainer.export_testcase(
            L.Linear(3, 2), rows, tempfile.mkdtemp(), **k
        )
    ),
    'minigrad.training.Trainer.extend': lambda **k: (
        trainer().extend(lambda trainer: None, **k)
    ),
    'minigrad.training.make_extension': lambda **k: training.make_extension(**k),
    'minigrad.training.extensions.snapshot': lambda **k: extensions.snapshot(**k),
    'minigrad.training.extensions.snapshot_object': lambda **k: (
        extensions.snapshot_object(L.Linear(3, 2), 'model', **k)
    ),
}  # fmt: skip
SAME = {  # under another name
    r'.*\.(Dilated|De)?[Cc]onvolution2D\.function|.*\.NStep\w+\.function': 'a function above',
    r'.*\.NStep(RNN|GRU|LSTM)Base': 'their base',
    r'.*\.gen_test_data_set': 'export_testcase',
    r'.*\.CaffeFunction\.forward': 'tests/links/caffe: needs a file',
}


@pytest.mark.parametrize('name', CALLS)
def test_a_keyword_that_nobody_knows(name):
    with pytest.raises((TypeError, ValueError), match='no_such'):
        CALLS[name](no_such=1)


def test_everything_that_takes_keywords_is_here():
    patterns = [*HANDED_ON, *SAME]
    nothing = '(*args, **kwargs)'  # that of a class without an __init__ of its own
    rows = signatures.read().items()
    found = [path for path, row in rows if '**' in row and row != nothing]
    assert len(found) > 80
    left = [
        path
        for path in found
        if path not in CALLS and not any(re.fullmatch(p, path) for p in patterns)
    ]
    assert left == [], 'a row in CALLS, or a reason in HANDED_ON'
    unneeded = [p for p in patterns if not any(re.fullmatch(p, path) for path in found)]
    assert unneeded == []
