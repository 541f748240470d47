"""Which rows of a log to label: a probability sample by strata of a cheap score."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tidegauge.errors import DataError
from tidegauge.profile import LabelSample

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]

BANDS = (0.5, 0.8, 0.95, 0.99)
"""Quantiles of the score at which strata part: what is rare sits in the last few percent."""
DOUBT = 0.1
"""Part by which a score is drawn to the mean score before labels are allotted: a judge that only
says yes or no is not as sure as its 0 and 1 look."""
LEAST = 8
"""Rows drawn from each stratum at least, where it has as many and the labels suffice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stratum:
    """Rows of one slice whose scores lie in one band."""

    slice: str = ""
    """Empty where no slices were asked for."""
    high: float = math.inf
    """Largest score in it; infinite for the top band, NaN for rows without a score."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drawn:
    """Rows to label, in random order: whoever stops early leaves a sample of the same kind."""

    rows: Ints
    """Shape (drawn,): positions in the log."""
    sample: LabelSample
    """What is known of them."""
    strata: tuple[Stratum, ...]
    """What the sample's strata are."""
    seed: int
    """What the draw began from."""


def draw_sample(
    scores: Floats,
    *,
    n: int = 200,
    seed: int = 0,
    slices: Sequence[str] = (),
    clusters: Sequence[str] = (),
    scorer: str = "",
    threshold: float = math.nan,
) -> Drawn:
    """Draw rows to label.

    Strata are bands of the score between its 50th, 80th, 95th and 99th percentiles, within each
    slice; equal scores stay together, and rows without a score are a stratum of their own. Half
    of the labels go to strata by their rows, half by rows times the spread of the label that
    the score predicts (Neyman 1934, JRSS 97), at least eight to each.

    Parameters
    ----------
    scores
        Shape (rows,): the cheap score of every row that the question is asked of, best a
        probability; NaN = no score.
    n
        Rows to draw.
    seed
        Begins the draw; the same seed draws the same rows.
    slices
        Slice of each row, to have labels from each.
    clusters
        Conversation, document or user of each row, where rows belong together.
    scorer, threshold
        Name of the scorer, and the score from which it calls a row bad.

    Raises
    ------
    DataError
        When there are too few rows, or too few labels for so many strata.

    Examples
    --------
    >>> drawn = draw_sample(np.linspace(0.0, 1.0, 1_000), n=100)
    >>> drawn.sample.stratum_rows.tolist()
    [500, 300, 150, 40, 10]
    >>> np.bincount(drawn.sample.strata).tolist()
    [44, 28, 12, 8, 8]
    """
    scores = np.asarray(scores, np.float64)
    if not 2 <= n <= len(scores):
        raise DataError(
            f"asked for {n:,} rows to label, found {len(scores):,} in the log; "
            "allowed: 2 up to all of them"
        )
    strata = _bands(scores, slices)
    own = _placed(strata, scores, slices)
    rows = np.bincount(own, minlength=len(strata))
    take = allocation(rows, _spreads(scores, own, rows), n)
    chosen = _chosen(own, take, np.random.default_rng(seed))
    together = np.unique(np.asarray(clusters, np.str_), return_inverse=True)[1]
    return Drawn(
        rows=chosen,
        strata=strata,
        seed=seed,
        sample=LabelSample(
            labels=np.full(len(chosen), np.nan),
            scores=scores[chosen],
            probabilities=(take / rows)[own[chosen]],
            strata=own[chosen],
            stratum_rows=rows,
            stratum_means=_means(scores, own, rows),
            clusters=together.astype(np.int64)[chosen] if len(clusters) else np.zeros(0, np.int64),
            scorer=scorer,
            threshold=threshold,
            frame=frame_digest(scores),
        ),
    )


