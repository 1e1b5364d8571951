"""Datasets: well-known ones, and ways to join, split and transform any."""

from minigrad.datasets.cifar import get_cifar10, get_cifar100
from minigrad.datasets.concatenated_dataset import ConcatenatedDataset
from minigrad.datasets.dict_dataset import DictDataset
from minigrad.datasets.digits import get_digits
from minigrad.datasets.fashion_mnist import get_fashion_mnist, get_fashion_mnist_labels
from minigrad.datasets.image_dataset import ImageDataset, LabeledImageDataset
from minigrad.datasets.kuzushiji_mnist import (
    get_kuzushiji_mnist,
    get_kuzushiji_mnist_labels,
)
from minigrad.datasets.mnist import get_mnist
from minigrad.datasets.pickle_dataset import (
    PickleDataset,
    PickleDatasetWriter,
    open_pickle_dataset,
    open_pickle_dataset_writer,
)
from minigrad.datasets.ptb import get_ptb_words, get_ptb_words_vocabulary
from minigrad.datasets.shapes import make_shapes
from minigrad.datasets.sub_dataset import (
    SubDataset,
    get_cross_validation_datasets,
    get_cross_validation_datasets_random,
    split_dataset,
    split_dataset_n,
    split_dataset_n_random,
    split_dataset_random,
)
from minigrad.datasets.svhn import get_svhn
from minigrad.datasets.text_dataset import TextDataset
from minigrad.datasets.transform_dataset import TransformDataset
from minigrad.datasets.tuple_dataset import TupleDataset
from minigrad.datasets.zipped_image_dataset import (
    LabeledZippedImageDataset,
    MultiZippedImageDataset,
    ZippedImageDataset,
)

__all__ = [
    'ConcatenatedDataset',
    'DictDataset',
    'ImageDataset',
    'LabeledImageDataset',
    'LabeledZippedImageDataset',
    'MultiZippedImageDataset',
    'PickleDataset',
    'PickleDatasetWriter',
    'SubDataset',
    'TextDataset',
    'TransformDataset',
    'TupleDataset',
    'ZippedImageDataset',
    'get_cifar10',
    'get_cifar100',
    'get_cross_validation_datasets',
    'get_cross_validation_datasets_random',
    'get_digits',
    'get_fashion_mnist',
    'get_fashion_mnist_labels',
    'get_kuzushiji_mnist',
    'get_kuzushiji_mnist_labels',
    'get_mnist',
    'get_ptb_words',
    'get_ptb_words_vocabulary',
    'get_svhn',
    'make_shapes',
    'open_pickle_dataset',
    'open_pickle_dataset_writer',
    'split_dataset',
    'split_dataset_n',
    'split_dataset_n_random',
    'split_dataset_random',
]
