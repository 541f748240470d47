"""Track B: changes planted in rows of real tables, whose correlations nobody made up.

A third of a table's rows, the same for every seed, trains the model in production; the others are
drawn at random as baseline and current log, so that nothing differs between them until something
is planted. Columns are drawn at random, whether or not anything depends on them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from _causes_changes import ANYWHERE, Changed, Ground, Unsuitable, drawn, selected, tried
from _causes_distortions import Struck, eligible, relabelled, strike
from _causes_planted import (
    FAULTS,
    TARGET,
    Columns,
    Planted,
    Served,
    Severity,
    Side,
    Task,
    case_from,
    dose,
    fit,
    generator,
    normal_scores,
    numeric,
)
from _tables import FEATURES, is_numeric
from tidegauge.case import Numbers, Variable

LARGE = 5_000
"""Tables with fewer rows cannot spare what a selection leaves out."""
DAY = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Table:
    """A table and its target."""

    name: str
    columns: Columns
    target: Numbers
    task: Task
    seconds: Numbers | None = None
    """When each row happened; ``None`` = its rows have no order."""

    @property
    def rows(self) -> int:
        """How many."""
        return len(self.target)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a table's target and time are."""

    target: str
    task: Task
    features: tuple[str, ...] = ()
    time: str = ""
    """A column of moments, or of rows in order."""
    rows_a_day: float = 0.0
    """Where ``time`` numbers the rows."""
    leaves_out: tuple[str, ...] = ()


SOURCES: Mapping[str, Source] = {
    "adult": Source(target="target", task="classification"),
    "bike_sharing_hour": Source(target="cnt", task="regression", time="timestamp"),
    "credit_default_taiwan": Source(target="target", task="classification"),
    "elec2": Source(
        target="target", task="classification", time="t", rows_a_day=48, leaves_out=("day",)
    ),
    "metro_traffic": Source(
        target="traffic_volume", task="regression", time="timestamp",
        leaves_out=("traffic_volume",),
    ),
    "noaa_weather": Source(target="target", task="classification", time="t", rows_a_day=1),
    "telco_churn": Source(target="target", task="classification"),
}  # fmt: skip
"""Tables of the folder; those that come with scikit-learn are ``BUNDLED``."""
BUNDLED = ("breast_cancer", "diabetes", "digits")
"""Thirty correlated measurements; ten of patients; ten components of 8 x 8 pictures."""


def table_names(folder: Path | None) -> tuple[str, ...]:
    """Name the tables that can be read."""
    there = tuple(n for n in SOURCES if folder is not None and (folder / f"{n}.parquet").is_file())
    return (*there, *BUNDLED)


@cache
def table(folder: Path | None, name: str) -> Table:
    """Read a table."""
    return bundled(name) if name in BUNDLED else from_file(Path(str(folder)), name)


def from_file(folder: Path, name: str) -> Table:
    """Read one of the folder's tables, texts as categories."""
    source = SOURCES[name]
    names = [n for n in FEATURES[name] if n not in source.leaves_out]
    read = pq.read_table(folder / f"{name}.parquet")
    target = np.asarray(read[source.target].to_numpy(), dtype=np.float64)
    return Table(
        name=name,
        columns={n: variable(n, read[n]) for n in names},
        target=target,
        task=source.task,
        seconds=moments(read, source),
    )


def variable(name: str, column: Any) -> Variable:
    """Code one Arrow column."""
    if is_numeric(column):
        return Variable(name=name, values=np.asarray(column.to_numpy(), dtype=np.float64))
    coded = column.cast(pa.string()).combine_chunks().dictionary_encode()
    codes = coded.indices.to_numpy(zero_copy_only=False).astype(np.float64)
    return Variable(name=name, values=codes, levels=tuple(coded.dictionary.to_pylist()))


def moments(read: Any, source: Source) -> Numbers | None:
    """Seconds of each row; row numbers count from 1970."""
    if not source.time:
        return None
    if source.rows_a_day:
        return np.asarray(read[source.time].to_numpy(), dtype=np.float64) * DAY / source.rows_a_day
    return np.asarray(read[source.time].cast(pa.int64()).to_numpy(), dtype=np.float64) / 1e6


def bundled(name: str) -> Table:
    """Read one of the tables that come with scikit-learn."""
    from sklearn import datasets

    if name == "digits":
        from sklearn.decomposition import PCA

        pixels, digit = datasets.load_digits(return_X_y=True)
        matrix = PCA(10, random_state=0, svd_solver="full").fit_transform(pixels)
        names = [f"component {i + 1}" for i in range(10)]
        return Table(name=name, columns=numbers(names, matrix), target=(digit % 2) * 1.0,
                     task="classification")  # fmt: skip
    data = datasets.load_breast_cancer() if name == "breast_cancer" else datasets.load_diabetes()
    task: Task = "classification" if name == "breast_cancer" else "regression"
    columns = numbers(list(map(str, data.feature_names)), data.data)
    return Table(name=name, columns=columns, target=data.target.astype(np.float64), task=task)


