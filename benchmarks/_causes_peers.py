"""Who is asked for the cause: tidegauge, and rankings that others use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from importlib.util import find_spec

import numpy as np

from _causes_planted import Planted, Served, fit
from tidegauge.case import Case, Numbers, Variable
from tidegauge.records import Cause, Explanation

Ask = Callable[[Planted, int], Explanation]
"""A case and a seed in, an explanation out."""
LEVEL = 0.05
"""Error rate of the tests that let a ranking name anything at all."""
PSI_LIMIT = 0.1
"""Index from which practice calls a column changed."""


def tidegauge_answer(planted: Planted, seed: int) -> Explanation:
    """Ask tidegauge."""
    from tidegauge.causes import attribute

    answer: Explanation = attribute(planted.case, seed=seed)
    return answer


def mechanisms_answer(planted: Planted, seed: int) -> Explanation:
    """Ask tidegauge what the mechanisms of the true graph did to a mean."""
    from tidegauge.catalog import explainer

    case = planted.drawn().case
    found = explainer("root_cause.mechanisms").explain(
        case, planted.number, of=planted.of, rng=np.random.default_rng(seed)
    )
    parts = found.decomposition.parts if found.decomposition else ()
    answer = explained(tuple(parts), parts[0].verdict if parts else "none", case)
    return replace(answer, decomposition=found.decomposition)


def explained(causes: tuple[Cause, ...], verdict: str, case: Case) -> Explanation:
    """Wrap a ranking."""
    return Explanation(of="drift", verdict=verdict, because="a ranking", causes=causes,  # type: ignore[arg-type]
                       n_baseline=case.n_baseline, n_current=case.n_current)  # fmt: skip


def ranked(scores: Mapping[str, float], case: Case) -> Explanation:
    """Rank columns by a score; those without one are not named."""
    order = sorted(scores, key=lambda name: -scores[name])
    total = sum(scores.values()) or 1.0
    causes = tuple(
        Cause(factor=name, columns=(name,), share=scores[name] / total, because="moved")
        for name in order
    )
    return explained(causes, "undetermined" if causes else "none", case)


def ks_rank(planted: Planted, seed: int) -> Explanation:
    """Rank by the two-sample test: KS for numbers, chi-square for the rest, after BH."""
    gaps = moved(planted.case)
    return ranked({name: gap for name, (gap, p) in gaps.items() if p <= LEVEL}, planted.case)


def moved(case: Case) -> dict[str, tuple[float, float]]:
    """Distance and corrected p-value of each feature."""
    from scipy.stats import false_discovery_control

    tested = {name: textbook(case[name], case.current) for name in case.features}
    corrected = false_discovery_control([p for _, p in tested.values()])
    return {
        name: (gap, float(p)) for (name, (gap, _)), p in zip(tested.items(), corrected, strict=True)
    }


def textbook(variable: Variable, current: np.ndarray) -> tuple[float, float]:
    """Distance between the sides and its p-value, missing values dropped from numbers."""
    from scipy.stats import chi2_contingency, ks_2samp

    values = variable.values
    if not variable.levels:
        sides = [values[side & ~np.isnan(values)] for side in (~current, current)]
        if min(map(len, sides)) == 0:
            return 1.0, 0.0
        result = ks_2samp(*sides, method="asymp")
        return float(result.statistic), float(result.pvalue)
    counts = level_counts(variable, current)
    shares = counts / counts.sum(1, keepdims=True)
    if counts.shape[1] < 2:
        return 0.0, 1.0
    gap = 0.5 * float(np.abs(shares[0] - shares[1]).sum())
    return gap, float(chi2_contingency(counts).pvalue)


def level_counts(variable: Variable, current: np.ndarray) -> Numbers:
    """Count each code on both sides, missing as one more; shape (2, levels that occur)."""
    codes = np.where(np.isnan(variable.values), len(variable.levels), variable.values).astype(int)
    counts = np.array(
        [np.bincount(codes[s], minlength=len(variable.levels) + 1) for s in (~current, current)],
        dtype=np.float64,
    )
    return counts[:, counts.sum(0) > 0]


def psi_rank(planted: Planted, seed: int) -> Explanation:
    """Rank by the population stability index over ten bins, from 0.1 on."""
    case = planted.case
    indices = {name: psi(case[name], case.current) for name in case.features}
    return ranked({n: value for n, value in indices.items() if value >= PSI_LIMIT}, case)


def psi(variable: Variable, current: np.ndarray, bins: int = 10) -> float:
    """Compare shares over the baseline's tenths; missing is a bin."""
    values = variable.values
    if not variable.levels:
        before = values[~current & ~np.isnan(values)]
        cuts = np.unique(np.quantile(before, np.linspace(0, 1, bins + 1)[1:-1]))
        codes = np.searchsorted(cuts, values, side="right").astype(np.float64)
        codes[np.isnan(values)] = np.nan
        levels = tuple(map(str, range(len(cuts) + 1)))
        variable = Variable(name=variable.name, values=codes, levels=levels)
    counts = level_counts(variable, current) + 0.5
    before, now = counts / counts.sum(1, keepdims=True)
    return float(((now - before) * np.log(now / before)).sum())


