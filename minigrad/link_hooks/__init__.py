"""Hooks for links: timing, spectral normalization, weight standardization."""

from minigrad.link_hooks.spectral_normalization import SpectralNormalization
from minigrad.link_hooks.timer import TimerHook
from minigrad.link_hooks.weight_standardization import WeightStandardization

__all__ = ['SpectralNormalization', 'TimerHook', 'WeightStandardization']
