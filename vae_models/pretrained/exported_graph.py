"""Checks the graph of an exported program before torch reads it.

torch.export.load resolves the names of operators below the whole of torch, evaluates sizes as Python expressions and
writes Python code with the names of the graph in it. A graph that passes calls only tensor operators, and its sizes and
names are plain.
"""

import ast
import json
import keyword
import re
from collections.abc import Iterator
from typing import Any

from latent_audit.vae_models.pretrained.tensor_operators import is_tensor_operator

_LONGEST_SIZE = 2000
_LARGEST_EXPONENT = 8
_SYMBOL = re.compile(r"[suz]\d{1,9}", re.ASCII)
_DOTTED = re.compile(r"[\w.\-]*", re.ASCII)
_PLAIN = re.compile(r"[\w.\-+ ]*", re.ASCII)
_CONTAINERS = {None, "builtins.tuple", "builtins.list", "builtins.dict"}
# Arguments that are functions, graphs of higher-order operators or Python objects.
_NOT_TENSORS = {"as_operator", "as_graph", "as_custom_obj", "custom_obj", "class_fqn"}
_NAMES = {"name", "as_name", "user_input_name"}
_DOTTED_NAMES = {"fqn", "parameter_name", "buffer_name", "tensor_constant_name"}
_NUMBERS = {"as_int", "as_float", "as_bool", "as_none", "min_val", "max_val"}
_LISTS_OF_NUMBERS = {"as_ints", "as_floats", "as_bools"}
_SIZE_FUNCTIONS = {
    "Symbol",
    "Integer",
    "Add",
    "Mul",
    "Pow",
    "Rational",
    "Mod",
    "PythonMod",
    "FloorDiv",
    "CleanDiv",
}
_SIZE_FUNCTIONS |= {"Max", "Min"}
_SIZE_OPERATIONS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod)
_SIZE_NAMES = {"oo", "int_oo"}
_ASSUMPTIONS = {"positive", "nonnegative", "integer"}


def without_notes(graph: dict[str, Any]) -> dict[str, Any]:
    """Returns the program without what it carries for debuggers: notes on nodes, which torch would resolve as names,
    and guards, which are Python code.
    """
    return {**_without_metadata(graph), "guards_code": []}


def _without_metadata(value: Any) -> Any:
    if isinstance(value, dict):
        empty: dict[str, Any] = {"metadata": {}, "treespec_namedtuple_fields": {}}
        return {name: empty.get(name, _without_metadata(item)) for name, item in value.items()}
    return [_without_metadata(item) for item in value] if isinstance(value, list) else value


def first_unsafe(graph: dict[str, Any]) -> tuple[str, str] | None:
    """Returns the key and the beginning of the value of the first entry that is no operation on tensors."""
    for key, value in pairs(graph):
        if not _is_safe(key, value):
            return key, str(value)[:120]
    return None


def pairs(value: Any) -> Iterator[tuple[str, Any]]:
    """Yields every name and value of a JSON document, however deep."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield key, item
            yield from pairs(item)
    elif isinstance(value, list):
        for item in value:
            yield from pairs(item)


def _is_safe(key: str, value: Any) -> bool:
    if key in _NOT_TENSORS or not _PLAIN.fullmatch(key):
        return False
    if key == "target":
        return isinstance(value, str) and is_tensor_operator(value)
    if key == "expr_str":
        return isinstance(value, str) and is_size(value)
    if key == "range_constraints":
        return isinstance(value, dict) and all(_SYMBOL.fullmatch(name) for name in value)
    if key in ("in_spec", "out_spec"):
        return _is_plain_structure(value)
    if key in _NUMBERS:
        return value is None or isinstance(value, int | float)
    if key in _LISTS_OF_NUMBERS:
        return isinstance(value, list) and all(isinstance(item, int | float) for item in value)
    return _is_safe_text(key, value)


def _is_safe_text(key: str, value: Any) -> bool:
    """Whether a text is a name where torch expects a name, and plain text elsewhere."""
    if isinstance(value, list):
        return all(_is_safe_text(key, item) for item in value if isinstance(item, str))
    if not isinstance(value, str):
        return True
    if key in _NAMES or key == "forward_arg_names":
        return value == "" or _is_name(value)
    if key in _DOTTED_NAMES:
        return _DOTTED.fullmatch(value) is not None and "__" not in value
    if key in ("as_string", "as_strings"):
        return len(value) <= _LONGEST_SIZE  # a mode or an equation, given to an operator of the list
    return _PLAIN.fullmatch(value) is not None


def _is_name(value: str) -> bool:
    is_identifier = value.isascii() and value.isidentifier() and not keyword.iskeyword(value)
    return is_identifier and not value.startswith("__") and value != "torch"


def is_size(text: str) -> bool:
    """Whether a text is a size: sums, products and the like of whole numbers and named symbols."""
    if len(text) > _LONGEST_SIZE:
        return False
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError):
        return False
    return _is_size(tree)


def _is_size(tree: ast.expr) -> bool:
    match tree:
        case ast.Constant(value=int() as number):
            return abs(number) < 1 << 63
        case ast.Name(id=name):
            return name in _SIZE_NAMES or _SYMBOL.fullmatch(name) is not None
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            return _is_size(operand)
        case ast.BinOp(left=left, op=operation, right=right):
            if not isinstance(operation, _SIZE_OPERATIONS):
                return False
            return _is_size(left) and _is_size(right)
        case ast.Attribute(value=ast.Name(id="S"), attr="One" | "Zero" | "Half"):
            return True
        case ast.Call(
            func=ast.Name(id="Symbol"), args=[ast.Constant(value=str() as name)], keywords=assumptions
        ):
            return _SYMBOL.fullmatch(name) is not None and all(_is_assumption(word) for word in assumptions)
        case ast.Call(func=ast.Name(id="Pow"), args=[base, exponent], keywords=[]):
            # Powers of numbers would be computed at once, however large.
            return _is_symbol(base) and _is_size(base) and _is_small(exponent)
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            return name in _SIZE_FUNCTIONS - {"Symbol", "Pow"} and all(_is_size(item) for item in arguments)
    return False


def _is_symbol(tree: ast.expr) -> bool:
    return isinstance(tree, ast.Name) or (
        isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id == "Symbol"
    )


def _is_small(tree: ast.expr) -> bool:
    match tree:
        case ast.Call(func=ast.Name(id="Integer"), args=[inner], keywords=[]):
            return _is_small(inner)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _is_small(operand)
        case ast.Constant(value=int() as number):
            return number <= _LARGEST_EXPONENT
    return False


def _is_assumption(word: ast.keyword) -> bool:
    return (
        word.arg in _ASSUMPTIONS
        and isinstance(word.value, ast.Constant)
        and isinstance(word.value.value, bool)
    )


def _is_plain_structure(text: Any) -> bool:
    if not isinstance(text, str):
        return text is None
    kinds = [value for key, value in pairs(json.loads(text)) if key == "type"]
    return all(kind in _CONTAINERS for kind in kinds)
