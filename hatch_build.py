"""Puts the models into the wheel as `minigrad.models`.

The clone keeps them in a folder of their own, where `minigrad/models.py` finds them; a
wheel has nothing at its top but `minigrad`. Hatchling's own `force-include` cannot say
so: it holds for editable installs too, and breaks them.
"""

from __future__ import annotations

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ModelsInWheel(BuildHookInterface):
    """Adds the folder to wheels, not to editable installs."""

    PLUGIN_NAME = 'custom'

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Is called by hatchling before it collects the files."""
        if version == 'standard':
            build_data['force_include']['models'] = 'minigrad/models'
