"""Training steps and inference of the models that minigrad ships."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.harness import MINIGRAD, TORCH, Case

WORDS = 10_000  # of the language model


def batch(shape: tuple[int, ...], words: int = 0) -> tuple[Any, Any]:
    """Returns inputs and labels.

    Args:
        shape: Of images, or of sequences of vectors, each of which has a label; or of
            words, likewise.
        words: How many words there are; 0 if the inputs are none.
    """
    rng = np.random.default_rng(0)
    if words:
        x: Any = rng.integers(0, words, shape).astype(np.int32)
        return x, rng.integers(0, words, x.size).astype(np.int32)
    count = shape[0] * shape[1] if len(shape) == 3 else shape[0]
    x = rng.standard_normal(shape, dtype=np.float32)
    return x, rng.integers(0, 10, count).astype(np.int32)


def minigrad_model(name: str) -> Any:
    """Returns the model of that name."""
    from benchmarks.own_models import MODELS
    from models.alexnet import AlexNet, AlexNetCIFAR
    from models.lenet import LeNet
    from models.mlp import MLP

    if name in MODELS:
        return MODELS[name]()
    if name == 'mlp':
        return MLP((1000, 1000))
    return {'lenet': LeNet, 'alexnet_cifar': AlexNetCIFAR, 'alexnet': AlexNet}[name](10)


def _minigrad(
    name: str, shape: tuple[int, ...], train: bool
) -> Callable[[], Callable[[], Any]]:
    def build() -> Callable[[], Any]:
        import minigrad as mg
        import minigrad.functions as F

        x, t = batch(shape, WORDS if name == 'lstm' else 0)
        model = minigrad_model(name)
        optimizer = mg.optimizers.MomentumSGD(lr=0.001, momentum=0.9)

        def step() -> None:
            loss = F.softmax_cross_entropy(model(x), t)
            model.cleargrads()
            loss.backward()
            optimizer.update()

        def infer() -> None:
            with mg.using_config('train', False), mg.no_backprop_mode():
                model(x)

        infer()  # gives lazy parameters their shapes
        optimizer.setup(model)
        return step if train else infer

    return build


def _torch(
    name: str, shape: tuple[int, ...], train: bool
) -> Callable[[], Callable[[], Any]]:
    def build() -> Callable[[], Any]:
        import torch
        import torch.nn.functional as TF

        from benchmarks import torch_models

        x_array, t_array = batch(shape, WORDS if name == 'lstm' else 0)
        x = torch.from_numpy(x_array)
        t = torch.from_numpy(t_array).long()
        model = torch_models.build(name)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.001, momentum=0.9)

        def step() -> None:
            model.train()
            loss = TF.cross_entropy(model(x), t)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        def infer() -> None:
            model.eval()
            with torch.inference_mode():
                model(x)

        return step if train else infer

    return build


# name, model, shape of the batch, target of the training step, only in full, rounds
SETTINGS = [
    ('mlp', 'mlp', (100, 784), 0.75, False, 25),
    ('lenet16', 'lenet', (16, 1, 28, 28), 0.5, False, 25),
    ('lenet64', 'lenet', (64, 1, 28, 28), 0.5, False, 25),
    ('lenet256', 'lenet', (256, 1, 28, 28), 0.5, False, 25),
    ('alexnet_cifar', 'alexnet_cifar', (128, 3, 32, 32), 0.75, True, 7),
    ('alexnet', 'alexnet', (32, 3, 227, 227), 0.5, True, 7),
    ('resnet50', 'resnet50', (8, 3, 224, 224), 0.8, True, 5),
    ('vgg16', 'vgg16', (4, 3, 224, 224), 0.8, True, 5),
    ('lstm', 'lstm', (20, 35), 0.8, True, 7),
    ('transformer', 'transformer', (8, 128, 512), 0.8, True, 15),
]
INFERENCE_TARGET = 0.75

CASES = [
    Case(
        f'models.{name}{"" if train else "_infer"}',
        {
            MINIGRAD: _minigrad(model, shape, train),
            TORCH: _torch(model, shape, train),
        },
        target=target if train else INFERENCE_TARGET,
        full=full,
        rounds=rounds,
    )
    for name, model, shape, target, full, rounds in SETTINGS
    for train in (True, False)
]
