"""Limits of a check: how they are written, and which make no sense."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from itertools import combinations
from typing import Literal

from tidegauge.records import Card, Limit, Severity
from tidegauge.suite.document import Node
from tidegauge.suite.values import number, unknown

ALLOWED = 'a number, {drop: 0.05}, {rise: "10%"}, any, or calibrated'
CHANGES: tuple[Literal["drop", "rise"], ...] = ("drop", "rise")


def read_limit(node: Node, severity: Severity) -> Limit | None:
    """Read a bound on the value, a bound on the change, or ``any``."""
    match node.value:
        case "any":
            return Limit(severity=severity, versus="any")
        case "calibrated" if severity != "info":
            return Limit(severity=severity, versus="calibrated")
        case "calibrated":
            node.complain(
                "found calibrated for info; allowed: calibrated for warn and critical",
                "a baseline holds limits of these two severities",
            )
            return None
        case dict():
            return _read_change(node, severity)
        case str() if _percentage(node.value) is not None:
            node.wrong(ALLOWED, f"write {_percentage(node.value):g}, or {{rise: {node.value}}}")
            return None
    return Limit(severity=severity, versus="value", bound=number(node, ALLOWED))


def refuse_senseless(limits: Mapping[str, tuple[Node, Limit | None]], card: Card) -> None:
    """Complain of bounds that cannot be reached, and of milder ones that come after worse ones."""
    for node, limit in limits.values():
        if limit:
            _refuse_unreachable(node, limit, card)
    for (mild, (_, first)), (harsh, (node, second)) in combinations(limits.items(), 2):
        if first and second and _comes_after(first, second, card):
            node.complain(
                f"found a {harsh} limit that is broken before the {mild} limit; "
                f"allowed: {mild} first, then {harsh}",
                f"swap {mild} and {harsh}",
            )


def _read_change(node: Node, severity: Severity) -> Limit | None:
    keys = [key for key in CHANGES if key in node.value]
    for key in [key for key in node.value if key not in CHANGES]:
        unknown(node.value[key], key, CHANGES)
    if len(node.value) != 1 or not keys:
        if len(keys) == 2 or not node.value:
            node.wrong("either drop or rise")
        return None
    item = node.value[keys[0]]
    share = _percentage(item.value) if isinstance(item.value, str) else None
    allowed = 'a number such as 0.05 or a percentage such as "10%", 0 or more'
    bound = number(item, allowed) if share is None else share
    if bound < 0:
        item.wrong(allowed)
    return Limit(severity=severity, versus=keys[0], bound=bound, share=share is not None)


def _percentage(written: str) -> float | None:
    match = re.fullmatch(r"\s*([-+]?\d+(?:\.\d*)?|[-+]?\.\d+)\s*%\s*", written)
    return float(match[1]) / 100 if match else None


def _refuse_unreachable(node: Node, limit: Limit, card: Card) -> None:
    low, high = card.range
    if limit.versus == "value":
        if (low is not None and limit.bound < low) or (high is not None and limit.bound > high):
            node.wrong(f"{_span(low, high)}, the range of {card.title} ({card.unit})")
        return
    if limit.versus in ("any", "calibrated") or low is None or high is None:
        return
    if math.isnan(limit.bound):
        return
    item = node.value[limit.versus]
    if not limit.share and limit.bound > high - low:
        item.wrong(
            f"at most {high - low:g}, for {card.title} lies in {low:g} to {high:g}",
            f'write {{{limit.versus}: "{limit.bound:g}%"}} for a share of the baseline',
        )
    elif limit.share and limit.versus == "drop" and limit.bound > 1 and low >= 0:
        item.wrong('at most "100%": nothing drops by more than all of it')


def _span(low: float | None, high: float | None) -> str:
    if low is None:
        return f"at most {high:g}"
    return f"{low:g} or more" if high is None else f"{low:g} to {high:g}"


def _comes_after(mild: Limit, harsh: Limit, card: Card) -> bool:
    """Whether the milder limit is broken only after the harsher one."""
    if "calibrated" in (mild.versus, harsh.versus):
        return False  # only the baseline knows
    if "any" in (mild.versus, harsh.versus):
        return mild.versus != "any"
    if (mild.versus, mild.share) != (harsh.versus, harsh.share) or math.isnan(harsh.bound):
        return False
    if mild.versus == "value" and card.better == "none":
        return False
    if mild.versus == "value" and card.better == "higher":
        return mild.bound < harsh.bound
    return mild.bound > harsh.bound
