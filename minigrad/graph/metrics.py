"""Numbers that functions are coloured by, how they are written, and the colours."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import NamedTuple

from minigrad.graph.model import Call

Number = float | int | None


def seconds(value: float) -> str:
    """Writes a time: ``'1.25 ms'``."""
    for unit, size in (('s', 1.0), ('ms', 1e-3), ('µs', 1e-6)):
        if value >= size:
            return f'{value / size:.3g} {unit}'
    return f'{value * 1e9:.0f} ns'


def nbytes(value: float) -> str:
    """Writes a number of bytes: ``'13.8 kB'``."""
    return _scaled(value, ('B', 'kB', 'MB', 'GB', 'TB'))


def operations(value: float) -> str:
    """Writes a number of operations: ``'4.5 MFLOP'``."""
    return _scaled(value, ('FLOP', 'kFLOP', 'MFLOP', 'GFLOP', 'TFLOP'))


def _scaled(value: float, units: tuple[str, ...]) -> str:
    for unit in units:
        if abs(value) < 999.5 or unit == units[-1]:
            break
        value /= 1000
    return f'{value:.3g} {unit}'


def share(value: float) -> str:
    """Writes a share: ``'37 %'``."""
    return f'{100 * value:.3g} %'


def number(value: float) -> str:
    """Writes a number: ``'0.0123'``."""
    return f'{value:.3g}'


def _sum(values: list[float]) -> float:
    return sum(values)


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


class Metric(NamedTuple):
    """A number of a function.

    Attributes:
        key: Attribute of `Call`.
        title: For people.
        write: Turns a value into text.
        fold: Turns the values of many functions into one.
        logarithmic: Colours go by the logarithm.
    """

    key: str
    title: str
    write: Callable[[float], str]
    fold: Callable[[list[float]], float] = _sum
    logarithmic: bool = False

    def of(self, calls: Iterable[Call]) -> float | None:
        """Returns the number for functions taken together; None if unknown."""
        values = [getattr(call, self.key) for call in calls]
        known = [float(v) for v in values if v is not None]
        return self.fold(known) if known else None


METRICS = {
    metric.key: metric
    for metric in (
        Metric('time', 'time, forward and backward', seconds),
        Metric('forward_time', 'time, forward', seconds),
        Metric('backward_time', 'time, backward', seconds),
        Metric('flops', 'operations, forward', operations),
        Metric('allocated', 'bytes allocated', nbytes),
        Metric('kept', 'bytes kept for backward', nbytes),
        Metric('peak', 'most memory held', nbytes, max),
        Metric('gradient_norm', 'norm of the gradient', number, max, True),
        Metric('zeros', 'share of zeros', share, _mean),
    )
}


def metric_named(key: str) -> Metric:
    """Returns a metric.

    Raises:
        ValueError: There is none of that name; lists those that are.
    """
    if key not in METRICS:
        raise ValueError(f'unknown metric {key!r}; choose one of {", ".join(METRICS)}')
    return METRICS[key]


# From nearly white to dark red through orange, even steps of lightness; the text on it
# is black or white, whichever contrasts more.
PALETTE = ('#fff7ec', '#fee8c8', '#fdd49e', '#fdbb84', '#fc8d59', '#ef6548', '#b30000')
PLAIN = '#ffffff'
OUTLIER = 3.0  # times the second largest value: where the scale ends


class Scale:
    """Maps the values of one metric to colours.

    Args:
        metric: The metric.
        values: All values that will be coloured.
    """

    def __init__(self, metric: Metric, values: Iterable[Number]) -> None:
        self.metric = metric
        known = [float(v) for v in values if v is not None and math.isfinite(v)]
        if metric.logarithmic:
            known = [v for v in known if v > 0]
        self.low = min(known, default=0.0) if metric.logarithmic else 0.0
        self.high = max(known, default=0.0)
        self.capped = False
        if not metric.logarithmic and len(known) > 2:
            # One outlier would turn all else pale.
            second = sorted(known)[-2]
            if self.high > OUTLIER * second > 0:
                self.high, self.capped = OUTLIER * second, True
        if metric.write is share:
            self.high, self.capped = 1.0, False

    @property
    def most(self) -> str:
        """The upper end as a legend writes it."""
        text = self.metric.write(self.high)
        return f'{text} and more' if self.capped else text

    def colour(self, value: Number) -> str:
        """Returns a colour; white for an unknown value."""
        if value is None or self.high <= 0:
            return PLAIN
        if not math.isfinite(value):
            return PALETTE[-1]
        if self.metric.logarithmic:
            span = math.log(self.high / self.low) if self.high > self.low else 1.0
            place = math.log(max(value, self.low) / self.low) / span
        else:
            place = value / self.high
        return PALETTE[min(int(place * len(PALETTE)), len(PALETTE) - 1)]


def contrast(a: str, b: str) -> float:
    """Returns the contrast ratio of two colours as WCAG defines it, 1 to 21.

    Example:
        >>> round(contrast('#000000', '#ffffff'))
        21
    """
    bright, dark = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    linear = []
    for i in (1, 3, 5):
        c = int(colour[i : i + 2], 16) / 255
        linear.append(c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4)
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def ink(background: str) -> str:
    """Returns black or white, whichever reads better on the background."""
    dark, light = '#1f2328', '#ffffff'
    better = contrast(dark, background) >= contrast(light, background)
    return dark if better else light
