"""Links: layers with parameters, by the names that Chainer gave them."""

from typing import TYPE_CHECKING as _TYPE_CHECKING

from minigrad.links.activation.maxout import Maxout
from minigrad.links.activation.prelu import PReLU
from minigrad.links.activation.simplified_dropconnect import SimplifiedDropconnect
from minigrad.links.activation.swish import Swish
from minigrad.links.connection.bias import Bias
from minigrad.links.connection.bilinear import Bilinear
from minigrad.links.connection.convolution_2d import Convolution2D
from minigrad.links.connection.convolution_nd import (
    Convolution1D,
    Convolution3D,
    ConvolutionND,
)
from minigrad.links.connection.deconvolution_2d import Deconvolution2D
from minigrad.links.connection.deconvolution_nd import (
    Deconvolution1D,
    Deconvolution3D,
    DeconvolutionND,
)
from minigrad.links.connection.deformable_convolution_2d import (
    DeformableConvolution2D,
)
from minigrad.links.connection.depthwise_convolution_2d import DepthwiseConvolution2D
from minigrad.links.connection.dilated_convolution_2d import DilatedConvolution2D
from minigrad.links.connection.embed_id import EmbedID
from minigrad.links.connection.highway import Highway
from minigrad.links.connection.inception import Inception
from minigrad.links.connection.inceptionbn import InceptionBN
from minigrad.links.connection.linear import Linear
from minigrad.links.connection.local_convolution_2d import LocalConvolution2D
from minigrad.links.connection.mlp_convolution_2d import MLPConvolution2D
from minigrad.links.connection.multi_head_attention import MultiHeadAttention
from minigrad.links.connection.parameter import Parameter
from minigrad.links.connection.scale import Scale
from minigrad.links.connection.transformer_encoder_layer import TransformerEncoderLayer
from minigrad.links.loss.black_out import BlackOut
from minigrad.links.loss.crf1d import CRF1d
from minigrad.links.loss.hierarchical_softmax import BinaryHierarchicalSoftmax
from minigrad.links.loss.negative_sampling import NegativeSampling
from minigrad.links.model.classifier import Classifier
from minigrad.links.model.vision.googlenet import GoogLeNet
from minigrad.links.model.vision.resnet import (
    ResNet50Layers,
    ResNet101Layers,
    ResNet152Layers,
)
from minigrad.links.model.vision.vgg import VGG16Layers, VGG19Layers
from minigrad.links.normalization.batch_normalization import BatchNormalization
from minigrad.links.normalization.batch_renormalization import BatchRenormalization
from minigrad.links.normalization.decorrelated_batch_normalization import (
    DecorrelatedBatchNormalization,
)
from minigrad.links.normalization.group_normalization import GroupNormalization
from minigrad.links.normalization.layer_normalization import LayerNormalization
from minigrad.links.normalization.rms_norm import RMSNorm
from minigrad.links.rnn.gru import GRU, StatefulGRU, StatelessGRU
from minigrad.links.rnn.lstm import LSTM, StatelessLSTM
from minigrad.links.rnn.mgu import StatefulMGU, StatelessMGU
from minigrad.links.rnn.n_step_gru import NStepBiGRU, NStepGRU
from minigrad.links.rnn.n_step_lstm import NStepBiLSTM, NStepLSTM
from minigrad.links.rnn.n_step_rnn import (
    NStepBiRNNReLU,
    NStepBiRNNTanh,
    NStepRNNReLU,
    NStepRNNTanh,
)
from minigrad.links.rnn.peephole import StatefulPeepholeLSTM
from minigrad.links.rnn.tree_lstm import ChildSumTreeLSTM, NaryTreeLSTM
from minigrad.links.rnn.zoneoutlstm import StatefulZoneoutLSTM
from minigrad.suggestions import of_module as _of_module

__all__ = [
    'GRU',
    'LSTM',
    'BatchNormalization',
    'BatchRenormalization',
    'Bias',
    'Bilinear',
    'BinaryHierarchicalSoftmax',
    'BlackOut',
    'CRF1d',
    'ChildSumTreeLSTM',
    'Classifier',
    'Convolution1D',
    'Convolution2D',
    'Convolution3D',
    'ConvolutionND',
    'Deconvolution1D',
    'Deconvolution2D',
    'Deconvolution3D',
    'DeconvolutionND',
    'DecorrelatedBatchNormalization',
    'DeformableConvolution2D',
    'DepthwiseConvolution2D',
    'DilatedConvolution2D',
    'EmbedID',
    'GoogLeNet',
    'GroupNormalization',
    'Highway',
    'Inception',
    'InceptionBN',
    'LayerNormalization',
    'Linear',
    'LocalConvolution2D',
    'MLPConvolution2D',
    'Maxout',
    'MultiHeadAttention',
    'NStepBiGRU',
    'NStepBiLSTM',
    'NStepBiRNNReLU',
    'NStepBiRNNTanh',
    'NStepGRU',
    'NStepLSTM',
    'NStepRNNReLU',
    'NStepRNNTanh',
    'NaryTreeLSTM',
    'NegativeSampling',
    'PReLU',
    'Parameter',
    'RMSNorm',
    'ResNet50Layers',
    'ResNet101Layers',
    'ResNet152Layers',
    'Scale',
    'SimplifiedDropconnect',
    'StatefulGRU',
    'StatefulMGU',
    'StatefulPeepholeLSTM',
    'StatefulZoneoutLSTM',
    'StatelessGRU',
    'StatelessLSTM',
    'StatelessMGU',
    'Swish',
    'TransformerEncoderLayer',
    'VGG16Layers',
    'VGG19Layers',
]

if not _TYPE_CHECKING:
    __getattr__ = _of_module(__name__, 'links')
