"""Readers fed with damaged files: ``python -m tests.fuzz --minutes 10``."""
