"""What users do wrong, and the answer: the table of `test_mistakes.py`.

    python -m tests.mistakes

shows all of them, one after the other. The programs are typed as a user would.
"""

import contextlib
import os
import tempfile
import textwrap
import warnings
from typing import NamedTuple

from minigrad._kept_arrays import watch

PRELUDE = """
import numpy as np
import minigrad as mg
import minigrad.functions as F
import minigrad.links as L
from minigrad import training
from minigrad.training import extensions

rng = np.random.RandomState(0)
x, t = rng.rand(8, 4).astype('f'), np.arange(8) % 3
images = rng.rand(8, 3, 9, 9).astype('f')
dataset = mg.datasets.TupleDataset(x, t)


class MLP(mg.Chain):
    def __init__(self):
        super().__init__()
        with self.init_scope():
            self.l1 = L.Linear(4, 5)
            self.l2 = L.Linear(5, 3)

    def forward(self, x):
        return self.l2(F.relu(self.l1(x)))


def train(model, dataset=dataset, batch_size=4, stop=(1, 'epoch'), **iterator):
    optimizer = mg.optimizers.SGD().setup(model)
    batches = mg.iterators.SerialIterator(dataset, batch_size, **iterator)
    updater = training.StandardUpdater(batches, optimizer)
    return training.Trainer(updater, stop)
"""


class Mistake(NamedTuple):
    """A program, and what is said about it."""

    kind: type  # of exception or warning
    text: str  # the words that are to be in the answer
    program: str


def _mistakes(kind, *rows):
    return [Mistake(kind, text, textwrap.dedent(p).strip()) for text, p in rows]


