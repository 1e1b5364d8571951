"""Differentiable functions, by their Chainer names: ``import minigrad.functions as F``."""

from typing import TYPE_CHECKING as _TYPE_CHECKING

from minigrad.functions import _numpy as _numpy
from minigrad.functions import _operators as _operators
from minigrad.functions.activation.clipped_relu import clipped_relu as clipped_relu
from minigrad.functions.activation.clipped_relu import relu6 as relu6
from minigrad.functions.activation.crelu import crelu as crelu
from minigrad.functions.activation.elementary import gelu as gelu
from minigrad.functions.activation.elementary import mish as mish
from minigrad.functions.activation.elementary import silu as silu
from minigrad.functions.activation.elementary import softsign as softsign
from minigrad.functions.activation.elu import elu as elu
from minigrad.functions.activation.hard_sigmoid import hard_sigmoid as hard_sigmoid
from minigrad.functions.activation.leaky_relu import leaky_relu as leaky_relu
from minigrad.functions.activation.log_softmax import log_softmax as log_softmax
from minigrad.functions.activation.maxout import maxout as maxout
from minigrad.functions.activation.prelu import prelu as prelu
from minigrad.functions.activation.relu import relu as relu
from minigrad.functions.activation.rrelu import rrelu as rrelu
from minigrad.functions.activation.selu import selu as selu
from minigrad.functions.activation.sigmoid import sigmoid as sigmoid
from minigrad.functions.activation.softmax import softmax as softmax
from minigrad.functions.activation.softplus import softplus as softplus
from minigrad.functions.activation.swish import swish as swish
from minigrad.functions.activation.tanh import tanh as tanh
from minigrad.functions.array.as_strided import as_strided as as_strided
from minigrad.functions.array.broadcast import broadcast as broadcast
from minigrad.functions.array.cast import cast as cast
from minigrad.functions.array.concat import concat as concat
from minigrad.functions.array.concat import split_axis as split_axis
from minigrad.functions.array.copy import copy as copy
from minigrad.functions.array.depth2space import depth2space as depth2space
from minigrad.functions.array.depth2space import space2depth as space2depth
from minigrad.functions.array.diagonal import diagonal as diagonal
from minigrad.functions.array.dstack import dstack as dstack
from minigrad.functions.array.expand_dims import expand_dims as expand_dims
from minigrad.functions.array.flatten import flatten as flatten
from minigrad.functions.array.flip import flip as flip
from minigrad.functions.array.fliplr import fliplr as fliplr
from minigrad.functions.array.flipud import flipud as flipud
from minigrad.functions.array.get_item import get_item as get_item
from minigrad.functions.array.hstack import hstack as hstack
from minigrad.functions.array.im2col import im2col as im2col
from minigrad.functions.array.moveaxis import moveaxis as moveaxis
from minigrad.functions.array.one_hot import one_hot as one_hot
from minigrad.functions.array.pad import pad as pad
from minigrad.functions.array.pad_sequence import pad_sequence as pad_sequence
from minigrad.functions.array.permutate import permutate as permutate
from minigrad.functions.array.repeat import repeat as repeat
from minigrad.functions.array.reshape import reshape as reshape
from minigrad.functions.array.resize_images import resize_images as resize_images
from minigrad.functions.array.rollaxis import rollaxis as rollaxis
from minigrad.functions.array.scatter_add import scatter_add as scatter_add
from minigrad.functions.array.select_item import select_item as select_item
from minigrad.functions.array.spatial_transformer_grid import (
    spatial_transformer_grid as spatial_transformer_grid,
)
from minigrad.functions.array.spatial_transformer_sampler import (
    spatial_transformer_sampler as spatial_transformer_sampler,
)
from minigrad.functions.array.squeeze import squeeze as squeeze
from minigrad.functions.array.stack import separate as separate
from minigrad.functions.array.stack import stack as stack
from minigrad.functions.array.swapaxes import swapaxes as swapaxes
from minigrad.functions.array.tile import tile as tile
from minigrad.functions.array.transpose import transpose as transpose
from minigrad.functions.array.transpose_sequence import (
    transpose_sequence as transpose_sequence,
)
from minigrad.functions.array.vstack import vstack as vstack
from minigrad.functions.array.where import where as where
from minigrad.functions.connection.bilinear import bilinear as bilinear
from minigrad.functions.connection.convolution_2d import (
    convolution_2d as convolution_2d,
)
from minigrad.functions.connection.convolution_nd import (
    convolution_1d as convolution_1d,
)
from minigrad.functions.connection.convolution_nd import (
    convolution_3d as convolution_3d,
)
from minigrad.functions.connection.convolution_nd import (
    convolution_nd as convolution_nd,
)
from minigrad.functions.connection.deconvolution_2d import (
    deconvolution_2d as deconvolution_2d,
)
from minigrad.functions.connection.deconvolution_nd import (
    deconvolution_1d as deconvolution_1d,
)
from minigrad.functions.connection.deconvolution_nd import (
    deconvolution_3d as deconvolution_3d,
)
from minigrad.functions.connection.deconvolution_nd import (
    deconvolution_nd as deconvolution_nd,
)
from minigrad.functions.connection.deformable_convolution_2d_sampler import (
    deformable_convolution_2d_sampler as deformable_convolution_2d_sampler,
)
from minigrad.functions.connection.depthwise_convolution_2d import (
    depthwise_convolution_2d as depthwise_convolution_2d,
)
from minigrad.functions.connection.dilated_convolution_2d import (
    dilated_convolution_2d as dilated_convolution_2d,
)
from minigrad.functions.connection.embed_id import embed_id as embed_id
from minigrad.functions.connection.linear import linear as linear
from minigrad.functions.connection.local_convolution_2d import (
    local_convolution_2d as local_convolution_2d,
)
from minigrad.functions.connection.scaled_dot_product_attention import (
    scaled_dot_product_attention as scaled_dot_product_attention,
)
from minigrad.functions.connection.shift import shift as shift
from minigrad.functions.evaluation.accuracy import accuracy as accuracy
from minigrad.functions.evaluation.binary_accuracy import (
    binary_accuracy as binary_accuracy,
)
from minigrad.functions.evaluation.classification_summary import (
    classification_summary as classification_summary,
)
from minigrad.functions.evaluation.classification_summary import f1_score as f1_score
from minigrad.functions.evaluation.classification_summary import (
    fbeta_score as fbeta_score,
)
from minigrad.functions.evaluation.classification_summary import precision as precision
from minigrad.functions.evaluation.classification_summary import recall as recall
from minigrad.functions.evaluation.r2_score import r2_score as r2_score
from minigrad.functions.loss.absolute_error import absolute_error as absolute_error
from minigrad.functions.loss.black_out import black_out as black_out
from minigrad.functions.loss.contrastive import contrastive as contrastive
from minigrad.functions.loss.crf1d import argmax_crf1d as argmax_crf1d
from minigrad.functions.loss.crf1d import crf1d as crf1d
from minigrad.functions.loss.cross_covariance import (
    cross_covariance as cross_covariance,
)
from minigrad.functions.loss.cross_covariance import decov as decov
from minigrad.functions.loss.ctc import (
    connectionist_temporal_classification as connectionist_temporal_classification,
)
from minigrad.functions.loss.discriminative_loss import (
    discriminative_margin_based_clustering_loss as discriminative_margin_based_clustering_loss,
)
from minigrad.functions.loss.hinge import hinge as hinge
from minigrad.functions.loss.huber_loss import huber_loss as huber_loss
from minigrad.functions.loss.mean_absolute_error import (
    mean_absolute_error as mean_absolute_error,
)
from minigrad.functions.loss.mean_squared_error import (
    mean_squared_error as mean_squared_error,
)
from minigrad.functions.loss.negative_sampling import (
    negative_sampling as negative_sampling,
)
from minigrad.functions.loss.sigmoid_cross_entropy import (
    sigmoid_cross_entropy as sigmoid_cross_entropy,
)
from minigrad.functions.loss.softmax_cross_entropy import (
    softmax_cross_entropy as softmax_cross_entropy,
)
from minigrad.functions.loss.squared_error import (
    squared_difference as squared_difference,
)
from minigrad.functions.loss.squared_error import squared_error as squared_error
from minigrad.functions.loss.triplet import triplet as triplet
from minigrad.functions.loss.vae import bernoulli_nll as bernoulli_nll
from minigrad.functions.loss.vae import gaussian_kl_divergence as gaussian_kl_divergence
from minigrad.functions.loss.vae import gaussian_nll as gaussian_nll
from minigrad.functions.math.arctan2 import arctan2 as arctan2
from minigrad.functions.math.average import average as average
from minigrad.functions.math.average import mean as mean
from minigrad.functions.math.basic_math import absolute as absolute
from minigrad.functions.math.basic_math import add as add
from minigrad.functions.math.batch_l2_norm_squared import (
    batch_l2_norm_squared as batch_l2_norm_squared,
)
from minigrad.functions.math.batch_matmul import batch_matmul as batch_matmul
from minigrad.functions.math.bias import bias as bias
from minigrad.functions.math.cholesky import cholesky as cholesky
from minigrad.functions.math.clip import clip as clip
from minigrad.functions.math.cumulative import cumprod as cumprod
from minigrad.functions.math.cumulative import cumsum as cumsum
from minigrad.functions.math.det import batch_det as batch_det
from minigrad.functions.math.det import det as det
from minigrad.functions.math.einsum import einsum as einsum
from minigrad.functions.math.elementary import arccos as arccos
from minigrad.functions.math.elementary import arcsin as arcsin
from minigrad.functions.math.elementary import arctan as arctan
from minigrad.functions.math.elementary import arctanh as arctanh
from minigrad.functions.math.elementary import ceil as ceil
from minigrad.functions.math.elementary import cos as cos
from minigrad.functions.math.elementary import cosh as cosh
from minigrad.functions.math.elementary import exp as exp
from minigrad.functions.math.elementary import expm1 as expm1
from minigrad.functions.math.elementary import fix as fix
from minigrad.functions.math.elementary import floor as floor
from minigrad.functions.math.elementary import log as log
from minigrad.functions.math.elementary import log1p as log1p
from minigrad.functions.math.elementary import log2 as log2
from minigrad.functions.math.elementary import log10 as log10
from minigrad.functions.math.elementary import rsqrt as rsqrt
from minigrad.functions.math.elementary import sign as sign
from minigrad.functions.math.elementary import sin as sin
from minigrad.functions.math.elementary import sinh as sinh
from minigrad.functions.math.elementary import sqrt as sqrt
from minigrad.functions.math.elementary import square as square
from minigrad.functions.math.elementary import tan as tan
from minigrad.functions.math.fft import fft as fft
from minigrad.functions.math.fft import ifft as ifft
from minigrad.functions.math.fmod import fmod as fmod
from minigrad.functions.math.identity import identity as identity
from minigrad.functions.math.inv import batch_inv as batch_inv
from minigrad.functions.math.inv import inv as inv
from minigrad.functions.math.linear_interpolate import (
    linear_interpolate as linear_interpolate,
)
from minigrad.functions.math.logsumexp import logsumexp as logsumexp
from minigrad.functions.math.matmul import matmul as matmul
from minigrad.functions.math.maximum import maximum as maximum
from minigrad.functions.math.maximum import minimum as minimum
from minigrad.functions.math.minmax import argmax as argmax
from minigrad.functions.math.minmax import argmin as argmin
from minigrad.functions.math.minmax import max as max
from minigrad.functions.math.minmax import min as min
from minigrad.functions.math.polygamma import polygamma as polygamma
from minigrad.functions.math.prod import prod as prod
from minigrad.functions.math.scale import scale as scale
from minigrad.functions.math.sparse_matmul import sparse_matmul as sparse_matmul
from minigrad.functions.math.special import digamma as digamma
from minigrad.functions.math.special import erf as erf
from minigrad.functions.math.special import erfc as erfc
from minigrad.functions.math.special import erfcinv as erfcinv
from minigrad.functions.math.special import erfcx as erfcx
from minigrad.functions.math.special import erfinv as erfinv
from minigrad.functions.math.special import lgamma as lgamma
from minigrad.functions.math.special import log_ndtr as log_ndtr
from minigrad.functions.math.special import ndtr as ndtr
from minigrad.functions.math.special import ndtri as ndtri
from minigrad.functions.math.sum import sum as sum
from minigrad.functions.math.sum_to import broadcast_to as broadcast_to
from minigrad.functions.math.sum_to import sum_to as sum_to
from minigrad.functions.math.tensordot import tensordot as tensordot
from minigrad.functions.math.zeta import zeta as zeta
from minigrad.functions.noise.dropout import dropout as dropout
from minigrad.functions.noise.gaussian import gaussian as gaussian
from minigrad.functions.noise.gumbel_softmax import gumbel_softmax as gumbel_softmax
from minigrad.functions.noise.simplified_dropconnect import (
    simplified_dropconnect as simplified_dropconnect,
)
from minigrad.functions.noise.zoneout import zoneout as zoneout
from minigrad.functions.normalization.batch_normalization import (
    batch_normalization as batch_normalization,
)
from minigrad.functions.normalization.batch_normalization import (
    fixed_batch_normalization as fixed_batch_normalization,
)
from minigrad.functions.normalization.batch_renormalization import (
    batch_renormalization as batch_renormalization,
)
from minigrad.functions.normalization.batch_renormalization import (
    fixed_batch_renormalization as fixed_batch_renormalization,
)
from minigrad.functions.normalization.decorrelated_batch_normalization import (
    decorrelated_batch_normalization as decorrelated_batch_normalization,
)
from minigrad.functions.normalization.decorrelated_batch_normalization import (
    fixed_decorrelated_batch_normalization as fixed_decorrelated_batch_normalization,
)
from minigrad.functions.normalization.group_normalization import (
    group_normalization as group_normalization,
)
from minigrad.functions.normalization.l2_normalization import normalize as normalize
from minigrad.functions.normalization.layer_normalization import (
    layer_normalization as layer_normalization,
)
from minigrad.functions.normalization.local_response_normalization import (
    local_response_normalization as local_response_normalization,
)
from minigrad.functions.pooling.average_pooling_2d import (
    average_pooling_2d as average_pooling_2d,
)
from minigrad.functions.pooling.average_pooling_nd import (
    average_pooling_1d as average_pooling_1d,
)
from minigrad.functions.pooling.average_pooling_nd import (
    average_pooling_3d as average_pooling_3d,
)
from minigrad.functions.pooling.average_pooling_nd import (
    average_pooling_nd as average_pooling_nd,
)
from minigrad.functions.pooling.max_pooling_2d import max_pooling_2d as max_pooling_2d
from minigrad.functions.pooling.max_pooling_nd import max_pooling_1d as max_pooling_1d
from minigrad.functions.pooling.max_pooling_nd import max_pooling_3d as max_pooling_3d
from minigrad.functions.pooling.max_pooling_nd import max_pooling_nd as max_pooling_nd
from minigrad.functions.pooling.roi_average_align_2d import (
    roi_average_align_2d as roi_average_align_2d,
)
from minigrad.functions.pooling.roi_average_pooling_2d import (
    roi_average_pooling_2d as roi_average_pooling_2d,
)
from minigrad.functions.pooling.roi_max_align_2d import (
    roi_max_align_2d as roi_max_align_2d,
)
from minigrad.functions.pooling.roi_max_pooling_2d import (
    roi_max_pooling_2d as roi_max_pooling_2d,
)
from minigrad.functions.pooling.roi_pooling_2d import roi_pooling_2d as roi_pooling_2d
from minigrad.functions.pooling.spatial_pyramid_pooling_2d import (
    spatial_pyramid_pooling_2d as spatial_pyramid_pooling_2d,
)
from minigrad.functions.pooling.unpooling_2d import unpooling_2d as unpooling_2d
from minigrad.functions.pooling.unpooling_nd import unpooling_1d as unpooling_1d
from minigrad.functions.pooling.unpooling_nd import unpooling_3d as unpooling_3d
from minigrad.functions.pooling.unpooling_nd import unpooling_nd as unpooling_nd
from minigrad.functions.pooling.upsampling_2d import upsampling_2d as upsampling_2d
from minigrad.functions.rnn.lstm import lstm as lstm
from minigrad.functions.rnn.n_step_gru import n_step_bigru as n_step_bigru
from minigrad.functions.rnn.n_step_gru import n_step_gru as n_step_gru
from minigrad.functions.rnn.n_step_lstm import n_step_bilstm as n_step_bilstm
from minigrad.functions.rnn.n_step_lstm import n_step_lstm as n_step_lstm
from minigrad.functions.rnn.n_step_rnn import n_step_birnn as n_step_birnn
from minigrad.functions.rnn.n_step_rnn import n_step_rnn as n_step_rnn
from minigrad.functions.rnn.slstm import slstm as slstm
from minigrad.functions.rnn.tree_lstm import tree_lstm as tree_lstm
from minigrad.functions.util.forget import forget as forget
from minigrad.suggestions import of_module as _of_module

if not _TYPE_CHECKING:
    __getattr__ = _of_module(__name__, 'functions')
