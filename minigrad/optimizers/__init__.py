"""Optimizers, each from its paper; each `Rule` is one call into the kernels."""

from typing import TYPE_CHECKING as _TYPE_CHECKING

from minigrad.optimizers.ada_delta import AdaDelta
from minigrad.optimizers.ada_grad import AdaGrad
from minigrad.optimizers.adam import AdaBound, Adam, AdamW, AMSBound, AMSGrad
from minigrad.optimizers.corrected_momentum_sgd import CorrectedMomentumSGD
from minigrad.optimizers.momentum_sgd import MomentumSGD
from minigrad.optimizers.msvag import MSVAG
from minigrad.optimizers.nesterov_ag import NesterovAG
from minigrad.optimizers.rmsprop import RMSprop
from minigrad.optimizers.rmsprop_graves import RMSpropGraves
from minigrad.optimizers.sgd import SGD
from minigrad.optimizers.smorms3 import SMORMS3
from minigrad.suggestions import of_module as _of_module

__all__ = [
    'MSVAG',
    'SGD',
    'SMORMS3',
    'AMSBound',
    'AMSGrad',
    'AdaBound',
    'AdaDelta',
    'AdaGrad',
    'Adam',
    'AdamW',
    'CorrectedMomentumSGD',
    'MomentumSGD',
    'NesterovAG',
    'RMSprop',
    'RMSpropGraves',
]

if not _TYPE_CHECKING:
    __getattr__ = _of_module(__name__, 'optimizers')
