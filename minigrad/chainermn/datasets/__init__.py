"""A dataset and several processes."""

from minigrad.chainermn.datasets.empty_dataset import create_empty_dataset
from minigrad.chainermn.datasets.scatter import (
    DataSizeError,
    ScatteredDataset,
    scatter_dataset,
    scatter_index,
)

__all__ = [
    'DataSizeError',
    'ScatteredDataset',
    'create_empty_dataset',
    'scatter_dataset',
    'scatter_index',
]
