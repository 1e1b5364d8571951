"""ResNet: blocks that add what they compute to what they got."""

from __future__ import annotations

from typing import Any

from minigrad.functions.activation.relu import relu
from minigrad.functions.activation.softmax import softmax
from minigrad.functions.array.reshape import reshape
from minigrad.functions.pooling.average_pooling_2d import average_pooling_2d
from minigrad.functions.pooling.max_pooling_2d import max_pooling_2d
from minigrad.initializers.constant import Zero
from minigrad.initializers.normal import HeNormal
from minigrad.link import Chain
from minigrad.links.connection.convolution_2d import Convolution2D
from minigrad.links.connection.linear import Linear
from minigrad.links.model.vision.named_layers import (
    Layers,
    NamedLayers,
    prepare_image,
)
from minigrad.links.normalization.batch_normalization import BatchNormalization
from minigrad.types import Array
from minigrad.variable import Variable

_MEAN = (103.063, 115.903, 123.152)
_DEPTHS = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}


def prepare(image: Any, size: tuple[int, int] | None = (224, 224)) -> Array:
    """Returns an image as ResNet expects it; see `prepare_image`.

    Args:
        image: An image of Pillow or an RGB array.
        size: Width and height to resize it to; None leaves it.

    Returns:
        Array of shape ``(3, H, W)``, blue first, the mean subtracted.
    """
    return prepare_image(image, size, _MEAN)


class BottleneckA(Chain):
    """The first block of a stage: it changes the channels and the resolution.

    Args:
        in_channels: Channels of the input.
        mid_channels: Channels between the convolutions.
        out_channels: Channels of the output.
        stride: Of the stage.
        initialW: Initializer of the convolutions.
        downsample_fb: Stride on the 3x3 convolution instead of the first 1x1 one.
    """

    def __init__(
        self,
        in_channels: int,
        mid_channels: int,
        out_channels: int,
        stride: Any = 2,
        initialW: Any = None,
        downsample_fb: bool | None = False,
    ) -> None:
        super().__init__()
        s1, s3 = (1, stride) if downsample_fb else (stride, 1)
        inits = {'initialW': initialW, 'nobias': True}
        with self.init_scope():
            self.conv1 = Convolution2D(in_channels, mid_channels, 1, s1, 0, **inits)
            self.bn1 = BatchNormalization(mid_channels)
            self.conv2 = Convolution2D(mid_channels, mid_channels, 3, s3, 1, **inits)
            self.bn2 = BatchNormalization(mid_channels)
            self.conv3 = Convolution2D(mid_channels, out_channels, 1, 1, 0, **inits)
            self.bn3 = BatchNormalization(out_channels)
            self.conv4 = Convolution2D(in_channels, out_channels, 1, stride, 0, **inits)
            self.bn4 = BatchNormalization(out_channels)

    def forward(self, x: Any) -> Variable:
        """Applies the block to feature maps of shape ``(N, in_channels, H, W)``."""
        h = relu(self.bn1(self.conv1(x)))
        h = relu(self.bn2(self.conv2(h)))
        return relu(self.bn3(self.conv3(h)) + self.bn4(self.conv4(x)))


class BottleneckB(Chain):
    """A later block of a stage: it adds to its input.

    Args:
        in_channels: Channels of the input and of the output.
        mid_channels: Channels between the convolutions.
        initialW: Initializer of the convolutions.
    """

    def __init__(
        self, in_channels: int, mid_channels: int, initialW: Any = None
    ) -> None:
        super().__init__()
        inits = {'initialW': initialW, 'nobias': True}
        with self.init_scope():
            self.conv1 = Convolution2D(in_channels, mid_channels, 1, 1, 0, **inits)
            self.bn1 = BatchNormalization(mid_channels)
            self.conv2 = Convolution2D(mid_channels, mid_channels, 3, 1, 1, **inits)
            self.bn2 = BatchNormalization(mid_channels)
            self.conv3 = Convolution2D(mid_channels, in_channels, 1, 1, 0, **inits)
            self.bn3 = BatchNormalization(in_channels)

    def forward(self, x: Any) -> Variable:
        """Applies the block to feature maps of shape ``(N, in_channels, H, W)``."""
        h = relu(self.bn1(self.conv1(x)))
        h = relu(self.bn2(self.conv2(h)))
        return relu(self.bn3(self.conv3(h)) + x)


class BuildingBlock(Chain):
    """A stage: the block ``a``, then ``b1``, ``b2``...

    Args:
        n_layers: Number of blocks.
        in_channels: Channels of the input.
        mid_channels: Channels between the convolutions of a block.
        out_channels: Channels of the output.
        stride: Of the first block.
        initialW: Initializer of the convolutions.
        downsample_fb: See `BottleneckA`.
    """

    def __init__(
        self,
        n_layers: int,
        in_channels: int,
        mid_channels: int,
        out_channels: int,
        stride: Any,
        initialW: Any = None,
        downsample_fb: bool | None = None,
    ) -> None:
        super().__init__()
        self._names = ['a', *[f'b{i}' for i in range(1, n_layers)]]
        with self.init_scope():
            self.a = BottleneckA(
                in_channels, mid_channels, out_channels, stride, initialW, downsample_fb
            )
            for name in self._names[1:]:
                setattr(self, name, BottleneckB(out_channels, mid_channels, initialW))

    def forward(self, x: Any) -> Any:
        """Applies the blocks in turn."""
        for name in self._names:
            x = self[name](x)
        return x