def allocation(rows: Ints, spreads: Floats, n: int) -> Ints:
    """Labels for each stratum: half by rows, half by rows times spread, eight at least.

    Parameters
    ----------
    rows
        Shape (strata,): rows of each.
    spreads
        Shape (strata,): standard deviation of the label in each, as far as it can be guessed.
    n
        Labels in all.

    Raises
    ------
    DataError
        When there are fewer than two labels for each stratum.
    """
    if n < 2 * len(rows) and n < rows.sum():
        raise DataError(
            f"asked for {n:,} rows to label, which is too few for {len(rows)} strata",
            f"ask for {LEAST * len(rows)} or more, or for fewer slices",
        )
    by_rows = rows / rows.sum()
    expected = rows * spreads
    by_spread = expected / expected.sum() if expected.sum() > 0 else by_rows
    wanted = n * (by_rows + by_spread) / 2.0
    least = np.minimum(rows, min(LEAST, n // len(rows)))
    low, high = 0.0, float(rows.max() / wanted.min()) + 1.0
    for _ in range(60):  # what small strata get beyond their part, or cannot hold, all others bear
        middle = (low + high) / 2.0
        enough = np.minimum(np.maximum(middle * wanted, least), rows).sum() >= n
        low, high = (low, middle) if enough else (middle, high)
    return _rounded(np.clip(high * wanted, least, rows), rows, n)


def frame_digest(scores: Floats) -> str:
    """SHA-256 in hex over a log's scores, in any order: tells whether labels are of this log."""
    return hashlib.sha256(np.sort(np.asarray(scores, "<f8")).tobytes()).hexdigest()


def carry(drawn: Drawn, scores: Floats, *, slices: Sequence[str] = ()) -> LabelSample:
    """Lay labels of an earlier log over a later one, stratum by stratum.

    The rate within each stratum is taken to have stayed what it was; how many rows each stratum
    holds is the later log's. That is right while the score means what it meant, and wrong where
    rows of equal score have become better or worse: new labels alone can tell.

    Parameters
    ----------
    drawn
        Labels of the earlier log.
    scores, slices
        Of the later one.

    Raises
    ------
    DataError
        When a slice has no labels.

    Examples
    --------
    >>> drawn = draw_sample(np.linspace(0.0, 1.0, 1_000), n=100)
    >>> carry(drawn, np.linspace(0.5, 1.5, 1_000)).stratum_rows.tolist()
    [0, 300, 150, 40, 510]
    """
    scores = np.asarray(scores, np.float64)
    own = _placed(drawn.strata, scores, slices)
    rows = np.bincount(own, minlength=len(drawn.strata))
    means = _means(scores, own, rows)
    return replace(drawn.sample, stratum_rows=rows, stratum_means=means, carried=True)


def _bands(scores: Floats, slices: Sequence[str]) -> tuple[Stratum, ...]:
    """Strata of a log, by slice and band."""
    found = []
    for label, here in _sliced(len(scores), slices):
        own = scores[here]
        scored = own[~np.isnan(own)]
        if len(scored):
            parts = np.unique(np.quantile(scored, BANDS, method="inverted_cdf"))
            highs = [*parts[parts < scored.max()].tolist(), math.inf]
            found += [Stratum(slice=label, high=high) for high in highs]
        if len(scored) < len(own):
            found.append(Stratum(slice=label, high=math.nan))
    return tuple(found)


def _sliced(rows: int, slices: Sequence[str]) -> list[tuple[str, Ints]]:
    """Positions of each slice's rows; all rows under an empty name where there are no slices."""
    if not len(slices):
        return [("", np.arange(rows))]
    labels = np.asarray(slices, np.str_)
    return [(str(label), np.flatnonzero(labels == label)) for label in np.unique(labels)]


def _placed(strata: Sequence[Stratum], scores: Floats, slices: Sequence[str]) -> Ints:
    """Stratum of each row; rows without a score go to the top band where none was drawn alone."""
    placed = np.zeros(len(scores), np.int64)
    for label, here in _sliced(len(scores), slices):
        mine = [i for i, stratum in enumerate(strata) if stratum.slice == label]
        if not mine:
            raise DataError(f'no labels are of the slice "{label}"', "draw a new sample")
        scored = [i for i in mine if not math.isnan(strata[i].high)] or mine
        highs = np.asarray([strata[i].high for i in scored])
        bands = np.minimum(np.searchsorted(highs, scores[here]), len(scored) - 1)
        placed[here] = np.asarray(scored)[bands]
        placed[here[np.isnan(scores[here])]] = mine[-1]
    return placed


def _means(scores: Floats, own: Ints, rows: Ints) -> Floats:
    """Mean score of each stratum; NaN where it holds no row, or rows without a score."""
    scored = ~np.isnan(scores)
    sums = np.bincount(own[scored], scores[scored], len(rows))
    counts = np.bincount(own[scored], minlength=len(rows))
    none = np.full(len(rows), np.nan)
    return np.asarray(np.divide(sums, counts, out=none, where=counts > 0))


def _spreads(scores: Floats, own: Ints, rows: Ints) -> Floats:
    """Guess the label's standard deviation in each stratum from what the score predicts.

    Scores that are no probabilities say nothing of it: then each stratum counts alike.
    """
    if np.nanmin(scores, initial=0.0) < 0 or np.nanmax(scores, initial=1.0) > 1:
        return np.asarray(1.0 / rows)
    known = np.isfinite(scores)
    mean = float(scores[known].mean()) if known.any() else 0.5
    guess = np.where(known, (1.0 - DOUBT) * scores + DOUBT * mean, 0.5)
    return np.asarray(np.sqrt(np.bincount(own, guess * (1.0 - guess)) / rows))


def _chosen(own: Ints, take: Ints, rng: np.random.Generator) -> Ints:
    """Rows drawn without replacement, so many of each stratum, shuffled together."""
    drawn = [
        rng.choice(np.flatnonzero(own == stratum), count, replace=False)
        for stratum, count in enumerate(take.tolist())
    ]
    return rng.permutation(np.concatenate(drawn))


def _rounded(wanted: Floats, rows: Ints, n: int) -> Ints:
    """Whole numbers that sum to n, none above its rows; largest remainders are rounded up."""
    take = np.minimum(np.floor(wanted + 1e-9).astype(np.int64), rows)
    order = np.argsort(take - wanted, kind="stable")
    for stratum in np.tile(order, 2):
        if take.sum() >= n:
            break
        take[stratum] += take[stratum] < rows[stratum]
    return take
