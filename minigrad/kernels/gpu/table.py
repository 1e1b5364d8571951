"""Kernels over a table of many arrays, in CUDA C++: one launch for all parameters.

The table travels as an argument of the launch, so that no copy to the device precedes
it. Each block looks up to which row of the table it belongs and treats a piece of that
row's arrays. What is done to an element is the text of ``elementwise.py``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.kernels.gpu.elementwise import ELEMENTWISE, Elementwise
from minigrad.kernels.gpu.raw import THREADS, prelude

# The arguments of a launch may take 4 KiB.
ROWS, ARRAYS, NUMBERS = 64, 5, 8
PIECE = 8 * THREADS

TABLE = np.dtype(
    [
        ('array', np.uint64, (ARRAYS, ROWS)),
        ('size', np.int64, ROWS),
        ('first', np.int32, ROWS),
        ('count', np.int64),
        ('number', np.float64, NUMBERS),
        ('varying', np.uint64),
    ]
)

OF_MANY = {k: v for k, v in ELEMENTWISE.items() if v.inputs.startswith('T grad')} | {
    'divide': Elementwise('A scale', 'T x', 'x = (T)((A)x / (A)(T)scale);'),
    'cast': Elementwise('T x', 'G y', 'y = (G)x;'),
}

_STRUCT = f"""
struct Table {{
  unsigned long long array[{ARRAYS}][{ROWS}];  // addresses
  long long size[{ROWS}];
  int first[{ROWS}];  // the first block of each row
  long long count;
  double number[{NUMBERS}];  // of all rows, unless
  const double* varying;  // there are numbers of each row
}};
static_assert(sizeof(Table) == {TABLE.itemsize}, "Table");

__device__ int row_of_block(const Table& table) {{
  int row = 0, end = (int)table.count;
  while (end - row > 1) {{
    int middle = (row + end) / 2;
    if (table.first[middle] <= (int)blockIdx.x) row = middle; else end = middle;
  }}
  return row;
}}

#define EACH_OF_PIECE(i)                                                            \\
  long long start = (long long)((int)blockIdx.x - table.first[row]) * {PIECE};      \\
  long long stop =                                                                  \\
      start + {PIECE} < table.size[row] ? start + {PIECE} : table.size[row];        \\
  for (long long i = start + threadIdx.x; i < stop; i += blockDim.x)
"""

_FINITE = """
extern "C" __global__ void of_many(const Table table, int* not_finite) {
  int row = row_of_block(table);
  const T* x = (const T*)table.array[0][row];
  EACH_OF_PIECE(i) {
    A value = (A)x[i];
    if (!(value - value == (A)0)) not_finite[row] = 1;
  }
}
"""


def source(name: str, dtype: str, other: str) -> str:
    """Returns the program whose kernel ``of_many`` applies an update to a table.

    Args:
        name: Name in `OF_MANY`, or ``'finite'``.
        dtype: Character of the dtype ``T``.
        other: The same for ``G``.
    """
    start = prelude(dtype, other) + _STRUCT
    if name == 'finite':
        return start + _FINITE
    inputs, outputs, body = OF_MANY[name]
    declared: list[str] = []
    elements: list[str] = []
    for parameter in f'{inputs}, {outputs}'.split(','):
        kind, variable = parameter.split()
        if kind == 'A':
            k, count = len(declared), n_numbers(name)
            declared.append(
                f'const A {variable} = (A)(table.varying'
                f' ? table.varying[row * {count} + {k}] : table.number[{k}]);'
            )
        else:
            n = len(elements)
            constant = 'const ' if parameter in inputs.split(',') else ''
            elements.append(
                f'{constant}{kind}& {variable} = (({kind}*)table.array[{n}][row])[i];'
            )
    return '\n'.join(
        [
            start,
            'extern "C" __global__ void of_many(const Table table) {',
            'int row = row_of_block(table);',
            *declared,
            'EACH_OF_PIECE(i) {',
            *elements,
            body,
            '}}',
        ]
    )


def n_numbers(name: str) -> int:
    """Returns how many numbers an update takes."""
    inputs, outputs, _ = OF_MANY[name]
    return sum(p.split()[0] == 'A' for p in f'{inputs}, {outputs}'.split(','))


def fill(rows: list[tuple[Any, ...]]) -> tuple[Any, int]:
    """Writes at most `ROWS` rows of arrays into a table; counts the blocks they take."""
    table = np.zeros(1, TABLE)
    (row,) = table
    blocks, n = [0], len(rows)
    for arrays in rows:
        blocks.append(blocks[-1] + -(-arrays[0].size // PIECE))
    row['first'][:n] = blocks[:-1]
    row['size'][:n] = [arrays[0].size for arrays in rows]
    row['array'][: len(rows[0]), :n] = [
        [array.data.ptr for array in column] for column in zip(*rows, strict=True)
    ]
    row['count'] = n
    return table, blocks[-1]
