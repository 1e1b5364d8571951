"""What can be wrong with the layers: units, gradients, parameters."""

from __future__ import annotations

import math
from collections import deque
from typing import Any

import numpy

from minigrad.diagnosis.finding import Finding
from minigrad.diagnosis.rules import History, Rule, named
from minigrad.diagnosis.step import Step


class DeadReLUs(Rule):
    """Units that no example of several batches has brought above zero."""

    def __init__(self) -> None:
        self._seen: dict[str, deque[tuple[int, Any]]] = {}

    def step(self, step: Step, history: History) -> Finding | None:
        if step.loss is not None and not math.isfinite(step.loss):
            return None
        for path, alive in step.relus.items():
            seen = self._seen.setdefault(path, deque(maxlen=40))
            if seen and seen[-1][1].shape != alive.shape:
                seen.clear()
            seen.append((step.n_examples, alive))
            if step.number < 20:
                continue
            n, ever = 0, numpy.zeros_like(alive)
            for count, (size, one) in enumerate(reversed(seen), 1):
                n, ever = n + size, ever | one
                if n >= 256 and count >= 4:
                    break
            else:
                continue
            dead = int(ever.size - ever.sum())
            if ever.size >= 4 and dead > 0.5 * ever.size:
                return named(
                    'dead ReLUs',
                    f'{dead} of {ever.size} units gave 0 for all of {n} examples',
                    'a smaller learning rate, He initialization '
                    '(initialW=initializers.HeNormal()), or leaky_relu',
                    path,
                    step,
                )
        return None


class Gradients(Rule):
    """Gradients of weights that differ by many orders from layer to layer."""

    def __init__(self) -> None:
        self._vanished: dict[str, int] = {}
        self._exploded = 0

    def step(self, step: Step, history: History) -> Finding | None:
        if step.stale:
            return None
        layers = {
            path: entry
            for path, entry in step.weights.items()
            if entry.ndim > 1 and entry.gradient > 0
        }
        broken = [p for p, e in step.weights.items() if not math.isfinite(e.gradient)]
        if broken and step.loss is not None and math.isfinite(step.loss):
            return self._explodes(
                step, f'the gradient of {broken[0]} is not finite', ''
            )
        if not layers or broken:
            return None
        gradient = math.sqrt(sum(e.gradient**2 for e in layers.values()))
        weight = math.sqrt(sum(e.weight**2 for e in layers.values()))
        self._exploded = self._exploded + 1 if gradient > 100.0 * weight else 0
        if self._exploded >= 2 and step.number >= 3:
            path = max(layers, key=lambda path: layers[path].gradient)
            return self._explodes(step, _by_layer(step), path)
        if len(layers) < 3:
            return None
        paths = list(layers)
        last = layers[paths[-1]].gradient
        for path in paths[: len(paths) // 2]:
            small = layers[path].gradient < 1e-3 * last
            self._vanished[path] = self._vanished.get(path, 0) + 1 if small else 0
            if self._vanished[path] >= 5:
                return named(
                    'vanishing gradients',
                    _by_layer(step),
                    'ReLU instead of sigmoid or tanh, Xavier or He initialization '
                    '(initialW=initializers.GlorotNormal() or HeNormal()), batch '
                    'normalization',
                    path,
                    step,
                )
        return None

    def _explodes(self, step: Step, seen: str, path: str) -> Finding:
        return named(
            'exploding gradients',
            seen,
            'optimizer.add_hook(minigrad.optimizer_hooks.GradientClipping(5.0)), smaller '
            'initial weights, scaled inputs, or a smaller learning rate',
            path,
            step,
        )


def _by_layer(step: Step) -> str:
    entries = [(p, e) for p, e in step.weights.items() if e.ndim > 1]
    shown = [f'{path} {entry.gradient:.1e}' for path, entry in entries]
    if len(shown) > 6:
        shown = [*shown[:3], '...', *shown[-2:]]
    return f'root mean square of the gradients: {", ".join(shown)}'


class WithoutGradient(Rule):
    """Parameters that backward never reaches."""

    def __init__(self) -> None:
        self._times: dict[str, int] = {}

    def step(self, step: Step, history: History) -> Finding | None:
        if step.backwards == 0:
            return None
        for path, entry in step.weights.items():
            if entry.gradient != 0 or not entry.whole_gradient_is_zero:
                self._times[path] = -1000  # it has had one
        now = [*step.unused]
        now += [p for p, e in step.weights.items() if e.whole_gradient_is_zero]
        for path in now:
            self._times[path] = self._times.get(path, 0) + 1
        never = [path for path in now if self._times[path] >= 5]
        if not never:
            return None
        shown = ', '.join(never[:4]) + (', ...' if len(never) > 4 else '')
        unused = [path for path in never if path in step.unused]
        why = (
            'no function between them and the loss'
            if unused
            else 'their gradients are all exactly 0'
        )
        return named(
            'parameters without gradient',
            f'{shown}: {why}, in every step that was measured',
            'call the link in forward, and compute on Variables all the way: .array, '
            'np.asarray and no_backprop_mode cut the graph',
            never[0].rpartition('/')[0],
            step,
        )


class Stray(Rule):
    """Parameters that the loss depends on and that nobody updates."""

    def __init__(self, outside: list[str]) -> None:
        self._outside = outside

    def step(self, step: Step, history: History) -> Finding | None:
        if not (self._outside or step.stray):
            return None
        names = self._outside or step.stray
        shown = ', '.join(names[:4]) + (', ...' if len(names) > 4 else '')
        if self._outside:
            seen = f'{shown} of the model: the optimizer was set up for another link'
            fix = 'optimizer.setup(model), after all links were added to it'
        else:
            seen = f'the loss depends on {shown}, not part of the model'
            fix = (
                'assign links as attributes inside "with self.init_scope():"; a list of '
                'links is a ChainList'
            )
        return named('parameters outside the optimizer', seen, fix, '', step)


class TinyBatches(Rule):
    """Batch normalization of few examples."""

    def __init__(self) -> None:
        self._times = 0

    def step(self, step: Step, history: History) -> Finding | None:
        few = {path: n for path, n in step.norms.items() if n < 8}
        self._times += bool(few)
        if self._times < 3 or not few:
            return None
        path, n = next(iter(few.items()))
        return named(
            'tiny batches',
            f'batches of {n}: mean and deviation of so few examples are mostly chance',
            'batches of 16 or more, or L.GroupNormalization, which looks at each example '
            'alone',
            path,
            step,
        )
