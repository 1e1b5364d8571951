"""``import minigrad.chainer.install``: from then on ``import chainer`` gives minigrad.

For the top of a program, or for ``sitecustomize``, which Python imports when it starts.
Where Chainer itself is installed, it is left alone, and a warning says what to do.
"""

from minigrad.chainer.alias import enable

enable()
