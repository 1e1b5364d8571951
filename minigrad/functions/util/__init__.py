"""Functions: util."""
