"""What every public function must have: a case, a docstring, Chainer's signature."""

import ast
import inspect
import re
from pathlib import Path

import pytest

import minigrad
import minigrad.functions as F
from tests import op_table as table

PUBLIC = {
    name: function
    for name, function in vars(F).items()
    if inspect.isfunction(function) and not name.startswith('_')
}
COVERED = {case.name for case in table.CASES}

# What the first page of the project promises, by family.
PROMISED = """
absolute arccos arcsin arctan arctan2 argmax argmin average ceil clip cos cosh einsum
exp expm1 fix floor log log10 log1p log2 logsumexp matmul max maximum mean min minimum
prod rsqrt sign sin sinh sqrt square sum sum_to tan tanh tensordot broadcast
broadcast_to cast concat copy expand_dims flatten flip fliplr flipud get_item hstack
im2col moveaxis pad repeat reshape resize_images rollaxis select_item separate
split_axis squeeze stack swapaxes tile transpose vstack where clipped_relu elu
hard_sigmoid leaky_relu log_softmax maxout prelu relu relu6 selu sigmoid softmax
softplus swish bilinear convolution_2d deconvolution_2d depthwise_convolution_2d
dilated_convolution_2d embed_id linear bias scale average_pooling_2d max_pooling_2d
unpooling_2d batch_normalization fixed_batch_normalization layer_normalization
group_normalization local_response_normalization normalize dropout gaussian
absolute_error hinge huber_loss mean_absolute_error mean_squared_error
sigmoid_cross_entropy softmax_cross_entropy squared_error accuracy binary_accuracy
classification_summary r2_score forget
""".split()  # noqa: SIM905 - easier to read than a list


def test_promised_names_exist():
    assert [name for name in PROMISED if name not in PUBLIC] == []


def test_every_function_has_a_case():
    aliases = {
        name
        for name, function in PUBLIC.items()
        if function.__name__ != name and function.__name__ in COVERED
    }
    assert sorted(set(PUBLIC) - COVERED - aliases) == []


@pytest.mark.parametrize('name', sorted(PUBLIC))
def test_docstring(name):
    text = inspect.getdoc(PUBLIC[name]) or ''
    assert text.split('\n')[0].endswith('.'), 'the first line is one sentence'
    wanted = ['Args:', 'Returns:', 'Source:', 'Example:', '>>> ']
    wanted += ['Gradient:', 'Double backprop:', 'Kernels:']
    assert [part for part in wanted if part not in text] == []


LAYERS = [
    {
        '_version',
        'sorted_names',
        'types',
        'dtypes',
        'configuration',
        'errors',
        'provided',
        'suggestions',
        'named_arguments',
        'old_idioms',
        'input_hints',
    },
    {
        'backend',
        'backends',
        'kernels',
        'utils',
        'device_resident',
        'chainerx',
        'memory_layouts',
        'not_provided',
        'warnings',
    },
    {
        'variable',
        'function_node',
        'function',
        'function_hook',
        'backprop',
        'gradient_hook',
        '_chainer_names',
        '_checks',
        '_explain',
        '_kept_arrays',
    },
    {'initializer', 'initializers', 'parameter', 'loss_scale', 'gradients'},
    {'gradient_check', 'function_hooks', 'functions'},
    {'distribution', 'distributions'},
    {'reporter', 'serializer', 'serializers', 'link', 'link_hook'},
    {'chain', 'chain_list'},
    {
        'link_hooks',
        'links',
        'sequential',
        'optimizer',
        'optimizers',
        'optimizer_hooks',
        'hyperparameter',
        'update_rule',
    },
    {'dataset', 'datasets', 'iterators', 'diagnosis', 'prediction'},
    {
        'training',
        'exporters',
        'graph',
        'computational_graph',
        'cuda_graph',
        'graph_optimizations',
    },
    {'check', 'testing', 'cli', 'runtime_info', 'models', '__main__', '__init__'},
    {'chainer', 'chainermn', 'onnx_chainer', 'migrate'},
]
LAYER = {name: level for level, names in enumerate(LAYERS) for name in names}
PACKAGE = Path(minigrad.__file__).parent


def imports_of(path):
    """Yields what a module imports when it is imported, not inside functions."""
    tree = ast.parse(path.read_text())
    nodes = list(tree.body)
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (
                [f'{node.module}.{alias.name}' for alias in node.names]
                if node.module == 'minigrad'
                else [node.module]
            )
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.If) and 'TYPE_CHECKING' in ast.unparse(node.test):
            continue
        elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            nodes.extend(ast.iter_child_nodes(node))


