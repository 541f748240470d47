"""The ``explain`` part of a suite: when to look for causes, and which model to ask."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, cast

from tidegauge.records import ALARMS, Outcome
from tidegauge.suite.document import Node
from tidegauge.suite.shape import Explain, Model
from tidegauge.suite.values import choice, entries, flag, names, text, whole

KEYS = {
    "on": "What sets it off: critical, warn or both (the default); or always, or never.",
    "rows": "Rows of each side that are read (default 50000).",
    "model": "The model that answered: a path, package.module:function, models:/name/version, "
    "or {path, unsafe_pickle, columns}.",
}
MODEL_KEYS = {
    "path": "File or folder of the model, package.module:function, or models:/name/version.",
    "unsafe_pickle": "Whether a pickle may be loaded, which runs whatever code it holds.",
    "columns": "Columns that it takes, in its order.",
}
ALONE = ("always", "never")
"""Words of ``on`` that no other may stand beside."""
FEWEST = 100
"""Rows below which nothing can be told apart."""
PICKLES = (".pkl", ".pickle", ".joblib")
PLACE = "a path, package.module:function, or models:/name/version"
_FUNCTION = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_URL = re.compile(r"[A-Za-z][\w+.-]+:/")


def read_explain(node: Node, folder: Path) -> Explain:
    """Read when and how to explain; relative paths of models begin at ``folder``."""
    found = entries(node, KEYS, "{on: [critical, warn]}")
    default = Explain()
    return Explain(
        on=_on(found["on"]) if "on" in found else default.on,
        rows=_rows(found["rows"]) if "rows" in found else default.rows,
        model=_model(found["model"], folder) if "model" in found else None,
    )


def _on(node: Node) -> tuple[Outcome, ...] | Literal["always", "never"]:
    if not isinstance(node.value, tuple):
        word = choice(node, (*ALARMS, *ALONE))
        if word in ALONE:
            return cast(Literal["always", "never"], word)
        return (cast(Outcome, word),)
    if not node.value:
        node.wrong(f"{', '.join(ALARMS)} or both", "write on: never")
    found: list[str] = []
    for item in node.value:
        if item.value in ALONE:
            item.complain(
                f'found "{item.value}" in a list; allowed: {", ".join(ALARMS)}',
                f"write on: {item.value}",
            )
        elif item.value in found:
            item.complain(f'found "{item.value}" twice; allowed: once')
        else:
            found.append(choice(item, ALARMS))
    return cast(tuple[Outcome, ...], tuple(word for word in ALARMS if word in found))


def _rows(node: Node) -> int:
    allowed = f"a whole number, {FEWEST:,} or more"
    rows = whole(node, allowed)
    if 0 < rows < FEWEST or node.value == 0:
        node.wrong(allowed, "to explain nothing, write on: never")
    return rows


def _model(node: Node, folder: Path) -> Model:
    if not isinstance(node.value, dict):
        return Model(path=_place(node, folder, opted_in=False))
    found = entries(node, MODEL_KEYS, "{path: model.onnx}")
    if "path" not in node.value:
        node.complain('found no key "path"; needed: where the model is')
    trusted = flag(found["unsafe_pickle"]) if "unsafe_pickle" in found else False
    return Model(
        path=_place(found["path"], folder, opted_in=trusted) if "path" in found else "",
        unsafe_pickle=trusted,
        columns=names(found["columns"], "[age, income]") if "columns" in found else (),
    )


def _place(node: Node, folder: Path, *, opted_in: bool) -> str:
    """Read where a model is; a pickle needs a word of its own, since loading it runs code."""
    place = text(node, PLACE)
    if place.lower().endswith(PICKLES) and not opted_in:
        node.complain(
            "found a pickle, which runs whatever code it holds when it is loaded; allowed: ONNX, "
            "skops, MLflow, or package.module:function",
            f"where you trust the file, write model: {{path: {place}, unsafe_pickle: true}}",
        )
    elsewhere = _URL.match(place) or _FUNCTION.fullmatch(place)
    return place if elsewhere or not place else str(folder / place)
