"""Models in the formats of other frameworks."""

from minigrad.exporters import caffe

__all__ = ['caffe']
