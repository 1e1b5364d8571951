"""The questions themselves: each refuses what is wrong, and accepts what is right.

Every wrong operation below is wrong in one way only, and is asked alone by its question
and by `check_case`, which must ask every question.
"""

import dataclasses

import numpy as np
import pytest

import minigrad as mg
from minigrad.kernels import kernels_for
from minigrad.testing import properties
from minigrad.testing.op_case import Edge, ErrorCase, OpCase, Sample
from minigrad.variable import as_array


class Cube(mg.FunctionNode):
    """``x ** 3`` by methods that the wrong ones below override."""

    def forward(self, inputs):
        self.retain_inputs((0,))
        return (inputs[0] ** 3,)

    def backward(self, indexes, grad_outputs):
        (x,) = self.get_retained_inputs()
        return (3 * x**2 * grad_outputs[0],)


def cube(node=Cube):
    def call(x):
        ys = node().apply((x,))
        return ys[0] if len(ys) == 1 else ys

    return call


def checked_cube(x):
    if as_array(x).ndim == 0:
        raise ValueError('cube: expected x.ndim >= 1, got 0')
    return cube()(x)


RIGHT = OpCase(
    'cube',
    samples=[Sample((2, 3))],
    oracle=lambda x: x * x * x,
    call=checked_cube,
    empty=Sample((0, 3)),
    errors=[ErrorCase((), raises=ValueError, match='expected x.ndim >= 1, got 0')],
    edges=[Edge.each((-2, -8, 12), (0, 0, 0), (np.inf, np.inf, np.inf))],
)


class WrongValue(Cube):
    def forward(self, inputs):
        super().forward(inputs)
        return (1.001 * inputs[0] ** 3,)


class LastElementWrong(Cube):
    def forward(self, inputs):
        (y,) = super().forward(inputs)
        y[..., -1:] += 0.1
        return (y,)


class NaNValue(Cube):
    def forward(self, inputs):
        return (super().forward(inputs)[0] * np.nan,)


class WrongShape(Cube):
    def forward(self, inputs):
        return (super().forward(inputs)[0][None],)

    def backward(self, indexes, grad_outputs):
        return super().backward(indexes, (grad_outputs[0][0],))


class WrongDtype(Cube):
    def forward(self, inputs):
        return (super().forward(inputs)[0].astype(np.float32),)


class ManyOutputs(Cube):
    def forward(self, inputs):
        return super().forward(inputs) * 2

    def backward(self, indexes, grad_outputs):
        return super().backward(indexes, (grad_outputs[0] + grad_outputs[1],))


class WrongGradient(Cube):
    def backward(self, indexes, grad_outputs):
        return (1.001 * super().backward(indexes, grad_outputs)[0],)


class OneGradientWrong(Cube):
    def backward(self, indexes, grad_outputs):
        (gx,) = super().backward(indexes, grad_outputs)
        mask = np.ones_like(gx.array)
        mask.reshape(-1)[-1:] = 0.9
        return (gx * mask,)


class NoGradient(Cube):
    def backward(self, indexes, grad_outputs):
        return (None,)


class NaNGradient(Cube):
    def backward(self, indexes, grad_outputs):
        return (np.nan * super().backward(indexes, grad_outputs)[0],)


class WrongSecondGradient(Cube):
    def backward(self, indexes, grad_outputs):
        (x,) = self.get_retained_inputs()
        return (3 * x * x.array * grad_outputs[0],)  # half of it is a constant


class GradientIsNoVariableOfGy(Cube):
    def backward(self, indexes, grad_outputs):
        (x,) = self.get_retained_inputs()
        return (3 * x**2 * grad_outputs[0].array,)


class WritesInForward(Cube):
    def forward(self, inputs):
        y = super().forward(inputs)
        inputs[0][...] += 1e-7
        return y


class WritesInBackward(Cube):
    def backward(self, indexes, grad_outputs):
        gx = super().backward(indexes, grad_outputs)
        self.get_retained_inputs()[0].array[...] *= -1
        return gx


class ReadsMemoryInItsOrder(Cube):
    def forward(self, inputs):
        self.retain_inputs((0,))
        x = inputs[0]
        if x.flags.c_contiguous:
            return (x**3,)
        return (np.zeros_like(x),)


class GradientReadsMemoryInItsOrder(Cube):
    def forward(self, inputs):
        self.factor = 1.0 if inputs[0].flags.c_contiguous else 0.9
        return super().forward(inputs)

    def backward(self, indexes, grad_outputs):
        return (self.factor * super().backward(indexes, grad_outputs)[0],)


class FastIsWrong(Cube):
    def forward(self, inputs):
        (y,) = super().forward(inputs)
        return (y if kernels_for(y).name == 'reference' else y + y.dtype.type(0.01),)


class FastGradientIsWrong(Cube):
    def backward(self, indexes, grad_outputs):
        (gx,) = super().backward(indexes, grad_outputs)
        return (gx if kernels_for(gx.array).name == 'reference' else 1.01 * gx,)


class FastIsWrongInFloat32(Cube):
    def forward(self, inputs):
        (y,) = super().forward(inputs)
        reference = kernels_for(y).name == 'reference' or y.dtype != np.float32
        return (y if reference else y + np.float32(0.01),)


class EmptyRaises(Cube):
    def forward(self, inputs):
        inputs[0].max()
        return super().forward(inputs)


class EmptyHasAnotherShape(Cube):
    def forward(self, inputs):
        (y,) = super().forward(inputs)
        return (y if y.size else np.zeros((3, 0), y.dtype),)

    def backward(self, indexes, grad_outputs):
        return (mg.Variable(np.zeros((0, 3))),)


