"""The table of Kullback-Leibler divergences, from ``p`` to ``q`` of the same class."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.backend import get_array_module
from minigrad.distribution import kl_divergence, register_kl
from minigrad.distributions.bernoulli import Bernoulli
from minigrad.distributions.beta import Beta
from minigrad.distributions.categorical import Categorical
from minigrad.distributions.dirichlet import Dirichlet
from minigrad.distributions.exponential import Exponential
from minigrad.distributions.gamma import Gamma
from minigrad.distributions.geometric import Geometric
from minigrad.distributions.gumbel import EULER, Gumbel
from minigrad.distributions.independent import Independent
from minigrad.distributions.laplace import Laplace
from minigrad.distributions.log_normal import LogNormal
from minigrad.distributions.multivariate_normal import MultivariateNormal
from minigrad.distributions.normal import Normal
from minigrad.distributions.one_hot_categorical import OneHotCategorical
from minigrad.distributions.pareto import Pareto
from minigrad.distributions.poisson import Poisson
from minigrad.distributions.uniform import Uniform
from minigrad.distributions.utils import xlog1py, xlogy
from minigrad.functions.activation.softplus import softplus
from minigrad.functions.array.expand_dims import expand_dims
from minigrad.functions.array.where import where
from minigrad.functions.math.elementary import exp, log
from minigrad.functions.math.matmul import matmul
from minigrad.functions.math.special import digamma, lgamma
from minigrad.functions.math.sum import sum
from minigrad.types import Array
from minigrad.variable import Variable


def _or_infinity(inside: Array, kl: Variable) -> Variable:
    """The divergence, infinite where ``p`` is possible and ``q`` is not."""
    xp = get_array_module(kl)
    return where(inside, kl, xp.array(numpy.inf, kl.dtype))


@register_kl(Bernoulli, Bernoulli)
def _bernoulli(p: Bernoulli, q: Bernoulli) -> Variable:
    # log(q) is -softplus(-logit) and log(1 - q) is -softplus(logit).
    zero = p.p.xp.zeros((), p.p.dtype)
    never, always = p.p.array == 0, p.p.array == 1
    cross = p.p * where(never, zero, softplus(-q.logit))
    cross += (1 - p.p) * where(always, zero, softplus(q.logit))
    return cross - p.entropy


@register_kl(Beta, Beta)
def _beta(p: Beta, q: Beta) -> Variable:
    return (
        q._log_beta_
        - p._log_beta_
        + (p.a - q.a) * digamma(p.a)
        + (p.b - q.b) * digamma(p.b)
        + (q._a_plus_b - p._a_plus_b) * digamma(p._a_plus_b)
    )


@register_kl(Categorical, Categorical)
@register_kl(OneHotCategorical, OneHotCategorical)
def _categorical(p: Any, q: Any) -> Variable:
    return sum(p.times_log_p(p.p) - q.times_log_p(p.p), axis=-1)


@register_kl(Dirichlet, Dirichlet)
def _dirichlet(p: Dirichlet, q: Dirichlet) -> Variable:
    mean_log_x = digamma(p.alpha) - expand_dims(digamma(p.alpha0), -1)
    return q._log_beta_ - p._log_beta_ + sum((p.alpha - q.alpha) * mean_log_x, axis=-1)


@register_kl(Exponential, Exponential)
def _exponential(p: Exponential, q: Exponential) -> Variable:
    return p._log_lam - q._log_lam + q.lam / p.lam - 1


@register_kl(Gamma, Gamma)
def _gamma(p: Gamma, q: Gamma) -> Variable:
    return (
        (p.k - q.k) * digamma(p.k)
        - lgamma(p.k)
        + lgamma(q.k)
        + q.k * (log(q.theta) - log(p.theta))
        + p.k * (p.theta / q.theta - 1)
    )


@register_kl(Geometric, Geometric)
def _geometric(p: Geometric, q: Geometric) -> Variable:
    failures = 1 / p.p - 1
    kl = xlog1py(failures, -p.p) - xlog1py(failures, -q.p)
    return kl + log(p.p) - log(q.p)


@register_kl(Gumbel, Gumbel)
def _gumbel(p: Gumbel, q: Gumbel) -> Variable:
    ratio = p.scale / q.scale
    shift = (p.loc - q.loc) / q.scale
    return (
        q._log_scale
        - p._log_scale
        + EULER * (ratio - 1)
        + shift
        + exp(lgamma(ratio + 1) - shift)
        - 1
    )


@register_kl(Independent, Independent)
def _independent(p: Independent, q: Independent) -> Variable:
    inner = (p.distribution, q.distribution)
    if p.event_shape != q.event_shape:
        raise ValueError(
            f'kl_divergence: events of the shapes {p.event_shape} and {q.event_shape}'
        )
    if inner[0].event_shape != inner[1].event_shape:
        raise NotImplementedError(
            'kl_divergence: the distributions inside Independent have events of the '
            f'shapes {inner[0].event_shape} and {inner[1].event_shape}'
        )
    return p._reduce(sum, kl_divergence(*inner))


@register_kl(Laplace, Laplace)
def _laplace(p: Laplace, q: Laplace) -> Variable:
    distance = abs(p.loc - q.loc)
    return (
        log(q.scale)
        - log(p.scale)
        + distance / q.scale
        + p.scale / q.scale * exp(-distance / p.scale)
        - 1
    )


@register_kl(LogNormal, LogNormal)
def _log_normal(p: LogNormal, q: LogNormal) -> Variable:
    square = p.sigma**2 + (p.mu - q.mu) ** 2
    return q._log_sigma - p._log_sigma + 0.5 * square / q.sigma**2 - 0.5


@register_kl(MultivariateNormal, MultivariateNormal)
def _multivariate_normal(p: MultivariateNormal, q: MultivariateNormal) -> Variable:
    trace = sum(matmul(q._scale_inv_, p.scale_tril) ** 2, axis=(-2, -1))
    shift = matmul(q._scale_inv_, expand_dims(p.loc - q.loc, -1))
    square = trace + sum(shift**2, axis=(-2, -1))
    return q._log_det_ - p._log_det_ + 0.5 * square - 0.5 * p.d


@register_kl(Normal, Normal)
def _normal(p: Normal, q: Normal) -> Variable:
    square = p.variance + (p.loc - q.loc) ** 2
    return q.log_scale - p.log_scale + 0.5 * square / q.variance - 0.5


@register_kl(Pareto, Pareto)
def _pareto(p: Pareto, q: Pareto) -> Variable:
    kl = (
        q.alpha * (p._log_scale - q._log_scale)
        + p._log_alpha
        - q._log_alpha
        + q.alpha / p.alpha
        - 1
    )
    return _or_infinity(p.scale.array >= q.scale.array, kl)


@register_kl(Poisson, Poisson)
def _poisson(p: Poisson, q: Poisson) -> Variable:
    return xlogy(p.lam, p.lam) - xlogy(p.lam, q.lam) - p.lam + q.lam


@register_kl(Uniform, Uniform)
def _uniform(p: Uniform, q: Uniform) -> Variable:
    inside = (p.low.array >= q.low.array) & (p.high.array <= q.high.array)
    return _or_infinity(inside, log(q.scale) - log(p.scale))
