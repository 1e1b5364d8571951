"""What the doctor found: its name, the evidence, where, and what to do."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

# name: the sentence that a report begins with
TITLES = {
    'layout': 'the images look channels last, but the network is channels first',
    'unscaled inputs': 'the inputs are not scaled',
    'unstandardised inputs': 'the inputs are not standardised',
    'labels out of range': 'a label is out of range',
    'constant labels': 'all labels are the same',
    'unshuffled data': 'each batch holds one class only: the data are not shuffled',
    'shuffled labels': 'the labels do not seem to belong to the inputs',
    'loss at ln C': 'the loss stays at that of guessing',
    'loss is not finite': 'the loss is not finite',
    'rate too high': 'the learning rate is too high',
    'rate too low': 'the learning rate is too low',
    'exploding gradients': 'the gradients explode',
    'vanishing gradients': 'the gradients vanish on their way to the first layers',
    'dead ReLUs': 'many ReLUs never let anything through',
    'parameters without gradient': 'parameters never get a gradient',
    'parameters outside the optimizer': 'parameters are not known to the optimizer',
    'optimizer not used': 'the optimizer was built, but it updates nothing',
    'gradients not cleared': 'the gradients of earlier steps were not cleared',
    'update without backward': 'the optimizer updates, but nothing computes gradients',
    'backward twice': 'backward runs twice over the same loss in one step',
    'tiny batches': 'batch normalization sees very few examples',
    'train mode in evaluation': 'the model is evaluated in training mode',
    'test mode in training': 'the model is trained in test mode',
    'softmax twice': 'the loss applies softmax to what is already a probability',
    'overfitting': 'the model learns the training set by heart',
    'validation overlaps training': 'the validation set holds training examples',
}


@dataclass(frozen=True)
class Finding:
    """Something wrong with a training.

    Args:
        name: One of the names in the documentation, such as ``'dead ReLUs'``.
        evidence: What was seen, with numbers.
        fix: What to do about it.
        link: Path of the link, such as ``'/predictor/conv1'``; empty if it is not one.
        iteration: Number of updates when it was seen; None if it is not known.

    Example:
        >>> print(minigrad.diagnosis.Finding(
        ...     'dead ReLUs', '60 of 64 units gave 0 for 300 examples',
        ...     'a smaller rate', '/conv2', 40))
        dead ReLUs in /conv2: many ReLUs never let anything through
          seen  60 of 64 units gave 0 for 300 examples (update 40)
          fix   a smaller rate
    """

    name: str
    evidence: str
    fix: str
    link: str = ''
    iteration: int | None = None

    def __str__(self) -> str:
        where = f' in {self.link}' if self.link else ''
        when = '' if self.iteration is None else f' (update {self.iteration})'
        return (
            f'{self.name}{where}: {TITLES[self.name]}\n'
            f'  seen  {self.evidence}{when}\n'
            f'  fix   {self.fix}'
        )

    def to_dict(self) -> dict[str, Any]:
        """Returns the fields, as they are written to ``doctor.json``."""
        return asdict(self)
