"""Functions: noise."""
