"""Optimizers whose gradients are means over processes."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, Self

from minigrad.backend import CpuDevice
from minigrad.chainermn._reducer import Reducer, StepTimes
from minigrad.configuration import no_backprop_mode, using_config
from minigrad.gradient_hook import GradientHook
from minigrad.named_arguments import checks_arguments
from minigrad.optimizer import GradientMethod
from minigrad.variable import Variable


class _Proxy:
    """Stands for an optimizer: what it does not have itself is asked of that.

    What it sets itself goes into ``__dict__``, because attributes are the optimizer's.
    """

    actual_optimizer: Any
    communicator: Any
    zero_fill: bool

    def __init__(
        self, actual_optimizer: Any, communicator: Any, zero_fill: bool
    ) -> None:
        self.__dict__.update(
            actual_optimizer=actual_optimizer,
            communicator=communicator,
            zero_fill=zero_fill,
            target_params=[],
            _reducer=None,
        )

    def setup(self, link: Any) -> Self:
        self.actual_optimizer.setup(link)
        return self

    def __getattr__(self, attr_name: str) -> Any:
        return getattr(self.__dict__['actual_optimizer'], attr_name)

    def __setattr__(self, attr_name: str, value: Any) -> None:
        setattr(self.actual_optimizer, attr_name, value)

    @property
    def times(self) -> StepTimes:
        """Where the time of the last step went."""
        reducer = self.__dict__['_reducer']
        return StepTimes(0.0, 0.0, 0.0) if reducer is None else reducer.times

    def _get_reducer(self) -> Reducer:
        if self.__dict__['_reducer'] is None:
            self.__dict__['_reducer'] = Reducer(self.communicator, self.zero_fill)
        reducer: Reducer = self.__dict__['_reducer']
        return reducer

    def is_changed(self, target: Any) -> bool:
        """Tells whether the model has other parameters than when this was last asked."""
        now = [(n, p.array is not None) for n, p in sorted(target.namedparams())]
        changed = now != self.__dict__['target_params']
        self.__dict__['target_params'] = now
        return bool(changed)

    def _clear_grads(self) -> None:
        if getattr(self, '_use_cleargrads', True):
            self.target.cleargrads()
        else:
            self.target.zerograds()


class _MultiNodeOptimizer(_Proxy):
    """What `create_multi_node_optimizer` returns."""

    def update(
        self, lossfun: Callable[..., Variable] | None = None, *args: Any, **kwds: Any
    ) -> None:
        """Makes a step with the means of the gradients of all processes.

        Before the first step, and when the model has got other parameters, those of rank
        0 are sent to all. Without ``lossfun`` such a call does nothing else, as in
        ChainerMN: the gradients are those of other parameters.

        Args:
            lossfun: Computes the loss; the gradients are computed from it. If omitted,
                those of the parameters are taken.
            *args: For ``lossfun``.
            **kwds: For ``lossfun``.

        Raises:
            RuntimeError: A process has another model, or parameters that drifted away.
        """
        target = self.target
        if not self.communicator._adds_in_buckets():
            self._update_at_once(lossfun, *args, **kwds)
            return
        reducer = self._get_reducer()
        if lossfun is None:
            reducer.begin(target)
            if self.is_changed(target):
                self._share_parameters(reducer)
                return
            for param in target.params():
                if param.array is not None and param.grad is not None:
                    reducer.ready(param)
        else:
            loss = self._prepare_(reducer, lossfun, *args, **kwds)
            self._clear_grads()
            with GradientHook(reducer.ready):
                loss.backward(loss_scale=self.actual_optimizer._loss_scale)
            del loss
        self._finish(reducer)

    def _prepare_(
        self,
        reducer: Reducer,
        lossfun: Callable[..., Variable],
        *args: Any,
        **kwds: Any,
    ) -> Variable:
        """Returns the loss, with parameters that are the same everywhere."""
        target = self.target
        changed = reducer.has_changed(target)
        if changed and any(p.array is None for p in target.params()):
            # They get their shapes from the first batch, and then rank 0's values.
            with using_config('train', False), no_backprop_mode():
                lossfun(*args, **kwds)
        reducer.begin(target)
        if changed:
            self._share_parameters(reducer)
            reducer.begin(target)
        loss = lossfun(*args, **kwds)
        if reducer.has_changed(target):  # by what runs in training only
            self._share_parameters(reducer)
            reducer.begin(target)
            loss = lossfun(*args, **kwds)
        return loss

    def _share_parameters(self, reducer: Reducer) -> None:
        ended = reducer.agree()
        if ended:
            raise RuntimeError(
                f'chainermn: the model has changed, but ranks {ended} have ended'
            )
        self.is_changed(self.target)
        self.communicator.bcast_data(self.target)

    def _finish(self, reducer: Reducer) -> None:
        optimizer, target = self.actual_optimizer, self.target
        buckets = reducer.finish(target, optimizer._loss_scale)
        if not _updates_alone(optimizer):
            for _ in buckets:
                pass
            optimizer.update(None)
            return
        # No parameter's update depends on another's: the first while the last travel.
        optimizer.t += 1
        updated = set()
        for bucket in buckets:
            for param in bucket.params:
                if param.grad is None:
                    param.grad = param.xp.zeros_like(param.array)
                param.update()
                updated.add(id(param))
        for param in target.params():
            if id(param) not in updated:
                param.update()

    def _update_at_once(
        self, lossfun: Callable[..., Variable] | None, *args: Any, **kwds: Any
    ) -> None:
        """The same with the communicator's own `multi_node_mean_grad`."""
        target = self.target
        if lossfun is not None:
            loss = lossfun(*args, **kwds)
            self._clear_grads()
            loss.backward(loss_scale=self.actual_optimizer._loss_scale)
            del loss
        if self.is_changed(target):
            self.communicator.bcast_data(target)
        else:
            self.communicator.multi_node_mean_grad(target, self.zero_fill)
            self.actual_optimizer.update(None, *args, **kwds)


