"""The networks whose layers are asked for by name.

The numbers are Chainer's, of one run with seed 0.
"""

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
import minigrad.links as L
from minigrad.dataset.download import DatasetError
from minigrad.links.model.vision import googlenet, resnet, vgg

RES2 = 113554.9
GOOGLENET = [1147.84, 45.25693, 7.723704]
IMAGE = np.random.RandomState(0).randint(0, 256, (40, 50, 3)).astype(np.uint8)


@pytest.fixture
def small_vgg(monkeypatch):
    """VGG without its 100 million weights between the images and the classes."""
    linear = vgg.Linear
    monkeypatch.setattr(
        vgg, 'Linear', lambda n, m, **kwargs: linear(None, 10, **kwargs)
    )


def compute(model, layers, size=64):
    x = np.random.RandomState(1).rand(1, 3, size, size).astype('f')
    with minigrad.using_config('train', False), minigrad.no_backprop_mode():
        return model(x, layers=layers)


def test_vgg_runs_to_the_last_layer_that_is_asked_for(small_vgg):
    model = L.VGG19Layers(pretrained_model=None)
    assert len(model.available_layers) == 25
    assert model.available_layers[-4:] == ['fc6', 'fc7', 'fc8', 'prob']
    calls = []
    model.conv2_1.forward = lambda x: calls.append(x)
    ys = compute(model, ['conv1_1', 'pool1'])
    assert {name: y.shape for name, y in ys.items()} == {
        'conv1_1': (1, 64, 64, 64),
        'pool1': (1, 64, 32, 32),
    }
    assert not calls


def test_vgg16_classifies(small_vgg):
    model = L.VGG16Layers(pretrained_model=None)
    assert len(model.available_layers) == 22
    assert not hasattr(model, 'conv3_4')
    y = compute(model, None)
    assert list(y) == ['prob']
    np.testing.assert_allclose(y['prob'].array.sum(), 1, rtol=1e-5)


def test_resnet():
    np.random.seed(0)
    model = L.ResNet50Layers(pretrained_model=None)
    assert sum(param.size for param in model.params()) == 25_557_096
    ys = compute(model, ['res2', 'pool5'])
    assert ys['res2'].shape == (1, 256, 16, 16)
    assert ys['pool5'].shape == (1, 2048)
    np.testing.assert_allclose(F.sum(ys['res2']).array, RES2, rtol=1e-3)
    y = model.extract([IMAGE], size=(64, 64))['pool5']
    assert y.shape == (1, 2048)
    assert y.creator_node is not None


@pytest.mark.parametrize(
    ('downsample_fb', 'strides'), [(False, [2, 1]), (True, [1, 2])]
)
def test_where_resnet_has_its_strides(downsample_fb, strides):
    block = resnet.BuildingBlock(2, 4, 2, 8, 2, downsample_fb=downsample_fb)
    assert [block.a.conv1.stride[0], block.a.conv2.stride[0]] == strides
    assert block(np.zeros((1, 4, 6, 6), 'f')).shape == (1, 8, 3, 3)
    assert [name for name, _ in block.namedlinks(skipself=True)][:2] == ['/a', '/a/bn1']


def test_googlenet_and_its_side_classifiers(tmp_path):
    np.random.seed(0)
    model = L.GoogLeNet(pretrained_model=None)
    names = ['inception_4d', 'loss1_fc2', 'loss2_fc2']
    ys = compute(model, names, 224)
    assert ys['loss1_fc2'].shape == ys['loss2_fc2'].shape == (1, 1000)
    np.testing.assert_allclose(
        [float(abs(ys[name].array).sum()) for name in names], GOOGLENET, rtol=1e-3
    )
    minigrad.serializers.save_npz(tmp_path / 'model.npz', model, compression=False)
    same = L.GoogLeNet(str(tmp_path / 'model.npz'))
    np.testing.assert_array_equal(same.conv1.W.array, model.conv1.W.array)
    y = same.predict([IMAGE], oversample=False)
    assert y.shape == (1, 1000)
    assert y.creator_node is None


def test_prepare():
    chw = IMAGE.transpose(2, 0, 1)
    for module, mean in ((vgg, 103.939), (resnet, 103.063), (googlenet, 104)):
        y = module.prepare(IMAGE, size=None)
        assert y.dtype == np.float32
        np.testing.assert_allclose(y[0], chw[2] - np.float32(mean), rtol=1e-5)
        np.testing.assert_array_equal(y, module.prepare(chw, size=None))
    assert vgg.prepare(IMAGE).shape == (3, 224, 224)
    assert vgg.prepare(IMAGE[:, :, 0], size=(8, 6)).shape == (3, 6, 8)


def test_predict_looks_at_ten_crops(small_vgg):
    model = L.VGG16Layers(pretrained_model=None)
    seen = []

    def forward(x, layers):
        seen.append(x.shape)
        return {'prob': F.softmax(np.zeros((len(x), 4), 'f'))}

    model.forward = forward
    assert model.predict([IMAGE, IMAGE]).shape == (2, 4)
    assert seen == [(20, 3, 224, 224)]


def test_errors(tmp_path):
    minigrad.dataset.set_dataset_root(str(tmp_path))
    try:
        with pytest.raises(DatasetError, match=r'bvlc_googlenet\.npz\n.*Caffe'):
            L.GoogLeNet()
    finally:
        minigrad.dataset.set_dataset_root(None)
    with pytest.raises(ValueError, match='50, 101 or 152: 49'):
        resnet.ResNetLayers(None, 49)
    with pytest.raises(ValueError, match='16 or 19: 17'):
        vgg.VGGLayers(None, 17)
    model = googlenet.GoogLeNet(None)
    with pytest.raises(ValueError, match='using_config'):
        model(np.zeros((1, 3, 32, 32), 'f'), test=True)
