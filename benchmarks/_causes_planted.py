"""Cases with a known cause: the record, the faults and their doses, how a case is put together.

A case is rows of a baseline and of a current log in which one thing was changed on purpose.
Nothing about it depends on how well anybody finds the change: columns are drawn at random, and a
change that no method can see stays in and counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from tidegauge.case import Case, Numbers, Variable
from tidegauge.records import Mechanism

Columns: TypeAlias = Mapping[str, Variable]
Severity: TypeAlias = Literal["subtle", "medium", "gross"]
Task: TypeAlias = Literal["classification", "regression"]
SEVERITIES: tuple[Severity, ...] = ("subtle", "medium", "gross")
TARGET, PREDICTION, SCORE = "target", "prediction", "score"
TUNING = 1_000
"""Seeds from here on choose constants; those below are for reported figures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One kind of change."""

    said: str
    verdict: Mechanism
    doses: tuple[str, str, str]
    """What is done at each severity."""


FAULTS: Mapping[str, Fault] = {
    "F1": Fault(
        said="unit of a column",
        verdict="distortion",
        doses=(
            "x 0.9144 (yards to metres)",
            "x 0.4536 (pounds to kilograms), (x - 32) 5/9 (Fahrenheit) or x 1.609 (miles)",
            "x 1000, x 100 or x 60",
        ),
    ),
    "F2": Fault(
        said="null burst, the likelier the larger another column is",
        verdict="distortion",
        doses=("2 % of rows", "10 %", "30 %"),
    ),
    "F3": Fault(
        said="sentinel: -999, 0 or the median instead of the value",
        verdict="distortion",
        doses=("1 % of rows", "5 %", "20 %"),
    ),
    "F4": Fault(
        said="categories",
        verdict="distortion",
        doses=(
            "the two rarest of at least 1 % swapped",
            "second most frequent merged into the first",
            "every level renamed to another",
        ),
    ),
    "F5": Fault(
        said="sensor: bias, ramp, noise or stuck",
        verdict="distortion",
        doses=(
            "0.15 sd; a ramp to 0.3 sd; noise of 0.3 sd; stuck for 5 % of rows",
            "0.4 sd; a ramp to 0.8 sd; noise of 0.6 sd; stuck for 20 %",
            "1 sd; a ramp to 2 sd; noise of 1 sd; stuck for 60 %",
        ),
    ),
    "F6": Fault(
        said="rows of one column shuffled",
        verdict="misaligned",
        doses=("30 % of rows", "60 %", "all rows"),
    ),
    "F7": Fault(
        said="mechanism of a node: its strongest parent's coefficient",
        verdict="covariate",
        doses=("halved", "zero", "sign flipped"),
    ),
    "F8": Fault(
        said="root shifts, all that depends on it follows",
        verdict="covariate",
        doses=("mean by 0.2 sd or sd x 1.25", "0.5 sd or x 1.6", "1 sd or x 2.5"),
    ),
    "F9": Fault(
        said="effect of one feature on the target",
        verdict="concept",
        doses=(
            "coefficient x 0.5; 5 % of labels beyond its median flipped, 0.15 sd added",
            "zero; 15 %; 0.4 sd",
            "sign flipped; 35 %; 1 sd",
        ),
    ),
    "F10": Fault(
        said="mix of the labels",
        verdict="label_shift",
        doses=("odds x 1.5 or mean by 0.2 sd", "x 2.5 or 0.5 sd", "x 5 or 1 sd"),
    ),
    "F11": Fault(
        said="share of one segment",
        verdict="covariate",
        doses=("x 1.5", "x 2", "x 3"),
    ),
    "F12": Fault(
        said="unit, nulls, sentinel, bias or flipped labels inside one segment only",
        verdict="distortion",
        doses=("as F1, F2, F3, F5; 10 % of labels", "as there; 20 %", "as there; 40 %"),
    ),
    "F13": Fault(
        said="two columns move with a common cause that is not logged",
        verdict="covariate",
        doses=("0.2 sd", "0.5 sd", "1 sd"),
    ),
    "F14": Fault(
        said="small fault in a column that matters, large harmless drift in two that do not",
        verdict="distortion",
        doses=("bias 0.3 sd", "bias 0.6 sd", "bias 1 sd"),
    ),
    "F15": Fault(
        said="model or its serving",
        verdict="serving",
        doses=("scores' logit + 0.2", "one feature constant at serving", "another model"),
    ),
    "F16": Fault(
        said="two causes at once",
        verdict="covariate",
        doses=("each as F7, F8 (models) or F1 to F5 (tables)", "as there", "as there"),
    ),
    "F17": Fault(
        said="nothing",
        verdict="none",
        doses=(
            "rows drawn at random",
            "days drawn at random, where there is a time",
            "alternate weeks, where there is a time",
        ),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Planted:
    """A case and what is true of it."""

    case: Case
    fault: str
    severity: Severity
    truth: tuple[str, ...]
    """Columns that are the cause; empty = there is none."""
    verdict: Mechanism
    seed: int
    source: str = ""
    """The table, or the kind of model that drew the rows."""
    said: str = ""
    """What was done."""
    also: tuple[str, ...] = ()
    """Columns that may be named in place of the cause, or beside it."""
    beside: tuple[str, ...] = ()
    """Columns that may be named beside the cause, and neither help nor hurt."""
    segment: str = ""
    """The rows that it is confined to, in words."""
    inside: NDArray[np.bool_] | None = None
    """Shape (rows,): those rows."""
    order: tuple[tuple[str, ...], ...] = ()
    """The true tiers, which the case itself does not show."""
    parents: Mapping[str, tuple[str, ...]] | None = None
    """The true graph, which the case itself does not show."""
    asks: Literal["drift", "loss"] = "drift"
    """Whether the drift or the model's loss is to be explained."""
    shares: Mapping[str, float] = field(default_factory=dict)
    """True shares of the change, by column, where they are known; others have none."""
    of: str = ""
    """What ``number`` is: a column, or a loss."""
    number: Numbers | None = None
    """Shape (rows,): what is to be explained where its mean is, not the drift."""

    def ordered(self) -> Planted:
        """Show the true order to who is asked."""
        return replace(self, case=replace(self.case, order=self.order))

    def drawn(self) -> Planted:
        """Show the true graph, and the order that follows from it."""
        return replace(self, case=replace(self.case, order=self.order, parents=self.parents))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Served:
    """A model in production: columns in, a score or a number out."""

    names: tuple[str, ...]
    estimator: Any
    task: Task

    def __call__(self, columns: Columns) -> Numbers:
        """Score rows; shape (rows,)."""
        matrix = np.column_stack([columns[name].values for name in self.names])
        if self.task == "regression":
            return np.asarray(self.estimator.predict(matrix), dtype=np.float64)
        return np.asarray(self.estimator.predict_proba(matrix)[:, 1], dtype=np.float64)


