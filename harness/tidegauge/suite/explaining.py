"""The ``explain`` part of a suite: when to look for causes, and which model to ask."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, cast

from tidegauge.records import ALARMS, Outcome
from tidegauge.suite.document import Node
from tidegauge.suite.shape import Explain, Model
from tidegauge.suite.values import choice, entries, flag, names, number, text, whole

KEYS = {
    "on": "What sets it off: critical, warn or both (the default); or always, or never.",
    "rows": "Rows of each side that are read (default 50000).",
    "model": "The model that answered: a path, package.module:function, models:/name/version, "
    "or {path, columns, unsafe_pickle, ...}.",
}
MODEL_KEYS = {
    "path": "File or folder of the model, package.module:function, or models:/name/version.",
    "columns": "Columns that it takes, in its order, where it does not say itself.",
    "classes": "What the columns of its answers stand for, where it does not say itself.",
    "output": "Which of several outputs of an ONNX model to read.",
    "trusted": "Types that a skops file may hold beside those that skops knows.",
    "unsafe_pickle": "Whether a pickle may be loaded, which runs whatever code it holds.",
    "batch": "Rows sent at once.",
    "seconds": "Time that one batch may take.",
}
LISTS = ("columns", "classes", "trusted")
ALONE = ("always", "never")
"""Words of ``on`` that no other may stand beside."""
FEWEST = 100
"""Rows below which nothing can be told apart."""
PICKLES = (".pkl", ".pickle", ".joblib")
PLACE = "a path, package.module:function, or models:/name/version"


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
        return Model(path=_place(node, opted_in=False), base=folder)
    found = entries(node, MODEL_KEYS, "{path: model.onnx}")
    if "path" not in node.value:
        node.complain('found no key "path"; needed: where the model is')
    settings: dict[str, Any] = {
        key: names(found[key], "[age, income]") for key in LISTS if key in found
    }
    if "output" in found:
        settings["output"] = text(found["output"], "the name of an output")
    if "unsafe_pickle" in found:
        settings["unsafe_pickle"] = flag(found["unsafe_pickle"])
    if "batch" in found:
        settings["batch"] = int(_above_zero(found["batch"], whole))
    if "seconds" in found:
        settings["seconds"] = _above_zero(found["seconds"], number)
    opted_in = bool(settings.get("unsafe_pickle"))
    path = _place(found["path"], opted_in=opted_in) if "path" in found else ""
    return Model(path=path, base=folder, settings=settings)


def _above_zero(node: Node, read: Callable[[Node, str], float]) -> float:
    allowed = "a whole number above 0" if read is whole else "a number above 0"
    found = read(node, allowed)
    if node.value == 0 or found < 0:
        node.wrong(allowed)
    return found


def _place(node: Node, *, opted_in: bool) -> str:
    """Read where a model is; a pickle needs a word of its own, since loading it runs code."""
    place = text(node, PLACE)
    if place.lower().endswith(PICKLES) and not opted_in:
        node.complain(
            "found a pickle, which runs whatever code it holds when it is loaded; allowed: ONNX, "
            "skops, MLflow, or package.module:function",
            f"where you trust the file, write model: {{path: {place}, unsafe_pickle: true}}",
        )
    return place
