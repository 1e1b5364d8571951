"""What is measured in one step of a training."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy

from minigrad.backend import to_cpu
from minigrad.types import Array

SAMPLE = 2048  # elements of a parameter that are looked at
EXAMPLES = 64  # examples of a batch that are looked at
ELEMENTS = 8192  # of the inputs of these


@dataclass
class Inputs:
    """The first float array that the model was called with."""

    shape: tuple[int, ...]
    mean: float
    deviation: float
    low: float
    high: float
    spread: float  # largest by smallest deviation of the columns of a table, else 1
    interleaved: bool = False  # images whose colours seem to lie side by side in a row


@dataclass
class Weights:
    """A parameter: root mean squares of a sample of its elements."""

    ndim: int
    weight: float
    gradient: float
    update: float = 0.0
    moved: float = 0.0
    whole_gradient_is_zero: bool = False


@dataclass
class Step:
    """The measurements of one step.

    Attributes:
        number: The count of updates, this one included.
        loss: Value that backward started from.
        rate: The optimizer's rate.
        inputs: What went into the model.
        examples: A sample of features of each example, shape ``(N, D)``.
        labels: The labels that the loss was given.
        n_classes: Number of scores for each label.
        right: Number of labels that the scores agree with, of those looked at.
        n_looked_at: How many of the labels these are.
        probabilities: Whether the scores are probabilities already.
        relus: For each ReLU, whether each unit was above zero for any example.
        n_examples: Number of examples looked at.
        norms: For each batch normalization, the number of examples.
        weights: The parameters of the optimizer, by path, in the order of their use.
        unused: Paths of parameters that no function of the step used.
        stray: Parameters that were used and are not the optimizer's.
        backwards: Number of losses that backward started from.
        change: Size of the update by that of the weights, of the median layer.
        moved: Size of all updates since the doctor began, likewise.
        stale: Whether gradients of an earlier step were there before backward.
        twice: Whether backward started from one loss twice.
    """

    number: int = 0
    loss: float | None = None
    rate: float | None = None
    inputs: Inputs | None = None
    examples: Any = None
    labels: Any = None
    n_classes: int = 0
    right: int = 0
    n_looked_at: int = 0
    probabilities: bool = False
    relus: dict[str, Any] = field(default_factory=dict)
    n_examples: int = 0
    norms: dict[str, int] = field(default_factory=dict)
    weights: dict[str, Weights] = field(default_factory=dict)
    unused: list[str] = field(default_factory=list)
    stray: list[str] = field(default_factory=list)
    backwards: int = 0
    change: float | None = None
    moved: float = 0.0
    stale: bool = False
    twice: bool = False


@dataclass
class Row:
    """What an epoch, or the time between two evaluations, came to.

    ``when`` is an epoch, or where nobody counts those, the number of updates.
    """

    when: float
    loss: float | None = None
    accuracy: float | None = None
    validation_loss: float | None = None
    validation_accuracy: float | None = None
    unit: str = 'epoch'


def sample(array: Array) -> Any:
    """Returns a copy of at most about `SAMPLE` elements, as float64 on the CPU."""
    flat = array.reshape(-1)
    # An odd stride: an even one would look at few columns of a wide matrix.
    flat = flat[:: max(1, flat.size // SAMPLE) | 1]
    return to_cpu(flat).astype(numpy.float64)


def rms(values: Any) -> float:
    """Returns the root mean square."""
    return float(numpy.sqrt(numpy.dot(values, values) / max(values.size, 1)))


def describe_inputs(x: Array) -> Inputs:
    """Returns what a batch of inputs looks like."""
    part = x[:EXAMPLES]
    if part.size > ELEMENTS:
        part = part.reshape(len(part), -1)[:, :: part.size // ELEMENTS | 1]
    part = to_cpu(part).astype(numpy.float64)
    spread = 1.0
    if x.ndim == 2 and len(x) >= 8:
        deviations = part.std(axis=0)
        deviations = deviations[deviations > 0]
        if deviations.size > 1:
            spread = float(deviations.max() / deviations.min())
    return Inputs(
        x.shape, float(part.mean()), float(part.std()), float(part.min()),
        float(part.max()), spread, _is_interleaved(x),
    )  # fmt: skip


def _is_interleaved(x: Array) -> bool:
    """Tells whether pixels resemble the third next more than the next one.

    So it is where ``(N, H, W, 3)`` was reshaped to ``(N, 3, H, W)``, not transposed.
    """
    if x.ndim != 4 or x.shape[1] != 3 or x.shape[3] < 8:
        return False
    rows = to_cpu(x[:8, :, : x.shape[2] : max(1, x.shape[2] // 8)]).astype(
        numpy.float32
    )
    near = numpy.abs(rows[..., 1:] - rows[..., :-1]).mean()
    third = numpy.abs(rows[..., 3:] - rows[..., :-3]).mean()
    return bool(third < 0.7 * near)


def features(x: Array, count: int = 256) -> Any:
    """Returns some features of each example, to tell examples apart and near."""
    flat = x.reshape(len(x), -1)
    return to_cpu(flat[:, :: max(1, flat.shape[1] // count) | 1]).astype(numpy.float32)
