"""Datasets of rows and named columns: slices, joins and transforms read no data."""

from minigrad.dataset.tabular.delegate_dataset import DelegateDataset
from minigrad.dataset.tabular.from_csv import from_csv
from minigrad.dataset.tabular.from_data import from_data

__all__ = ['DelegateDataset', 'from_csv', 'from_data']
