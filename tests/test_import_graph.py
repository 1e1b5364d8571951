"""Which modules import each other in circles: only those that are named here.

Imports inside functions count as well: they hide a circle from Python, not from a reader.
Imports for type checkers alone do not.
"""

import ast
from pathlib import Path

import minigrad

PACKAGE = Path(minigrad.__file__).parent

# Each circle with the reason why it stays.
ALLOWED = {
    frozenset({f'minigrad.{name}' for name in names.split()}): reason
    for names, reason in [
        ('link chain_list sequential', 'Link.repeat gives a list of links, a Link'),
        ('dataset.async_transfer dataset.convert', 'converters are made of both'),
        ('chainer.alias chainer.children', 'the hook follows into child processes'),
    ]
}


def module_of(path):
    parts = path.relative_to(PACKAGE.parent).with_suffix('').parts
    return '.'.join(parts[:-1] if parts[-1] == '__init__' else parts)


MODULES = {module_of(path): path for path in sorted(PACKAGE.rglob('*.py'))}


def imported_by(path):
    """Yields the modules of minigrad that a file imports, wherever in it."""
    nodes = [ast.parse(path.read_text())]
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.If) and 'TYPE_CHECKING' in ast.unparse(node.test):
            nodes.extend(node.orelse)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {f'{node.module}.{alias.name}' for alias in node.names}
            inside = names & MODULES.keys()
            yield from inside
            if node.module in MODULES and inside != names:
                yield node.module
        else:
            nodes.extend(ast.iter_child_nodes(node))


def circles(graph):
    """Returns the sets of modules each of which reaches all others (Tarjan 1972)."""
    index, low, stack, found = {}, {}, [], []

    def visit(start):
        work = [(start, iter(sorted(graph[start])))]
        index[start] = low[start] = len(index)
        stack.append(start)
        while work:
            node, following = work[-1]
            for other in following:
                if other not in index:
                    index[other] = low[other] = len(index)
                    stack.append(other)
                    work.append((other, iter(sorted(graph[other]))))
                    break
                if other in stack:
                    low[node] = min(low[node], index[other])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    members = set(stack[stack.index(node) :])
                    del stack[stack.index(node) :]
                    if len(members) > 1:
                        found.append(frozenset(members))

    for node in sorted(graph):
        if node not in index:
            visit(node)
    return found


GRAPH = {name: set(imported_by(path)) - {name} for name, path in MODULES.items()}


def test_circles_are_found():
    graph = {
        'a': {'b'},
        'b': {'c'},
        'c': {'a', 'd'},
        'd': {'e'},
        'e': {'d'},
        'f': {'a'},
    }
    assert sorted(map(sorted, circles(graph))) == [['a', 'b', 'c'], ['d', 'e']]


def test_only_the_named_circles():
    found = circles(GRAPH)
    assert sorted(map(sorted, set(found) - ALLOWED.keys())) == [], 'new circles'
    assert sorted(map(sorted, ALLOWED.keys() - set(found))) == [], 'these are gone'
