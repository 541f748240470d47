"""One change of the mean in a series of windows: whether, where, and whether at once or slowly.

All places, or pairs of places, are tried: exact, and one product of matrices for a few dozen
windows. What a library for many change points adds, a search that need not try all, is not
needed, and what is needed here it lacks: a p-value where noise is autocorrelated, and a test of
steps against ramps.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tidegauge_evaluators._spectrum import Noise, drawn_slow, noise_of
from tidegauge_evaluators._time_windows import Windows, phases_of

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
Form = Literal["step", "passing", "ramp"]

DRAWS = 399
"""Series that are drawn without a change, for the p-value."""


class Shapes(NamedTuple):
    """Every course that a mean may take: 0 before a change, 1 after it."""

    begin: Places
    """Shape (shapes,): the first window that is changed, or the last one before a ramp."""
    end: Places
    """Shape (shapes,): first window that is unchanged again, or fully changed; the number of
    windows for a step."""
    courses: Floats
    """Shape (shapes, windows)."""
    form: NDArray[np.str_]
    """Shape (shapes,)."""


class Found(NamedTuple):
    """The best course of a series and what it leaves."""

    shape: int
    """Which of the shapes."""
    gain: float
    """Squares that it explains, over ``variance``."""
    variance: float
    """Long-run variance of noise in the current windows, as a multiple of their own noise."""
    noise: Noise
    residuals: Floats
    """Shape (windows,)."""


def shapes_of(past: bool, windows: int) -> Shapes:
    """List the courses that so many windows of a current log may have.

    Steps; changes that pass; and ramps that take at least three windows, for a step in the
    middle of a window looks like one of two. No change lasts less than two windows.
    """
    place = np.arange(windows)
    first = 0 if past else 2
    steps = [(k, windows, "step") for k in range(first, windows - 1)]
    passing = [
        (k, end, "passing") for k in range(max(first, 1), windows - 3)
        for end in range(k + 2, windows - 1)
    ]  # fmt: skip
    ramps = [(k, end, "ramp") for k in range(-1, windows - 3) for end in range(k + 4, windows + 1)]
    begin, end = (
        np.array([one[i] for one in (*steps, *passing, *ramps)], np.int64) for i in (0, 1)
    )
    form = np.array([one[2] for one in (*steps, *passing, *ramps)])
    inside = (place >= begin[:, None]) & (place < end[:, None])
    slope = (place - begin[:, None]) / np.maximum(end - begin, 1)[:, None]
    courses = np.where((form == "ramp")[:, None], np.clip(slope, 0.0, 1.0), inside)
    return Shapes(begin, end, courses.astype(np.float64), form)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Search:
    """All courses laid over one grid of windows, ready for many series at once.

    Windows of one phase, a time of day or week, have a level of their own: courses and series
    are read as deviations from the means of phases, so that a season is neither taken for a
    change nor known better than the data tell.
    """

    shapes: Shapes
    past: int
    """Windows of the baseline; the change is 0 there."""
    noise: Floats
    """Shape (windows,)."""
    phases: Places
    """Shape (windows,)."""
    filters: Floats
    """Shape (shapes, phases + current windows): each centred, of length 1, in noise's metric."""

    @classmethod
    def over(cls, windows: Windows) -> Search:
        """Prepare the search of a grid."""
        past, noise, phases = windows.past, windows.noise, phases_of(windows)
        shapes = shapes_of(past > 0, len(noise) - past)
        weight = 1.0 / noise
        before = np.bincount(phases[:past], weight[:past], int(phases.max()) + 1)
        since, now = weight[past:], phases[past:]
        total = before + np.bincount(now, since, len(before))
        member = np.zeros((len(now), len(before)))
        member[np.arange(len(now)), now] = since
        middle = shapes.courses @ member / total
        filters = np.concatenate(
            [-middle * before, (shapes.courses - middle[:, now]) * since], axis=1
        )
        squares = (middle**2) @ before + ((shapes.courses - middle[:, now]) ** 2) @ since
        kept = squares > 1e-9 * squares.max(initial=0.0)
        shapes = Shapes(*(part[kept] for part in shapes))
        return cls(
            shapes=shapes, past=past, noise=noise, phases=phases,
            filters=filters[kept] / np.sqrt(squares[kept])[:, None],
        )  # fmt: skip

    def gains(self, series: Floats) -> Floats:
        """Squares that each shape explains of each series: (windows, many) -> (shapes, many)."""
        before = _phase_means(series[: self.past], self.phases[: self.past],
                              1.0 / self.noise[: self.past],
                              self.filters.shape[1] - len(self.noise) + self.past)  # fmt: skip
        found: Floats = (self.filters @ np.concatenate([before, series[self.past :]])) ** 2
        return found

    def course(self, shape: int) -> Floats:
        """Give a shape over all windows."""
        return np.concatenate([np.zeros(self.past), self.shapes.courses[shape]])

    def sizes(self, series: Floats, best: Places) -> tuple[Floats, Floats]:
        """Fit a course to each series: what it leaves, and sizes of the change."""
        weight = 1.0 / self.noise
        count = int(self.phases.max()) + 1

        def around(rows: Floats) -> Floats:
            return rows - _phase_means(rows, self.phases, weight, count)[self.phases]

        courses, left = (
            around(np.stack([self.course(int(i)) for i in best], axis=1)),
            around(series),
        )
        size = (weight @ (courses * left)) / (weight @ courses**2)
        return left - size * courses, size

    def long_run(self, noise: Noise) -> Floats:
        """Variance of a long stretch's mean, as a multiple of what its windows' noise gives."""
        each = noise.lasting * float((1.0 / self.noise[self.past :]).mean())
        found: Floats = each + noise.white / float(self.noise.mean())
        n, fitted = len(self.noise), int(self.phases.max()) + 3
        return np.maximum(found * n / max(1, n - fitted), 1e-300)

    def levels(self, means: Floats, shape: int) -> tuple[float, float]:
        """Mean before and after the change."""
        size = float(self.sizes(means[:, None], np.array([shape]))[1][0])
        rest = means - size * self.course(shape)
        level = float(np.average(rest, weights=1.0 / self.noise))
        return level, level + size


