"""What errors of a backward tell beside their message."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from minigrad.function_node import FunctionNode


def explained(error: Exception, function: FunctionNode) -> Exception:
    """Adds a note about where in the graph an error arose."""
    lines = [f'in the backward of {function.public_name}, applied to']
    lines.append(function.describe_call())
    if function.stack is not None:
        lines.append('which was applied here:')
        here = str(Path(__file__).parent)
        callers = [
            line for line in function.stack if not line.filename.startswith(here)
        ]
        lines.append(''.join(traceback.format_list(callers[-2:])).rstrip())
    else:
        lines.append('  hint: minigrad.set_debug(True) tells where it was applied')
    error.add_note('\n'.join(lines))
    return error


def nan_error(function: FunctionNode) -> Exception:
    """Returns the error for a gradient with NaN."""
    text = f'NaN is detected on backward computation of {function.label}'
    return explained(RuntimeError(text), function)


def wrong_number(function: FunctionNode, got: int, wanted: int) -> ValueError:
    """Returns the error for a backward that gave too few or too many gradients."""
    return ValueError(
        f'{function.public_name}: number of gradients returned from backward is '
        f'incorrect: expected one gradient per input ({len(function.inputs or ())}) or '
        f'per wanted input ({wanted}), got {got}\n{function.describe_call()}'
    )
