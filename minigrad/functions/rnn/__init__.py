"""Functions: recurrent networks."""
