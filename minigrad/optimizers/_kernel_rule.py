"""What all optimizers here share: a table's formula, and declared hyperparameters."""

from __future__ import annotations

import functools
import inspect
import numbers
from collections.abc import Callable
from typing import Any, ClassVar, dataclass_transform

import numpy as np

from minigrad.backend import get_array_module, using_device
from minigrad.kernels import Kernels, kernels_for
from minigrad.kernels.updates import UPDATES
from minigrad.optimizer import (
    GradientMethod,
    Hyperparameter,
    HyperparameterProxy,
    UpdateRule,
)
from minigrad.parameter import Parameter
from minigrad.types import Array

# What a program may replace on one rule.
_OVERRIDABLE = frozenset(
    (
        'update',
        'update_core',
        'update_core_cpu',
        'update_core_gpu',
        'step',
        'init_state',
    )
)


class KernelRule(UpdateRule):
    """An update rule whose arithmetic is a row of `UPDATES`, on any device.

    A subclass says in ``kernel`` which. Its states start at zero. Programs may override
    `update_core`, `update_core_cpu` or `update_core_gpu` of it.

    Args:
        parent_hyperparam: Hyperparameter that provides the default values; by default,
            those that the optimizer declares.
        *values: Values of this rule alone, in the optimizer's order; None means the
            default.
        **named: The same by name.
    """

    is_elementwise = True
    kernel: ClassVar[str]
    defaults: ClassVar[dict[str, Any]] = {}
    """The optimizer's declaration, which fills it."""

    def __init__(
        self,
        parent_hyperparam: Hyperparameter | None = None,
        *values: Any,
        **named: Any,
    ) -> None:
        if parent_hyperparam is None:
            parent_hyperparam = Hyperparameter()._set_(**self.defaults)
        super().__init__(parent_hyperparam)
        nothing = dict.fromkeys(self.defaults)
        self.hyperparam._set_(**_bind(type(self), nothing, values, named))

    def init_state(self, param: Parameter) -> None:
        xp = get_array_module(param.array)
        for name in UPDATES[self.kernel].states:
            self.state[name] = xp.zeros_like(param.array)

    def hyperparameters(self) -> dict[str, Any]:
        """Returns what the row of the table takes at this step."""
        # At once: each name that only the parent has is half a microsecond by itself.
        values = self.hyperparam.get_dict()
        return {name: values[name] for name in self.defaults}

    def step(self, k: Kernels, param: Array, grad: Array) -> None:
        """Changes the array ``param`` and the state in place."""
        kernel = self.kernel
        states = [self.state[name] for name in UPDATES[kernel].states]
        k.update(kernel, param, grad, *states, **self.hyperparameters())

    def update_core_cpu(self, param: Parameter) -> None:
        """Updates the parameter; without a gradient, does nothing."""
        array = param._array
        if array is not None and (grad := param.grad) is not None:
            self.step(kernels_for(array), array, grad)

    update_core_gpu = update_core_cpu

    def joins(self, param: Parameter) -> bool:
        """Tells whether `join` is as good as `update`: nothing is hooked or overridden."""
        array = param._array
        if array is None or not self.enabled:
            return False
        grad = param.grad
        if grad is None:
            return False
        if not type(self).__module__.startswith('minigrad.optimizers.'):
            return False
        if not self.__dict__.keys().isdisjoint(_OVERRIDABLE) or self._hookable:
            return False
        arrays = [array, grad]
        dtype = array.dtype
        if dtype.char == 'e' and self._use_fp32_update:
            dtype = np.dtype(np.float32)
            copy = self._fp32_param
            if copy is not None and copy.array is not None:
                arrays.append(copy.array)
        states = [] if self._state is None else list(self._state.values())
        return (
            dtype.char in 'efd'
            and grad.dtype == array.dtype
            and all([s.dtype == dtype for s in states])  # noqa: C419 - on the hot path
            and all([a.flags.c_contiguous for a in arrays + states])  # noqa: C419
        )

    def join(self, param: Parameter, together: Any) -> None:
        """Updates the parameter like `update`, but later, together with others.

        Args:
            param: The parameter.
            together: The `Together` that waits for them.
        """
        self.t += 1
        with using_device(param.device):
            target, scale = param, param._loss_scale
            grad: Array = param.grad
            if self._use_fp32_update and param.dtype == np.float16:
                target = self._fp32_copy_(param)
                wide = get_array_module(grad).empty(grad.shape, np.float32)
                together.cast(grad, wide)
                grad = wide
            self._init_states(target)
            if scale is not None:
                together.divide(grad, scale)
                target._loss_scale = None  # not scaled any more
            self.step(together, target.array, grad)
            if target is not param:
                together.cast(target.array, param.array, afterwards=True)


@dataclass_transform()
class KernelMethod(GradientMethod):
    """An optimizer that declares its hyperparameters, and inherits the rest.

    Attributes with annotations and values, in order, are the arguments of the
    constructor, the entries of ``hyperparam`` and those of its rule::

        class SGD(KernelMethod, rule=SGDRule):
            lr: float = 0.01
    """

    _rule_: ClassVar[type[KernelRule]]

    def __init_subclass__(
        cls, rule: type[KernelRule] | None = None, **kwargs: Any
    ) -> None:
        super().__init_subclass__(**kwargs)
        if rule is None:  # a variant, or a program's own
            return
        cls._rule_ = rule
        rule.defaults = {name: vars(cls)[name] for name in inspect.get_annotations(cls)}
        for name in rule.defaults:
            setattr(cls, name, HyperparameterProxy(name))
        cls.__init__ = _signed(cls._set_up_, rule.defaults)  # type: ignore[method-assign]
        nothing = dict.fromkeys(('parent_hyperparam', *rule.defaults))
        rule.__init__ = _signed(rule.__init__, nothing)  # type: ignore[method-assign]

    def _set_up_(self, *values: Any, **named: Any) -> None:
        GradientMethod.__init__(self)
        if values and not isinstance(values[0], numbers.Number):
            raise TypeError(
                f'{type(self).__name__}: expected numbers such as '
                f'{next(iter(self._rule_.defaults))}, got {type(values[0]).__name__}\n'
                f'  hint: optimizer = {type(self).__name__}().setup(model)'
            )
        given = _bind(type(self), self._rule_.defaults, values, named)
        self.hyperparam._set_(**self._rule_.defaults | given)

    def create_update_rule(self) -> KernelRule:
        return self._rule_(self.hyperparam)


def _signed(function: Callable[..., Any], defaults: dict[str, Any]) -> Any:
    """Returns a constructor whose signature names the hyperparameters."""

    @functools.wraps(function)
    def __init__(self: Any, *values: Any, **named: Any) -> None:
        function(self, *values, **named)

    either = inspect.Parameter.POSITIONAL_OR_KEYWORD
    __init__.__name__ = '__init__'
    __init__.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter('self', either)]
        + [inspect.Parameter(k, either, default=v) for k, v in defaults.items()]
    )
    return __init__


def _bind(
    cls: type, defaults: dict[str, Any], values: tuple[Any, ...], named: dict[str, Any]
) -> dict[str, Any]:
    """Returns the arguments by name, as Python would, for a class."""
    either = inspect.Parameter.POSITIONAL_OR_KEYWORD
    signature = inspect.Signature(
        [inspect.Parameter(k, either, default=v) for k, v in defaults.items()]
    )
    try:
        return dict(signature.bind(*values, **named).arguments)
    except TypeError as error:
        raise TypeError(
            f'{cls.__name__}: {error}; it takes {", ".join(defaults)}'
        ) from None
