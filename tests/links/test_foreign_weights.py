"""Weights of Caffe and torchvision, written as those write them, in networks of ours."""

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
import minigrad.links as L
from minigrad.dataset.download import DatasetError
from minigrad.links.model.vision import foreign_weights, googlenet, resnet, vgg
from minigrad.serializers import SnapshotMismatch

safetensors = pytest.importorskip(
    'safetensors.numpy', reason='the package safetensors is missing'
)
rng = np.random.RandomState(0)


@pytest.fixture
def small_vgg(monkeypatch):
    """VGG without its 100 million weights between the images and the classes."""
    linear = vgg.Linear
    monkeypatch.setattr(vgg, 'Linear', lambda n, m, **kwargs: linear(8, 8, **kwargs))


def random_arrays(model, names):
    """Random arrays under other names, in the shapes that the model has."""
    shapes = {k: v.shape for k, v in minigrad.serializers.serialize(model).items()}
    return {
        theirs: (rng.rand(*shapes[ours]) * 0.1 + 0.1).astype('f')
        for ours, theirs in names.items()
    }


def test_vgg_of_torchvision(small_vgg, tmp_path):
    model = L.VGG16Layers(pretrained_model=None)
    names = model.torchvision_names
    assert names['conv1_2/W'] == 'features.2.weight'
    assert names['conv3_1/b'] == 'features.10.bias'
    assert names['conv5_3/W'] == 'features.28.weight'
    assert names['fc8/b'] == 'classifier.6.bias'
    state = random_arrays(model, names)
    path = str(tmp_path / 'vgg16.safetensors')
    safetensors.save_file(state, path)
    loaded = L.VGG16Layers(path)
    np.testing.assert_array_equal(loaded.conv4_2.W.array, state['features.19.weight'])
    np.testing.assert_array_equal(loaded.fc7.b.array, state['classifier.3.bias'])

    # torchvision's first layer sees RGB from 0 to 1, normalized; ours what `prepare` gives.
    pixels = rng.randint(0, 256, (9, 9, 3))
    theirs = (pixels / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    theirs = theirs.transpose(2, 0, 1)[None].astype('f')
    wanted = F.convolution_2d(
        theirs, state['features.0.weight'], state['features.0.bias'], pad=1
    ).array
    got = loaded.conv1_1(vgg.prepare(pixels.astype('u1'), size=None)[None]).array
    inner = (..., slice(1, -1), slice(1, -1))
    np.testing.assert_allclose(got[inner], wanted[inner], rtol=1e-4, atol=1e-6)
    # Half a grey level at most on 15 of the 27 pixels under a filter of up to .2.
    np.testing.assert_allclose(got, wanted, atol=15 * 0.2 * 0.5 / 255 / 0.224)


def resnet_of_torchvision(x, state):
    """The first block as torchvision computes it, by its names."""

    def normalized(x, name):
        gamma, beta = state[f'{name}.weight'], state[f'{name}.bias']
        mean, var = state[f'{name}.running_mean'], state[f'{name}.running_var']
        return F.fixed_batch_normalization(x, gamma, beta, mean, var, eps=1e-5)

    h = F.convolution_2d(x, state['conv1.weight'], stride=2, pad=3)
    h = F.relu(normalized(h, 'bn1'))
    h = F.max_pooling_2d(h, 3, 2, 1, cover_all=False)
    y = h
    for i, pad in ((1, 0), (2, 1), (3, 0)):
        y = F.convolution_2d(y, state[f'layer1.0.conv{i}.weight'], pad=pad)
        y = normalized(y, f'layer1.0.bn{i}')
        y = F.relu(y) if i < 3 else y
    skip = F.convolution_2d(h, state['layer1.0.downsample.0.weight'])
    return F.relu(y + normalized(skip, 'layer1.0.downsample.1')).array


def test_resnet_of_torchvision(tmp_path):
    model = L.ResNet50Layers(pretrained_model=None)
    state = random_arrays(model, model.torchvision_names)
    state['bn1.num_batches_tracked'] = np.array(7)
    path = str(tmp_path / 'resnet50.safetensors')
    safetensors.save_file(state, path)
    with pytest.raises(ValueError, match='downsample_fb=True'):
        L.ResNet50Layers(path)
    loaded = L.ResNet50Layers(path, downsample_fb=True)
    pixels = np.full((64, 64, 3), 123, 'u1')
    pixels[8:-8, 8:-8] = rng.randint(0, 256, (48, 48, 3))
    theirs = (pixels / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    wanted = resnet_of_torchvision(theirs.transpose(2, 0, 1)[None].astype('f'), state)
    with minigrad.using_config('train', False):
        prepared = resnet.prepare(pixels, size=None)[None]
        h = loaded(prepared, layers=['pool1'])['pool1']
        got = loaded.res2.a(h).array
    inner = (..., slice(4, -4), slice(4, -4))
    np.testing.assert_allclose(got[inner], wanted[inner], rtol=1e-4)


def test_all_that_is_wrong_is_listed(small_vgg, tmp_path):
    model = L.VGG16Layers(pretrained_model=None)
    state = random_arrays(model, model.torchvision_names)
    del state['features.2.bias']
    state['features.0.weight'] = state['features.0.weight'][:5]
    state['head.weight'] = np.ones(3, 'f')
    path = str(tmp_path / 'other.safetensors')
    safetensors.save_file(state, path)
    with pytest.raises(SnapshotMismatch) as caught:
        L.VGG16Layers(path)
    text = str(caught.value)
    assert 'other.safetensors: not the weights of VGG16Layers' in text
    assert "'head.weight' has no place in the model" in text
    assert "'features.2.bias' (for conv1_2/b) is missing" in text
    assert '(for conv1_1/W): expected shape (64, 3, 3, 3), got (5, 3, 3, 3)' in text


def test_nothing_changes_unless_all_fits(small_vgg, tmp_path):
    model = L.VGG16Layers(pretrained_model=None)
    before = model.conv1_1.W.array.copy()
    state = random_arrays(model, model.torchvision_names)
    del state['classifier.6.bias']
    path = str(tmp_path / 'cut.safetensors')
    safetensors.save_file(state, path)
    with pytest.raises(SnapshotMismatch):
        model._load_(path, '')
    np.testing.assert_array_equal(model.conv1_1.W.array, before)


def test_googlenet_is_not_torchvisions(tmp_path):
    path = str(tmp_path / 'googlenet.safetensors')
    safetensors.save_file({'a': np.ones(1, 'f')}, path)
    with pytest.raises(NotImplementedError, match='another form'):
        L.GoogLeNet(path)


class TestCaffe:
    """Files of Caffe, made of the networks' own names."""

    @pytest.fixture(autouse=True)
    def protobuf(self):
        pytest.importorskip('google.protobuf', reason='protobuf is missing')

    def write(self, path, arrays):
        """Writes layers: by the arrays' names convolutions, statistics or scales."""
        from minigrad.links.caffe.messages import net_parameter

        net = net_parameter()()
        layers = {}
        for name, array in arrays.items():
            layer, _, kind = name.replace('/bias/b', '/b').rpartition('/')
            layers.setdefault(layer, {})[kind] = array
        for name, blobs in layers.items():
            message = net.layer.add(name=name, bottom=['x'], top=['y'])
            if 'avg_mean' in blobs:
                message.type = 'BatchNorm'
                blobs = [blobs['avg_mean'], blobs['avg_var']]
            else:
                blobs = [blobs[kind] for kind in 'Wb' if kind in blobs]
                has_bias = len(blobs) == 2
                if blobs[0].ndim == 4:
                    message.type = 'Convolution'
                    message.convolution_param.bias_term = has_bias
                elif blobs[0].ndim == 2:
                    message.type = 'InnerProduct'
                    message.inner_product_param.bias_term = has_bias
                else:
                    message.type = 'Scale'
                    message.scale_param.bias_term = has_bias
            for array in blobs:
                blob = message.blobs.add()
                blob.shape.dim.extend(array.shape)
                blob.data.extend(array.ravel().tolist())
        path.write_bytes(net.SerializeToString())
        return str(path)

    def test_vgg(self, small_vgg, tmp_path):
        model = L.VGG19Layers(pretrained_model=None)
        arrays = random_arrays(model, model.caffe_names)
        path = self.write(tmp_path / 'vgg.caffemodel', arrays)
        loaded = minigrad.serializers.serialize(L.VGG19Layers(path))
        for name, array in arrays.items():
            np.testing.assert_array_equal(loaded[name], array)

    def test_auto_converts_once(self, small_vgg, tmp_path, capfd):
        folder = tmp_path / 'pfnet/chainer/models'
        folder.mkdir(parents=True)
        model = L.VGG16Layers(pretrained_model=None)
        arrays = random_arrays(model, model.caffe_names)
        minigrad.dataset.set_dataset_root(str(tmp_path))
        try:
            with pytest.raises(DatasetError, match=r'VGG_ILSVRC_16_layers\.caffemodel'):
                L.VGG16Layers()
            self.write(folder / 'VGG_ILSVRC_16_layers.caffemodel', arrays)
            first = L.VGG16Layers()
            assert 'Converting' in capfd.readouterr().err
            (folder / 'VGG_ILSVRC_16_layers.caffemodel').unlink()
            second = L.VGG16Layers()
            assert not capfd.readouterr().err
        finally:
            minigrad.dataset.set_dataset_root(None)
        for network in (first, second):
            np.testing.assert_array_equal(network.fc8.b.array, arrays['fc8/b'])

    def test_resnet_names(self):
        names = resnet.ResNetLayers(None, 50).caffe_names
        assert names['conv1/b'] == 'conv1/b'
        assert names['res4/b5/conv2/W'] == 'res4f_branch2b/W'
        assert names['res2/a/bn4/avg_var'] == 'bn2a_branch1/avg_var'
        assert names['bn1/beta'] == 'scale_conv1/bias/b'
        names = resnet.ResNetLayers(None, 101).caffe_names
        assert 'conv1/b' not in names
        assert names['res4/b22/conv3/W'] == 'res4b22_branch2c/W'
        assert names['res3/a/bn1/gamma'] == 'scale3a_branch2a/W'
        assert names['res5/b2/conv1/W'] == 'res5c_branch2a/W'

    def test_resnet_is_converted(self, tmp_path, monkeypatch):
        # One block a stage and few channels: the names are what matters.
        block = resnet.BuildingBlock
        monkeypatch.setattr(resnet, '_DEPTHS', {50: (2, 1, 1, 1)})
        monkeypatch.setattr(
            resnet,
            'BuildingBlock',
            lambda n, i, m, o, *args, **kwargs: block(n, 4, 2, 4, *args, **kwargs),
        )
        model = resnet.ResNetLayers(None, 50)
        arrays = random_arrays(model, model.caffe_names)
        path = self.write(tmp_path / 'resnet.caffemodel', arrays)
        npz = tmp_path / 'resnet.npz'
        L.ResNet50Layers.convert_caffemodel_to_npz(path, npz)
        loaded = minigrad.serializers.serialize(L.ResNet50Layers(str(npz)))
        for ours, theirs in model.caffe_names.items():
            np.testing.assert_array_equal(loaded[ours], arrays[theirs])

    def test_googlenet(self, tmp_path):
        model = googlenet.GoogLeNet(pretrained_model=None)
        names = model.caffe_names
        assert set(names) == {path.lstrip('/') for path, _ in model.namedparams()}
        assert names['inc4c/proj5/W'] == 'inception_4c/5x5_reduce/W'
        assert names['loss2_fc1/b'] == 'loss2/fc/b'
        arrays = {theirs: np.ones((1, 1), 'f') for theirs in names.values()}
        path = self.write(tmp_path / 'other.caffemodel', arrays)
        with pytest.raises(SnapshotMismatch, match='inception_3a/1x1/W'):
            googlenet.GoogLeNet(path)


def test_a_state_dict_is_wanted(tmp_path):
    path = tmp_path / 'm.pth'
    path.write_bytes(b'no zip')
    with pytest.raises(minigrad.serializers.UnsafeFile, match=r'm\.pth'):
        foreign_weights.read_state_dict(path)
