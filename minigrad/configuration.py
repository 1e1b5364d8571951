"""Thread-local configuration over global defaults.

`global_config` holds the values that every thread starts from; `config` holds what
this thread changed. A read of ``config.train`` is a plain attribute look-up: the
global values live on the class of the thread-local object, so nothing needs to be
asked twice.
"""

from __future__ import annotations

import os
import sys
import threading
import warnings
from types import TracebackType
from typing import Any, TextIO

import numpy

from minigrad.dtypes import Mixed16 as Mixed16
from minigrad.dtypes import is_bfloat16
from minigrad.dtypes import mixed16 as mixed16
from minigrad.suggestions import near_miss


def _show(values: dict[str, Any], file: TextIO) -> None:
    width = max([len(key) for key in values], default=0)
    for key in sorted(values):
        file.write(f'{key:<{width}} {values[key]}\n')


# The entries that minigrad has, and those that were set before.
_known: set[str] = set()


def _question(name: str, where: str) -> None:
    """Warns, once, about an entry that looks like a typo of one of minigrad's."""
    meant = near_miss(name, _known) if _is_complete else None
    _known.add(name)  # an entry of one's own, from now on
    if meant is not None:
        warnings.warn(
            f'{where}.{name} is set, which nothing reads; did you mean {meant}?',
            stacklevel=3,
        )


def _described(name: str, values: dict[str, Any]) -> str:
    public = [f'{k}={v!r}' for k, v in sorted(values.items()) if k[0] != '_']
    return f'<{name}: {", ".join(public)}>'


class LocalConfig(threading.local):
    """The configuration of the current thread; unset names fall back to the globals.

    Args:
        global_config: The globals, for a configuration of a program's own.
    """

    def __init__(self, global_config: GlobalConfig | None = None) -> None:
        if global_config is not None:
            self._global = global_config

    def __getattr__(self, name: str) -> Any:
        own = vars(self).get('_global')
        if own is not None:
            return getattr(own, name)
        raise AttributeError(
            f'minigrad.config has no entry {name!r}; set minigrad.config.{name} or '
            f'minigrad.global_config.{name} first'
        )

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in _known:
            _question(name, 'config')
        super().__setattr__(name, value)

    def __repr__(self) -> str:
        return _described('config', {**vars(global_config), **vars(self)})

    def show(self, file: TextIO = sys.stdout) -> None:
        """Prints every entry as this thread sees it."""
        entries = {**vars(vars(self).get('_global', global_config)), **vars(self)}
        _show({k: v for k, v in entries.items() if k[0] != '_'}, file)


class _Config(LocalConfig):
    """`minigrad.config`: the global values are attributes of this class."""


# Names among _WATCHED whose global value is not the one that minigrad starts with. While
# this is empty and a thread has set nothing, a function need not ask for any of them.
changed_defaults: set[str] = set()
_WATCHED = {'debug': False, 'enable_backprop': True, 'type_check': True}


class GlobalConfig:
    """The configuration that every thread falls back to."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in _known:
            _question(name, 'global_config')
        object.__setattr__(self, name, value)
        if self is not global_config:
            return
        setattr(_Config, name, value)
        if name in _WATCHED:
            unchanged = value == _WATCHED[name]
            (changed_defaults.discard if unchanged else changed_defaults.add)(name)

    def __delattr__(self, name: str) -> None:
        object.__delattr__(self, name)
        if self is global_config:
            delattr(_Config, name)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f'minigrad.global_config has no entry {name!r}')

    def __repr__(self) -> str:
        return _described('global_config', vars(self))

    def show(self, file: TextIO = sys.stdout) -> None:
        """Prints every global entry."""
        _show(vars(self), file)


_is_complete = False
global_config = GlobalConfig()
config = _Config()


def _environment(name: str, default: str) -> str:
    """Reads ``MINIGRAD_<name>``, or Chainer's ``CHAINER_<name>`` when that is unset."""
    value = os.environ.get(f'MINIGRAD_{name}')
    return os.environ.get(f'CHAINER_{name}', default) if value is None else value


def _environment_flag(name: str, default: str = '0') -> bool:
    return bool(int(_environment(name, default)))


def _environment_dtype() -> Any:
    name = _environment('DTYPE', 'float32')
    if name == 'mixed16':
        return mixed16
    if name not in ('float16', 'float32', 'float64'):
        raise TypeError(
            f'MINIGRAD_DTYPE: expected float16, float32, float64 or mixed16, got {name!r}'
        )
    return numpy.dtype(name)