class MaskByMultiplication(Cube):
    def forward(self, inputs):
        self.retain_inputs((0,))
        return (inputs[0] ** 3 * (inputs[0] > -100) + 0 * inputs[0],)


class SlopeByMultiplication(Cube):
    def backward(self, indexes, grad_outputs):
        (gx,) = super().backward(indexes, grad_outputs)
        return (gx + 0 * gx,)


class EdgeIsWrongInReference(Cube):
    def forward(self, inputs):
        (y,) = super().forward(inputs)
        atol = kernels_for(y).name == 'reference'
        return (np.where(inputs[0] == 0, y.dtype.type(atol), y),)


def wrong(node, **changes):
    return dataclasses.replace(RIGHT, call=cube(node), errors=[], **changes)


def silent(x):
    return cube()(x)


def another_error(x):
    if as_array(x).ndim == 0:
        raise TypeError('cube: expected x.ndim >= 1, got 0')
    return cube()(x)


def another_text(x):
    if as_array(x).ndim == 0:
        raise ValueError('invalid argument')
    return cube()(x)


NUMBA = pytest.mark.skipif(
    mg.kernels.kernel_set_name('numpy') == 'reference',
    reason='without Numba there is one set of kernels, which agrees with itself',
)

SAMPLE_CASES = [
    (properties.check_forward, WrongValue),
    (properties.check_forward, LastElementWrong),
    (properties.check_forward, NaNValue),
    (properties.check_forward, WrongShape),
    (properties.check_forward, WrongDtype),
    (properties.check_forward, ManyOutputs),
    (properties.check_gradient, WrongGradient),
    (properties.check_gradient, OneGradientWrong),
    (properties.check_gradient, NoGradient),
    (properties.check_gradient, NaNGradient),
    (properties.check_double_gradient, WrongSecondGradient),
    (properties.check_double_gradient, GradientIsNoVariableOfGy),
    (properties.check_inputs_unmodified, WritesInForward),
    (properties.check_inputs_unmodified, WritesInBackward),
    (properties.check_noncontiguous, ReadsMemoryInItsOrder),
    (properties.check_noncontiguous, GradientReadsMemoryInItsOrder),
    pytest.param(properties.check_kernels_agree, FastIsWrong, marks=NUMBA),
    pytest.param(properties.check_kernels_agree, FastGradientIsWrong, marks=NUMBA),
    pytest.param(properties.check_kernels_agree, FastIsWrongInFloat32, marks=NUMBA),
]


@pytest.mark.parametrize('question', properties.SAMPLE_QUESTIONS)
def test_a_right_operation_passes(question):
    question(RIGHT, RIGHT.samples[0])


def test_a_right_operation_passes_all_questions():
    properties.check_case(RIGHT)


@pytest.mark.parametrize(('question', 'node'), SAMPLE_CASES)
def test_a_wrong_sample_is_refused(question, node):
    case = wrong(node)
    with pytest.raises(AssertionError):
        question(case, case.samples[0])


@pytest.mark.parametrize(('question', 'node'), SAMPLE_CASES)
def test_a_wrong_sample_is_refused_by_check_case(question, node):
    with pytest.raises(AssertionError):
        properties.check_case(wrong(node, empty=None, edges=[]))


def test_every_question_about_samples_has_a_wrong_operation():
    asked = {getattr(case, 'values', case)[0] for case in SAMPLE_CASES}
    assert asked == set(properties.SAMPLE_QUESTIONS)
    named = {name for name in dir(properties) if name.startswith('check_')}
    others = {'check_case', 'check_backward', 'check_double_backward'}
    others |= {'check_zero_size', 'check_errors', 'check_edges'}  # asked below
    assert named - others == {question.__name__ for question in asked}


@pytest.mark.parametrize('ask', [properties.check_zero_size, properties.check_case])
@pytest.mark.parametrize(
    ('node', 'error'),
    [(EmptyRaises, ValueError), (EmptyHasAnotherShape, AssertionError)],
)
def test_a_wrong_answer_to_empty_arrays_is_refused(ask, node, error):
    with pytest.raises(error):
        ask(wrong(node, samples=[]))


@pytest.mark.parametrize('ask', [properties.check_errors, properties.check_case])
@pytest.mark.parametrize(
    ('call', 'error', 'text'),
    [
        (silent, AssertionError, 'raised nothing'),
        (another_text, AssertionError, 'is not in the message'),
        (another_error, TypeError, 'expected x.ndim'),
    ],
)
def test_a_wrong_error_is_refused(ask, call, error, text):
    with pytest.raises(error, match=text):
        ask(dataclasses.replace(RIGHT, call=call))


@pytest.mark.parametrize('ask', [properties.check_edges, properties.check_case])
@pytest.mark.parametrize(
    ('node', 'text'),
    [
        (MaskByMultiplication, 'value'),
        (SlopeByMultiplication, 'gradient'),
        (EdgeIsWrongInReference, 'value'),
    ],
)
def test_a_wrong_edge_is_refused(ask, node, text):
    with pytest.raises(AssertionError, match=text):
        ask(wrong(node, samples=[]))


def test_an_edge_is_asked_in_its_own_dtypes_only():
    edge = Edge(np.array([1e3]), values=np.array([0.0]), dtypes='e')  # inf in float16
    with pytest.raises(AssertionError, match='float16'):
        properties.check_edges(dataclasses.replace(RIGHT, edges=[edge]))
    edge = Edge(np.array([1e3]), values=np.array([1e9]), dtypes='fd')
    properties.check_edges(dataclasses.replace(RIGHT, edges=[edge]))
