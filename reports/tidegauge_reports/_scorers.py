"""What turned texts into numbers: rows that have one, rows that have none, and the worst texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tidegauge.records import Example, Report, Scoring, Tally
from tidegauge_reports import _words as words

EXAMPLES = 8
"""Rows shown for one scorer or one result."""
LONGEST = 700
"""Characters of one text shown."""


def scorers(report: Report) -> list[dict[str, Any]]:
    """One entry for every scorer that ran."""
    return [_scorer(one, place) for place, one in enumerate(report.scorings)]


def examples(found: Iterable[Example]) -> list[dict[str, Any]]:
    """Rows as evidence: what to look at first, then their texts by role."""
    return [_example(one) for one in list(found)[:EXAMPLES]]


def _scorer(one: Scoring, place: int) -> dict[str, Any]:
    model = f"{one.model} ({one.licence})" if one.model and one.licence else one.model
    name = one.scorer if one.scorer != one.column else ""
    told = (one.card.title, name, model and f"model {model}", _settings(one))
    return {
        "id": f"s{place}",
        "column": one.column,
        "explain": one.card.explain,
        "meta": " · ".join(filter(None, told)),
        "identity": one.identity[:16],
        "notes": one.notes,
        "rows": list(_rows(one.baseline, one.current)),
        "examples": examples(one.examples),
    }


def _settings(one: Scoring) -> str:
    return ", ".join(f"{key} {words.shorten(value, 40)}" for key, value in one.params.items())


def _rows(baseline: Tally, current: Tally) -> Iterator[tuple[str, str, str]]:
    def counts(label: str, then: int, now: int) -> tuple[str, str, str]:
        return label, _count(then, baseline.rows), _count(now, current.rows)

    yield "rows", f"{baseline.rows:,}", f"{current.rows:,}"
    yield counts("scored", baseline.ok, current.ok)
    for why in dict.fromkeys((*current.unscored, *baseline.unscored)):
        yield counts(
            f"unscored: {why}", baseline.unscored.get(why, 0), current.unscored.get(why, 0)
        )
    for why in dict.fromkeys((*current.not_applicable, *baseline.not_applicable)):
        yield counts(
            f"not asked: {why}",
            baseline.not_applicable.get(why, 0),
            current.not_applicable.get(why, 0),
        )
    yield counts("different texts", baseline.unique, current.unique)
    yield counts("read from the cache", baseline.cached, current.cached)
    if baseline.truncated_rows or current.truncated_rows:
        yield counts("not read to the end", baseline.truncated_rows, current.truncated_rows)
        yield "tokens not read", f"{baseline.truncated_tokens:,}", f"{current.truncated_tokens:,}"
    for name in dict.fromkeys((*baseline.costs, *current.costs)):
        yield name, words.number(baseline.costs.get(name)), words.number(current.costs.get(name))
    yield "seconds", words.number(baseline.seconds), words.number(current.seconds)


def _count(n: int, of: int) -> str:
    return f"{n:,}" if not of or n in (0, of) else f"{n:,} ({words.percent(n / of)})"


def _example(one: Example) -> dict[str, Any]:
    return {
        "side": one.side,
        "value": "" if one.value is None else words.number(one.value),
        "id": words.shorten(one.id, 60) if one.id else "",
        "because": words.shorten(one.because, LONGEST) if one.because else "",
        "texts": [
            (role.replace("_", " "), words.shorten(text, LONGEST))
            for role, text in one.texts.items()
        ],
        "sensitive": one.sensitive,
    }
