"""Hyperparameters: the numbers of an optimizer, which each of its rules may override."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self


class Hyperparameter:
    """A set of named values that falls back to a parent for what it lacks.

    Args:
        parent: Where an entry is looked up that is not set here.

    Raises:
        AttributeError: An entry is read that neither it nor a parent has.

    Example:
        >>> common = minigrad.optimizer.Hyperparameter()
        >>> common.lr = 0.1
        >>> own = minigrad.optimizer.Hyperparameter(common)
        >>> own.momentum = 0.9
        >>> own
        Hyperparameter(lr=0.1, momentum=0.9)
    """

    def __init__(self, parent: Hyperparameter | None = None) -> None:
        self._parent = parent

    if TYPE_CHECKING:  # any entry can be set

        def __setattr__(self, name: str, value: Any) -> None: ...

    def __getattr__(self, name: str) -> Any:
        # Only called for what __dict__ lacks. Copying and unpickling ask for methods
        # before there is a parent.
        parent = self.__dict__.get('_parent')
        if parent is None:
            raise AttributeError(f'no hyperparameter is named {name!r}')
        return getattr(parent, name)

    def __repr__(self) -> str:
        entries = sorted(self.get_dict().items())
        return f'Hyperparameter({", ".join(f"{k}={v}" for k, v in entries)})'

    @property
    def parent(self) -> Hyperparameter | None:
        """The hyperparameter that this one falls back to."""
        return self._parent

    def get_dict(self) -> dict[str, Any]:
        """Returns every entry that can be read here, the parents' included."""
        parent, own = self._parent, self.__dict__
        entries = own.copy() if parent is None else parent.get_dict() | own
        del entries['_parent']
        return entries

    def _set_(self, **entries: Any) -> Self:
        """Sets the entries that are not None."""
        for name, value in entries.items():
            if value is not None:
                setattr(self, name, value)
        return self


class HyperparameterProxy:
    """A property of an optimizer that reads and sets one of its hyperparameters.

    Args:
        attr_name: Name of the entry of ``hyperparam``.

    Example:
        >>> optimizer = minigrad.optimizers.SGD(lr=0.1)
        >>> optimizer.lr = 0.01
        >>> optimizer.hyperparam.lr
        0.01
    """

    def __init__(self, attr_name: str) -> None:
        self._attr_name = attr_name
        self.__doc__ = f'Alias of ``self.hyperparam.{attr_name}``.'

    def __get__(self, obj: Any, objtype: type | None = None) -> Any:
        if obj is None:
            return self
        return getattr(obj.hyperparam, self._attr_name)

    def __set__(self, obj: Any, value: Any) -> None:
        setattr(obj.hyperparam, self._attr_name, value)
