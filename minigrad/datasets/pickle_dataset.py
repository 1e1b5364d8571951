"""A dataset in one file of pickled examples, read one at a time."""

from __future__ import annotations

import os
import pickle
import threading
from types import TracebackType
from typing import IO, Any

from minigrad.dataset import DatasetMixin
from minigrad.dataset.download import UnreadableFile
from minigrad.named_arguments import checks_arguments


class PickleDatasetWriter:
    """Writes examples, any Python objects, into a file for `PickleDataset`.

    Args:
        writer: A binary file object.
        protocol: Protocol of `pickle`.

    Example:
        >>> import io
        >>> file = io.BytesIO()
        >>> writer = minigrad.datasets.PickleDatasetWriter(file)
        >>> writer.write(('text', 1))
        >>> minigrad.datasets.PickleDataset(file)[0]
        ('text', 1)
    """

    def __init__(
        self, writer: IO[bytes], protocol: int = pickle.HIGHEST_PROTOCOL
    ) -> None:
        self._writer = writer
        self._protocol = protocol

    def close(self) -> None:
        """Closes the file."""
        self._writer.close()

    def __enter__(self) -> PickleDatasetWriter:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def write(self, x: Any) -> None:
        """Appends one example."""
        pickle.dump(x, self._writer, protocol=self._protocol)

    def flush(self) -> None:
        """Hands everything written so far to the system."""
        self._writer.flush()


class PickleDataset(DatasetMixin):
    """Reads examples from a file of `PickleDatasetWriter`.

    Loading a pickle executes what it says, and all of them are loaded once when the
    dataset is made: open only files that you trust as you would trust a program.

    Args:
        reader: A binary file object that can seek.

    Raises:
        ValueError: The file object cannot seek.
        UnreadableFile: An example is damaged, or the file ends inside of one.

    Example:
        >>> import os, tempfile
        >>> path = os.path.join(tempfile.mkdtemp(), 'examples')
        >>> with minigrad.datasets.open_pickle_dataset_writer(path) as writer:
        ...     writer.write((1, 'hello'))
        ...     writer.write((2, 'good-bye'))
        >>> with minigrad.datasets.open_pickle_dataset(path) as dataset:
        ...     dataset[1]
        (2, 'good-bye')
    """

    def __init__(self, reader: IO[bytes]) -> None:
        if not reader.seekable():
            raise ValueError('reader must support random access')
        self._reader = reader
        self._process_ = os.getpid()
        self._lock = threading.RLock()
        self._positions: list[int] = []
        reader.seek(0)
        while True:
            position = reader.tell()
            if not reader.read(1):
                break
            self._positions.append(position)
            self._load_(len(self._positions) - 1)

    def _load_(self, i: int) -> Any:
        position = self._positions[i]
        self._reader.seek(position)
        try:
            return pickle.load(self._reader)
        except Exception as error:  # a pickle can be damaged in any way
            name = getattr(self._reader, 'name', 'the file of pickles')
            raise UnreadableFile(
                f'{name}: example {i}, at byte {position}, is damaged or cut short '
                f'({type(error).__name__}: {error})'
            ) from error

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        del state['_lock']
        # An open file cannot travel to another process; its path can.
        if isinstance(getattr(self._reader, 'name', None), str):
            state['_reader'] = self._reader.name
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._lock = threading.RLock()
        if isinstance(self._reader, str):
            self._reopen_(self._reader)

    def _reopen_(self, path: str) -> None:
        self._reader = open(path, 'rb')  # noqa: SIM115 - closed by close()
        self._process_ = os.getpid()

    def close(self) -> None:
        """Closes the file; the dataset can no longer be read."""
        with self._lock:
            self._reader.close()

    def __enter__(self) -> PickleDataset:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __len__(self) -> int:
        return len(self._positions)

    def get_example(self, i: int) -> Any:
        """Reads example number ``i``."""
        with self._lock:
            # A forked process shares the file position of its parent.
            name = getattr(self._reader, 'name', None)
            if self._process_ != os.getpid() and isinstance(name, str):
                self._reopen_(name)
            return self._load_(i)


def open_pickle_dataset(path: str) -> PickleDataset:
    """Opens a file of pickled examples; close it, or use ``with``.

    Whatever the pickles say is executed: open only files that you trust.

    Raises:
        UnreadableFile: An example is damaged, or the file ends inside of one.

    Example:
        >>> with minigrad.utils.tempdir() as folder:
        ...     with minigrad.datasets.open_pickle_dataset_writer(f'{folder}/data') as writer:
        ...         writer.write('first')
        ...     with minigrad.datasets.open_pickle_dataset(f'{folder}/data') as data:
        ...         len(data)
        1
    """
    file = open(path, 'rb')  # noqa: SIM115 - closed by the dataset
    try:
        return PickleDataset(file)
    except BaseException:
        file.close()
        raise


@checks_arguments
def open_pickle_dataset_writer(
    path: str, protocol: int = pickle.HIGHEST_PROTOCOL
) -> PickleDatasetWriter:
    """Makes a file of pickled examples; close it, or use ``with``.

    Example:
        >>> with minigrad.utils.tempdir() as folder:
        ...     with minigrad.datasets.open_pickle_dataset_writer(f'{folder}/data') as writer:
        ...         writer.write('first')
        ...     with minigrad.datasets.open_pickle_dataset(f'{folder}/data') as data:
        ...         data[0]
        'first'
    """
    return PickleDatasetWriter(open(path, 'wb'), protocol)
