"""Optimizers: what changes the parameters of a link, given their gradients.

An `Optimizer` has a target link; a `GradientMethod` gives each parameter of it an
`UpdateRule` (`update_rule.py`), which holds the state of that one parameter, such as its
momentum, and changes it. The `Hyperparameter` of a rule (`hyperparameter.py`) falls back
to its optimizer's.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy import ndarray

from minigrad import optimizer_hooks
from minigrad.backend import get_array_module, using_device
from minigrad.dtypes import is_bfloat16
from minigrad.hyperparameter import Hyperparameter, HyperparameterProxy
from minigrad.kernels import kernels_for
from minigrad.link import Link
from minigrad.named_arguments import NamedArguments, checks_arguments
from minigrad.parameter import Parameter
from minigrad.suggestions import shown, unknown_argument, unknown_attribute
from minigrad.update_rule import UpdateHooks, UpdateRule, dtype_of, optional_entry
from minigrad.variable import Variable

__all__ = [
    'GradientMethod',
    'Hyperparameter',
    'HyperparameterProxy',
    'Optimizer',
    'UpdateRule',
]


# Whether a parameter is used at all may depend on the data; it shows in this many.
_STEPS_TO_WAIT_FOR_GRADIENTS = 100
_BACKWARD_FIRST = (
    'model.cleargrads(); loss.backward(); optimizer.update(), or '
    'optimizer.update(lossfun, *args), which does all three'
)
_NO_DEPENDENCE = (
    'compute the loss from the outputs of that model, and not from .array of them'
)


def _is_trained(param: Parameter) -> bool:
    rule = param.update_rule
    return rule is not None and rule.enabled


def _has_no_grad(param: Parameter, has_run_backward: bool) -> bool:
    grad = param.grad
    if grad is None:
        return True
    # A parameter starts with NaN as its gradient, as in Chainer. To look for it on a GPU
    # would be to wait for it.
    if has_run_backward or type(grad) is not np.ndarray or grad.size == 0:
        return False
    return bool(np.isnan(grad.ravel()[0]))


def _check_loss(optimizer: str, lossfun: Callable[..., Any], loss: Any) -> None:
    """Refuses what is no loss: None, a number without a graph, an array of scores."""
    is_loss = hasattr(loss, 'backward')
    if is_loss and not (
        isinstance(loss, Variable) and loss.size != 1 and loss.grad is None
    ):
        return
    name = getattr(lossfun, '__qualname__', f'{type(lossfun).__name__}.forward')
    if not is_loss:
        got = 'None' if loss is None else f'a {type(loss).__name__}'
        hint = 'end it with "return loss"'
        if loss is not None:
            hint = 'return what F.softmax_cross_entropy or F.sum gave, not its .array'
        raise TypeError(
            f'{optimizer}.update: {name} returned {got}, expected the loss, a Variable'
            f'\n  hint: {hint}'
        )
    raise RuntimeError(
        f'{optimizer}.update: {name} returned an array of shape {loss.shape}, '
        'expected the loss, one number\n  hint: train scores as '
        'minigrad.links.Classifier(model), or reduce them by F.mean or F.sum'
    )


def _members(value: Any) -> Iterable[Any]:
    """Yields what a list, tuple or dictionary holds, and those inside of it."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for member in value:
            yield member
            yield from _members(member)


def _parameters_of(member: Any) -> Iterable[Parameter]:
    if isinstance(member, Link):
        return member.params()
    return (member,) if isinstance(member, Parameter) else ()


def _check_parameters(optimizer: str, link: Link) -> None:
    """Warns about a link without parameters, and about parameters that nobody sees."""
    registered = {id(param) for param in link.params()}
    hidden = [
        f'{type(owner).__name__}.{name} is a {type(value).__name__} that holds a '
        f'{type(member).__name__}'
        for owner in link.links()
        for name, value in vars(owner).items()
        for member in _members(value)
        if any(id(param) not in registered for param in _parameters_of(member))
    ]
    for text in dict.fromkeys(hidden):
        warnings.warn(
            f'{optimizer}.setup: {text}, whose parameters will not be trained\n  hint: '
            'inside init_scope(), put them into minigrad.ChainList or Sequential, or '
            'call self.add_link(name, link)',
            stacklevel=4,
        )
    if not registered and not hidden:
        warnings.warn(
            f'{optimizer}.setup: {type(link).__name__} has no parameters, so nothing '
            'will be trained\n  hint: assign its links inside "with self.init_scope():"',
            stacklevel=4,
        )


