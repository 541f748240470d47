"""How numbers, windows, limits and outcomes are worded; the same in every renderer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import isfinite

from tidegauge.records import Card, Interval, Limit, Outcome, Policy, Report, Result, Score, Side

OUTCOMES: tuple[Outcome, ...] = (
    "critical", "warn", "error", "info", "inconclusive", "pass", "not_applicable", "skipped",
)  # fmt: skip
"""Every outcome, in the order in which a reader wants to see them."""

MARKS = {
    "critical": "◆", "warn": "▲", "error": "✕", "info": "●",
    "inconclusive": "?", "pass": "✓", "not_applicable": "\u2013", "skipped": "○",
}  # fmt: skip
"""A sign for each outcome, so that colour is never the only one."""

UNKNOWN = "\u2013"
"""What stands in place of a number that is not there."""

_MEANINGS = {
    "critical": "beyond a critical limit, and the evidence survives the false-alarm budget",
    "warn": "beyond a warning limit, and the evidence survives the false-alarm budget",
    "error": "the check itself failed; the others went on",
    "info": "a change worth knowing, beyond no limit that asks for attention",
    "inconclusive": "too few rows to say",
    "pass": "within its limits",
    "not_applicable": "the check has no meaning for this column",
    "skipped": "left out, for the reason given",
}

# Control characters, bidirectional overrides, lone surrogates and non-characters: none of them
# is text a reader should meet raw in a terminal, an XML file or a comment.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)


def clean(text: object) -> str:
    r"""Replace characters that could steer a terminal or reorder a line by visible ones.

    Examples
    --------
    >>> clean("a\x1b[31mb\nc")
    'a␛[31mb c'
    """
    return _UNSAFE.sub(_visible, str(text))


def _visible(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code in (9, 10, 13):
        return " "
    return chr(0x2400 + code) if code < 0x20 else "\ufffd"


def shorten(text: object, limit: int) -> str:
    """Cut a name in its middle, where names differ least.

    Examples
    --------
    >>> shorten("days_since_last_login_on_device", 15)
    'days_si…_device'
    """
    whole = clean(text)
    if len(whole) <= limit:
        return whole
    return whole[: limit // 2] + "…" + whole[len(whole) - (limit - limit // 2 - 1) :]


def number(value: float | str | None) -> str:
    """Round a number to what a reader can use.

    Examples
    --------
    >>> [number(v) for v in (0.0, 0.12345, 12.3456, 12345.6, 1.5e9, 0.0000123, 3.0, "n/a")]
    ['0', '0.123', '12.35', '12,346', '1.5e+09', '1.23e-05', '3', 'n/a']
    """
    if value is None:
        return UNKNOWN
    if isinstance(value, str):
        return clean(value)
    if not isfinite(value):
        return UNKNOWN
    size = abs(value)
    if size == 0:
        return "0"
    if size >= 1e7 or size < 1e-4:
        return f"{value:.3g}"
    if size >= 1000 or value == int(value):
        return f"{value:,.0f}"
    if size >= 100:
        return f"{value:.1f}"
    return f"{value:.2f}" if size >= 10 else f"{value:.3g}"


def percent(share: float) -> str:
    """Word a share in per cent.

    Examples
    --------
    >>> [percent(s) for s in (0.0, 0.0004, 0.0512, 0.999, 0.99999, 1.0)]
    ['0 %', '0.04 %', '5.12 %', '99.9 %', '> 99.9 %', '100 %']
    """
    value = share * 100
    if not isfinite(value):
        return UNKNOWN
    if value in (0.0, 100.0):
        return f"{value:.0f} %"
    if 99.95 <= value < 100:
        return "> 99.9 %"
    if abs(value) < 0.01:
        return "< 0.01 %" if value > 0 else "> -0.01 %"
    return f"{value:.3g} %"


def measured(value: float, card: Card | None) -> str:
    """Word a score's value in its card's unit."""
    if card is not None and card.unit.startswith("share"):
        return percent(value)
    return number(value)


def interval(ends: Interval | None, card: Card | None = None) -> str:
    """Word both ends of an interval; empty where there is none."""
    if ends is None:
        return ""
    return f"{measured(ends.low, card)} to {measured(ends.high, card)}"


def p_value(p: float | None) -> str:
    """Word a probability; never as zero.

    Examples
    --------
    >>> p_value(3e-9), p_value(0.0312), p_value(None)
    ('< 0.0001', '0.031', '')
    """
    if p is None or not isfinite(p):
        return ""
    if p < 1e-4:
        return "< 0.0001"
    return f"{p:.2g}" if p < 0.995 else "1"


def outcome(word: str) -> str:
    """Word an outcome for people."""
    return word.replace("_", " ")


def meaning(word: str) -> str:
    """Say what an outcome means."""
    return _MEANINGS[word]


def limit(bound: Limit, card: Card | None) -> str:
    """Word a limit.

    Examples
    --------
    >>> limit(Limit(severity="critical", versus="drop", bound=0.05, share=True), None)
    'critical when it falls by more than 5 % of the baseline'
    """
    if bound.versus == "any":
        return f"{bound.severity} on any change the evidence supports"
    if bound.versus == "calibrated" and not bound.source:
        return f"{bound.severity} by the limit that the baseline's windows taught"
    if bound.versus in ("value", "calibrated"):
        side = "below" if card is not None and card.better == "higher" else "above"
        return f"{bound.severity} {side} {measured(bound.bound, card)}"
    verb = "falls" if bound.versus == "drop" else "rises"
    by = f"{percent(bound.bound)} of the baseline" if bound.share else points(bound.bound, card)
    return f"{bound.severity} when it {verb} by more than {by}"


def points(change: float, card: Card | None) -> str:
    """Word a difference of two values; between shares it is points, not a share of anything."""
    text = measured(change, card)
    return text.replace("%", "points") if text.endswith("%") else text


def window(side: Side) -> str:
    """Word a side's window, days without their midnights; empty for all rows.

    Examples
    --------
    >>> window(Side(source="x", n=1, window="2026-01-01T00:00:00+00:00/2026-01-08T06:30:00+00:00"))
    '2026-01-01 until 2026-01-08 06:30'
    """
    start, _, end = side.window.partition("/")
    return " until ".join(instant(moment) for moment in (start, end) if moment)


def instant(moment: str) -> str:
    """Word an ISO 8601 instant without the parts that say nothing."""
    text = clean(moment).replace("T", " ")
    text = re.sub(r"(\+00:00|Z)$", "", text)
    text = re.sub(r"(\d\d:\d\d:\d\d)\.\d+", r"\1", text)
    return re.sub(r" 00:00(:00)?$", "", re.sub(r"( \d\d:\d\d):00$", r"\1", text))


def where(result: Result) -> str:
    """Name the rows and column a result is about."""
    return clean(" · ".join(filter(None, (result.column or "whole log", result.slice))))


def rows(score: Score | None) -> str:
    """Word the rows a score stands on."""
    if score is None:
        return ""
    return f"{score.n_baseline:,} baseline rows, {score.n_current:,} current rows"


def policy(judge: Policy) -> str:
    """Say in two sentences how the judge decided."""
    return (
        f"At most {percent(judge.false_alarms)} of runs in which nothing changed raise any alarm "
        "at all, over all checks, columns and slices together. Intervals are at the "
        f"{percent(judge.confidence)} level; random steps start from seed {judge.seed}."
    )


def counts(report: Report) -> list[tuple[Outcome, int]]:
    """List the outcomes that occur, worst first, with how often."""
    seen = [result.verdict.outcome for result in report.results]
    return [(word, seen.count(word)) for word in OUTCOMES if word in seen]


def listed(parts: Sequence[str], last: str = "and") -> str:
    """Join words as a sentence does."""
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}" if len(parts) > 1 else "".join(parts)
