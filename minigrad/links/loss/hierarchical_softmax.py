"""Hierarchical softmax over a binary tree of words."""

from __future__ import annotations

import heapq
from typing import Any

import numpy

from minigrad.backend import get_array_module
from minigrad.configuration import get_dtype
from minigrad.device_resident import DeviceResident, DeviceResidentsVisitor
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions.activation.sigmoid import sigmoid
from minigrad.functions.activation.softplus import softplus_array
from minigrad.functions.array.expand_dims import expand_dims
from minigrad.functions.array.reshape import reshape
from minigrad.functions.connection.embed_id import EmbedIDGrad, embed_id
from minigrad.functions.loss._labels import check_labels
from minigrad.functions.math.matmul import matmul
from minigrad.initializers import Uniform
from minigrad.link import Link
from minigrad.parameter import Parameter
from minigrad.types import Array
from minigrad.variable import Variable


class TreeParser:
    """Finds the way from the root to each leaf of a tree of pairs.

    Args:
        dtype: Dtype of the codes.
    """

    def __init__(self, dtype: Any) -> None:
        self.next_id = 0
        self.dtype = dtype
        self.paths: dict[int, Array] = {}
        self.codes: dict[int, Array] = {}

    def size(self) -> int:
        """Returns the number of inner nodes."""
        return self.next_id

    def get_paths(self) -> dict[int, Array]:
        """Returns the inner nodes on the way to each leaf, int32."""
        return self.paths

    def get_codes(self) -> dict[int, Array]:
        """Returns the turns on the way to each leaf: 1 to the left, -1 to the right."""
        return self.codes

    def parse(self, tree: Any) -> None:
        """Numbers the inner nodes, each before those below it, left before right.

        Raises:
            ValueError: A tuple in the tree is no pair.
        """
        self.next_id, self.paths, self.codes = 0, {}, {}
        waiting: list[tuple[Any, tuple[int, ...], tuple[float, ...]]] = [(tree, (), ())]
        while waiting:  # a Huffman tree may be deeper than Python's stack
            node, path, code = waiting.pop()
            if not isinstance(node, tuple):
                self.paths[node] = numpy.array(path, 'i')
                self.codes[node] = numpy.array(code, self.dtype)
                continue
            if len(node) != 2:
                raise ValueError(
                    'BinaryHierarchicalSoftmax: every inner node must have two children, '
                    f'got {node}'
                )
            left, right = node
            path = (*path, self.next_id)
            self.next_id += 1
            waiting.append((right, path, (*code, -1.0)))
            waiting.append((left, path, (*code, 1.0)))


class _Tree(DeviceResident):
    """The ways to all words, one after the other in three arrays."""

    def __init__(self, tree: Any, dtype: Any) -> None:
        super().__init__()
        parser = TreeParser(dtype)
        parser.parse(tree)
        words = sorted(parser.paths)
        lengths = numpy.zeros(words[-1] + 1, 'i')
        lengths[words] = [len(parser.paths[word]) for word in words]
        self.paths: Array = numpy.concatenate([parser.paths[word] for word in words])
        self.codes: Array = numpy.concatenate([parser.codes[word] for word in words])
        self.begins: Array = numpy.concatenate([[0], lengths.cumsum()]).astype('i')
        self.parser_size = parser.size()

    def device_resident_accept(self, visitor: DeviceResidentsVisitor) -> None:
        super().device_resident_accept(visitor)
        self.paths = visitor.visit_array(self.paths)
        self.codes = visitor.visit_array(self.codes)
        self.begins = visitor.visit_array(self.begins)

    def ways_to(self, t: Array) -> tuple[Array, Array]:
        """Returns nodes and codes ``(N, depth)`` for each word; beyond its leaf 0."""
        xp = get_array_module(t)
        begin, length = self.begins[t], self.begins[t + 1] - self.begins[t]
        step = xp.arange(int(length.max()) if len(t) else 0)
        there = step < length[:, None]
        place = xp.where(there, begin[:, None] + step, 0)
        return self.paths[place], xp.where(there, self.codes[place], 0)


