"""Scores laid onto a scale where windows scatter nearly normally, as if all were of one size."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from scipy.special import chdtri

from tidegauge.calibration.chance import Chance
from tidegauge.calibration.scales import Scale, as_usual, onto, scale_of, size_of
from tidegauge.calibration.scored import Series
from tidegauge.calibration.spread import Floats, learn_spread


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


def lay_level(series: Series, confidence: float) -> Laid:
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


def lay_distance(series: Series, chance: Chance, reference: float) -> Laid:
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
