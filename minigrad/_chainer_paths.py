"""Chainer's paths to things that live elsewhere here.

Programs import by file: ``from chainer.functions.math.exponential import Log``. Where a
file of Chainer has no counterpart, or a class has moved to a room of its own, a row here
says where to look. A new row needs nothing else; the table in
`docs/chainer-names.md`, which a test makes anew, tells what every path gives.
"""

from __future__ import annotations

import importlib
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

# Chainer's file, and the files that hold what it held; with several, the first one that
# has a name gives it. Recurrent functions and links lay in activation and connection until
# Chainer 7.
MODULES: dict[str, tuple[str, ...]] = {
    '_backend': ('backend',),
    '_backprop': ('gradients',),
    '_runtime_info': ('runtime_info',),
    'backend.chainerx': ('chainerx',),
    'backends._chainerx': ('not_provided', 'chainerx'),
    'cuda': ('backends.cuda',),
    'functions.activation.lstm': ('functions.rnn.lstm',),
    'functions.activation.slstm': ('functions.rnn.slstm',),
    'functions.activation.tree_lstm': ('functions.rnn.tree_lstm',),
    'functions.array.separate': ('functions.array.stack',),
    'functions.array.space2depth': ('functions.array.depth2space',),
    'functions.array.split_axis': ('functions.array.concat',),
    'functions.connection.n_step_gru': ('functions.rnn.n_step_gru',),
    'functions.connection.n_step_lstm': ('functions.rnn.n_step_lstm',),
    'functions.connection.n_step_rnn': ('functions.rnn.n_step_rnn',),
    'functions.math.arctanh': ('functions.math.elementary',),
    'functions.math.ceil': ('functions.math.elementary',),
    'functions.math.cumprod': ('functions.math.cumulative',),
    'functions.math.cumsum': ('functions.math.cumulative',),
    'functions.math.digamma': ('functions.math.special',),
    'functions.math.erf': ('functions.math.special',),
    'functions.math.erfc': ('functions.math.special',),
    'functions.math.erfcinv': ('functions.math.special',),
    'functions.math.erfcx': ('functions.math.special',),
    'functions.math.erfinv': ('functions.math.special',),
    'functions.math.exponential': ('functions.math.elementary',),
    'functions.math.exponential_m1': ('functions.math.elementary',),
    'functions.math.fix': ('functions.math.elementary',),
    'functions.math.floor': ('functions.math.elementary',),
    'functions.math.hyperbolic': ('functions.math.elementary',),
    'functions.math.lgamma': ('functions.math.special',),
    'functions.math.log_ndtr': ('functions.math.special',),
    'functions.math.logarithm_1p': ('functions.math.elementary',),
    'functions.math.minimum': ('functions.math.maximum',),
    'functions.math.ndtr': ('functions.math.special',),
    'functions.math.ndtri': ('functions.math.special',),
    'functions.math.sign': ('functions.math.elementary',),
    'functions.math.sqrt': ('functions.math.elementary',),
    'functions.math.square': ('functions.math.elementary',),
    'functions.math.trigonometric': (
        'functions.math.elementary',
        'functions.math.arctan2',
    ),
    'functions.pooling.pooling_2d': (
        'functions.pooling._pooling_nd',
        'functions.pooling.max_pooling_2d',
        'functions.pooling.average_pooling_2d',
    ),
    'functions.pooling.pooling_nd': ('functions.pooling._pooling_nd',),
    'functions.theano': ('not_provided',),
    'functions.theano.theano_function': ('not_provided',),
    'iterators.dali_iterator': ('not_provided',),
    'links.connection.gru': ('links.rnn.gru',),
    'links.connection.lstm': ('links.rnn.lstm',),
    'links.connection.mgu': ('links.rnn.mgu',),
    'links.connection.n_step_gru': ('links.rnn.n_step_gru',),
    'links.connection.n_step_lstm': ('links.rnn.n_step_lstm',),
    'links.connection.n_step_rnn': ('links.rnn.n_step_rnn',),
    'links.connection.peephole': ('links.rnn.peephole',),
    'links.connection.tree_lstm': ('links.rnn.tree_lstm',),
    'links.connection.zoneoutlstm': ('links.rnn.zoneoutlstm',),
    'links.theano': ('not_provided',),
    'links.theano.theano_function': ('not_provided',),
}

# Chainer's path of a class or function, and the file that holds it.
NAMES: dict[str, str] = {
    'backend.ChainerxDevice': 'not_provided',
    'backend.Intel64Device': 'not_provided',
    'backend.from_chx': 'not_provided',
    'backend.to_chx': 'not_provided',
    'backends.intel64.Intel64Device': 'not_provided',
    'backends.intel64.check_ideep_available': 'not_provided',
    'backends.intel64.inputs_all_ready': 'not_provided',
    'datasets.image_dataset.LabeledZippedImageDataset': 'datasets.zipped_image_dataset',
    'datasets.image_dataset.MultiZippedImageDataset': 'datasets.zipped_image_dataset',
    'datasets.image_dataset.ZippedImageDataset': 'datasets.zipped_image_dataset',
    'graph_optimizations.static_code': 'graph_optimizations.static_graph_utilities',
    'iterators.DaliIterator': 'not_provided',
    'link.Chain': 'chain',
    'link.ChainList': 'chain_list',
    'links.TheanoFunction': 'not_provided',
    'links.model.vision.googlenet.available': 'datasets.image_dataset',
    'links.model.vision.resnet.available': 'datasets.image_dataset',
    'links.model.vision.vgg.available': 'datasets.image_dataset',
    'function_node.grad': 'gradients',
    **{
        f'functions.math.basic_math.{name}': 'functions._operators'
        for name in (
            *('neg', 'sub', 'rsub', 'mul', 'div', 'rdiv', 'pow', 'rpow'),
            *('floordiv', 'rfloordiv', 'matmul', 'rmatmul'),
        )
    },
    'functions.math.matmul.batch_matmul': 'functions.math.batch_matmul',
    'variable._create_variable': 'parameter',
    'variable._recover_parameter': 'parameter',
    'variable.Parameter': 'parameter',
}


class _Rooms(ModuleType):
    """A module whose names are those of several others."""

    def __init__(self, name: str, rooms: list[ModuleType]) -> None:
        where = ', '.join([room.__name__ for room in rooms])
        super().__init__(name, f"Chainer's path to names of {where}.")
        self.__spec__ = ModuleSpec(name, None)
        self._rooms = rooms

    def __getattr__(self, name: str) -> Any:
        for room in self._rooms:
            if hasattr(room, name):
                return getattr(room, name)
        raise AttributeError(f'module {self.__name__!r} has no attribute {name!r}')

    def __dir__(self) -> list[str]:
        return sorted({name for room in self._rooms for name in dir(room)})


def install(package: str) -> None:
    """Makes Chainer's paths work below a package.

    Args:
        package: Name of the package, whose modules have been imported.
    """

    def module(path: str) -> ModuleType:
        return importlib.import_module(f'{package}.{path}' if path else package)

    for path, places in MODULES.items():
        rooms = [module(place) for place in places]
        name = f'{package}.{path}'
        alias = rooms[0] if len(rooms) == 1 else _Rooms(name, rooms)
        sys.modules[name] = alias
        parent, _, child = path.rpartition('.')
        setattr(module(parent), child, alias)
    for path, place in NAMES.items():
        parent, _, name = path.rpartition('.')
        setattr(module(parent), name, getattr(module(place), name))
