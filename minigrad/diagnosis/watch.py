"""Hooks that measure a step: what its functions are given, its gradients, its update.

They are there for the steps that are measured, and for evaluations; other steps run as
if nobody watched.
"""

from __future__ import annotations

import math
import weakref
from statistics import median
from typing import Any

import numpy

from minigrad.backend import to_cpu
from minigrad.configuration import config
from minigrad.diagnosis.step import (
    EXAMPLES,
    Step,
    Weights,
    describe_inputs,
    features,
    rms,
    sample,
)
from minigrad.function_hook import FunctionHook, get_function_hooks
from minigrad.link import Link
from minigrad.link_hook import (
    ForwardPostprocessArgs,
    ForwardPreprocessArgs,
    LinkHook,
    get_link_hooks,
)
from minigrad.parameter import Parameter
from minigrad.types import Array
from minigrad.variable import Variable


class Evaluation:
    """What forward passes without a gradient came to."""

    def __init__(self) -> None:
        self.n = 0
        self.right = 0
        self.loss = 0.0
        self.has_loss = False

    def add(self, scores: Array, labels: Array, with_loss: bool) -> None:
        """Adds a batch of scores with their labels."""
        scores, labels = to_cpu(scores), to_cpu(labels)
        if scores.ndim != 2 or labels.dtype.kind not in 'iu' or labels.ndim != 1:
            return
        counted = labels >= 0
        if self.has_loss and not with_loss:
            return  # the accuracy of what was counted already
        if with_loss and not self.has_loss:
            self.n = self.right = 0
        scores = scores[counted].astype(numpy.float64)
        labels = labels[counted]
        self.n += len(labels)
        self.right += int((scores.argmax(axis=1) == labels).sum())
        if with_loss:
            self.has_loss = True
            highest = scores.max(axis=1, keepdims=True)
            log_sum = numpy.log(numpy.exp(scores - highest).sum(axis=1)) + highest[:, 0]
            self.loss += float((log_sum - scores[range(len(labels)), labels]).sum())


