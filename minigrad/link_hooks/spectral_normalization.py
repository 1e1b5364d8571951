"""A hook that divides the weight of a link by its largest singular value."""

from __future__ import annotations

from typing import Any

from minigrad.backend import copyto, using_device
from minigrad.configuration import config
from minigrad.functions.math.matmul import matmul
from minigrad.link import Link
from minigrad.link_hooks._weight_hook import WeightHook
from minigrad.links.connection.deconvolution_nd import DeconvolutionND
from minigrad.parameter import Parameter
from minigrad.types import Array
from minigrad.variable import Variable


class SpectralNormalization(WeightHook):
    """Divides the weight of a link by its largest singular value sigma.

    The weight, as a matrix with one row per output, then stretches no vector. Sigma is
    estimated by power iteration from the vector ``u`` of the call before, which is a
    persistent value of the link, ``W_u``. Add the hook before ``optimizer.setup`` if
    ``use_gamma``.

    Args:
        n_power_iteration: Steps of power iteration in each call.
        eps: Added to the norms that are divided by.
        use_gamma: If True, a trained scale ``gamma`` multiplies the weight; it starts at
            the largest singular value.
        factor: If not None, sigma is divided by it first.
        weight_name: Name of the weight.
        name: Name of the hook.

    Raises:
        ValueError: ``n_power_iteration`` is not positive; (from ``add_hook``) the link
            has no such weight.

    Source: Miyato et al. 2018; compatible with chainer.link_hooks.SpectralNormalization.

    Example:
        >>> linear = L.Linear(3, 4).add_hook(
        ...     minigrad.link_hooks.SpectralNormalization())
        >>> linear(np.zeros((2, 3), 'f')).shape, linear.W_u.shape
        ((2, 4), (4,))
    """

    name = 'SpectralNormalization'

    def __init__(
        self,
        n_power_iteration: int = 1,
        eps: float = 1e-6,
        use_gamma: bool = False,
        factor: float | None = None,
        weight_name: str = 'W',
        name: str | None = None,
    ) -> None:
        if n_power_iteration <= 0:
            raise ValueError(
                f'n_power_iteration must be positive, got {n_power_iteration}'
            )
        super().__init__(weight_name, name)
        self.n_power_iteration = n_power_iteration
        self.eps = eps
        self.use_gamma = use_gamma
        self.factor = factor
        self.vector_name = weight_name + '_u'
        self.axis = 0  # the axis of the outputs
        self._initialized = False

    def added(self, link: Link | None) -> None:
        """Makes the vector, and ``gamma``, if the weight has its shape already."""
        super().added(link)
        if isinstance(link, DeconvolutionND):
            self.axis = 1
        if getattr(link, self.weight_name).array is not None:
            self._prepare_(link)

    def deleted(self, link: Link | None) -> None:
        """Removes the vector and ``gamma``."""
        if self._initialized:
            delattr(link, self.vector_name)
            if self.use_gamma:
                del link.gamma  # type: ignore[union-attr]
            self._initialized = False

    def _prepare_(self, link: Any) -> None:
        W = getattr(link, self.weight_name)
        outputs = W.shape[self.axis]
        if outputs == 0:
            raise ValueError(f'Expect {self.weight_name}.shape[{self.axis}] > 0')
        with using_device(link.device):
            u = link.xp.random.normal(size=outputs).astype(W.dtype)
            if self.use_gamma:
                sigma = link.xp.linalg.svd(self.reshape_W(W.array), compute_uv=False)[0]
                with link.init_scope():
                    link.gamma = Parameter(link.xp.asarray(sigma, dtype=W.dtype))
        setattr(link, self.vector_name, u)
        link.register_persistent(self.vector_name)
        self._initialized = True

    def transform(self, link: Link, W: Variable) -> Variable:
        """Returns ``W / sigma``."""
        if not self._initialized:
            self._prepare_(link)
        matrix = self.reshape_W(W)
        u = getattr(link, self.vector_name)
        if not config.in_recomputing:
            with using_device(link.device):
                u, self.v = self._iterate_(link.xp, u, matrix.array)
        sigma = matmul(matmul(u, matrix), self.v)
        if self.factor is not None:
            sigma = sigma / self.factor
        if config.train and not config.in_recomputing:
            copyto(getattr(link, self.vector_name), u)
        if self.use_gamma:
            return link.gamma * W / sigma  # type: ignore[attr-defined,no-any-return]
        return W / sigma

    def _iterate_(self, xp: Any, u: Array, matrix: Array) -> tuple[Array, Array]:
        for _ in range(self.n_power_iteration):
            v = u @ matrix
            v = v / (xp.linalg.norm(v) + self.eps)
            u = matrix @ v
            u = u / (xp.linalg.norm(u) + self.eps)
        return u, v

    def reshape_W(self, W: Any) -> Any:
        """Returns the weight as a matrix with one row per output."""
        if self.axis != 0:
            others = [i for i in range(W.ndim) if i != self.axis]
            W = W.transpose(self.axis, *others)
        return W if W.ndim == 2 else W.reshape(W.shape[0], -1)
