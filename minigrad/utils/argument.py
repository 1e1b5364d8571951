"""Keyword-only arguments that reject what Chainer no longer accepts."""

from __future__ import annotations

from typing import Any

from minigrad.named_arguments import unknown_keyword

NO_TRAIN = (
    "train argument is not supported anymore; use minigrad.using_config('train', train)"
)


def check_unexpected_kwargs(kwargs: dict[str, Any], **unexpected: str) -> None:
    """Raises the message that belongs to an argument that is not supported anymore.

    Raises:
        ValueError: ``kwargs`` has one of the names in ``unexpected``.

    Example:
        >>> from minigrad.utils import argument
        >>> argument.check_unexpected_kwargs({'train': True}, train='use config.train')
        Traceback (most recent call last):
        ValueError: use config.train
    """
    for name, message in unexpected.items():
        if name in kwargs:
            raise ValueError(message)


def parse_kwargs(
    kwargs: dict[str, Any], *name_and_values: tuple[str, Any], **unexpected: str
) -> tuple[Any, ...]:
    """Returns the values of known keyword arguments, or their defaults.

    Args:
        kwargs: The keyword arguments that were given; known ones are taken out.
        name_and_values: Pairs of a name and its default.
        unexpected: Messages for names that are refused with a reason.

    Raises:
        ValueError: One of the ``unexpected`` names was given.
        TypeError: An unknown name was given; the message names the caller.

    Example:
        >>> from minigrad.utils import argument
        >>> argument.parse_kwargs({'b': 5}, ('a', 1), ('b', 2))
        (1, 5)
    """
    values = tuple([kwargs.pop(name, default) for name, default in name_and_values])
    if kwargs:
        check_unexpected_kwargs(kwargs, **unexpected)
        raise unknown_keyword(kwargs, [name for name, _ in name_and_values])
    return values


def assert_kwargs_empty(kwargs: dict[str, Any]) -> None:
    """Raises TypeError if any keyword argument is left."""
    parse_kwargs(kwargs)