def numbers(names: list[str], matrix: Numbers) -> Columns:
    """Name the columns of a matrix."""
    return {
        name: Variable(name=name, values=np.ascontiguousarray(column))
        for name, column in zip(names, matrix.T, strict=True)
    }


@lru_cache(maxsize=16)
def production(folder: Path | None, name: str) -> tuple[Served, NDArray[np.int64]]:
    """Train the table's model; return it with the rows that it has not seen."""
    source = table(folder, name)
    order = generator(0, "training", name).permutation(source.rows)
    third = source.rows // 3
    learned = side(source, order[:third])
    return fit(learned.columns, learned.target, source.task), np.sort(order[third:])


def side(source: Table, rows: NDArray[np.int64], served: Served | None = None) -> Side:
    """Take rows of a table as a log."""
    columns = {n: replace(one, values=one.values[rows]) for n, one in source.columns.items()}
    output = served(columns) if served else np.zeros(len(rows))
    return Side(columns=columns, target=source.target[rows], output=output)


def planted(
    fault: str,
    severity: Severity,
    *,
    seed: int,
    name: str,
    folder: Path | None = None,
    rows: int = 5_000,
) -> Planted:
    """Take rows of a table and plant a fault, at most ``rows`` a side.

    Raises
    ------
    Unsuitable
        When the table has no column that can have the fault, or too few rows for it.
    """
    source = table(folder, name)
    served, unseen = production(folder, name)
    rng = generator(seed, "B", fault, severity, name)
    if fault == "F17" and severity != "subtle":
        changed = over_time(source, served, unseen, severity, rows, rng)
    else:
        plant = OWN.get(fault) or ANYWHERE.get(fault)
        if plant is None:
            raise Unsuitable("a table does not say what its columns do to each other")
        ground = ground_of(fault, source, served, unseen, severity, rows, rng)
        changed = tried(plant, ground)
    return Planted(
        case=case_from(changed.before, changed.now, source.task),
        fault=fault,
        severity=severity,
        truth=changed.truth,
        verdict=changed.verdict or FAULTS[fault].verdict,
        seed=seed,
        source=name,
        said=changed.said,
        also=changed.also,
        beside=changed.beside,
        segment=changed.segment,
        inside=changed.inside,
        asks=changed.asks,
    )


