"""A dataset of the lines of text files."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import IO, Any

from minigrad.dataset import DatasetMixin
from minigrad.dataset.download import UnreadableFile


class TextDataset(DatasetMixin):
    r"""The lines of a text file, or of several side by side, read one at a time.

    Where each line begins is found out once; the files must not change afterwards. The
    dataset can be pickled and forked. Close it, or use ``with``.

    Args:
        paths: Path of a file, whose lines are strings with their line ends; or a list of
            paths of files with equally many lines, which come as tuples.
        encoding: As in `open`; a list gives each file its own.
        errors: As in `open`, likewise.
        newline: As in `open`, likewise.
        filter_func: Called with the lines of all files; false leaves them out.

    Raises:
        UnreadableFile: A file is not text in its encoding (also a ValueError).
        ValueError: There is no path, a list has another length than the paths, or the
            files have different numbers of lines.

    Source: compatible with chainer.datasets.TextDataset.

    Example:
        >>> import os, tempfile
        >>> path = os.path.join(tempfile.mkdtemp(), 'words')
        >>> with open(path, 'w') as file:
        ...     _ = file.write('red\ngreen\nblue\n')
        >>> with minigrad.datasets.TextDataset(path) as dataset:
        ...     len(dataset), dataset[1]
        (3, 'green\n')
    """

    def __init__(
        self,
        paths: Any,
        encoding: str | Sequence[str | None] | None = None,
        errors: str | Sequence[str | None] | None = None,
        newline: str | Sequence[str | None] | None = None,
        filter_func: Callable[..., Any] | None = None,
    ) -> None:
        paths = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
        if not paths:
            raise ValueError('TextDataset: at least one text file must be specified')
        options = []
        for name, option in (
            ('encoding', encoding),
            ('errors', errors),
            ('newline', newline),
        ):
            if option is None or isinstance(option, str):
                option = [option] * len(paths)
            if len(option) != len(paths):
                raise ValueError(
                    f'TextDataset: {len(paths)} files, but {len(option)} items in '
                    f'{name}'
                )
            options.append(option)
        self._how_to_open_ = [paths, *options]
        self._open()
        try:
            self._find_lines_(filter_func)
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        self._lock = threading.Lock()
        self._process_ = os.getpid()
        self._files_: list[IO[str]] = [
            open(path, encoding=encoding, errors=errors, newline=newline)  # noqa: SIM115
            for path, encoding, errors, newline in zip(*self._how_to_open_, strict=True)
        ]

    def _find_lines_(self, filter_func: Callable[..., Any] | None) -> None:
        # Where the lines begin, for each file; lines that are filtered out are missing.
        self._starts_: list[list[int]] = [[] for _ in self._files_]
        while True:
            starts = [file.tell() for file in self._files_]
            lines = [
                self._read_line_(k, len(self._starts_[0])) for k in range(len(starts))
            ]
            if not all(lines):
                break
            if filter_func is None or filter_func(*lines):
                for known, start in zip(self._starts_, starts, strict=True):
                    known.append(start)
        if any(lines):
            raise ValueError(
                'TextDataset: the number of lines in files does not match: '
                + ', '.join(
                    f'{path} {"goes on" if line else "ends"}'
                    for path, line in zip(self._how_to_open_[0], lines, strict=True)
                )
            )

    def _read_line_(self, k: int, n: int) -> str:
        try:
            return self._files_[k].readline()
        except UnicodeDecodeError as error:
            raise UnreadableFile(
                f'{self._how_to_open_[0][k]}: not text in {error.encoding}, after line {n} '
                f'({error.reason})\n  hint: give encoding=, or errors="replace"'
            ) from error

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        for name in ('_lock', '_process_', '_files_'):
            del state[name]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._open()

    def close(self) -> None:
        """Closes the files; the dataset can no longer be read."""
        for file in self.__dict__.get('_files_', ()):
            file.close()

    def __enter__(self) -> TextDataset:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()

    def __len__(self) -> int:
        return len(self._starts_[0])

    def get_example(self, i: int) -> Any:
        """Reads line number ``i``."""
        if not 0 <= i < len(self):
            raise IndexError(f'dataset index {i} is out of range: {len(self)} lines')
        if self._process_ != os.getpid():
            # A forked process shares the file position of its parent.
            self.close()
            self._open()
        with self._lock:
            for file, starts in zip(self._files_, self._starts_, strict=True):
                file.seek(starts[i])
            lines = tuple([self._read_line_(k, i) for k in range(len(self._files_))])
        return lines[0] if len(lines) == 1 else lines
