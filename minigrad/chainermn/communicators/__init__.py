"""Ways in which processes exchange arrays."""

from minigrad.chainermn.communicators._create import create_communicator
from minigrad.chainermn.communicators.communicator_base import CommunicatorBase

__all__ = ['CommunicatorBase', 'create_communicator']
