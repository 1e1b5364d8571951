"""One training of an experiment: its cost, its log, its curve, and how it ended."""

from __future__ import annotations

import copy
import functools
import gc
import math
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

import minigrad as mg
import minigrad.functions as F
import minigrad.links as L
from minigrad import training
from minigrad.cuda_graph import Replay, ReplayUpdater
from minigrad.training import extensions, triggers
from minigrad.training.extensions._snapshot_files import find_snapshots

from ..stopping import UntilInterrupted
from .curves import draw
from .examples import Examples
from .experiment import Run

SNAPSHOTS = 60  # seconds between two of them
WARMUP = 5  # steps on a GPU, of which the fourth is recorded
MEASURED = 5  # steps


class Result(NamedTuple):
    """What a training came to."""

    train: float  # accuracy in test mode, on what was trained on
    test: float
    log: list[dict[str, Any]]
    findings: list[str]  # names of what the doctor found, if he was asked
    length: str  # of the training, such as '100 epochs'


def fit(
    run: Run,
    name: str,
    predictor: mg.Link,
    train: Any,
    test: Any,
    optimizer: Any,
    length: tuple[int, str],
    batchsize: int,
    hooks: Iterable[Any] = (),
    extend: Iterable[Any] = (),
    curves: Any = None,
    final: Any = None,
    prepare: Callable[[Any], Any] | None = None,
    augment: Callable[[Any], Any] | None = None,
    rate: Callable[[float], float] | None = None,
    doctor: bool = False,
) -> Result:
    """Trains a classifier, leaves its log in the output folder, and tests it.

    It says first how long that will take here. Every minute, and on Ctrl-C, it leaves a
    snapshot, from which the next call goes on. On a GPU the steps are replayed, unless
    the doctor is to see them.

    Args:
        run: How to run.
        name: Name of the log, and of the curves.
        predictor: The network.
        train: Examples to learn from.
        test: Examples never seen.
        optimizer: Any optimizer.
        length: When to stop, such as ``(50, 'epoch')``.
        batchsize: Examples per step.
        hooks: Optimizer hooks, such as weight decay.
        extend: Extensions of the trainer, such as a falling rate.
        curves: When to test and to log, such as ``(1, 'epoch')``, if there is to be a
            curve; otherwise there is a log of each epoch, and one test in the end.
        final: What to test on in the end; ``test`` by default.
        prepare: What is done to the images of each batch.
        augment: The same, in training only and before ``prepare``.
        rate: Returns the rate for the part of the training that is over, 0 to 1.
        doctor: Whether the doctor looks on.
    """
    model = L.Classifier(predictor)
    optimizer.setup(model)
    for hook in hooks:
        optimizer.add_hook(hook)
    both = [one for one in (augment, prepare) if one is not None]
    learnt = Examples(train, run.device, _one_after_another(both) if both else None)
    tested = Examples(test, run.device, prepare)
    n_steps = _steps(length, len(train), batchsize)
    if run.limit is not None:
        n_steps = min(n_steps, run.limit)
    many = 1000 if run.on_gpu else 100  # to evaluate at once

    stop = UntilInterrupted((n_steps, 'iteration'))
    replayed = run.on_gpu and not doctor
    updater = (ReplayUpdater if replayed else training.StandardUpdater)(
        mg.iterators.SerialIterator(learnt.numbers, batchsize),
        optimizer,
        converter=learnt,
        device=run.device,
    )
    trainer = training.Trainer(updater, stop, out=str(run.out), extensions=extend)
    if rate is not None:
        trainer.extend(Rate(rate, n_steps))
    every = (1, 'epoch') if curves is None else curves
    log = extensions.LogReport(trigger=every, filename=f'{name}.jsonl')
    if curves is not None:
        iterator = mg.iterators.SerialIterator(
            tested.numbers, many, repeat=False, shuffle=False
        )
        trainer.extend(
            extensions.Evaluator(iterator, model, tested, device=run.device),
            trigger=every,
        )
        picture = run.out / f'{name}.png'
        trainer.extend(
            lambda _: draw(picture, {name: log.log}),
            name='picture',
            trigger=triggers.TimeTrigger(SNAPSHOTS),
            priority=training.extension.PRIORITY_READER - 1,
        )
    trainer.extend(log)
    trainer.extend(extensions.ProgressBar(update_interval=10, out=sys.stderr))
    watcher = extensions.Doctor(filename=f'{name}-doctor.json') if doctor else None
    if watcher is not None:
        trainer.extend(watcher)
    snapshot = extensions.snapshot(
        functools.partial(mg.serializers.save_npz, compression=False),
        snapshot_name(run, name),
        n_retains=1,
        autoload=True,
    )
    trainer.extend(snapshot, name='snapshot', trigger=triggers.TimeTrigger(SNAPSHOTS))
    done = _iterations_done(run, name)
    part = max(0.0, 1 - done / n_steps)
    n_tests = n_steps / _steps(every, len(train), batchsize) if curves else 0
    price = cost(run, updater, learnt, batchsize, tested, many)
    going_on = f'goes on after {done} steps, ' if done else ''
    text = price.text(round(part * n_steps), part * n_tests)
    print(f'    {name}: {going_on}{text}', flush=True)
    with stop:
        trainer.run()
    if stop.interrupted or trainer.elapsed_time > SNAPSHOTS:
        snapshot(trainer)
    if stop.interrupted:
        raise KeyboardInterrupt
    if curves is not None:
        draw(picture, {name: log.log})
    last = tested if final is None else Examples(final, run.device, prepare)
    seen = Examples(train, run.device, prepare)
    in_training, in_test = [accuracy(model, part, many) for part in (seen, last)]
    epochs = updater.epoch_detail
    text = f'{epochs:.3g} epochs' if length[1] == 'epoch' else f'{n_steps} iterations'
    findings = [] if watcher is None else [one.name for one in watcher.findings]
    return Result(in_training, in_test, log.log, findings, text)


