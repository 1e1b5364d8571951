"""Published experiments, run again: `python -m models.experiments --help`."""

from models.experiments.alexnets import A1, A2, A3, A4
from models.experiments.by_hand import N1, N2, N3, N4
from models.experiments.deepconvnet import D1
from models.experiments.experiment import Experiment
from models.experiments.initializations import I1
from models.experiments.lenets import L1, L2, L3
from models.experiments.optimizers import O1
from models.experiments.overfitting import R1

EXPERIMENTS: dict[str, Experiment] = {
    experiment.id: experiment
    for experiment in (N1, N2, N3, N4, L1, O1, I1, R1, D1, L2, L3, A1, A2, A3, A4)
}
