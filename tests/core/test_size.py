"""The engine stays small enough to be read: its lines of code, counted."""

import ast
import io
import tokenize
from pathlib import Path

import minigrad

PACKAGE = Path(minigrad.__file__).parent
CORE = ('variable', 'function_node', 'backprop', 'configuration', 'errors')
MOST_IN_CORE, MOST_IN_APPLY = 1100, 60

_NOTHING = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}


def lines_of_code(text):
    """Returns the numbers of the lines that hold code.

    Docstrings, comments and blank lines are none.
    """
    code = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in _NOTHING:
            code.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(text)):
        for child in ast.iter_child_nodes(node):
            value = child.value if isinstance(child, ast.Expr) else None
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                code -= set(range(child.lineno, child.end_lineno + 1))
    return code


def code_of(module):
    path = PACKAGE.joinpath(*module.split('.')[1:])
    path = path / '__init__.py' if path.is_dir() else path.with_suffix('.py')
    return lines_of_code(path.read_text())


def imported_by(module):
    """Returns the modules of minigrad that a file imports, in functions too."""
    tree = ast.parse((PACKAGE / f'{module}.py').read_text())
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module == 'minigrad':
            found |= {f'minigrad.{alias.name}' for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module)
    return {name for name in found if name.startswith('minigrad.')}


def test_lines_of_code():
    text = '''"""Doc."""

# A comment.
x = 1  # one
y = """not
a docstring"""


def f():
    """Doc
    of two lines.
    """
    return (
        x
    )
'''
    assert sorted(lines_of_code(text)) == [4, 5, 6, 9, 13, 14, 15]


def test_the_core_fits_in_a_head(capsys):
    sizes = {name: len(code_of(f'minigrad.{name}')) for name in CORE}
    beside = set().union(*[imported_by(name) for name in CORE])
    beside -= {f'minigrad.{name}' for name in CORE}
    with capsys.disabled():
        print('\nlines of code in the core:', sizes, '=', sum(sizes.values()))
        print('what it imports:', {m: len(code_of(m)) for m in sorted(beside)})
    assert sum(sizes.values()) <= MOST_IN_CORE
    readme = PACKAGE.parent.joinpath('README.md').read_text()
    assert f'at most {MOST_IN_CORE:,} lines of code' in readme
    assert f'{sum(sizes.values()):,} lines of code in five files' in readme


def test_apply_is_one_screen():
    code = code_of('minigrad.function_node')
    tree = ast.parse((PACKAGE / 'function_node.py').read_text())
    (apply,) = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name == 'apply'
    ]
    assert len(code & set(range(apply.lineno, apply.end_lineno + 1))) <= MOST_IN_APPLY
