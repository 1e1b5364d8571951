"""What can be wrong with the training loop and the rate."""

from __future__ import annotations

import math
from statistics import fmean, median

from minigrad.diagnosis.finding import Finding
from minigrad.diagnosis.rules import History, Rule, finite, named
from minigrad.diagnosis.step import Step


class Loop(Rule):
    """Gradients that are not cleared, not computed, or computed twice."""

    def __init__(self) -> None:
        self._stale = self._without = self._twice = 0

    def step(self, step: Step, history: History) -> Finding | None:
        self._stale += step.stale
        self._without += step.backwards == 0
        self._twice += step.twice
        if self._stale == 1:
            self._stale += 1
            return named(
                'gradients not cleared',
                'parameters held gradients when backward began (of the step before, or the '
                'NaN of a new parameter), so they add up',
                'model.cleargrads() before loss.backward()',
                '',
                step,
            )
        if self._without == 2:
            self._without += 1
            return named(
                'update without backward',
                'optimizer.update() ran and backward had not',
                'loss.backward() before optimizer.update()',
                '',
                step,
            )
        if self._twice == 2:
            self._twice += 1
            return named(
                'backward twice',
                'backward started twice from the same loss, so the gradients count twice',
                'call loss.backward() once in each step',
                '',
                step,
            )
        return None


class NotFinite(Rule):
    """A loss that is NaN or infinite."""

    def step(self, step: Step, history: History) -> Finding | None:
        if step.stale:
            return None
        bad = [(n, v) for n, v in history.losses[-50:] if not math.isfinite(v)]
        if not bad:
            return None
        good = [value for _, value in history.losses if math.isfinite(value)]
        before = f' after {good[-1]:.3g}' if good else ''
        rate = '' if step.rate is None else f'; the rate is {step.rate:g}'
        return Finding(
            'loss is not finite',
            f'the loss is {bad[0][1]}{before}{rate}',
            'a smaller learning rate, scaled inputs, GradientClipping; '
            'minigrad.set_debug(True) names the function that made the first NaN',
            '',
            bad[0][0],
        )


class Rate(Rule):
    """A rate that changes weights too much, or hardly at all."""

    def step(self, step: Step, history: History) -> Finding | None:
        changes = [one.change for one in history.steps if one.change is not None]
        if len(changes) < 5:
            return None
        ratio, most = median(changes[-5:]), max(changes)
        losses = [value for _, value in history.losses]
        recent = history.recent(240)[:20]
        first = list(finite(losses[:3]))
        risen = (
            len(losses) > 20
            and bool(first)
            and len(recent) >= 4
            and median(recent) > 1.5 * max(first)
        )
        stays = bool(first) and len(recent) >= 4 and fmean(recent) > 0.97 * fmean(first)
        jumped = (most > 0.3 or step.moved > 1.5) and stays and step.number >= 40
        if ratio > 0.3 or risen or jumped:
            seen = (
                'an update changes the weights by up to '
                f'{max(ratio, most):.2g} of their size, all together by {step.moved:.2g}'
            )
            if recent and first:
                seen += f'; the loss was {fmean(first):.3g}, now {median(recent):.3g}'
            return named('rate too high', seen, _rate(step, 'a tenth of it'), '', step)
        if step.number < 150 or len(recent) < 4:
            return None
        if stays and ratio < 2e-5:
            return named(
                'rate too low',
                f'an update changes the weights by {ratio:.2g} of their size; the loss '
                f'was {fmean(first):.4g} and is {fmean(recent):.4g}',
                _rate(step, 'ten times as much, or more'),
                '',
                step,
            )
        return None


def _rate(step: Step, change: str) -> str:
    if step.rate is None:
        return f'try {change}; minigrad.training.find_rate shows which rates learn'
    return (
        f'the rate is {step.rate:g}: try {change}; minigrad.training.find_rate shows '
        'which rates learn'
    )


class Guessing(Rule):
    """A loss that stays where guessing puts it."""

    def step(self, step: Step, history: History) -> Finding | None:
        guessing = history.guessing
        if guessing is None or not history.losses:
            return None
        if step.number - history.losses[0][0] < 300:
            return None
        recent = history.recent(200)
        if len(recent) < 3 or not 0.98 < fmean(recent) / guessing < 1.05:
            return None
        return named(
            'loss at ln C',
            f'the loss of the last 200 updates is {fmean(recent):.4f}; guessing among '
            f'{history.n_classes} classes gives {guessing:.4f}',
            'see the other findings first; then another rate, other initial weights '
            '(HeNormal for ReLU), scaled inputs, or more patience',
            '',
            step,
        )
