"""Extensions that can be registered to a training loop."""

from typing import TYPE_CHECKING as _TYPE_CHECKING

from minigrad.suggestions import of_module as _of_module
from minigrad.training.extensions import snapshot_writers, variable_statistics_plot
from minigrad.training.extensions._snapshot import snapshot, snapshot_object
from minigrad.training.extensions.computational_graph import DumpGraph
from minigrad.training.extensions.doctor import Doctor
from minigrad.training.extensions.evaluator import Evaluator
from minigrad.training.extensions.exponential_shift import ExponentialShift
from minigrad.training.extensions.fail_on_nonnumber import FailOnNonNumber
from minigrad.training.extensions.inverse_shift import InverseShift
from minigrad.training.extensions.linear_shift import LinearShift
from minigrad.training.extensions.log_report import LogReport
from minigrad.training.extensions.micro_average import MicroAverage
from minigrad.training.extensions.multistep_shift import MultistepShift
from minigrad.training.extensions.parameter_statistics import ParameterStatistics
from minigrad.training.extensions.plot_report import PlotReport
from minigrad.training.extensions.polynomial_shift import PolynomialShift
from minigrad.training.extensions.print_report import PrintReport
from minigrad.training.extensions.print_report_notebook import PrintReportNotebook
from minigrad.training.extensions.progress_bar import ProgressBar
from minigrad.training.extensions.step_shift import StepShift
from minigrad.training.extensions.tensorboard_report import TensorBoardReport
from minigrad.training.extensions.value_observation import observe_lr, observe_value
from minigrad.training.extensions.variable_statistics_plot import VariableStatisticsPlot
from minigrad.training.extensions.variable_unchain import unchain_variables
from minigrad.training.extensions.warmup_shift import WarmupShift

dump_graph = DumpGraph

__all__ = [
    'Doctor',
    'DumpGraph',
    'Evaluator',
    'ExponentialShift',
    'FailOnNonNumber',
    'InverseShift',
    'LinearShift',
    'LogReport',
    'MicroAverage',
    'MultistepShift',
    'ParameterStatistics',
    'PlotReport',
    'PolynomialShift',
    'PrintReport',
    'PrintReportNotebook',
    'ProgressBar',
    'StepShift',
    'TensorBoardReport',
    'VariableStatisticsPlot',
    'WarmupShift',
    'dump_graph',
    'observe_lr',
    'observe_value',
    'snapshot',
    'snapshot_object',
    'snapshot_writers',
    'unchain_variables',
    'variable_statistics_plot',
]

if not _TYPE_CHECKING:
    __getattr__ = _of_module(__name__, 'extensions')
