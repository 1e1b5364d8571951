"""Running the tests of a class on several devices."""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Any, Self

from minigrad import backend
from minigrad.configuration import using_config
from minigrad.testing import attr
from minigrad.testing._bundle import (
    Bundle,
    Method,
    Variant,
    make_decorator,
    named_tests,
)

_DEFAULTS: dict[str, Any] = {
    'use_chainerx': False,
    'chainerx_device': None,
    'use_cuda': False,
    'cuda_device': None,
    'use_cudnn': 'never',
    'cudnn_deterministic': False,
    'autotune': False,
    'cudnn_fast_batch_normalization': False,
    'use_ideep': 'never',
}
_IN_CONFIG = ('use_cudnn', 'cudnn_deterministic', 'autotune', 'use_ideep')


class BackendConfig:
    """A device and the configuration to use on it.

    As a context manager it makes the device current and sets the configuration.

    Args:
        params: Values that differ from the defaults: ``use_cuda``, ``cuda_device``,
            ``use_cudnn``, ``cudnn_deterministic``, ``autotune``,
            ``cudnn_fast_batch_normalization``. Those of ChainerX and iDeep are known,
            for Chainer's tests, which are then skipped.

    Raises:
        TypeError: It is not a dictionary.
        ValueError: A name is unknown.

    Source: compatible with chainer.testing.BackendConfig.

    Example:
        >>> config = minigrad.testing.BackendConfig({})
        >>> config.xp.__name__
        'numpy'
        >>> with config:
        ...     minigrad.config.use_cudnn
        'never'
    """

    use_chainerx: bool
    chainerx_device: str | None
    use_cuda: bool
    cuda_device: int | None
    use_cudnn: str
    cudnn_deterministic: bool
    autotune: bool
    cudnn_fast_batch_normalization: bool
    use_ideep: str

    def __init__(self, params: dict[str, Any]) -> None:
        if not isinstance(params, dict):
            raise TypeError(f'params must be a dict, got {type(params).__name__}')
        for name in params:
            if name not in _DEFAULTS:
                raise ValueError(
                    f'BackendConfig has no parameter {name!r}; it has'
                    f' {", ".join(_DEFAULTS)}'
                )
        self.__dict__.update({**_DEFAULTS, **params})
        if self.use_cuda and self.cuda_device is None:
            self.cuda_device = 0
        self._device: backend.Device | None = None
        self._contexts: list[contextlib.ExitStack] = []

    @property
    def device(self) -> backend.Device:
        """The device, a `minigrad.backend.Device`."""
        if self._device is None:
            if self.use_chainerx:
                raise RuntimeError('minigrad has no ChainerX')
            if self.cuda_device is not None and self.use_cuda:
                self._device = backend.GpuDevice.from_device_id(self.cuda_device)
            else:
                self._device = backend.CpuDevice()
        return self._device

    @property
    def xp(self) -> Any:
        """The array module, NumPy or CuPy."""
        return self.device.xp

    def get_array(self, np_array: Any) -> Any:
        """Sends an array, or a list or tuple of arrays, to the device."""
        return self.device.send(np_array)

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            for name in _IN_CONFIG:
                stack.enter_context(using_config(name, getattr(self, name)))
            stack.enter_context(backend.using_device(self.device))
            self._contexts.append(stack.pop_all())
        return self

    def __exit__(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._contexts.pop().__exit__(typ, value, traceback)

    def __repr__(self) -> str:
        values = ' '.join(f'{name}={getattr(self, name)!r}' for name in _DEFAULTS)
        return f'<BackendConfig {values}>'

    def get_func_str(self) -> str:
        """Returns the values as one identifier, for names of tests."""
        values = [(name, getattr(self, name)) for name in _DEFAULTS]
        return '__'.join(
            f'{name}_{str(v).lower() if isinstance(v, bool) else v}'
            for name, v in values
        )

    def get_pytest_marks(self) -> list[Callable[[Any], Any]]:
        """Returns the marks of `minigrad.testing.attr` that a test needs here."""
        if self.use_chainerx:
            return [attr.chainerx]
        if self.use_cuda and self.cuda_device is not None:
            marks = [attr.multi_gpu(self.cuda_device + 1)]
            return marks if self.use_cudnn == 'never' else [*marks, attr.cudnn]
        return [] if self.use_ideep == 'never' else [attr.ideep]


def inject_backend_tests(
    method_names: Sequence[str] | None, params: Sequence[dict[str, Any]]
) -> Callable[[Any], Bundle]:
    """Runs test methods once per device, with a `BackendConfig` as first argument.

    Args:
        method_names: The methods; None means all that begin with ``test_``.
        params: Dictionaries for `BackendConfig`. ``[{}]`` is the CPU alone.

    Returns:
        A class decorator. It can be stacked, also with `parameterize`.

    Raises:
        TypeError: The arguments are not lists.

    Source: compatible with chainer.testing.inject_backend_tests.

    Example:
        >>> import unittest
        >>> @minigrad.testing.inject_backend_tests(None, [{}, {'use_cuda': True}])
        ... class TestOnes(unittest.TestCase):
        ...     def test_ones(self, backend_config):
        ...         x = backend_config.get_array(np.ones(2))
        ...         self.assertIsInstance(x, backend_config.xp.ndarray)
    """
    if not (method_names is None or isinstance(method_names, list | tuple)):
        raise TypeError(f'method_names must be None or a list, got {method_names!r}')
    if not isinstance(params, list | tuple) or not all(
        isinstance(param, dict) for param in params
    ):
        raise TypeError(f'params must be a list of dictionaries, got {params!r}')
    configs = [BackendConfig(param) for param in params]

    def variants(base: type) -> Iterator[Variant]:
        if method_names is not None and _has_other(base, method_names):
            yield (
                f'{base.__name__}_without_backend',
                {},
                functools.partial(_keep_other, method_names),
            )
        for config in configs:
            name = f'{base.__name__}_{config.get_func_str()}'
            yield name, {}, functools.partial(_inject, method_names, config)

    return make_decorator(variants)


def _has_other(cls: type, method_names: Sequence[str]) -> bool:
    methods = [method for _, method in named_tests(cls)]
    return any(_keep_other(method_names, method) is not None for method in methods)


def _keep_other(method_names: Sequence[str], method: Method) -> Method | None:
    """Returns a method that gets no configuration, if it can do without."""
    parameters = list(inspect.signature(method).parameters.values())[1:]
    needed = [
        p for p in parameters if p.default is p.empty and p.kind < p.VAR_POSITIONAL
    ]
    return None if method.__name__ in method_names or needed else method


def _inject(
    method_names: Sequence[str] | None, config: BackendConfig, method: Method
) -> Method | None:
    if method_names is not None and method.__name__ not in method_names:
        return None

    @functools.wraps(method)
    def run(self: Any, *args: Any, **kwargs: Any) -> Any:
        return method(self, config, *args, **kwargs)

    # Without the argument that is given here, which pytest would take for a fixture.
    signature = inspect.signature(method)
    parameters = list(signature.parameters.values())
    if (
        len(parameters) > 1
        and parameters[1].kind <= inspect.Parameter.POSITIONAL_OR_KEYWORD
    ):
        del parameters[1]
    run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    for mark in config.get_pytest_marks():
        run = mark(run)
    return run
