"""Probability distributions, whose samples and probabilities have gradients.

Divergences between them are in `kl`; `minigrad.kl_divergence` looks them up.
"""

from minigrad.distributions import kl as kl
from minigrad.distributions import utils as utils
from minigrad.distributions.bernoulli import Bernoulli as Bernoulli
from minigrad.distributions.beta import Beta as Beta
from minigrad.distributions.categorical import Categorical as Categorical
from minigrad.distributions.cauchy import Cauchy as Cauchy
from minigrad.distributions.chisquare import Chisquare as Chisquare
from minigrad.distributions.dirichlet import Dirichlet as Dirichlet
from minigrad.distributions.exponential import Exponential as Exponential
from minigrad.distributions.gamma import Gamma as Gamma
from minigrad.distributions.geometric import Geometric as Geometric
from minigrad.distributions.gumbel import Gumbel as Gumbel
from minigrad.distributions.independent import Independent as Independent
from minigrad.distributions.laplace import Laplace as Laplace
from minigrad.distributions.log_normal import LogNormal as LogNormal
from minigrad.distributions.multivariate_normal import (
    MultivariateNormal as MultivariateNormal,
)
from minigrad.distributions.normal import Normal as Normal
from minigrad.distributions.one_hot_categorical import (
    OneHotCategorical as OneHotCategorical,
)
from minigrad.distributions.pareto import Pareto as Pareto
from minigrad.distributions.poisson import Poisson as Poisson
from minigrad.distributions.uniform import Uniform as Uniform
