"""The link that turns a predictor into a loss to minimize."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minigrad import reporter
from minigrad.chain import Chain
from minigrad.functions.evaluation.accuracy import accuracy
from minigrad.functions.loss.softmax_cross_entropy import softmax_cross_entropy
from minigrad.link import Link


class Classifier(Chain):
    """Computes loss and accuracy of a predictor, and reports both.

    Calling it with inputs and labels returns the loss; the predictor gets everything but
    the labels.

    Args:
        predictor: The link that makes scores from inputs.
        lossfun: Function of scores and labels.
        accfun: Function of scores and labels.
        label_key: Where the labels are among the arguments: a position, or a keyword.

    Attributes:
        y: The last scores.
        loss: The last loss.
        accuracy: The last accuracy.
        compute_accuracy: Set it to False to compute the loss only.

    Raises:
        TypeError: ``label_key`` is neither a number nor a string.
        ValueError: (when called) there are no labels at ``label_key``.
        TypeError: (when called) there are labels only.

    Source: compatible with chainer.links.Classifier.

    Example:
        >>> model = L.Classifier(L.Linear(3, 2))
        >>> loss = model(np.zeros((4, 3), 'f'), np.array([0, 1, 1, 0]))
        >>> round(float(loss.array), 4)
        0.6931
    """

    compute_accuracy = True

    def __init__(
        self,
        predictor: Link,
        lossfun: Callable[..., Any] = softmax_cross_entropy,
        accfun: Callable[..., Any] = accuracy,
        label_key: int | str = -1,
    ) -> None:
        if not isinstance(label_key, (int, str)):
            raise TypeError(
                f'label_key must be int or str, but is {type(label_key).__name__}'
            )
        super().__init__()
        if isinstance(predictor, type):
            name = predictor.__name__
            raise TypeError(
                f'Classifier: expected a link as predictor, got the class {name}\n'
                f'  hint: make one: Classifier({name}(...))'
            )
        self.lossfun = lossfun
        self.accfun = accfun
        self.y: Any = None
        self.loss: Any = None
        self.accuracy: Any = None
        self.label_key = label_key
        with self.init_scope():
            self.predictor = predictor

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Returns the loss of the predictor for inputs and labels."""
        key = self.label_key
        if isinstance(key, str):
            if key not in kwargs:
                raise ValueError(
                    f'Label key "{key}" is not found among the keyword arguments: '
                    f'{", ".join(kwargs) or "there are none"}'
                )
            t = kwargs.pop(key)
        else:
            if not -len(args) <= key < len(args):
                raise ValueError(
                    f'Label key {key} is out of bounds: there are {len(args)} '
                    'positional arguments'
                )
            inputs = list(args)
            t = inputs.pop(key)
            args = tuple(inputs)

        if not args and not kwargs:
            raise TypeError(
                'Classifier: got one array, the labels, and no inputs\n  hint: it is '
                'called as model(x, t); minigrad.datasets.TupleDataset(x, t) makes a '
                'dataset of both'
            )
        # Let go of the last graph before the next is built.
        self.y = self.loss = self.accuracy = None
        self.y = self.predictor(*args, **kwargs)
        self.loss = self.lossfun(self.y, t)
        reporter.report({'loss': self.loss}, self)
        if self.compute_accuracy:
            self.accuracy = self.accfun(self.y, t)
            reporter.report({'accuracy': self.accuracy}, self)
        return self.loss
