"""The main job: LeNet learns handwritten digits, by a loop written out by hand.

    python -m models.digits --out result

4,000 digits of MNIST to learn from, 1,000 never seen; both come with minigrad, so no
network is needed. Leaves the trained model, its learning curve and the graph of a real
training step, as a picture and as a page to explore, in the output folder.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

import minigrad as mg
import minigrad.functions as F
from minigrad.utils.program import Parser, positive, run

from .lenet import LeNet


def shifted(x: Any, rng: np.random.Generator, pixels: int = 2) -> Any:
    """Returns the images, each moved by up to ``pixels`` in both directions."""
    n, _, height, width = x.shape
    padded = np.pad(x, ((0, 0), (0, 0), (pixels, pixels), (pixels, pixels)))
    moved = np.empty_like(x)
    for i, (dy, dx) in enumerate(rng.integers(0, 2 * pixels + 1, size=(n, 2))):
        moved[i] = padded[i, :, dy : dy + height, dx : dx + width]
    return moved


def evaluate(model: mg.Chain, x: Any, t: Any) -> tuple[float, float]:
    """Returns loss and accuracy without recording a graph."""
    with mg.using_config('train', False), mg.no_backprop_mode():
        y = model(x)
        return float(F.softmax_cross_entropy(y, t).array), float(F.accuracy(y, t).array)


def train(
    model: mg.Chain,
    data: Any,
    epochs: int,
    batchsize: int,
    seed: int,
    log: list[dict[str, float]],
) -> None:
    """Trains a classifier and adds one row of numbers per epoch to a log."""
    (x, t), (x_test, t_test) = data
    rng = np.random.default_rng(seed)
    optimizer = mg.optimizers.Adam(alpha=2e-3).setup(model)
    for epoch in range(1, epochs + 1):
        # The step shrinks to nothing, which is worth about a percent of accuracy.
        optimizer.alpha = 2e-3 * (1 - (epoch - 1) / epochs)
        order = rng.permutation(len(x))
        batches = [order[i : i + batchsize] for i in range(0, len(x), batchsize)]
        bar = tqdm(
            batches, desc=f'epoch {epoch:2d}/{epochs}', leave=False, disable=None
        )
        losses, accuracies, sizes = [], [], [len(batch) for batch in batches]
        for batch in bar:
            y = model(shifted(x[batch], rng))
            loss = F.softmax_cross_entropy(y, t[batch])
            model.cleargrads()
            loss.backward()
            optimizer.update()
            losses.append(float(loss.array))
            accuracies.append(float(F.accuracy(y, t[batch]).array))
            bar.set_postfix(loss=f'{losses[-1]:.3f}', refresh=False)
        test_loss, test_accuracy = evaluate(model, x_test, t_test)
        log.append(
            {
                'epoch': epoch,
                'main/loss': float(np.average(losses, weights=sizes)),
                'main/accuracy': float(np.average(accuracies, weights=sizes)),
                'validation/main/loss': test_loss,
                'validation/main/accuracy': test_accuracy,
            }
        )
        print(
            f'epoch {epoch:2d}  loss {log[-1]["main/loss"]:.4f}  '
            f'accuracy {log[-1]["main/accuracy"]:.4f}  '
            f'test loss {test_loss:.4f}  test accuracy {test_accuracy:.4f}',
            flush=True,
        )


def draw_curve(log: list[dict[str, float]], path: Path) -> list[Path]:
    """Draws loss and accuracy against the epoch; returns the file it wrote, if any."""
    try:
        import matplotlib
    except ImportError:
        print(f'no {path.name}: matplotlib is not installed; pip install matplotlib')
        return []
    matplotlib.use('Agg')
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(9, 3.5))
    epochs = [row['epoch'] for row in log]
    for axis, what in zip(axes, ('loss', 'accuracy'), strict=True):
        axis.plot(epochs, [row[f'main/{what}'] for row in log], label='training')
        axis.plot(epochs, [row[f'validation/main/{what}'] for row in log], label='test')
        axis.set_xlabel('epoch')
        axis.set_ylabel(what)
        axis.grid(alpha=0.3)
        axis.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=120)
    plt.close(figure)
    return [path]


def draw_graph(model: mg.Chain, data: Any, batchsize: int, folder: Path) -> list[Path]:
    """Draws a training step on the first digits; returns the files it wrote."""
    x, t = data[0][:batchsize], data[1][:batchsize]

    def step() -> None:
        loss = F.softmax_cross_entropy(model(x), t)
        model.cleargrads()
        loss.backward()

    graph = mg.graph.trace_step(step, model)  # median times of five steps
    model.cleargrads()
    files = [graph.render(folder / 'graph.html')]
    try:
        files.append(graph.render(folder / 'graph.svg'))
    except mg.graph.EngineError as error:
        print(f'no graph.svg: {error}')
    return files


def main(arguments: list[str] | None = None) -> int:
    """Runs the program; returns the exit status."""
    parser = Parser(
        prog=f'python -m {__package__}.digits',
        description='Train LeNet on handwritten digits.',
    )
    parser.add_argument(
        '--out', type=Path, default=Path('result'), help='output folder'
    )
    parser.add_argument(
        '--epochs', type=positive, default=40, help='passes over the data'
    )
    parser.add_argument(
        '--batchsize', type=positive, default=50, help='digits per step'
    )
    parser.add_argument('--seed', type=int, default=0, help='of weights and order')
    options = parser.parse_args(arguments)
    return run(lambda: work(options))


def work(options: argparse.Namespace) -> int:
    """Trains, saves and draws; returns the exit status."""
    options.out.mkdir(parents=True, exist_ok=True)
    np.random.seed(options.seed)  # the initializers draw from it
    training, test = mg.datasets.get_digits(ndim=3)
    data = [mg.dataset.concat_examples(part) for part in (training, test)]
    path = options.out / 'lenet.npz'
    print(
        f'training LeNet on {len(training):,} digits for {options.epochs} epochs; the '
        'kernels are compiled once, which takes about 10 s the first time',
        flush=True,
    )
    if path.exists():
        print(f'the results of an earlier run in {options.out} are overwritten')
    model = LeNet()
    log: list[dict[str, float]] = []
    try:
        train(model, data, options.epochs, options.batchsize, options.seed, log)
    except KeyboardInterrupt:
        mg.serializers.save_npz(path, model)
        print(
            f'\ninterrupted in epoch {len(log) + 1} of {options.epochs}; saved {path} as '
            'it is; there are no pictures'
        )
        return 130

    mg.serializers.save_npz(path, model)
    files = [path, options.out / 'log.jsonl']
    files[1].write_text(''.join([json.dumps(row) + '\n' for row in log]))
    files += draw_curve(log, options.out / 'curve.png')
    files += draw_graph(model, data[0], options.batchsize, options.out)
    print(f'saved {", ".join(map(str, files))}')

    restored = LeNet()
    mg.serializers.load_npz(path, restored)
    _, accuracy = evaluate(restored, *data[1])
    print(f'test accuracy: {accuracy:.3f}')
    return 0


if __name__ == '__main__':
    raise SystemExit(main())
