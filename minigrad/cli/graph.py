"""Draws the graph of a model, run once on random numbers.

    python -m minigrad graph models.lenet:LeNet --input 1,1,28,28 -o lenet.svg

The suffix of the output chooses: .svg, .png and .pdf are pictures, .html is a page to
explore, .dot is text for Graphviz, .json can be compared later, .onnx opens in Netron.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from minigrad import functions as F
from minigrad.cli._model import add_model_arguments, make_model
from minigrad.configuration import using_config
from minigrad.graph import EngineError, Graph, trace_step
from minigrad.graph.metrics import METRICS
from minigrad.graph.summarise import make_inputs
from minigrad.utils.program import ProgramError
from minigrad.variable import Variable

HELP = 'draw the graph of a model'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of this command."""
    add_model_arguments(parser)
    parser.add_argument('-o', '--out', type=Path, required=True, help='file to write')
    parser.add_argument(
        '--step',
        action='store_true',
        help='run backward too, from the sum of the output',
    )
    parser.add_argument(
        '--train', action='store_true', help='run as in training: dropout, batch norm'
    )
    parser.add_argument(
        '--repeat', type=int, default=3, help='steps to take median times of (3)'
    )
    parser.add_argument('--metric', choices=list(METRICS), help='what to colour by')
    parser.add_argument(
        '--fold', default='auto', help="'auto', 'links', 'none', or a depth from 1 on"
    )
    parser.add_argument(
        '--rankdir', default='TB', choices=['TB', 'BT', 'LR', 'RL'], help='direction'
    )
    parser.add_argument(
        '--diff',
        type=Path,
        metavar='JSON',
        help='graph written before, to compare with',
    )


def run(options: argparse.Namespace) -> None:
    """Runs this command."""
    model = make_model(options)
    xs = make_inputs(model, options.input, options.dtype)
    if options.out.suffix == '.onnx':
        from minigrad.graph.onnx import save_onnx

        save_onnx(options.out, model, xs)
        print(f'wrote {options.out}')
        return
    train = options.train or options.step
    inputs = [Variable(x, name=f'x{i}' if i else 'x') for i, x in enumerate(xs)]
    with using_config('train', train):

        def step() -> None:
            y = model(*inputs)
            if options.step:
                if not isinstance(y, Variable):
                    raise ProgramError('--step needs a model that gives one Variable')
                model.cleargrads()
                F.sum(y).backward()

        graph = trace_step(step, model, options.repeat)
    _write(graph, options)
    print(f'{graph!r}\nwrote {options.out}')


def _write(graph: Graph, options: argparse.Namespace) -> None:
    suffix = options.out.suffix.lower()
    if suffix == '.json':
        graph.save(options.out)
        return
    drawn = {'fold': _fold(options.fold), 'rankdir': options.rankdir}
    try:
        if options.diff is not None:
            diff = Graph.load(options.diff).diff(graph)
            print(diff)
            diff.render(options.out, **({} if suffix in ('.html', '.htm') else drawn))
        elif suffix in ('.html', '.htm'):
            graph.render(options.out, metric=options.metric)
        else:
            graph.render(options.out, metric=options.metric, **drawn)
    except (EngineError, ValueError) as error:
        raise ProgramError(str(error)) from error


def _fold(text: str) -> str | int | None:
    if text == 'none':
        return None
    return int(text) if text.isdecimal() else text
