"""Functions for `Optimizer.add_hook`: they change gradients before an update.

Where the loss was scaled (`Optimizer.loss_scaling`), so are the gradients that the
hooks see; each takes that into account, so that a scale does not change what it does.
"""

from minigrad.optimizer_hooks.gradient_clipping import GradientClipping
from minigrad.optimizer_hooks.gradient_hard_clipping import GradientHardClipping
from minigrad.optimizer_hooks.gradient_lars import GradientLARS
from minigrad.optimizer_hooks.gradient_noise import GradientNoise
from minigrad.optimizer_hooks.lasso import Lasso
from minigrad.optimizer_hooks.weight_decay import WeightDecay

__all__ = [
    'GradientClipping',
    'GradientHardClipping',
    'GradientLARS',
    'GradientNoise',
    'Lasso',
    'WeightDecay',
]
