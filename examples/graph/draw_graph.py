"""Records a training step and draws it.

python examples/graph/draw_graph.py             # result/graph.html, .svg and .dot
python examples/graph/draw_graph.py --test
"""

import argparse
import os

import numpy as np
from minigrad.models.lenet import LeNet

import minigrad as mg
import minigrad.functions as F


def main(argv=None):
    parser = argparse.ArgumentParser(description='Draws the graph of a step of LeNet.')
    parser.add_argument('--out', default='result')
    parser.add_argument('--test', action='store_true', help='without the picture')
    options = parser.parse_args(argv)

    np.random.seed(0)
    model = LeNet()
    train, _ = mg.datasets.get_digits(ndim=3)
    x, t = mg.dataset.concat_examples(train[:50])
    for measured in (False, True):  # the first step compiles kernels
        with mg.trace(model) as graph:
            loss = F.softmax_cross_entropy(model(x), t)
            loss.backward()
        if measured:
            print(graph)
        model.cleargrads()
    os.makedirs(options.out, exist_ok=True)
    for kind in ('dot', 'html') if options.test else ('dot', 'html', 'svg'):
        graph.render(os.path.join(options.out, f'graph.{kind}'))
    print(f'open {os.path.join(options.out, "graph.html")} in a browser')
    print('expected: 13 functions; most of the time is in conv1 and conv2')
    return graph


if __name__ == '__main__':
    main()
