"""Benchmarks: minigrad beside PyTorch, taking turns in one run."""
