"""The simple rule by which a column's values were changed, where there is one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from tidegauge.case import Case, Variable
from tidegauge.errors import NotApplicable, TooFewRows
from tidegauge.records import ExplainerCard
from tidegauge_evaluators import _shapes_conversions as conversions
from tidegauge_evaluators import _shapes_numeric as numeric
from tidegauge_evaluators import _shapes_points as points
from tidegauge_evaluators import _shapes_rules as rules
from tidegauge_evaluators import _shapes_time as time
from tidegauge_evaluators._shapes import ALPHA, Fitted, Guess, Numbers, changed, deviance
from tidegauge_evaluators._shapes_categories import Recoding, fitted, recodings
from tidegauge_evaluators._shapes_column import Column, column_of, restored, spread_of, weigh
from tidegauge_evaluators._shapes_levels import PRICE, Levels, levels_of
from tidegauge_evaluators._shapes_missing import nulls
from tidegauge_evaluators._shapes_rest import correlation, lag_of, others

__all__ = ["CARD", "Fitted", "shape"]

CARD = ExplainerCard(
    title="Shape of a distortion",
    explain="Which simple rule turned the baseline's values into the current ones: a unit, a "
    "default, exchanged categories, shuffled rows?",
    reference="Minimum description length: Rissanen 1978, Automatica 14; Schwarz 1978, Annals of "
    "Statistics 6(2). Mixtures by expectation maximisation: Dempster, Laird & Rubin 1977. "
    "Assignment of levels: Kuhn 1955",
)

FEWEST_ROWS = 20
"""Fewer rows on a side tell nothing."""
SHOWN = 4
"""Shapes that are returned at most."""
CODES = 30
"""Whole numbers with at most so many values may be codes of categories."""
POINTED = {"sentinel": 0.02, "stale": 0.05, "nulls": 0.0, "rounding": 0.02, "lag": 0.2,
           "shuffle": 0.4}  # fmt: skip
"""Smallest part of the change that each must explain; half, for those not named."""


def shape(
    case: Case, column: str, *, given: Sequence[str] = (), rng: np.random.Generator
) -> tuple[Fitted, ...]:
    """Name the simple rule by which a column's values were changed.

    Each rule is weighed by the nats it saves over "nothing changed": in the distribution of the
    values, the share of missing ones, the decimals, repeats from row to row, and how the column
    hangs together with the others; the numbers that the rule itself needs are paid for. A map
    from quantiles to quantiles would always fit and names nothing, so it is not among them.

    A shift of the mean or the spread that is real looks like a bias or a scale; ``exact`` is
    what tells them apart from a constant that somebody chose. Rows' weights are not read.

    Parameters
    ----------
    case
        Rows of both sides.
    column
        The one that changed.
    given
        Columns that it hangs together with; every other feature unless given.
    rng
        Source of the noise that a guess of noise needs, and of rows where there are many.

    Returns
    -------
    Best first, at most four, each name once; empty where nothing changed or nothing fits.

    Raises
    ------
    NotApplicable
        When there is no such column, or it holds no value in the baseline.
    TooFewRows
        When a side has fewer than 20 rows.

    Examples
    --------
    >>> from tidegauge.case import case_of
    >>> rng = np.random.default_rng(0)
    >>> weight = rng.lognormal(4.0, 0.3, 2000)
    >>> now = np.arange(2000) >= 1000
    >>> case = case_of({"weight": np.where(now, 0.45359237 * weight, weight)}, now)
    >>> best, *_ = shape(case, "weight", rng=rng)
    >>> best.shape.said, best.shape.exact
    ('times 0.4536 (pounds to kilograms)', True)
    """
    if column not in case.variables:
        raise NotApplicable(f'there is no column "{column}" among the rows')
    if min(case.n_baseline, case.n_current) < FEWEST_ROWS:
        raise TooFewRows(needed=FEWEST_ROWS, n_baseline=case.n_baseline, n_current=case.n_current)
    variable = case[column]
    if not np.isfinite(variable.values[~case.current]).any():
        raise NotApplicable(f'"{column}" holds no value in the baseline')
    beside = others(case, column, given)
    if variable.categorical:
        found = _categories(case, variable, beside, rng=rng)
    elif variable.instant:
        found = _moments(case, variable, beside)
    else:
        # a conversion may leave what floats can hold; it then simply does not fit
        with np.errstate(over="ignore", under="ignore", divide="ignore", invalid="ignore"):
            found = _numbers(case, variable, beside, rng=rng)
    return _best(found)


def _best(found: Sequence[Fitted]) -> tuple[Fitted, ...]:
    """Put the best of each name first."""
    once: dict[str, Fitted] = {}
    for one in sorted(found, key=lambda one: -one.gain):
        if one.gain > PRICE:
            once.setdefault(one.shape.name, one)
    return tuple(once.values())[:SHOWN]


def _numbers(
    case: Case, variable: Variable, beside: Sequence[str], *, rng: np.random.Generator
) -> list[Fitted]:
    name = variable.name
    column = column_of(case, name, beside, rng=rng)
    if not (column.differs() or points.repeated(column)):
        return []
    if epochs := list(time.epochs(column.then, column.now)):
        return epochs
    guesses = list(_lost(case, name, beside, column.charge, column.spread))
    if len(column.ordered) >= FEWEST_ROWS <= len(column.then):
        guesses += _guesses(column, rng)
        if column.loosened():
            lagged = list(_lags(case, name, beside, column))
            # a shuffle explains as much and says less
            guesses = [one for one in guesses if not lagged or one.name != "shuffle"] + lagged
    found = [
        _modest(column, guess, one)
        for guess, one in _weighed(column, guesses)
        if _offered(column, guess, one)
    ]
    coded = _coded(column, variable)
    return found + (_categories(case, coded, beside, rng=rng) if coded else [])


def _guesses(column: Column, rng: np.random.Generator) -> Iterator[Guess]:
    yield from points.stuck(column)
    if column.ordered[0] == column.ordered[-1]:
        return
    yield from points.spikes(column)
    yield from points.clips(column)
    yield from rules.shuffled(column)
    if column.then[0] == column.then[-1]:
        return
    yield from rules.rules(column)
    yield from rules.decimals(column)
    yield from conversions.units(column)
    yield from numeric.lines(column)
    yield from numeric.shares(column)
    yield from rules.noise(column, rng)
    yield from time.hours(column)


def _lost(
    case: Case, name: str, beside: Sequence[str], charge: float, spread: float
) -> Iterator[Guess]:
    guess = nulls(case, name, beside, charge, spread)
    if guess is not None:
        yield guess


def _weighed(column: Column, guesses: Sequence[Guess]) -> list[tuple[Guess, Fitted]]:
    """Weigh all guesses; look at the repaired values of those that may be shown."""
    once: dict[str, list[tuple[Guess, Fitted]]] = {}
    weighed = [(guess, weigh(column, guess)) for guess in guesses]
    for pair in sorted(weighed, key=lambda pair: -pair[1].gain):
        if pair[1].gain > PRICE:
            once.setdefault(pair[0].name, []).append(pair)
    shown = [pair for pairs in once.values() for pair in pairs[:2]]
    shown = sorted(shown, key=lambda pair: -pair[1].gain)[: 2 * SHOWN]
    return [
        (guess, restored(column, one) if guess.undoable and guess.counts is not None else one)
        for guess, one in shown
    ]


def _offered(column: Column, guess: Guess, one: Fitted) -> bool:
    """Whether a fit is more than what any guess with a free number reaches."""
    least = POINTED.get(guess.name, 0.5)
    if guess.name == "sentinel" and not guess.exact and not guess.params["fresh"]:
        least = 0.5  # a value that was there before may well become frequent by itself
    if one.shape.fit < least:
        return False
    part = "share" in guess.params and guess.undoable
    if part and one.restored < 0.4 and not (guess.exact and one.shape.fit > 0.8):
        return False  # a mixture whose parts nobody can tell apart names nothing
    return column.distinguishable or guess.name in POINTED or _heard(column, guess)


def _heard(column: Column, guess: Guess) -> bool:
    """Whether the other columns speak for a guess about values of which there are few."""
    held = column.bond
    if held is None or guess.counts is None:
        return False
    was = held.far(held.then, held.now(column.now))
    return was - held.far(held.then, held.now(guess.undo(column.now))) > PRICE


def _modest(column: Column, guess: Guess, one: Fitted) -> Fitted:
    """Take back "exact" from a rule that leaves much open, or a sign that only others show."""
    turned = guess.name in ("sign", "complement")
    hidden = turned and not changed(column.counts_then, column.counts_now, column.spread)
    loose = guess.name not in POINTED and one.shape.fit < (0.95 if "rule" in guess.params else 0.8)
    if one.shape.exact and (hidden or loose):
        return replace(one, shape=replace(one.shape, exact=False))
    return one


def _lags(case: Case, name: str, beside: Sequence[str], column: Column) -> Iterator[Guess]:
    """Values that stand some rows away from their own."""
    held = column.bond
    if held is None:
        return
    lag, at, without = lag_of(case, name, beside, held.then)
    rows = min(len(column.now), 20_000)
    if not lag or abs(at) - abs(without) < 6.0 * rows**-0.5 or abs(at) < 0.7 * abs(held.then):
        return

    def undo(values: Numbers) -> Numbers:
        back = np.roll(values, -lag)
        back[slice(-lag, None) if lag > 0 else slice(None, -lag)] = np.nan
        return back

    many = f"{abs(lag)} row{'s' if abs(lag) > 1 else ''}"
    yield Guess(
        name="lag",
        said=f"values stand {many} too {'late' if lag > 0 else 'early'}",
        charge=2.0 * math.log(4_000.0),
        undo=undo,
        exact=True,
        params={"rows": float(lag)},
    )


def _coded(column: Column, variable: Variable) -> Variable | None:
    """Read the column as categories, where its whole numbers may be codes."""
    if column.step_then < 1.0 or column.step_now < 1.0:
        return None
    before = np.unique(column.then)
    if not 3 <= len(before) <= CODES:
        return None
    after = np.setdiff1d(column.ordered, before)
    if len(after) > CODES:
        return None
    known = np.concatenate([before, after])
    order = np.argsort(known)
    place = np.searchsorted(known[order], np.nan_to_num(variable.values)).clip(0, len(known) - 1)
    codes = np.where(np.isfinite(variable.values), order[place].astype(np.float64), np.nan)
    names = tuple(f"{value:.15g}" for value in known.tolist())
    return replace(variable, values=codes, levels=names)


def _categories(
    case: Case, variable: Variable, beside: Sequence[str], *, rng: np.random.Generator
) -> list[Fitted]:
    """Shapes of levels; codes of numbers come back as those numbers."""
    original = case[variable.name]
    numbered = not original.categorical
    levels = levels_of(case, variable, beside, rng=rng)
    spread = spread_of(case, variable.values)
    found: list[Fitted] = []
    if not numbered:
        found += _missing(case, variable, beside, spread)
    if not levels.all_then or not levels.all_now or not _moved(levels, spread):
        return found
    place = {name: i for i, name in enumerate(levels.names)}
    table = np.array([place.get(name, np.nan) for name in variable.levels])
    now = variable.values[case.current]
    codes = np.where(np.isfinite(now), table[np.nan_to_num(now).astype(np.int64)], np.nan)
    back = np.array(
        [float(name) if numbered else variable.levels.index(name) for name in levels.names]
    )
    for guess in recodings(levels):
        if numbered and (guess.name not in ("remap", "merge") or _slid(guess, levels, back)):
            continue
        one = fitted(levels, guess, codes, spread)
        if one.shape.fit >= guess.least:
            kept = np.isfinite(one.repaired)
            values = np.where(kept, back[np.nan_to_num(one.repaired).astype(np.int64)], np.nan)
            rare = np.isnan(codes) & np.isfinite(now)
            values[rare] = original.values[case.current][rare]
            found.append(replace(one, repaired=values))
    return found


def _slid(guess: Recoding, levels: Levels, back: Numbers) -> bool:
    """Whether codes moved along their order, as amounts do and names do not."""
    pairs = np.array([(back[then], back[now]) for now, then in guess.back.items() if then >= 0])
    return len(pairs) > 2 and correlation(pairs[:, 0], pairs[:, 1]) > 0.3


def _moved(levels: Levels, spread: float) -> bool:
    """Whether frequencies changed, or what goes along with the levels."""
    from scipy.special import chdtrc

    if changed(levels.then, levels.now, spread):
        return True
    looks = np.diag(levels.unlike)
    freedom = int(np.count_nonzero(looks)) * levels.looks_then.shape[1]
    return freedom > 0 and bool(chdtrc(freedom, looks.sum() / spread) < ALPHA)


def _missing(case: Case, variable: Variable, beside: Sequence[str], spread: float) -> list[Fitted]:
    """Missing levels, as a shape by itself."""
    now = variable.values[case.current]
    guess = nulls(case, variable.name, beside, math.log(len(now)), spread)
    if guess is None:
        return []
    counts = [
        np.array([np.isnan(side).sum(), np.isfinite(side).sum()], dtype=np.float64)
        for side in (variable.values[~case.current], now)
    ]
    gain = float(deviance(counts[0], counts[1])) / spread - guess.charge
    return [Fitted(shape=guess.shape(1.0), repaired=now, restored=1.0, undoable=False, gain=gain)]


def _moments(case: Case, variable: Variable, beside: Sequence[str]) -> list[Fitted]:
    """Shapes of moments: a later log holds later ones, which is no change."""
    values = variable.values
    then, now = values[~case.current], values[case.current]
    found = _missing(case, variable, beside, spread_of(case, values))
    then, there = then[np.isfinite(then)], np.isfinite(now)
    if there.sum() < FEWEST_ROWS or len(then) < FEWEST_ROWS:
        return found
    return found + list(time.moments(then, now, there))
