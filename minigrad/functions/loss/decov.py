"""Chainer's path to the DeCov loss."""

from minigrad.functions.loss.cross_covariance import DeCov as DeCov
from minigrad.functions.loss.cross_covariance import decov as decov
