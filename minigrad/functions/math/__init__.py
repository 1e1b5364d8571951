"""Functions: math."""

import importlib
from types import ModuleType

# Chainer's modules whose functions live together here: programs reach the node classes
# as functions.math.exponential.Log and the like.
_ELSEWHERE = {
    'cumprod': 'cumulative',
    'cumsum': 'cumulative',
    'minimum': 'maximum',
    **dict.fromkeys(
        (
            'arctanh',
            'ceil',
            'exponential',
            'exponential_m1',
            'fix',
            'floor',
            'hyperbolic',
            'logarithm_1p',
            'sign',
            'sqrt',
            'square',
            'trigonometric',
        ),
        'elementary',
    ),
    **dict.fromkeys(
        (
            'digamma',
            'erf',
            'erfc',
            'erfcinv',
            'erfcx',
            'erfinv',
            'lgamma',
            'log_ndtr',
            'ndtr',
            'ndtri',
        ),
        'special',
    ),
}


def __getattr__(name: str) -> ModuleType:
    if name in _ELSEWHERE:
        return importlib.import_module(f'{__name__}.{_ELSEWHERE[name]}')
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