MISTAKES = [
    # names of other libraries, and typos
    *_mistakes(
        AttributeError,
        ('here it is Convolution2D', 'L.Conv2d(3, 2, 3)'),
        ('here it is Linear', 'L.Dense(3)'),
        ('did you mean Linear?', 'L.Linaer(3, 2)'),
        ('functions.dropout(x, ratio)', 'L.Dropout(0.5)'),
        ('here it is softmax_cross_entropy', 'F.cross_entropy(x, t)'),
        ('did you mean relu?', 'F.ReLU(x)'),
        ('here it is Variable', 'mg.Tensor(x)'),
        ('here it is no_backprop_mode', 'mg.no_grad()'),
        ('minigrad.links (layers)', 'mg.nn.Linear(3, 2)'),
        ('here it is AdaGrad', 'mg.optimizers.Adagrad()'),
        ('SerialIterator', 'mg.iterators.DataLoader(dataset)'),
        ('snapshot_object', 'extensions.ModelCheckpoint()'),
        ('did you mean LogReport?', 'extensions.LogRepotr()'),
        (
            'model.cleargrads() before loss.backward()',
            'mg.optimizers.SGD().setup(MLP()).zero_grad()',
        ),
        ('here it is update()', 'mg.optimizers.SGD().setup(MLP()).step()'),
        ('here it is params()', 'MLP().parameters()'),
        ("using_config('train', False)", 'MLP().eval()'),
        ('save_npz(path, model)', 'MLP().state_dict()'),
        ('did you mean l1?', 'MLP().L1'),
        ("'numpy'\n  hint: here it is array", 'MLP()(x).numpy()'),
        ('here it is unchain()', 'MLP()(x).detach()'),
        ('minigrad.functions.flatten(v)', 'MLP()(x).flatten()'),
    ),
    *_mistakes(
        ImportError,
        ('here it is Convolution2D', 'from minigrad.links import Conv2d'),
        ('did you mean relu?', 'from minigrad.functions import rellu'),
        ('here it is Variable', 'from minigrad import Tensor'),
    ),
    *_mistakes(
        TypeError,
        ('did you mean alpha?', 'mg.optimizers.Adam(lr=0.1)'),
        ('did you mean lr?', 'mg.optimizers.SGD(learning_rate=0.1)'),
        ('did you mean momentum?', 'mg.optimizers.MomentumSGD(momentun=0.9)'),
        ('did you mean ksize?', 'L.Convolution2D(3, 2, kernel_size=3)'),
        ('did you mean pad?', 'L.Convolution2D(3, 2, 3, padding=1)'),
        ('nobias=True (for bias=False)', 'L.Linear(3, 2, bias=False)'),
        (
            'did you mean batch_size?',
            'mg.iterators.SerialIterator(dataset, batchsize=4)',
        ),
        (
            'did you mean trigger?',
            "extensions.LogReport(triger=(1, 'epoch'))",
        ),
        ('SGD().setup(model)', 'mg.optimizers.SGD(MLP())'),
        ('SGD().setup(model)', 'mg.optimizers.SGD(MLP().params())'),
        ('make one: setup(MLP(...))', 'mg.optimizers.SGD().setup(MLP)'),
        ('ChainList(*links)', 'mg.optimizers.SGD().setup([MLP(), MLP()])'),
        ('ChainList(*links)', 'mg.ChainList([MLP(), MLP()])'),
        ('make one: Classifier(MLP(...))', 'L.Classifier(MLP)'),
        (
            'hint: SGD.update(model, x, t), where the model returns the loss',
            'mg.optimizers.SGD().setup(MLP()).update(x, t)',
        ),
        (
            'loss.backward(); SGD.update()',
            'mg.optimizers.SGD().setup(MLP()).update(F.sum(MLP()(x)))',
        ),
        (
            'minigrad.iterators.SerialIterator(dataset, batch_size) makes one',
            'training.StandardUpdater(dataset, mg.optimizers.SGD().setup(MLP()))',
        ),
        ('StandardUpdater(iterator, optimizer) makes one', 'training.Trainer(dataset)'),
        (
            'make one: trainer.extend(LogReport(...))',
            'train(MLP()).extend(extensions.LogReport)',
        ),
    ),
    *_mistakes(
        UserWarning,
        ('did you mean train?', 'mg.config.trian = False'),
        (
            'did you mean enable_backprop?',
            "with mg.using_config('enable_backpop', False):\n    pass",
        ),
        ('did you mean debug?', 'mg.global_config.dbug = True'),
        (
            "did you mean 'main/accuracy'?",
            """
            trainer = train(L.Classifier(MLP()))
            trainer.extend(extensions.LogReport())
            trainer.extend(extensions.PrintReport(['epoch', 'main/acuracy']))
            trainer.run()
            """,
        ),
        (
            "did you mean 'main/loss'?",
            """
            trainer = train(L.Classifier(MLP()))
            trainer.extend(extensions.PlotReport(['loss'], 'epoch'))
            trainer.run()
            """,
        ),
        (
            "did you mean 'main/loss'?",
            """
            trainer = train(L.Classifier(MLP()))
            trainer.extend(extensions.LogReport(['main/los']))
            trainer.run()
            """,
        ),
    ),
    # models
    *_mistakes(
        UserWarning,
        (
            'Net.layers is a list that holds a Linear, whose parameters will not be',
            """
            class Net(mg.Chain):
                def __init__(self):
                    super().__init__()
                    with self.init_scope():
                        self.layers = [L.Linear(4, 4), L.Linear(4, 3)]
            mg.optimizers.SGD().setup(Net())
            """,
        ),
        (
            'Net.layers is a dict that holds a Linear',
            """
            class Net(mg.Chain):
                def __init__(self):
                    super().__init__()
                    self.layers = {'first': [L.Linear(4, 4)]}
            mg.optimizers.SGD().setup(Net())
            """,
        ),
        (
            'Net.weights is a tuple that holds a Parameter',
            """
            class Net(MLP):
                def __init__(self):
                    super().__init__()
                    self.weights = (mg.Parameter(x),)
            mg.optimizers.SGD().setup(Net())
            """,
        ),
        (
            'Net.l1 was assigned outside init_scope()',
            """
            class Net(mg.Chain):
                def __init__(self):
                    super().__init__()
                    self.l1 = L.Linear(4, 3)
            Net()
            """,
        ),
        (
            'start __init__ with super().__init__()',
            """
            class Net(mg.Chain):
                def __init__(self):
                    self.l1 = L.Linear(4, 3)
            Net()
            """,
        ),
        (
            'Chain has no parameters, so nothing will be trained',
            'mg.optimizers.SGD().setup(mg.Chain())',
        ),
        (
            'was called before any backward',
            """
            model = MLP()
            optimizer = mg.optimizers.SGD().setup(model)
            loss = F.sum(model(x))
            optimizer.update()
            """,
        ),
        (
            'a loss that depends on no parameter',
            """
            model = MLP()
            optimizer = mg.optimizers.SGD().setup(model)
            optimizer.update(lambda x: F.sum(mg.Variable(model(x).array)), x)
            """,
        ),
        (
            'in 100 steps /l2/W, /l2/b never had a gradient',
            """
            model = MLP()
            optimizer = mg.optimizers.SGD().setup(model)
            for _ in range(100):
                optimizer.update(lambda x: F.sum(model.l1(x)), x)
            """,
        ),
    ),
    *_mistakes(
        RuntimeError,
        (
            'start Net.__init__ with super().__init__()',
            """
            class Net(mg.Chain):
                def __init__(self):
                    with self.init_scope():
                        self.l1 = L.Linear(4, 3)
            Net()
            """,
        ),
        (
            'start Net.__init__ with super().__init__()',
            """
            class Net(mg.Chain):
                def __init__(self):
                    self.n_units = 100
            mg.optimizers.SGD().setup(Net())
            """,
        ),
        ('call optimizer.setup(model) first', 'mg.optimizers.SGD().update()'),
        (
            'call optimizer.setup(model) first',
            """
            batches = mg.iterators.SerialIterator(dataset, 4)
            updater = training.StandardUpdater(batches, mg.optimizers.SGD())
            training.Trainer(updater, (1, 'epoch'))
            """,
        ),
    ),
    *_mistakes(
        AttributeError,
        (
            'define forward(self, x)',
            """
            class Net(mg.Chain):
                pass
            Net()(x)
            """,
        ),
    ),
    # inputs
    *_mistakes(
        TypeError,
        (
            'x is float64, the default of NumPy: x.astype(numpy.float32)',
            'L.Linear(4, 3)(np.random.rand(8, 4))',
        ),
        (
            'x is float64, the default of NumPy: x.astype(numpy.float32)',
            'L.Convolution2D(3, 2, 3)(images.astype(float))',
        ),
        (
            'pixels become floats by x.astype(numpy.float32) / 255',
            "L.Convolution2D(3, 2, 3)((images * 255).astype('uint8'))",
        ),
        (
            'makes floats of integers',
            "L.Linear(4, 3)((x * 255).astype('int32'))",
        ),
        (
            'numbers of classes are integers: t.astype(numpy.int32)',
            "F.softmax_cross_entropy(MLP()(x), t.astype('f'))",
        ),
        (
            'numbers of classes are integers: t.astype(numpy.int32)',
            "F.accuracy(MLP()(x), t.astype('f'))",
        ),
        (
            't.argmax(axis=1)',
            "F.softmax_cross_entropy(MLP()(x), np.eye(3, dtype='i')[t])",
        ),
        (
            'the scores come first, and the labels t second',
            'F.softmax_cross_entropy(t, MLP()(x))',
        ),
        (
            'whole numbers, 0 and 1: t.astype(numpy.int32)',
            'F.sigmoid_cross_entropy(x, x)',
        ),
        (
            'x1.astype(numpy.float32) makes floats of integers',
            'F.mean_squared_error(MLP()(x)[:, 0], t)',
        ),
        ('t.argmax(axis=1)', "F.accuracy(MLP()(x), np.eye(3, dtype='f')[t])"),
        (
            'labels have one axis less: t[:, 0]',
            'F.softmax_cross_entropy(MLP()(x), t[:, None])',
        ),
        (
            'channels are the second axis here, not the last: x.transpose(0, 3, 1, 2)',
            'L.Convolution2D(3, 2, 3)(images.transpose(0, 2, 3, 1))',
        ),
        ('a batch of one image is x[None]', 'L.Convolution2D(3, 2, 3)(images[0])'),
        ('hint: numpy.array(x, numpy.float32)', 'L.Linear(4, 3)(x.tolist())'),
        ('hint: numpy.array(x, numpy.float32)', 'L.Linear(3)(x.tolist())'),
        ('hint: numpy.array(x, numpy.float32)', 'F.relu([1.0, -1.0])'),
        ('x.filled(0)', 'F.relu(np.ma.masked_array(x, x > 0.5))'),
        ('call the link', 'F.relu(L.Linear(4, 3))'),
        (
            'Linear: in_size is an array of shape (8, 4), expected a number',
            'L.Linear(x, t)',
        ),
        (
            'SerialIterator: batch_size is an array of shape (8,), expected a number',
            'mg.iterators.SerialIterator(x, t)',
        ),
        ('dropout(..., ratio=...)', 'F.dropout(x, x)'),
        (
            'softmax_cross_entropy(..., normalize=...)',
            'F.softmax_cross_entropy(x, t, x)',
        ),
        ('max_pooling_2d(..., cover_all=...)', 'F.max_pooling_2d(images, 2, 2, 0, x)'),
        ('sum(..., keepdims=...)', 'F.sum(x, 0, x)'),
        (
            'convolution_2d(..., cover_all=...)',
            'F.convolution_2d(images, images, None, 1, 0, x)',
        ),
        ('linear(..., n_batch_axes=...)', 'F.linear(x, x, None, x)'),
        (
            'max_pooling_2d: pad is an array of shape (8, 4), expected a number or a pair',
            'F.max_pooling_2d(images, 2, 2, x)',
        ),
        ('sum(..., axis=...)', 'F.sum(x, x)'),
        (
            'hint: numpy.mean(numpy.stack([v, w])) stays on the graph',
            'np.mean([F.sum(mg.Variable(x)), F.sum(mg.Variable(x))])',
        ),
        ('softmax(..., axis=...)', 'F.softmax(x, x)'),
        ('reshape(..., shape=...)', 'F.reshape(x, x)'),
        ('matmul(..., transa=...)', 'F.matmul(x, x, x)'),
        ('expected a number', 'F.batch_normalization(images, *x[:2, :3], decay=x)'),
        ('did you mean ksize?', 'F.max_pooling_2d(images, kernel_size=2)'),
        ('did you mean axis?', 'F.softmax(x, dim=1)'),
        ('did you mean ratio?', 'F.dropout(x, rate=0.5)'),
        ('call the function', 'F.relu(F.sigmoid)'),
    ),
    *_mistakes(
        UserWarning,
        (
            'looks like channels last, and is read as 9 channels',
            'L.Convolution2D(None, 2, 3, pad=1)(images.transpose(0, 2, 3, 1))',
        ),
        (
            'hint: x.transpose(0, 3, 1, 2)',
            'L.Convolution2D(9, 2, 1)(images[:, :1].transpose(0, 2, 3, 1))',
        ),
    ),
    # losses and datasets
    *_mistakes(
        TypeError,
        ('trained as minigrad.links.Classifier(model)', 'train(MLP()).run()'),
        (
            'returned None, expected the loss',
            """
            class Loss(MLP):
                def forward(self, x, t):
                    loss = F.softmax_cross_entropy(super().forward(x), t)
            train(Loss()).run()
            """,
        ),
        (
            'returned a float, expected the loss',
            """
            class Loss(MLP):
                def forward(self, x, t):
                    loss = F.softmax_cross_entropy(super().forward(x), t)
                    return float(loss.array)
            train(Loss()).run()
            """,
        ),
        ('datasets.TupleDataset(x, t)', 'train(L.Classifier(MLP()), x).run()'),
        ('which counts as 2 examples', 'train(L.Classifier(MLP()), (x, t))'),
        ('which counts as 2 examples', 'train(L.Classifier(MLP()), [x, t])'),
        ('batch_size to be a whole number', 'train(MLP(), batch_size=8 / 2)'),
    ),
    *_mistakes(
        RuntimeError,
        (
            'train scores as minigrad.links.Classifier(model)',
            """
            class Scores(MLP):
                def forward(self, x, t):
                    return super().forward(x)
            train(Scores()).run()
            """,
        ),
        (
            'mul: lhs, float32 (8, 4), was changed in place between forward and',
            """
            with mg.using_config('debug', True):
                y = F.sum(mg.Variable(x) * mg.Parameter(x))
                x *= 2
                y.backward()
            """,
        ),
        ('reduce it first, F.sum(y).backward()', 'MLP()(x).backward()'),
        (
            "would stop after (3, 'epoch'), but its SerialIterator has repeat=False",
            "train(L.Classifier(MLP()), stop=(3, 'epoch'), repeat=False).run()",
        ),
        (
            "would stop after (9, 'iteration'), but its SerialIterator has repeat=False",
            "train(L.Classifier(MLP()), stop=(9, 'iteration'), repeat=False).run()",
        ),
        (
            'goes on after iteration 2, but its SerialIterator has repeat=False',
            'train(L.Classifier(MLP()), stop=None, repeat=False).run()',
        ),
    ),
    *_mistakes(
        ValueError,
        ('batch_size >= 1, got 0', 'train(MLP(), batch_size=0)'),
        ('batch_size >= 1, got -1', 'train(MLP(), batch_size=-1)'),
        (
            'give them one by one, Sequential(*layers)',
            'mg.Sequential([L.Linear(4, 3), F.relu])',
        ),
        (
            'repeat=False, shuffle=False',
            """
            import warnings
            model = L.Classifier(MLP())
            trainer = train(model)
            with warnings.catch_warnings():
                warnings.simplefilter('ignore')
                batches = mg.iterators.SerialIterator(dataset, 4)
                trainer.extend(extensions.Evaluator(batches, model))
            trainer.run()
            """,
        ),
    ),
    *_mistakes(
        UserWarning,
        (
            'linear: x, float32 (8, 4), was changed in place between forward and',
            """
            y = F.sum(L.Linear(4, 3)(x))
            x *= 2
            y.backward()
            """,
        ),
        (
            'exp: output 0, float32 (8, 4), was changed in place between forward and',
            """
            y = F.exp(mg.Variable(x))
            y.array[...] = 0
            F.sum(y).backward()
            """,
        ),
        ('a batch of 100 is larger than the dataset', 'train(MLP(), batch_size=100)'),
        (
            'it may never stop',
            'extensions.Evaluator(mg.iterators.SerialIterator(dataset, 4), MLP())',
        ),
    ),
]

