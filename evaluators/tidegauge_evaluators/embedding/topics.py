"""Which topics grew and which shrank, as shares of both logs' texts."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidegauge.profile import VectorSample
from tidegauge.records import Card, Example, Interval, Part, Score
from tidegauge_evaluators._distributions import normal_quantile
from tidegauge_evaluators._drift_evidence import examples_of
from tidegauge_evaluators._permutation import chance_p, drawn_sides
from tidegauge_evaluators._rates import score_interval, square_and_add, two_sided_z
from tidegauge_evaluators._topics import cluster, topic_count, topic_names
from tidegauge_evaluators._vectors import FEWEST, MOST, Matrix, Places, Pool, nothing_varies, pooled

CARD = Card(
    title="Topic shift",
    explain="Share of texts that would have to change their topic for both logs to speak of the "
    "same things as often.",
    reads=("vector",),
    on="prompt",
    better="lower",
    unit="share of texts",
    range=(0.0, 1.0),
    reference="Newcombe 1998, Stat Med 17; Monroe, Colaresi & Quinn 2008, Political Analysis 16",
    over="sample",
)

Floats = NDArray[np.float64]

SHOWN = 3
"""Topics whose texts are shown, of those that grew and of those that shrank."""
EACH = 2
"""Texts shown of each side."""


def topics(
    baseline: VectorSample,
    current: VectorSample,
    *,
    count: int = 0,
    permutations: int = 999,
    min_rows: int = FEWEST,
    max_rows: int = MOST,
    confidence: float = 0.95,
    rng: np.random.Generator | None = None,
) -> Score:
    """Compare how often both logs speak of each topic.

    Topics are clusters of both sides' vectors together, so that a topic only one log has is one,
    and so that chance has no side to favour. With no change the value is still about
    ``details["by_chance"]``, which the lower end of the interval takes off. Intervals of the
    topics' changes hold for all of them at once. Rows of a conversation count as one draw.

    Parameters
    ----------
    baseline, current
        Vectors of one encoder.
    count
        Topics; 0 = by the number of rows, 2 to 30.
    permutations
        How often the sides are drawn anew for the p-value.
    min_rows
        Fewer rows without a duplicate, or clusters, on either side are refused.
    max_rows
        Rows of each side that are compared; more are thinned at random.
    confidence
        Level of the intervals.
    rng
        Draws the permutations and the first centres.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> places = np.repeat(np.eye(4, dtype=np.float32), 25, axis=0) * 9
    >>> one, other = (places + rng.normal(size=(2, 100, 4))).astype(np.float32)
    >>> other[:20] = other[80:] + 0.1
    >>> topics(VectorSample(vectors=one), VectorSample(vectors=other), count=4, rng=rng).value
    0.2
    """
    rng = rng or np.random.default_rng(0)
    pool = pooled(baseline, current, rng, min_rows=min_rows, most=max_rows)
    if pool.constant:
        return nothing_varies(pool)
    rows = min(pool.rows)
    topic, centres = cluster(pool.vectors, count or topic_count(2 * rows), rng)
    table = _Table.of(pool, topic, len(centres))
    shares, statistics, distances = table.drawn(drawn_sides(pool, rng, permutations))
    names = topic_names(pool, topic)
    changes = table.changes(1.0 - (1.0 - confidence) / len(names))
    value = float(distances[0])
    reach = normal_quantile(0.5 + confidence / 2.0) * table.error(np.sign(shares[1] - shares[0]))
    chance = float(np.quantile(distances[1:], confidence))
    order = np.argsort(-np.abs(shares[1] - shares[0]), kind="stable")
    return Score(
        value=value,
        interval=Interval(
            max(0.0, min(value, value - max(reach, chance))), min(1.0, value + reach)
        ),
        p_value=chance_p(float(statistics[0]), statistics[1:]) if pool.exchangeable else None,
        n_baseline=pool.read[0],
        n_current=pool.read[1],
        parts=tuple(_part(names[i], shares[:, i]) for i in order),
        details={
            **pool.details(),
            "topics": float(len(names)),
            "by_chance": float(distances[1:].mean()),
            "permutations": float(permutations),
            **{f"change of {names[i]}": _said(shares[:, i], changes[i]) for i in order},
        },
        examples=_examples(pool, topic, centres, names, changes, order),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Table:
    """Rows of each unit in each topic."""

    counts: Floats
    """Shape (units, topics)."""
    before: NDArray[np.bool_]
    now: NDArray[np.bool_]
    """Shape (units,)."""

    @classmethod
    def of(cls, pool: Pool, topic: Places, topics: int) -> _Table:
        counts = np.zeros((len(pool.now), topics))
        np.add.at(counts, (pool.unit, topic), 1.0)
        return cls(counts=counts, before=pool.before, now=pool.now)

    def drawn(self, sides: Matrix) -> tuple[Floats, Floats, Floats]:
        """Shares of both sides as found, and chi-square and total variation of every draw."""
        held = self.before.astype(np.float64) + self.now
        total = self.counts.T @ held
        now = self.counts.T @ sides
        then = total[:, None] - now
        p, q = then / then.sum(axis=0), now / now.sum(axis=0)
        pooled_share = (total / total.sum())[:, None]
        gap = q - p
        squares = (gap * gap / pooled_share).sum(axis=0)
        return np.stack([p[:, 0], q[:, 0]]), squares, 0.5 * np.abs(gap).sum(axis=0)

    def share(self, side: NDArray[np.bool_]) -> tuple[Floats, Floats]:
        """Topic shares of one side, and the variances of them that units, not rows, give."""
        rows = self.counts[side]
        total, units = rows.sum(), len(rows)
        share = rows.sum(axis=0) / total
        errors = rows - rows.sum(axis=1)[:, None] * share
        return share, (errors**2).sum(axis=0) / total**2 * units / (units - 1)

    def changes(self, confidence: float) -> list[Interval]:
        """Newcombe's interval of each topic's change, on as many rows as units are worth."""
        z = two_sided_z(confidence)
        sides = []
        for side in (self.before, self.now):
            share, variance = self.share(side)
            rows = np.full(len(share), float(self.counts[side].sum()))
            known = variance > 0.0
            worth = share[known] * (1.0 - share[known]) / variance[known]
            rows[known] = np.minimum(rows[known], worth)
            sides.append(
                (share, [score_interval(*one, z) for one in zip(share, rows, strict=True)])
            )
        (then, around_then), (now, around_now) = sides
        return [
            square_and_add(*one) for one in zip(now, around_now, then, around_then, strict=True)
        ]

    def error(self, lean: Floats) -> float:
        """Give the standard error of half the summed changes, each with the sign it has."""
        variance = 0.0
        for side in (self.before, self.now):
            rows = self.counts[side]
            total, units = rows.sum(), len(rows)
            each = rows @ lean
            errors = each - rows.sum(axis=1) * (each.sum() / total)
            variance += float(errors @ errors) / total**2 * units / (units - 1)
        return 0.5 * math.sqrt(variance)


def _part(name: str, shares: Floats) -> Part:
    then, now = float(shares[0]), float(shares[1])
    return Part(label=name, baseline=then, current=now, contribution=0.5 * abs(now - then))


def _said(shares: Floats, change: Interval) -> str:
    low, high = 100.0 * change.low, 100.0 * change.high
    word = "grew" if low > 0.0 else "shrank" if high < 0.0 else "not shown"
    gap = 100.0 * float(shares[1] - shares[0])
    return f"{gap:+.1f} points ({low:+.1f} to {high:+.1f}): {word}"


def _examples(
    pool: Pool,
    topic: Places,
    centres: Matrix,
    names: tuple[str, ...],
    changes: list[Interval],
    order: Places,
) -> tuple[Example, ...]:
    """Texts nearest to the centres of topics that certainly grew or shrank, of both sides."""
    if not pool.texts:
        return ()
    grew = [int(i) for i in order if changes[i].low > 0.0][:SHOWN]
    shrank = [int(i) for i in order if changes[i].high < 0.0][:SHOWN]
    found: list[Example] = []
    for i in [*grew, *shrank]:
        inside = np.flatnonzero(topic == i)
        far = ((pool.vectors[inside] - centres[i]) ** 2).sum(axis=1)
        inside = inside[np.argsort(far, kind="stable")]
        word = "grew" if i in grew else "shrank"
        because = f"in the middle of a topic that {word}: {names[i]}"
        now, then = pool.now[pool.unit[inside]], pool.before[pool.unit[inside]]
        found += examples_of(pool, inside[now][:EACH], "current", because)
        found += examples_of(pool, inside[then][:EACH], "baseline", because)
    return tuple(found)
