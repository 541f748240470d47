"""From rows and a scorer to outcomes: duplicates once, what is known looked up."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tidegauge.errors import MissingExtraError, ModelError, NotApplicable
from tidegauge.records import Tally
from tidegauge.scorer import Joined, Scorer, Texts, Unit
from tidegauge.scoring.batches import Costs, infer_all, reason_of
from tidegauge.scoring.cache import Cache
from tidegauge.scoring.kept import keep, recall
from tidegauge.scoring.keys import row_key

CHUNK = 4_096
"""Rows that are scored together: enough for batches of like length, little to hold."""
OK = "ok"
FLOATS = (float, np.floating)

Progress: TypeAlias = Callable[[int, int | None], None]
"""Called with rows done and rows in all, ``None`` where that is not known."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a row."""

    status: str
    """``ok``, ``unscored: reason`` or ``not_applicable: reason``."""
    joined: Joined | None = None
    """Its values, where it is ``ok``."""


@dataclass(frozen=True, slots=True)
class Scored:
    """What became of some rows."""

    outcomes: list[Outcome]
    """One for each row, in order."""
    tally: Tally


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A row that needs a model."""

    at: int
    """Its place among the distinct rows."""
    units: Sequence[Unit]


def score_rows(
    rows: Iterable[Texts],
    scorer: Scorer,
    *,
    cache: Cache | None = None,
    chunk: int = CHUNK,
    progress: Progress | None = None,
    total: int | None = None,
) -> Iterator[Scored]:
    """Score rows, chunk by chunk; memory does not grow with their number.

    A row whose texts were seen in its chunk, or are in the cache, costs no model call. Numbers
    of units are kept batch by batch, so that a killed run goes on where it stopped. An error in
    one row becomes that row's reason; a model that is not there at all ends the scoring.

    Parameters
    ----------
    rows
        Texts of each row, by argument of the scorer.
    scorer
        Loaded, with its settings.
    cache
        Where results are kept; none for scorers that are cheaper than a lookup.
    chunk
        Rows that are scored together.
    progress
        Called after every batch.
    total
        Rows in all, where that is known; for ``progress`` only.

    Raises
    ------
    ModelError
        When the model is missing or damaged.
    MissingExtraError
        When it needs a package that is not installed.
    """
    waiting = iter(rows)
    done = 0
    while part := list(islice(waiting, chunk)):
        before = done

        def report(rows_done: int, before: int = before) -> None:
            if progress is not None:
                progress(before + rows_done, total)

        yield _score_chunk(part, scorer, cache, report)
        done += len(part)
        report(len(part))


def _score_chunk(
    rows: list[Texts], scorer: Scorer, cache: Cache | None, report: Callable[[int], None]
) -> Scored:
    started = time.perf_counter()
    places: dict[tuple[tuple[str, str], ...], int] = {}
    which = [places.setdefault(tuple(row.items()), len(places)) for row in rows]
    distinct = [dict(texts) for texts in places]
    identity = "" if cache is None else scorer.identity  # asked once: it may be worked out
    keys = [] if cache is None else [row_key(identity, row) for row in distinct]
    found = _known(keys, cache)
    known = [at in found for at in range(len(distinct))]
    costs = Costs()
    _work_out(distinct, scorer, cache, found, costs, report)
    if cache is not None:
        new = {keys[at]: keep(found[at]) for at in found if not known[at]}
        cache.put({key: value for key, value in new.items() if value is not None})
    outcomes = [found[at] for at in which]
    seconds = time.perf_counter() - started
    cached = sum(known[at] for at in which)
    return Scored(outcomes, _tally(outcomes, len(distinct), cached, seconds, costs))


def _known(keys: Sequence[bytes], cache: Cache | None) -> dict[int, Outcome]:
    if cache is None:
        return {}
    kept = cache.get(keys)
    read = {at: recall(kept[key]) for at, key in enumerate(keys) if key in kept}
    return {at: outcome for at, outcome in read.items() if outcome is not None}


def _work_out(
    rows: Sequence[Texts],
    scorer: Scorer,
    cache: Cache | None,
    found: dict[int, Outcome],
    costs: Costs,
    report: Callable[[int], None],
) -> None:
    """Add an outcome for every row that has none yet."""
    waiting: list[_Waiting] = []
    model = scorer.model
    nothing = np.zeros((0, 0 if model is None else model.width), np.float32)
    for at, row in enumerate(rows):
        if at not in found:
            units = _split(scorer, row)
            if isinstance(units, Outcome):
                found[at] = units
            elif model is None or not units:
                found[at] = _join(scorer, row, units, nothing)
            else:
                waiting.append(_Waiting(at, units))
    if not waiting or model is None:
        return
    answered = len(found)
    places: dict[Unit, int] = {}
    where = [[places.setdefault(unit, len(places)) for unit in one.units] for one in waiting]

    def share(part: float) -> None:
        report(answered + int(part * len(waiting)))

    numbers = infer_all(list(places), model, cache, share)
    costs.update(numbers.costs)
    for one, own in zip(waiting, where, strict=True):
        reasons = [numbers.failed[at] for at in own if at in numbers.failed]
        if reasons:
            found[one.at] = Outcome(f"unscored: {reasons[0]}")
        else:
            found[one.at] = _join(scorer, rows[one.at], one.units, numbers.values[own])


def _split(scorer: Scorer, row: Texts) -> Sequence[Unit] | Outcome:
    try:
        return [tuple(unit) for unit in scorer.split(row)]
    except Exception as error:
        return _refused(error)


def _join(
    scorer: Scorer, row: Texts, units: Sequence[Unit], outputs: NDArray[np.float32]
) -> Outcome:
    try:
        return _checked(scorer.join(row, units, outputs), len(scorer.outputs))
    except Exception as error:
        return _refused(error)


def _checked(joined: Joined, outputs: int) -> Outcome:
    """Refuse what no column could hold: a wrong number of values, a main value that is NaN."""
    if len(joined.values) != outputs:
        raise ValueError(f"the scorer gave {len(joined.values)} values for {outputs} columns")
    if _is_nan(joined.values[0]):
        return Outcome("unscored: the scorer gave no number")
    values = tuple([None if _is_nan(value) else value for value in joined.values])
    return Outcome(OK, Joined(values, joined.truncated, joined.because))


def _is_nan(value: object) -> bool:
    return isinstance(value, FLOATS) and value != value


def _refused(error: Exception) -> Outcome:
    if isinstance(error, ModelError | MissingExtraError):
        raise error  # not this row's fault: no other row would fare better
    if isinstance(error, NotApplicable):
        return Outcome(f"not_applicable: {reason_of(error)}")
    return Outcome(f"unscored: {reason_of(error)}")


def _tally(
    outcomes: Sequence[Outcome], unique: int, cached: int, seconds: float, costs: Costs
) -> Tally:
    counts = Counter(outcome.status for outcome in outcomes)
    truncated = [o.joined.truncated for o in outcomes if o.joined and o.joined.truncated]
    return Tally(
        rows=len(outcomes),
        unique=unique,
        ok=counts.pop(OK, 0),
        unscored=_reasons(counts, "unscored: "),
        not_applicable=_reasons(counts, "not_applicable: "),
        truncated_rows=len(truncated),
        truncated_tokens=sum(truncated),
        cached=cached,
        seconds=seconds,
        costs=dict(costs),
    )


def _reasons(counts: Counter[str], prefix: str) -> dict[str, int]:
    return {s.removeprefix(prefix): n for s, n in counts.items() if s.startswith(prefix)}
