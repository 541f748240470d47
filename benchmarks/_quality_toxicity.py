"""How well the embedded toxicity model ranks, decides and is calibrated, on texts it never saw.

``rows`` gives one result for each test set and variant: with encoder layers, n-grams alone, and a
baseline that knows nothing but a text's length. HateCheck and XSTest were neither trained on nor
chosen by; of the other sets the part that ``training/_toxicity_data.py`` holds out is used.
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tidegauge.models import Shelf
from tidegauge.scoring import score_rows
from tidegauge_evaluators.toxicity.embedded import Embedded, embedded

sys.path.append(str(Path(__file__).parents[1] / "training"))

from _toxicity_data import Text, held_out
from _toxicity_data import rows as lines_of

Floats = NDArray[np.float64]

BINS = 10
"""Bins of equal numbers of texts, for calibration errors."""
DRAWS = 200
NORMAL = 1.959964
TARGETS = {"Surge": 0.90, "Davidson": 0.90, "HateCheck": 0.65}
"""Test set -> area that the main number should reach."""
HEAD = (
    "test",
    "variant",
    "toxic/all",
    "AUROC (95 %)",
    "balanced accuracy (95 %)",
    "recall",
    "false alarms",
    "ECE",
    "by chance",
    "texts/s",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """What one variant does on one test set."""

    test: str
    variant: str
    column: str
    n: int
    positives: int
    auroc: float | None
    """``None`` where all texts have one label."""
    low: float | None
    high: float | None
    balanced_accuracy: float | None
    """At a probability of 0.5."""
    balanced_low: float | None
    balanced_high: float | None
    recall: float | None
    """Share of toxic texts flagged at 0.5."""
    false_alarms: float | None
    """Share of other texts flagged at 0.5."""
    calibration_error: float | None
    by_chance: float | None
    """Calibration error that perfect probabilities would show with so few texts."""
    texts_per_second: float = 0.0


@dataclass(frozen=True, slots=True)
class TestSet:
    """Texts with labels; NaN where the set does not say."""

    name: str
    column: str
    """Which output its labels are of: "" or ``identity_attack``."""
    texts: Sequence[str]
    labels: Floats
    cluster: Sequence[str] = ()
    """Texts made of one template belong together; empty = each by itself."""


def rows(data: Path, *, hatecheck: bool = True) -> list[Quality]:
    """Judge every variant on every set.

    Parameters
    ----------
    data
        Folder that holds ``toxicity/`` and ``text/``.
    hatecheck
        Whether to open HateCheck at all: leave it shut while anything is still being chosen.
    """
    whole = embedded(shelf=Shelf())
    deep = isinstance(whole, Embedded) and whole.model.encoder is not None
    variants = {"n-grams alone": True, **({"layers and n-grams": False} if deep else {})}
    found = []
    for test in test_sets(data, hatecheck=hatecheck):
        lengths = np.array([len(text) for text in test.texts], float)
        found.append(quality(test, "length only", _direction(lengths, test.labels), 0.0))
        for variant, fast in variants.items():
            scores, speed = scored(test.texts, test.column, fast=fast)
            found.append(quality(test, variant, scores, speed))
    return found


def test_sets(data: Path, *, hatecheck: bool) -> Iterator[TestSet]:
    """Held-out parts of the sources, all of them together, and the untouched sets."""
    texts = held_out(data)
    for name in ("davidson", "surge", "hatemoji"):
        part = [text for text in texts if text.source == name]
        yield _of(name.capitalize(), part)
    yield _of("Toxic spans against clean sentences", _from(texts, "spans", "clean"))
    yield _of("Benign prompts and messages", _from(texts, "benign"))
    yield _of("All of the above", texts)
    yield _of("Davidson, hate speech", _from(texts, "davidson"), "identity_attack")
    yield _of("Hatemoji, hate", _from(texts, "hatemoji"), "identity_attack")
    safe = [r for r in lines_of(data / "toxicity" / "xstest_prompts.jsonl.gz") if r["label"] == 0]
    yield TestSet("XSTest, safe prompts", "", [r["text"] for r in safe], np.zeros(len(safe)))
    if hatecheck:
        cases = list(lines_of(data / "toxicity" / "hatecheck.jsonl.gz"))
        for column, name in (("", "HateCheck"), ("identity_attack", "HateCheck, attack column")):
            yield TestSet(
                name,
                column,
                [case["text"] for case in cases],
                np.array([case["label"] for case in cases], float),
                [str(case["templ_id"]) for case in cases],
            )


def scored(texts: Sequence[str], column: str, *, fast: bool) -> tuple[Floats, float]:
    """Probabilities as the pipeline gives them, NaN where unscored; and texts per second.

    Texts of an earlier set are not scored again; the speed is that of the others, 0 without any.
    """
    scorer = embedded(shelf=Shelf(), fast=fast)
    at = list(scorer.outputs).index(column)
    known = _KNOWN.setdefault(fast, {})
    fresh = [text for text in dict.fromkeys(texts) if text not in known]
    list(score_rows([{"text": "warm up"}], scorer))
    start = time.perf_counter()
    parts = score_rows(({"text": text} for text in fresh), scorer)
    outcomes = [outcome for part in parts for outcome in part.outcomes]
    taken = time.perf_counter() - start
    for text, outcome in zip(fresh, outcomes, strict=True):
        values = outcome.joined.values if outcome.joined else (None,) * len(scorer.outputs)
        known[text] = [float("nan") if value is None else float(value) for value in values]
    return np.array([known[text][at] for text in texts]), len(fresh) / taken


_KNOWN: dict[bool, dict[str, list[float]]] = {}
"""Whether n-grams alone -> text -> values of all outputs."""


def quality(test: TestSet, variant: str, scores: Floats, speed: float) -> Quality:
    """Put figures to scores."""
    known = ~np.isnan(test.labels) & ~np.isnan(scores)
    truth, given = test.labels[known] == 1, scores[known]
    both = bool(truth.any() and not truth.all())
    cluster = np.array(test.cluster)[known] if len(test.cluster) else np.arange(len(truth))
    area, error = roc_area(truth, given, cluster) if both else (None, 0.0)
    rates = variant != "length only"
    flagged = (given >= 0.5).astype(float)
    recall = float(flagged[truth].mean()) if truth.any() and rates else None
    alarms = float(flagged[~truth].mean()) if not truth.all() and rates else None
    # of two values, the area under the curve is the balanced accuracy
    balanced, spread = roc_area(truth, flagged, cluster) if both and rates else (None, 0.0)
    return Quality(
        test=test.name,
        variant=variant,
        column=test.column or "toxicity",
        n=len(truth),
        positives=int(truth.sum()),
        auroc=area,
        low=None if area is None else max(area - NORMAL * error, 0.0),
        high=None if area is None else min(area + NORMAL * error, 1.0),
        balanced_accuracy=balanced,
        balanced_low=None if balanced is None else max(balanced - NORMAL * spread, 0.0),
        balanced_high=None if balanced is None else min(balanced + NORMAL * spread, 1.0),
        recall=recall,
        false_alarms=alarms,
        calibration_error=calibration_error(truth, given) if both and rates else None,
        by_chance=_chance_error(given) if both and rates else None,
        texts_per_second=speed,
    )


def roc_area(
    truth: NDArray[np.bool_], scores: Floats, cluster: NDArray[np.generic]
) -> tuple[float, float]:
    """Area under the ROC curve and its standard error, texts of a cluster moving together.

    Obuchowski 1997, Biometrics 53: DeLong's placements, summed by cluster.
    """
    from scipy.stats import rankdata

    ranks, n_one, n_none = rankdata(scores), int(truth.sum()), int((~truth).sum())
    of_one = (ranks[truth] - rankdata(scores[truth])) / n_none
    of_none = 1 - (ranks[~truth] - rankdata(scores[~truth])) / n_one
    area = float(of_one.mean())
    _, member = np.unique(cluster, return_inverse=True)
    clusters = int(member.max()) + 1
    gain = np.bincount(member[truth], of_one - area, clusters) / n_one
    loss = np.bincount(member[~truth], of_none - area, clusters) / n_none
    return area, float(np.sqrt(((gain + loss) ** 2).sum() * clusters / max(clusters - 1, 1)))


def calibration_error(truth: NDArray[np.bool_], given: Floats) -> float:
    """Mean gap between probability and frequency over bins of equal numbers."""
    order = np.argsort(given, kind="stable")
    gaps = [
        len(part) * abs(float(truth[part].mean()) - float(given[part].mean()))
        for part in np.array_split(order, BINS)
        if len(part)
    ]
    return sum(gaps) / len(truth)


def by_function(
    data: Path, *, column: str = "", fast: bool = False
) -> list[tuple[str, int, float, float]]:
    """HateCheck by functional class: name, cases, accuracy at 0.5, mean probability."""
    cases = list(lines_of(data / "toxicity" / "hatecheck.jsonl.gz"))
    scores, _ = scored([case["text"] for case in cases], column, fast=fast)
    right: dict[str, list[tuple[bool, float]]] = defaultdict(list)
    for case, score in zip(cases, scores, strict=True):
        right[case["category"]].append(((score >= 0.5) == (case["label"] == 1), score))
    return [
        (
            name,
            len(found),
            float(np.mean([r for r, _ in found])),
            float(np.mean([p for _, p in found])),
        )
        for name, found in right.items()
    ]


def _of(name: str, texts: Sequence[Text], column: str = "") -> TestSet:
    labels = [text.attack if column else text.toxic for text in texts]
    return TestSet(name, column, [text.text for text in texts], np.array(labels, float))


def _from(texts: Sequence[Text], *sources: str) -> list[Text]:
    return [text for text in texts if text.source in sources]


def _direction(lengths: Floats, labels: Floats) -> Floats:
    """Length, turned so that it does as well as it can."""
    toxic = lengths[labels == 1].mean() if (labels == 1).any() else 0.0
    other = lengths[labels == 0].mean() if (labels == 0).any() else 0.0
    return lengths if toxic >= other else -lengths


def _chance_error(given: Floats) -> float:
    rng = np.random.default_rng(0)
    drawn = [calibration_error(rng.random(len(given)) < given, given) for _ in range(DRAWS)]
    return float(np.mean(drawn))


def cells(one: Quality) -> list[str]:
    """Write a result as a line of the table."""
    figures = (one.recall, one.false_alarms, one.calibration_error, one.by_chance)
    return [
        one.test,
        one.variant,
        f"{one.positives}/{one.n}",
        _interval(one.auroc, one.low, one.high),
        _interval(one.balanced_accuracy, one.balanced_low, one.balanced_high),
        *("-" if figure is None else f"{figure:.3f}" for figure in figures),
        f"{one.texts_per_second:.0f}" if one.texts_per_second else "-",
    ]


def _interval(value: float | None, low: float | None, high: float | None) -> str:
    return "-" if value is None else f"{value:.3f} ({low:.3f}-{high:.3f})"
