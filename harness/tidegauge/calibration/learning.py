"""Learns every check's limits from the baseline's own windows, each held against the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tidegauge.calibration.chance import UNKNOWN, Chance, draw_chances
from tidegauge.calibration.laying import Laid, lay_distance, lay_level
from tidegauge.calibration.rates import (
    Rates,
    Scores,
    achieved_rate,
    learn_rates,
    needed_windows,
    spread_of,
)
from tidegauge.calibration.scales import Scale, back, student_tail
from tidegauge.calibration.scored import Key, Series, Told, score_windows
from tidegauge.calibration.shape import CRITICAL, Achieved, Bounds, Calibrated, Calibration, Odd
from tidegauge.calibration.spread import FEWEST, Spread
from tidegauge.calibration.windows import Cut
from tidegauge.catalog import evaluator
from tidegauge.errors import BaselineError
from tidegauge.judge import budget_weights
from tidegauge.measuring import Subject
from tidegauge.profile import DatasetProfile
from tidegauge.records import Check, Policy
from tidegauge.wording import amount, counted, listed

SIDES = {"lower": 1, "higher": -1, "none": 0}
"""Which way out is bad, by a card's ``better``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """What was found of a baseline's windows, before any rate is asked for."""

    cut: Cut
    laid: tuple[Laid, ...]
    scores: Scores
    odd: NDArray[np.bool_]
    """Windows that stand apart, shape (K,)."""


def calibrate(
    cut: Cut,
    checks: Sequence[Check],
    policy: Policy,
    *,
    grid: DatasetProfile,
    rows: pa.Table,
    length: str,
    told: Told = lambda done, of: None,
) -> Calibration:
    """Learn limits from windows.

    Parameters
    ----------
    cut
        The baseline's windows.
    checks
        What is to be judged; measures of row samples are left out.
    policy
        ``false_alarms`` is the rate that is asked for.
    grid
        The baseline's profile.
    rows
        Its sample of raw rows, to learn what chance makes of a distance.
    length
        Length of a window as it was written: ``1d``.
    told
        Called with the windows scored and their number.

    Raises
    ------
    BaselineError
        With fewer than eight windows, or when no check could be scored in them.
    """
    refuse_few(len(cut.parts), length, policy.false_alarms)
    found = study(cut, checks, policy, grid=grid, rows=rows, told=told)
    return limits_at(found, policy.false_alarms, length=length)


def study(
    cut: Cut,
    checks: Sequence[Check],
    policy: Policy,
    *,
    grid: DatasetProfile,
    rows: pa.Table,
    told: Told = lambda done, of: None,
) -> Study:
    """Score every window against the others, as a window to come will be against all."""
    wanted = [one for one in checks if evaluator(one.evaluator).card.over == "profile"]
    found = score_windows(cut, wanted, policy, told=told)
    chances = draw_chances(grid, rows, _distances(found), policy)
    return _studied(found, chances, cut, policy)


def limits_at(
    found: Study, rate: float, *, length: str, achieved: Achieved | None = None
) -> Calibration:
    """Learn the limits that raise an alarm in a share ``rate`` of unchanged windows.

    What they achieve is worked out unless it is given: most of the time goes there.
    """
    rates = learn_rates(found.scores, rate)
    cut = found.cut
    return Calibration(
        length=length,
        first=cut.starts[0].isoformat(),
        last=cut.starts[-1].isoformat(),
        windows=len(cut.starts),
        asked=rate,
        achieved=achieved or achieved_rate(found.scores, rate),
        needed=needed_windows(rate),
        tightened=rates.tightened,
        reference=int(cut.rows.sum() - np.median(cut.rows)),
        odd=tuple(_odd(found, rates.spread)),
        limits=tuple(_limits(found, rates)),
    )


def refuse_few(windows: int, length: str, rate: float) -> None:
    """Refuse to learn from fewer windows than bound anything.

    Raises
    ------
    BaselineError
        Naming how many there are, and how many the rate needs.
    """
    if windows < FEWEST:
        raise BaselineError(
            f"the baseline holds {counted(windows, 'window')} of {length}; limits are learned from "
            f"{FEWEST} or more, and {needed_windows(rate)} bear out false_alarms: {rate:g}",
            "take a longer baseline, or shorter windows: --windows 6h",
        )


def _distances(found: Mapping[Key, Series]) -> dict[tuple[str, str], tuple[Check, Subject]]:
    return {
        (check, column): (one.check, Subject(column=column, role=one.role))
        for (check, column, label), one in found.items()
        if one.distance and not label
    }


def _studied(
    found: Mapping[Key, Series],
    chances: Mapping[tuple[str, str], Chance],
    cut: Cut,
    policy: Policy,
) -> Study:
    enough = max(FEWEST, len(cut.parts) // 2)
    kept = {key: one for key, one in found.items() if one.scored >= enough}
    if not kept:
        raise BaselineError(
            f"no check has a score in {counted(enough, 'window')}, so there is nothing to learn",
            "take longer windows: --windows 1d",
        )
    reference = float(cut.rows.sum() - np.median(cut.rows))
    laid = tuple(
        lay_distance(one, chances.get(key[:2], UNKNOWN), reference)
        if one.distance
        else lay_level(one, policy.confidence)
        for key, one in kept.items()
    )
    scores = Scores(
        values=np.column_stack([one.places for one in laid]),
        groups=cut.groups,
        sides=np.array([SIDES[one.series.card.better] for one in laid]),
        weights=np.array(budget_weights([(label, column) for _, column, label in kept])),
        least=np.array([one.least for one in laid]),
    )
    spread = spread_of(scores)
    return Study(cut=cut, laid=laid, scores=scores, odd=np.asarray(spread.odd.any(1)))


def _limits(found: Study, rates: Rates) -> Iterator[Calibrated]:
    """Write each column's bounds in the measure's own unit."""
    spread, shares = rates.spread, rates.per_column
    reach = spread.sd * np.sqrt(1 + spread.error**2)
    expected = spread.expected(found.scores.groups)
    for at, one in enumerate(found.laid):
        side = int(found.scores.sides[at])
        usual = float(spread.mean[at])
        far = [
            float(student_tail(share / (1 if side else 2), spread.df[at]) * reach[at])
            for share in (shares[at], CRITICAL * shares[at])
        ]
        z = (one.places - expected[:, at]) * (side or 1)
        out = z > far[0] if side else np.abs(z) > far[0]
        yield Calibrated(
            check=one.series.key[0],
            column=one.series.key[1],
            slice=one.series.key[2],
            usual=back(one.scale, usual),
            warn=bounds(one.scale, usual, far[0], side),
            critical=bounds(one.scale, usual, far[1], side),
            rows=one.usual_rows,
            noise=one.noise,
            surely=one.surely,
            scale=one.scale,
            share=float(shares[at]),
            df=float(spread.df[at]),
            windows=int(spread.windows[at]),
            beyond=int(out.sum()),
            seasons={
                name: tuple(float(x) for x in effects[:, at])
                for name, effects in spread.seasons.items()
                if effects[:, at].any()
            },
        )


def bounds(scale: Scale, usual: float, far: float, side: int) -> Bounds:
    """Lay bounds ``far`` from what is usual, on the sides that are bad."""
    low = back(scale, usual - far) if side <= 0 else None
    high = back(scale, usual + far) if side >= 0 else None
    return low, high


def _odd(found: Study, spread: Spread) -> Iterator[Odd]:
    """Say of each odd window which scores stand apart."""
    z = np.abs(np.nan_to_num(spread.z(found.scores.values, found.scores.groups)))
    for index in np.flatnonzero(found.odd).tolist():
        apart_in = [at for at in np.argsort(-z[index]) if spread.odd[index, at]]
        said = [_stands_apart(found.laid[at], index, spread.mean[at]) for at in apart_in]
        yield Odd(window=found.cut.starts[index].isoformat(), because=listed(said))


def _stands_apart(one: Laid, index: int, mean: float) -> str:
    check, column, label = one.series.key
    where = " in ".join(filter(None, (column, label)))
    value = amount(float(one.series.values[index]), one.series.card.unit)
    usual = amount(back(one.scale, float(mean)), one.series.card.unit)
    return f"{check}{where and f' on {where}'} {value} (usually {usual})"
