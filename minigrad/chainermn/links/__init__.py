"""Links that span processes."""

from minigrad.chainermn.links.batch_normalization import MultiNodeBatchNormalization
from minigrad.chainermn.links.create_mnbn_model import create_mnbn_model
from minigrad.chainermn.links.multi_node_chain_list import MultiNodeChainList
from minigrad.chainermn.links.n_step_rnn import create_multi_node_n_step_rnn

__all__ = [
    'MultiNodeBatchNormalization',
    'MultiNodeChainList',
    'create_mnbn_model',
    'create_multi_node_n_step_rnn',
]
