"""A deep network of small convolutions for 28x28 images.

Source: the network of the course notes and of K. Saitoh, "Deep Learning from Scratch",
O'Reilly Japan, 2016, chapter 8, which follows K. Simonyan, A. Zisserman, "Very deep
convolutional networks for large-scale image recognition", ICLR 2015: 3x3 kernels in
pairs, with pooling after each pair.

Deviations from the source: padding is 1 everywhere (there, the fourth convolution pads
by 2 so that 4x4 maps are left for the dense layer; here the pooling covers the last row
and column too: 28, 14, 7, 4, with as many parameters); and nothing is dropped from the
scores, only from the layer before them.
"""

from __future__ import annotations

from typing import Any

import minigrad as mg
import minigrad.functions as F
import minigrad.links as L


class DeepConvNet(mg.Chain):
    """Six 3x3 convolutions, pooling after each pair, and two dense layers with dropout.

    Weights are drawn by He's rule.

    Args:
        n_out: Number of classes.
        in_channels: Channels of the images; None infers them from the first batch.

    Example:
        >>> from models.deepconvnet import DeepConvNet
        >>> DeepConvNet()(np.zeros((2, 1, 28, 28), 'f')).shape
        (2, 10)
    """

    def __init__(self, n_out: int = 10, in_channels: int | None = None) -> None:
        super().__init__()
        he = mg.initializers.HeNormal()
        with self.init_scope():
            self.conv1 = L.Convolution2D(in_channels, 16, ksize=3, pad=1, initialW=he)
            self.conv2 = L.Convolution2D(16, 16, ksize=3, pad=1, initialW=he)
            self.conv3 = L.Convolution2D(16, 32, ksize=3, pad=1, initialW=he)
            self.conv4 = L.Convolution2D(32, 32, ksize=3, pad=1, initialW=he)
            self.conv5 = L.Convolution2D(32, 64, ksize=3, pad=1, initialW=he)
            self.conv6 = L.Convolution2D(64, 64, ksize=3, pad=1, initialW=he)
            self.fc7 = L.Linear(None, 50, initialW=he)
            self.fc8 = L.Linear(50, n_out, initialW=he)

    def forward(self, x: Any) -> Any:
        """Returns the scores of the classes.

        Args:
            x: Images, float, shape ``(N, C, H, W)``.

        Returns:
            Variable, shape ``(N, n_out)``.
        """
        h = F.relu(self.conv2(F.relu(self.conv1(x))))
        h = F.max_pooling_2d(h, ksize=2)  # (N, 16, 14, 14)
        h = F.relu(self.conv4(F.relu(self.conv3(h))))
        h = F.max_pooling_2d(h, ksize=2)  # (N, 32, 7, 7)
        h = F.relu(self.conv6(F.relu(self.conv5(h))))
        h = F.max_pooling_2d(h, ksize=2)  # (N, 64, 4, 4)
        h = F.dropout(F.relu(self.fc7(h)))
        return self.fc8(h)
