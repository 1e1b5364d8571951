"""What has changed since Chainer 1 to 3, and what to write now.

`minigrad.migrate` finds these in a program's text; errors say them when it runs.
"""

from __future__ import annotations

import sys

_CONFIG = "put it inside `with chainer.using_config('{}', {}):`"

# Arguments of anything of Chainer's.
KEYWORDS: dict[str, str] = {
    'volatile': (
        'volatile= is gone since Chainer 2; put the computation inside '
        '`with chainer.no_backprop_mode():`'
    ),
    'use_cudnn': (
        'use_cudnn= is gone since Chainer 2; ' + _CONFIG.format('use_cudnn', "'never'")
    ),
    'deterministic': (
        'deterministic= is gone since Chainer 2; '
        + _CONFIG.format('cudnn_deterministic', 'True')
    ),
    'wscale': (
        'wscale= is gone since Chainer 2; write '
        '`initialW=chainer.initializers.LeCunNormal(scale=...)`'
    ),
    'invoke_before_training': (
        'invoke_before_training= is gone since Chainer 3; write `call_before_training=` '
        'in trainer.extend, or an `initialize` method'
    ),
}

# The same, for the functions and links named.
KEYWORDS_OF: dict[tuple[str, str], str] = {
    **{
        (f'chainer.functions.{name}', 'train'): (
            f'train= of {name} is gone since Chainer 2; '
            + _CONFIG.format('train', 'False')
        )
        for name in ('dropout', 'zoneout', 'gaussian', 'n_step_lstm', 'n_step_gru')
    },
    **{
        (f'chainer.links.{name}', 'bias'): (
            f'bias= of {name} is gone since Chainer 2; write `initial_bias=`'
        )
        for name in (
            'Linear',
            'Convolution2D',
            'ConvolutionND',
            'Deconvolution2D',
            'DilatedConvolution2D',
            'Bilinear',
        )
    },
}

# Arguments of the program's own links when they are called.
CALL_KEYWORDS: dict[str, str] = {
    'test': (
        'test= of BatchNormalization is gone since Chainer 2; '
        + _CONFIG.format('train', 'False')
    ),
}

# Names of Chainer's that were there once.
NAMES: dict[str, str] = {
    'chainer.FunctionSet': (
        'FunctionSet is gone since Chainer 2; derive from `chainer.Chain` and assign the '
        'links inside `with self.init_scope():`'
    ),
    'chainer.Flag': (
        'flags are gone since Chainer 2; write True or False, and '
        '`with chainer.no_backprop_mode():` for volatile variables'
    ),
    'chainer.ON': 'chainer.ON is gone since Chainer 2; write `True`',
    'chainer.OFF': 'chainer.OFF is gone since Chainer 2; write `False`',
    'chainer.AUTO': "chainer.AUTO is gone since Chainer 2; write `'auto'`",
    'chainer.cuda.init': 'cuda.init is gone since Chainer 2; nothing takes its place',
    'chainer.cuda.GPUArray': 'cuda.GPUArray is gone; write `cuda.ndarray`',
    'chainer.cuda.get_device': (
        'cuda.get_device is deprecated; write `chainer.get_device`, or '
        '`cuda.get_device_from_id` and `cuda.get_device_from_array`'
    ),
    **{
        f'chainer.cuda.{name}': (
            f'cuda.{name} is gone since Chainer 2; write `cuda.cupy.{name}`'
        )
        for name in (
            'empty',
            'empty_like',
            'full',
            'full_like',
            'ones',
            'ones_like',
            'zeros',
            'zeros_like',
        )
    },
}

# Methods and attributes of the program's own models, optimizers and variables.
ATTRIBUTES: dict[str, str] = {
    'volatile': (
        'volatile is gone since Chainer 2; put the computation inside '
        '`with chainer.no_backprop_mode():`'
    ),
    'zerograds': 'zerograds is deprecated; write `cleargrads()`',
    'zero_grads': (
        'optimizer.zero_grads is gone since Chainer 2; write `model.cleargrads()`'
    ),
    'accumulate_grads': (
        'optimizer.accumulate_grads is gone since Chainer 2; write `model.addgrads(other)`'
    ),
    'clip_grads': (
        'optimizer.clip_grads is gone since Chainer 2; write '
        '`optimizer.add_hook(chainer.optimizer_hooks.GradientClipping(...))`'
    ),
    'weight_decay': (
        'optimizer.weight_decay is gone since Chainer 2; write '
        '`optimizer.add_hook(chainer.optimizer_hooks.WeightDecay(...))`'
    ),
    'compute_grads_norm': (
        'optimizer.compute_grads_norm is gone since Chainer 2; the hook '
        '`chainer.optimizer_hooks.GradientClipping` computes it'
    ),
    'collect_parameters': (
        'collect_parameters is gone since Chainer 2; write `optimizer.setup(model)`'
    ),
    'copy_parameters_from': (
        'copy_parameters_from is gone since Chainer 2; write `model.copyparams(other)`'
    ),
}


def of_attribute(name: str, owner: str) -> str | None:
    """Returns what to write for a name that was there once, None if it never was.

    Args:
        name: The name.
        owner: ``'minigrad'``, ``'functions'``, or of whose objects it is an attribute.

    Example:
        >>> from minigrad.old_idioms import of_attribute
        >>> of_attribute('zero_grads', 'optimizers')
        'optimizer.zero_grads is gone since Chainer 2; write `model.cleargrads()`'
    """
    if owner == 'functions' and hasattr(sys.modules.get('minigrad.links'), name):
        return (
            f'it has parameters, so since Chainer 2 it is a link; write `links.{name}`'
        )
    if owner == 'minigrad':
        return NAMES.get(f'chainer.{name}')
    return ATTRIBUTES.get(name)
