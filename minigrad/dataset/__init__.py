"""The protocol of datasets, iterators and converters, and where data files lie."""

from minigrad.dataset import tabular as tabular
from minigrad.dataset.async_transfer import ConcatWithAsyncTransfer
from minigrad.dataset.convert import (
    Converter,
    concat_examples,
    converter,
    to_device,
)
from minigrad.dataset.dataset_mixin import DatasetMixin
from minigrad.dataset.download import (
    DatasetError,
    UnreadableFile,
    cache_or_load_file,
    cached_download,
    get_dataset_directory,
    get_dataset_root,
    set_dataset_root,
)
from minigrad.dataset.iterator import Iterator
from minigrad.dataset.tabular.tabular_dataset import TabularDataset

__all__ = [
    'ConcatWithAsyncTransfer',
    'Converter',
    'DatasetError',
    'DatasetMixin',
    'Iterator',
    'TabularDataset',
    'UnreadableFile',
    'cache_or_load_file',
    'cached_download',
    'concat_examples',
    'converter',
    'get_dataset_directory',
    'get_dataset_root',
    'set_dataset_root',
    'tabular',
    'to_device',
]
