"""Inputs, files and comparisons for tests of converters."""