def _reallocate_cleared(params: Iterable[Parameter]) -> None:
    """Gives a zero gradient to each parameter with an array that has none."""
    for param in params:
        array = param._array
        if array is not None and param.grad is None:
            with using_device(param.device):
                param.grad = get_array_module(array).zeros_like(array)


def _update_all(params: Iterable[Parameter]) -> None:
    """Updates parameters in order, those on a GPU by one launch where rules allow it."""
    together: Any = None
    try:
        for param in params:
            if type(param._array) is ndarray:
                param.update()
                continue
            rule: Any = param.update_rule
            if (
                rule is not None
                and type(param).update is Parameter.update
                and rule.joins(param)
            ):
                if together is None:
                    together = kernels_for(param._array).together()
                if together is not None:
                    rule.join(param, together)
                    continue
            if together is not None:
                together.flush()
            param.update()
    finally:
        if together is not None:
            together.flush()


class Optimizer(NamedArguments):
    """Base class of what minimises a loss over the parameters of a link.

    A subclass overrides `update`. Most derive from `GradientMethod`.

    Attributes:
        target: The link, set by `setup`.
        t: Number of update steps.
        epoch: Number of epochs, counted by `new_epoch`.
        use_auto_new_epoch: True if an updater calls `new_epoch`.
    """

    target: Any = None
    t: int = 0
    epoch: int = 0
    use_auto_new_epoch = False
    _hookable: UpdateHooks | None = None
    _loss_scale: float | None = None
    _loss_scale_max = 65504  # the largest float16
    _loss_scaling_is_dynamic = False
    _loss_scaling_isnan = False
    _loss_scaling_isnan_ever = False
    _loss_scaling_multiplier = 1.0
    _without_grad_: list[Parameter] | None = None  # in every step so far

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            raise unknown_attribute(self, name, 'Optimizer')

    @checks_arguments
    def setup(self, link: Link) -> Self:
        """Makes a link the target and forgets the state of an earlier one.

        Args:
            link: The link whose parameters are to be updated.

        Returns:
            The optimizer itself.

        Raises:
            TypeError: It is not a link.
        """
        if not isinstance(link, Link):
            hint, what = '', type(link).__name__
            if isinstance(link, type):
                what = f'the class {link.__name__}'
                hint = f'\n  hint: make one: setup({link.__name__}(...))'
            elif isinstance(link, (list, tuple)):
                hint = '\n  hint: minigrad.ChainList(*links) makes one of several'
            raise TypeError(
                f'{type(self).__name__}.setup: optimization target must be a link, '
                f'got {what}{hint}'
            )
        _check_parameters(type(self).__name__, link)
        self.target = link
        self.t = 0
        self.epoch = 0
        self._without_grad_ = None
        self._hookable = UpdateHooks(warn_about_timing=True)
        return self

    def __repr__(self) -> str:
        entries = getattr(self, 'hyperparam', None)
        rates = {} if entries is None else entries.get_dict()
        shown = ', '.join([f'{name}={value}' for name, value in rates.items()])
        if self.target is None:
            return f'<{type(self).__name__}({shown}), not set up>'
        model, updates = type(self.target).__name__, f'{self.t} updates'
        return f'<{type(self).__name__}({shown}) of {model}, {updates}>'

    def _hooks_(self) -> UpdateHooks:
        if self._hookable is None:
            raise RuntimeError(
                f'{type(self).__name__} is not set up.\n'
                '  hint: call optimizer.setup(model) first'
            )
        return self._hookable

    def update(
        self, lossfun: Callable[..., Variable] | None = None, *args: Any, **kwds: Any
    ) -> None:
        """Updates the parameters of the target.

        Args:
            lossfun: Computes the loss from ``args`` and ``kwds``; its gradients are
                then computed first. If omitted, they are taken as they are.
            *args: For ``lossfun``.
            **kwds: For ``lossfun``.
        """
        raise NotImplementedError(f'{type(self).__name__} has no update')

    def new_epoch(self, auto: bool = False) -> None:
        """Counts an epoch.

        Args:
            auto: True if an updater calls it; it then has set
                ``use_auto_new_epoch``.

        Raises:
            RuntimeError: The epoch would be counted by two, or by nobody.
        """
        if auto and not self.use_auto_new_epoch:
            raise RuntimeError(
                'new_epoch(auto=True) was called, but use_auto_new_epoch is False.\n'
                '  hint: the updater must set optimizer.use_auto_new_epoch = True'
            )
        if not auto and self.use_auto_new_epoch:
            raise RuntimeError(
                'new_epoch was called, but the updater calls it already.\n'
                '  hint: pass auto_new_epoch=False to the updater, or do not call it'
            )
        self.epoch += 1

    @checks_arguments
    def add_hook(
        self,
        hook: Callable[..., Any],
        name: str | None = None,
        timing: str = 'auto',
    ) -> None:
        """Adds a function that is called at each update.

        Args:
            hook: Called with the optimizer; if ``hook.call_for_each_param`` is true,
                with the update rule and the parameter, for each parameter.
            name: ``hook.name`` or ``hook.__name__`` if omitted.
            timing: ``'pre'``, ``'post'``, or ``'auto'``: what ``hook.timing`` says,
                before the update if it says nothing.

        Raises:
            RuntimeError: The optimizer is not set up.
            TypeError: The hook is not callable.
            ValueError: It has no name, or the timing is none of these.
            KeyError: A hook of this name exists.
        """
        self._hooks_().add(hook, name, timing)

    def remove_hook(self, name: str) -> None:
        """Removes the hook of this name; KeyError if there is none."""
        self._hooks_().remove(name)

    def call_hooks(self, timing: str = 'pre') -> None:
        """Calls the hooks of this timing in the order in which they were added."""
        for hook in list(self._hooks_().of(timing).values()):
            self.call_hook(hook)

    def call_hook(self, hook: Callable[..., Any]) -> None:
        """Calls one hook, for each parameter if it wants that."""
        if getattr(hook, 'call_for_each_param', False):
            for param in self.target.params():
                hook(param.update_rule, param)
        else:
            hook(self)

    def serialize(self, serializer: Any) -> None:
        """Saves or loads the state of the optimizer, not the target's parameters.

        The keys are Chainer's: ``t``, ``epoch``, and the state of each update rule
        under its parameter's path. Added are those that Chainer forgets: the scale
        that dynamic loss scaling has reached, and float32 copies of parameters.

        Args:
            serializer: The serializer or deserializer.

        Raises:
            RuntimeError: The optimizer is not set up.
            KeyError: A part of the state is not in the snapshot.
        """
        if self.target is None:
            self._hooks_()  # says so
        self.t = serializer('t', self.t)
        self.epoch = serializer('epoch', self.epoch)
        if self._loss_scaling_is_dynamic:
            scale, isnan_ever = self._loss_scale, self._loss_scaling_isnan_ever
            self._loss_scale = float(optional_entry(serializer, 'loss_scale', scale))
            self._loss_scaling_isnan_ever = bool(
                optional_entry(serializer, 'loss_scaling_isnan_ever', isnan_ever)
            )
        for name, param in self.target.namedparams():
            rule = getattr(param, 'update_rule', None)
            if rule is not None:
                dtype = dtype_of(param)
                rule._is_narrow_ = dtype is not None and is_bfloat16(dtype)
                rule._shape_ = param.shape if param.is_initialized else None
                rule._dtype_ = np.dtype(np.float32) if dtype is None else dtype
                rule.serialize(serializer[name])

    def loss_scaling(self, interval: int = 1000, scale: float | None = None) -> None:
        """Scales the loss, so that small gradients survive in float16.

        Args:
            interval: Number of iterations in which a dynamic scale doubles.
            scale: A fixed scale. If None the scale is dynamic: it is halved when a
                gradient is not finite (and that update is skipped) and grows
                otherwise.

        Raises:
            ValueError: The interval is below 1, or the scale is not positive.
        """
        if scale is None:
            if interval < 1:
                raise ValueError(f'interval must be at least 1, got {interval}')
            self._loss_scaling_is_dynamic = True
            self._loss_scale = 1.0
            self._loss_scaling_multiplier = math.pow(2.0, 1.0 / interval)
            self._loss_scaling_isnan_ever = False
        else:
            if scale <= 0:
                raise ValueError(f'scale must be positive, got {scale}')
            self._loss_scaling_is_dynamic = False
            self._loss_scaling_isnan = False
            self._loss_scale = scale

    def set_loss_scale(self, loss_scale: float) -> None:
        """Fixes the scale of the loss; see `loss_scaling`."""
        self.loss_scaling(scale=loss_scale)

    def check_nan_in_grads(self) -> None:
        """Notes whether a gradient is not finite, if the loss scale is dynamic."""
        self._loss_scaling_isnan = False
        if not self._loss_scaling_is_dynamic:
            return
        by_device: dict[Any, list[tuple[str, Any]]] = {}
        for name, param in self.target.namedparams():
            grad = param.grad if param.array is not None else None
            if grad is not None:
                by_device.setdefault(param.device, []).append((name, grad))
        for device, named in by_device.items():
            grads = [grad for _, grad in named]
            with using_device(device):
                finite = kernels_for(grads[0]).finite(grads)
            for (name, _), good in zip(named, finite, strict=True):
                if good:
                    continue
                self._loss_scaling_isnan = True
                self._loss_scaling_isnan_ever = True
                warnings.warn(
                    f'the gradient of {name} is not finite (iteration {self.t}, loss'
                    f' scale {self._loss_scale}); the update is skipped',
                    stacklevel=2,
                )

    def is_safe_to_update(self) -> bool:
        """Returns False if `check_nan_in_grads` found a gradient not finite."""
        return not self._loss_scaling_isnan

    def update_loss_scale(self) -> None:
        """Makes a dynamic loss scale smaller or larger after an update."""
        if not self._loss_scaling_is_dynamic or self._loss_scale is None:
            return
        if self._loss_scaling_isnan:
            multiplier = 0.5
        elif self._loss_scaling_isnan_ever:
            multiplier = self._loss_scaling_multiplier
        else:
            multiplier = 2.0
        scale = self._loss_scale * multiplier
        self._loss_scale = max(1, min(self._loss_scale_max, scale))


