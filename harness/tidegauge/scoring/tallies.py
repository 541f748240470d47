"""Tallies of chunks, added up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from tidegauge.records import Tally

Count = TypeVar("Count", int, float)


def added(one: Tally, other: Tally) -> Tally:
    """Add what became of some rows to what became of others.

    Examples
    --------
    >>> added(Tally(rows=2, ok=2), Tally(rows=3, ok=1, unscored={"timeout": 2})).ok
    3
    """
    return Tally(
        rows=one.rows + other.rows,
        unique=one.unique + other.unique,
        ok=one.ok + other.ok,
        unscored=_summed(one.unscored, other.unscored),
        not_applicable=_summed(one.not_applicable, other.not_applicable),
        truncated_rows=one.truncated_rows + other.truncated_rows,
        truncated_tokens=one.truncated_tokens + other.truncated_tokens,
        cached=one.cached + other.cached,
        seconds=one.seconds + other.seconds,
        costs=_summed(one.costs, other.costs),
    )


def _summed(one: Mapping[str, Count], other: Mapping[str, Count]) -> dict[str, Count]:
    return {**one, **{key: one[key] + n if key in one else n for key, n in other.items()}}
