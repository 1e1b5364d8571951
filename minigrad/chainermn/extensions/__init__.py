"""Trainer extensions for several processes."""

from minigrad.chainermn.extensions import _multi_node_snapshot
from minigrad.chainermn.extensions._multi_node_snapshot import multi_node_snapshot
from minigrad.chainermn.extensions.allreduce_persistent import AllreducePersistent
from minigrad.chainermn.extensions.checkpoint import create_multi_node_checkpointer
from minigrad.chainermn.extensions.multi_node_early_stopping_trigger import (
    MultiNodeEarlyStoppingTrigger,
)
from minigrad.chainermn.extensions.multi_node_evaluator import (
    GenericMultiNodeEvaluator,
    create_multi_node_evaluator,
)
from minigrad.chainermn.extensions.observation_aggregator import ObservationAggregator
from minigrad.chainermn.extensions.step_times import StepTimes

__all__ = [
    'AllreducePersistent',
    'GenericMultiNodeEvaluator',
    'MultiNodeEarlyStoppingTrigger',
    'ObservationAggregator',
    'StepTimes',
    '_multi_node_snapshot',
    'create_multi_node_checkpointer',
    'create_multi_node_evaluator',
    'multi_node_snapshot',
]