def _no_loss_function(name: str, value: Any) -> TypeError:
    way = f'{name}.update(model, x, t), where the model returns the loss'
    if isinstance(value, Variable):
        way = f'model.cleargrads(); loss.backward(); {name}.update()'
    return TypeError(
        f'{name}.update: expected a function that computes the loss, got {shown(value)}\n'
        f'  hint: {way}'
    )


class GradientMethod(Optimizer):
    """Base class of the optimizers that need one gradient per update.

    A subclass overrides `create_update_rule`, and sets the default values of the
    hyperparameters in ``self.hyperparam``.

    Attributes:
        hyperparam: The `Hyperparameter` that the rules' fall back to.

    Example:
        >>> model = L.Linear(3, 2)
        >>> optimizer = minigrad.optimizers.SGD(lr=0.1).setup(model)
        >>> optimizer.update(lambda x: F.sum(model(x)), np.ones((4, 3), np.float32))
        >>> model.b.array
        array([-0.4, -0.4], dtype=float32)
    """

    _use_cleargrads = True

    def __init__(self) -> None:
        super().__init__()
        self.hyperparam = Hyperparameter()
        self._use_fp32_update = False

    @checks_arguments
    def setup(self, link: Link) -> Self:
        """Makes a link the target and gives its parameters new update rules.

        Args:
            link: The link whose parameters are to be updated.

        Returns:
            The optimizer itself.

        Raises:
            TypeError: It is not a link.
        """
        super().setup(link)
        for param in link.params():
            rule = param.update_rule = self.create_update_rule()
            if self._use_fp32_update:
                rule.use_fp32_update()
        return self

    def create_update_rule(self) -> UpdateRule:
        """Returns a new update rule, for one parameter."""
        raise NotImplementedError(f'{type(self).__name__} has no create_update_rule')

    def reallocate_cleared_grads(self) -> None:
        """Gives a zero gradient to each parameter that has none."""
        _reallocate_cleared(self.target.params(False))

    def call_hook(self, hook: Callable[..., Any]) -> None:
        """Calls one hook, then gives zeros to the gradients that it cleared."""
        super().call_hook(hook)
        self.reallocate_cleared_grads()

    def update(
        self, lossfun: Callable[..., Variable] | None = None, *args: Any, **kwds: Any
    ) -> None:
        """Updates the parameters of the target by their update rules.

        Args:
            lossfun: Computes the loss from ``args`` and ``kwds``; the gradients are
                cleared and computed from it. If omitted, they are taken as they are.
            *args: For ``lossfun``.
            **kwds: For ``lossfun``.

        Raises:
            RuntimeError: The optimizer is not set up.
            TypeError: There are keywords, and no ``lossfun`` that takes them.
        """
        self._hooks_()
        if lossfun is not None:
            if not callable(lossfun):
                raise _no_loss_function(type(self).__name__, lossfun)
            loss = lossfun(*args, **kwds)
            _check_loss(type(self).__name__, lossfun, loss)
            if self._use_cleargrads:
                self.target.cleargrads()
            else:
                self.target.zerograds()
            loss.backward(loss_scale=self._loss_scale)
            del loss  # with the graph, before the update needs memory
        elif kwds:
            name = f'{type(self).__name__}.update'
            raise TypeError(unknown_argument(name, next(iter(kwds)), ['lossfun']))

        if self.t < _STEPS_TO_WAIT_FOR_GRADIENTS:
            self._look_for_gradients_(lossfun is not None)
        self.reallocate_cleared_grads()
        self.check_nan_in_grads()
        self.call_hooks('pre')
        self.t += 1
        params = list(self.target.params())
        if self.is_safe_to_update():
            _update_all(params)
        _reallocate_cleared(params)
        self.call_hooks('post')
        self.update_loss_scale()

    def _look_for_gradients_(self, has_run_backward: bool) -> None:
        """Warns if no parameter has a gradient, or if one had none in many steps."""
        name = f'{type(self).__name__}.update'
        trained = [p for p in self.target.params(False) if _is_trained(p)]
        without = [p for p in trained if p.grad is None]
        first = self._without_grad_ is None
        if (
            first
            and trained
            and all(_has_no_grad(p, has_run_backward) for p in trained)
        ):
            event, hint = 'was called before any backward', _BACKWARD_FIRST
            if has_run_backward:
                event, hint = 'got a loss that depends on no parameter', _NO_DEPENDENCE
            warnings.warn(
                f'{name} {event}: no parameter of {type(self.target).__name__} has a '
                f'gradient\n  hint: {hint}',
                stacklevel=3,
            )
        if not first and without:
            before = {id(p) for p in self._without_grad_ or ()}
            without = [p for p in without if id(p) in before]
        self._without_grad_ = without
        if without and self.t == _STEPS_TO_WAIT_FOR_GRADIENTS - 1:
            ids = {id(p) for p in without}
            paths = [k for k, p in self.target.namedparams() if id(p) in ids]
            shown = ', '.join(paths[:5]) + (', ...' if len(paths) > 5 else '')
            warnings.warn(
                f'{name}: in {self.t + 1} steps {shown} never had a gradient\n  hint: '
                'use them in forward, or call link.disable_update() if they are frozen',
                stacklevel=3,
            )

    def use_cleargrads(self, use: bool = True) -> None:
        """Chooses between clearing and zeroing gradients in `update`; deprecated."""
        warnings.warn(
            'GradientMethod.use_cleargrads is deprecated; update clears gradients',
            DeprecationWarning,
            stacklevel=2,
        )
        self._use_cleargrads = use

    def use_fp32_update(self, flag: bool = True) -> None:
        """Updates float16 parameters through float32 copies of them.

        Args:
            flag: False stops it.
        """
        self._use_fp32_update = flag
        if self.target is not None:
            for param in self.target.params():
                param.update_rule.use_fp32_update(flag)


_MOVED = (
    'GradientClipping',
    'GradientHardClipping',
    'GradientNoise',
    'Lasso',
    'WeightDecay',
)


def __getattr__(name: str) -> Any:
    # Before Chainer 4 the hooks were here, and programs still say so.
    if name in _MOVED:
        warnings.warn(
            f'minigrad.optimizer.{name} is deprecated; it is'
            f' minigrad.optimizer_hooks.{name}',
            DeprecationWarning,
            stacklevel=2,
        )
        return getattr(optimizer_hooks, name)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')


def __dir__() -> Iterable[str]:
    return sorted([*globals(), *_MOVED])
