"""What can be wrong with a saved file."""

from __future__ import annotations


class SnapshotError(Exception):
    """A saved file cannot be loaded or written: the base of the errors below."""

    def __str__(self) -> str:
        # KeyError shows the repr of its argument: line breaks would read as "\\n".
        return str(self.args[0]) if len(self.args) == 1 else super().__str__()


class DamagedFile(SnapshotError, ValueError):
    """The file is cut short, altered, or of another format."""


class UnsafeFile(DamagedFile):
    """The file is damaged, or asks for something that tensors do not need."""


class SnapshotMismatch(SnapshotError, ValueError):
    """The file holds another model: some array has another shape."""


class MissingEntry(SnapshotMismatch, KeyError):
    """The file holds another model: it lacks a name that is asked for."""


class WrongEntryType(SnapshotError, TypeError):
    """An entry cannot become what is asked for without losing something."""
