"""What CuPy calls in NVIDIA's libraries, computed by NumPy in main memory.

Matrix products, sorting and random numbers; `LEFT_OUT` collects the names of all other
functions that were called, which compute nothing.
"""

from __future__ import annotations

import ctypes

import numpy

LEFT_OUT = []

_DTYPES = {0: 'f', 1: 'd', 2: 'e', 4: 'F', 5: 'D'}
_WIDE = {'e': 'f', 'f': 'f', 'd': 'd', 'F': 'F', 'D': 'D'}
# Handles, sizes of workspaces and settings: nothing to compute.
_NOTHING = ('create', 'createGenerator', 'destroy', 'setStream', 'setMathMode')
_NOTHING += ('setPointerMode', 'getMathMode', 'getPointerMode', 'destroyGenerator')
_NOTHING += ('setPseudoRandomGeneratorSeed', 'setGeneratorOffset')


def find(name):
    """Returns the function that stands for ``library.function``."""
    library, _, last = name.partition('.')
    known = globals().get(f'_{library}_{last}')
    if known is not None:
        return known
    if library == 'cublas' and last in _GEMM:
        return _GEMM[last]

    def left_out(*args):
        if last not in _NOTHING:
            LEFT_OUT.append(name)
        return 1 if 'create' in last else None

    return left_out


def _array(address, dtype, size):
    dtype = numpy.dtype(dtype)
    memory = (ctypes.c_char * (size * dtype.itemsize)).from_address(address)
    return numpy.frombuffer(memory, dtype)


def _matrix(address, dtype, rows, columns, lead):
    """Returns a matrix that lies by columns, ``lead`` elements from one to the next."""
    if rows == 0 or columns == 0:
        return numpy.zeros((rows, columns), dtype)
    flat = _array(address, dtype, lead * (columns - 1) + rows)
    step = numpy.dtype(dtype).itemsize
    strides = (step, lead * step)
    return numpy.lib.stride_tricks.as_strided(flat, (rows, columns), strides)


def _product(op_a, op_b, m, n, k, alpha, beta, a, b, c, wide):
    """Makes ``c = alpha * op(a) @ op(b) + beta * c``; each is (address, dtype, lead)."""
    wide = numpy.dtype(wide)
    first = _matrix(*a[:2], *((m, k) if op_a == 0 else (k, m)), a[2])
    second = _matrix(*b[:2], *((k, n) if op_b == 0 else (n, k)), b[2])
    result = _matrix(*c[:2], m, n, c[2])
    turn = {0: lambda x: x, 1: lambda x: x.T, 2: lambda x: x.T.conj()}
    with numpy.errstate(all='ignore'):  # a card says nothing of infinite numbers
        product = turn[op_a](first.astype(wide)) @ turn[op_b](second.astype(wide))
        product *= _array(alpha, wide, 1)[0]
        scale = _array(beta, wide, 1)[0]
        result[...] = product if scale == 0 else product + scale * result.astype(wide)


def _plain(letter):
    def gemm(_, op_a, op_b, m, n, k, alpha, a, a_lead, b, b_lead, beta, c, c_lead, *__):
        _product(
            op_a, op_b, m, n, k, alpha, beta,
            (a, letter, a_lead), (b, letter, b_lead), (c, letter, c_lead), letter,
        )  # fmt: skip

    return gemm


def _plain_stack(letter):
    def gemm(
        _, op_a, op_b, m, n, k, alpha, a, a_lead, a_step, b, b_lead, b_step, beta, c,
        c_lead, c_step, count, *__,
    ):  # fmt: skip
        _stack(
            op_a, op_b, m, n, k, alpha, beta, (a, letter, a_lead, a_step),
            (b, letter, b_lead, b_step), (c, letter, c_lead, c_step), letter, count,
        )  # fmt: skip

    return gemm


def _stack(op_a, op_b, m, n, k, alpha, beta, a, b, c, wide, count):
    for i in range(count):
        moved = [
            (address + i * step * numpy.dtype(dtype).itemsize, dtype, lead)
            for address, dtype, lead, step in (a, b, c)
        ]
        _product(op_a, op_b, m, n, k, alpha, beta, *moved, wide)


def _of_types(_, op_a, op_b, m, n, k, alpha, *rest):
    """``gemmEx`` and ``sgemmEx``."""
    a, a_kind, a_lead, b, b_kind, b_lead, beta, c, c_kind, c_lead, *_ = rest
    letter = _DTYPES[c_kind]
    _product(
        op_a, op_b, m, n, k, alpha, beta, (a, _DTYPES[a_kind], a_lead),
        (b, _DTYPES[b_kind], b_lead), (c, letter, c_lead), _WIDE[letter],
    )  # fmt: skip


def _stack_of_types(
    _, op_a, op_b, m, n, k, alpha, a, a_kind, a_lead, a_step, b, b_kind, b_lead, b_step,
    beta, c, c_kind, c_lead, c_step, count, *__,
):  # fmt: skip
    letter = _DTYPES[c_kind]
    _stack(
        op_a, op_b, m, n, k, alpha, beta, (a, _DTYPES[a_kind], a_lead, a_step),
        (b, _DTYPES[b_kind], b_lead, b_step), (c, letter, c_lead, c_step),
        _WIDE[letter], count,
    )  # fmt: skip


def _list_of(letter):
    def gemm(_, op_a, op_b, m, n, k, alpha, a, a_lead, b, b_lead, beta, c, c_lead, *r):
        lists = [_array(addresses, numpy.uint64, r[0]) for addresses in (a, b, c)]
        for one in zip(*lists, strict=True):
            _plain(letter)(
                _, op_a, op_b, m, n, k, alpha, int(one[0]), a_lead, int(one[1]), b_lead,
                beta, int(one[2]), c_lead,
            )  # fmt: skip

    return gemm


_GEMM = {'gemmEx': _of_types, 'sgemmEx': _of_types}
_GEMM['gemmStridedBatchedEx'] = _stack_of_types
for _name, _letter in (('s', 'f'), ('d', 'd'), ('c', 'F'), ('z', 'D')):
    _GEMM[f'{_name}gemm'] = _plain(_letter)
    _GEMM[f'{_name}gemmBatched'] = _list_of(_letter)
    _GEMM[f'{_name}gemmStridedBatched'] = _plain_stack(_letter)


def _rows(address, dtype, shape):
    size = int(numpy.prod(shape))
    return _array(address, dtype, size).reshape(-1, shape[-1] if shape else 1)


def _thrust_sort(dtype, data, keys, shape):
    _rows(data, dtype, shape).sort(axis=1)


def _thrust_argsort(dtype, places, data, keys, shape):
    rows = _rows(data, dtype, shape)
    order = rows.argsort(axis=1, kind='stable')
    _rows(places, numpy.int64, shape)[...] = order
    rows.sort(axis=1)


def _curand_generateUniform(generator, address, size):
    _array(address, 'f', size)[...] = 1 - numpy.random.random_sample(size)


def _curand_generateUniformDouble(generator, address, size):
    _array(address, 'd', size)[...] = 1 - numpy.random.random_sample(size)


def _curand_generateNormal(generator, address, size, mean, scale):
    _array(address, 'f', size)[...] = numpy.random.normal(mean, scale, size)


def _curand_generateNormalDouble(generator, address, size, mean, scale):
    _array(address, 'd', size)[...] = numpy.random.normal(mean, scale, size)


def _curand_generate(generator, address, size):
    _array(address, 'I', size)[...] = numpy.random.randint(0, 1 << 32, size)
