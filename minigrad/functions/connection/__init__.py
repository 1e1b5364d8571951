"""Functions: connection."""
