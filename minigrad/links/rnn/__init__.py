"""Links: recurrent networks."""
