"""An evaluator's own parameters, checked against the signature of its measure."""

from __future__ import annotations

import ast
import inspect
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tidegauge.suite.document import Node
from tidegauge.suite.values import plain, unknown

WORDS = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "str": "a text",
    "None": "nothing (null)",
    "[int]": "a list of whole numbers",
    "[float]": "a list of numbers",
    "[str]": "a list of texts",
}


def read_params(
    given: Mapping[str, Node],
    taken: Mapping[str, inspect.Parameter],
    function: Callable[..., Any],
    keys: Iterable[str],
    check: Node,
) -> dict[str, Any]:
    """Read what a suite sets, beside the ``keys`` of every check, for what the function takes."""
    for key, node in given.items():
        if key not in taken:
            unknown(node, key, [*keys, *taken])
    for key, parameter in taken.items():
        if parameter.default is parameter.empty and key not in given:
            check.complain(f'found no key "{key}", which this evaluator needs')
    return {
        key: _read(node, alternatives(taken[key], function.__globals__))
        for key, node in given.items()
        if key in taken
    }


def alternatives(parameter: inspect.Parameter, names: Mapping[str, Any]) -> list[str]:
    """Split an annotation such as ``float | None``; empty where it cannot be told from outside.

    ``names`` holds what aliases in the annotation stand for.
    """
    note = parameter.annotation
    written = note.__name__ if isinstance(note, type) else str(note)
    if written in names:
        written = str(names[written])
    try:
        tree = ast.parse(written.replace("typing.", ""), mode="eval").body
    except SyntaxError:
        return []
    found = [part for leaf in _leaves(tree) for part in _words(leaf)]
    return found if all(part in WORDS or part[0] in "'\"0123456789" for part in found) else []


def _leaves(tree: ast.expr) -> list[ast.expr]:
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.BitOr):
        return [*_leaves(tree.left), *_leaves(tree.right)]
    return [tree]


def _words(leaf: ast.expr) -> list[str]:
    if isinstance(leaf, ast.Subscript) and ast.unparse(leaf.value) == "Literal":
        inside = leaf.slice
        members = inside.elts if isinstance(inside, ast.Tuple) else [inside]
        return [ast.unparse(member) for member in members]
    if isinstance(leaf, ast.Subscript) and ast.unparse(leaf.value) in ("Sequence", "list", "tuple"):
        inside = leaf.slice.elts[0] if isinstance(leaf.slice, ast.Tuple) else leaf.slice
        return [f"[{ast.unparse(inside)}]"]
    return [ast.unparse(leaf)]


def _read(node: Node, allowed: list[str]) -> Any:
    value = plain(node)
    if "str" in allowed and not {"int", "float"} & {*allowed}:
        value = _as_text(value)
    elif "[str]" in allowed and isinstance(value, list):
        value = [_as_text(item) for item in value]
    if not allowed or any(_fits(value, kind) for kind in allowed):
        return float(value) if "float" in allowed and _is_whole(value) else value
    node.wrong(" or ".join(WORDS.get(kind, kind) for kind in allowed))
    return None


def _as_text(value: Any) -> Any:
    """Take 500 for "500": classes and status codes are texts that look like numbers."""
    return str(value) if _is_whole(value) else value


def _fits(value: Any, kind: str) -> bool:
    match kind:
        case "int":
            return _is_whole(value)
        case "float":
            return _is_whole(value) or (isinstance(value, float) and math.isfinite(value))
        case "bool":
            return isinstance(value, bool)
        case "str":
            return isinstance(value, str)
        case "None":
            return value is None
        case "[int]" | "[float]" | "[str]":
            return isinstance(value, list) and all(_fits(item, kind[1:-1]) for item in value)
        case _:
            return bool(value == ast.literal_eval(kind))


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
