"""Caffe's file format: the protocol buffers' messages that networks are made of.

The numbers are those of ``caffe.proto`` of BVLC/caffe. A row is ``name:number:kind``, where
``*`` marks a repeated field, ``=`` a default, and a capitalised kind another message; what
is not listed is skipped when a file is read. Enumerations are numbers here.
"""

from __future__ import annotations

import functools
from typing import Any

_MESSAGES = {
    'BlobShape': 'dim:1:*int64',
    'BlobProto': (
        'shape:7:BlobShape data:5:*float double_data:8:*double '
        'num:1:int32 channels:2:int32 height:3:int32 width:4:int32'
    ),
    'NetParameter': 'name:1:string layer:100:*LayerParameter layers:2:*V1LayerParameter',
    'LayerParameter': (
        'name:1:string type:2:string bottom:3:*string top:4:*string phase:10:int32 '
        'blobs:7:*BlobProto batch_norm_param:139:BatchNormParameter '
        'concat_param:104:ConcatParameter convolution_param:106:ConvolutionParameter '
        'dropout_param:108:DropoutParameter eltwise_param:110:EltwiseParameter '
        'inner_product_param:117:InnerProductParameter input_param:143:InputParameter '
        'lrn_param:118:LRNParameter pooling_param:121:PoolingParameter '
        'relu_param:123:ReLUParameter reshape_param:133:ReshapeParameter '
        'scale_param:142:ScaleParameter slice_param:126:SliceParameter '
        'softmax_param:125:SoftmaxParameter'
    ),
    # Until 2014 layers had numbers in place of names; published files still do.
    'V1LayerParameter': (
        'name:4:string type:5:int32 bottom:2:*string top:3:*string blobs:6:*BlobProto '
        'concat_param:9:ConcatParameter convolution_param:10:ConvolutionParameter '
        'dropout_param:12:DropoutParameter eltwise_param:24:EltwiseParameter '
        'inner_product_param:17:InnerProductParameter lrn_param:18:LRNParameter '
        'pooling_param:19:PoolingParameter relu_param:30:ReLUParameter '
        'slice_param:31:SliceParameter softmax_param:39:SoftmaxParameter'
    ),
    'BatchNormParameter': (
        'use_global_stats:1:bool moving_average_fraction:2:float=0.999 eps:3:float=1e-05'
    ),
    'ConcatParameter': 'axis:2:int32=1 concat_dim:1:uint32=1',
    'ConvolutionParameter': (
        'num_output:1:uint32 bias_term:2:bool=true pad:3:*uint32 kernel_size:4:*uint32 '
        'stride:6:*uint32 dilation:18:*uint32 pad_h:9:uint32 pad_w:10:uint32 '
        'kernel_h:11:uint32 kernel_w:12:uint32 stride_h:13:uint32 stride_w:14:uint32 '
        'group:5:uint32=1'
    ),
    'DropoutParameter': 'dropout_ratio:1:float=0.5',
    'EltwiseParameter': 'operation:1:int32=1 coeff:2:*float',
    'InnerProductParameter': (
        'num_output:1:uint32 bias_term:2:bool=true axis:5:int32=1 transpose:6:bool'
    ),
    'InputParameter': 'shape:1:*BlobShape',
    'LRNParameter': (
        'local_size:1:uint32=5 alpha:2:float=1 beta:3:float=0.75 norm_region:4:int32 '
        'k:5:float=1'
    ),
    'PoolingParameter': (
        'pool:1:int32 pad:4:uint32 pad_h:9:uint32 pad_w:10:uint32 kernel_size:2:uint32 '
        'kernel_h:5:uint32 kernel_w:6:uint32 stride:3:uint32=1 stride_h:7:uint32 '
        'stride_w:8:uint32 global_pooling:12:bool'
    ),
    'ReLUParameter': 'negative_slope:1:float',
    'ReshapeParameter': 'shape:1:BlobShape',
    'ScaleParameter': 'axis:1:int32=1 bias_term:4:bool',
    'SliceParameter': 'axis:3:int32=1 slice_point:2:*uint32 slice_dim:1:uint32=1',
    'SoftmaxParameter': 'axis:2:int32=1',
}

V1_LAYERS = {
    3: 'Concat',
    4: 'Convolution',
    5: 'Data',
    6: 'Dropout',
    14: 'InnerProduct',
    15: 'LRN',
    17: 'Pooling',
    18: 'ReLU',
    19: 'Sigmoid',
    20: 'Softmax',
    21: 'SoftmaxWithLoss',
    22: 'Split',
    25: 'Eltwise',
    33: 'Slice',
    39: 'Deconvolution',
}
"""Names of the layers that were numbers."""


@functools.cache
def net_parameter() -> Any:
    """Returns the class of a network's message.

    Raises:
        ImportError: The package protobuf is missing.
    """
    try:
        from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
    except ImportError as error:
        raise ImportError(
            'files of Caffe need the package protobuf\n  hint: pip install protobuf'
        ) from error
    file = descriptor_pb2.FileDescriptorProto(
        name='minigrad/caffe.proto', package='minigrad.caffe', syntax='proto2'
    )
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field in fields.split():
            _add_field(message, *field.split(':'))
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    descriptor = pool.FindMessageTypeByName('minigrad.caffe.NetParameter')
    return message_factory.GetMessageClass(descriptor)


def _add_field(message: Any, name: str, number: str, kind: str) -> None:
    kind, _, default = kind.partition('=')
    field = message.field.add(name=name, number=int(number))
    repeated = kind.startswith('*')
    kind = kind.removeprefix('*')
    field.label = field.LABEL_REPEATED if repeated else field.LABEL_OPTIONAL
    if kind in _MESSAGES:
        field.type = field.TYPE_MESSAGE
        field.type_name = f'.minigrad.caffe.{kind}'
        return
    field.type = getattr(field, f'TYPE_{kind.upper()}')
    if default:
        field.default_value = default
    if repeated and kind != 'string':
        field.options.packed = True
