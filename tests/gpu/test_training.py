"""Links, optimizers, files and whole trainings on the stand-in."""

import copy
import importlib.util
import pathlib
import pickle

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
import minigrad.links as L
from minigrad import optimizer_hooks, optimizers, serializers, training
from minigrad.backends import cuda
from minigrad.training import extensions
from models.lenet import LeNet

TESTS = pathlib.Path(__file__).parent.parent


def load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


link_cases = load(TESTS / 'links' / 'link_cases.py')
LINKS = link_cases.cases(L, F)
OPTIMIZERS = [
    name
    for name in optimizers.__all__
    if isinstance(getattr(optimizers, name), type)
    and issubclass(getattr(optimizers, name), minigrad.GradientMethod)
]


def step_of(link, inputs):
    """Returns the output and all gradients of a link, in main memory."""
    np.random.seed(0)
    y = link(*inputs)
    link.cleargrads()
    y.grad = y.xp.full_like(y.array, 0.5)
    y.backward()
    grads = {name: p.grad for name, p in link.namedparams() if p.grad is not None}
    return cuda.to_cpu(y.array), {k: cuda.to_cpu(g) for k, g in grads.items()}


@pytest.mark.parametrize('name', LINKS)
def test_link(name, cupy):
    build, inputs = LINKS[name]
    inputs = [link_cases.as_float(x, 'f') for x in inputs]
    np.random.seed(0)
    link = build()
    link(*inputs)
    expected_y, expected = step_of(copy.deepcopy(link), inputs)
    link.to_device('@cupy:0')
    y, grads = step_of(link, [cupy.asarray(x) for x in inputs])
    np.testing.assert_allclose(y, expected_y, rtol=1e-4, atol=1e-5)
    assert grads.keys() == expected.keys()
    for key, grad in grads.items():
        np.testing.assert_allclose(grad, expected[key], rtol=1e-4, atol=1e-4)


def test_lazy_link_is_made_on_its_device(cupy):
    link = L.Linear(None, 3).to_device('@cupy:1')
    assert link.W.array is None
    assert str(link.device) == '@cupy:1'
    with minigrad.using_device('@cupy:1'):
        y = link(cupy.ones((2, 4), 'f'))
    assert str(link.W.device) == str(y.device) == '@cupy:1'


@pytest.mark.parametrize('name', OPTIMIZERS)
def test_optimizer(name, cupy):
    def train(device):
        model = L.Linear(3, 2, initialW=0.1 * np.ones((2, 3), 'f'))
        model.to_device(device)
        optimizer = getattr(optimizers, name)().setup(model)
        optimizer.add_hook(optimizer_hooks.WeightDecay(1e-3))
        optimizer.add_hook(optimizer_hooks.GradientClipping(1.0))
        x = model.xp.asarray(np.arange(12, dtype='f').reshape(4, 3))
        for _ in range(3):
            optimizer.update(lambda x: F.sum(F.square(model(x))), x)
        return cuda.to_cpu(model.W.array)

    np.testing.assert_allclose(train('@cupy:0'), train('@numpy'), rtol=1e-4, atol=1e-6)


HOOKS = {
    'WeightDecay': (1e-3,),
    'Lasso': (1e-3,),
    'GradientClipping': (0.5,),
    'GradientHardClipping': (-0.1, 0.1),
    'GradientNoise': (0.1,),
    'GradientLARS': (),
}


@pytest.mark.parametrize('name', HOOKS)
def test_optimizer_hook(name, cupy):
    model = L.Linear(3, 2).to_device('@cupy:1')
    optimizer = optimizers.SGD().setup(model)
    optimizer.add_hook(getattr(optimizer_hooks, name)(*HOOKS[name]))
    with minigrad.using_device('@cupy:1'):
        x = cupy.ones((4, 3), 'f')
    optimizer.update(lambda x: F.sum(model(x)), x)
    assert isinstance(model.W.array, cupy.ndarray)


@pytest.mark.parametrize('suffix', ['.npz', '.h5'])
def test_snapshot(suffix, cupy, tmp_path):
    if suffix == '.h5':
        pytest.importorskip('h5py', reason='HDF5 files need h5py')
    save = serializers.save_npz if suffix == '.npz' else serializers.save_hdf5
    load = serializers.load_npz if suffix == '.npz' else serializers.load_hdf5
    model = LeNet(in_channels=1).to_device('@cupy:0')
    model(cupy.zeros((1, 1, 28, 28), 'f'))
    optimizer = optimizers.Adam().setup(model)
    x = cupy.asarray(np.random.rand(2, 1, 28, 28).astype('f'))
    optimizer.update(lambda: F.sum(model(x)))
    save(tmp_path / f'm{suffix}', model)
    save(tmp_path / f'o{suffix}', optimizer)
    for device in ('@numpy', '@cupy:1'):
        other = LeNet(in_channels=1).to_device(device)
        load(tmp_path / f'm{suffix}', other)
        resumed = optimizers.Adam().setup(other)
        load(tmp_path / f'o{suffix}', resumed)
        assert str(other.fc3.W.device) == device
        np.testing.assert_array_equal(
            cuda.to_cpu(other.fc3.W.array), cuda.to_cpu(model.fc3.W.array)
        )
        with minigrad.using_device(device):
            x = other.xp.zeros((2, 1, 28, 28), 'f')
        resumed.update(lambda x, other=other: F.sum(other(x)), x)


