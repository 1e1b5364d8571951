"""Hooks that measure or print every function: ``with TimerHook() as hook: ...``."""

from minigrad.function_hooks.cuda_profile import CUDAProfileHook as CUDAProfileHook
from minigrad.function_hooks.cupy_memory_profile import (
    CupyMemoryProfileHook as CupyMemoryProfileHook,
)
from minigrad.function_hooks.debug_print import PrintHook as PrintHook
from minigrad.function_hooks.memory import MemoryHook as MemoryHook
from minigrad.function_hooks.timer import TimerHook as TimerHook