def ground_of(
    fault: str,
    source: Table,
    served: Served,
    unseen: NDArray[np.int64],
    severity: Severity,
    rows: int,
    rng: np.random.Generator,
) -> Ground:
    """Draw both sides at random; where rows are selected, two thirds are left to select from."""
    selects = fault in SELECTS
    if selects and source.rows < LARGE:
        raise Unsuitable("too few rows to select from")
    order = rng.permutation(unseen)
    first = min(rows, len(order) // (3 if selects else 2))
    return Ground(
        before=side(source, order[:first], served),
        now=side(source, order[first : 2 * first], served),
        spare=lambda: side(source, order[first:], served),
        served=served,
        rival=lambda: rival(source, unseen, served),
        suspects=tuple(source.columns),
        severity=severity,
        rng=rng,
    )


def rival(source: Table, unseen: NDArray[np.int64], served: Served) -> Served:
    """Train a linear model on the rows that the other one learned from."""
    learned = side(source, np.setdiff1d(np.arange(source.rows), unseen))
    return fit(learned.columns, learned.target, source.task, linear=True)


def over_time(
    source: Table,
    served: Served,
    unseen: NDArray[np.int64],
    severity: Severity,
    rows: int,
    rng: np.random.Generator,
) -> Changed:
    """Draw whole days at random, or take alternate weeks: rows depend on each other, no more."""
    if source.seconds is None:
        raise Unsuitable("its rows have no time")
    days = ((source.seconds - source.seconds.min()) // DAY).astype(np.int64)
    blocks = days if severity == "medium" else days // 7
    least = int(rng.integers(0, max(1, len(unseen) - 2 * rows)))
    stretch = unseen[least : least + 2 * rows]
    chosen = np.unique(blocks[stretch])
    if severity == "medium":
        now = np.isin(blocks[stretch], rng.choice(chosen, len(chosen) // 2, replace=False))
    else:
        now = blocks[stretch] % 2 == int(rng.integers(2))
    sides = [
        replace(side(source, part, served), seconds=source.seconds[part], blocks=blocks[part])
        for part in (stretch[~now], stretch[now])
    ]
    said = "days at random" if severity == "medium" else "alternate weeks"
    return Changed(before=sides[0], now=sides[1], truth=(), said=said)


def tilted(ground: Ground, names: tuple[str, ...], tilt: float, said: str) -> Changed:
    """Select rows by the rank of some columns, so that their normal scores move by ``tilt``."""
    spare, rng = ground.spare(), ground.rng
    each = [normal_scores(spare.columns[n].values, rng, levels=len(spare.columns[n].levels))
            for n in names]  # fmt: skip
    scores = np.sum(each, axis=0)
    scores = scores / np.std(scores)
    return selected(ground, spare, np.exp(tilt * scores), names, said)


def root(ground: Ground) -> Changed:
    """Select rows by one column: what depends on it moves along, given it nothing does."""
    column = drawn(eligible("F2", ground.before.columns), ground)
    tilt = float(ground.rng.choice([-1, 1])) * dose(ground.severity, (0.2, 0.5, 1.0))
    return tilted(ground, (column,), tilt, f"{column} moved by about {tilt:g} sd, rows selected")


def concept(ground: Ground) -> Changed:
    """Change the labels beyond one column's median, or on its rarer half of levels."""
    rng, now = ground.rng, ground.now
    column = drawn(eligible("F2", now.columns), ground)
    variable = now.columns[column]
    scores = normal_scores(variable.values, rng, levels=len(variable.levels))
    inside = scores > np.median(scores)
    shares = (0.05, 0.15, 0.35)
    if ground.served.task == "regression":
        shares = (0.075, 0.2, 0.5)
    now = relabelled(now, inside, dose(ground.severity, shares), rng)
    return Changed(before=ground.before, now=now, truth=(column,), beside=(TARGET,),
                   said=f"labels changed beyond the median of {column}")  # fmt: skip


def pair(ground: Ground) -> Changed:
    """Select rows by the sum of two correlated numbers, as their common cause would."""
    from scipy.stats import spearmanr

    names = numeric(ground.before.columns)
    if len(names) < 2:
        raise Unsuitable("too few numbers")
    matrix = np.column_stack([ground.before.columns[n].values for n in names])
    correlated = np.atleast_2d(spearmanr(matrix, nan_policy="omit").statistic)
    if correlated.shape != (len(names), len(names)):
        raise Unsuitable("too few numbers")
    close = np.argwhere(np.triu(np.abs(correlated) > 0.4, 1) & (np.abs(correlated) < 0.98))
    if not len(close):
        raise Unsuitable("no two columns are correlated")
    first, second = (names[i] for i in close[ground.rng.integers(len(close))])
    tilt = dose(ground.severity, (0.2, 0.5, 1.0))
    said = f"{first} and {second} moved by about {tilt:g} sd together, rows selected"
    return tilted(ground, (first, second), tilt, said)


def two(ground: Ground) -> Changed:
    """Plant two faults of values in two columns."""
    rng, now = ground.rng, ground.now
    struck: list[Struck] = []
    fit = [f for f in ("F1", "F2", "F3", "F4", "F5") if len(eligible(f, now.columns)) > 1]
    for fault in rng.choice(fit, 2):
        names = [
            n for n in eligible(str(fault), now.columns) if n not in {s.column for s in struck}
        ]
        column = drawn(names, ground)
        struck.append(strike(now, str(fault), ground.severity, column, ground.served, rng))
        now = struck[-1].side
    return Changed(before=ground.before, now=now, truth=tuple(s.column for s in struck),
                   said="; ".join(s.said for s in struck), verdict="distortion")  # fmt: skip


def small_among_harmless(ground: Ground) -> Changed:
    """Let two numbers drift that the model hardly reads, and bias one that it does read."""
    now, rng = ground.now, ground.rng
    names = numeric(now.columns)
    reads = sorted(names, key=lambda name: importance(ground, name))
    if len(reads) < 4:
        raise Unsuitable("too few numbers")
    harmless, third = reads[:2], max(1, len(reads) // 3)
    cause = str(rng.choice(reads[-third:]))
    for name, size in [*((n, 1.0) for n in harmless),
                       (cause, dose(ground.severity, (0.3, 0.6, 1.0)))]:  # fmt: skip
        values = now.columns[name].values
        bias = size * float(np.nanstd(values)) * float(rng.choice([-1, 1]))
        now = now.struck(name, values + bias, ground.served)
    return Changed(before=ground.before, now=now, truth=(cause,), asks="loss",
                   said=f"{cause} biased; {', '.join(harmless)} drift by 1 sd")  # fmt: skip


def importance(ground: Ground, name: str) -> float:
    """Mean change of the model's output when one column's rows are shuffled."""
    before = ground.before
    values = generator(0, name).permutation(before.columns[name].values)
    shuffled = before.struck(name, values, ground.served)
    return float(np.mean(np.abs(shuffled.output - before.output)))


OWN: Mapping[str, Callable[[Ground], Changed]] = {
    "F8": root, "F9": concept, "F13": pair, "F14": small_among_harmless, "F16": two,
}  # fmt: skip
"""What takes a real table's place for a structural model."""
SELECTS = frozenset({"F8", "F10", "F11", "F13"})
