"""What processes tell each other at each step, beside gradients.

A step begins with a few numbers from each process: whether it makes a step or has ended,
what its model looks like, and now and then a checksum of its parameters. They travel while
the step computes. So a process that is out of step is named instead of waited for.
"""

from __future__ import annotations

import zlib
from collections import Counter
from typing import Any, NamedTuple

import numpy

from minigrad.backend import using_device
from minigrad.chainermn.communicators._sums import Pending

STEPS, ENDS = 0, 1

Entry = tuple[str, Any, str]  # name, shape (None before it is known), dtype


class Signature(NamedTuple):
    """What the parameters of a model are, and a short form of it."""

    entries: list[Entry]
    digest: int


NOTHING = Signature([], 0)


class Notice:
    """The numbers of all processes, on their way.

    Args:
        mpi_comm: Communicator of mpi4py that carries nothing else.
        state: `STEPS` or `ENDS`.
        step: Number of this step.
        signature: See `signature_of`.
        checksum: See `checksum_of`; 0 for none.
    """

    def __init__(
        self,
        mpi_comm: Any,
        state: int,
        step: int,
        signature: Signature,
        checksum: int = 0,
    ) -> None:
        self._comm = mpi_comm
        self._signature = signature
        mine = numpy.array([state, step, signature.digest, checksum], numpy.int64)
        self._table = numpy.empty((mpi_comm.size, len(mine)), numpy.int64)
        request = mpi_comm.Iallgather(mine, self._table)
        self._pending = Pending(request, (mine, self._table))

    def wait(self, limit: float) -> bool:
        """Waits until all have sent theirs, at most so many seconds."""
        return self._pending.wait(limit)

    @property
    def ended(self) -> list[int]:
        """Ranks that make no more steps."""
        return [int(r) for r in numpy.flatnonzero(self._table[:, 0] == ENDS)]

    def check(self) -> None:
        """Raises if a process has another model or other parameters.

        Raises:
            RuntimeError: The message names the rank and the difference.
        """
        states, steps, digests, checksums = self._table.T
        working = states == STEPS
        if len(set(digests[working])) > 1:
            self._explain(working)
        if len(set(checksums[working & (checksums != 0)])) > 1:
            odd = _odd(checksums, working)
            raise RuntimeError(
                f'chainermn: the parameters of {_ranks(odd)} are not those of the others '
                f'any more (found before step {int(steps.max())}): something there changes '
                'them that does not happen everywhere\n'
                '  hint: random numbers in hooks of the optimizer, a parameter set by one '
                'process only, or a faulty machine'
            )

    def _explain(self, working: Any) -> None:
        if not working.all():
            raise RuntimeError(
                'chainermn: the models of the processes differ in their parameters'
            )
        signatures = self._comm.allgather(self._signature.entries)
        odd = _odd(self._table[:, 2], working)
        usual = next(i for i in range(len(signatures)) if i not in odd)
        first = odd[0]
        difference = _difference(signatures[first], signatures[usual])
        raise RuntimeError(
            f'chainermn: the model of {_ranks(odd)} is not that of the others: '
            f'{difference} (rank {first} beside rank {usual})\n'
            '  hint: all processes must build the same model'
        )


def signature_of(model: Any) -> Signature:
    """Returns name, shape and dtype of each parameter, in the model's order."""
    entries = [
        (name, None, '') if p.array is None else (name, p.shape, str(p.dtype))
        for name, p in model.namedparams()
    ]
    return Signature(entries, zlib.crc32(repr(entries).encode()))


def checksum_of(model: Any) -> int:
    """Returns a number that is very likely another if a bit of a parameter is."""
    sums = []
    for _, param in sorted(model.namedparams()):
        if param.array is not None:
            with using_device(param.device):
                array = param.xp.ascontiguousarray(param.array).reshape(-1)
                words = array.view(f'u{array.dtype.itemsize}')
                sums.append(int(words.sum(dtype='u8')))
    return 1 + zlib.crc32(repr(sums).encode())


def _odd(values: Any, working: Any) -> list[int]:
    """Returns the ranks that are not with the majority (of two: the higher rank)."""
    ranks = [int(r) for r in numpy.flatnonzero(working)]
    ((usual, _),) = Counter(int(values[r]) for r in ranks).most_common(1)
    return [r for r in ranks if int(values[r]) != usual]


def _ranks(ranks: list[int]) -> str:
    return ('rank ' if len(ranks) == 1 else 'ranks ') + ', '.join(map(str, ranks))


def _difference(one: list[Entry], other: list[Entry]) -> str:
    if len(one) != len(other):
        names, others = {entry[0] for entry in one}, {entry[0] for entry in other}
        more, less = sorted(names - others), sorted(others - names)
        text = f'it has {len(one)} parameters, the others {len(other)}'
        return (
            text
            + (f'; more: {more}' if more else '')
            + (f'; less: {less}' if less else '')
        )
    for i, (mine, theirs) in enumerate(zip(one, other, strict=True)):
        if mine == theirs:
            continue
        if mine[0] != theirs[0]:
            return f'parameter {i} is {mine[0]}, there {theirs[0]}: another order'
        return (
            f'{mine[0]} is {mine[2] or "uninitialized"} {mine[1] or ""}, there '
            f'{theirs[2] or "uninitialized"} {theirs[1] or ""}'
        )
    return 'something else'
