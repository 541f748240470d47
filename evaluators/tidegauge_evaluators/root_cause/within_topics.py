"""Whether a number changed because other topics come up, or because of what happens within one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tidegauge.case import Case, Variable
from tidegauge.errors import NotApplicable, TooFewRows
from tidegauge.records import Cause, Decomposition, Example, ExplainerCard, Interval, Part
from tidegauge_evaluators._drift_evidence import leaning_parts, shown
from tidegauge_evaluators._log_odds import words_of
from tidegauge_evaluators._mix_and_within import Grouped, Split, group_leans, split
from tidegauge_evaluators._rates import two_sided_z
from tidegauge_evaluators._topic_column import TopicColumn
from tidegauge_evaluators._vectors import normalised

CARD = ExplainerCard(
    title="Mix of topics against change within them",
    explain="Did the number change because other topics come up, or within the topics?",
    reference="Kitagawa 1955, JASA 50(272); Monroe, Colaresi & Quinn 2008, Political Analysis 16",
    needs="a number for each text: a loss, a flag, a score",
)

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

FEWEST = 20
"""Rows of each side below which nothing is compared."""
SHOWN = 5
"""Topics whose words and texts are shown, those that matter most."""
EACH = 2
"""Texts shown of each side."""
WORDS = 6
LOOKED_AT = 1_500
"""Texts of a topic and side whose words are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicChange:
    """One topic, before and now. Intervals hold for all topics at once."""

    name: str
    baseline: float
    """Share of rows."""
    current: float
    ratio: float
    """Natural logarithm of the share now over the share before."""
    ratio_interval: Interval
    mean_baseline: float | None
    """Mean of the number; ``None`` where there is none."""
    mean_current: float | None
    mean_change: Interval | None
    """Interval of the mean's change within the topic."""
    mix: float
    """What its share adds to the change of the number, beside an average topic."""
    within: float
    """What its own mean's change adds."""
    moved: Literal["grew", "shrank", "changed within", "grew and changed within",
                   "shrank and changed within", "not shown"]  # fmt: skip
    words: tuple[Part, ...] = ()
    """Words that its texts have more often than before, or less often."""
    examples: tuple[Example, ...] = ()
    """Texts nearest to its centre, of both sides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicChanges:
    """A change over topics."""

    decomposition: Decomposition
    """Mix of topics and change within topics."""
    topics: tuple[TopicChange, ...]
    """Largest part of the change first."""
    causes: tuple[Cause, ...] = field(default_factory=tuple)
    """Topics that certainly changed, with what they add as a share of the change."""


def within_topics(
    case: Case,
    topic: TopicColumn | Variable,
    values: Floats,
    *,
    of: str = "the number",
    confidence: float = 0.95,
) -> TopicChanges:
    """Split a number's change over topics.

    Words are compared within a topic, so that they show what is asked otherwise about the same
    thing and not what is asked about more often.

    Parameters
    ----------
    case
        Rows of both sides; rows of one block count as one draw.
    topic
        Topics of all rows. Words and texts are shown where it brings texts along; rows without a
        topic count as one topic more.
    values
        Shape (rows,): a loss, a flag or a score; rows where it is NaN are left out.
    of
        What the number is called.
    confidence
        Level of the intervals.

    Raises
    ------
    NotApplicable
        When topics or values are not of as many rows as the case.
    TooFewRows
        When either side has fewer than 20 rows with a number.

    Examples
    --------
    >>> from tidegauge.case import case_of
    >>> about = ["card"] * 60 + ["loan"] * 40 + ["card"] * 30 + ["loan"] * 70
    >>> case = case_of({"topic": about}, np.arange(200) >= 100)
    >>> failed = np.tile([1.0, 0.0], 100) * case["topic"].values  # half of what is about loans
    >>> found = within_topics(case, case["topic"], failed).decomposition
    >>> [(part.factor, round(part.share, 3)) for part in found.parts]
    [('mix of topics', 1.0), ('within topics', 0.0)]
    """
    column = topic if isinstance(topic, TopicColumn) else _bare(topic)
    kept = np.flatnonzero(np.isfinite(values)) if len(values) == case.n else None
    if kept is None or len(column.variable.values) != case.n:
        raise NotApplicable(f"topics and numbers are not of the case's {case.n:,} rows")
    rows, names = _grouped(case, column.variable, values, kept)
    found = split(rows)
    whole = rows.error(found.leans_mix + found.leans_within)
    changes = _changes(rows, found, names, confidence)
    matter = np.argsort([-abs(one.mix) - abs(one.within) for one in changes], kind="stable")
    topics = tuple(
        _shown(changes[i], column, kept, rows, int(i)) if place < SHOWN else changes[i]
        for place, i in enumerate(matter)
        if changes[i].baseline + changes[i].current > 0.0
    )
    z = two_sided_z(confidence)
    return TopicChanges(
        decomposition=_decomposition(rows, found, of, z),
        topics=topics,
        causes=tuple(
            _cause(one, found.total, column.variable.name, of)
            for one in topics
            if one.moved != "not shown" and abs(found.total) > z * whole
        ),
    )


def _bare(variable: Variable) -> TopicColumn:
    return TopicColumn(variable=variable, distance=np.zeros(len(variable.values)))


def _grouped(
    case: Case, variable: Variable, values: Floats, kept: Places
) -> tuple[Grouped, list[str]]:
    """Rows with a number, by topic; those without a topic are one more."""
    codes = variable.values[kept]
    names = list(variable.levels)
    if np.isnan(codes).any() or not names:
        names.append("no topic")
        codes = np.where(np.isnan(codes), len(names) - 1, codes)
    now = case.current[kept]
    if min(np.count_nonzero(now), np.count_nonzero(~now)) < FEWEST:
        raise TooFewRows(
            needed=FEWEST,
            n_baseline=int(np.count_nonzero(~now)),
            n_current=int(np.count_nonzero(now)),
            of="with a number",
        )
    rows = Grouped(
        codes=codes.astype(np.int64),
        values=values[kept],
        current=now,
        weights=np.ones(len(kept)) if case.weights is None else case.weights[kept],
        blocks=None if case.blocks is None else case.blocks[kept],
        count=len(names),
    )
    return rows, names


def _decomposition(rows: Grouped, found: Split, of: str, z: float) -> Decomposition:
    parts = {
        "mix of topics": (found.mix, found.leans_mix),
        "within topics": (found.within, found.leans_within),
    }
    said = {
        "mix of topics": "because other topics come up",
        "within topics": "within topics, whatever their mix",
    }
    causes = []
    for factor, (each, leans) in parts.items():
        change, reach = float(each.sum()), z * rows.error(leans)
        share, interval = 0.0, None
        if found.total:
            share = change / found.total
            around = rows.error(leans - share * (found.leans_mix + found.leans_within))
            around *= z / abs(found.total)
            interval = Interval(share - around, share + around)
        causes.append(
            Cause(
                factor=factor,
                verdict="covariate" if factor.startswith("mix") else "undetermined",
                share=share,
                interval=interval,
                because=f"{of} changed by {change:+.4g} ({change - reach:+.4g} to "
                f"{change + reach:+.4g}) {said[factor]}",
            )
        )
    return Decomposition(
        of=of,
        baseline=float(found.then @ found.mean_then),
        current=float(found.now @ found.mean_now),
        parts=tuple(causes),
        assumes="topics mean the same before and now",
        method="Kitagawa 1955: shares' change at mean levels, levels' change at mean shares",
    )


def _changes(
    rows: Grouped, found: Split, names: Sequence[str], confidence: float
) -> list[TopicChange]:
    """Every topic's change, with intervals that hold for all shares and all means at once."""
    used = np.flatnonzero(found.then + found.now > 0.0)
    z = two_sided_z(1.0 - (1.0 - confidence) / (2.0 * max(1, len(used))))
    return [_change(rows, found, names[i], i, z) for i in range(len(names))]