def test_pickle_and_copy(cupy):
    model = L.Linear(3, 2).to_device('@cupy:0')
    for again in (
        pickle.loads(pickle.dumps(model)),
        copy.deepcopy(model),
        model.copy('init'),
    ):
        assert isinstance(again.W.array, cupy.ndarray)


@pytest.mark.parametrize('device', ['@cupy:0', '@cupy:1'])
def test_lenet_learns(device, cupy):
    """On a device that is not the current one, too: every op enters its context."""
    np.random.seed(0)
    model = LeNet().to_device(device)
    optimizer = optimizers.MomentumSGD(lr=0.05).setup(model)
    x = minigrad.get_device(device).send(np.random.rand(8, 1, 28, 28).astype('f'))
    t = minigrad.get_device(device).send(np.arange(8, dtype='i'))
    losses = []
    for _ in range(4):
        loss = F.softmax_cross_entropy(model(x), t)
        model.cleargrads()
        loss.backward()
        optimizer.update()
        losses.append(float(loss.array))
    assert losses[-1] < losses[0]
    assert {str(p.device) for p in model.params()} == {device}


def test_a_variable_used_twice_on_another_device(cupy):
    x = minigrad.Variable(minigrad.get_device('@cupy:1').send(np.ones(3, 'f')))
    y = F.sum(x * x + x * 2 + F.exp(x))
    y.backward(enable_double_backprop=True)
    F.sum(x.grad_var).backward()
    assert str(minigrad.backend.get_device_from_array(x.grad)) == '@cupy:1'


def test_trainer(cupy, tmp_path):
    data = minigrad.datasets.TupleDataset(
        np.random.rand(32, 1, 28, 28).astype('f'), np.arange(32, dtype='i') % 10
    )
    model = L.Classifier(LeNet())
    optimizer = optimizers.Adam().setup(model)
    train = minigrad.iterators.SerialIterator(data, 8)
    test = minigrad.iterators.SerialIterator(data, 8, repeat=False, shuffle=False)
    updater = training.StandardUpdater(train, optimizer, device='@cupy:0')
    trainer = training.Trainer(updater, (2, 'epoch'), out=tmp_path)
    trainer.extend(extensions.Evaluator(test, model, device='@cupy:0'))
    trainer.extend(extensions.LogReport())
    trainer.extend(extensions.ParameterStatistics(model))
    trainer.extend(extensions.FailOnNonNumber())
    trainer.extend(extensions.snapshot(filename='snapshot'))
    trainer.run()
    assert (tmp_path / 'snapshot').exists()
    assert isinstance(model.predictor.fc3.W.array, cupy.ndarray)
    serializers.load_npz(tmp_path / 'snapshot', trainer)


def test_parallel_updater(cupy):
    data = minigrad.datasets.TupleDataset(
        np.random.rand(16, 6).astype('f'), np.arange(16, dtype='i') % 4
    )
    model = L.Classifier(L.Linear(6, 4))
    updater = training.ParallelUpdater(
        minigrad.iterators.SerialIterator(data, 8),
        optimizers.SGD().setup(model),
        devices={'main': 0, 'second': 1},
    )
    before = cuda.to_cpu(model.predictor.W.array)
    updater.update()
    assert (cuda.to_cpu(model.predictor.W.array) != before).any()


def test_batches_go_to_the_device(cupy):
    batch = [(np.ones(3, 'f'), 1), (np.zeros(3, 'f'), 2)]
    x, t = minigrad.dataset.concat_examples(batch, '@cupy:1')
    assert str(minigrad.backend.get_device_from_array(x, t)) == '@cupy:1'
    on_device = [(cupy.ones(2), cupy.ones(1)), (cupy.zeros(3), cupy.ones(1))]
    x, _ = minigrad.dataset.concat_examples(on_device, padding=9)
    np.testing.assert_array_equal(x.get(), [[1, 1, 9], [0, 0, 0]])


def test_mixed_inputs_name_both_devices(cupy):
    model = L.Linear(3, 2)
    with pytest.raises(
        minigrad.errors.DeviceMismatch, match=r'linear: .* @cupy:0 and @numpy'
    ):
        model(cupy.ones((4, 3), 'f'))
    with minigrad.using_device('@cupy:1'):
        x = cupy.ones((4, 3), 'f')
    model.to_device('@cupy:0')
    with pytest.raises(
        minigrad.errors.DeviceMismatch, match=r'linear: .* @cupy:0 and @cupy:1'
    ):
        model(x)
