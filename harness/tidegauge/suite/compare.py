"""The ``compare`` part of a suite: what a candidate must show before it replaces a model."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, Literal, cast

from tidegauge.comparison import Margin
from tidegauge.suite.document import Node, from_python, raise_problems
from tidegauge.suite.shape import Compare
from tidegauge.suite.values import choice, entries, items, name, names, number, pairs, text

KEYS = {
    "metrics": "What is compared, instead of the suite's own measures: evaluators, checks, and "
    "columns, whose mean is taken ({cost_usd: lower}).",
    "margins": 'Loss that is acceptable in a metric: 0.01, or "10%" of the baseline\'s value.',
    "require": "Metrics on which too little evidence ends the comparison with exit code 3.",
    "inputs": "Columns that must be the same on both sides of a pair (default: features, or the "
    "prompt of a log of texts).",
    "cluster": "Column by which rows belong together (default: columns.conversation).",
    "rows": "auto (the default: the ids tell), paired, or unpaired.",
    "segments": "gate (the default: a segment shown worse stops the candidate), report, or off.",
}
ROWS = ("auto", "paired", "unpaired")
SEGMENTS = ("gate", "report", "off")
WAYS = ("lower", "higher")
MARGIN = 'a number such as 0.01 or a percentage such as "10%", 0 or more'


def read_compare(node: Node) -> Compare:
    """Read how two models are held against each other."""
    found = entries(node, KEYS, "{margins: {performance.accuracy: 0.01}}")
    return Compare(
        metrics=_metrics(found["metrics"]) if "metrics" in found else {},
        margins=_margins(found["margins"]) if "margins" in found else {},
        require=names(found["require"], "[performance.accuracy]") if "require" in found else (),
        inputs=names(found["inputs"], "[age, income]") if "inputs" in found else None,
        cluster=name(found["cluster"]) if "cluster" in found else "",
        rows=cast(Any, choice(found["rows"], ROWS)) if "rows" in found else "auto",
        segments=cast(Any, choice(found["segments"], SEGMENTS)) if "segments" in found else "gate",
    )


def parse_compare(settings: Mapping[str, Any]) -> Compare:
    """Read what was written in Python, as in a suite's ``compare``.

    Raises
    ------
    SuiteError
        When something is wrong.

    Examples
    --------
    >>> parse_compare({"margins": {"service.latency_p95": "10%"}}).margins["service.latency_p95"]
    Margin(bound=0.1, share=True)
    """
    node = from_python(settings, key="compare")
    found = read_compare(node)
    raise_problems(node)
    return found


def _metrics(node: Node) -> dict[str, Literal["lower", "higher", ""]]:
    found: dict[str, Literal["lower", "higher", ""]] = {}
    example = "[performance.accuracy, {cost_usd: lower}]"
    for item in items(node, example):
        if isinstance(item.value, dict):
            for key, way in pairs(item, "{cost_usd: lower}"):
                found[key] = cast(Literal["lower", "higher"], choice(way, WAYS))
        elif read := text(item, "the name of an evaluator, a check or a column"):
            if read in found:
                item.complain(f'found "{read}" twice; allowed: once')
            found[read] = ""
    if not found and not node.problems:
        node.wrong(f"a list such as {example}", "leave the key out to compare the suite's measures")
    return found


def _margins(node: Node) -> dict[str, Margin]:
    found = {}
    for key, item in pairs(node, "{performance.accuracy: 0.01}"):
        written = item.value if isinstance(item.value, str) else ""
        match = re.fullmatch(r"\s*\+?(\d+(?:\.\d*)?|\.\d+)\s*%\s*", written)
        bound = float(match[1]) / 100 if match else number(item, MARGIN)
        if bound < 0:
            item.wrong(MARGIN, "a margin is the size of a loss, whichever way is good")
        if not math.isnan(bound):
            found[key] = Margin(bound=bound, share=match is not None)
    return found
