"""What a name that does not exist was meant to be: a typo, or another library's name.

`OTHER_NAMES` holds the names that users of PyTorch and Keras try first.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

# owner: what is typed, and what to type. A value with a space is a whole sentence.
from minigrad.old_idioms import KEYWORDS, of_attribute

OTHER_NAMES: dict[str, dict[str, str]] = {
    'minigrad': {
        'Module': 'Chain',
        'Model': 'Chain',
        'Tensor': 'Variable',
        'tensor': 'Variable',
        'as_tensor': 'as_variable',
        'nn': 'minigrad.links (layers) and minigrad.functions',
        'layers': 'links',
        'optim': 'optimizers',
        'no_grad': 'no_backprop_mode',
        'enable_grad': 'force_backprop_mode',
        'manual_seed': 'numpy.random.seed, which initializers and dropout draw from',
        'DataLoader': 'minigrad.iterators.SerialIterator or MultiprocessIterator',
        'save': 'minigrad.serializers.save_npz(path, model)',
        'load': 'minigrad.serializers.load_npz(path, model)',
        'losses': 'minigrad.functions, such as F.softmax_cross_entropy',
        'callbacks': 'minigrad.training.extensions',
    },
    'links': {
        'Conv1d': 'Convolution1D',
        'Conv2d': 'Convolution2D',
        'Conv3d': 'Convolution3D',
        'ConvTranspose2d': 'Deconvolution2D',
        'Dense': 'Linear',
        'Embedding': 'EmbedID',
        'BatchNorm': 'BatchNormalization',
        'BatchNorm1d': 'BatchNormalization',
        'BatchNorm2d': 'BatchNormalization',
        'BatchNorm3d': 'BatchNormalization',
        'LayerNorm': 'LayerNormalization',
        'GroupNorm': 'GroupNormalization',
        'RNN': 'NStepRNNTanh',
        'Sequential': 'minigrad.Sequential',
        'Dropout': 'the function minigrad.functions.dropout(x, ratio)',
        'ReLU': 'the function minigrad.functions.relu',
        'MaxPool2d': 'the function minigrad.functions.max_pooling_2d(x, ksize)',
        'MaxPooling2D': 'the function minigrad.functions.max_pooling_2d(x, ksize)',
        'AvgPool2d': 'the function minigrad.functions.average_pooling_2d(x, ksize)',
        'Flatten': 'the function minigrad.functions.flatten, or nothing: '
        'Linear flattens by itself',
        'CrossEntropyLoss': 'the function minigrad.functions.softmax_cross_entropy',
        'MSELoss': 'the function minigrad.functions.mean_squared_error',
    },
    'functions': {
        'conv1d': 'convolution_1d',
        'conv2d': 'convolution_2d',
        'conv3d': 'convolution_3d',
        'conv_transpose2d': 'deconvolution_2d',
        'cross_entropy': 'softmax_cross_entropy',
        'nll_loss': 'softmax_cross_entropy of the scores before log_softmax',
        'binary_cross_entropy_with_logits': 'sigmoid_cross_entropy',
        'mse_loss': 'mean_squared_error',
        'l1_loss': 'mean_absolute_error',
        'smooth_l1_loss': 'huber_loss',
        'embedding': 'embed_id',
        'max_pool2d': 'max_pooling_2d',
        'avg_pool2d': 'average_pooling_2d',
        'batch_norm': 'batch_normalization',
        'layer_norm': 'layer_normalization',
        'group_norm': 'group_normalization',
        'interpolate': 'resize_images',
        'cat': 'concat',
        'concatenate': 'concat',
        'unsqueeze': 'expand_dims',
        'view': 'reshape',
        'permute': 'transpose',
        'mm': 'matmul',
        'dot': 'matmul',
        'pow': 'the operator **',
        'abs': 'absolute',
    },
    'optimizers': {
        'Adadelta': 'AdaDelta',
        'Adagrad': 'AdaGrad',
        'Nesterov': 'NesterovAG',
        'Momentum': 'MomentumSGD',
        'lr_scheduler': 'minigrad.training.extensions, such as ExponentialShift',
    },
    'iterators': {'DataLoader': 'SerialIterator or MultiprocessIterator'},
    'extensions': {
        'ModelCheckpoint': 'snapshot_object with trigger=MaxValueTrigger(...)',
        'EarlyStopping': 'minigrad.training.triggers.EarlyStoppingTrigger',
        'StepLR': 'StepShift',
        'ReduceLROnPlateau': 'ExponentialShift with a trigger',
    },
    'triggers': {'EarlyStopping': 'EarlyStoppingTrigger'},
    'Link': {
        'train': "minigrad.config.train = True, or using_config('train', True)",
        'eval': "with minigrad.using_config('train', False):",
        'parameters': 'params()',
        'named_parameters': 'namedparams()',
        'modules': 'links()',
        'state_dict': 'minigrad.serializers.save_npz(path, model)',
        'load_state_dict': 'minigrad.serializers.load_npz(path, model)',
        'save': 'minigrad.serializers.save_npz(path, model)',
        'load_weights': 'minigrad.serializers.load_npz(path, model)',
        'save_weights': 'minigrad.serializers.save_npz(path, model)',
        'zero_grad': 'cleargrads()',
        'cuda': "to_device('@cupy:0')",
        'cpu': 'to_cpu()',
        'to': "to_device('@cupy:0')",
        'register_buffer': 'add_persistent(name, value)',
        'register_parameter': 'with self.init_scope(): self.W = minigrad.Parameter(...)',
        'add_module': 'add_link(name, link)',
        'compile': 'optimizer.setup(model), and a minigrad.training.Trainer',
        'fit': 'a minigrad.training.Trainer, or a loop over optimizer.update',
        'evaluate': 'minigrad.training.extensions.Evaluator(iterator, model)()',
        'summary': 'minigrad.summary(model, input_shape)',
        'backward': 'loss.backward(), of the Variable that the model returns',
    },
    'Optimizer': {
        'zero_grad': 'model.cleargrads() before loss.backward()',
        'cleargrads': 'model.cleargrads() before loss.backward()',
        'step': 'update()',
        'minimize': 'update(lossfun, *args)',
        'param_groups': 'hyperparam, or param.update_rule.hyperparam for one parameter',
        'add_param_group': 'setup(link)',
        'state_dict': 'minigrad.serializers.save_npz(path, optimizer)',
        'load_state_dict': 'minigrad.serializers.load_npz(path, optimizer)',
        'learning_rate': 'lr, or alpha in Adam and its variants',
        'lr': 'alpha, as Adam and its variants call it',
    },
    'Variable': {
        'numpy': 'array',
        'detach': 'unchain(), or Variable(v.array) for one that is cut off',
        'view': 'reshape(...)',
        'unsqueeze': 'minigrad.functions.expand_dims(v, axis)',
        'permute': 'transpose(...)',
        'cpu': 'to_cpu()',
        'cuda': "to_device('@cupy:0')",
        'to': "to_device('@cupy:0'), or minigrad.functions.cast(v, dtype)",
        'float': "minigrad.functions.cast(v, 'float32')",
        'long': 'v.array.astype(int), which has no gradient',
        'requires_grad_': 'minigrad.Variable(array, requires_grad=True)',
        'grad_fn': 'creator_node',
        'is_leaf': 'creator_node is None',
        'zero_grad': 'cleargrad()',
    },
    # arguments of constructors: several words stand for the first that fits
    'argument': {
        'lr': 'alpha',
        'learning_rate': 'lr alpha',
        'alpha': 'lr alpha',
        'betas': 'beta1',
        'beta_1': 'beta1',
        'beta_2': 'beta2',
        'epsilon': 'eps',
        'weight_decay': 'weight_decay_rate rate',
        'max_norm': 'threshold',
        'std': 'scale',
        'stddev': 'scale',
        'mean': 'loc',
        'rho': 'rho alpha',
        'in_features': 'in_size in_channels',
        'out_features': 'out_size out_channels',
        'units': 'out_size',
        'filters': 'out_channels',
        'kernel_size': 'ksize',
        'kernel': 'ksize',
        'padding': 'pad',
        'strides': 'stride',
        'dilation': 'dilate',
        'bias': 'nobias b',
        'use_bias': 'nobias',
        'kernel_initializer': 'initialW',
        'weight': 'initialW class_weight',
        'num_embeddings': 'in_size',
        'embedding_dim': 'out_size',
        'num_features': 'size',
        'momentum': 'decay',
        'p': 'ratio',
        'rate': 'ratio',
        'dim': 'axis',
        'keepdim': 'keepdims',
        'inputs': 'x xs',
        'input': 'x',
        'ignore_index': 'ignore_label',
        'negative_slope': 'slope',
        'size': 'output_shape shape',
        'transpose_a': 'transa',
        'transpose_b': 'transb',
        'create_graph': 'enable_double_backprop',
        'loss': 'lossfun',
        'model': 'link',
        'output': 'out',
        'out_dir': 'out',
        'label': 'withlabel',
        'batch': 'batch_size',
        'compress': 'compression',
        'input_size': 'input_shape in_size',
        'batchsize': 'batch_size',
        'drop_last': 'repeat',
        'num_workers': 'n_processes n_threads',
    },
}


def near_miss(name: str, known: Iterable[str], cutoff: float = 0.8) -> str | None:
    """Returns the known name that ``name`` is a typo of, or None.

    Names that differ by more than a letter in length are taken for names of their own.

    Example:
        >>> from minigrad.suggestions import near_miss
        >>> near_miss('trian', ['train', 'debug']), near_miss('my_flag', ['train'])
        ('train', None)
    """
    import difflib  # only who is wrong waits for it

    lower = {
        other.lower(): other for other in known if abs(len(other) - len(name)) <= 1
    }
    found = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=cutoff)
    return lower[found[0]] if found and lower[found[0]] != name else None


class UnknownName(AttributeError):
    """An attribute that does not exist; what was meant is looked up when it is shown.

    Args:
        subject: Whose attribute it is, as in ``"module 'minigrad.links'"``.
        wrong: The name that was asked for.
        known: The names that there are.
        owner: Key of `OTHER_NAMES`.
    """

    def __init__(
        self, subject: str, wrong: str, known: Iterable[str], owner: str
    ) -> None:
        super().__init__(f'{subject} has no attribute {wrong!r}')
        self._wrong = wrong
        self._known = known
        self._owner = owner

    def __reduce__(self) -> Any:
        return AttributeError, (str(self),)

    def __str__(self) -> str:
        meant = OTHER_NAMES[self._owner].get(self._wrong)
        if meant is not None:
            return f'{self.args[0]}\n  hint: here it is {meant}'
        gone = of_attribute(self._wrong, self._owner)
        if gone is not None:
            return f'{self.args[0]}\n  hint: {gone}'
        public = [name for name in self._known if not name.startswith('_')]
        meant = near_miss(self._wrong, public)
        return (
            self.args[0] if meant is None else f'{self.args[0]}; did you mean {meant}?'
        )


def of_module(module: str, owner: str) -> Callable[[str], Any]:
    """Returns a module's ``__getattr__``: it is asked for names that do not exist."""

    def __getattr__(name: str) -> Any:
        raise UnknownName(f'module {module!r}', name, dir(sys.modules[module]), owner)

    return __getattr__


