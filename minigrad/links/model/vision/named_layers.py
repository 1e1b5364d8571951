"""What the networks for images share: layers by name, images in, weights from a file."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

import numpy

from minigrad.chain import Chain
from minigrad.configuration import get_dtype, no_backprop_mode, using_config
from minigrad.functions.array.reshape import reshape
from minigrad.functions.math.average import average
from minigrad.links.model.vision import foreign_weights
from minigrad.serializers.npz import load_npz, save_npz
from minigrad.types import Array
from minigrad.utils import argument, imgproc
from minigrad.variable import Variable

Layers = dict[str, list[Callable[[Any], Any]]]

_REFUSED = {
    name: f'{name} argument is not supported anymore; use minigrad.using_config'
    for name in ('test', 'train', 'volatile')
}


class NamedLayers(Chain):
    """A chain of layers with names; subclasses list them in `functions`."""

    mean: ClassVar[tuple[float, float, float]]
    extracted: ClassVar[str]
    branches: ClassVar[dict[str, str]] = {}  # a layer -> one further on that takes it

    @property
    def functions(self) -> Layers:
        """The layers by name, in the order in which they run."""
        raise NotImplementedError(f'{type(self).__name__} must list its layers')

    @property
    def available_layers(self) -> list[str]:
        """The names that `forward` and `extract` take."""
        return list(self.functions)

    def forward(
        self, x: Any, layers: Iterable[str] | None = None, **kwargs: Any
    ) -> dict[str, Variable]:
        """Returns the outputs of layers.

        Args:
            x: Prepared images, shape ``(N, 3, H, W)``.
            layers: Names of the layers; ``['prob']`` by default. What comes after the
                last of them is not computed.
            kwargs: None; ``test`` and ``train`` are refused with an explanation.

        Returns:
            The output of each of these layers, by its name.
        """
        self._refuse_(kwargs)
        wanted = {'prob'} if layers is None else set(layers)
        outputs: dict[str, Variable] = {}
        inputs: dict[str, Any] = {}  # of the layers that begin elsewhere
        h = x
        for name, functions in self.functions.items():
            if not wanted:
                break
            h = inputs.get(name, h)
            for function in functions:
                h = function(h)
            if name in wanted:
                outputs[name] = h
                wanted.remove(name)
            if name in self.branches:
                inputs[self.branches[name]] = h
        return outputs

    def extract(
        self,
        images: Iterable[Any],
        layers: Iterable[str] | None = None,
        size: tuple[int, int] | None = (224, 224),
        **kwargs: Any,
    ) -> dict[str, Variable]:
        """Prepares images and returns the outputs of layers.

        Neither ``train`` nor ``enable_backprop`` is changed.

        Args:
            images: Images of Pillow or arrays, in RGB.
            layers: Names of the layers; by default the last before the classes.
            size: Width and height; with None all images must have one size.
            kwargs: None; ``test`` and ``volatile`` are refused with an explanation.

        Returns:
            The output of each of these layers, by its name.
        """
        self._refuse_(kwargs)
        x = numpy.stack([prepare_image(image, size, self.mean) for image in images])
        wanted = [self.extracted] if layers is None else layers
        return self(Variable(self.xp.asarray(x)), layers=wanted)  # type: ignore[no-any-return]

    def predict(self, images: Iterable[Any], oversample: bool = True) -> Variable:
        """Returns the probability of each class.

        Args:
            images: Images of Pillow or arrays, in RGB.
            oversample: Average over the corners, the centre and their mirrors;
                with False the centre alone is looked at.

        Returns:
            Probabilities, shape ``(N, classes)``.
        """
        x = numpy.stack(
            [prepare_image(image, (256, 256), self.mean) for image in images]
        )
        if oversample:
            x = imgproc.oversample(x, (224, 224))  # type: ignore[arg-type]
        else:
            x = x[:, :, 16:240, 16:240]
        with no_backprop_mode(), using_config('train', False):
            y = self(Variable(self.xp.asarray(x)), layers=['prob'])['prob']
            if oversample:
                y = average(reshape(y, (len(y) // 10, 10, *y.shape[1:])), axis=1)
        return y  # type: ignore[no-any-return]

    @staticmethod
    def _refuse_(kwargs: dict[str, Any]) -> None:
        argument.parse_kwargs(kwargs, **_REFUSED)

    @property
    def caffe_names(self) -> dict[str, str]:
        """The names in the Caffe network of each array: ``{'conv1/W': 'conv1/W'}``."""
        raise NotImplementedError(f'{type(self).__name__} is not read from Caffe')

    @property
    def torchvision_names(self) -> dict[str, str]:
        """The names in torchvision's state dict of each array."""
        raise NotImplementedError(
            f'{type(self).__name__} has another form than the one of torchvision; '
            'networks whose weights can be read are VGG16Layers, VGG19Layers, '
            'ResNet50Layers, ResNet101Layers and ResNet152Layers'
        )

    @classmethod
    def convert_caffemodel_to_npz(
        cls, path_caffemodel: str | os.PathLike[str], path_npz: str | os.PathLike[str]
    ) -> None:
        """Turns a Caffe network into a file that this class and Chainer's can load.

        Args:
            path_caffemodel: The published file; nothing in it is executed.
            path_npz: Where the weights go.

        Raises:
            DamagedFile: It is no file of Caffe.
            ImportError: The package protobuf is missing.
            SnapshotMismatch: It holds another network.
        """
        cls._convert_(cls(pretrained_model=None), path_caffemodel, path_npz)  # type: ignore[arg-type]

    def _convert_(self, path_caffemodel: Any, path_npz: Any) -> None:
        self._load_caffemodel_(path_caffemodel)
        save_npz(path_npz, self, compression=False)

    def _load_(self, pretrained_model: str | os.PathLike[str], file_name: str) -> None:
        """Loads a file of weights.

        Args:
            pretrained_model: Path of an ``.npz`` file, a ``.caffemodel``, or a state
                dict of torchvision; 'auto' is a file of the dataset folder.
            file_name: That file, with the ending ``.npz`` or else ``.caffemodel``.
        """
        path = os.fspath(pretrained_model)
        if path == 'auto':
            path = self._published_(file_name)
        if path.endswith('.caffemodel'):
            self._load_caffemodel_(path)
        elif path.endswith(('.pth', '.pt', '.safetensors')):
            self._load_torchvision_(path)
        else:
            load_npz(path, self)

    def _published_(self, file_name: str) -> str:
        from minigrad.dataset.download import DatasetError, get_dataset_directory

        folder = get_dataset_directory('pfnet/chainer/models', create_directory=False)
        path = os.path.join(folder, file_name)
        caffemodel = path.removesuffix('.npz') + '.caffemodel'
        if not os.path.exists(path):
            if not os.path.exists(caffemodel):
                raise DatasetError(
                    f'{type(self).__name__}: there is no {path}\n'
                    f'  hint: put the file that Caffe published there, '
                    f'{os.path.basename(caffemodel)} (it is converted once), give the '
                    'path of a file as pretrained_model (.npz of Chainer, .caffemodel, '
                    "or torchvision's .pth), or give None for random weights"
                )
            sys.stderr.write(f'Converting {caffemodel} once; this takes a minute\n')
            self._convert_(caffemodel, path)
        return path

    def _load_caffemodel_(self, path: str | os.PathLike[str]) -> None:
        arrays = foreign_weights.read_caffemodel(path)
        foreign_weights.load(self, arrays, self.caffe_names, path, ('/N',))

    def _load_torchvision_(self, path: str | os.PathLike[str]) -> None:
        names = self.torchvision_names
        arrays = foreign_weights.read_state_dict(path)
        first = next(iter(names)).removesuffix('/W')
        W, b = names[f'{first}/W'], names.get(f'{first}/b', 'bias of the first layer')
        fits = W in arrays and arrays[W].shape == self[first].W.shape
        if fits and (b not in arrays or arrays[b].shape == self[first].b.shape):
            names[f'{first}/b'] = b
            arrays[W], arrays[b] = foreign_weights.for_prepared_images(
                arrays[W], arrays.get(b), self.mean
            )
        ignored = ('.num_batches_tracked',)
        foreign_weights.load(self, arrays, names, path, ignored)


def prepare_image(
    image: Any, size: tuple[int, int] | None, mean: Sequence[float]
) -> Array:
    """Returns an image as the network expects it.

    Args:
        image: An image of Pillow, or an RGB array of shape ``(H, W)``, ``(H, W, C)`` or
            ``(C, H, W)`` with values from 0 to 255.
        size: Width and height to resize it to; None leaves it.
        mean: What to subtract from blue, green and red.

    Returns:
        Array of shape ``(3, H, W)``: blue, green and red, in the configured dtype.

    Raises:
        ImportError: Pillow is not there.
    """
    from PIL import Image

    if isinstance(image, numpy.ndarray):
        if image.ndim == 3 and image.shape[0] == 1:
            image = image[0]
        elif image.ndim == 3 and image.shape[0] == 3:
            image = image.transpose(1, 2, 0)
        image = Image.fromarray(image.astype(numpy.uint8))
    image = image.convert('RGB')
    if size:
        image = image.resize(size)
    dtype = get_dtype()
    bgr = numpy.array(image, dtype=dtype)[:, :, ::-1]  # (H, W, 3)
    bgr -= numpy.array(mean, dtype=dtype)
    return bgr.transpose(2, 0, 1)
