"""Training with several processes, on several machines: ChainerMN's interface.

``from minigrad import chainermn`` in place of ``import chainermn``. MPI moves the data
between processes (package mpi4py), or NCCL between GPUs (through CuPy).

    mpiexec -n 4 python train.py
"""

from minigrad._version import __version__
from minigrad.chainermn import (
    communicators,
    datasets,
    extensions,
    functions,
    global_except_hook,
    iterators,
    links,
    optimizers,
)
from minigrad.chainermn.communicators import CommunicatorBase, create_communicator
from minigrad.chainermn.datasets import DataSizeError, scatter_dataset, scatter_index
from minigrad.chainermn.extensions import (
    create_multi_node_checkpointer,
    create_multi_node_evaluator,
)
from minigrad.chainermn.links import MultiNodeChainList
from minigrad.chainermn.optimizers import create_multi_node_optimizer

global_except_hook._add_hook_if_enabled()

__all__ = [
    'CommunicatorBase',
    'DataSizeError',
    'MultiNodeChainList',
    '__version__',
    'communicators',
    'create_communicator',
    'create_multi_node_checkpointer',
    'create_multi_node_evaluator',
    'create_multi_node_optimizer',
    'datasets',
    'extensions',
    'functions',
    'global_except_hook',
    'iterators',
    'links',
    'optimizers',
    'scatter_dataset',
    'scatter_index',
]
