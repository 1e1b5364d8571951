"""What every communicator can do, in the words of MPI."""

from __future__ import annotations

import contextlib
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, Self

from minigrad.types import Array


class CommunicatorBase(ABC):
    """A group of processes, and what they can send to each other.

    Methods that end in ``_obj`` take any object that can be pickled; their namesakes
    without it take arrays, and are faster. Every process of the group must call a
    collective method (all but ``send`` and ``recv``), in the same order.

    Source: compatible with chainermn.CommunicatorBase.
    """

    def __init__(self) -> None:
        self._configs: dict[str, Any] = {}
        self._within_config_scope = False

    @property
    @abstractmethod
    def rank(self) -> int:
        """Number of this process in the group, from 0."""

    @property
    @abstractmethod
    def size(self) -> int:
        """Number of processes in the group."""

    @property
    @abstractmethod
    def intra_rank(self) -> int:
        """Number of this process among those of its machine; often its GPU."""

    @property
    @abstractmethod
    def intra_size(self) -> int:
        """Number of processes on this machine."""

    @property
    @abstractmethod
    def inter_rank(self) -> int:
        """Number of this machine."""

    @property
    @abstractmethod
    def inter_size(self) -> int:
        """Number of machines."""

    # -- configuration -------------------------------------------------------------

    def set_config(self, name: str, value: Any = True, **kwargs: Any) -> None:
        """Sets one of the options of this communicator.

        Args:
            name: Name of the option.
            value: Its value.
            **kwargs: Nothing; for communicators of your own.

        Raises:
            ValueError: There is no such option.
        """
        raise ValueError(
            f'unknown config {name!r} of {type(self).__name__}; there are '
            f'{sorted(self._configs)}'
        )

    def get_config(self, name: str | None = None) -> Any:
        """Returns the value of an option, or all of them by name."""
        return self._configs if name is None else self._configs[name]

    @property
    def within_config_scope(self) -> bool:
        """Whether the code runs inside `config_scope`."""
        return self._within_config_scope

    @contextlib.contextmanager
    def config_scope(self) -> Iterator[None]:
        """Makes attributes that are set inside options of the communicator."""
        before = self._within_config_scope
        self._within_config_scope = True
        try:
            yield
        finally:
            self._within_config_scope = before

    def __setattr__(self, name: str, value: Any) -> None:
        if name != '_within_config_scope' and getattr(
            self, '_within_config_scope', False
        ):
            self._configs[name] = value
        super().__setattr__(name, value)

    # -- the group -----------------------------------------------------------------

    @abstractmethod
    def split(self, color: int, key: int) -> Self:
        """Returns a communicator among the processes that give the same colour.

        Args:
            color: Number of the new group.
            key: Ranks in the new group follow the order of the keys.
        """

    def finalize(self) -> None:  # noqa: B027 - nothing to free by default
        """Frees what the communicator holds; it must not be used afterwards."""

    # -- arrays --------------------------------------------------------------------

    @abstractmethod
    def alltoall(self, xs: Any) -> tuple[Array, ...]:
        """Sends the i-th array to process i; returns what each sent here.

        Args:
            xs: One array for each process, all of one dtype.
        """

    @abstractmethod
    def send(self, data: Any, dest: int, tag: int) -> None:
        """Sends an array, or a tuple of arrays of one dtype; waits for `recv`.

        Args:
            data: What to send.
            dest: Rank of the receiver.
            tag: Number by which the receiver knows the message.
        """

    @abstractmethod
    def recv(self, source: int, tag: int) -> Any:
        """Returns what a process sends: an array or a tuple of arrays.

        Args:
            source: Rank of the sender.
            tag: Number of the message.
        """

    @abstractmethod
    def bcast(self, data: Any, max_buf_len: int | None = None, root: int = 0) -> Array:
        """Returns the array of the root.

        Args:
            data: The array; ignored but at the root.
            max_buf_len: Ignored: arrays of any size are sent.
            root: Rank of the process that has it.
        """

    @abstractmethod
    def gather(self, data: Any, root: int = 0) -> tuple[Array, ...] | None:
        """Returns the arrays of all processes to the root, None to the others."""

    @abstractmethod
    def allgather(self, x: Array) -> tuple[Array, ...]:
        """Returns the arrays of all processes, whose shapes may differ."""

    @abstractmethod
    def allreduce(self, data: Array) -> Array:
        """Returns the sum over all processes of arrays of one shape."""

    @abstractmethod
    def scatter(self, xs: Any, root: int = 0) -> Array:
        """Returns the array that the root has for this process.

        Args:
            xs: At the root one array for each process, or an array that is cut along
                its first axis; ignored elsewhere.
            root: Rank of the process that has them.
        """

    # -- objects -------------------------------------------------------------------

    @abstractmethod
    def send_obj(self, obj: Any, dest: int, tag: int) -> None:
        """Sends an object to one process."""

    @abstractmethod
    def recv_obj(self, source: int, status: Any = None, tag: int = -1) -> Any:
        """Returns the object that one process sends."""

    @abstractmethod
    def bcast_obj(
        self, obj: Any, max_buf_len: int = 256 * 1024 * 1024, root: int = 0
    ) -> Any:
        """Returns the object of the root, which is sent in chunks of this length."""

    @abstractmethod
    def gather_obj(self, obj: Any, root: int = 0) -> list[Any] | None:
        """Returns the objects of all processes to the root, None to the others."""

    @abstractmethod
    def allreduce_obj(self, obj: Any) -> Any:
        """Returns the sum (by ``+``) of the objects of all processes."""

    # -- models --------------------------------------------------------------------

    @abstractmethod
    def bcast_data(self, model: Any) -> None:
        """Gives the parameters of a model the values that they have at rank 0."""

    def broadcast_data(self, model: Any) -> None:
        """Older name of `bcast_data`."""
        self.bcast_data(model)

    @abstractmethod
    def multi_node_mean_grad(self, model: Any, zero_fill: bool = False) -> None:
        """Replaces the gradients of a model by their means over the processes.

        Args:
            model: The link; parameters that have no array yet are passed over.
            zero_fill: Whether a missing gradient counts as zeros. If not, such
                parameters are passed over; they must be the same in every process.
        """

    def allreduce_grad(self, model: Any, zero_fill: bool = False) -> None:
        """Older name of `multi_node_mean_grad`; deprecated."""
        warnings.warn(
            'allreduce_grad() is deprecated; use multi_node_mean_grad()',
            DeprecationWarning,
            stacklevel=2,
        )
        self.multi_node_mean_grad(model, zero_fill)

    def _adds_in_buckets(self) -> bool:
        """Tells whether gradients may be sent in parts, while others are computed."""
        return False
