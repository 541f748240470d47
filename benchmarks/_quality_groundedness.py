"""How well the embedded groundedness model ranks, decides and is calibrated, on held-out contexts.

``rows`` gives one result for each set and variant: with the encoder, words alone, and two
baselines that know nothing but the response's length or the share of its words that the context
lacks. All of a set's variants are judged on the same responses, those that state something.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from _quality_toxicity import NORMAL, calibration_error, roc_area
from tidegauge.models import Shelf
from tidegauge.scorer import Scorer
from tidegauge.scoring import score_rows
from tidegauge_evaluators.hallucination.embedded import embedded

sys.path.append(str(Path(__file__).parents[1] / "training"))

from _groundedness_data import SETS, Row, rows_of

Floats = NDArray[np.float64]

TARGETS = {"SummEdits": 0.65, "average": 0.75}
"""Set -> area that the main number should reach; every set should be above both baselines."""
MOST_CALIBRATION_ERROR = 0.05
WITH, WITHOUT = "encoder and words", "words alone"
LENGTH, NOVEL = "length only", "novel words"
DRAWS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """What one variant does on one set."""

    test: str
    variant: str
    n: int
    positives: int
    contexts: int
    """Groups of contexts that are alike; the intervals take each as one."""
    nothing_to_check: int
    """Responses left out because they state nothing."""
    auroc: float
    low: float
    high: float
    balanced_accuracy: float | None
    """At a probability of 0.5."""
    balanced_low: float | None
    balanced_high: float | None
    calibration_error: float | None
    by_chance: float | None
    """Calibration error that perfect probabilities would show with so few responses."""


def rows(data: Path) -> tuple[list[Quality], dict[str, float]]:
    """Judge every variant on every set; also responses scored per second.

    Parameters
    ----------
    data
        Folder that holds ``groundedness/``.
    """
    held = [row for row in rows_of(data / "groundedness") if row.part == "test"]
    scores: dict[str, Floats] = {}
    speed: dict[str, float] = {}
    for variant, fast in ((WITH, False), (WITHOUT, True)):
        scorer = embedded(shelf=Shelf(), fast=fast)
        if not fast and scorer.model is None:
            continue
        outcome, speed[variant] = scored(held, scorer)
        scores[variant] = outcome[""]
        scores[NOVEL], scores[LENGTH] = outcome["novel_words"], outcome["length"]
    found = [
        quality(name, variant, [r for r in held if r.set in sets], of[_in(held, sets)])
        for name, sets in (*((name, [name]) for name in SETS), ("all together", list(SETS)))
        for variant, of in scores.items()
    ]
    return [*found, *averages(found)], speed


def scored(held: Sequence[Row], scorer: Scorer) -> tuple[Mapping[str, Floats], float]:
    """Every output of each row as the pipeline gives it, NaN where there is none; rows a second."""
    texts = [
        {"response": r.response, "context": r.context}
        | ({"question": r.question} if r.question else {})
        for r in held
    ]
    list(score_rows(texts[:1], scorer))  # loads the weights
    start, table = time.perf_counter(), []
    for part in score_rows(texts, scorer):
        for outcome in part.outcomes:
            values = outcome.joined.values if outcome.joined else [None] * len(scorer.outputs)
            table.append([np.nan if value is None else float(value) for value in values])
    taken = time.perf_counter() - start
    columns = np.array(table).T
    return dict(zip(scorer.outputs, columns, strict=True)), len(held) / taken


def quality(name: str, variant: str, held: Sequence[Row], scores: Floats) -> Quality:
    """Put figures to scores."""
    known = ~np.isnan(scores)
    truth = np.array([row.label == 1 for row in held])[known]
    group = np.array([row.group for row in held])[known]
    given = scores[known]
    if variant == LENGTH and roc_area(truth, given, group)[0] < 0.5:
        given = -given  # the baseline is allowed the better direction of each set
    area, error = roc_area(truth, given, group)
    judged = variant not in (LENGTH, NOVEL)
    balance = _balanced(truth, given, group) if judged else (None, None, None)
    return Quality(
        test=name,
        variant=variant,
        n=len(truth),
        positives=int(truth.sum()),
        contexts=len(np.unique(group)),
        nothing_to_check=int((~known).sum()),
        auroc=area,
        low=max(area - NORMAL * error, 0.0),
        high=min(area + NORMAL * error, 1.0),
        balanced_accuracy=balance[0],
        balanced_low=balance[1],
        balanced_high=balance[2],
        calibration_error=calibration_error(truth, given) if judged else None,
        by_chance=_chance_error(given) if judged else None,
    )


def averages(found: Sequence[Quality]) -> list[Quality]:
    """Average each variant over the sets, sets counting alike."""
    result = []
    for variant in dict.fromkeys(one.variant for one in found):
        mine = [one for one in found if one.variant == variant and one.test in SETS]
        area = float(np.mean([one.auroc for one in mine]))
        error = np.sqrt(sum(((one.high - one.low) / 2 / NORMAL) ** 2 for one in mine)) / len(mine)
        balances = [one.balanced_accuracy for one in mine if one.balanced_accuracy is not None]
        errors = [one.calibration_error for one in mine if one.calibration_error is not None]
        result.append(
            Quality(
                test="average",
                variant=variant,
                n=sum(one.n for one in mine),
                positives=sum(one.positives for one in mine),
                contexts=sum(one.contexts for one in mine),
                nothing_to_check=sum(one.nothing_to_check for one in mine),
                auroc=area,
                low=area - NORMAL * float(error),
                high=area + NORMAL * float(error),
                balanced_accuracy=float(np.mean(balances)) if balances else None,
                balanced_low=None,
                balanced_high=None,
                calibration_error=float(np.mean(errors)) if errors else None,
                by_chance=None,
            )
        )
    return result


def missed(found: Sequence[Quality]) -> list[str]:
    """Say which targets are missed, in sentences."""
    area = {(one.test, one.variant): one.auroc for one in found}
    best = WITH if ("average", WITH) in area else WITHOUT
    said = [
        f"{name}: AUROC {area[name, best]:.3f} is not above {baseline} ({area[name, baseline]:.3f})"
        for name in SETS
        for baseline in (LENGTH, NOVEL)
        if area[name, best] <= area[name, baseline]
    ]
    said += [
        f"{name}: AUROC {area[name, best]:.3f} is below {target}"
        for name, target in TARGETS.items()
        if area[name, best] < target
    ]
    pooled = next(one for one in found if (one.test, one.variant) == ("all together", best))
    if (pooled.calibration_error or 0.0) >= MOST_CALIBRATION_ERROR:
        said.append(f"expected calibration error {pooled.calibration_error:.3f} is not below 0.05")
    return said


def cells(one: Quality) -> list[str]:
    """Write a result as cells of a table."""
    balance = (
        "-"
        if one.balanced_accuracy is None
        else f"{one.balanced_accuracy:.3f}"
        if one.balanced_low is None
        else f"{one.balanced_accuracy:.3f} ({one.balanced_low:.3f}-{one.balanced_high:.3f})"
    )
    errors = ["-" if e is None else f"{e:.3f}" for e in (one.calibration_error, one.by_chance)]
    area = f"{one.auroc:.3f} ({one.low:.3f}-{one.high:.3f})"
    counted = [f"{one.positives}/{one.n}", str(one.contexts)]
    return [one.test, one.variant, *counted, area, balance, *errors]


HEAD = ["set", "variant", "unsupported/all", "contexts", "AUROC (95 %)", "bal. acc. (95 %)"]
HEAD += ["ECE", "by chance"]


def _in(held: Sequence[Row], sets: Sequence[str]) -> NDArray[np.bool_]:
    return np.array([row.set in sets for row in held])


def _balanced(
    truth: NDArray[np.bool_], given: Floats, group: NDArray[np.int64]
) -> tuple[float, float, float]:
    """Balanced accuracy at 0.5, and its interval by drawing groups of contexts."""
    flagged = given >= 0.5
    _, member = np.unique(group, return_inverse=True)
    kinds = (truth & flagged, truth, ~truth & ~flagged, ~truth)
    counts = np.stack([np.bincount(member, kind, member.max() + 1) for kind in kinds])
    rng = np.random.default_rng(0)
    drawn = rng.integers(0, counts.shape[1], (1_000, counts.shape[1]))
    with np.errstate(invalid="ignore"):
        sums = counts[:, drawn].sum(axis=2)
        spread = (sums[0] / sums[1] + sums[2] / sums[3]) / 2
    total = counts.sum(axis=1)
    low, high = np.nanquantile(spread, (0.025, 0.975))
    return float((total[0] / total[1] + total[2] / total[3]) / 2), float(low), float(high)


def _chance_error(given: Floats) -> float:
    rng = np.random.default_rng(0)
    drawn = [calibration_error(rng.random(len(given)) < given, given) for _ in range(DRAWS)]
    return float(np.mean(drawn))
