"""A picture of what the first iteration computed."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from typing import Any

from minigrad.configuration import config
from minigrad.serializer import AbstractSerializer
from minigrad.training.extensions._claim import ReportFile
from minigrad.training.trainer_protocol import TrainerProtocol
from minigrad.variable import Variable

_VARIABLE_STYLE = {'shape': 'octagon', 'fillcolor': '#E0E0E0', 'style': 'filled'}
_FUNCTION_STYLE = {'shape': 'record', 'fillcolor': '#6495ED', 'style': 'filled'}


def is_return_code_zero(args: Sequence[str]) -> bool:
    """Tells whether a command can be run and succeeds; its output is thrown away.

    Args:
        args: The command and its arguments.
    """
    try:
        done = subprocess.run(args, capture_output=True, check=False)
    except OSError:
        return False
    return done.returncode == 0


def is_graphviz_available() -> bool:
    """Tells whether the program ``dot`` is installed."""
    return shutil.which('dot') is not None


class DumpGraph(ReportFile):
    """Writes the graph of an observed Variable in DOT language, once.

    If an engine to draw it is installed a PNG picture is written beside it. The graph of
    a reported value is usually cut; this extension turns
    ``config.keep_graph_on_report`` on for the first iteration, so leave its trigger as
    it is.

    Args:
        root_name: Name of the observed Variable, such as ``'main/loss'``.
        filename: Name of the file inside ``trainer.out``; 'cg.dot' by default.
        variable_style: DOT attributes of variables.
        function_style: DOT attributes of functions.
        out_name: Chainer's older name of ``filename``.

    Source: compatible with chainer.training.extensions.DumpGraph.

    Example:
        >>> dump = minigrad.training.extensions.DumpGraph('main/loss')
    """

    default_name = 'dump_graph'

    def __init__(
        self,
        root_name: str,
        filename: str | None = None,
        variable_style: dict[str, str] | None = None,
        function_style: dict[str, str] | None = None,
        *,
        out_name: str = 'cg.dot',
    ) -> None:
        self._root_name = root_name
        self._filename = out_name if filename is None else filename
        self._variable_style = (
            _VARIABLE_STYLE if variable_style is None else variable_style
        )
        self._function_style = (
            _FUNCTION_STYLE if function_style is None else function_style
        )
        self._original_flag: Any = None
        self._flag_called = False

    def initialize(self, trainer: TrainerProtocol) -> None:
        """Lets reported values keep their graphs, and claims the file.

        Raises:
            RuntimeError: Another process that runs writes it.
        """
        super().initialize(trainer)
        if not self._flag_called:
            self._original_flag = config.keep_graph_on_report
            config.keep_graph_on_report = True

    def _report_name_(self) -> str | None:
        return self._filename

    def trigger(self, trainer: TrainerProtocol) -> bool:
        """Tells whether this is the first iteration."""
        first, self._flag_called = not self._flag_called, True
        return first

    def __call__(self, trainer: TrainerProtocol) -> None:
        """Writes the graph.

        Raises:
            KeyError: No such value was observed.
            TypeError: It is not a Variable.
        """
        # Graphs are drawn by another layer, which most trainings never need.
        from minigrad.computational_graph import build_computational_graph
        from minigrad.graph.engines import EngineError

        try:
            root = self._get_root_(trainer.observation)
            graph = build_computational_graph(
                [root],
                variable_style=self._variable_style,
                function_style=self._function_style,
            )
        finally:
            config.keep_graph_on_report = self._original_flag
        path = os.path.join(trainer.out, self._filename)
        with open(path, 'w') as file:
            file.write(graph.dump())
        with contextlib.suppress(EngineError):  # training goes on without a picture
            graph.render(f'{os.path.splitext(path)[0]}.png')

    def _get_root_(self, observation: dict[str, Any]) -> Variable:
        if self._root_name not in observation:
            raise KeyError(
                f'DumpGraph: {self._root_name!r} was not observed; this iteration '
                f'observed {sorted(observation)}'
            )
        root = observation[self._root_name]
        if not isinstance(root, Variable):
            raise TypeError(
                f'DumpGraph: root value is not a Variable: {self._root_name!r} is a '
                f'{type(root).__name__}'
            )
        return root

    def serialize(self, serializer: AbstractSerializer) -> None:
        """Saves or loads whether the graph was written."""
        flag = serializer('_original_flag', self._original_flag)
        self._original_flag = None if flag is None else bool(flag)
        self._flag_called = bool(serializer('_flag_called', self._flag_called))
