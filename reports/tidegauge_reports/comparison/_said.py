"""How differences, decisions and pairings are worded; the same in every renderer."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from tidegauge.comparison import Comparison, Decision, Difference
from tidegauge.records import Card
from tidegauge_reports import _words as words

ORDER: tuple[Decision, ...] = (
    "worse", "error", "not_shown", "too_few", "no_worse", "better", "not_compared",
)  # fmt: skip
"""Every decision, in the order in which a reader wants to see them."""

TONES: dict[Decision, str] = {
    "better": "pass", "worse": "critical", "no_worse": "info", "not_shown": "inconclusive",
    "too_few": "skipped", "not_compared": "not_applicable", "error": "error",
}  # fmt: skip
"""Decision -> the outcome whose sign and colour it takes."""

WORDS: dict[Decision, str] = {
    "better": "better", "worse": "worse", "no_worse": "no worse", "not_shown": "not shown",
    "too_few": "too few rows", "not_compared": "not compared", "error": "failed",
}  # fmt: skip

MEANINGS: dict[Decision, str] = {
    "better": "the candidate is better, by the near end of the interval and after correction for "
    "all metrics",
    "worse": "the candidate is worse, by the near end of the interval (beyond the margin, where "
    "there is one) and after correction",
    "no_worse": "whatever the loss is, it is shown to keep within the margin",
    "not_shown": "these rows can tell neither; the smallest difference that they would have shown "
    "stands beside it",
    "too_few": "not enough rows to measure",
    "not_compared": "the question makes no sense for these logs",
    "error": "the measure itself failed; the others went on",
}

HEADLINES = {
    "pass": "Passed",
    "critical": "Worse",
    "inconclusive": "Not enough evidence",
    "error": "Could not compare",
}


def card_of(found: Comparison, one: Difference) -> Card | None:
    """Card of a difference's metric."""
    return found.cards.get(one.metric)


def title(found: Comparison, one: Difference) -> str:
    """Name a metric for people."""
    card = card_of(found, one)
    return words.clean(card.title if card else one.metric)


def counts(differences: Sequence[Difference]) -> list[tuple[Decision, int]]:
    """Count decisions, in the reader's order."""
    seen = [one.decision for one in differences]
    return [(word, seen.count(word)) for word in ORDER if word in seen]


def size(value: float | None, card: Card | None) -> str:
    """Write a difference without its sign; between shares it is points.

    Examples
    --------
    >>> size(0.5, None), size(None, None)
    ('0.5', '')
    """
    if value is None or not isfinite(value):
        return ""
    if card is not None and card.unit.startswith("share"):
        points = words.number(100 * abs(value))
        return f"{points} point" + ("" if points == "1" else "s")
    return words.number(abs(value)) + (" ms" if _in_ms(card) else "")


def change(value: float | None, card: Card | None) -> str:
    """Write a difference with its sign."""
    if value is None or not isfinite(value):
        return ""
    sign = "+" if value > 0 else "\u2212" if value < 0 else ""
    return sign + size(value, card)


def ends(one: Difference, card: Card | None) -> str:
    """Write both ends of a difference's interval, the unit once."""
    interval = one.contrast.interval if one.contrast else None
    if interval is None:
        return ""
    low, high = (change(end, card) for end in interval)
    return f"{low.partition(' ')[0]} to {high}"


def value(amount: float | None, card: Card | None) -> str:
    """Write one side's value."""
    if amount is None:
        return words.UNKNOWN
    return words.measured(amount, card) + (" ms" if _in_ms(card) else "")


def margin(one: Difference, card: Card | None) -> str:
    """Write the loss that is acceptable."""
    if one.margin is None:
        return ""
    if one.margin.share:
        share = f"{words.number(100 * one.margin.bound)} %"
        return f"{share} ({size(one.allowed, card)})" if one.allowed is not None else share
    return size(one.margin.bound, card)


def rows(one: Difference) -> str:
    """Write how many rows a difference stands on."""
    if one.contrast is None:
        return ""
    n, groups = one.contrast.n, one.contrast.groups
    return f"{n:,} rows, {groups:,} groups" if groups < n else f"{n:,} rows"


def moved(one: Difference) -> str:
    """Write how many pairs went either way, where that is known."""
    contrast = one.contrast
    if contrast is None or contrast.gained is None or contrast.lost is None:
        return ""
    return f"{contrast.gained:,} gained, {contrast.lost:,} lost"


def _in_ms(card: Card | None) -> bool:
    return card is not None and card.unit == "milliseconds"
