"""ResNet: blocks that add what they compute to what they got."""

from __future__ import annotations

import os
from typing import Any

from minigrad.chain import Chain
from minigrad.functions.activation.relu import relu
from minigrad.functions.activation.softmax import softmax
from minigrad.functions.array.reshape import reshape
from minigrad.functions.pooling.average_pooling_2d import average_pooling_2d
from minigrad.functions.pooling.max_pooling_2d import max_pooling_2d
from minigrad.initializers.constant import Zero
from minigrad.initializers.normal import HeNormal
from minigrad.links.connection.convolution_2d import Convolution2D
from minigrad.links.connection.linear import Linear
from minigrad.links.model.vision.foreign_weights import batch_normalization_names
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
        self._names_ = ['a', *[f'b{i}' for i in range(1, n_layers)]]
        with self.init_scope():
            self.a = BottleneckA(
                in_channels, mid_channels, out_channels, stride, initialW, downsample_fb
            )
            for name in self._names_[1:]:
                setattr(self, name, BottleneckB(out_channels, mid_channels, initialW))

    def forward(self, x: Any) -> Any:
        """Applies the blocks in turn."""
        for name in self._names_:
            x = self[name](x)
        return x


class ResNetLayers(NamedLayers):
    """ResNet with 50, 101 or 152 layers.

    Args:
        pretrained_model: Path of a file of weights: an ``.npz`` of Chainer, a
            ``.caffemodel``, or torchvision's ``resnet50`` as ``.pth`` or
            ``.safetensors``. 'auto' is ``pfnet/chainer/models/ResNet-50-model.npz`` (or
            101, 152) in the dataset folder, or ``.caffemodel``, which is converted
            once; nothing is downloaded. None draws random weights.
        n_layers: 50, 101 or 152.
        downsample_fb: Stride on the 3x3 convolutions instead of the 1x1 ones, as
            torchvision's weights want it.

    Attributes:
        pool1_pad: Padding of the first pooling. 0 as in Caffe; loading torchvision's
            weights sets it to 1. A file of weights does not hold it.

    Raises:
        DatasetError: The file that 'auto' stands for is missing.
        SnapshotMismatch: The file holds another network.
        ValueError: Another number of layers, or torchvision's weights without
            ``downsample_fb``.

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
        self._n_layers_ = n_layers
        self._downsample_fb_ = downsample_fb
        self.pool1_pad = 0
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
            self._load_(pretrained_model, f'ResNet-{n_layers}-model.npz')

    @property
    def functions(self) -> Layers:
        """The layers by name, in the order in which they run."""
        return {
            'conv1': [self.conv1, self.bn1, relu],
            'pool1': [self._pool_],
            'res2': [self.res2],
            'res3': [self.res3],
            'res4': [self.res4],
            'res5': [self.res5],
            'pool5': [_average],
            'fc6': [self.fc6],
            'prob': [softmax],
        }

    def _pool_(self, x: Any) -> Any:
        # With padding nothing is left over at the end, so covering all adds no window.
        pad = self.pool1_pad
        return max_pooling_2d(x, 3, stride=2, pad=pad, cover_all=pad == 0)

    @property
    def caffe_names(self) -> dict[str, str]:
        """The names in the Caffe network."""
        names = {'conv1/W': 'conv1/W', 'fc6/W': 'fc1000/W', 'fc6/b': 'fc1000/b'}
        if self._n_layers_ == 50:
            names['conv1/b'] = 'conv1/b'
        names.update(_caffe_normalization('bn1', '_conv1'))
        for block, place in self._blocks_():
            stage, number = place
            letter = 'abcdef'[number] if self._n_layers_ == 50 else f'b{number}'
            if self._n_layers_ != 50 and (number == 0 or stage in (2, 5)):
                letter = 'abc'[number]
            for i, branch in enumerate(('2a', '2b', '2c', '1'), start=1):
                if i == 4 and number > 0:
                    break
                theirs = f'{stage}{letter}_branch{branch}'
                names[f'{block}/conv{i}/W'] = f'res{theirs}/W'
                names.update(_caffe_normalization(f'{block}/bn{i}', theirs))
        return names

    @property
    def torchvision_names(self) -> dict[str, str]:
        """The names in torchvision's ``resnet50`` and its kin."""
        names = {'conv1/W': 'conv1.weight'}
        names.update(batch_normalization_names('bn1', 'bn1'))
        for block, (stage, number) in self._blocks_():
            theirs = f'layer{stage - 1}.{number}'
            for i in range(1, 4):
                names[f'{block}/conv{i}/W'] = f'{theirs}.conv{i}.weight'
                names.update(
                    batch_normalization_names(f'{block}/bn{i}', f'{theirs}.bn{i}')
                )
            if number == 0:
                theirs += '.downsample'
                names[f'{block}/conv4/W'] = f'{theirs}.0.weight'
                names.update(batch_normalization_names(f'{block}/bn4', f'{theirs}.1'))
        names['fc6/W'], names['fc6/b'] = 'fc.weight', 'fc.bias'
        return names

    def _blocks_(self) -> list[tuple[str, tuple[int, int]]]:
        """Returns the path, stage and number of each block."""
        return [
            (f'res{stage}/b{number}' if number else f'res{stage}/a', (stage, number))
            for stage, depth in enumerate(_DEPTHS[self._n_layers_], start=2)
            for number in range(depth)
        ]

    def _load_torchvision_(self, path: str | os.PathLike[str]) -> None:
        if not self._downsample_fb_:
            raise ValueError(
                f"{os.fspath(path)}: torchvision's networks have their strides on the "
                f'3x3 convolutions\n  hint: {type(self).__name__}(path, '
                'downsample_fb=True)'
            )
        super()._load_torchvision_(path)
        self.pool1_pad = 1
        for link in self.links():
            if isinstance(link, BatchNormalization):
                link.eps = 1e-5

    @classmethod
    def convert_caffemodel_to_npz(
        cls,
        path_caffemodel: str | os.PathLike[str],
        path_npz: str | os.PathLike[str],
        n_layers: int = 50,
    ) -> None:
        """Turns a Caffe network into a file that this class and Chainer's can load.

        Args:
            path_caffemodel: The published file; nothing in it is executed.
            path_npz: Where the weights go.
            n_layers: 50, 101 or 152.

        Raises:
            DamagedFile: It is no file of Caffe.
            ImportError: The package protobuf is missing.
            SnapshotMismatch: It holds another network.
        """
        ResNetLayers(None, n_layers)._convert_(path_caffemodel, path_npz)


def _caffe_normalization(ours: str, theirs: str) -> dict[str, str]:
    """Returns the names of statistics, and of the scale that Caffe keeps apart."""
    return {
        f'{ours}/avg_mean': f'bn{theirs}/avg_mean',
        f'{ours}/avg_var': f'bn{theirs}/avg_var',
        f'{ours}/gamma': f'scale{theirs}/W',
        f'{ours}/beta': f'scale{theirs}/bias/b',
    }


def _average(x: Any) -> Any:
    return reshape(average_pooling_2d(x, x.shape[2:], stride=1), x.shape[:2])


class ResNet50Layers(ResNetLayers):
    """ResNet with 50 layers; see `ResNetLayers`.

    Args:
        pretrained_model: Path of a file of weights, 'auto', or None.
        downsample_fb: Stride on the 3x3 convolutions instead of the 1x1 ones.

    Source: compatible with chainer.links.ResNet50Layers.

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

    Source: compatible with chainer.links.ResNet101Layers.
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

    Source: compatible with chainer.links.ResNet152Layers.
    """

    def __init__(
        self, pretrained_model: str | None = 'auto', downsample_fb: bool = False
    ) -> None:
        super().__init__(pretrained_model, 152, downsample_fb)
