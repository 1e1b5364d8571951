"""What extensions and triggers may use of the loop that calls them."""

from __future__ import annotations

from typing import Any, Protocol

from minigrad.reporter import Reporter


class TrainerProtocol(Protocol):
    """The part of `Trainer` that extensions and triggers see.

    Anything with these attributes can run them: a `Trainer`, an `ExtensionsManager`, or
    a small fake in a test.
    """

    updater: Any
    stop_trigger: Any
    observation: dict[str, Any]
    reporter: Reporter
    out: str

    @property
    def elapsed_time(self) -> float:
        """Seconds of training, those before a resume included."""

    @property
    def is_before_training(self) -> bool:
        """Whether no update was made yet."""

    def get_extension(self, name: str) -> Any:
        """Returns the extension that was registered under ``name``."""
