"""What can be wrong with a file that holds a graph or a model."""

from __future__ import annotations


class UnreadableModel(ValueError):
    """A file is damaged, or no graph or model that can be read; the text names it."""
