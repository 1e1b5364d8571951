"""The doctor: decides when to measure, and asks the rules."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import numpy

from minigrad.configuration import config
from minigrad.diagnosis.examples import examine_datasets
from minigrad.diagnosis.finding import Finding
from minigrad.diagnosis.rules import History, Rule
from minigrad.diagnosis.rules_curve import Overfitting
from minigrad.diagnosis.rules_data import (
    Labels,
    Layout,
    Probabilities,
    Scale,
    ShuffledLabels,
)
from minigrad.diagnosis.rules_layers import (
    DeadReLUs,
    Gradients,
    Stray,
    TinyBatches,
    WithoutGradient,
)
from minigrad.diagnosis.rules_loop import Guessing, Loop, NotFinite, Rate
from minigrad.diagnosis.step import Row, Step
from minigrad.diagnosis.watch import Watch
from minigrad.link import Link
from minigrad.link_hook import ForwardPreprocessArgs, LinkHook
from minigrad.links import BatchNormalization
from minigrad.named_arguments import checks_arguments
from minigrad.optimizer import Optimizer

_numbers = itertools.count()

# Steps 1, 2, 3, 4, 6, 9, ... and then every sixtieth are measured: a measured step of
# LeNet takes up to twice as long as another.
LONGEST_PAUSE = 60


class _Gate(LinkHook):
    """Told whenever the model is called; the only hook that is always there."""

    def __init__(self, name: str, called: Callable[[ForwardPreprocessArgs], None]):
        self.name = name
        self._called = called

    def forward_preprocess(self, args: ForwardPreprocessArgs) -> None:
        self._called(args)

    def __deepcopy__(self, memo: Any) -> Self:
        return self  # a copy of the model is not watched


class Doctor:
    """Watches a training and reports what is wrong with it, each thing once.

    Used as a context manager around a loop of your own; in a `Trainer` it is
    ``extensions.Doctor()``. It measures a step now and then and every evaluation, which
    costs at most about 3 % of the time.

    Args:
        model: The model that is trained.
        optimizer: Its optimizer.
        show: Called with the text of each finding; ``print`` by default, None for
            nothing.
        training: The training set, if the doctor is to look at it.
        validation: The validation set, likewise.

    Attributes:
        findings: What was found, in the order of finding.

    Raises:
        TypeError: The model is no link, or the optimizer none.

    Example:
        >>> model = L.Linear(4, 2)
        >>> optimizer = minigrad.optimizers.SGD().setup(model)
        >>> x, t = np.full((8, 4), 200, 'f'), np.zeros(8, 'i')
        >>> with minigrad.doctor(model, optimizer) as d:
        ...     for _ in range(3):
        ...         loss = F.softmax_cross_entropy(model(x), t)
        ...         model.cleargrads()
        ...         loss.backward()
        ...         optimizer.update()
        unscaled inputs: the inputs are not scaled
          seen  inputs: mean 200, deviation 0, 200 to 200 (update 1)
          fix   divide the pixels by 255
        >>> [finding.name for finding in d.findings]
        ['unscaled inputs']
    """

    def __init__(
        self,
        model: Link,
        optimizer: Optimizer,
        show: Callable[[str], Any] | None = print,
        training: Any = None,
        validation: Any = None,
    ) -> None:
        if not isinstance(model, Link):
            raise TypeError(
                f'doctor: expected the model, a Link, got {type(model).__name__}'
            )
        if not isinstance(optimizer, Optimizer):
            raise TypeError(
                f'doctor: expected an optimizer, got {type(optimizer).__name__}\n  hint: '
                'minigrad.doctor(model, optimizer)'
            )
        self._data = (training, validation)
        self.model = model
        self.optimizer = optimizer
        self.findings: list[Finding] = []
        self.history = History()
        self._show_ = show
        self._name = f'minigrad.doctor-{next(_numbers)}'
        self._watch = Watch(self._name, model, optimizer)
        self._rules: list[Rule] = []
        self._found: set[str] = set()
        self._due = 1  # the update that is measured next
        self._armed = False
        self._epochs_are_told = self._losses_are_told = False
        # What is known of the last call of the model.
        self._t = 0
        self._kind = ''
        self._smallest: Any = None  # parameter
        self._mark: Any = None
        self._n_updates = 0  # seen by the doctor
        self._in_test_mode = 0  # of these, after a forward in test mode
        self._bursts = 0  # evaluations in training mode
        self._last_burst = -1
        self._unused_backwards = 0

    # -- the block -----------------------------------------------------------------

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop(exc_value)

    def start(self) -> None:
        """Begins to watch."""
        self._thread = threading.get_ident()
        links = list(self.model.links())
        self._has_norm = any(isinstance(link, BatchNormalization) for link in links)
        self._rules = [
            Layout(_convolves_images(links)), Scale(), Labels(), ShuffledLabels(),
            Probabilities(), DeadReLUs(), Gradients(), WithoutGradient(),
            Stray(self._outside()), TinyBatches(), Loop(), NotFinite(), Rate(),
            Guessing(), Overfitting(),
        ]  # fmt: skip
        self.model.add_hook(_Gate(self._name, self._called))
        for finding in examine_datasets(*self._data):
            self._report(finding)
        optimizer = self.optimizer
        self._t = optimizer.t
        self._due = optimizer.t + 1
        if optimizer.target is None:
            self._report(
                Finding(
                    'optimizer not used',
                    f'{type(optimizer).__name__} has no model',
                    'optimizer.setup(model)',
                )
            )
        else:
            self._look_at_rules(optimizer)

    def stop(self, error: BaseException | None = None) -> None:
        """Ends watching; judges an error that ended the training."""
        self._finish_evaluation()
        self._disarm()
        self._watch.switch_off()
        if self._name in self.model.local_link_hooks:
            self.model.delete_hook(self._name)
        optimizer = self.optimizer
        if error is not None:
            self._judge_error(error)
        elif (
            optimizer.target is not None
            and self._n_updates == 0
            and optimizer.t == self._t
            and any(p.grad is not None for p in self.model.params())
            and self._kind == 'training'
        ):
            self._report_unused('the block has ended')

    def epoch(
        self,
        epoch: float | None = None,
        loss: float | None = None,
        accuracy: float | None = None,
        validation_loss: float | None = None,
        validation_accuracy: float | None = None,
    ) -> None:
        """Tells the means of an epoch, where the doctor is not to measure them itself.

        Args:
            epoch: Number of the epoch; counted by default.
            loss: Of the training.
            accuracy: Of the training.
            validation_loss: Of the validation.
            validation_accuracy: Of the validation.
        """
        self._epochs_are_told = True
        number = len(self.history.rows) + 1 if epoch is None else epoch
        self._add_row(Row(number, loss, accuracy, validation_loss, validation_accuracy))

    def loss(self, number: int, value: float) -> None:
        """Tells the loss of an update, where it is at hand."""
        self._losses_are_told = True
        self.history.loss(number, value)

    # -- watching ------------------------------------------------------------------

    def _called(self, args: ForwardPreprocessArgs) -> None:
        """Called before each forward pass of the model."""
        if args.link is not self.model or threading.get_ident() != self._thread:
            return  # a copy, or a copy's thread
        t = self.optimizer.t
        graph, train = config.enable_backprop, config.train
        updates = t - self._t
        if (
            updates == 1
            and t + 1 < self._due
            and graph
            and train
            and self._kind == 'training'
        ):  # nearly always
            self._n_updates += 1
            self._t, self._mark = t, self._gradient_mark()
            return
        if updates:
            self._n_updates += updates
            if self._kind == 'test':
                self._in_test_mode += updates
                self._judge_modes(t)
        mark = self._gradient_mark()
        if updates == 0 and self._kind in ('training', 'test'):
            if mark is self._mark and graph:
                if self._kind == 'training':
                    self._burst(t)
            elif mark is not self._mark:
                self._count_unused(t)
        if not graph and train:
            self._burst(t)
        kind = 'evaluation' if not graph else 'training' if train else 'test'
        self._t, self._mark = t, mark
        if kind == 'training':
            if self._kind != 'training' or updates:
                self._finish_evaluation()
            if not self._armed and t + 1 >= self._due:
                self._arm()
            if self._armed:
                self._watch.called(args)
        elif not self._epochs_are_told:
            self._watch.begin_evaluation()
        self._kind = kind

    def _arm(self) -> None:
        self._armed = True
        self._watch.begin_step()
        optimizer = self.optimizer
        if optimizer.target is not None:
            optimizer.add_hook(self._watch.before_update, self._name, 'pre')
            optimizer.add_hook(self._after_update, f'{self._name}-post', 'post')

    def _disarm(self) -> None:
        if not self._armed:
            return
        self._armed = False
        self._watch.step = None
        self._watch.switch_off()
        hooks = getattr(self.optimizer, '_hookable', None)
        if hooks is not None:
            for name in (self._name, f'{self._name}-post'):
                for timing in ('pre', 'post'):
                    hooks.of(timing).pop(name, None)

    def _after_update(self, optimizer: Any) -> None:
        step = self._watch.after_update(optimizer)
        self._disarm()
        if step is None:
            return
        self._due = step.number + min(max(1, step.number // 2), LONGEST_PAUSE)
        if step.loss is not None and not self._losses_are_told:
            self.history.loss(step.number, step.loss)
        self.history.add(step)
        self._ask(step)

    def _ask(self, step: Step) -> None:
        for rule in self._rules:
            finding = rule.step(step, self.history)
            if finding is not None:
                self._report(finding)

    def _add_row(self, row: Row) -> None:
        self.history.rows.append(row)
        for rule in self._rules:
            finding = rule.row(row, self.history)
            if finding is not None:
                self._report(finding)

    def _report(self, finding: Finding) -> None:
        if finding.name in self._found:
            return
        self._found.add(finding.name)
        self.findings.append(finding)
        if self._show_ is not None:
            self._show_(str(finding))

    # -- between the steps -----------------------------------------------------------

    def _gradient_mark(self) -> Any:
        """Returns an object that is another one when a gradient was computed."""
        if self._smallest is None:
            known = [p for p in self.model.params() if p.array is not None]
            self._smallest = min(known, key=lambda p: p.size, default=None)
        return None if self._smallest is None else self._smallest.grad_var

    def _count_unused(self, t: int) -> None:
        self._unused_backwards += 1
        if self._n_updates == 0 and self._unused_backwards >= 20:
            self._report_unused(f'backward ran {self._unused_backwards} times')

    def _report_unused(self, when: str) -> None:
        name = type(self.optimizer).__name__
        self._report(
            Finding(
                'optimizer not used',
                f'{when}, and {name} has made no update',
                'optimizer.update() after loss.backward(), of this optimizer',
            )
        )

    def _look_at_rules(self, optimizer: Any) -> None:
        own = getattr(optimizer, 'hyperparam', None)
        for path, parameter in self.model.namedparams():
            rule = getattr(parameter, 'update_rule', None)
            parent = getattr(getattr(rule, 'hyperparam', None), 'parent', own)
            if rule is not None and own is not None and parent is not own:
                self._report(
                    Finding(
                        'optimizer not used',
                        f'{path} is updated by the rule of another optimizer, which was '
                        f'set up for it later: the rate of this '
                        f'{type(optimizer).__name__} has no effect',
                        'keep one optimizer, or call optimizer.setup(model) again',
                    )
                )
                return

    def _outside(self) -> list[str]:
        target = getattr(self.optimizer, 'target', None)
        if target is None:
            return []
        known = {id(parameter) for parameter in target.params()}
        return [path for path, p in self.model.namedparams() if id(p) not in known]

    # -- evaluations -----------------------------------------------------------------

    def _burst(self, t: int) -> None:
        """Counts evaluations in training mode: those that come less than every fifth."""
        if self._last_burst == t:
            return
        self._last_burst = t
        self._bursts += 1
        often = self._n_updates < 5 or self._n_updates <= 5 * self._bursts
        if often or not (self._has_norm or self._watch.has_dropout):
            return
        what = 'batch normalization' if self._has_norm else 'dropout'
        self._report(
            Finding(
                'train mode in evaluation',
                f'after update {t} the model was called without an update, and {what} '
                'was in training mode',
                "with minigrad.using_config('train', False), "
                'minigrad.no_backprop_mode(): around the evaluation',
                '',
                t,
            )
        )

    def _judge_modes(self, t: int) -> None:
        if self._in_test_mode >= 5 and 2 * self._in_test_mode > self._n_updates:
            self._report(
                Finding(
                    'test mode in training',
                    f'{self._in_test_mode} of {self._n_updates} updates came from a '
                    'forward pass with config.train False: dropout is off and batch '
                    'normalization learns no statistics',
                    "minigrad.config.train = True, or end using_config('train', False) "
                    'before the training goes on',
                    '',
                    t,
                )
            )

    def _finish_evaluation(self) -> None:
        evaluation, self._watch.evaluation = self._watch.evaluation, None
        if evaluation is None:
            return
        if not self._armed:
            self._watch.switch_off()
        if evaluation.n < 50 or self._epochs_are_told:
            return
        steps = [s for s in self.history.steps if s.labels is not None]
        last = self.history.rows[-1].when if self.history.rows else 0
        steps = [s for s in steps if s.number > last][-10:]
        seen = sum([s.n_looked_at for s in steps])
        if seen < 50:
            return
        losses = [s.loss for s in steps if s.loss is not None]
        self._add_row(
            Row(
                steps[-1].number,
                float(numpy.mean(losses)) if losses else None,
                sum([s.right for s in steps]) / seen,
                evaluation.loss / evaluation.n if evaluation.has_loss else None,
                evaluation.right / evaluation.n,
                'update',
            )
        )

    def _judge_error(self, error: BaseException) -> None:
        text = str(error)
        if isinstance(error, (ValueError, IndexError)) and 'label' in text.lower():
            self._report(
                Finding(
                    'labels out of range',
                    text.splitlines()[0],
                    'labels count from 0 to the number of classes - 1, and the last '
                    'layer gives one score for each',
                )
            )


def _convolves_images(links: list[Link]) -> bool:
    """Tells whether any link is a convolution of images."""
    return any('Convolution2D' in type(link).__name__ for link in links)


@checks_arguments
def doctor(
    model: Link,
    optimizer: Optimizer,
    show: Callable[[str], Any] | None = print,
    training: Any = None,
    validation: Any = None,
) -> Doctor:
    """Returns a `Doctor` for a loop of your own: ``with minigrad.doctor(model, opt):``.

    Args:
        model: The model that is trained.
        optimizer: Its optimizer.
        show: Called with the text of each finding; None for nothing.
        training: The training set, if the doctor is to look at it.
        validation: The validation set, likewise.

    Returns:
        The doctor, whose block watches.

    Example:
        >>> model = L.Linear(3, 2)
        >>> optimizer = minigrad.optimizers.SGD().setup(model)
        >>> with minigrad.doctor(model, optimizer) as doctor:
        ...     pass  # the loop
        >>> doctor.findings
        []
    """
    return Doctor(model, optimizer, show, training, validation)
