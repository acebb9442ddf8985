"""Syntax trees of source files, parsed once for all tests that read them."""

import ast
from functools import cache
from pathlib import Path


@cache
def syntax_tree(path: Path) -> ast.Module:
    """Returns the syntax tree of a Python file; it is shared, so nobody changes it."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    """Returns every node of a Python file, as `ast.walk` does."""
    return tuple(ast.walk(syntax_tree(path)))
