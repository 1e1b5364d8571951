"""Communication as functions of a graph, so that a model can be cut over processes."""

from minigrad.chainermn.functions.collective_communication import (
    allgather,
    allreduce,
    alltoall,
    bcast,
    gather,
    scatter,
)
from minigrad.chainermn.functions.point_to_point_communication import recv, send
from minigrad.chainermn.functions.pseudo_connect import pseudo_connect

__all__ = [
    'allgather',
    'allreduce',
    'alltoall',
    'bcast',
    'gather',
    'pseudo_connect',
    'recv',
    'scatter',
    'send',
]
