"""Trainings for the doctor: one by a Trainer, one by a loop of its own."""

import numpy as np

import minigrad
import minigrad.functions as F
import minigrad.links as L
from minigrad import training
from minigrad.training import extensions

TRAIN, TEST = minigrad.datasets.get_digits()
IMAGES, TEST_IMAGES = minigrad.datasets.get_digits(ndim=3)
X, T = minigrad.dataset.concat_examples(TRAIN)
X_TEST, T_TEST = minigrad.dataset.concat_examples(TEST)


def changed(dataset, of_x=lambda x: x, of_t=lambda t: t):
    """Returns a dataset with its inputs and labels changed."""
    x, t = minigrad.dataset.concat_examples(dataset)
    return minigrad.datasets.TupleDataset(of_x(x), of_t(t))


def run_trainer(
    folder, predictor, optimizer, iterations, batch=50, train=TRAIN, test=TEST,
    shuffle=True, extend=(), seed=0,
):  # fmt: skip
    """Trains under the doctor, and returns it."""
    np.random.seed(seed)
    model = L.Classifier(predictor)
    optimizer.setup(model)
    iterator = minigrad.iterators.SerialIterator(train, batch, shuffle=shuffle)
    updater = training.StandardUpdater(iterator, optimizer)
    trainer = training.Trainer(
        updater, (iterations, 'iteration'), out=str(folder), extensions=extend
    )
    iterator = minigrad.iterators.SerialIterator(test, 100, repeat=False, shuffle=False)
    trainer.extend(extensions.Evaluator(iterator, model))
    trainer.extend(extensions.LogReport())
    doctor = extensions.Doctor(show=None)
    trainer.extend(doctor)
    trainer.run(show_loop_exception_msg=False)
    return doctor


def step(model, optimizer, x, t):
    """A step as it should be."""
    loss = F.softmax_cross_entropy(model(x), t)
    model.cleargrads()
    loss.backward()
    optimizer.update()


def evaluate(model):
    """An evaluation as it should be."""
    with minigrad.using_config('train', False), minigrad.no_backprop_mode():
        y = model(X_TEST)
        return F.softmax_cross_entropy(y, T_TEST), F.accuracy(y, T_TEST)


def run_loop(model, optimizer, step=step, n=60, evaluate=evaluate, every=20):
    """Trains in a loop of its own under the doctor, and returns it."""
    np.random.seed(0)
    with minigrad.doctor(model, optimizer, show=None) as doctor:
        for i in range(1, n + 1):
            chosen = np.random.randint(0, len(X), 50)
            step(model, optimizer, X[chosen], T[chosen])
            if i % every == 0:
                evaluate(model)
    return doctor


def names(doctor):
    return [finding.name for finding in doctor.findings]
