"""GoogLeNet: blocks of branches of different widths."""

from __future__ import annotations

from typing import Any

from minigrad.functions.activation.relu import relu
from minigrad.functions.activation.softmax import softmax
from minigrad.functions.noise.dropout import dropout
from minigrad.functions.normalization.local_response_normalization import (
    local_response_normalization,
)
from minigrad.functions.pooling.average_pooling_2d import average_pooling_2d
from minigrad.functions.pooling.max_pooling_2d import max_pooling_2d
from minigrad.initializers.constant import Zero
from minigrad.initializers.uniform import LeCunUniform
from minigrad.links.connection.convolution_2d import Convolution2D
from minigrad.links.connection.inception import Inception
from minigrad.links.connection.linear import Linear
from minigrad.links.model.vision.named_layers import (
    Layers,
    NamedLayers,
    prepare_image,
)
from minigrad.types import Array

_MEAN = (104.0, 117.0, 123.0)
_BRANCHES = {
    'conv1': '1x1',
    'proj3': '3x3_reduce',
    'conv3': '3x3',
    'proj5': '5x5_reduce',
    'conv5': '5x5',
    'projp': 'pool_proj',
}


def prepare(image: Any, size: tuple[int, int] | None = (224, 224)) -> Array:
    """Returns an image as GoogLeNet expects it; see `prepare_image`.

    Args:
        image: An image of Pillow or an RGB array.
        size: Width and height to resize it to; None leaves it.

    Returns:
        Array of shape ``(3, H, W)``, blue first, the mean subtracted.
    """
    return prepare_image(image, size, _MEAN)


class GoogLeNet(NamedLayers):
    """GoogLeNet, with its two side classifiers.

    Args:
        pretrained_model: Path of a file of weights: an ``.npz`` of Chainer or a
            ``.caffemodel``. 'auto' is ``pfnet/chainer/models/bvlc_googlenet.npz`` in
            the dataset folder, or ``.caffemodel``, which is converted once; nothing is
            downloaded. None draws random weights.

    Raises:
        DatasetError: The file that 'auto' stands for is missing.
        SnapshotMismatch: The file holds another network.

    Source: Szegedy et al. 2015; compatible with chainer.links.GoogLeNet.

    Example:
        >>> model = L.GoogLeNet(pretrained_model=None)
        >>> layers = ['inception_3a', 'pool3']
        >>> ys = model(np.zeros((1, 3, 32, 32), 'f'), layers=layers)
        >>> [ys[name].shape for name in layers]
        [(1, 256, 4, 4), (1, 480, 2, 2)]
    """

    mean = _MEAN
    extracted = 'pool5'
    branches = {'inception_4a': 'loss1_fc2', 'inception_4d': 'loss2_fc2'}

    def __init__(self, pretrained_model: str | None = 'auto') -> None:
        super().__init__()
        # Weights that are loaded next need not be drawn.
        W = Zero() if pretrained_model else LeCunUniform()
        with self.init_scope():
            self.conv1 = Convolution2D(3, 64, 7, 2, 3, initialW=W)
            self.conv2_reduce = Convolution2D(64, 64, 1, initialW=W)
            self.conv2 = Convolution2D(64, 192, 3, 1, 1, initialW=W)
            self.inc3a = Inception(192, 64, 96, 128, 16, 32, 32)
            self.inc3b = Inception(256, 128, 128, 192, 32, 96, 64)
            self.inc4a = Inception(480, 192, 96, 208, 16, 48, 64)
            self.inc4b = Inception(512, 160, 112, 224, 24, 64, 64)
            self.inc4c = Inception(512, 128, 128, 256, 24, 64, 64)
            self.inc4d = Inception(512, 112, 144, 288, 32, 64, 64)
            self.inc4e = Inception(528, 256, 160, 320, 32, 128, 128)
            self.inc5a = Inception(832, 256, 160, 320, 32, 128, 128)
            self.inc5b = Inception(832, 384, 192, 384, 48, 128, 128)
            self.loss3_fc = Linear(1024, 1000, initialW=W)
            self.loss1_conv = Convolution2D(512, 128, 1, initialW=W)
            self.loss1_fc1 = Linear(2048, 1024, initialW=W)
            self.loss1_fc2 = Linear(1024, 1000, initialW=W)
            self.loss2_conv = Convolution2D(528, 128, 1, initialW=W)
            self.loss2_fc1 = Linear(2048, 1024, initialW=W)
            self.loss2_fc2 = Linear(1024, 1000, initialW=W)
        if pretrained_model:
            self._load_(pretrained_model, 'bvlc_googlenet.npz')

    @property
    def functions(self) -> Layers:
        """The layers by name, in the order in which they run; the side ones last."""
        layers: Layers = {
            'conv1': [self.conv1, relu],
            'pool1': [_pool, _normalize],
            'conv2_reduce': [self.conv2_reduce, relu],
            'conv2': [self.conv2, relu, _normalize],
            'pool2': [_pool],
        }
        for stage, blocks in (('3', 'ab'), ('4', 'abcde'), ('5', 'ab')):
            for block in blocks:
                layers[f'inception_{stage}{block}'] = [self[f'inc{stage}{block}']]
            layers[f'pool{stage}'] = [_pool]
        layers['pool5'] = [lambda x: average_pooling_2d(x, 7, stride=1)]
        layers['loss3_fc'] = [lambda x: dropout(x, ratio=0.4), self.loss3_fc]
        layers['prob'] = [softmax]
        for k in ('loss1', 'loss2'):
            layers[f'{k}_fc2'] = [
                lambda x: average_pooling_2d(x, 5, stride=3),
                *[self[f'{k}_conv'], relu, self[f'{k}_fc1'], relu, self[f'{k}_fc2']],
            ]
        return layers

    @property
    def caffe_names(self) -> dict[str, str]:
        """The names in the Caffe network."""
        names = {
            'conv1': 'conv1/7x7_s2',
            'conv2_reduce': 'conv2/3x3_reduce',
            'conv2': 'conv2/3x3',
            'loss3_fc': 'loss3/classifier',
        }
        for k in ('loss1', 'loss2'):
            names[f'{k}_conv'] = f'{k}/conv'
            names[f'{k}_fc1'] = f'{k}/fc'
            names[f'{k}_fc2'] = f'{k}/classifier'
        for block in ('3a', '3b', '4a', '4b', '4c', '4d', '4e', '5a', '5b'):
            for ours, theirs in _BRANCHES.items():
                names[f'inc{block}/{ours}'] = f'inception_{block}/{theirs}'
        return {
            f'{ours}/{array}': f'{theirs}/{array}'
            for ours, theirs in names.items()
            for array in ('W', 'b')
        }


def _pool(x: Any) -> Any:
    return max_pooling_2d(x, 3, stride=2)


def _normalize(x: Any) -> Any:
    return local_response_normalization(x, n=5, k=1, alpha=1e-4 / 5)