def drift_by_importance(planted: Planted, seed: int) -> Explanation:
    """Rank by distance times the importance of the column for the model's output."""
    case = planted.case
    weights = importances(case, seed)
    gaps = moved(case)
    return ranked({n: gap * weights[n] for n, (gap, p) in gaps.items() if p <= LEVEL}, case)


def importances(case: Case, seed: int) -> dict[str, float]:
    """How much a stand-in for the model changes its mind when a column's rows are shuffled."""
    rng = np.random.default_rng(seed)
    before = case.only(~case.current)
    columns = {name: before[name] for name in case.features}
    outcome = before[before.scores[0] if before.scores else before.prediction].values
    stand_in = fit(columns, outcome, "regression")
    plain = stand_in(columns)
    return {name: float(np.mean(np.abs(mixed(stand_in, columns, name, rng) - plain)))
            for name in columns}  # fmt: skip


def mixed(
    model: Served, columns: Mapping[str, Variable], name: str, rng: np.random.Generator
) -> Numbers:
    """Model's output with one column's rows shuffled."""
    values = rng.permutation(columns[name].values)
    return model({**columns, name: Variable(name=name, values=values)})


def classifier_gain(planted: Planted, seed: int) -> Explanation:
    """Rank by the gain of a classifier that tells the sides apart, where it does on held-out rows.

    The classifier is an extremely random forest, whose importances are gains of impurity.
    """
    from sklearn.ensemble import ExtraTreesClassifier
    from sklearn.metrics import roc_auc_score

    case = planted.case
    matrix = np.column_stack([filled(case[name].values) for name in case.features])
    side = case.current
    rng = np.random.default_rng(seed)
    learns = rng.random(case.n) < 0.5
    forest = ExtraTreesClassifier(
        50,
        min_samples_leaf=10,
        random_state=seed,
        max_features=0.5,
        max_samples=5_000,
        bootstrap=True,
    )
    forest.fit(matrix[learns], side[learns])
    held = ~learns
    area = roc_auc_score(side[held], forest.predict_proba(matrix[held])[:, 1])
    ones, zeros = int(side[held].sum()), int((~side[held]).sum())
    error = np.sqrt((ones + zeros + 1) / (12 * ones * zeros))  # of the area where nothing differs
    if area < 0.5 + 1.645 * error:
        return ranked({}, case)
    gains = forest.feature_importances_
    return ranked({n: float(g) for n, g in zip(case.features, gains, strict=True)}, case)


def filled(values: Numbers) -> Numbers:
    """Put a value beyond all others in place of missing ones."""
    missing = np.isnan(values)
    if not missing.any():
        return values
    lowest = float(np.nanmin(values)) if not missing.all() else 0.0
    return np.where(missing, lowest - 1.0, values)


@cache
def contenders() -> Mapping[str, Ask]:
    """Who can be asked here about drift, tidegauge first."""
    found: dict[str, Ask] = {}
    if find_spec("tidegauge.causes") is not None:
        found["tidegauge"] = tidegauge_answer
    return {**found, "KS": ks_rank, "PSI": psi_rank, "KS x importance": drift_by_importance,
            "classifier gain": classifier_gain}  # fmt: skip


@cache
def graph_readers() -> Mapping[str, Ask]:
    """Who can be asked what the mechanisms of a graph did to a mean."""
    found: dict[str, Ask] = {"tidegauge mechanisms": mechanisms_answer}
    if find_spec("dowhy") is not None:
        from _causes_dowhy import dowhy_answer, dowhy_robust_answer

        found |= {"dowhy": dowhy_answer, "dowhy robust": dowhy_robust_answer}
    return found
