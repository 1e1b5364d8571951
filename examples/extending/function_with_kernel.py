"""A function of one's own whose arithmetic is compiled for the CPU.

python examples/extending/function_with_kernel.py          # checks it, and times it
python examples/extending/function_with_kernel.py --test

The function is the distance of each row to each other row: ``y[i, j] = |x[i] - z[j]|^2``.
As an expression of NumPy it makes an array of all differences; the kernel makes none.
"""

import argparse
import timeit

import numba
import numpy as np

import minigrad as mg
import minigrad.functions as F
from minigrad import gradient_check


@numba.njit(fastmath=True)
def squared_distances(x, z, y):
    for i in range(len(x)):
        for j in range(len(z)):
            total = x.dtype.type(0)
            for k in range(x.shape[1]):
                difference = x[i, k] - z[j, k]
                total += difference * difference
            y[i, j] = total


class SquaredDistances(mg.FunctionNode):
    """The node: shapes, the kernel, and the derivative in terms of functions."""

    arg_names = ('x', 'z')

    def check_type_forward(self, in_types):
        x, z = in_types
        if x.dtype.kind != 'f' or x.dtype != z.dtype:
            raise self.refuse('x and z of one float dtype', f'{x.dtype}, {z.dtype}')
        if x.ndim != 2 or z.ndim != 2 or x.shape[1] != z.shape[1]:
            raise self.refuse('x (N, K) and z (M, K)', f'{x.shape}, {z.shape}')

    def forward(self, inputs):
        x, z = inputs
        self.retain_inputs((0, 1))
        if not isinstance(x, np.ndarray):  # on a GPU: the expression
            return ((x[:, None] - z[None]) ** 2).sum(axis=2)
        y = np.empty((len(x), len(z)), x.dtype)
        squared_distances(np.ascontiguousarray(x), np.ascontiguousarray(z), y)
        return y

    def backward(self, indexes, grad_outputs):
        (x, z), (gy,) = self.get_retained_inputs(), grad_outputs
        rows = F.broadcast_to(F.sum(gy, axis=1, keepdims=True), x.shape)
        columns = F.broadcast_to(F.sum(gy, axis=0)[:, None], z.shape)
        gx = 2 * (rows * x - F.matmul(gy, z))
        gz = 2 * (columns * z - F.matmul(gy, x, transa=True))
        return gx, gz


def distances(x, z):
    return SquaredDistances().apply((x, z))[0]


def check():
    """Compares values with the expression, and gradients with differences."""
    rng = np.random.default_rng(0)
    x, z, gy = rng.normal(size=(4, 3)), rng.normal(size=(5, 3)), rng.normal(size=(4, 5))
    wanted = ((x[:, None] - z[None]) ** 2).sum(axis=2)
    np.testing.assert_allclose(distances(x, z).array, wanted)
    gradient_check.check_backward(distances, (x, z), gy)
    ggs = (np.ones_like(x), np.ones_like(z))
    gradient_check.check_double_backward(distances, (x, z), gy, ggs)
    print('values, gradients and gradients of gradients are right')


def main(argv=None):
    parser = argparse.ArgumentParser(description='A function with a kernel.')
    parser.add_argument('--test', action='store_true', help='only checks it')
    options = parser.parse_args(argv)
    check()
    if options.test:
        return
    x = np.random.rand(1000, 64).astype('f')
    kernel = min(timeit.repeat(lambda: distances(x, x), number=1, repeat=5))
    expression = min(
        timeit.repeat(lambda: ((x[:, None] - x) ** 2).sum(2), number=1, repeat=3)
    )
    print(
        f'1000 x 1000 distances: {kernel * 1e3:.0f} ms, as an expression of NumPy '
        f'{expression * 1e3:.0f} ms'
    )
    print('expected: a tenth of the time, or less')


if __name__ == '__main__':
    main()
