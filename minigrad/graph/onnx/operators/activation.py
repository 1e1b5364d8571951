"""Activations."""

from __future__ import annotations

from typing import Any

from minigrad.graph.onnx.builder import Builder, operator, plain

plain('Relu', 'ReLU')
plain('Sigmoid', 'Sigmoid')
plain('Tanh', 'Tanh')
plain('LeakyRelu', 'LeakyReLU', alpha='slope')
plain('Softmax', 'Softmax', axis='axis')
plain('LogSoftmax', 'LogSoftmax', axis='axis')


@operator('Clip', 'ClippedReLU')
def _clip(b: Builder, f: Any, x: str) -> Any:
    low, high = (0.0, f.cap) if hasattr(f, 'cap') else (f.x_min, f.x_max)
    limits = [None if limit is None else float(limit) for limit in (low, high)]
    return b.op('Clip', x, *limits)


@operator('HardSigmoid')
def _hard_sigmoid(b: Builder, f: Any, x: str) -> Any:
    return b.op('HardSigmoid', x, alpha=0.2, beta=0.5)


@operator('ELU')
def _elu(b: Builder, f: Any, x: str) -> Any:
    if f.scale == 1:
        return b.op('Elu', x, alpha=float(f.alpha))
    return b.op('Selu', x, alpha=float(f.alpha), gamma=float(f.scale))


def softplus(b: Builder, x: str) -> str:
    return str(b.op('Softplus', x))


@operator('Softplus')
def _softplus(b: Builder, f: Any, x: str) -> Any:
    if f.beta == 1:
        return softplus(b, x)
    return b.op('Div', softplus(b, b.op('Mul', x, f.beta)), f.beta)


@operator('Silu')
def _silu(b: Builder, f: Any, x: str) -> Any:
    return b.op('Mul', x, b.op('Sigmoid', x))


@operator('Softsign')
def _softsign(b: Builder, f: Any, x: str) -> Any:
    return b.op('Div', x, b.op('Add', b.op('Abs', x), 1.0))


@operator('Mish')
def _mish(b: Builder, f: Any, x: str) -> Any:
    return b.op('Mul', x, b.op('Tanh', softplus(b, x)))


@operator('Gelu')
def _gelu(b: Builder, f: Any, x: str) -> Any:
    return b.op('Mul', x, normal_cdf(b, x))


def normal_cdf(b: Builder, x: str) -> str:
    """The distribution function of the standard normal distribution."""
    erf = b.op('Erf', b.op('Mul', x, 0.5**0.5))
    return str(b.op('Mul', b.op('Add', erf, 1.0), 0.5))


def _per_channel(b: Builder, W: str) -> str:
    """Shapes the second input to broadcast to the first."""
    x_shape, W_shape = b.shapes
    ones = [1] * (len(x_shape) - len(W_shape) - 1)
    return str(b.op('Reshape', W, [1, *W_shape, *ones]))


@operator('PReLUFunction')
def _prelu(b: Builder, f: Any, x: str, W: str) -> Any:
    return b.op('PRelu', x, _per_channel(b, W))


@operator('Swish')
def _swish(b: Builder, f: Any, x: str, beta: str) -> Any:
    return b.op('Mul', x, b.op('Sigmoid', b.op('Mul', x, _per_channel(b, beta))))


@operator('RReLU')
def _rrelu(b: Builder, f: Any, x: str) -> Any:
    return b.op('LeakyRelu', x, alpha=(f.lower + f.upper) / 2)
