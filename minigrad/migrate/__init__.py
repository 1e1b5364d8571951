"""Moves programs written for Chainer over to minigrad: ``python -m minigrad.migrate PATH``.

It rewrites imports, comments and layout kept, and reports what a person has to change:
what minigrad does not provide, what has changed since Chainer 1 to 3, what NumPy 2
removed. With ``--check`` it changes nothing. It needs libcst, the extra ``migrate``.

`imports` rewrites, `findings` reports, `old_idioms` is the table of what to write.
"""
