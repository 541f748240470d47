from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

from tidegauge.catalog import evaluator
from tidegauge.errors import TooFewRows
from tidegauge.labelling import carry, draw_sample
from tidegauge.profile import LabelSample
from tidegauge_evaluators._survey import Use
from tidegauge_evaluators.hallucination.corrected_rate import corrected_rate

RNG = np.random.default_rng(11)
TRUTH = (RNG.random(10_000) < 0.05).astype(np.float64)
SCORES = np.clip(RNG.beta(1, 12, 10_000) + TRUTH * RNG.beta(2, 2, 10_000), 0.0, 1.0)


def labelled(n: int = 400, seed: int = 0, worse: float = 0.0) -> LabelSample:
    """A sample with its labels; ``worse`` turns so many of the right rows wrong."""
    drawn = draw_sample(SCORES, n=n, seed=seed, scorer="hallucination.embedded", threshold=0.4)
    truth = np.maximum(TRUTH, np.random.default_rng(1).random(10_000) < worse)
    return replace(drawn.sample, labels=truth[drawn.rows])


def test_a_sample_of_the_same_rate_shows_no_change() -> None:
    score = corrected_rate(labelled(seed=1), labelled(seed=2))
    assert score.baseline is not None
    assert score.change is not None
    assert score.change.low < 0 < score.change.high
    assert score.p_value is not None
    assert score.p_value > 0.05


def test_too_few_labels_are_refused() -> None:
    sample = labelled(100)
    some = np.where(np.arange(100) < 19, sample.labels, np.nan)
    with pytest.raises(TooFewRows, match="needs 20 rows with a label"):
        corrected_rate(None, replace(sample, labels=some))


def test_a_baseline_with_too_few_labels_is_left_out() -> None:
    bare = replace(labelled(), labels=np.full(400, np.nan))
    score = corrected_rate(bare, labelled())
    assert (score.baseline, score.change, score.p_value, score.n_baseline) == (None, None, None, 0)


def test_the_rate_is_of_all_rows_and_not_of_the_drawn_ones() -> None:
    sample = labelled()
    score = corrected_rate(None, sample)
    assert score.interval is not None
    assert score.interval.low < TRUTH.mean() < score.interval.high
    assert np.nanmean(sample.labels) > 1.4 * TRUTH.mean()  # drawn rows are worse than the log
    assert score.n_current == 400
    assert score.details["rows in the log"] == 10_000.0
    effective = score.details["effective labels"]
    assert isinstance(effective, float)
    assert effective > 400  # drawing by the score has paid


def test_a_rise_is_found() -> None:
    score = corrected_rate(labelled(seed=1), labelled(seed=2, worse=0.1))
    assert score.change is not None
    assert score.change.low > 0
    assert score.p_value is not None
    assert score.p_value < 1e-3


@pytest.mark.parametrize("use", get_args(Use))
def test_every_use_of_the_scores_gives_like_rates(use: Use) -> None:
    score = corrected_rate(None, labelled(), use=use)
    assert score.value == pytest.approx(TRUTH.mean(), abs=0.02)


def test_agreement_of_scorer_and_labels_is_told_without_chance() -> None:
    details = corrected_rate(None, labelled(1_000)).details
    called, n = (SCORES >= 0.4), len(TRUTH)
    table = np.array([[((called == a) & (b == TRUTH)).sum() / n for b in (0, 1)] for a in (0, 1)])
    chance = float(table.sum(axis=1) @ table.sum(axis=0))
    kappa = (float(np.trace(table)) - chance) / (1 - chance)
    low, high = (details[f"kappa of scorer and labels, {end}"] for end in ("low", "high"))
    assert isinstance(low, float)
    assert isinstance(high, float)
    assert low < kappa < high
    assert details["share that the scorer flags"] == pytest.approx(called.mean(), abs=0.02)


def test_without_a_threshold_no_agreement_is_claimed() -> None:
    sample = replace(labelled(), threshold=math.nan)
    assert not any("kappa" in name for name in corrected_rate(None, sample).details)


def test_a_judge_is_held_against_the_labels_or_stands_for_them() -> None:
    sample = labelled()
    judged = np.where(RNG.random(400) < 0.1, 1.0 - sample.labels, sample.labels)
    details = corrected_rate(None, replace(sample, judged=judged)).details
    kappa = details["kappa of judge and labels"]
    assert isinstance(kappa, float)
    assert 0.2 < kappa < 0.9
    alone = corrected_rate(None, replace(sample, judged=judged, labels=judged, by_judge=True))
    assert "kappa of judge and labels" not in alone.details
    assert str(alone.details["labels are by"]).startswith("the judge alone")


def test_few_positives_are_said_to_be_few() -> None:
    sample = labelled(100)
    few = np.zeros(100)
    few[0] = 1.0
    details = corrected_rate(None, replace(sample, labels=few)).details
    assert str(details["interval"]).startswith("gamma")
    assert details["further labels until ten of the rarer kind"] == 900.0


def test_what_is_not_known_is_told() -> None:
    sample = labelled()
    labels = np.where(np.arange(400) < 30, np.nan, sample.labels)
    details = corrected_rate(None, replace(sample, labels=labels, undecided=10)).details
    assert details["drawn rows without a label"] == 20.0
    assert details["drawn rows that could not be decided"] == 10.0


def test_labels_carried_over_say_so_and_follow_the_make_up_of_the_log() -> None:
    drawn = draw_sample(SCORES, n=400, threshold=0.4)
    drawn = replace(drawn, sample=replace(drawn.sample, labels=TRUTH[drawn.rows]))
    worse = np.concatenate([SCORES, SCORES[SCORES > 0.4]])
    now = corrected_rate(None, carry(drawn, worse))
    assert now.value > corrected_rate(None, drawn.sample).value
    assert "another log" in str(now.details["labels are of"])


def test_samples_are_left_alone_and_scores_survive_json() -> None:
    sample = labelled()
    before = repr(sample)
    score = corrected_rate(sample, sample)
    assert repr(sample) == before
    assert corrected_rate(sample, sample) == score
    json.dumps(dict(score.details), allow_nan=False)
    assert type(score.value) is float


def test_toxicity_is_measured_alike() -> None:
    other = evaluator("toxicity.corrected_rate")
    assert other.measure(labelled(), labelled(seed=3)) == corrected_rate(
        labelled(), labelled(seed=3)
    )
    assert other.card.on == "toxicity"
    assert evaluator("hallucination.corrected_rate").card.reads == ("labels",)
