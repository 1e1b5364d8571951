"""Uses the layers of a network that was trained on something else.

python examples/extending/transfer.py --weights alexnet-owt-7be5be79.pth   # torchvision's
python examples/extending/transfer.py          # LeNet's, which come with minigrad
python examples/extending/transfer.py --test

The convolutions stay as they are; only a new last layer learns, on 200 images.
"""

import argparse

import numpy as np
from minigrad.models.lenet import trained_lenet

import minigrad as mg
import minigrad.functions as F
import minigrad.links as L


def features_of_lenet(images):
    """What the trained LeNet gives its last layer."""
    model = trained_lenet()
    h = F.max_pooling_2d(F.relu(model.conv1(images)), 2)
    h = F.max_pooling_2d(F.relu(model.conv2(h)), 2)
    return F.relu(model.fc4(F.relu(model.fc3(h)))).array


def features_of_alexnet(path, images):
    """What torchvision's AlexNet gives its last layer."""
    from minigrad.models.alexnet import AlexNetOWT
    from minigrad.models.weights import load_torchvision

    model = AlexNetOWT(1000)
    load_torchvision(path, model)
    model.fc8 = F.identity  # all but the last layer
    large = F.resize_images(np.repeat(images, 3, axis=1), (224, 224)).array
    parts = [model(large[i : i + 20]).array for i in range(0, len(large), 20)]
    return np.concatenate(parts)


def main(argv=None):
    parser = argparse.ArgumentParser(description='Learns a new last layer.')
    parser.add_argument('--weights', help="torchvision's AlexNet, .pth or .safetensors")
    parser.add_argument('--test', action='store_true', help='a few steps')
    options = parser.parse_args(argv)

    np.random.seed(0)
    train, test = mg.datasets.get_digits(ndim=3)
    # A new task: is the digit even?
    x, t = mg.dataset.concat_examples(train[:200])
    x_unseen, t_unseen = mg.dataset.concat_examples(test[:200])
    with mg.using_config('train', False), mg.no_backprop_mode():
        if options.weights:
            h, h_unseen = [
                features_of_alexnet(options.weights, v) for v in (x, x_unseen)
            ]
        else:
            h, h_unseen = [features_of_lenet(v) for v in (x, x_unseen)]
    last = L.Linear(h.shape[1], 2)
    optimizer = mg.optimizers.Adam(0.01).setup(last)
    for _ in range(20 if options.test else 200):
        loss = F.softmax_cross_entropy(last(h), t % 2)
        last.cleargrads()
        loss.backward()
        optimizer.update()
    accuracy = float(F.accuracy(last(h_unseen), t_unseen % 2).array)
    print(f'even or odd: {accuracy:.1%} of {len(t_unseen)} unseen digits')
    print('expected: more than 90 %')
    return accuracy


if __name__ == '__main__':
    main()