class _Attributes:
    """The names of an object's attributes, looked up when they are asked for."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def __iter__(self) -> Iterator[str]:
        return iter(dir(self._value))


def unknown_attribute(value: Any, name: str, owner: str) -> UnknownName:
    """Returns the error for an attribute that an object does not have."""
    kind = type(value)
    return UnknownName(f'{kind.__name__!r} object', name, _Attributes(value), owner)


def unknown_argument(subject: str, name: str, known: Iterable[str]) -> str:
    """Returns the message for a keyword argument that nobody takes.

    Args:
        subject: Who was called.
        name: The keyword.
        known: The names that it takes.

    Example:
        >>> from minigrad.suggestions import unknown_argument
        >>> unknown_argument('Adam', 'lr', ['alpha', 'beta1'])
        "Adam takes no argument 'lr'; did you mean alpha? It takes alpha, beta1"
    """
    known = list(known)
    candidates = OTHER_NAMES['argument'].get(name, '').split()
    meant = next((word for word in candidates if word in known), None)
    if meant is None:
        meant = near_miss(name, known)
    if meant == 'nobias' != name:
        meant = 'nobias=True (for bias=False)'
    gone = KEYWORDS.get(name)
    if gone is not None and name not in known:
        return f'{subject} takes no argument {name!r}: {gone}'
    question = '.' if meant is None else f'; did you mean {meant}?'
    takes = f'It takes {", ".join(known)}' if known else 'It takes none'
    return f'{subject} takes no argument {name!r}{question} {takes}'


def is_array_like(value: Any) -> bool:
    """Tells whether a value is an array or a Variable with axes."""
    return getattr(value, 'ndim', 0) != 0 and hasattr(value, 'dtype')


def shown(value: Any) -> str:
    """Returns a value as messages show it: an array by its shape.

    Example:
        >>> from minigrad.suggestions import shown
        >>> shown(np.zeros((8, 4))), shown('x')
        ('an array of shape (8, 4)', "'x'")
    """
    if is_array_like(value):
        return f'an array of shape {tuple(value.shape)}'
    text = repr(value)
    return text if len(text) <= 60 else f'a {type(value).__name__}, {text[:50]}...'
