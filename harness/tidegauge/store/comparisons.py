"""Comparisons of two models, kept so that anybody can look up why a release passed its gate."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from tidegauge.comparison import Comparison
from tidegauge.errors import HistoryError
from tidegauge.store.cleaning import clean
from tidegauge.store.history import Store
from tidegauge.store.tables import comparisons

LEVEL = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonRow:
    """One comparison, without its metrics; the time is aware and in UTC."""

    id: str
    """The comparison's ``comparison_id``."""
    suite: str
    at: datetime
    """When it was made."""
    outcome: str
    because: str
    """The outcome in one or two sentences."""
    baseline: str
    """Where the baseline model's rows came from."""
    candidate: str
    """Where the candidate's rows came from."""
    n: int
    """Pairs, or rows of the candidate where they are not paired."""
    design: str
    """``paired`` or ``unpaired``."""


def keep_comparison(store: Store, comparison: Comparison) -> str:
    """Keep a comparison; the same one again replaces itself.

    Returns
    -------
    Its id.
    """
    pairing = comparison.pairing
    row = {
        "suite": clean(comparison.suite),
        "at": datetime.fromisoformat(comparison.created),
        "outcome": comparison.outcome,
        "because": clean(comparison.because),
        "baseline": clean(comparison.baseline.source),
        "candidate": clean(comparison.candidate.source),
        "n": pairing.pairs if pairing.design == "paired" else comparison.candidate.n,
        "design": pairing.design,
        "body": zlib.compress(comparison.to_json().encode(), LEVEL),
    }
    named = comparisons.c.id == comparison.comparison_id
    with store.transaction() as connection:
        if not connection.execute(sa.update(comparisons).where(named).values(**row)).rowcount:
            connection.execute(sa.insert(comparisons).values(id=comparison.comparison_id, **row))
    return comparison.comparison_id


def list_comparisons(
    store: Store, suite: str | None = None, *, after: str = "", limit: int = 50
) -> tuple[tuple[ComparisonRow, ...], str]:
    """List comparisons, the newest first, a page at a time.

    Parameters
    ----------
    after
        What the page before gave; empty for the first page.

    Returns
    -------
    The page, and what to ask the next one with: empty at the end.

    Raises
    ------
    HistoryError
        When the comparison that ``after`` names is not there any more.
    """
    c = comparisons.c
    names = [column for column in c if column.name not in ("no", "body")]
    asked = sa.select(*names).order_by(c.at.desc(), c.no.desc()).limit(limit + 1)
    if suite is not None:
        asked = asked.where(c.suite == suite)
    with store.reading() as connection:
        if after:
            last = connection.execute(sa.select(c.at, c.no).where(c.id == after)).first()
            if last is None:
                raise HistoryError(
                    "the page's cursor leads nowhere any more", "begin at the first page"
                )
            asked = asked.where(sa.or_(c.at < last.at, sa.and_(c.at == last.at, c.no < last.no)))
        found = tuple(_row(row) for row in connection.execute(asked))
    return found[:limit], found[limit - 1].id if len(found) > limit else ""


def load_comparison(store: Store, id: str) -> Comparison:
    """Read a comparison back, by its id or the beginning of one that no other has.

    Raises
    ------
    HistoryError
        When there is none, or several.
    """
    c = comparisons.c
    asked = sa.select(c.id, c.body).where(c.id.startswith(clean(id), autoescape=True)).limit(3)
    with store.reading() as connection:
        rows = connection.execute(asked).all() if id else []
    exact = [row for row in rows if row.id == id] or rows
    if len(exact) == 1:
        return Comparison.from_json(zlib.decompress(exact[0].body))
    if exact:
        raise HistoryError(f'several comparisons begin with "{id}"', "write more of the id")
    raise HistoryError(
        f'the history holds no comparison "{id}"', "tidegauge compare keeps what it finds"
    )


def _row(row: Any) -> ComparisonRow:
    return ComparisonRow(**row._mapping)