def fit(columns: Columns, target: Numbers, task: Task, *, linear: bool = False) -> Served:
    """Train boosted trees, or a linear model on standardised columns; codes count as numbers."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    classes = task == "classification"
    estimator: Any
    if linear:
        last = LogisticRegression(max_iter=500) if classes else Ridge()
        estimator = make_pipeline(SimpleImputer(), StandardScaler(), last)
    else:
        kind = HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor
        estimator = kind(max_iter=60, learning_rate=0.15, early_stopping=False, random_state=0)
    matrix = np.column_stack([one.values for one in columns.values()])
    return Served(names=tuple(columns), estimator=estimator.fit(matrix, target), task=task)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Side:
    """Rows of one log: what was logged, what came true, what the model said."""

    columns: Columns
    target: Numbers
    output: Numbers
    """Score of the positive class, or the predicted number."""
    seconds: Numbers | None = None
    """When each row was logged."""
    blocks: NDArray[np.int64] | None = None

    @property
    def rows(self) -> int:
        """How many."""
        return len(self.target)

    def only(self, rows: NDArray[Any]) -> Side:
        """Keep some rows, by mask or by place."""
        return Side(
            columns={
                name: replace(one, values=one.values[rows]) for name, one in self.columns.items()
            },
            target=self.target[rows],
            output=self.output[rows],
            seconds=None if self.seconds is None else self.seconds[rows],
            blocks=None if self.blocks is None else self.blocks[rows],
        )

    def struck(self, name: str, values: Numbers, served: Served) -> Side:
        """Log other values in one column; the model reads them, the world does not."""
        columns = {**self.columns, name: replace(self.columns[name], values=values)}
        return replace(self, columns=columns, output=served(columns))


def case_from(before: Side, now: Side, task: Task) -> Case:
    """Lay two sides out as a case: features, target, prediction and score."""
    current = np.repeat([False, True], [before.rows, now.rows])
    variables = {
        name: stacked(one, now.columns[name].values) for name, one in before.columns.items()
    }
    features = tuple(variables)
    target, output = both(before.target, now.target), both(before.output, now.output)
    levels = ("no", "yes") if task == "classification" else ()
    variables[TARGET] = Variable(name=TARGET, values=target, levels=levels)
    scores: tuple[str, ...] = ()
    if task == "classification":
        scores = (SCORE,)
        variables[SCORE] = Variable(name=SCORE, values=output)
        output = (output >= 0.5).astype(np.float64)
    variables[PREDICTION] = Variable(name=PREDICTION, values=output, levels=levels)
    timed = before.seconds is not None and now.seconds is not None
    if before.seconds is not None and now.seconds is not None:
        seconds = both(before.seconds, now.seconds)
        variables["timestamp"] = Variable(name="timestamp", values=seconds, instant=True)
    blocks = None
    if before.blocks is not None and now.blocks is not None:
        blocks = np.concatenate([before.blocks, now.blocks])
    return Case(
        current=current,
        variables=variables,
        features=features,
        target=TARGET,
        task=task,
        prediction=PREDICTION,
        scores=scores,
        timestamp="timestamp" if timed else "",
        blocks=blocks,
    )


def both(before: Numbers, now: Numbers) -> Numbers:
    """Put the current rows under the baseline's."""
    return np.concatenate([before, now])


