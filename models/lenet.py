"""LeNet-5 for 28x28 or 32x32 images.

Paper: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to
document recognition", Proceedings of the IEEE 86(11), 1998.

Deviations from the paper: max pooling instead of trainable subsampling, ReLU instead of
a scaled tanh, every feature map of the second convolution sees every map of the first,
and a softmax output instead of Gaussian units.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import minigrad as mg
import minigrad.functions as F
import minigrad.links as L


class LeNet(mg.Chain):
    """Two convolutions with pooling, then three dense layers.

    Args:
        n_out: Number of classes.
        in_channels: Channels of the images; None infers them from the first batch.

    Example:
        >>> from models.lenet import LeNet
        >>> LeNet()(np.zeros((2, 1, 28, 28), 'f')).shape
        (2, 10)
    """

    def __init__(self, n_out: int = 10, in_channels: int | None = None) -> None:
        super().__init__()
        with self.init_scope():
            self.conv1 = L.Convolution2D(in_channels, 6, ksize=5)
            self.conv2 = L.Convolution2D(6, 16, ksize=5)
            self.fc3 = L.Linear(None, 120)
            self.fc4 = L.Linear(120, 84)
            self.fc5 = L.Linear(84, n_out)

    def forward(self, x: Any) -> Any:
        """Returns the scores of the classes.

        Args:
            x: Images, float, shape ``(N, C, H, W)``.

        Returns:
            Variable, shape ``(N, n_out)``.
        """
        h = F.max_pooling_2d(F.relu(self.conv1(x)), ksize=2)
        h = F.max_pooling_2d(F.relu(self.conv2(h)), ksize=2)
        h = F.relu(self.fc3(h))
        h = F.relu(self.fc4(h))
        return self.fc5(h)


TRAINED = Path(__file__).with_name('trained') / 'lenet.npz'


def trained_lenet() -> LeNet:
    """Returns a LeNet that reads handwritten digits, 28x28, pixels 0 to 1.

    Its weights are those that ``python -m models.digits`` leaves: 40 epochs of 4,000
    digits, .974 right of the 1,000 others. The log of that training is beside them,
    ``trained/lenet.jsonl``.

    Example:
        >>> from models.lenet import trained_lenet
        >>> _, test = minigrad.datasets.get_digits(ndim=3)
        >>> scores = minigrad.predict(trained_lenet(), test[:5])
        >>> scores.argmax(axis=1), [int(t) for _, t in test[:5]]
        (array([0, 1, 2, 3, 4]), [0, 1, 2, 3, 4])
    """
    model = LeNet()
    mg.serializers.load_npz(TRAINED, model)
    return model