class BinaryHierarchicalSoftmaxFunction(FunctionNode):
    """The sum of ``log(1 + exp(-code * (w x)))`` over the way to each word."""

    arg_names = ('x', 't', 'W')
    public_name = 'binary_hierarchical_softmax'

    def __init__(self, tree: _Tree) -> None:
        self.tree = tree

    def check_type_forward(self, in_types: InputTypes) -> None:
        x, t, W = in_types
        if x.dtype.kind != 'f':
            raise self.refuse("x.dtype.kind == 'f'", x.dtype)
        if t.dtype != numpy.int32:
            raise self.refuse('t.dtype == int32', t.dtype, "use t.astype('i')")
        if x.ndim != 2 or t.shape != x.shape[:1]:
            raise self.refuse('x (N, D) and t (N,)', f'{x.shape} and {t.shape}')
        shape = (self.tree.parser_size, x.shape[1])
        if W.dtype != x.dtype or W.shape != shape:
            raise self.refuse(f'W {x.dtype} {shape}', f'{W.dtype} {W.shape}')

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0, 2))
        x, t, W = inputs
        check_labels(self.public_name, t, len(self.tree.begins) - 1, None)
        xp = get_array_module(x)
        self.nodes, codes = self.tree.ways_to(t)
        self.codes = codes.astype(x.dtype)
        score = xp.einsum('nld,nd->nl', W[self.nodes], x) * self.codes
        return (softplus_array(-score) * abs(self.codes)).sum()

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        x, W = self.get_retained_inputs()
        w = embed_id(self.nodes, W)  # (N, depth, D)
        score = reshape(matmul(w, expand_dims(x, 2)), self.codes.shape)
        g = grad_outputs[0] * (sigmoid(-score * self.codes) * -self.codes)
        gx = gW = None
        if 0 in indexes:
            gx = reshape(matmul(expand_dims(g, 1), w), x.shape)
        if 2 in indexes:
            into = EmbedIDGrad((len(W), W.shape[1]))
            (gW,) = into.apply((self.nodes, expand_dims(g, 2) * expand_dims(x, 1)))
        return gx, None, gW


class BinaryHierarchicalSoftmax(Link):
    """A softmax over many words, as yes-or-no decisions on the way down a tree.

    The probability of a word is the product of ``sigmoid(+-w x)`` over the inner nodes
    between the root and its leaf; it costs as many products as the tree is deep.

    Args:
        in_size: Length of a hidden state.
        tree: Words and pairs of trees, such as ``((0, 1), 2)``.
        dtype: Dtype of the codes; None is ``config.dtype``.

    Attributes:
        W: Weights of the inner nodes, shape ``(number of words - 1, in_size)``.

    Raises:
        ValueError: A tuple in the tree is no pair.

    Source: Morin and Bengio 2005; compatible with
        chainer.links.BinaryHierarchicalSoftmax, which cannot be differentiated twice.

    Example:
        >>> tree = L.BinaryHierarchicalSoftmax.create_huffman_tree({0: 8, 1: 5, 2: 6})
        >>> layer = L.BinaryHierarchicalSoftmax(2, tree)
        >>> layer(np.zeros((2, 2), 'f'), np.array([0, 1], 'i')).array.round(4)
        np.float32(2.0794)
    """

    def __init__(self, in_size: int, tree: Any, dtype: Any = None) -> None:
        super().__init__()
        self._func = _Tree(tree, get_dtype(dtype))
        with self.init_scope():
            self.W = Parameter(Uniform(1), (self._func.parser_size, in_size))

    def device_resident_accept(self, visitor: DeviceResidentsVisitor) -> None:
        """Applies ``visitor`` to the layer and its tree."""
        super().device_resident_accept(visitor)
        self._func.device_resident_accept(visitor)

    @staticmethod
    def create_huffman_tree(word_counts: dict[Any, float]) -> Any:
        """Makes the tree in which frequent words have the shortest ways.

        Args:
            word_counts: How often each word occurs.

        Returns:
            Words and pairs of trees: ``{0: 8, 1: 5, 2: 6, 3: 4}`` gives
            ``((3, 1), (2, 0))``.

        Raises:
            ValueError: There is no word.
        """
        if not word_counts:
            raise ValueError('create_huffman_tree: there are no words')
        # Of equal counts the earlier word goes first.
        queue = [
            (count, i, word) for i, (word, count) in enumerate(word_counts.items())
        ]
        heapq.heapify(queue)
        while len(queue) > 1:
            count0, i0, left = heapq.heappop(queue)
            count1, i1, right = heapq.heappop(queue)
            heapq.heappush(queue, (count0 + count1, min(i0, i1), (left, right)))
        return queue[0][2]

    def forward(self, x: Any, t: Any) -> Variable:
        """Returns the summed loss.

        Args:
            x: Hidden states, float, shape ``(N, in_size)``.
            t: Words, int32, shape ``(N,)``.

        Returns:
            Variable, shape ``()``.
        """
        return BinaryHierarchicalSoftmaxFunction(self._func).apply((x, t, self.W))[0]
