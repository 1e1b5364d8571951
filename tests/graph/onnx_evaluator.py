"""Runs ONNX files: by onnxruntime where it is installed, else by ONNX's evaluator."""

import numpy as np
import pytest

reference = pytest.importorskip('onnx.reference', reason='needs onnx: pip install onnx')
op_run = pytest.importorskip('onnx.reference.op_run')


class LRN(op_run.OpRun):
    """The formula of ONNX; its own evaluator takes the batch for the channels."""

    op_domain = ''

    def _run(self, x, alpha=None, beta=None, bias=None, size=None):
        y = np.empty_like(x)
        for c in range(x.shape[1]):
            first, last = c - (size - 1) // 2, c + size // 2
            near = x[:, max(first, 0) : last + 1]
            scale = bias + alpha / size * (near**2).sum(axis=1)
            y[:, c] = x[:, c] / scale**beta
        return (y,)


def evaluate(proto, inputs):
    """Returns the outputs of a model, by the reference evaluator."""
    return reference.ReferenceEvaluator(proto, new_ops=[LRN]).run(None, inputs)


def evaluate_fast(proto, inputs):
    """Returns the outputs of a model, by onnxruntime."""
    import onnxruntime

    session = onnxruntime.InferenceSession(
        proto.SerializeToString(), providers=['CPUExecutionProvider']
    )
    return session.run(None, inputs)
