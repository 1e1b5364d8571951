"""What commands that take a model share: ``models.lenet:LeNet --input 1,1,28,28``."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path
from typing import Any

from minigrad.link import Link
from minigrad.serializers import load_npz
from minigrad.utils.program import ProgramError


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the model, its input and its weights."""
    parser.add_argument(
        'model', help='module:Class, or module:Class(argument=value), of the model'
    )
    parser.add_argument(
        '--input',
        type=_shape,
        action='append',
        required=True,
        metavar='N,C,H,W',
        help='shape of the input, with the batch; again for each further input',
    )
    parser.add_argument('--dtype', default='float32', help='dtype of the input')
    parser.add_argument('--weights', type=Path, help='npz file to load into the model')


def _shape(text: str) -> tuple[int, ...]:
    try:
        shape = tuple(int(n) for n in text.replace('x', ',').split(','))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f'expected sizes such as 1,3,227,227, got {text!r}'
        ) from None
    if min(shape) < 0:
        raise argparse.ArgumentTypeError(f'sizes cannot be negative, got {text!r}')
    return shape


def make_model(options: argparse.Namespace) -> Link:
    """Imports and makes the model that was named.

    Raises:
        ProgramError: It cannot be found or made; says why.
    """
    module_name, colon, expression = options.model.partition(':')
    if not colon or not expression:
        raise ProgramError(
            f'the model is given as module:Class, such as models.lenet:LeNet, got '
            f'{options.model!r}'
        )
    sys.path.insert(0, '')  # modules of the working folder, wherever we are installed
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise ProgramError(f'cannot import {module_name}: {error}') from error
    finally:
        sys.path.remove('')
    name, _, arguments = expression.partition('(')
    if not hasattr(module, name):
        found = [
            key
            for key, value in vars(module).items()
            if isinstance(value, type) and issubclass(value, Link)
        ]
        raise ProgramError(f'{module_name} has no {name}; it has {", ".join(found)}')
    made: Any = getattr(module, name)
    if isinstance(made, type) or arguments:
        made = made(**_arguments(arguments))
    if not isinstance(made, Link):
        raise ProgramError(f'{options.model} is no Link, but a {type(made).__name__}')
    if options.weights is not None:
        load_npz(options.weights, made)
    return made


def _arguments(text: str) -> dict[str, Any]:
    """Reads ``n_out=5, name='x')``: keywords and literals, nothing is run."""
    import ast

    if not text:
        return {}
    try:
        call = ast.parse(f'f({text}', mode='eval').body
        if not isinstance(call, ast.Call) or call.args:
            raise ValueError
        return {str(k.arg): ast.literal_eval(k.value) for k in call.keywords}
    except (SyntaxError, ValueError):
        raise ProgramError(
            f'cannot read the arguments ({text}; give them as Class(name=value, ...)'
        ) from None
