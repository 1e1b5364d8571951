"""What the networks for images share: layers by name, images in, weights from a file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

import numpy

from minigrad.configuration import get_dtype, no_backprop_mode, using_config
from minigrad.functions.array.reshape import reshape
from minigrad.functions.math.average import average
from minigrad.link import Chain
from minigrad.serializers.npz import load_npz
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
        self._refuse(kwargs)
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
        self._refuse(kwargs)
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
    def _refuse(kwargs: dict[str, Any]) -> None:
        if kwargs:
            argument.check_unexpected_kwargs(kwargs, **_REFUSED)
            argument.assert_kwargs_empty(kwargs)

    def _load(self, pretrained_model: str, file_name: str) -> None:
        """Loads a file; 'auto' is a file of the dataset folder."""
        if pretrained_model != 'auto':
            load_npz(pretrained_model, self)
            return
        from minigrad.dataset.download import DatasetError, get_dataset_directory

        folder = get_dataset_directory('pfnet/chainer/models', create_directory=False)
        path = os.path.join(folder, file_name)
        if not os.path.exists(path):
            raise DatasetError(
                f'{type(self).__name__}: there is no {path}, and minigrad does not read '
                'files of Caffe. Convert one by convert_caffemodel_to_npz of Chainer '
                'and put it there, give its path as pretrained_model, or give None for '
                'random weights'
            )
        load_npz(path, self)


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
