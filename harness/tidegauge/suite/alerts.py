"""The ``alerts`` part of a suite: when an alarm becomes an incident, and when one ends."""

from __future__ import annotations

from datetime import timedelta

from tidegauge.suite.acts import Alerts
from tidegauge.suite.document import Node
from tidegauge.suite.values import entries, length, number, windows

KEYS = {
    "false_pages": "False pages a year that you accept, on average (default 2); or off, so that "
    "every alarm pages.",
    "resolve_after": "Windows in a row without a finding that end an incident (default 3).",
    "reopen_within": "How long after its end an incident comes back instead of a new one "
    "(default 7d).",
    "cooldown": "Time before an incident that got no worse is told again (default 7d).",
    "expect": "How long after its end a window may take to arrive before it is missed: 2h.",
}
FALSE_PAGES = "a number of pages a year above 0, such as 2, or off"


def read_alerts(node: Node) -> Alerts:
    """Read when alarms page and incidents end."""
    found = entries(node, KEYS, "{false_pages: 2, expect: 2h}")
    default = Alerts()
    lengths: dict[str, timedelta] = {
        key: length(found[key]) or getattr(default, key)
        for key in ("reopen_within", "cooldown")
        if key in found
    }
    return Alerts(
        false_pages=_false_pages(found["false_pages"]) if "false_pages" in found else 2.0,
        resolve_after=windows(found["resolve_after"]) if "resolve_after" in found else 3,
        expect=length(found["expect"]) if "expect" in found else None,
        **lengths,
    )


def _false_pages(node: Node) -> float | None:
    if node.value == "off" or node.value is False:
        return None
    pages = number(node, FALSE_PAGES)
    if pages <= 0:
        node.wrong(
            FALSE_PAGES, "no test can promise no false page at all; write 0.1 for one in ten years"
        )
    return pages