class Where(LinkHook):
    """Knows which link runs, and which one has run last."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.last = ''
        self._paths: dict[int, str] = {}
        self._running_: list[str] = []

    def find(self, model: Link) -> None:
        """Looks up the paths of all links, which may have changed."""
        self._paths = {id(link): path for path, link in model.namedlinks()}
        self.last = ''
        self._running_ = []

    @property
    def now(self) -> str:
        """Path of the link that runs."""
        return self._running_[-1] if self._running_ else self.last

    def forward_preprocess(self, args: ForwardPreprocessArgs) -> None:
        """Notes the link that begins."""
        self._running_.append(self._paths.get(id(args.link), ''))

    def forward_postprocess(self, args: ForwardPostprocessArgs) -> None:
        """Notes the link that ends, if it has parameters of its own."""
        path = self._running_.pop() if self._running_ else ''
        if path and args.link._params.sorted:
            self.last = path


class Watch(FunctionHook):
    """Measures the steps of an optimizer while it is switched on.

    Args:
        name: Under which the hooks are registered.
        model: The model, the root of all paths.
        optimizer: The optimizer.
    """

    def __init__(self, name: str, model: Link, optimizer: Any) -> None:
        self.name = name
        self.model = model
        self.optimizer = optimizer
        self.where = Where(name)
        self.step: Step | None = None
        self.evaluation: Evaluation | None = None
        self.has_dropout = False
        self._on = False
        self._roots: dict[int, weakref.ref[Any]] = {}
        self._rank = 0
        self._clean = self._looked = False
        self._used: dict[int, None] = {}
        self._paths: dict[int, str] = {}
        self._before: dict[str, Any] = {}
        self._first: dict[str, Any] = {}  # as the weights were when it began

    # -- switching -----------------------------------------------------------------

    def begin_step(self) -> None:
        """Measures what comes, up to the next update."""
        self._switch_on()
        self.step = Step()
        self._roots = {}
        self._rank = -1
        self._clean = self._looked = False
        self._used = {}
        self._paths = {id(p): path for path, p in self.model.namedparams()}
        self.where.find(self.model)

    def begin_evaluation(self) -> None:
        """Measures an evaluation, up to the next step."""
        if self.evaluation is None:
            self.evaluation = Evaluation()
        self._switch_on()

    def _switch_on(self) -> None:
        if not self._on:
            self._on = True
            get_function_hooks()[self.name] = self
            get_link_hooks()[self.name] = self.where

    def switch_off(self) -> None:
        """Watches functions and links no longer."""
        if self._on:
            self._on = False
            get_function_hooks().pop(self.name)
            del get_link_hooks()[self.name]

    # -- forward -------------------------------------------------------------------

    def called(self, args: ForwardPreprocessArgs) -> None:
        """Looks at what the model is called with."""
        array = None
        for value in (*args.args, *args.kwargs.values()):
            array = value.array if isinstance(value, Variable) else value
            if getattr(getattr(array, 'dtype', None), 'kind', '') == 'f':
                break
        else:
            return
        if array is None or array.ndim < 2 or not array.size:
            return
        step = self.step
        if step is not None and step.inputs is None and self._in_step:
            step.inputs = describe_inputs(array)
            step.examples = features(array)

    def forward_preprocess(self, function: Any, in_data: tuple[Array, ...]) -> None:
        """Looks at what a function is given."""
        look = _LOOK.get(function.public_name)
        if look is not None:
            look(self, function, in_data)

    @property
    def _in_step(self) -> bool:
        return self.step is not None and config.train and config.enable_backprop

    def _look_at_dropout(self, function: Any, in_data: tuple[Array, ...]) -> None:
        self.has_dropout = True

    def _look_at_relu(self, function: Any, in_data: tuple[Array, ...]) -> None:
        if not self._in_step or self.step is None:
            return
        x = in_data[0][:EXAMPLES]
        if x.ndim < 2 or not x.size:
            return
        above = to_cpu((x > 0).any(axis=(0, *range(2, x.ndim))))
        path = self.where.last
        former = self.step.relus.get(path)
        if former is not None and former.shape == above.shape:
            above = above | former
        self.step.relus[path] = above
        self.step.n_examples = len(x)

    def _look_at_norm(self, function: Any, in_data: tuple[Array, ...]) -> None:
        if self._in_step and self.step is not None:
            self.step.norms[self.where.now] = len(in_data[0])

    def _look_at_loss(self, function: Any, in_data: tuple[Array, ...]) -> None:
        scores, labels = in_data[:2]
        if not config.enable_backprop or not config.train:
            if self.evaluation is not None:
                self.evaluation.add(scores, labels, True)
            return
        step = self.step
        if step is None or scores.ndim != 2 or labels.dtype.kind not in 'iu':
            return
        part = to_cpu(scores[:EXAMPLES]).astype(numpy.float64)
        labels = to_cpu(labels).ravel()
        step.labels = (
            labels if step.labels is None else numpy.append(step.labels, labels)
        )
        step.n_classes = scores.shape[1]
        step.right += int((part.argmax(axis=1) == labels[:EXAMPLES]).sum())
        step.n_looked_at += len(part)
        sums = part.sum(axis=1)
        step.probabilities = bool(
            len(part) > 1 and (part >= 0).all() and (abs(sums - 1) < 1e-3).all()
        )

    def _look_at_accuracy(self, function: Any, in_data: tuple[Array, ...]) -> None:
        if self.evaluation is not None and not (
            config.enable_backprop and config.train
        ):
            self.evaluation.add(in_data[0], in_data[1], False)

    # -- backward ------------------------------------------------------------------

    def backward_preprocess(
        self, function: Any, in_data: tuple[Array, ...], out_grad: tuple[Array, ...]
    ) -> None:
        """Notes where backward starts, and which parameters it reaches."""
        step = self.step
        if step is None:
            return
        if function.rank > self._rank:  # ranks fall: another backward begins
            self._begin_backward(step, function)
        self._rank = function.rank
        for node in function.inputs or ():
            variable = node._variable()
            if isinstance(variable, Parameter):
                self._reach(step, variable)

    def _reach(self, step: Step, parameter: Parameter) -> None:
        """Looks at a parameter that backward has reached."""
        is_new = id(parameter) not in self._used
        self._used[id(parameter)] = None
        if id(parameter) in self._paths:
            if not self._looked:
                # The first that this backward reaches. Gradients are cleared once in a
                # step; those of a new parameter are NaN until then.
                self._looked = True
                gradient = parameter.grad
                self._clean |= gradient is None or not sample(gradient).any()
                step.stale = not self._clean
        elif (
            is_new
            and parameter.requires_grad
            and getattr(parameter, 'update_rule', None) is None
        ):
            name = parameter.name or 'a parameter'
            step.stray.append(f'{name} {parameter.shape}')

    def _begin_backward(self, step: Step, function: Any) -> None:
        step.backwards += 1
        self._looked = False
        former = self._roots.get(id(function))
        if former is not None and former() is function:
            step.twice = True
        self._roots[id(function)] = weakref.ref(function)
        node = function.outputs[0]()
        value = None if node is None else node.data
        if value is not None and value.size == 1:
            step.loss = float(value.reshape(()))

    # -- update --------------------------------------------------------------------

    def before_update(self, optimizer: Any) -> None:
        """Measures gradients, and keeps a sample of the weights."""
        step = self.step
        if step is None:
            return
        self._before = {}
        entries = [(path, p) for path, p in self.model.namedparams()]
        order = {key: i for i, key in enumerate(reversed(list(self._used)))}
        entries.sort(key=lambda entry: order.get(id(entry[1]), -1))
        for path, parameter in entries:
            rule = getattr(parameter, 'update_rule', None)
            if parameter.array is None or rule is None or not rule.enabled:
                continue
            if id(parameter) not in self._used:
                step.unused.append(path)
                continue
            values = sample(parameter.array)
            gradient = parameter.grad
            if gradient is None:
                continue
            entry = Weights(parameter.ndim, rms(values), rms(sample(gradient)))
            entry.whole_gradient_is_zero = entry.gradient == 0 and not gradient.any()
            step.weights[path] = entry
            self._before[path] = (parameter, values)
            self._first.setdefault(path, values)

    def after_update(self, optimizer: Any) -> Step | None:
        """Measures the update and returns the step, now complete."""
        step, self.step = self.step, None
        if step is None:
            return None
        for path, (parameter, values) in self._before.items():
            entry, now, first = step.weights[path], sample(parameter.array), values
            if self._first[path].shape == now.shape:
                first = self._first[path]
            entry.update = rms(now - values)
            entry.moved = rms(now - first) / max(rms(first), 1e-12)
        self._before = {}
        step.change = _change(step)
        step.moved = median(
            [e.moved for e in step.weights.values() if e.ndim > 1] or [0]
        )
        step.number = optimizer.t
        entries = getattr(optimizer, 'hyperparam', None)
        rates = {} if entries is None else entries.get_dict()
        step.rate = rates.get('alpha', rates.get('lr'))
        return step


def _change(step: Step) -> float | None:
    entries = [e for e in step.weights.values() if e.ndim > 1 and e.weight]
    if not entries or not math.isfinite(sum(e.update + e.weight for e in entries)):
        return None
    return median([e.update / e.weight for e in entries])


_LOOK: dict[str, Any] = {
    'relu': Watch._look_at_relu,
    'batch_normalization': Watch._look_at_norm,
    'softmax_cross_entropy': Watch._look_at_loss,
    'accuracy': Watch._look_at_accuracy,
    'dropout': Watch._look_at_dropout,
}
