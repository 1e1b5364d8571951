"""Functions: normalization."""
