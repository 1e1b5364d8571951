"""Sources of the kernels that treat each element alone, for `cupy.ElementwiseKernel`.

``T`` is the arrays' type, ``A`` what is computed in: at least float32. An output that
is read is updated in place, so that a whole optimizer step is one launch and one pass
over memory.
"""

from __future__ import annotations

from typing import NamedTuple


class Elementwise(NamedTuple):
    """Inputs, outputs and body of a kernel, as `cupy.ElementwiseKernel` takes them."""

    inputs: str
    outputs: str
    body: str


ELEMENTWISE = {
    'relu_grad': Elementwise(
        'T y, T gy',
        'T gx',
        'gx = y > (T)0 ? gy : (T)0;',
    ),
    'dropout': Elementwise(
        'T x, U u, U ratio, A scale',
        'T y, T mask',
        """
        A factor = u >= ratio ? scale : (A)0;
        mask = (T)factor;
        y = (T)((A)x * factor);
        """,
    ),
    'sgd': Elementwise(
        'T grad, A lr',
        'T param',
        'param = (T)((A)param - lr * (A)grad);',
    ),
    'momentum_sgd': Elementwise(
        'T grad, A lr, A momentum',
        'T param, T v',
        """
        A step = momentum * (A)v - lr * (A)grad;
        v = (T)step;
        param = (T)((A)param + step);
        """,
    ),
    'corrected_momentum_sgd': Elementwise(
        'T grad, A lr, A momentum',
        'T param, T v',
        """
        A step = momentum * (A)v - (A)grad;
        v = (T)step;
        param = (T)((A)param + lr * step);
        """,
    ),
    'nesterov_ag': Elementwise(
        'T grad, A lr, A momentum',
        'T param, T v',
        """
        A step = momentum * (A)v - lr * (A)grad;
        v = (T)step;
        step = momentum * momentum * step - ((A)1 + momentum) * lr * (A)grad;
        param = (T)((A)param + step);
        """,
    ),
    'ada_grad': Elementwise(
        'T grad, A lr, A eps',
        'T param, T h',
        """
        A g = (A)grad;
        A sum = (A)h + g * g;
        h = (T)sum;
        param = (T)((A)param - lr * g / (sqrt(sum) + eps));
        """,
    ),
    'ada_delta': Elementwise(
        'T grad, A rho, A keep, A eps',
        'T param, T msg, T msdx',
        """
        A g = (A)grad;
        A square = rho * (A)msg + keep * g * g;
        A dx = sqrt(((A)msdx + eps) / (square + eps)) * g;
        msg = (T)square;
        msdx = (T)(rho * (A)msdx + keep * dx * dx);
        param = (T)((A)param - dx);
        """,
    ),
    'rmsprop': Elementwise(
        'T grad, A lr, A alpha, A keep, A eps, A inside',
        'T param, T ms',
        """
        A g = (A)grad;
        A square = alpha * (A)ms + keep * g * g;
        ms = (T)square;
        A root = inside != (A)0 ? sqrt(square + eps) : sqrt(square) + eps;
        param = (T)((A)param - lr * g / root);
        """,
    ),
    'rmsprop_graves': Elementwise(
        'T grad, A lr, A alpha, A keep, A momentum, A eps',
        'T param, T n, T g, T delta',
        """
        A x = (A)grad;
        A square = alpha * (A)n + keep * x * x;
        A mean = alpha * (A)g + keep * x;
        A step = momentum * (A)delta - lr * x / sqrt(square - mean * mean + eps);
        n = (T)square;
        g = (T)mean;
        delta = (T)step;
        param = (T)((A)param + step);
        """,
    ),
    'smorms3': Elementwise(
        'T grad, A lr, A eps',
        'T param, T mem, T g, T g2',
        """
        A x = (A)grad;
        A r = (A)1 / ((A)mem + (A)1);
        A mean = (A)g + r * (x - (A)g);
        A square = (A)g2 + r * (x * x - (A)g2);
        A ratio = mean * mean / (square + eps);
        g = (T)mean;
        g2 = (T)square;
        param = (T)((A)param - x * (ratio < lr ? ratio : lr) / (sqrt(square) + eps));
        mem = (T)((A)mem * ((A)1 - ratio) + (A)1);
        """,
    ),
    'adam': Elementwise(
        'T grad, A alpha_t, A keep1, A keep2, A eps, A eta, A decay, A low, A high',
        'T param, T m, T v',
        """
        A g = (A)grad;
        A mean = (A)m + keep1 * (g - (A)m);
        A square = (A)v + keep2 * (g * g - (A)v);
        A step = alpha_t / (sqrt(square) + eps);
        step = step < low ? low : step > high ? high : step;
        m = (T)mean;
        v = (T)square;
        param = (T)((A)param * ((A)1 - eta * decay) - eta * step * mean);
        """,
    ),
    'adam_amsgrad': Elementwise(
        'T grad, A alpha_t, A keep1, A keep2, A eps, A eta, A decay, A low, A high',
        'T param, T m, T v, T vhat',
        """
        A g = (A)grad;
        A mean = (A)m + keep1 * (g - (A)m);
        A square = (A)v + keep2 * (g * g - (A)v);
        A most = (A)vhat < square ? square : (A)vhat;
        A step = alpha_t / (sqrt(most) + eps);
        step = step < low ? low : step > high ? high : step;
        m = (T)mean;
        v = (T)square;
        vhat = (T)most;
        param = (T)((A)param * ((A)1 - eta * decay) - eta * step * mean);
        """,
    ),
    'msvag': Elementwise(
        'T grad, A lr, A keep, A rho, A correction, A eta, A decay',
        'T param, T m, T v',
        """
        A g = (A)grad;
        A mean = (A)m + keep * (g - (A)m);
        A square = (A)v + keep * (g * g - (A)v);
        m = (T)mean;
        v = (T)square;
        A mt = mean / correction;
        A mt2 = mt * mt;
        A s = (square / correction - mt2) / ((A)1 - rho);
        A noise = mt2 + rho * s;
        A factor = noise == (A)0 ? (A)0 : mt2 / noise;
        factor = factor < (A)0 ? (A)0 : factor > (A)1 ? (A)1 : factor;
        param = (T)((A)param - eta * (lr * mt * factor + decay * (A)param));
        """,
    ),
}