def snapshot_name(run: Run, name: str) -> str:
    """Returns the name of the snapshots of a training."""
    quick = '-quick' if run.quick else ''
    return f'{name}-seed{run.seed}{quick}-snapshot_' + '{.updater.iteration}'


def remove_snapshots(run: Run, experiment: str) -> None:
    """Removes the snapshots of an experiment that has come to its end."""
    quick = '-quick' if run.quick else ''
    for path in run.out.glob(f'{experiment}*-seed{run.seed}{quick}-snapshot_*'):
        path.unlink()


def _iterations_done(run: Run, name: str) -> int:
    """Returns how far the newest snapshot of a training is."""
    names = find_snapshots(snapshot_name(run, name), str(run.out))
    return int(names[-1].rpartition('_')[2]) if names else 0


class Rate(training.Extension):
    """Sets the learning rate by how much of the training is over.

    Args:
        rate: Takes a number from 0 to 1.
        n_steps: Length of the training.
    """

    trigger = (1, 'iteration')

    def __init__(self, rate: Callable[[float], float], n_steps: int) -> None:
        self._rate, self._n_steps = rate, n_steps

    def initialize(self, trainer: Any) -> None:
        """Sets the first rate."""
        self(trainer)

    def __call__(self, trainer: Any) -> None:
        """Sets the rate of the next step."""
        optimizer = trainer.updater.get_optimizer('main')
        name = 'alpha' if hasattr(optimizer, 'alpha') else 'lr'
        part = min(trainer.updater.iteration / self._n_steps, 1.0)
        setattr(optimizer, name, self._rate(part))


def cosine(highest: float) -> Callable[[float], float]:
    """Returns a rate that falls to zero like a cosine, slowly at both ends.

    Example:
        >>> from models.experiments.fitting import cosine
        >>> round(cosine(0.1)(0.5), 8)
        0.05
    """
    return lambda part: highest * 0.5 * (1.0 + math.cos(math.pi * part))


