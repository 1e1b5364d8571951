"""Writes sweep_torch.json: PyTorch's values and gradients at special values.

Run it where PyTorch is installed: ``python -m tests.functions.make_sweep``.
"""

import json
import pathlib

import torch

from tests.functions.sweep_cases import BINARY, ROWS, UNARY, inputs

WHERE = pathlib.Path(__file__).with_name('sweep_torch.json')


def short(tensor):
    return ' '.join(f'{v:.9g}' for v in tensor.detach().double().flatten().tolist())


def run(name, text, dtype):
    """Returns the values, then the gradients by the inputs, for ``gy = 1``."""
    tensors = [torch.tensor(x, requires_grad=True) for x in inputs(name, dtype)]
    names = dict(zip('ab' if name in BINARY else 'x', tensors, strict=True))
    y = eval(text, {'torch': torch, **names})
    y.backward(torch.ones_like(y))
    return [short(v) for v in (y, *(t.grad for t in tensors))]


def main():
    lines = [f'"torch": {json.dumps(torch.__version__.split("+")[0])}']
    for name, text in {**UNARY, **BINARY, **ROWS}.items():
        found = {}
        for dtype in 'efd':
            try:
                found[dtype] = run(name, text, dtype)
            except (NotImplementedError, RuntimeError):
                continue  # PyTorch lacks it in float16
        lines.append(f'{json.dumps(name)}: {json.dumps(found)}')
    WHERE.write_text('{\n' + ',\n'.join(lines) + '\n}\n')


if __name__ == '__main__':
    main()
