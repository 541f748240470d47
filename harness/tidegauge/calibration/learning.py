"""Learns every check's limits from the baseline's own windows, each held against the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.special import chdtri

from tidegauge.calibration.chance import UNKNOWN, Chance, draw_chances
from tidegauge.calibration.rates import (
    Rates,
    Scores,
    achieved_rate,
    apart,
    learn_rates,
    needed_windows,
)
from tidegauge.calibration.scales import (
    Scale,
    as_usual,
    back,
    onto,
    scale_of,
    size_of,
    student_tail,
)
from tidegauge.calibration.scored import Key, Scoring, Series, Told, score_windows
from tidegauge.calibration.shape import CRITICAL, Bounds, Calibrated, Calibration, Odd
from tidegauge.calibration.spread import FEWEST, Floats, learn_spread
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
class Laid:
    """A series on its scale, as windows of the usual size would have had it."""

    series: Series
    scale: Scale
    noise: float
    surely: float
    usual_rows: float
    places: Floats
    """Shape (K,)."""
    least: float
    """Chance error of a window's rows, on the scale."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """All series, and what they say together."""

    laid: tuple[Laid, ...]
    scores: Scores
    rates: Rates


def calibrate(
    cut: Cut,
    checks: Sequence[Check],
    policy: Policy,
    *,
    grid: DatasetProfile,
    rows: pa.Table,
    length: str,
    told: Told = lambda done, of: None,
    scoring: Scoring = score_windows,
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
    scoring
        Scores windows, one way or another: to learn at several rates it is done once.

    Raises
    ------
    BaselineError
        With fewer than eight windows, or when no check could be scored in them.
    """
    refuse_few(len(cut.parts), length, policy.false_alarms)
    wanted = [one for one in checks if evaluator(one.evaluator).card.over == "profile"]
    found = scoring(cut, wanted, policy, told=told)
    chances = draw_chances(grid, rows, _distances(found), policy)
    learned = _learn(found, chances, cut, policy)
    odd = apart(learned.rates.spread)
    if odd.any():  # they spoil what the others were held against
        found = scoring(cut, wanted, policy, without=odd, told=told)
        learned = _learn(found, chances, cut, policy)
        odd = apart(learned.rates.spread)
    return Calibration(
        length=length,
        first=cut.starts[0].isoformat(),
        last=cut.starts[-1].isoformat(),
        windows=len(cut.starts),
        asked=policy.false_alarms,
        achieved=achieved_rate(learned.scores, policy.false_alarms, odd),
        needed=needed_windows(policy.false_alarms),
        tightened=learned.rates.tightened,
        reference=int(cut.rows[~odd].sum() - np.median(cut.rows)),
        odd=tuple(_odd(cut, learned, odd)),
        limits=tuple(_limits(learned)),
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


def _learn(
    found: Mapping[Key, Series],
    chances: Mapping[tuple[str, str], Chance],
    cut: Cut,
    policy: Policy,
) -> Learned:
    enough = max(FEWEST, len(cut.parts) // 2)
    kept = {key: one for key, one in found.items() if one.scored >= enough}
    if not kept:
        raise BaselineError(
            f"no check has a score in {counted(enough, 'window')}, so there is nothing to learn",
            "take longer windows: --windows 1d",
        )
    reference = float(cut.rows.sum() - np.median(cut.rows))
    laid = tuple(
        _distance(one, chances.get(key[:2], UNKNOWN), reference)
        if one.distance
        else _level(one, policy.confidence)
        for key, one in kept.items()
    )
    scores = Scores(
        values=np.column_stack([one.places for one in laid]),
        groups=cut.groups,
        sides=np.array([SIDES[one.series.card.better] for one in laid]),
        weights=np.array(budget_weights([(label, column) for _, column, label in kept])),
        least=np.array([one.least for one in laid]),
    )
    return Learned(laid=laid, scores=scores, rates=learn_rates(scores, policy.false_alarms))


def _level(series: Series, confidence: float) -> Laid:
    """Lay a rate, a mean or a quantile onto its scale; its interval tells what rows would do."""
    scale = scale_of(series.card, series.values)
    places = onto(scale, series.values)
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    errors = (onto(scale, series.high) - onto(scale, series.low)) / (2 * z)
    errors = errors[np.isfinite(errors)]
    least = float(np.sqrt(np.mean(errors**2))) if len(errors) else 0.0
    around = learn_spread(places[:, None], {})
    spread = max(float(around.sd[0]) ** 2, 1e-300)
    return _resized(
        series,
        scale,
        places,
        noise=min(1.0, least**2 / spread),
        surely=min(1.0, least**2 / _at_most(spread, float(around.df[0]))),
        usual=float(around.mean[0]),
        reference=np.inf,
        least=least,
    )


def _distance(series: Series, chance: Chance, reference: float) -> Laid:
    """Lay a distance onto the cube root of the chi-square that it stands for."""
    places = onto(chance.scale, series.values)
    squares = places**3
    rows = max(float(np.nanmedian(series.rows)), 1.0)
    by_chance = chance.per_row * (1 / rows + 1 / max(reference, 1.0))
    around = learn_spread(squares[:, None], {})
    middle, spread = float(around.mean[0]), float(around.sd[0]) ** 2
    scatter = (chance.variation * by_chance) ** 2
    most = max(_at_most(spread, float(around.df[0])), 1e-300)
    return _resized(
        series,
        chance.scale,
        places,
        noise=min(1.0, by_chance / middle) if middle > 0 else 0.0,
        surely=min(1.0, scatter / most),
        usual=max(middle, 0.0) ** (1 / 3),
        reference=max(reference, 1.0),
        least=0.0,
    )


def _at_most(variance: float, df: float) -> float:
    """Upper 95 % bound of a variance."""
    return variance * df / float(chdtri(df, 0.95))


def _resized(
    series: Series,
    scale: Scale,
    places: Floats,
    *,
    noise: float,
    surely: float,
    usual: float,
    reference: float,
    least: float,
) -> Laid:
    """Take every window to the usual size."""
    rows = float(np.nanmedian(series.rows))
    sizes = [
        size_of(scale, noise, surely, rows=n, usual_rows=rows, reference=reference)
        for n in np.nan_to_num(series.rows, nan=rows).tolist()
    ]
    even = [
        as_usual(scale, usual, place, size) if place == place else np.nan
        for place, size in zip(places.tolist(), sizes, strict=True)
    ]
    return Laid(
        series=series,
        scale=scale,
        noise=noise,
        surely=surely,
        usual_rows=rows,
        places=np.array(even),
        least=least,
    )


def _limits(learned: Learned) -> Iterator[Calibrated]:
    """Write each column's bounds in the measure's own unit."""
    spread, shares = learned.rates.spread, learned.rates.per_column
    reach = spread.sd * np.sqrt(1 + spread.error**2)
    expected = spread.expected(learned.scores.groups)
    for at, one in enumerate(learned.laid):
        side = int(learned.scores.sides[at])
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


def _odd(cut: Cut, learned: Learned, odd: NDArray[np.bool_]) -> Iterator[Odd]:
    """Say of each odd window which scores stand apart."""
    spread = learned.rates.spread
    z = np.abs(np.nan_to_num(spread.z(learned.scores.values, learned.scores.groups)))
    for index in np.flatnonzero(odd).tolist():
        apart_in = [at for at in np.argsort(-z[index]) if spread.odd[index, at]]
        said = [_stands_apart(learned.laid[at], index, spread.mean[at]) for at in apart_in]
        yield Odd(window=cut.starts[index].isoformat(), because=listed(said))


def _stands_apart(one: Laid, index: int, mean: float) -> str:
    check, column, label = one.series.key
    where = " in ".join(filter(None, (column, label)))
    value = amount(float(one.series.values[index]), one.series.card.unit)
    usual = amount(back(one.scale, float(mean)), one.series.card.unit)
    return f"{check}{where and f' on {where}'} {value} (usually {usual})"
