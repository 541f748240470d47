"""A baseline that moves along with the window: the last 28 days, the same weekday before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tidegauge.suite.document import Node
from tidegauge.suite.shape import Source
from tidegauge.suite.values import choice, length, whole

KEYS = {
    "rolling": "Take the stretch of this length before the window for the baseline: 28d.",
    "same": "Take earlier windows of the same weekday, or of the same hour, for the baseline.",
    "last": "How many of these: 4.",
    "gap": "Time between such a baseline and the window: 1d (default none).",
    "skip": "Leave out windows that ended so in the history: critical, or [critical, warn].",
    "from": "logs (the default) reads the rows anew; history adds its profiles up.",
}
SEASONS = ("weekday", "hour")
SKIPPED = ("critical", "warn", "error")
PLACES = ("logs", "history")
BESIDE = ("path", "format", "options")
"""Keys that may stand beside them; without a path the current log's are taken."""
MOST = 366
"""Most windows that ``last`` takes."""


def read_moving(node: Node, found: Mapping[str, Node]) -> dict[str, Any]:
    """Read the keys of a moving baseline, as fields of ``Source``."""
    for key in found.keys() - KEYS.keys() - set(BESIDE):
        found[key].complain(
            f'found "{key}" beside a moving baseline; allowed: {", ".join((*KEYS, *BESIDE))}'
        )
    if ("rolling" in found) == ("same" in found):
        node.complain(
            f"found {'both rolling and same' if 'same' in found else 'neither rolling nor same'}; "
            "allowed: one of them",
            "write {rolling: 28d}, or {same: weekday, last: 4}",
        )
    if ("same" in found) != ("last" in found):
        node.complain("found only one of same and last; needed: both", "{same: weekday, last: 4}")
    if "rolling" in found:
        length(found["rolling"])
    if "gap" in found:
        length(found["gap"])
    return {
        "rolling": found["rolling"].text.strip() if "rolling" in found else "",
        "same": choice(found["same"], SEASONS) if "same" in found else "",
        "last": _last(found["last"]) if "last" in found else 0,
        "gap": found["gap"].text.strip() if "gap" in found else "",
        "skip": _skip(found["skip"]) if "skip" in found else (),
        "history": "from" in found and choice(found["from"], PLACES) == "history",
    }


def along(baseline: Source, current: Source) -> Source:
    """Let a moving baseline without a path of its own read the current log."""
    if not baseline.moves or baseline.path:
        return baseline
    return replace(baseline, path=current.path, format=current.format, options=current.options)


def _last(node: Node) -> int:
    found = whole(node, f"a whole number from 1 to {MOST}")
    if not 1 <= found <= MOST:
        node.wrong(f"a whole number from 1 to {MOST}")
    return found


def _skip(node: Node) -> tuple[str, ...]:
    listed = node.value if isinstance(node.value, tuple) else (node,)
    return tuple(dict.fromkeys(choice(item, SKIPPED) for item in listed))