def one_cycle(highest: float, rise: float = 0.3) -> Callable[[float], float]:
    """Returns a rate that rises from a tenth in a part of the training, then falls.

    Example:
        >>> from models.experiments.fitting import one_cycle
        >>> [round(one_cycle(0.1)(part), 8) for part in (0.0, 0.3, 0.65, 1.0)]
        [0.01, 0.1, 0.05, 0.0]
    """

    def rate(part: float) -> float:
        if part < rise:
            return highest * (0.1 + 0.9 * part / rise)
        return highest * (1.0 - part) / (1.0 - rise)

    return rate


class Cost(NamedTuple):
    """What a training costs on this machine."""

    step: float  # seconds
    test: float  # seconds, of all that is tested after each epoch

    def text(self, n_steps: int, n_tests: float) -> str:
        """Returns the cost in words."""
        seconds = n_steps * self.step + n_tests * self.test
        time_ = f'{seconds:.0f} s' if seconds < 100 else f'{seconds / 60:.1f} minutes'
        tests = f', {n_tests:.0f} tests of {1e3 * self.test:.3g} ms' if n_tests else ''
        return f'about {time_} ({n_steps} steps of {1e3 * self.step:.3g} ms{tests})'


def cost(
    run: Run,
    updater: Any,
    learnt: Examples,
    batchsize: int,
    tested: Examples,
    many: int,
) -> Cost:
    """Measures a few steps and a test, with copies of the model and the optimizer."""
    state = np.random.get_state()
    optimizer = copy.deepcopy(updater.get_optimizer('main'))
    model = optimizer.target
    if isinstance(updater, ReplayUpdater):
        update = Replay(model, optimizer).update
    else:
        update = functools.partial(optimizer.update, model)
    numbers = np.arange(batchsize) % len(learnt)

    def step() -> None:
        update(*learnt(numbers))

    def test() -> None:
        with mg.using_config('train', False), mg.no_backprop_mode():
            model(*tested(tested.numbers[:many]))

    for _ in range(WARMUP if run.on_gpu else 1):
        step()
    part = min(many, len(tested)) / len(tested)
    result = Cost(_seconds(run, step), _seconds(run, test) / part)
    np.random.set_state(state)
    if run.on_gpu:
        del step, test, update, model, optimizer
        gc.collect()  # not while the training is recorded
        # Nothing was drawn there yet.
        mg.get_device(run.device).xp.random.seed(run.seed)
    return result


def _seconds(run: Run, work: Callable[[], Any]) -> float:
    """Returns how long something takes: the mean of some times, or of a second."""
    n, seconds, start = 0, 0.0, time.perf_counter()
    while n < MEASURED and seconds < 1.0:
        work()
        if run.on_gpu:  # it takes the work, and comes back at once
            mg.get_device(run.device).xp.cuda.Stream.null.synchronize()
        n, seconds = n + 1, time.perf_counter() - start
    return seconds / n


def accuracy(model: Any, examples: Examples, many: int = 100) -> float:
    """Returns the part of the examples that a classifier gets right."""
    right = 0.0
    with mg.using_config('train', False), mg.no_backprop_mode():
        for i in range(0, len(examples), many):
            x, t = examples(examples.numbers[i : i + many])
            right += float(F.accuracy(model.predictor(x), t).array) * len(t)
    return right / len(examples)


def _steps(length: tuple[int, str], n_examples: int, batchsize: int) -> int:
    n, unit = length
    return math.ceil(n * n_examples / batchsize) if unit == 'epoch' else n


def _one_after_another(functions: list[Callable[[Any], Any]]) -> Callable[[Any], Any]:
    def all_of_them(x: Any) -> Any:
        for function in functions:
            x = function(x)
        return x

    return all_of_them