def _phase_means(series: Floats, phases: Places, weight: Floats, count: int) -> Floats:
    """Weighted means of the windows of each phase, shape (count, many); 0 where there is none."""
    if count == 1 and len(series):
        mean: Floats = (weight @ series / weight.sum())[None]
        return mean
    member = np.zeros((count, len(series)))
    member[phases, np.arange(len(series))] = weight
    means: Floats = member @ series / np.maximum(member.sum(axis=1), 1e-300)[:, None]
    return means


def find(search: Search, means: Floats) -> Found:
    """Find the course that explains a series best."""
    series = means[:, None]
    gains = search.gains(series)[:, 0]
    best = int(gains.argmax())
    residuals = search.sizes(series, np.array([best]))[0]
    noise = noise_of(residuals)
    variance = float(search.long_run(noise)[0])
    return Found(best, float(gains[best]) / variance, variance, noise, residuals[:, 0])


def chance_of(
    search: Search, found: Found, rng: np.random.Generator, draws: int = DRAWS
) -> tuple[float, float]:
    """Probability of a course that explains as much where nothing changed.

    Series are drawn with the noise found, and treated as the data were (Monte Carlo test:
    Davison & Hinkley 1997, section 4.2).

    Returns
    -------
    tuple
        The p-value, and the gain over the 95 % quantile of drawn gains.
    """
    series = drawn_noise(search, found, rng, draws)
    gains = search.gains(series)
    best = gains.argmax(axis=0)
    noise = noise_of(search.sizes(series, best)[0])
    by_chance = gains[best, np.arange(draws)] / search.long_run(noise)
    p_value = (1.0 + np.count_nonzero(by_chance >= found.gain)) / (draws + 1.0)
    return p_value, found.gain / float(np.quantile(by_chance, 0.95))


def drawn_noise(search: Search, found: Found, rng: np.random.Generator, draws: int) -> Floats:
    """Draw series of noise alone, shape (windows, draws).

    Its white part is redrawn from what the best course leaves, so that counts of rare rows stay
    as skewed as they are.
    """
    left = found.residuals / np.sqrt(search.noise)
    left -= left.mean()
    spread = float(left.std())
    size = (len(search.noise), draws)
    white = rng.choice(left / spread, size) if spread > 0.0 else rng.normal(size=size)
    scale = np.sqrt(found.noise.white[0] * search.noise / search.noise.mean())
    series: Floats = white * scale[:, None] + drawn_slow(found.noise, size, rng)
    return series


def form_of(
    search: Search,
    means: Floats,
    found: Found,
    rng: np.random.Generator,
    confidence: float,
    draws: int = 199,
) -> int:
    """Choose the shape: a step, unless a step with this noise would hardly look so much like more.

    Returns
    -------
    int
        Which of the shapes.
    """
    form = search.shapes.form
    steps, others = np.flatnonzero(form == "step"), np.flatnonzero(form != "step")
    gains = search.gains(means[:, None])[:, 0]
    step = int(steps[gains[steps].argmax()])
    if not len(others) or form[found.shape] == "step":
        return step
    size = search.sizes(means[:, None], np.array([step]))[1][0]
    series = drawn_noise(search, found, rng, draws) + size * search.course(step)[:, None]
    # A step in the middle of a window leaves one window between both levels.
    series[search.past + search.shapes.begin[step]] -= size * rng.uniform(size=draws)
    drawn_gains = search.gains(series)
    beyond = drawn_gains[others].max(axis=0) - drawn_gains[steps].max(axis=0)
    more = float(gains[found.shape] - gains[step])
    p_value = (1.0 + np.count_nonzero(beyond >= more)) / (draws + 1.0)
    return found.shape if p_value <= 1.0 - confidence else step


def admissible(gains: Floats, variance: float, confidence: float) -> NDArray[np.bool_]:
    """Places of a change that the data do not rule out, by the likelihood ratio.

    Hansen 2000, Econometrica 68: the ratio's law where a change is small against the noise, and
    conservative where it is not.

    Examples
    --------
    >>> admissible(np.array([10.0, 92.0, 100.0, 93.0, 50.0]), 1.0, 0.95).tolist()
    [False, False, True, True, False]
    """
    most = -2.0 * math.log(1.0 - math.sqrt(confidence))
    found: NDArray[np.bool_] = gains >= gains.max() - most * variance
    return found
