"""What target and prediction know about the side that the features do not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tidegauge.case import Case
from tidegauge.findings import Links
from tidegauge.records import Information
from tidegauge_evaluators._domain import Domain, Numbers, told

WEAK = 2.0
"""Standard errors below which it is not asked a second time."""
DRIFTED = 3.0
"""Standard errors from which features are taken to have drifted."""
LABELLED = 100
"""Labelled rows that each side needs."""


def links(domain: Domain, names: Sequence[str], rng: np.random.Generator) -> Links:
    """Ask what the target, and the model's answer, add to the features, and the other way round.

    Parameters
    ----------
    domain
        Over all rows; where labels are missing the target is asked about on labelled rows alone.
    names
        The features.
    rng
        Deals folds where a part of the rows is asked.
    """
    case = domain.case
    target = case.target
    labelled = _labelled(case)
    answers = [name for name in (*case.scores, case.prediction) if name]
    served = _served(domain, names, answers) if answers else None
    if not target or _fewest(case, labelled) < LABELLED:
        return Links(prediction_given_features=served)
    part = domain if labelled.all() else Domain(case.only(labelled), rng=rng)
    part.learn([set(names), {target}, {target, *names}])
    return Links(
        target=told(part.information([target]), "side and target"),
        target_given_features=told(
            part.information([target], given=names), "side and target, features known"
        ),
        features_given_target=told(
            part.information(names, given=[target]), "side and features, target known"
        ),
        prediction_given_features=served,
        labelled=int(np.count_nonzero(labelled)),
    )


def _labelled(case: Case) -> NDArray[np.bool_]:
    if not case.target:
        return np.zeros(case.n, dtype=bool)
    return np.isfinite(case[case.target].values)


def _fewest(case: Case, rows: NDArray[np.bool_]) -> int:
    now = int(np.count_nonzero(rows & case.current))
    return min(now, int(np.count_nonzero(rows)) - now)


def _served(domain: Domain, names: Sequence[str], answers: Sequence[str]) -> Information:
    """Ask what the model's answer adds; where features drift both ways round, the weaker counts.

    The answer is a function of the features, so it is asked by how far it lies from what the
    baseline lets expect. Where features drift far, trees miss some of that function and what they
    miss tells the sides apart although the model is the same. A regression of the answer, with and
    without the side, errs otherwise.
    """
    about = "side and prediction, features known"
    if not names:
        return told(domain.information(answers), about)
    still = domain.information(names).z < DRIFTED
    found = []
    for answer in answers:
        values = domain.case[answer].values
        odd = f"{answer}, unexpected"
        wider = domain.beside(odd, values - _expected(domain, names, values))
        by_side = wider.information([odd], given=names)
        z = by_side.z
        if z > WEAK and not still:
            z = min(z, _regressed(domain, names, values))
        found.append(Information(about=about, value=by_side.value, z=z))
    return max(found, key=lambda one: one.z)


def _matrix(domain: Domain, names: Sequence[str]) -> NDArray[np.float32]:
    return np.column_stack([domain.code(name) for name in names])


def _expected(domain: Domain, names: Sequence[str], values: Numbers) -> Numbers:
    """Foretell an answer from the features, as the baseline has it."""
    learnt = np.isfinite(values) & ~domain.case.current
    return domain.foretold(_matrix(domain, names), values, learnt)


def _regressed(domain: Domain, names: Sequence[str], values: Numbers) -> float:
    """Count the standard errors by which the side lowers an answer's squared error."""
    rows = np.isfinite(values)
    features = _matrix(domain, names)
    side = domain.case.current.astype(np.float32)[:, None]
    without = (domain.foretold(features, values, rows) - values) ** 2
    beside = (domain.foretold(np.hstack([features, side]), values, rows) - values) ** 2
    gain = domain.weights * np.where(rows, without - beside, 0.0)
    error = domain.error(gain)
    return float(gain.mean() / error) if error > 0 else 0.0
