"""Pickles of Chainer's objects, and what Chainer does with them after loading.

Run with Chainer 7.8.1: ``python tests/chainer/make_pickles.py`` writes
``chainer_7.8.1_objects.pickle`` beside this file.
"""

import pickle
import sys
from pathlib import Path

import numpy as np


def go_on(chainer, thing):
    """Returns numbers that depend on all that an object remembers."""
    if isinstance(thing, chainer.Optimizer):
        model, x = thing.target, np.linspace(-1, 1, 24, dtype='f').reshape(6, 4)
        np.random.seed(5)
        for _ in range(3):
            thing.update(model, x, np.arange(6, dtype='i') % 3)
        params = [p.array for _, p in sorted(model.namedparams())]
        return [*params, np.array([thing.t, thing.epoch])]
    if isinstance(thing, chainer.dataset.Iterator):
        np.random.seed(5)
        # Orders that Chainer's processes have drawn ahead depend on the moment.
        n = 1 if hasattr(thing, 'n_processes') else 6
        batches = [np.array([x for x, _ in thing.next()]) for _ in range(n)]
        place = [thing.epoch, thing.current_position, thing.epoch_detail]
        thing.finalize()
        return [*batches, np.array(place)]
    if isinstance(thing, chainer.Link):
        np.random.seed(5)
        x = np.linspace(-1, 1, 6, dtype='f').reshape(3, 2)
        return [thing(x, np.array([0, 1, 2], 'i')).array]
    return [np.array([float(x) for x, _ in thing])]


def make(chainer):
    """Yields names and objects."""
    optimizers, hooks = chainer.optimizers, chainer.optimizer_hooks
    for name in (
        *('AMSBound', 'AMSGrad', 'AdaBound', 'AdaDelta', 'AdaGrad', 'Adam', 'AdamW'),
        *('CorrectedMomentumSGD', 'MSVAG', 'MomentumSGD', 'NesterovAG', 'RMSprop'),
        *('RMSpropGraves', 'SGD', 'SMORMS3'),
    ):
        yield name, optimized(chainer, getattr(optimizers, name)())
    for hook in (
        *(hooks.WeightDecay(0.1), hooks.Lasso(0.1), hooks.GradientClipping(0.1)),
        *(hooks.GradientHardClipping(-0.1, 0.1), hooks.GradientLARS()),
    ):
        optimizer = optimizers.MomentumSGD(0.1)
        yield type(hook).__name__, optimized(chainer, optimizer, hook)
    data = chainer.datasets.TupleDataset(np.arange(10.0), np.arange(10))
    iterators = chainer.iterators
    for number, iterator in enumerate(
        (
            iterators.SerialIterator(data, 3),
            iterators.SerialIterator(data, 3, shuffle=False),
            iterators.MultithreadIterator(data, 3, n_threads=2),
            iterators.MultiprocessIterator(data, 3, n_processes=1),
        )
    ):
        # Chainer cannot pickle a pool of threads that has begun.
        for _ in range(0 if hasattr(iterator, 'n_threads') else 5):
            iterator.next()
        yield f'{type(iterator).__name__} {number}', iterator
    order = np.array([3, 1, 4, 0, 5, 9, 2, 6, 8, 7])
    yield 'SubDataset', chainer.datasets.SubDataset(data, 2, 7, order)
    L = chainer.links
    yield 'NegativeSampling', L.NegativeSampling(2, [3, 2, 4], 3)
    yield 'BinaryHierarchicalSoftmax', L.BinaryHierarchicalSoftmax(2, ((0, 1), 2))


def optimized(chainer, optimizer, hook=None):
    """Returns the optimizer of a small model after three updates."""
    np.random.seed(0)
    model = chainer.links.Classifier(chainer.links.Linear(4, 3))
    optimizer.setup(model)
    if hook is not None:
        optimizer.add_hook(hook)
    x = np.linspace(-1, 2, 24, dtype='f').reshape(6, 4)
    for _ in range(3):
        optimizer.update(model, x, np.arange(6, dtype='i') % 3)
    optimizer.new_epoch()
    return optimizer


def main():
    """Writes the file."""
    import chainer

    chainer.disable_experimental_feature_warning = True
    result = {}
    for name, thing in make(chainer):
        pickled = pickle.dumps(thing, 2)
        result[name] = (pickled, go_on(chainer, pickle.loads(pickled)))
    path = Path(__file__).with_name(f'chainer_{chainer.__version__}_objects.pickle')
    path.write_bytes(pickle.dumps(result, 2))
    sys.stdout.write(f'{path}: {len(result)} objects\n')


if __name__ == '__main__':
    main()