global_config.debug = _environment_flag('DEBUG')
global_config.train = True
global_config.enable_backprop = True
global_config.type_check = _environment_flag('TYPE_CHECK', '1')
global_config.keep_graph_on_report = _environment_flag('KEEP_GRAPH_ON_REPORT')
global_config.dtype = _environment_dtype()
global_config.in_recomputing = False
global_config.compute_mode = None
global_config.use_cudnn = _environment('USE_CUDNN', 'auto')
global_config.use_cudnn_tensor_core = 'auto'
global_config.cudnn_deterministic = False
global_config.cudnn_fast_batch_normalization = _environment_flag(
    'CUDNN_FAST_BATCH_NORMALIZATION'
)
global_config.autotune = False
# float32 products and convolutions of a GPU in TF32, which keeps 10 bits: off, so that
# a GPU computes what a CPU does.
global_config.allow_tf32 = _environment_flag('ALLOW_TF32')
global_config.warn_nondeterministic = False
# Accepted because Chainer programs set them; they change nothing.
global_config.lazy_grad_sum = _environment_flag('LAZY_GRAD_SUM')
global_config.use_ideep = 'never'
global_config.use_static_graph = True
global_config.schedule_func = None
# Convolutions by the exact algorithm only (no Winograd transform on the CPU).
global_config.exact_convolution = _environment_flag('EXACT_CONVOLUTION')

_is_complete = True


class using_config:
    """Sets one entry of the configuration inside a ``with`` block.

    Args:
        name: Entry to change.
        value: Its value inside the block.
        config: `minigrad.config` (this thread, the default) or
            `minigrad.global_config`.

    Example:
        >>> with minigrad.using_config('train', False):
        ...     minigrad.config.train
        False
        >>> minigrad.config.train
        True
    """

    __slots__ = ('_config', '_name', '_old', '_value', '_was_set')

    def __init__(self, name: str, value: Any, config: Any = config) -> None:
        self._config = config
        self._name = name
        self._value = value

    def __enter__(self) -> None:
        own = vars(self._config)
        self._was_set = self._name in own
        self._old = own.get(self._name)
        setattr(self._config, self._name, self._value)

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._was_set:
            setattr(self._config, self._name, self._old)
        else:
            delattr(self._config, self._name)


def no_backprop_mode() -> using_config:
    """Returns a context in which no graph is recorded.

    Example:
        >>> x = minigrad.Variable(np.ones(3, 'f'))
        >>> with minigrad.no_backprop_mode():
        ...     y = x * 2
        >>> y.creator is None
        True
    """
    return using_config('enable_backprop', False)


def force_backprop_mode() -> using_config:
    """Returns a context in which the graph is recorded, inside `no_backprop_mode` too.

    Example:
        >>> x = minigrad.Variable(np.ones(3, 'f'))
        >>> with minigrad.no_backprop_mode(), minigrad.force_backprop_mode():
        ...     y = x * 2
        >>> y.creator is None
        False
    """
    return using_config('enable_backprop', True)


class DebugMode(using_config):
    """A context with debug mode on or off; the same as ``using_config('debug', ...)``.

    Args:
        debug: Whether it is on inside the block.

    Example:
        >>> with minigrad.DebugMode(True):
        ...     minigrad.is_debug()
        True
    """

    __slots__ = ()

    def __init__(self, debug: bool) -> None:
        super().__init__('debug', debug)


def get_compute_mode() -> str | None:
    """Returns ``config.compute_mode``, which programs set and nothing here reads."""
    mode: str | None = config.compute_mode
    return mode


def is_debug() -> bool:
    """Tells whether debug mode is on in the current thread.

    Example:
        >>> minigrad.is_debug()
        False
    """
    return bool(config.debug)


def set_debug(debug: bool) -> None:
    """Turns debug mode on or off in the current thread.

    In debug mode every function checks its outputs and gradients for NaN and remembers
    the line that applied it, and a change in place of what is kept for backward is found.

    Example:
        >>> minigrad.set_debug(True)
        >>> minigrad.is_debug()
        True
        >>> minigrad.set_debug(False)
    """
    config.debug = debug


def get_dtype(dtype: Any = None, map_mixed16: Any = None) -> numpy.dtype[Any]:
    """Returns ``dtype``, or the configured default when it is None.

    Args:
        dtype: Dtype specifier, `mixed16` or None.
        map_mixed16: Dtype that stands for `mixed16` (float16 when None), and for a
            configured bfloat16: what needs more than 8 bits.

    Example:
        >>> minigrad.get_dtype()
        dtype('float32')
    """
    if dtype is None:
        dtype = config.dtype
        if map_mixed16 is not None and dtype is not mixed16:
            configured = numpy.dtype(dtype)
            dtype = map_mixed16 if is_bfloat16(configured) else configured
    if dtype is mixed16:
        dtype = mixed16.dtype if map_mixed16 is None else map_mixed16
    resolved: numpy.dtype[Any] = numpy.dtype(dtype)
    return resolved
