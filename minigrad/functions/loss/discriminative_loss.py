"""The discriminative loss of embeddings that are to be clustered."""

from __future__ import annotations

from typing import Any

from minigrad.backend import get_array_module
from minigrad.functions._edges import masked
from minigrad.functions.activation.relu import relu
from minigrad.functions.array.expand_dims import expand_dims
from minigrad.functions.array.where import where
from minigrad.functions.math.basic_math import absolute
from minigrad.functions.math.elementary import sqrt
from minigrad.functions.math.sum import sum as sum_of
from minigrad.functions.math.sum_to import broadcast_to
from minigrad.named_arguments import checks_arguments
from minigrad.variable import Variable, as_array, as_variable


class DiscriminativeMarginBasedClusteringLoss:
    """The loss as an object that keeps its parameters.

    Args:
        delta_v: Distance from the centre within which pixels of a cluster are free.
        delta_d: Half the distance beyond which centres are free.
        max_embedding_dim: Number of channels, and of labels.
        norm: 1 or 2, the norm that distances are measured in.
        alpha: Weight of the variance term.
        beta: Weight of the distance term.
        gamma: Weight of the regularisation term.

    Raises:
        ValueError: ``max_embedding_dim`` is not positive, or ``norm`` neither 1 nor 2.
    """

    def __init__(
        self,
        delta_v: float = 0.5,
        delta_d: float = 1.5,
        max_embedding_dim: int = 10,
        norm: int = 1,
        alpha: float = 1.0,
        beta: float = 1.0,
        gamma: float = 0.001,
    ) -> None:
        name = 'discriminative_margin_based_clustering_loss'
        if max_embedding_dim <= 0:
            raise ValueError(
                f'{name}: expected max_embedding_dim > 0, got {max_embedding_dim}'
            )
        if norm not in (1, 2):
            raise ValueError(f'{name}: expected norm=1 or 2, got {norm!r}')
        self.delta_v, self.delta_d = delta_v, delta_d
        self.max_embedding_dim = max_embedding_dim
        self.norm = _norm_1 if norm == 1 else _norm_2
        self.alpha, self.beta, self.gamma = alpha, beta, gamma

    def __call__(
        self, embeddings: Any, labels: Any
    ) -> tuple[Variable, Variable, Variable]:
        """Returns the three terms.

        Args:
            embeddings: Float, shape ``(N, C, H, W)`` with ``C == max_embedding_dim``.
            labels: Integers, shape ``(N, H, W)``: 1, 2, ... for the clusters, and 0.

        Raises:
            ValueError: The number of channels is another, or the shapes do not fit.
        """
        embeddings, labels = as_variable(embeddings), as_array(labels)
        K, shape = self.max_embedding_dim, embeddings.shape
        if (
            embeddings.ndim != 4
            or shape[1] != K
            or labels.shape != (shape[0], *shape[2:])
        ):
            raise ValueError(
                'discriminative_margin_based_clustering_loss: expected embeddings '
                f'(N, {K}, H, W), as max_embedding_dim has it, and labels (N, H, W), got '
                f'{shape} and {labels.shape}'
            )
        xp, N, dtype = get_array_module(labels), shape[0], embeddings.dtype
        cluster = xp.arange(1, K + 1, dtype=labels.dtype)[:, None, None, None, None]
        mask = labels[:, None] == cluster  # (K, N, 1, H, W)
        pixels = mask.sum(axis=(3, 4), dtype=dtype)  # (K, N, 1)
        # A pixel outside of a cluster must not count, even if it is infinite.
        x = masked(broadcast_to(expand_dims(embeddings, 0), (K, *shape)), mask)
        centres = sum_of(x, axis=(3, 4)) / xp.maximum(pixels, 1)  # (K, N, C)

        regular = sum_of(self.norm(centres, (1, 2))) / (K * N)

        apart = masked(centres.reshape((K, N, K, 1, 1)) - x, mask)
        excess = relu(self.norm(apart, 2) - self.delta_v) ** 2
        of_cluster = sum_of(excess, axis=(1, 2, 3)) / xp.maximum(
            pixels.sum(axis=(1, 2)), 1
        )
        variance = sum_of(of_cluster) / K

        # Every pair of labels once; absent clusters have their centre at zero.
        a, b = xp.triu_indices(K, 1)
        between = self.norm(centres[a] - centres[b], 2)  # (pairs, N)
        missing = relu(2 * self.delta_d - between) ** 2
        distance = sum_of(missing) / max(missing.size, 1)
        return self.alpha * variance, self.beta * distance, self.gamma * regular


def _norm_1(x: Variable, axis: Any) -> Variable:
    return sum_of(absolute(x), axis=axis)


def _norm_2(x: Variable, axis: Any) -> Variable:
    square = sum_of(x * x, axis=axis)
    # The gradient of the square root at zero is infinite; that of a norm is taken as 0.
    positive = square.array > 0
    one, zero = square.xp.ones_like(square.array), square.xp.zeros_like(square.array)
    return where(positive, sqrt(where(positive, square, one)), zero)


@checks_arguments
def discriminative_margin_based_clustering_loss(
    embeddings: Any,
    labels: Any,
    delta_v: float,
    delta_d: float,
    max_embedding_dim: int,
    norm: int = 1,
    alpha: float = 1.0,
    beta: float = 1.0,
    gamma: float = 0.001,
) -> tuple[Variable, Variable, Variable]:
    """Loss of pixel embeddings that pulls instances together and pushes them apart.

    Args:
        embeddings: Float, shape ``(N, C, H, W)`` with ``C == max_embedding_dim``.
        labels: Integers, shape ``(N, H, W)``: the instance of each pixel, from 1 to
            ``max_embedding_dim``; others count for none.
        delta_v: Distance from its centre within which a pixel costs nothing.
        delta_d: Half the distance beyond which two centres cost nothing.
        max_embedding_dim: Number of channels, and of instances.
        norm: 1 or 2, the norm that distances are measured in.
        alpha: Weight of the variance term.
        beta: Weight of the distance term.
        gamma: Weight of the regularisation term.

    Returns:
        Three Variables ``()``: how far pixels lie from the centre of their instance, how
        near centres lie to each other, and how far they lie from zero; each weighted.

    Raises:
        ValueError: The shapes do not fit, ``max_embedding_dim`` is not positive, or
            ``norm`` neither 1 nor 2.

    Gradient: to ``embeddings``; that of a norm is zero at zero.
    Double backprop: yes.
    Kernels: reference.
    Source: De Brabandere et al. 2017; compatible with
        chainer.functions.discriminative_margin_based_clustering_loss.

    Example:
        >>> x = np.array([0., 2., 8., 8.]).reshape(1, 2, 1, 2)
        >>> labels = np.array([[[1, 1]]])
        >>> F.discriminative_margin_based_clustering_loss(x, labels, .5, 1.5, 2)
        (variable(0.125), variable(0.), variable(0.0045))
    """
    loss = DiscriminativeMarginBasedClusteringLoss(
        delta_v, delta_d, max_embedding_dim, norm, alpha, beta, gamma
    )
    return loss(embeddings, labels)
