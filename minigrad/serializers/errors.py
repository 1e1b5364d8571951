"""What can be wrong with a saved file."""

from __future__ import annotations


class SnapshotError(Exception):
    """A saved file cannot be loaded or written: the base of the errors below."""

    def __str__(self) -> str:
        # KeyError shows the repr of its argument: line breaks would read as "\\n".
        return str(self.args[0]) if len(self.args) == 1 else super().__str__()


class DamagedFile(SnapshotError, ValueError):
    """The file is cut short, altered, or of another format.

    Example:
        >>> with minigrad.utils.tempdir() as folder:
        ...     with open(f'{folder}/model.npz', 'wb') as file:
        ...         _ = file.write(b'no model')
        ...     try:
        ...         minigrad.serializers.load_npz(f'{folder}/model.npz', L.Linear(3, 2))
        ...     except minigrad.serializers.DamagedFile:
        ...         print('it is damaged')
        it is damaged
    """


class UnsafeFile(DamagedFile):
    """The file is damaged, or asks for something that tensors do not need."""


class SnapshotMismatch(SnapshotError, ValueError):
    """The file holds another model: some array has another shape.

    Example:
        >>> with minigrad.utils.tempdir() as folder:
        ...     minigrad.serializers.save_npz(f'{folder}/model.npz', L.Linear(3, 2))
        ...     try:
        ...         minigrad.serializers.load_npz(f'{folder}/model.npz', L.Linear(4, 2))
        ...     except minigrad.serializers.SnapshotMismatch:
        ...         print('it is another model')
        it is another model
    """


class MissingEntry(SnapshotMismatch, KeyError):
    """The file holds another model: it lacks a name that is asked for.

    Example:
        >>> with minigrad.utils.tempdir() as folder:
        ...     minigrad.serializers.save_npz(f'{folder}/model.npz', L.Linear(3, 2, nobias=True))
        ...     try:
        ...         minigrad.serializers.load_npz(f'{folder}/model.npz', L.Linear(3, 2))
        ...     except minigrad.serializers.MissingEntry:
        ...         print('it has no bias')
        it has no bias
    """


class WrongEntryType(SnapshotError, TypeError):
    """An entry cannot become what is asked for without losing something."""
