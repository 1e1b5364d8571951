"""The import hook by which ``import chainer`` gives minigrad."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.metadata
import importlib.util
import os
import sys
import types
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import minigrad
from minigrad.chainer import children
from minigrad.old_idioms import of_attribute

CHAINER_VERSION = '7.8.1'  # the release whose names and behaviour minigrad follows

# What programs import, and the package here that it becomes. Modules below them follow:
# chainer.links.model.vision is the module minigrad.links.model.vision itself.
PACKAGES = {
    'chainer': 'minigrad',
    'chainermn': 'minigrad.chainermn',
    'chainerx': 'minigrad.chainerx',
    'onnx_chainer': 'minigrad.onnx_chainer',
}


class RealChainer(UserWarning):
    """Chainer itself is installed, so ``import chainer`` was left alone."""


class _TopLevel(types.ModuleType):
    """The module ``chainer``: minigrad under another name and version.

    Attributes are read from, set on and deleted from ``minigrad``, so that the two names
    never disagree.
    """

    __version__ = CHAINER_VERSION
    _own = frozenset(
        ['__name__', '__spec__', '__loader__', '__package__', '__path__', '__doc__']
    )

    def __getattr__(self, name: str) -> Any:
        try:
            return getattr(minigrad, name)
        except AttributeError:
            message = f'module {self.__name__!r} has no attribute {name!r}'
            gone = of_attribute(name, 'minigrad')
            if gone is not None:
                message += f'\n  hint: {gone}'
            raise AttributeError(message, name=name, obj=self) from None

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self._own:
            super().__setattr__(name, value)
        else:
            setattr(minigrad, name, value)

    def __delattr__(self, name: str) -> None:
        delattr(minigrad, name)

    def __dir__(self) -> list[str]:
        return dir(minigrad)


class _TopLevelLoader(importlib.abc.Loader):
    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        return _TopLevel(spec.name, minigrad.__doc__)

    def exec_module(self, module: types.ModuleType) -> None:
        _share_loaded_modules()


class _SameModuleLoader(importlib.abc.Loader):
    """Gives a module of minigrad itself, not a copy, under a second name."""

    def __init__(self, target: str) -> None:
        self.target = target

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        module = importlib.import_module(self.target)
        self.spec = module.__spec__  # the import system is about to replace it
        return module

    def exec_module(self, module: types.ModuleType) -> None:
        module.__spec__ = self.spec
        _share_loaded_modules()

    # runpy asks for these, for `python -m chainermn.something`.

    def get_code(self, name: str) -> Any:
        return self._original().get_code(self.target)

    def is_package(self, name: str) -> bool:
        return bool(self._original().is_package(self.target))

    def _original(self) -> Any:
        spec = importlib.util.find_spec(self.target)
        if spec is None or spec.loader is None:
            raise ImportError(f'no loader of {self.target}')
        return spec.loader


def _share_loaded_modules() -> None:
    # Modules that are loaded already are entered under their second name at once. Left
    # to the import system, `import chainer.utils.experimental` would set the attribute
    # of that name, which is a function, to the module.
    for name, module in list(sys.modules.items()):
        for alias, package in PACKAGES.items():
            if name.startswith(f'{package}.') and alias in sys.modules:
                sys.modules.setdefault(alias + name.removeprefix(package), module)


class Finder(importlib.abc.MetaPathFinder):
    """Finds Chainer's modules in minigrad.

    Args:
        replace: If True, also where Chainer itself is installed.
    """

    def __init__(self, replace: bool) -> None:
        self.replace = replace

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: Any = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Finds a module, or leaves it to others."""
        top, _, rest = name.partition('.')
        if top not in PACKAGES:
            return None
        if not rest and not self.replace and find_real_chainer() is not None:
            return None
        if rest and not _is_ours(sys.modules.get(top)):
            return None
        if name == 'chainer':
            return importlib.machinery.ModuleSpec(
                name, _TopLevelLoader(), is_package=True
            )
        there = f'{PACKAGES[top]}.{rest}' if rest else PACKAGES[top]
        try:
            spec = importlib.util.find_spec(there)
        except ModuleNotFoundError:  # a parent is no package
            return None
        if spec is None:
            return None
        return importlib.machinery.ModuleSpec(
            name, _SameModuleLoader(there), origin=spec.origin
        )

    def find_distributions(
        self, context: importlib.metadata.DistributionFinder.Context
    ) -> Iterator[importlib.metadata.Distribution]:
        """Answers ``importlib.metadata.version('chainer')``."""
        if context.name == 'chainer' and (self.replace or find_real_chainer() is None):
            yield _Distribution()


class _Distribution(importlib.metadata.Distribution):
    def read_text(self, filename: str) -> str | None:
        if filename == 'METADATA':
            return f'Metadata-Version: 2.1\nName: chainer\nVersion: {CHAINER_VERSION}\n'
        return None

    def locate_file(self, path: Any) -> Any:
        raise FileNotFoundError(f'{path}: chainer is an alias of minigrad')


def _is_ours(module: types.ModuleType | None) -> bool:
    if module is None:
        return False
    return isinstance(module, _TopLevel) or module.__name__.startswith('minigrad.')


def find_real_chainer() -> importlib.machinery.ModuleSpec | None:
    """Returns where Chainer itself is installed, or None."""
    for finder in sys.meta_path:
        if not isinstance(finder, Finder):
            spec = finder.find_spec('chainer', None)
            if spec is not None and spec.loader is not None:
                return spec
    return None


def enable(replace: bool | None = None) -> bool:
    """Lets ``import chainer`` give minigrad, here and in processes started from here.

    Where Chainer itself is installed, nothing changes unless ``replace`` asks for it,
    and a `RealChainer` warning says so. Calling it again does no harm.

    Args:
        replace: If True, minigrad takes the place of an installed Chainer for as long as
            this process runs; the installation is not touched. None asks the environment
            variable ``MINIGRAD_REPLACE_CHAINER`` (``1`` or ``0``).

    Returns:
        True if ``import chainer`` now gives minigrad.

    Raises:
        ImportError: Chainer itself has been imported already.

    Example:
        >>> import minigrad.chainer
        >>> minigrad.chainer.enable(replace=True)
        True
        >>> import chainer.functions
        >>> chainer.functions is minigrad.functions
        True
        >>> chainer.__version__
        '7.8.1'
    """
    if replace is None:
        replace = os.environ.get('MINIGRAD_REPLACE_CHAINER', '0') not in ('', '0')
    loaded = sys.modules.get('chainer')
    real = find_real_chainer()
    if not replace and not _is_ours(loaded) and (loaded or real):
        where = getattr(loaded, '__file__', None) or (real.origin if real else None)
        warnings.warn(
            f'Chainer itself is installed ({where}), so "import chainer" goes on to give '
            'it;\n  set MINIGRAD_REPLACE_CHAINER=1, or call '
            'minigrad.chainer.enable(replace=True), to run on minigrad instead',
            RealChainer,
            stacklevel=2,
        )
        return False
    if loaded is not None and not _is_ours(loaded):
        raise ImportError(
            'Chainer itself has been imported already, before '
            'minigrad.chainer.enable(replace=True); call that first'
        )
    present = [finder for finder in sys.meta_path if isinstance(finder, Finder)]
    if present:
        present[0].replace = present[0].replace or replace
    else:
        # Before the others: they would find minigrad/functions a second time, as a
        # package of its own with classes of its own.
        sys.meta_path.insert(0, Finder(replace))
    children.follow()
    return True
