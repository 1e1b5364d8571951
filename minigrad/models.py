"""The models of the repository's folder `models`, by the name that a wheel gives them."""

from pathlib import Path

__path__ = [str(Path(__file__).parents[1] / 'models')]
