"""How functions are written in ONNX, by family; importing this fills the table."""

from minigrad.graph.onnx.operators import (
    activation,
    array,
    connection,
    loss,
    math,
    noise,
    normalization,
    pooling,
    rnn,
)

__all__ = [
    'activation',
    'array',
    'connection',
    'loss',
    'math',
    'noise',
    'normalization',
    'pooling',
    'rnn',
]
