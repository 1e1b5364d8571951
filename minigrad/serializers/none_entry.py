"""How None lies in an npz file, read and written without running a pickle.

Chainer saves None as a 0-d object array, which NumPy stores as a pickle. Loading
pickles runs whatever they say, so minigrad never does: it recognises this one kind by
looking at its instructions, and writes it as constant bytes.
"""

from __future__ import annotations

import io
import pickletools

import numpy

# The member that NumPy 1.x writes for `numpy.asarray(None)`. NumPy 2 names another
# module inside, which NumPy 1.x (and with it Chainer) cannot load.
NONE_ENTRY = (
    # Adjacent literals join first: magic and header together fill 127 bytes.
    b'\x93NUMPY\x01\x00v\x00'
    b"{'descr': '|O', 'fortran_order': False, 'shape': (), }".ljust(127)
    + b'\n'
    b'\x80\x03cnumpy.core.multiarray\n_reconstruct\nq\x00cnumpy\nndarray\nq\x01K\x00'
    b'\x85q\x02C\x01bq\x03\x87q\x04Rq\x05(K\x01)cnumpy\ndtype\nq\x06X\x02\x00\x00\x00O8'
    b'q\x07\x89\x88\x87q\x08Rq\t(K\x03X\x01\x00\x00\x00|q\nNNNJ\xff\xff\xff\xffJ\xff\xff'
    b'\xff\xffK?tq\x0bb\x89]q\x0cNatq\rb.'
)

_MEMO = ('PUT', 'BINPUT', 'LONG_BINPUT', 'MEMOIZE')


def is_none_entry(member: bytes) -> bool:
    """Tells whether the bytes of an ``.npy`` file hold a 0-d array with None.

    Args:
        member: The whole file. Only its first and last instructions are looked at;
            nothing in it is executed.

    Example:
        >>> is_none_entry(NONE_ENTRY)
        True
        >>> import io
        >>> f = io.BytesIO()
        >>> np.save(f, np.array(['a'], object))
        >>> is_none_entry(f.getvalue())
        False
    """
    file = io.BytesIO(member)
    try:
        numpy.lib.format.read_magic(file)
        shape, _, dtype = numpy.lib.format.read_array_header_1_0(file)
        if shape != () or dtype.kind != 'O':
            return False
        codes = [(code.name, arg) for code, arg, _ in pickletools.genops(file)]
    except ValueError:
        return False
    codes = [code for code in codes if code[0] not in _MEMO]
    is_array = any('_reconstruct' in str(arg) for _, arg in codes[:6])
    # The one element of the array: a list with None, the last thing that is built.
    end = [name for name, _ in codes[-6:]]
    return is_array and end == [
        'EMPTY_LIST',
        'NONE',
        'APPEND',
        'TUPLE',
        'BUILD',
        'STOP',
    ]
