"""Networks from links that minigrad ships, to be measured; PyTorch's are beside them."""

from __future__ import annotations

from typing import Any

import minigrad as mg
import minigrad.functions as F
import minigrad.links as L
from benchmarks.cases.models import WORDS

UNITS, LAYERS = 650, 2  # of the language model: Zaremba et al. 2014
SIZE, HEADS, HIDDEN = 512, 8, 2048  # of the transformer layer


class ResNet50(mg.Chain):
    """ResNet-50 with its thousand outputs."""

    def __init__(self) -> None:
        super().__init__()
        with self.init_scope():
            self.layers = L.ResNet50Layers(pretrained_model=None)

    def forward(self, x: Any) -> Any:
        """Returns the outputs before the softmax."""
        return self.layers(x, layers=['fc6'])['fc6']


class VGG16(mg.Chain):
    """VGG-16 with its thousand outputs."""

    def __init__(self) -> None:
        super().__init__()
        with self.init_scope():
            self.layers = L.VGG16Layers(pretrained_model=None)

    def forward(self, x: Any) -> Any:
        """Returns the outputs before the softmax."""
        return self.layers(x, layers=['fc8'])['fc8']


class LanguageModel(mg.Chain):
    """An embedding, two layers of LSTM, and a dense layer over the words."""

    def __init__(self) -> None:
        super().__init__()
        with self.init_scope():
            self.embed = L.EmbedID(WORDS, UNITS)
            self.lstm = L.NStepLSTM(LAYERS, UNITS, UNITS, 0.0)
            self.out = L.Linear(UNITS, WORDS)

    def forward(self, x: Any) -> Any:
        """Returns a row of outputs for each word of ``x`` (batch, steps)."""
        embedded = F.separate(self.embed(x), axis=0)
        _, _, ys = self.lstm(None, None, list(embedded))
        return self.out(F.concat(ys, axis=0))


class Transformer(mg.Chain):
    """One layer of an encoder, and ten outputs of each token."""

    def __init__(self) -> None:
        super().__init__()
        with self.init_scope():
            self.layer = L.TransformerEncoderLayer(SIZE, HEADS, HIDDEN)
            self.out = L.Linear(SIZE, 10)

    def forward(self, x: Any) -> Any:
        """Returns a row of outputs for each token of ``x`` (batch, tokens, SIZE)."""
        y = self.layer(x)
        return self.out(F.reshape(y, (-1, SIZE)))


MODELS = {
    'resnet50': ResNet50, 'vgg16': VGG16, 'lstm': LanguageModel,
    'transformer': Transformer,
}  # fmt: skip