def stacked(before: Variable, now: Numbers) -> Variable:
    """Put the current rows under the baseline's, levels that the baseline knows first."""
    values = both(before.values, now)
    if not before.levels:
        return replace(before, values=values)
    known = np.unique(before.values[~np.isnan(before.values)]).astype(int)
    fresh = np.setdiff1d(np.unique(now[~np.isnan(now)]).astype(int), known)
    places = np.concatenate([known, fresh])
    recoded = np.full(len(before.levels), np.nan)
    recoded[places] = np.arange(len(places))
    present = ~np.isnan(values)
    values[present] = recoded[values[present].astype(int)]
    return replace(before, values=values, levels=tuple(before.levels[i] for i in places))


def generator(seed: int, *words: str) -> np.random.Generator:
    """Seed a generator from a number and names, the same on every machine."""
    return np.random.default_rng([seed, *(crc32(word.encode()) for word in words)])


def kept(weights: Numbers, rng: np.random.Generator, *, cap: float = 0.995) -> NDArray[np.bool_]:
    """Keep rows with a chance proportional to a weight, none twice; weights end at a quantile."""
    top = float(np.quantile(weights, cap))
    return np.asarray(rng.random(len(weights)) < np.minimum(weights, top) / top)


def normal_scores(values: Numbers, rng: np.random.Generator, *, levels: int = 0) -> Numbers:
    """Give standard normal scores by rank; a category's levels each get one drawn for them.

    Missing values score 0.
    """
    from scipy.special import ndtri
    from scipy.stats import rankdata

    present = ~np.isnan(values)
    scores = np.zeros(len(values))
    if levels:
        drawn = rng.permutation(ndtri((np.arange(levels) + 0.5) / levels))
        scores[present] = drawn[values[present].astype(int)]
    elif present.any():
        scores[present] = ndtri((rankdata(values[present]) - 0.5) / present.sum())
    spread = float(np.std(scores))
    return (scores - scores.mean()) / spread if spread > 0 else scores


def numeric(columns: Columns, *, least: int = 10) -> list[str]:
    """Names of quantities: numbers of several values."""
    return [
        name
        for name, one in columns.items()
        if not one.levels and len(np.unique(one.values[~np.isnan(one.values)])) >= least
    ]


def categorical(columns: Columns, *, least: int = 3) -> list[str]:
    """Names of categories of several levels."""
    return [
        name
        for name, one in columns.items()
        if one.levels and len(np.unique(one.values[~np.isnan(one.values)])) >= least
    ]


def dose(severity: Severity, doses: Sequence[Any]) -> Any:
    """Pick what belongs to a severity."""
    return doses[SEVERITIES.index(severity)]
