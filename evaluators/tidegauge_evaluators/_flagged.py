"""Share of rows that a scorer flagged: conversations counted as such, rows without a number told.

Turns of one conversation are not independent: an insulted customer insults back. The rows then
tell as much as fewer independent ones would. How many follows from the spread between
conversations (Kish 1965, Survey Sampling, section 5.4), and intervals and tests are those of so
many rows (Korn & Graubard 1998, Survey Methodology 24; Rao & Scott 1992, Biometrics 48).
"""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np

from tidegauge.errors import NotApplicable
from tidegauge.profile import CategoricalProfile, ClusterProfile
from tidegauge.records import Interval, Score
from tidegauge_evaluators._levels import rows_by_level
from tidegauge_evaluators._rates import (
    Rate,
    changed_p,
    need_rows,
    rate_score,
    score_interval,
    square_and_add,
    two_sided_z,
)
from tidegauge_evaluators._special import beta_quantile

Clusters: TypeAlias = tuple[ClusterProfile | None, ClusterProfile | None]
ALONE: Clusters = (None, None)
"""Every row stands for itself."""


def flagged_rate(
    baseline: CategoricalProfile,
    current: CategoricalProfile,
    *,
    unscored: tuple[int, int],
    clusters: Clusters,
    min_rows: int,
    confidence: float,
) -> Score:
    """Count rows flagged, as a share of those with a decision.

    Parameters
    ----------
    baseline, current
        Profiles of a column of decisions: true, false, or null where there is none.
    unscored
        Rows of both sides that should have a decision and have none. They are left out of the
        rate; the details say what it would be if all or none of them were flagged.
    clusters
        The same decisions by conversation; ``None`` where rows belong to none.
    min_rows
        Fewer decisions on either side are refused rather than judged.
    confidence
        Level of the intervals.
    """
    if not current.present and current.n:
        raise NotApplicable("no row of the current log has a decision")
    need_rows(baseline.present, current.present, min_rows)
    then = Rate(rows_by_level(baseline).get("true", 0), baseline.present)
    now = Rate(rows_by_level(current).get("true", 0), current.present)
    details = _details(now, current.null, unscored[1])
    effects = [design_effect(part) for part in clusters]
    if max(effects) == 1.0:
        p_value = changed_p(then, now)
        return rate_score(then, now, confidence=confidence, p_value=p_value, details=details)
    details |= {"design effect of conversations": effects[1]}
    return _clustered(then, now, effects, confidence, details)


def design_effect(profile: ClusterProfile | None) -> float:
    """Rows that tell as much as one independent row does; at least 1.

    The variance of the share, by its linear form over clusters, as a multiple of the binomial
    one. Where all rows are alike nothing is known of it, and rows of a cluster count as one.

    Examples
    --------
    >>> profile = ClusterProfile().lay(["a", "a", "b", "b"] * 5, [True, True, False, False] * 5)
    >>> design_effect(None), design_effect(profile) > 1.9
    (1.0, True)
    """
    if profile is None:
        return 1.0
    held = 0.5**profile.depth  # of the rows that stand alone, count the share that is held
    alone, alone_flagged = profile.alone * held, profile.alone_flagged * held
    clusters, rows = len(profile.rows) + alone, float(profile.rows.sum()) + alone
    flagged = float(profile.flagged.sum()) + alone_flagged
    if clusters < 2.0 or not rows:
        return 1.0
    share = flagged / rows
    if share in (0.0, 1.0):
        return max(1.0, (float(np.square(profile.rows).sum()) + alone) / rows)
    spread = float(np.square(profile.flagged - share * profile.rows).sum())
    spread += alone_flagged * (1.0 - share) ** 2 + (alone - alone_flagged) * share**2
    binomial = share * (1.0 - share) * rows
    return max(1.0, clusters / (clusters - 1.0) * spread / binomial)


def _clustered(
    then: Rate,
    now: Rate,
    effects: list[float],
    confidence: float,
    details: dict[str, float | str],
) -> Score:
    """Score the rates as those of fewer, independent rows."""
    rows = [side.of / effect for side, effect in zip((then, now), effects, strict=True)]
    z = two_sided_z(confidence)
    around = [score_interval(s.share, n, z) for s, n in zip((then, now), rows, strict=True)]
    fewer = [
        Rate(round(side.share * n), max(round(n), 1))
        for side, n in zip((then, now), rows, strict=True)
    ]
    return Score(
        value=now.share,
        interval=_share_interval(now.share, rows[1], confidence),
        p_value=changed_p(*fewer),
        baseline=then.share,
        change=square_and_add(now.share, around[1], then.share, around[0]),
        n_baseline=then.of,
        n_current=now.of,
        details=details,
    )


def _share_interval(share: float, rows: float, confidence: float) -> Interval:
    """Exact interval with as many rows as the decisions are worth, a fraction of one included."""
    tail, hits = (1.0 - confidence) / 2.0, share * rows
    low = beta_quantile(hits, rows - hits + 1.0, tail) if hits > 0.0 else 0.0
    high = beta_quantile(hits + 1.0, rows - hits, 1.0 - tail) if hits < rows else 1.0
    if not hits:
        high = -math.expm1(math.log(tail) / rows)
    return Interval(low, high)


def _details(now: Rate, without: int, missed: int) -> dict[str, float | str]:
    found: dict[str, float | str] = {
        "rows flagged": float(now.rows),
        "rows without a decision": float(without),
    }
    if missed:
        found |= {
            "rows unscored": float(missed),
            "rate if none of them were flagged": now.rows / (now.of + missed),
            "rate if all of them were flagged": (now.rows + missed) / (now.of + missed),
        }
    return found
