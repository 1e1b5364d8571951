"""Small helpers that Chainer programs import from ``chainer.utils``."""

import collections.abc as collections_abc  # noqa: F401 - programs read it from here

from minigrad.kernels.specs import get_conv_outsize as get_conv_outsize
from minigrad.kernels.specs import get_deconv_outsize as get_deconv_outsize
from minigrad.utils import argument as argument
from minigrad.utils import array as array
from minigrad.utils import cache as cache
from minigrad.utils import conv as conv
from minigrad.utils import conv_nd as conv_nd
from minigrad.utils import imgproc as imgproc
from minigrad.utils import type_check as type_check
from minigrad.utils.array import force_array as force_array
from minigrad.utils.array import force_type as force_type
from minigrad.utils.array import size_of_shape as size_of_shape
from minigrad.utils.array import sum_to as sum_to
from minigrad.utils.experimental import experimental as experimental
from minigrad.utils.meta import enable_final as enable_final
from minigrad.utils.meta import final as final
from minigrad.utils.nondeterministic import nondeterministic as nondeterministic
from minigrad.utils.sparse import CooMatrix as CooMatrix
from minigrad.utils.sparse import get_order as get_order
from minigrad.utils.sparse import to_coo as to_coo
from minigrad.utils.tempdir import tempdir as tempdir
from minigrad.utils.walker_alias import WalkerAlias as WalkerAlias