def _change(rows: Grouped, found: Split, name: str, i: int, z: float) -> TopicChange:
    p, q = float(found.then[i]), float(found.now[i])
    by_share, by_mean = group_leans(rows, found, i)
    n, m = _worth(rows, found, i, by_share)
    # Walter 1975, Biometrika 62: half a row more, so that none has an interval too.
    ratio = math.log((q * m + 0.5) / (m + 0.5)) - math.log((p * n + 0.5) / (n + 0.5))
    spread = 1.0 / (q * m + 0.5) - 1.0 / (m + 0.5) + 1.0 / (p * n + 0.5) - 1.0 / (n + 0.5)
    reach = z * math.sqrt(max(0.0, spread))
    change = None
    if p > 0.0 and q > 0.0:
        own, around = float(found.mean_now[i] - found.mean_then[i]), z * rows.error(by_mean)
        change = Interval(own - around, own + around)
    moved = "grew" if ratio - reach > 0.0 else "shrank" if ratio + reach < 0.0 else ""
    enough = min(p * n, q * m) >= FEWEST
    if change is not None and enough and (change.low > 0.0 or change.high < 0.0):
        moved = f"{moved} and changed within" if moved else "changed within"
    return TopicChange(
        name=name,
        baseline=p,
        current=q,
        ratio=ratio,
        ratio_interval=Interval(ratio - reach, ratio + reach),
        mean_baseline=float(found.mean_then[i]) if p > 0.0 else None,
        mean_current=float(found.mean_now[i]) if q > 0.0 else None,
        mean_change=change,
        mix=float(found.mix[i]),
        within=float(found.within[i]),
        moved=moved or "not shown",  # type: ignore[arg-type]
    )


