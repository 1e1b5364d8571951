"""Published experiments, run again: `python -m models.experiments --help`."""

from .alexnets import A1, A2, A3, A4
from .by_hand import N1, N2, N3, N4, N4B
from .deepconvnet import D1
from .experiment import Experiment
from .initializations import I1
from .lenets import L1, L2, L3
from .optimizers import O1
from .overfitting import R1
from .simple_convnet import S1

EXPERIMENTS: dict[str, Experiment] = {
    experiment.id: experiment
    for experiment in (
        *(N1, N2, N3, N4, N4B, L1, O1, I1, R1, S1, D1),
        *(L2, L3, A1, A2, A3, A4),
    )
}
