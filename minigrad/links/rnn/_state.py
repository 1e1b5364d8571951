"""Links that remember Variables from one call to the next."""

from __future__ import annotations

from typing import Any, ClassVar

from minigrad.backend import using_device
from minigrad.chain import Chain
from minigrad.device_resident import DeviceResidentsVisitor
from minigrad.link import Link
from minigrad.variable import Variable


def zero_state(link: Link, shape: tuple[int, ...], dtype: Any) -> Variable:
    """Makes the state before the first step, on the device of the link."""
    with using_device(link.device):
        return Variable(link.xp.zeros(shape, dtype), requires_grad=False)


class Stateful(Chain):
    """A chain with states: they move with it, but are neither trained nor saved.

    A subclass names its states and gives each the class attribute None.
    """

    _states_: ClassVar[tuple[str, ...]] = ()

    def device_resident_accept(self, visitor: DeviceResidentsVisitor) -> None:
        """Applies ``visitor`` to the states too."""
        super().device_resident_accept(visitor)
        for name in self._states_:
            state = getattr(self, name)
            if state is not None:
                visitor.visit_variable(state)

    def reset_state(self) -> None:
        """Forgets the states: the next call starts new sequences."""
        for name in self._states_:
            setattr(self, name, None)

    def _set_states_(self, **states: Any) -> None:
        for name, state in states.items():
            if not isinstance(state, Variable):
                raise TypeError(
                    f'{type(self).__name__}.set_state: expected a Variable for {name}, '
                    f'got {type(state).__name__}'
                )
            state.to_device(self.device)
            setattr(self, name, state)


class StatefulCells(Stateful):
    """A chain with cells ``c`` and an output ``h``."""

    _states_ = ('c', 'h')
    c: Variable | None = None
    h: Variable | None = None

    def set_state(self, c: Variable, h: Variable) -> None:
        """Sets the states, moving them to the device of the link.

        Args:
            c: Cells.
            h: Last output.

        Raises:
            TypeError: One of them is no Variable.
        """
        self._set_states_(c=c, h=h)


class StatefulOutput(Stateful):
    """A chain with an output ``h``."""

    _states_ = ('h',)
    h: Variable | None = None

    def set_state(self, h: Variable) -> None:
        """Sets the state, moving it to the device of the link.

        Args:
            h: Last output.

        Raises:
            TypeError: It is no Variable.
        """
        self._set_states_(h=h)
