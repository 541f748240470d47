"""The ``scorers`` part of a suite: what turns texts into columns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tidegauge.catalog import ScorerTool, evaluator_names, nearest, scorer
from tidegauge.errors import SuiteError
from tidegauge.suite.checks import name_and_options
from tidegauge.suite.document import Node
from tidegauge.suite.params import read_params
from tidegauge.suite.shape import Wanted
from tidegauge.suite.values import items, mapping, name, whole

KEYS = {
    "on": "Role or column of the text it is about: prompt, response, a column.",
    "sample": "Rows that a scorer of vectors looks at on each side: a number, or auto.",
    "as": "Name of the column it adds (default: the scorer's name, @ and the column of on).",
}
EXAMPLE = "[toxicity.embedded, {text.length: {on: prompt}}]"


def read_scorers(node: Node, folder: Path) -> tuple[Wanted, ...]:
    """Read a list of scorers; no two may add the same column.

    Parameters
    ----------
    node
        The list.
    folder
        Where relative paths of model folders begin.
    """
    found: dict[str, Node] = {}
    asked = []
    for item in items(node, EXAMPLE):
        before = len(node.problems)
        one = _read_scorer(item, folder)
        if one is None or len(node.problems) > before:
            continue
        if one.column in found:
            item.complain(
                f'found a second scorer that adds the column "{one.column}"; allowed: one',
                "name its column with as: NAME",
            )
        found[one.column] = item
        asked.append(one)
    return tuple(asked)


def _read_scorer(node: Node, folder: Path) -> Wanted | None:
    written, options = name_and_options(node, KEYS, "a scorer", "{text.length: {on: prompt}}")
    if not written:
        return None
    keyed = replace(options, key=f"{node.key}.{written}" if options is node else options.key)
    tool = _tool(written, keyed)
    if tool is None:
        return None
    found = mapping(keyed, "{threshold: 0.8}") if options is not node else {}
    on = name(found["on"]) if "on" in found else ""
    column = name(found["as"]) if "as" in found else f"{written}@{on}" if on else written
    given = {key: item for key, item in found.items() if key not in KEYS}
    settings = read_params(given, tool.params, tool.make, KEYS, keyed)
    if isinstance(settings.get("model"), str) and (folder / settings["model"]).is_dir():
        settings["model"] = str(folder / settings["model"])
    rows = _rows(found["sample"], tool) if "sample" in found else 0
    return Wanted(name=written, column=column, on=on, settings=settings, sample=rows)


def _rows(node: Node, tool: ScorerTool) -> int:
    if not tool.card.sampled:
        node.complain(f'found the key "sample", and {tool.name} scores every row', "leave it out")
        return 0
    if node.value == "auto":
        return 0
    return max(whole(node), 0)


def _tool(written: str, node: Node) -> ScorerTool | None:
    if written not in evaluator_names():
        known = [key for key in evaluator_names() if "." in key]
        node.complain(
            f'found "{written}", and nothing provides a scorer of this name',
            nearest(written, known),
        )
        return None
    try:
        return scorer(written)
    except SuiteError as error:
        node.complain(f"found no scorer: {error.message}", error.hint)
    except (ImportError, AttributeError) as error:
        node.complain(f"found a scorer that cannot be loaded: {error}", "repair its package")
    return None
