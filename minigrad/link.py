"""Links: callables that own parameters."""

from __future__ import annotations

import contextlib
import copy
import numbers
import warnings
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Self

import numpy

from minigrad import initializers
from minigrad.backend import copyto, get_array_types
from minigrad.device_resident import DeviceResident, DeviceResidentsVisitor
from minigrad.link_hook import (
    ForwardPostprocessArgs,
    ForwardPreprocessArgs,
    LocalLinkHooks,
    get_link_hooks,
)
from minigrad.named_arguments import NamedArguments, checks_arguments, explain_call
from minigrad.parameter import Parameter
from minigrad.sorted_names import SortedNames
from minigrad.suggestions import unknown_attribute

if TYPE_CHECKING:
    from minigrad.sequential import Sequential


OUTSIDE_INIT_SCOPE = (
    'was assigned outside init_scope()',
    'move the assignment into "with self.init_scope():"',
)
_BEFORE_INIT = (
    'was assigned before Link.__init__()',
    'start __init__ with super().__init__(), then "with self.init_scope():"',
)


class Link(LocalLinkHooks, DeviceResident, NamedArguments):
    """A callable with parameters: the building block of models.

    A `Parameter` assigned to an attribute inside ``with self.init_scope():`` is
    registered: it is trained, saved, copied and moved between devices with the link. So
    are *persistent* values, other results of learning such as running averages, which are
    registered with `add_persistent` or `register_persistent`. Calling the link runs its
    ``forward`` method.

    Args:
        params: Name and shape, or ``(shape, dtype)``, of parameters to add.

    Attributes:
        name: The name the parent chain knows this link by; None at the root.

    Source: compatible with chainer.Link.

    Example:
        >>> class Affine(minigrad.Link):
        ...     def __init__(self, n_in, n_out):
        ...         super().__init__()
        ...         with self.init_scope():
        ...             self.W = minigrad.Parameter(
        ...                 minigrad.initializers.Normal(), (n_out, n_in))
        ...             self.b = minigrad.Parameter(0, (n_out,))
        ...     def forward(self, x):
        ...         return F.linear(x, self.W, self.b)
        >>> affine = Affine(3, 2)
        >>> affine(np.zeros((1, 3), 'f')).shape
        (1, 2)
        >>> [(path, param.shape) for path, param in affine.namedparams()]
        [('/W', (2, 3)), ('/b', (2,))]
    """

    _params: SortedNames
    _persistent: SortedNames
    _within_init_scope = False
    _init_done_ = False
    name: str | None = None

    def __init__(self, **params: Any) -> None:
        super().__init__()
        self._params = SortedNames()
        self._persistent = SortedNames()
        self.name = None
        self._init_done_ = True
        for name, value in params.items():
            shape, dtype = _shape_and_dtype(value)
            self.add_param(name, shape, dtype=dtype)

    def __setstate__(self, state: dict[str, Any]) -> None:
        # Chainer pickles names as sets; what is copied or pickled here has them sorted.
        for key in ('_params', '_persistent', '_children'):
            if isinstance(state.get(key), set):
                state[key] = SortedNames(state[key])
        self.__dict__.update(state)
        self._init_done_ = True

    def _check_init_done_(self) -> None:
        if not self._init_done_:
            raise RuntimeError(
                'Link.__init__() has not been called; start '
                f'{type(self).__name__}.__init__ with super().__init__()'
            )

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name in ('_params', '_persistent', '_children'):
                self._check_init_done_()
            if name == 'forward':
                raise AttributeError(
                    f'{type(self).__name__} was called, but has no forward; define '
                    'forward(self, x), which returns what the link computes'
                )
            raise unknown_attribute(self, name, 'Link')

    # Calling

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self._check_init_done_()
        hooks = get_link_hooks()
        if self._local_link_hooks:
            hooks = {**hooks, **self._local_link_hooks}
        if not hooks:
            return self._forward_(*args, **kwargs)
        active = list(hooks.values())
        before = ForwardPreprocessArgs(self, 'forward', args, kwargs)
        for hook in active:
            hook.forward_preprocess(before)
        out = self._forward_(*args, **kwargs)
        after = ForwardPostprocessArgs(self, 'forward', args, kwargs, out)
        for hook in active:
            hook.forward_postprocess(after)
        return out

    def _forward_(self, *args: Any, **kwargs: Any) -> Any:
        # A mixin behind Link in the bases may bring a __call__; it then is the forward.
        forward = getattr(super(), '__call__', None)  # noqa: B004
        if forward is None:
            forward = self.forward  # type: ignore[attr-defined]
        try:
            return forward(*args, **kwargs)
        except TypeError as error:
            here = error.__traceback__
            if here is None or here.tb_next is None:  # nothing of it ran
                explain_call(f'{type(self).__name__}.forward', forward, kwargs)
            raise

    @property
    def _device_id(self) -> int | None:
        warnings.warn(
            'Link._device_id is deprecated. Use Link.device instead.',
            DeprecationWarning,
            stacklevel=2,
        )
        return getattr(getattr(self.device, 'device', None), 'id', None)

    # Showing

    @property
    def printable_specs(self) -> Iterator[tuple[str, Any]]:
        """Names and values of the arguments that describe this link, for ``str``."""
        yield from ()

    def __str__(self) -> str:
        specs = ', '.join([f'{key}={value}' for key, value in self.printable_specs])
        return f'{type(self).__name__}({specs})'

    def __repr__(self) -> str:
        return str(self)

    def _show_children_(self, children: Iterable[tuple[Any, str]]) -> str:
        lines = [
            f'  {line}\n'
            for name, text in children
            for line in f'({name}): {text},'.splitlines()
        ]
        body = '\n' + ''.join(lines) if lines else ''
        return f'{type(self).__name__}({body})'

    # Registering

    @property
    def within_init_scope(self) -> bool:
        """True inside ``with self.init_scope():``."""
        return self._within_init_scope

    @contextlib.contextmanager
    def init_scope(self) -> Iterator[None]:
        """Opens a block in which assigned parameters (and links) are registered.

        Raises:
            RuntimeError: ``super().__init__()`` has not been called yet.
        """
        self._check_init_done_()
        outer = self._within_init_scope
        self._within_init_scope = True
        try:
            yield
        finally:
            self._within_init_scope = outer

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, (Parameter, Link)):
            registered = self._within_init_scope and self._register_(name, value)
            # A value with a name is registered elsewhere: a shared weight.
            if not registered and value.name is None and not self._holds_(name):
                self._warn_not_registered_(name, value)
        super().__setattr__(name, value)

    def _register_(self, name: str, value: Parameter | Link) -> bool:
        if isinstance(value, Link):
            return False
        value.name = name
        self._params.add(name)
        self._persistent.discard(name)
        return True

    def _holds_(self, name: str) -> bool:
        # Registered, or assigned and warned about before.
        held = self.__dict__.get(name)
        return isinstance(held, (Parameter, Link)) or (
            self._init_done_ and name in self._params
        )

    # What was wrong about assigning a link that did not become a child, and the fix.
    _unregistered_link_ = (
        'was assigned to a Link that is not a Chain',
        'derive the class from Chain, which can have child links',
    )

    def _warn_not_registered_(self, name: str, value: Parameter | Link) -> None:
        if not self._init_done_:
            (event, fix), what = _BEFORE_INIT, 'its parameters'
        elif isinstance(value, Link):
            (event, fix), what = self._unregistered_link_, 'its parameters'
        else:
            (event, fix), what = OUTSIDE_INIT_SCOPE, 'it'
        warnings.warn(
            f'{type(self).__name__}.{name} {event}, so {what} will not be trained;\n'
            f'  {fix}',
            UserWarning,
            stacklevel=3,
        )

    def __delattr__(self, name: str) -> None:
        self._params.discard(name)
        self._persistent.discard(name)
        super().__delattr__(name)

    def add_param(
        self,
        name: str,
        shape: int | tuple[int, ...] | None = None,
        dtype: Any = numpy.float32,
        initializer: Any = None,
    ) -> None:
        """Makes a parameter and registers it.

        Args:
            name: Name of the parameter, and of the attribute.
            shape: Its shape; None leaves it uninitialized.
            dtype: Its dtype, where ``initializer`` is None.
            initializer: Initializer, array or number; None fills it with NaN.

        Raises:
            AttributeError: the attribute exists already.
        """
        self._check_new_(name, 'parameter')
        if initializer is None:
            initializer = initializers.NaN(dtype)
        with self.init_scope():
            setattr(self, name, Parameter(initializer, shape))

    def add_persistent(self, name: str, value: Any) -> None:
        """Sets an attribute that is saved and loaded with the link.

        Args:
            name: Name of the attribute.
            value: Its value: an array, a number, a string.

        Raises:
            AttributeError: the attribute exists already.
        """
        self._check_new_(name, 'persistent value')
        self.__dict__[name] = value
        self._persistent.add(name)

    def _check_new_(self, name: str, kind: str) -> None:
        self._check_init_done_()
        if name in self.__dict__:
            raise AttributeError(
                f'cannot register a new {kind} {name}: attribute exists'
            )

    def register_persistent(self, name: str) -> None:
        """Lets an existing attribute be saved and loaded with the link.

        A parameter of that name is no longer trained.

        Raises:
            AttributeError: there is no such attribute.
        """
        if not hasattr(self, name):
            raise AttributeError(
                f'cannot register non-existent attribute {name} as a persistent value'
            )
        self._persistent.add(name)
        self._params.discard(name)

    # The hierarchy. Everything below goes through children and _named_children, in one
    # order.

    def _named_children_(self) -> Iterator[tuple[str, Link]]:
        yield from ()

    def children(self) -> Iterator[Link]:
        """Yields the direct child links."""
        return iter(())

    def params(self, include_uninit: bool = True) -> Iterator[Parameter]:
        """Yields each parameter of the hierarchy once, those of this link first.

        A parameter that is tied, that is, has several names, comes at its first one;
        `namedparams` yields it under all of them.

        Args:
            include_uninit: If False, parameters without an array yet are left out.
        """
        found = self._params_with_tied_(include_uninit)
        return iter({id(param): param for param in found}.values())

    def _params_with_tied_(self, include_uninit: bool) -> Iterator[Parameter]:
        values = self.__dict__
        for name in self._params.sorted:
            param: Parameter = values[name]
            if include_uninit or param._array is not None:
                yield param
        for child in self.children():
            if type(child).params is Link.params:
                yield from child._params_with_tied_(include_uninit)
            else:
                yield from child.params(include_uninit)

    def namedparams(
        self, include_uninit: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """Yields ``('/path/of/the/parameter', parameter)`` for all of the hierarchy.

        A parameter that is tied is yielded under each of its names.

        Args:
            include_uninit: If False, parameters without an array yet are left out.
        """
        for name in self._params:
            param: Parameter = self.__dict__[name]
            if include_uninit or param.is_initialized:
                yield f'/{name}', param
        for name, child in self._named_children_():
            for path, param in child.namedparams(include_uninit):
                yield f'/{name}{path}', param

    def links(self, skipself: bool = False) -> Iterator[Link]:
        """Yields all links of the hierarchy, parents before their children.

        Args:
            skipself: If True, this link itself is left out.
        """
        if not skipself:
            yield self
        for child in self.children():
            yield from child.links()

    def namedlinks(self, skipself: bool = False) -> Iterator[tuple[str, Link]]:
        """Yields ``('/path/of/the/link', link)``, parents before their children.

        Args:
            skipself: If True, this link itself, ``'/'``, is left out.
        """
        if not skipself:
            yield '/', self
        for name, child in self._named_children_():
            yield f'/{name}', child
            for path, link in child.namedlinks(skipself=True):
                yield f'/{name}{path}', link

    def device_resident_accept(self, visitor: DeviceResidentsVisitor) -> None:
        """Applies ``visitor`` to parameters, persistent arrays and child links."""
        super().device_resident_accept(visitor)
        for name in self._params:
            visitor.visit_variable(self.__dict__[name])
        for name in self._persistent:
            value = self.__dict__[name]
            if isinstance(value, get_array_types()):
                self.__dict__[name] = visitor.visit_array(value)
        for child in self.children():
            child.device_resident_accept(visitor)

    def _pairs_(self, link: Link) -> Iterator[tuple[Link, Link]]:
        # The children of both, matched by name.
        others = dict(link._named_children_())
        for name, child in self._named_children_():
            if name not in others:
                raise KeyError(
                    f'{type(link).__name__} has no child link {name!r}, which '
                    f'{type(self).__name__} has'
                )
            yield child, others[name]

    def _all_pairs_(self, link: Link) -> Iterator[tuple[Link, Link]]:
        yield self, link
        for child, other in self._pairs_(link):
            yield from child._all_pairs_(other)

    # Copying

    @checks_arguments
    def copy(self, mode: str = 'share') -> Self:
        """Copies the hierarchy.

        Args:
            mode: ``'share'``: new links and parameters around the same arrays;
                ``'copy'``: a deep copy with the same values;
                ``'init'``: a deep copy whose parameters are initialized anew.

        Returns:
            The copy. In the mode ``'share'`` it has no name.

        Raises:
            ValueError: the mode is unknown.

        Example:
            >>> l = L.Linear(3, 2)
            >>> l.copy().W.array is l.W.array
            True
            >>> l.copy('copy').W.array is l.W.array
            False
        """
        _check_copy_mode(mode)
        if mode == 'share':
            return self._tied_(self._share_())
        ret = copy.deepcopy(self)
        if mode == 'init':
            for param in ret.params(include_uninit=False):
                param.initialize(param.shape)
        return ret

    def _tied_(self, ret: Self) -> Self:
        """Ties the parameters of a copy that are tied in this link."""
        copies: dict[int, Any] = {}
        for mine, other in zip(self.links(), ret.links(), strict=True):
            for name in mine._params:
                key = id(mine.__dict__[name])
                other.__dict__[name] = copies.setdefault(key, other.__dict__[name])
        return ret

    def _share_(self) -> Self:
        ret = copy.copy(self)
        d = ret.__dict__
        ret._params = SortedNames(self._params)
        ret._persistent = SortedNames(self._persistent)
        if self._local_link_hooks is not None:
            ret._local_link_hooks = dict(self._local_link_hooks)
        ret.name = None
        for name in ret._params:
            d[name] = copy.copy(d[name])
            d[name].grad = None
        return ret

    @checks_arguments
    def repeat(self, n_repeat: int, mode: str = 'init') -> Sequential:
        """Makes a `Sequential` of copies of this link.

        Args:
            n_repeat: Number of copies.
            mode: How to copy, see `copy`; ``'init'`` gives each its own values.

        Raises:
            ValueError: the mode is unknown.

        Example:
            >>> len(L.Linear(3, 3).repeat(4))
            4
        """
        from minigrad.sequential import Sequential

        _check_copy_mode(mode)
        return Sequential(*[self.copy(mode) for _ in range(n_repeat)])

    def copyparams(self, link: Link, copy_persistent: bool = True) -> None:
        """Copies the values of another link of the same structure into this one.

        Args:
            link: The source; its devices may be others.
            copy_persistent: If False, persistent values stay as they are.
        """
        src, dst = link.__dict__, self.__dict__
        for name in self._params:
            dst[name].copydata(src[name])
        if copy_persistent:
            arrays = get_array_types()
            for name in self._persistent:
                if isinstance(dst[name], arrays) and isinstance(src[name], arrays):
                    copyto(dst[name], src[name])
                else:
                    dst[name] = copy.deepcopy(src[name])
        for child, other in self._pairs_(link):
            child.copyparams(other, copy_persistent)

    @classmethod
    def from_params(cls, *args: Any, **kwargs: Any) -> Link:
        """Makes a link around given arrays, where a link class supports it."""
        raise NotImplementedError(f'{cls.__name__} does not implement from_params')

    # Training

    def cleargrads(self) -> None:
        """Forgets the gradients of all parameters; call it before each backward."""
        for param in self.params():
            param.cleargrad()

    def zerograds(self) -> None:
        """Fills the gradients of all parameters with zeros; use `cleargrads` instead."""
        warnings.warn(
            'Link.zerograds is deprecated. Use Link.cleargrads instead.',
            DeprecationWarning,
            stacklevel=2,
        )
        for param in self.params():
            param.zerograd()

    def addgrads(self, link: Link) -> None:
        """Adds the gradients of another link of the same structure to this one's.

        Args:
            link: The source; its devices may be others.
        """
        added = set()
        for mine, other in self._all_pairs_(link):
            for name in mine._params:
                param, source = mine.__dict__[name], other.__dict__[name]
                pair = id(param), id(source)
                if pair not in added:  # tied ones meet under several names
                    added.add(pair)
                    param.addgrad(source)

    def enable_update(self) -> None:
        """Lets the optimizer update all parameters of the hierarchy."""
        self._set_update_enabled_(True)

    def disable_update(self) -> None:
        """Freezes all parameters of the hierarchy.

        Call it after ``optimizer.setup``, which makes the update rules.
        """
        self._set_update_enabled_(False)

    def _set_update_enabled_(self, enabled: bool) -> None:
        for param in self.params():
            if param.update_rule is not None:
                param.update_rule.enabled = enabled

    @property
    def update_enabled(self) -> bool:
        """True if at least one parameter has an update rule that is enabled."""
        return any(
            param.update_rule is not None and param.update_rule.enabled
            for param in self.params()
        )

    def count_params(self) -> int:
        """Counts the numbers in all parameters of the hierarchy, tied ones once.

        Warns about each parameter that is not initialized and so not counted.

        Example:
            >>> L.Linear(3, 2).count_params()
            8
        """
        size = 0
        seen = set()
        for path, param in self.namedparams():
            if id(param) in seen:
                continue
            seen.add(id(param))
            if param.array is None:
                warnings.warn(
                    f"Parameter '{path}' has not been initialized, so the resulting "
                    'count will not include the number of parameters in it.',
                    UserWarning,
                    stacklevel=2,
                )
            else:
                size += param.size
        return size

    # Saving

    def serialize(self, serializer: Any) -> None:
        """Saves or loads all parameters and persistent values of the hierarchy.

        Args:
            serializer: A serializer or deserializer: ``serializer(name, value)`` gives
                the value to keep, ``serializer[name]`` the serializer of a child.
        """
        d = self.__dict__
        for name in self._params:
            param: Parameter = d[name]
            data = serializer(name, param.array)
            if not param.is_initialized and data is not None:
                param.initialize(data.shape)
                copyto(param.array, data)
        for name in self._persistent:
            d[name] = serializer(name, d[name])
        for name, child in self._named_children_():
            child.serialize(serializer[name])


def _shape_and_dtype(value: Any) -> tuple[Any, Any]:
    # A shape, or a pair of a shape and a dtype.
    if (
        isinstance(value, tuple)
        and len(value) == 2
        and not isinstance(value[1], numbers.Integral)
    ):
        return value
    return value, numpy.float32


def _check_copy_mode(mode: str) -> None:
    if mode not in ('share', 'copy', 'init'):
        raise ValueError(f"mode must be 'share', 'copy' or 'init', got {mode!r}")
