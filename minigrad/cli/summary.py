"""Prints what each link of a model gives, holds and costs.

python -m minigrad summary models.lenet:LeNet --input 1,1,28,28
"""

from __future__ import annotations

import argparse

from minigrad.cli._model import add_model_arguments, make_model
from minigrad.graph.summarise import summary
from minigrad.utils import strict_json

HELP = 'print shapes, parameters and operations of a model'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of this command."""
    add_model_arguments(parser)
    parser.add_argument('--json', action='store_true', help='print JSON')


def run(options: argparse.Namespace) -> None:
    """Runs this command."""
    model = make_model(options)
    shown = not options.json
    data = summary(model, options.input, dtype=options.dtype, show=shown)
    if options.json:
        print(strict_json.dumps(data.to_dict(), indent=1))
