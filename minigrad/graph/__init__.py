"""Graphs of real runs: recorded, drawn, explored, compared, exported."""

from minigrad.graph.engines import EngineError
from minigrad.graph.errors import UnreadableModel
from minigrad.graph.graph import Graph
from minigrad.graph.model import Call, Trouble, Value
from minigrad.graph.summarise import ModelSummary, summary
from minigrad.graph.tracing import trace, trace_step

__all__ = [
    'Call',
    'EngineError',
    'Graph',
    'ModelSummary',
    'Trouble',
    'UnreadableModel',
    'Value',
    'summary',
    'trace',
    'trace_step',
]
