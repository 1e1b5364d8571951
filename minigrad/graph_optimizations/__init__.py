"""Marks that programs written for Chainer put on the static parts of their models."""

from minigrad.graph_optimizations import static_graph, static_graph_utilities

__all__ = ['static_graph', 'static_graph_utilities']
