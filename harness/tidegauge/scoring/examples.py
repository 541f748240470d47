"""The worst rows of a scorer, kept while the others pass."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from tidegauge.records import Example, ScorerCard
from tidegauge.scorer import Texts
from tidegauge.scoring.pipeline import Outcome

KEPT = 20
SHOWN = 400
"""Characters of a text that a report shows."""


@dataclass(frozen=True, slots=True)
class _Row:
    badness: float
    order: int
    texts: Texts
    outcome: Outcome
    id: str

    def __lt__(self, other: _Row) -> bool:
        # the heap drops its least: what is less bad, then what came later
        return (self.badness, -self.order) < (other.badness, -other.order)


@dataclass(slots=True)
class Worst:
    """The rows with the worst main values, each text and each deciding sentence once."""

    card: ScorerCard
    side: Literal["baseline", "current"]
    most: int = KEPT
    _heap: list[_Row] = field(default_factory=list)
    _seen: set[int] = field(default_factory=set)
    _passed: int = 0

    def look(self, rows: Sequence[Texts], outcomes: Sequence[Outcome], ids: Sequence[str]) -> None:
        """Keep what is worse than what was kept so far; nothing where no way is worse."""
        sign = {"lower": 1.0, "higher": -1.0, "none": 0.0}[self.card.better]
        if not sign:
            return
        for at, outcome in enumerate(outcomes):
            value = outcome.joined.values[0] if outcome.joined else None
            if isinstance(value, int | float):
                bad = sign * float(value)
                if len(self._heap) < self.most or bad > self._heap[0].badness:
                    self._keep(_Row(bad, self._passed + at, rows[at], outcome, ids[at]))
        self._passed += len(outcomes)

    def examples(self, roles: Mapping[str, str]) -> tuple[Example, ...]:
        """Show what was kept, worst first.

        Parameters
        ----------
        roles
            Argument of the scorer -> what to call its text.
        """
        return tuple(self._example(row, roles) for row in sorted(self._heap, reverse=True))

    def _keep(self, row: _Row) -> None:
        known = _point(row)
        if known in self._seen:
            return
        self._seen.add(known)
        heapq.heappush(self._heap, row)
        if len(self._heap) > self.most:
            dropped = heapq.heappop(self._heap)
            self._seen.discard(_point(dropped))

    def _example(self, row: _Row, roles: Mapping[str, str]) -> Example:
        joined = row.outcome.joined
        because = joined.because if joined else ""
        value = joined.values[0] if joined else None
        return Example(
            side=self.side,
            texts={roles.get(k, k): cut(text, because) for k, text in row.texts.items()},
            value=float(value) if isinstance(value, int | float) else None,
            id=row.id,
            because=cut(because),
            sensitive=self.card.sensitive,
        )


def _point(row: _Row) -> int:
    """Tell rows that show the same thing: the sentence that decided, else the texts."""
    joined = row.outcome.joined
    sentence = joined.because.partition(" (")[0] if joined else ""
    return hash(sentence or tuple(row.texts.items()))


def cut(text: str, around: str = "", most: int = SHOWN) -> str:
    """Cut a text to what a report shows, around the words that matter where they occur.

    Examples
    --------
    >>> cut("one two three four five", "three", most=9)
    '…o three f…'
    """
    if len(text) <= most:
        return text
    at = max(text.find(around), 0) if around else 0
    spare = max(most - len(around), 0)
    start = max(0, min(at - spare // 2, len(text) - most))
    stop = start + most
    before, after = "…" if start else "", "…" if stop < len(text) else ""
    return f"{before}{text[start:stop]}{after}"