class ResNetLayers(NamedLayers):
    """ResNet with 50, 101 or 152 layers.

    Args:
        pretrained_model: Path of a file of weights. 'auto' is
            ``pfnet/chainer/models/ResNet-50-model.npz`` (or 101, 152) in the dataset
            folder, which must be there: nothing is converted from Caffe. None draws
            random weights.
        n_layers: 50, 101 or 152.
        downsample_fb: Stride on the 3x3 convolutions instead of the 1x1 ones.

    Raises:
        DatasetError: The file that 'auto' stands for is missing.
        ValueError: Another number of layers.

    Source: He et al. 2015; compatible with ResNetLayers of
        chainer.links.model.vision.resnet.
    """

    mean = _MEAN
    extracted = 'pool5'

    def __init__(
        self,
        pretrained_model: str | None,
        n_layers: int,
        downsample_fb: bool = False,
    ) -> None:
        super().__init__()
        if n_layers not in _DEPTHS:
            raise ValueError(
                f'{type(self).__name__}: n_layers is 50, 101 or 152: {n_layers}'
            )
        # Weights that are loaded next need not be drawn.
        W = Zero() if pretrained_model else HeNormal()
        depths = _DEPTHS[n_layers]
        rest: dict[str, Any] = {'initialW': W, 'downsample_fb': downsample_fb}
        with self.init_scope():
            self.conv1 = Convolution2D(3, 64, 7, 2, 3, initialW=W)
            self.bn1 = BatchNormalization(64)
            self.res2 = BuildingBlock(depths[0], 64, 64, 256, 1, **rest)
            self.res3 = BuildingBlock(depths[1], 256, 128, 512, 2, **rest)
            self.res4 = BuildingBlock(depths[2], 512, 256, 1024, 2, **rest)
            self.res5 = BuildingBlock(depths[3], 1024, 512, 2048, 2, **rest)
            self.fc6 = Linear(2048, 1000)
        if pretrained_model:
            self._load(pretrained_model, f'ResNet-{n_layers}-model.npz')

    @property
    def functions(self) -> Layers:
        """The layers by name, in the order in which they run."""
        return {
            'conv1': [self.conv1, self.bn1, relu],
            'pool1': [_pool],
            'res2': [self.res2],
            'res3': [self.res3],
            'res4': [self.res4],
            'res5': [self.res5],
            'pool5': [_average],
            'fc6': [self.fc6],
            'prob': [softmax],
        }


def _pool(x: Any) -> Any:
    return max_pooling_2d(x, 3, stride=2)


def _average(x: Any) -> Any:
    return reshape(average_pooling_2d(x, x.shape[2:], stride=1), x.shape[:2])


class ResNet50Layers(ResNetLayers):
    """ResNet with 50 layers; see `ResNetLayers`.

    Args:
        pretrained_model: Path of a file of weights, 'auto', or None.
        downsample_fb: Stride on the 3x3 convolutions instead of the 1x1 ones.

    Source: compatible with chainer.links.ResNet50Layers; nothing is converted.

    Example:
        >>> model = L.ResNet50Layers(pretrained_model=None)
        >>> with minigrad.using_config('train', False):
        ...     y = model(np.zeros((1, 3, 32, 32), 'f'), layers=['pool5'])
        >>> y['pool5'].shape
        (1, 2048)
    """

    def __init__(
        self, pretrained_model: str | None = 'auto', downsample_fb: bool = False
    ) -> None:
        super().__init__(pretrained_model, 50, downsample_fb)


class ResNet101Layers(ResNetLayers):
    """ResNet with 101 layers; see `ResNetLayers`.

    Args:
        pretrained_model: Path of a file of weights, 'auto', or None.
        downsample_fb: Stride on the 3x3 convolutions instead of the 1x1 ones.

    Source: compatible with chainer.links.ResNet101Layers; nothing is converted.
    """

    def __init__(
        self, pretrained_model: str | None = 'auto', downsample_fb: bool = False
    ) -> None:
        super().__init__(pretrained_model, 101, downsample_fb)


class ResNet152Layers(ResNetLayers):
    """ResNet with 152 layers; see `ResNetLayers`.

    Args:
        pretrained_model: Path of a file of weights, 'auto', or None.
        downsample_fb: Stride on the 3x3 convolutions instead of the 1x1 ones.

    Source: compatible with chainer.links.ResNet152Layers; nothing is converted.
    """

    def __init__(
        self, pretrained_model: str | None = 'auto', downsample_fb: bool = False
    ) -> None:
        super().__init__(pretrained_model, 152, downsample_fb)