MODULES = sorted(PACKAGE.rglob('*.py'))


def module_id(path):
    return str(path.relative_to(PACKAGE))


@pytest.mark.parametrize('path', MODULES, ids=module_id)
def test_imports_downwards_only(path):
    part = path.relative_to(PACKAGE).parts[0].removesuffix('.py')
    upwards = []
    for name in imports_of(path):
        parts = name.split('.')
        if parts[0] == 'minigrad' and LAYER.get(''.join(parts[1:2]), 0) > LAYER[part]:
            upwards.append(name)
        assert parts[0] not in ('chainer', 'torch', 'chainerx'), name
    assert upwards == []


@pytest.mark.parametrize('path', MODULES, ids=module_id)
def test_no_assert_and_no_machine(path):
    text = path.read_text()
    tree = ast.parse(text)
    assert not any(isinstance(node, ast.Assert) for node in ast.walk(tree))
    assert not re.search(r'(?<![\w.])/(work|root|home)/', text)


def test_import_is_light():
    """Importing minigrad imports neither Numba nor CuPy nor Matplotlib."""
    import subprocess
    import sys

    code = (
        'import sys, minigrad; '
        "print([m for m in ('numba', 'cupy', 'matplotlib', 'graphviz', 'PIL', 'h5py', "
        "'tqdm', 'pooch', 'urllib.request', 'concurrent.futures', 'tarfile') "
        'if m in sys.modules])'
    )
    done = subprocess.run(
        [sys.executable, '-c', code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == '[]'


# Where the kind of an array may be asked for: the kernels, what moves arrays between
# devices, and what is about CUDA itself.
ASKS_FOR_THE_DEVICE = {
    'backend', 'backends', 'cuda', 'kernels', 'device_resident', 'cuda_graph',
    'cli/info.py',  # says which devices there are
    'dataset/async_transfer.py',  # copies to a card
    'function_hooks/cuda_profile.py', 'function_hooks/cupy_memory_profile.py',
    'initializers/__init__.py',  # Chainer's check that ``xp`` is that of ``device``
    'optimizers/_recorded_update.py',  # a part of CUDA graphs
    'training/random_state.py',  # saves the generators of both modules
    'chainermn/communicators',  # MPI is given main memory, NCCL a card's
    '_chainer_names.py',  # to_gpu
    '_checks.py',  # only NumPy arrays can be read-only
    # NumPy arrays from outside, which are indexes, images, files and test data:
    'dataset/dataset_mixin.py', 'links/model/vision', 'testing', 'chainer',
    'graph/onnx', 'diagnosis',
    'check',  # asks a card what only a card can tell
    # old-style functions and hooks, which are given bare arrays:
    'function.py', 'function_node.py',
}  # fmt: skip
ASKING = re.compile(
    r'\bis (not )?(np|numpy|cupy)\b(?!\.)|isinstance\([^()]*\b(np|numpy|cupy)\.ndarray'
    r'|\b(loaded|import)_cupy\(|__name__ (==|!=) .(numpy|cupy)'
)


@pytest.mark.parametrize('path', MODULES, ids=module_id)
def test_asks_no_array_for_its_module(path):
    name = path.relative_to(PACKAGE).as_posix()
    if any(re.match(rf'{part}(\.py|/|$)', name) for part in ASKS_FOR_THE_DEVICE):
        return
    asking = [line for line in path.read_text().split('\n') if ASKING.search(line)]
    assert asking == [], 'see what minigrad.backend answers'


@pytest.mark.parametrize(
    'line', ['if xp is not numpy:', 'isinstance(x, np.ndarray)',
             'cupy = backend.loaded_cupy()', "xp.__name__ == 'cupy'"],
)  # fmt: skip
def test_asking_is_noticed(line):
    assert ASKING.search(line)


CLOCKS = ('perf_counter', 'monotonic', 'time.time', 'process_time')
TESTS = sorted(Path(__file__).parent.rglob('*.py'))


@pytest.mark.parametrize('path', TESTS, ids=lambda path: path.name)
def test_no_test_judges_by_the_clock(path):
    """A machine that is busy is slow, and not wrong."""
    judged = [
        ast.unparse(node)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Assert)
    ]
    assert [a for a in judged if any(clock in a for clock in CLOCKS)] == []