# Looks like a mistake, and is none: nothing is said.
CORRECT = {
    'a configuration name of ones own': """
        mg.config.my_flag = True
        mg.global_config.user_gpu_mode = False
        with mg.using_config('my_flag', False):
            assert mg.config.my_flag is False
    """,
    'links in a list that are children too': """
        class Net(mg.Chain):
            def __init__(self):
                super().__init__()
                layers = [('l%d' % i, L.Linear(4, 4)) for i in range(3)]
                for name, link in layers:
                    self.add_link(name, link)
                self.layers = layers
            def forward(self, x):
                for name, link in self.layers:
                    x = link(x)
                return x
        model = Net()
        mg.optimizers.SGD().setup(model).update(lambda x: F.sum(model(x)), x)
    """,
    'an iterator that ends with the training': """
        train(L.Classifier(MLP()), repeat=False).run()
        train(L.Classifier(MLP()), stop=(2, 'iteration'), repeat=False).run()
    """,
    'a training, a log and an evaluation': """
        model = L.Classifier(MLP())
        trainer = train(model, stop=(2, 'epoch'))
        test = mg.iterators.SerialIterator(dataset, 5, repeat=False, shuffle=False)
        trainer.extend(extensions.Evaluator(test, model), trigger=(2, 'epoch'))
        trainer.extend(extensions.LogReport())
        keys = ['epoch', 'main/loss', 'validation/main/loss', 'main/accuracy']
        trainer.extend(extensions.PrintReport(keys))
        trainer.run()
    """,
    'two models that are updated in turns': """
        generator, critic = MLP(), L.Linear(3, 1)
        optimizers = [mg.optimizers.SGD().setup(m) for m in (generator, critic)]
        for _ in range(3):
            fake = generator(x)
            score = critic(fake)
            for model, sign in ((critic, 1), (generator, -1)):
                model.cleargrads()
                loss = F.sum(score) * sign
                loss.backward()
            for optimizer in optimizers:
                optimizer.update()
    """,
    'a part that is frozen': """
        model = MLP()
        optimizer = mg.optimizers.SGD().setup(model)
        model.l2.disable_update()
        for _ in range(101):
            optimizer.update(lambda x: F.sum(model.l1(x)), x)
    """,
    'an array of rows, a loss of ones own': """
        model = MLP()
        optimizer = mg.optimizers.SGD().setup(model)
        batches = mg.iterators.SerialIterator(x, 4)
        updater = training.StandardUpdater(
            batches, optimizer, loss_func=lambda x: F.sum(model(x) ** 2))
        training.Trainer(updater, (1, 'epoch')).run()
    """,
    'a buffer that is filled anew between steps': """
        model, buffer = L.Classifier(MLP()), np.empty((8, 4), 'f')
        optimizer = mg.optimizers.Adam().setup(model)
        for step in range(5):
            buffer[...] = x * step
            optimizer.update(model, buffer, t)
    """,
    'sizes that NumPy computed': """
        size = np.array([2, 2])
        y = F.max_pooling_2d(images, size, stride=size[0], pad=np.int64(0))
        y = L.Convolution2D(3, 2, size)(y)
        y = F.dropout(F.reshape(y, np.array([8, -1])), np.float32(0.5))
        F.sum(F.softmax(y, axis=np.int64(1)), axis=(0, 1)).backward()
    """,
    'a log again, in a folder of its own': """
        for out in ('first', 'second'):
            trainer = train(L.Classifier(MLP()))
            trainer.out = out
            trainer.extend(extensions.LogReport())
            trainer.extend(extensions.snapshot(n_retains=1))
            trainer.run()
    """,
    'two examples, arrays of unequal rank': """
        batches = mg.iterators.SerialIterator([x, x[0]], 1, repeat=False)
        assert len(list(batches)) == 2
    """,
}


def run(program: str) -> None:
    """Runs a program in an empty folder, as the first of its process."""
    watch.left, watch.again = 0, 0.0
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        exec(compile(PRELUDE, 'prelude.py', 'exec'), namespace := {'__name__': 'user'})
        exec(compile(textwrap.dedent(program), 'program.py', 'exec'), namespace)


def answer(program: str) -> str:
    """Returns what a program is told."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        try:
            run(program)
        except Exception as error:
            return f'{type(error).__name__}: {error}'
    return '\n'.join(f'{w.category.__name__}: {w.message}' for w in caught)


def main() -> None:
    """Shows all mistakes."""
    for mistake in MISTAKES:
        print(textwrap.indent(mistake.program, '>>> '))
        with open(os.devnull, 'w') as nothing, contextlib.redirect_stdout(nothing):
            said = answer(mistake.program)
        print(f'{said}\n')


if __name__ == '__main__':
    main()
