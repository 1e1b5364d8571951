"""Differentiable functions, by their Chainer names: ``import minigrad.functions as F``."""

from minigrad.functions.array.copy import copy as copy
from minigrad.functions.array.reshape import reshape as reshape
from minigrad.functions.array.transpose import transpose as transpose
from minigrad.functions.math.basic_math import absolute as absolute
from minigrad.functions.math.basic_math import add as add
from minigrad.functions.math.sum_to import broadcast_to as broadcast_to
from minigrad.functions.math.sum_to import sum_to as sum_to