def _updates_alone(optimizer: Any) -> bool:
    """Tells whether each parameter can be updated as soon as its gradient is there."""
    return (
        type(optimizer).update is GradientMethod.update
        and not optimizer._hooks_()
        and not optimizer._loss_scaling_is_dynamic
        and all(isinstance(p.device, CpuDevice) for p in optimizer.target.params())
    )


class _DoubleBufferingOptimizer(_Proxy):
    """Updates with the gradients of the step before, which travelled meanwhile."""

    needs_update: bool
    communicated_target: Any

    def __init__(
        self, actual_optimizer: Any, communicator: Any, zero_fill: bool
    ) -> None:
        super().__init__(actual_optimizer, communicator, zero_fill)
        self.__dict__.update(
            needs_update=False, communicated_target=None, _in_flight=False
        )

    def update(
        self, lossfun: Callable[..., Variable] | None = None, *args: Any, **kwds: Any
    ) -> None:
        """Computes gradients, sends them off, and updates with those of the last call.

        Args:
            lossfun: Computes the loss; if omitted, the gradients are taken as they are.
            *args: For ``lossfun``.
            **kwds: For ``lossfun``.
        """
        target, state = self.target, self.__dict__
        reducer = self._get_reducer()
        if lossfun is not None:
            loss = lossfun(*args, **kwds)
            self._clear_grads()
            loss.backward(loss_scale=self.actual_optimizer._loss_scale)
            del loss
        self.wait()
        if self.is_changed(target):
            reducer.begin(target)
            reducer.agree()
            self.communicator.bcast_data(target)
            state['communicated_target'] = copy.deepcopy(target)
            state['needs_update'] = False
            return
        self._swap_gradients()
        copied = self.communicated_target
        reducer.begin(copied)
        if reducer.knows_order:
            for param in copied.params():
                reducer.ready(param)
        state['_in_flight'] = True
        if self.needs_update:
            self.actual_optimizer.update(None)
        state['needs_update'] = True

    def _swap_gradients(self) -> None:
        pairs = zip(
            sorted(self.target.namedparams()),
            sorted(self.communicated_target.namedparams()),
            strict=True,
        )
        for (_, one), (_, other) in pairs:
            if one.array is not None:
                one.grad, other.grad = other.grad, one.grad

    def wait(self) -> None:
        """Waits for the gradients on their way; they are in ``communicated_target``."""
        if self.__dict__['_in_flight']:
            self.__dict__['_in_flight'] = False
            scale = self.actual_optimizer._loss_scale
            for _ in self._get_reducer().finish(self.communicated_target, scale):
                pass


@checks_arguments
def create_multi_node_optimizer(
    actual_optimizer: Any,
    communicator: Any,
    double_buffering: bool = False,
    zero_fill: bool = True,
) -> Any:
    """Makes an optimizer take the means of the gradients of all processes.

    Gradients travel in buckets while backward runs, and parameters are updated as their
    buckets arrive. Every 100 steps checksums of the parameters are compared. ``times`` of
    the result says where the time of the last step went.

    N processes with batches of B make the steps of one with batches of N * B, if the loss
    is a mean over the batch and statistics over it span the processes
    (`create_mnbn_model`).

    Args:
        actual_optimizer: An optimizer, such as ``minigrad.optimizers.Adam()``.
        communicator: Communicator.
        double_buffering: Whether to update with the gradients of the step before, so
            that they have a whole step to travel.
        zero_fill: Whether a gradient that is missing in this process counts as zeros. If
            not, parameters without gradient in all processes stay without.

    Returns:
        The optimizer; it has the attributes of ``actual_optimizer``.

    Source: compatible with chainermn.create_multi_node_optimizer, which allows double
        buffering for ``pure_nccl`` only, and makes no step of its first batch.
    """
    kind = _DoubleBufferingOptimizer if double_buffering else _MultiNodeOptimizer
    return kind(actual_optimizer, communicator, zero_fill)
