"""Functions: loss."""
