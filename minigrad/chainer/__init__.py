"""Programs written for Chainer, run without an edit.

From the shell: ``python -m minigrad.chainer script.py``, or ``-m module``. In a notebook:
``%load_ext minigrad.chainer``. At the top of a program, or in ``sitecustomize``: ``import
minigrad.chainer.install``. After any of these ``import chainer``, ``import
chainer.functions as F``, ``import chainermn`` and ``import onnx_chainer`` give minigrad.

`alias` is the import hook; `children` carries it into spawned processes; `old_names`
gives a program what NumPy 2 and Python 3.10 removed; `pickles` loads what Chainer
pickled.
"""

from typing import Any

from minigrad.chainer.alias import CHAINER_VERSION, RealChainer, enable

__all__ = ['CHAINER_VERSION', 'RealChainer', 'enable', 'load_ipython_extension']


def load_ipython_extension(shell: Any) -> None:
    """Is what ``%load_ext minigrad.chainer`` calls.

    Args:
        shell: The running IPython.
    """
    enable()
