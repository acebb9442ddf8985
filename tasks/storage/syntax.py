"""The meaning of a Python file, without comments, docstrings, layout and TYPE_CHECKING blocks."""

import ast
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class Syntax:
    """One module, as content keys represent it.

    `digest` is the SHA-256 of its syntax tree. `imports` are all modules that it may import, anywhere in it, by their
    full names; the name of a function or class that is imported stands there too. `files_read` are the patterns in
    its constant FILES_READ.
    """

    digest: str
    imports: frozenset[str]
    files_read: tuple[str, ...]


@cache
def read_syntax(source: bytes, module: str, is_package: bool) -> Syntax:
    """Parses the source of a module. Raises SyntaxError."""
    tree = _Meant().visit(ast.parse(source))
    lines: list[str] = []
    _add(tree, lines)
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    package = module if is_package else module.rpartition(".")[0]
    return Syntax(digest, frozenset(_imports(tree, package)), _files_read(tree))


class _Meant(ast.NodeTransformer):
    """Removes strings that are statements, such as docstrings, and TYPE_CHECKING blocks."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            return None
        return self.generic_visit(node)

    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt] | None:
        self.generic_visit(node)
        return node.orelse if _is_type_checking(node.test) else node


def _is_type_checking(test: ast.expr) -> bool:
    name = test.attr if isinstance(test, ast.Attribute) else test.id if isinstance(test, ast.Name) else ""
    return name == "TYPE_CHECKING"


def _add(node: object, lines: list[str]) -> None:
    """Adds the tree as text that is the same in every version of Python; empty fields are left out.

    `ast.dump` writes fields that only newer versions have.
    """
    if isinstance(node, ast.AST):
        lines.append(f"({type(node).__name__}")
        for name in node._fields:
            value = getattr(node, name, None)
            # Whether a name is read or written follows from its place; how a string was prefixed says nothing.
            if value is not None and value != [] and name not in ("ctx", "kind"):
                lines.append(name)
                _add(value, lines)
        lines.append(")")
    elif isinstance(node, list):
        lines.append("[")
        for item in node:
            _add(item, lines)
        lines.append("]")
    else:
        lines.append(f"{type(node).__name__} {node!r}")


def _imports(tree: ast.AST, package: str) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name
        elif isinstance(node, ast.ImportFrom):
            start = _absolute(node, package)
            yield start
            for alias in node.names:
                yield f"{start}.{alias.name}"
        elif isinstance(node, ast.Call) and _called(node.func) in ("import_module", "__import__"):
            name = node.args[0] if node.args else None
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                yield name.value


def _absolute(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    above = package.split(".")[: len(package.split(".")) - node.level + 1]
    return ".".join([*above, *([node.module] if node.module else [])])


def _called(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _files_read(tree: ast.Module) -> tuple[str, ...]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and [_called(target) for target in node.targets] == ["FILES_READ"]:
            return tuple(ast.literal_eval(node.value))
    return ()
