"""minigrad: define-by-run automatic differentiation on NumPy and CuPy.

The names are Chainer's: ``import minigrad as chainer`` runs a Chainer program.
"""

import importlib
from typing import Any

from minigrad import (
    _chainer_paths,
    backends,
    computational_graph,
    cuda_graph,
    dataset,
    datasets,
    diagnosis,
    distributions,
    function_hooks,
    functions,
    gradient_check,
    graph,
    graph_optimizations,
    initializers,
    iterators,
    kernels,
    link_hooks,
    links,
    optimizer_hooks,
    optimizers,
    serializers,
    training,
    utils,
)
from minigrad._version import __version__
from minigrad.backend import (
    get_array_types,
    get_cpu_array_types,
    get_device,
    is_arrays_compatible,
    using_device,
)
from minigrad.backends import cuda
from minigrad.backends.cuda import should_use_cudnn, should_use_cudnn_tensor_core
from minigrad.chain import Chain
from minigrad.chain_list import ChainList
from minigrad.configuration import (
    DebugMode,
    config,
    force_backprop_mode,
    get_compute_mode,
    get_dtype,
    global_config,
    is_debug,
    mixed16,
    no_backprop_mode,
    set_debug,
    using_config,
)
from minigrad.device_resident import DeviceResident
from minigrad.diagnosis import doctor
from minigrad.distribution import (
    Distribution,
    cross_entropy,
    kl_divergence,
    register_kl,
)
from minigrad.function import Function, FunctionAdapter
from minigrad.function_hook import FunctionHook, get_function_hooks
from minigrad.function_node import FunctionNode
from minigrad.functions._numpy import from_dlpack
from minigrad.functions.math import basic_math
from minigrad.gradient_hook import GradientHook
from minigrad.gradients import backward, grad
from minigrad.graph import summary, trace
from minigrad.graph_optimizations.static_graph import static_graph
from minigrad.graph_optimizations.static_graph_utilities import static_code
from minigrad.initializer import Initializer
from minigrad.kernels.threads import get_num_threads, set_num_threads
from minigrad.link import Link
from minigrad.link_hook import LinkHook
from minigrad.link_hook import get_link_hooks as _get_link_hooks  # noqa: F401
from minigrad.optimizer import GradientMethod, Optimizer, UpdateRule
from minigrad.parameter import Parameter
from minigrad.prediction import predict
from minigrad.reporter import (
    DictSummary,
    Reporter,
    Summary,
    get_current_reporter,
    report,
    report_scope,
)
from minigrad.runtime_info import print_runtime_info
from minigrad.sequential import Sequential
from minigrad.serializer import AbstractSerializer, Deserializer, Serializer
from minigrad.suggestions import of_module as _of_module
from minigrad.variable import Variable, as_array, as_variable

disable_experimental_feature_warning = False

_chainer_paths.install(__name__)


def __getattr__(name: str) -> Any:
    if name == 'testing':  # imports unittest and pytest, which training needs not
        return importlib.import_module('minigrad.testing')
    return _of_module(__name__, 'minigrad')(name)


__all__ = [
    'AbstractSerializer',
    'Chain',
    'ChainList',
    'DebugMode',
    'Deserializer',
    'DeviceResident',
    'DictSummary',
    'Distribution',
    'Function',
    'FunctionAdapter',
    'FunctionHook',
    'FunctionNode',
    'GradientHook',
    'GradientMethod',
    'Initializer',
    'Link',
    'LinkHook',
    'Optimizer',
    'Parameter',
    'Reporter',
    'Sequential',
    'Serializer',
    'Summary',
    'UpdateRule',
    'Variable',
    '__version__',
    'as_array',
    'as_variable',
    'backends',
    'backward',
    'basic_math',
    'computational_graph',
    'config',
    'cross_entropy',
    'cuda',
    'cuda_graph',
    'dataset',
    'datasets',
    'diagnosis',
    'distributions',
    'doctor',
    'force_backprop_mode',
    'from_dlpack',
    'function_hooks',
    'functions',
    'get_array_types',
    'get_compute_mode',
    'get_cpu_array_types',
    'get_current_reporter',
    'get_device',
    'get_dtype',
    'get_function_hooks',
    'get_num_threads',
    'global_config',
    'grad',
    'gradient_check',
    'graph',
    'graph_optimizations',
    'initializers',
    'is_arrays_compatible',
    'is_debug',
    'iterators',
    'kernels',
    'kl_divergence',
    'link_hooks',
    'links',
    'mixed16',
    'no_backprop_mode',
    'optimizer_hooks',
    'optimizers',
    'predict',
    'print_runtime_info',
    'register_kl',
    'report',
    'report_scope',
    'serializers',
    'set_debug',
    'set_num_threads',
    'should_use_cudnn',
    'should_use_cudnn_tensor_core',
    'static_code',
    'static_graph',
    'summary',
    'trace',
    'training',
    'using_config',
    'using_device',
    'utils',
]
