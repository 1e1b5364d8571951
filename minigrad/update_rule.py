"""Update rules: how one parameter changes, and the state that this takes."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy import ndarray

from minigrad.backend import CpuDevice, is_array, on_device_of
from minigrad.dtypes import is_bfloat16
from minigrad.hyperparameter import Hyperparameter
from minigrad.parameter import Parameter
from minigrad.serializer import Deserializer
from minigrad.serializers.errors import SnapshotMismatch, WrongEntryType


class UpdateHooks:
    """Named callables, each called before or after the update."""

    def __init__(self, warn_about_timing: bool = False) -> None:
        self._pre_update_hooks: dict[str, Callable[..., Any]] = {}
        self._post_update_hooks: dict[str, Callable[..., Any]] = {}
        self._warn_about_timing = warn_about_timing

    def add(self, hook: Callable[..., Any], name: str | None, timing: str) -> None:
        if not callable(hook):
            raise TypeError(f'a hook function must be callable, got {hook!r}')
        if timing not in ('pre', 'post', 'auto'):
            raise ValueError(f"timing must be 'pre', 'post' or 'auto', got {timing!r}")
        if timing == 'auto':
            timing = getattr(hook, 'timing', 'pre')
            if timing not in ('pre', 'post'):
                if self._warn_about_timing:
                    warnings.warn(
                        f"the timing of {hook!r} is {timing!r}, neither 'pre' nor"
                        " 'post'; it will be called before the update",
                        stacklevel=3,
                    )
                timing = 'pre'
        if name is None:
            name = getattr(hook, 'name', getattr(hook, '__name__', None))
        if name is None:
            raise ValueError(
                f'{hook!r} has no name; pass add_hook(hook, name=...) or give it'
                ' an attribute `name`'
            )
        if name in self._pre_update_hooks or name in self._post_update_hooks:
            raise KeyError(
                f'a hook named {name!r} exists already; pass another name or call'
                f' remove_hook({name!r}) first'
            )
        self.of(timing)[name] = hook

    def __bool__(self) -> bool:
        return bool(self._pre_update_hooks or self._post_update_hooks)

    def remove(self, name: str) -> None:
        for hooks in (self._pre_update_hooks, self._post_update_hooks):
            if name in hooks:
                del hooks[name]
                return
        names = [*self._pre_update_hooks, *self._post_update_hooks]
        raise KeyError(f'no hook is named {name!r}; there are {names}')

    def of(self, timing: str) -> dict[str, Callable[..., Any]]:
        if timing == 'pre':
            return self._pre_update_hooks
        if timing == 'post':
            return self._post_update_hooks
        raise ValueError(f"timing must be 'pre' or 'post', got {timing!r}")


def optional_entry(serializer: Any, key: str, default: Any) -> Any:
    """Reads an entry that snapshots of Chainer do not have."""
    try:
        return serializer(key, default)
    except KeyError:
        return default


class UpdateRule:
    """How one parameter is updated, and the state that this takes.

    A subclass overrides `init_state` and either `update_core` or both
    `update_core_cpu` and `update_core_gpu`. They get the parameter with its gradient;
    a gradient, or even the array, may be missing (None).

    Args:
        parent_hyperparam: Hyperparameter that provides the default values.

    Attributes:
        enabled: If False, `update` does nothing.
        hyperparam: The `Hyperparameter` of this rule.
        t: Number of updates made by this rule.

    Example:
        >>> class SignRule(minigrad.UpdateRule):
        ...     def update_core(self, param):
        ...         if param.grad is not None:
        ...             param.array -= self.hyperparam.lr * np.sign(param.grad)
        >>> rule = SignRule()
        >>> rule.hyperparam.lr = 0.5
        >>> p = minigrad.Parameter(np.array([1.0, 2.0]))
        >>> p.grad = np.array([3.0, -4.0])
        >>> rule.update(p)
        >>> p.array.tolist()
        [0.5, 2.5]
    """

    is_elementwise = False

    def __init__(self, parent_hyperparam: Hyperparameter | None = None) -> None:
        self._state: dict[str, Any] | None = None
        self.enabled = True
        self.hyperparam = Hyperparameter(parent_hyperparam)
        self.t = 0
        self._use_fp32_update = False
        # What `Optimizer.serialize` knows of the parameter.
        self._is_narrow_ = False  # bfloat16
        self._shape_: tuple[int, ...] | None = None
        self._dtype_: Any = np.dtype(np.float32)
        self._fp32_param: Parameter | None = None
        self._hookable = UpdateHooks()

    @property
    def state(self) -> Any:
        """The state, a dictionary; None until the first update."""
        return self._state

    def add_hook(
        self,
        hook: Callable[[UpdateRule, Parameter], Any],
        name: str | None = None,
        timing: str = 'auto',
    ) -> None:
        """Adds a function that is called at each update of this parameter.

        Args:
            hook: Called with this rule and the parameter.
            name: ``hook.name`` or ``hook.__name__`` if omitted.
            timing: ``'pre'``, ``'post'``, or ``'auto'``: what ``hook.timing`` says,
                before the update if it says nothing.

        Raises:
            TypeError: The hook is not callable.
            ValueError: It has no name, or the timing is none of these.
            KeyError: A hook of this name exists.
        """
        self._hookable.add(hook, name, timing)

    def remove_hook(self, name: str) -> None:
        """Removes the hook of this name; KeyError if there is none."""
        self._hookable.remove(name)

    def update(self, param: Parameter) -> None:
        """Calls the hooks and updates the parameter.

        Args:
            param: The parameter; its array changes in place.
        """
        if not self.enabled:
            return
        self.t += 1
        array = param._array
        with on_device_of(array):
            if self._has_fp32_copy_(dtype_of(param) if array is None else array.dtype):
                self._update_in_fp32_(param)
            else:
                self._update_(param, param._loss_scale)

    def _update_(self, param: Parameter, loss_scale: float | None) -> None:
        if param._array is not None:
            self._init_states(param)
            if loss_scale is not None and param.grad is not None:
                grad = param.grad
                grad /= loss_scale
                param._loss_scale = None  # not scaled any more
        hooks = self._hookable
        for hook in list(hooks._pre_update_hooks.values()):
            hook(self, param)
        self.update_core(param)
        for hook in list(hooks._post_update_hooks.values()):
            hook(self, param)

    def joins(self, param: Parameter) -> bool:
        """Tells whether this update may share a launch with those of other parameters.

        Rules that can have a method ``join`` besides `update`; see `KernelRule`.
        """
        return False

    def _has_fp32_copy_(self, dtype: Any) -> bool:
        """Tells whether a parameter of this dtype is updated through a float32 copy."""
        if dtype is None:
            return False
        return (self._use_fp32_update and dtype == np.float16) or is_bfloat16(dtype)

    def _fp32_copy_(self, param: Parameter) -> Parameter:
        """Returns the float32 copy that stands for a float16 parameter."""
        fp32_param = self._fp32_param
        if param.array is None:
            # Never filled: it stands for a parameter whose shape is not known yet.
            initializer = _UninitializedFp32()
            fp32_param = Parameter(initializer, name=param.name)
        elif fp32_param is None or not fp32_param.is_initialized:
            fp32_param = Parameter(param.array.astype(np.float32), name=param.name)
        else:
            fp32_param.to_device(param.device)
        self._fp32_param = fp32_param
        return fp32_param

    def _update_in_fp32_(self, param: Parameter) -> None:
        fp32_param = self._fp32_copy_(param)
        if param.array is not None and param.grad is not None:
            fp32_param.grad = param.grad.astype(np.float32)
        self._update_(fp32_param, param._loss_scale)
        if param.array is not None:
            param.array[...] = fp32_param.array
        fp32_param.cleargrad()

    def update_core(self, param: Parameter) -> None:
        """Updates the parameter; calls `update_core_cpu` or `update_core_gpu`."""
        if type(param._array) is ndarray or isinstance(param.device, CpuDevice):
            self.update_core_cpu(param)
        else:
            self.update_core_gpu(param)

    def update_core_cpu(self, param: Parameter) -> None:
        """Updates a parameter whose array is NumPy's."""
        raise NotImplementedError(f'{type(self).__name__} has no update_core')

    def update_core_gpu(self, param: Parameter) -> None:
        """Updates a parameter whose array is CuPy's."""
        raise NotImplementedError(f'{type(self).__name__} has no update_core')

    def update_core_chainerx(self, param: Parameter) -> None:
        """Never called; where Chainer programs expect a method to override."""
        raise NotImplementedError('minigrad has no ChainerX arrays')

    def init_state(self, param: Parameter) -> None:
        """Fills ``self.state`` for the parameter; called before the first update."""

    def _init_states(self, param: Parameter) -> None:
        if self._state is None:
            self._state = {}
            self.init_state(param)
        on_cpu = type(param._array) is ndarray
        for name, value in self._state.items():
            # Usually the state is where its parameter is.
            if not (on_cpu and type(value) is ndarray) and is_array(value):
                self._state[name] = param.device.send(value)

    def use_fp32_update(self, flag: bool = True) -> None:
        """Updates a float16 parameter through a float32 copy of it, kept here.

        A bfloat16 parameter always is.

        Args:
            flag: False stops it.
        """
        self._use_fp32_update = flag

    def serialize(self, serializer: Any) -> None:
        """Saves or loads ``t``, the entries of ``state`` and what Chainer forgets.

        That is the float32 copy of a float16 parameter, if there is one.

        Args:
            serializer: The serializer or deserializer.

        Raises:
            KeyError: A part of the state is not in the snapshot.
        """
        self.t = serializer('t', self.t)
        loading = isinstance(serializer, Deserializer)
        if self._state is not None:
            for key in self._state:
                self._state[key] = serializer(key, self._state[key])
        elif loading:
            self._load_new_state_(serializer)
        elif self.t > 0:
            # Updates of a parameter that has no shape yet: nothing to load later.
            serializer('has_state', False)
        if loading:
            if self._use_fp32_update or self._is_narrow_:
                copy = optional_entry(serializer, 'fp32_param', None)
                if copy is not None:
                    name = f'{getattr(serializer, "path", "")}fp32_param'
                    copy = self._as_expected_(name, copy, self._shape_, np.float32)
                self._fp32_param = None if copy is None else Parameter(copy)
        elif self._fp32_param is not None and self._fp32_param.array is not None:
            serializer('fp32_param', self._fp32_param.array)

    def _load_new_state_(self, serializer: Any) -> None:
        """Loads the state of a rule that has not made an update yet."""
        if not optional_entry(serializer, 'has_state', True):
            return
        # A stand-in for the parameter tells which entries there are, and their shapes.
        shape = (1,) if self._shape_ is None else self._shape_
        dtype = np.float32 if self._has_fp32_copy_(self._dtype_) else self._dtype_
        self._state = {}
        self.init_state(Parameter(np.zeros(shape, dtype)))
        expected, self._state = self._state, None
        loaded = {}
        missing: list[KeyError] = []
        for key, like in expected.items():
            try:
                value = serializer(key, None)
            except KeyError as error:
                value, missing = None, [*missing, error]
            if value is not None and self._shape_ is not None:
                dtype = np.asarray(like).dtype
                name = f'{getattr(serializer, "path", "")}{key}'
                value = self._as_expected_(name, value, np.shape(like), dtype)
            loaded[key] = value
        if (
            missing
            and self.enabled
            and not (self.t == 0 and len(missing) == len(loaded))
        ):
            raise missing[0]
        # An incomplete state is filled by the first update instead.
        complete = all(value is not None for value in loaded.values())
        self._state = loaded if complete else None

    @staticmethod
    def _as_expected_(name: str, value: Any, shape: Any, dtype: Any) -> Any:
        """Returns a loaded array in the dtype that the update needs."""
        if shape is not None and np.shape(value) != tuple(shape):
            raise SnapshotMismatch(
                f'{name}: the file holds shape {np.shape(value)}, the parameter needs '
                f'{tuple(shape)}'
            )
        if not np.can_cast(value.dtype, dtype, 'same_kind'):
            raise WrongEntryType(
                f'{name}: the file holds {value.dtype}, the parameter needs {dtype}'
            )
        return value.astype(dtype, copy=False)


class _UninitializedFp32:
    """An initializer that says only the dtype."""

    dtype = np.float32

    def __call__(self, array: Any) -> None:
        raise RuntimeError('the float32 copy of a parameter is filled by its update')


def dtype_of(param: Parameter) -> Any:
    try:
        return param.dtype
    except RuntimeError:  # neither an array nor an initializer with a dtype
        return None
