"""What a curve would show to someone who looks at it."""

from __future__ import annotations

import math
from typing import Any

from minigrad.training.extensions import LogReport


class Advice(LogReport):
    """Says so when a training does not learn, or learns by heart.

    It looks at the means of each epoch, and says each thing once.

    Args:
        n_classes: Number of classes; who guesses has the loss ``ln(n_classes)``.
    """

    default_name = 'advice'
    priority = 50  # after the table

    def __init__(self, n_classes: int) -> None:
        super().__init__(postprocess=self._look, log_name=None)
        self._guessing = math.log(n_classes)
        self._said_: set[str] = set()

    def _look(self, row: dict[str, Any]) -> None:
        if row['main/loss'] > 0.98 * self._guessing:
            self._say(
                f'the loss is that of guessing (ln {math.exp(self._guessing):.0f} = '
                f'{self._guessing:.3f}): give it time, or try another --lr or --optimizer'
            )
        gap = row['main/accuracy'] - row.get('validation/main/accuracy', math.inf)
        if gap > 0.1:
            self._say(
                f'what is learnt by heart does not help with new images (accuracy '
                f'{row["main/accuracy"]:.3f} in training, {gap:.3f} less in the test): '
                'try --augment, more images, or a smaller model'
            )

    def _say(self, text: str) -> None:
        kind = text[:20]
        if kind not in self._said_:
            self._said_.add(kind)
            print(f'hint: {text}')
