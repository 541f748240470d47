"""What a reader wants to see of each column: summary numbers, shares over bins, both curves."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from tidegauge.profile import CategoricalProfile, DatasetProfile, NumericProfile
from tidegauge.profile.arrays import distinct
from tidegauge.profile.dataset import ColumnProfile
from tidegauge.records import Column, Curves, Shares

BINS = 28
POINTS = 64
CROWDED = 0.6
"""Share of the baseline in one bin from which a picture shows nothing."""
DIGITS = 6
"""Decimals of shares that are only drawn; more would double a report's size."""
LEVELS = 12
"""Most levels drawn; the rest is one bar."""


def overview(baseline: DatasetProfile, current: DatasetProfile) -> tuple[Column, ...]:
    """Summarise every column of the baseline."""
    columns = [
        _column(name, profile, current.columns.get(name), baseline)
        for name, profile in baseline.columns.items()
    ]
    return tuple(columns)


def _column(
    name: str, before: ColumnProfile, now: ColumnProfile | None, baseline: DatasetProfile
) -> Column:
    shares, curves = (None, None) if now is None else _pictures(before, now)
    return Column(
        name=name,
        kind=baseline.layout.kinds[name],
        role=baseline.layout.roles.get(name, ""),
        n_baseline=before.n,
        n_current=now.n if now else 0,
        missing_baseline=_share(before.missing, before.n),
        missing_current=_share(now.missing, now.n) if now else 0.0,
        summary_baseline=_summary(before),
        summary_current=_summary(now) if now else {},
        shares=shares,
        curves=curves,
    )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _summary(profile: ColumnProfile) -> Mapping[str, float | str]:
    if isinstance(profile, NumericProfile) and profile.finite:
        numbers = {
            "min": profile.minimum,
            "median": profile.quantile(0.5),
            "max": profile.maximum,
        }
        if profile.instant:
            return {key: _moment(value) for key, value in numbers.items()}
        deviation = math.sqrt(profile.moments.variance) if profile.finite > 1 else 0.0
        spread = {"mean": profile.moments.mean, "sd": deviation}
        return {k: float(v) for k, v in (spread | numbers).items() if math.isfinite(v)}
    if isinstance(profile, CategoricalProfile) and profile.present:
        known = zip(profile.levels, profile.counts.tolist(), strict=True)
        rows: dict[str, int] = {**dict(known), **profile.unseen}
        most = max(rows, key=lambda level: rows[level], default="")
        return {
            "levels": float(sum(1 for count in rows.values() if count)),
            "most frequent": most,
            "its share": rows.get(most, 0) / profile.present,
        }
    return {}


def _moment(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(sep=" ", timespec="seconds")
    except (OverflowError, ValueError, OSError):
        return f"{seconds:g} s"


def _pictures(before: ColumnProfile, now: ColumnProfile) -> tuple[Shares | None, Curves | None]:
    if isinstance(before, CategoricalProfile) and isinstance(now, CategoricalProfile):
        return _level_shares(before, now), None
    if not (isinstance(before, NumericProfile) and isinstance(now, NumericProfile)):
        return None, None
    if not before.finite or not now.finite or before.instant:
        return None, None
    return _bin_shares(before, now), _curves(before, now)


def _level_shares(before: CategoricalProfile, now: CategoricalProfile) -> Shares | None:
    if not before.present or not now.present:
        return None
    pairs = np.column_stack([before.counts / before.present, now.counts / now.present])
    order = np.argsort(-pairs.max(axis=1), kind="stable")
    top = order[:LEVELS]
    rows = [(before.levels[i], *pairs[i].tolist()) for i in top]
    if len(order) > LEVELS:
        rest = pairs[order[LEVELS:]].sum(axis=0).tolist()
        rows.append((f"{len(order) - LEVELS} other levels", *rest))
    if before.unseen_rows or now.unseen_rows:
        unseen = (before.unseen_rows / before.present, now.unseen_rows / now.present)
        rows.append(("not in the baseline", *unseen))
    labels, was, is_now = zip(*rows, strict=True) if rows else ((), (), ())
    return Shares(labels=labels, edges=(), baseline=was, current=is_now)


def _bin_shares(before: NumericProfile, now: NumericProfile) -> Shares:
    if len(before.cuts) <= LEVELS and not (before.cells[0::2].any() or now.cells[0::2].any()):
        return Shares(
            labels=tuple(f"{cut:g}" for cut in before.cuts.tolist()),
            edges=(),
            baseline=tuple((before.atom / before.finite).round(DIGITS).tolist()),
            current=tuple((now.atom / now.finite).round(DIGITS).tolist()),
        )
    edges = _edges(before, now)
    return Shares(
        labels=(),
        edges=tuple(edges.tolist()),
        baseline=_shares_between(before, edges),
        current=_shares_between(now, edges),
    )


def _edges(before: NumericProfile, now: NumericProfile) -> NDArray[np.float64]:
    """Bin edges that are cut points; the outer bins take in the tails.

    About equally far apart over both sides' range, or over the baseline's where the current
    rows lie far outside it; by equal shares of the baseline where most of it is in one bin.
    """
    low = min(side.quantile(0.005) for side in (before, now))
    high = max(side.quantile(0.995) for side in (before, now))
    core = before.quantile(0.005), before.quantile(0.995)
    even = np.linspace(0, len(before.cuts) - 1, BINS + 1).astype(np.int64)[1:-1]
    inner = distinct(before.cuts[even])
    for start, stop in ((low, high), core):
        wanted = np.linspace(start, stop, BINS + 1)[1:-1]
        places = np.clip(np.searchsorted(before.cuts, wanted), 0, len(before.cuts) - 1)
        spaced = distinct(before.cuts[places])
        if len(spaced) >= BINS // 3 and _heaviest(before, spaced) < CROWDED:
            inner = spaced
            break
    inner = inner[(inner > low) & (inner < high)]
    return np.concatenate([[low], inner, [high if high > low else low + 1.0]])


def _heaviest(side: NumericProfile, inner: NDArray[np.float64]) -> float:
    """Largest share of rows between neighbouring edges, single values left out."""
    left = side.below[np.searchsorted(side.cuts, inner)]
    counts = np.diff(np.concatenate([[0], left, [side.finite]]))
    return float(counts.max() - side.atom.max()) / side.finite


def _shares_between(side: NumericProfile, edges: NDArray[np.float64]) -> tuple[float, ...]:
    """Share of rows in each bin, lower edge included; what lies outside joins the outer bins."""
    left = side.below[np.searchsorted(side.cuts, edges[1:-1])]
    counts = np.diff(np.concatenate([[0], left, [side.finite]]))
    return tuple((counts / side.finite).round(DIGITS).tolist())


def _curves(before: NumericProfile, now: NumericProfile) -> Curves:
    places = distinct(np.linspace(0, len(before.cuts) - 1, POINTS).round().astype(int))
    at = before.cuts[places].tolist()
    was = (before.upto[places] / before.finite).round(DIGITS).tolist()
    is_now = (now.upto[places] / now.finite).round(DIGITS).tolist()
    if now.maximum > at[-1]:
        at, was, is_now = [*at, now.maximum], [*was, 1.0], [*is_now, 1.0]
    return Curves(at=tuple(at), baseline=tuple(was), current=tuple(is_now))
