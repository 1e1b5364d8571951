"""What the hooks that replace a weight during the forward method have in common."""

from __future__ import annotations

from typing import Any, NoReturn

from minigrad.link import Link
from minigrad.link_hook import (
    ForwardPostprocessArgs,
    ForwardPreprocessArgs,
    LinkHook,
)
from minigrad.variable import Variable


class WeightHook(LinkHook):
    """Replaces a weight by a function of it while the link's forward method runs.

    The link keeps its parameter before and after, so that optimizers and files see that.
    A subclass implements `transform`.

    Args:
        weight_name: Name of the weight.
        name: Name of the hook; None keeps the class's.
    """

    def __init__(self, weight_name: str, name: str | None) -> None:
        self.weight_name = weight_name
        if name is not None:
            self.name = name

    def transform(self, link: Link, W: Variable) -> Variable:
        """Returns what the forward method shall use in place of ``W``."""
        raise NotImplementedError

    def __enter__(self) -> NoReturn:
        raise NotImplementedError(
            f'{type(self).__name__} belongs to single links: use link.add_hook(hook)'
        )

    def added(self, link: Link | None) -> None:
        """Checks that the link has the weight."""
        if not hasattr(link, self.weight_name):
            raise ValueError(
                f"Weight '{self.weight_name}' does not exist: {type(link).__name__} "
                'has no such attribute'
            )

    def forward_preprocess(self, args: ForwardPreprocessArgs) -> None:
        """Puts the transformed weight in place."""
        link: Any = args.link
        W = getattr(link, self.weight_name)
        if W.array is None:
            link._initialize_params(args.args[0].shape[1])
        self.original_weight = W
        setattr(link, self.weight_name, self.transform(link, W))

    def forward_postprocess(self, args: ForwardPostprocessArgs) -> None:
        """Puts the parameter back."""
        setattr(args.link, self.weight_name, self.original_weight)
