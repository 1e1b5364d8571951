"""A model whose batch normalization spans processes."""

from __future__ import annotations

import copy
from typing import Any

from minigrad.chain import Chain
from minigrad.chain_list import ChainList
from minigrad.chainermn.links.batch_normalization import MultiNodeBatchNormalization
from minigrad.links import BatchNormalization


def create_mnbn_model(link: Any, comm: Any, communication_backend: str = 'auto') -> Any:
    """Returns a copy of a link with batch normalization over all processes.

    Args:
        link: The link; itself or whatever it is made of may be `BatchNormalization`.
        comm: Communicator.
        communication_backend: See `MultiNodeBatchNormalization`.

    Returns:
        The copy.

    Source: compatible with chainermn.links.create_mnbn_model.
    """
    if isinstance(link, MultiNodeBatchNormalization):
        return copy.deepcopy(link)
    if isinstance(link, BatchNormalization):
        return _replaced(link, comm, communication_backend)
    made = copy.deepcopy(link)
    if isinstance(link, Chain):
        for name in list(link._children):
            child = create_mnbn_model(link[name], comm, communication_backend)
            child.name = name
            made.__dict__[name] = child
    elif isinstance(link, ChainList):  # Sequential too
        for i, child in enumerate(link.children()):
            made[i] = create_mnbn_model(child, comm, communication_backend)
    return made


def _replaced(link: BatchNormalization, comm: Any, communication_backend: str) -> Any:
    made = MultiNodeBatchNormalization(
        None if link.avg_mean is None else link.avg_mean.shape,
        comm,
        decay=link.decay,
        eps=link.eps,
        dtype=link._highprec_dtype,
        use_gamma=link.gamma is not None,
        use_beta=link.beta is not None,
        communication_backend=communication_backend,
        axis=link.axis,
    )
    made.to_device(link.device)
    if link.avg_mean is not None:
        made.copyparams(link)
    for name in link._persistent:
        made.__dict__[name] = copy.deepcopy(link.__dict__[name])
    return made