def _worth(rows: Grouped, found: Split, i: int, by_share: Floats) -> tuple[float, float]:
    """Give the number of independent rows that each side's share is known as well as."""
    worth = []
    for now, share in ((False, float(found.then[i])), (True, float(found.now[i]))):
        here = rows.current == now
        n = float(np.count_nonzero(here))
        variance = rows.error(np.where(here, by_share, 0.0)) ** 2
        plain = share * (1.0 - share)
        worth.append(min(n, plain / variance) if variance > 0.0 and plain > 0.0 else n)
    return worth[0], worth[1]


def _shown(
    change: TopicChange, column: TopicColumn, kept: Places, rows: Grouped, i: int
) -> TopicChange:
    """Add words and texts."""
    if not column.texts:
        return change
    inside = kept[rows.codes == i]
    now = rows.current[rows.codes == i]
    nearest = np.argsort(column.distance[inside], kind="stable")
    inside, now = inside[nearest], now[nearest]
    then_rows, now_rows = inside[~now], inside[now]
    return replace(
        change,
        words=leaning_parts(_bags(column, then_rows), _bags(column, now_rows), WORDS),
        examples=(
            *_examples(column, now_rows, "current", change.name),
            *_examples(column, then_rows, "baseline", change.name),
        ),
    )


def _bags(column: TopicColumn, rows: Places) -> list[set[str]]:
    """Words of texts, evenly drawn where there are very many."""
    drawn = rows[np.linspace(0, len(rows) - 1, min(len(rows), LOOKED_AT)).astype(np.int64)]
    return [words_of(column.texts[i] or "") for i in drawn]


def _examples(
    column: TopicColumn, rows: Places, side: Literal["baseline", "current"], name: str
) -> list[Example]:
    """Nearest texts of a side, no two alike."""
    different: dict[str, int] = {}
    for i in rows[: 20 * EACH]:
        different.setdefault(normalised(column.texts[i] or ""), int(i))
    return [
        Example(
            side=side,
            texts={column.role: shown(column.texts[i] or "")},
            id=column.ids[i] if column.ids else "",
            because=f"among the nearest to the middle of {name}",
        )
        for i in list(different.values())[:EACH]
    ]


def _cause(change: TopicChange, total: float, column: str, of: str) -> Cause:
    """Write a topic down as a cause."""
    said = f"its share went from {100 * change.baseline:.1f} % to {100 * change.current:.1f} %"
    if change.mean_change is not None:
        said += f", its mean from {change.mean_baseline:.4g} to {change.mean_current:.4g}"
    more = change.within if abs(change.within) > abs(change.mix) else change.mix
    return Cause(
        factor=f"{column} = {change.name}",
        verdict="covariate" if more == change.mix else "undetermined",
        share=(change.mix + change.within) / total,
        because=f"{said}; {change.mix:+.4g} of {total:+.4g} of {of} by its share and "
        f"{change.within:+.4g} by its mean",
        columns=(column,),
        words=change.words,
        examples=change.examples,
    )
