from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import PredefinedSplit, cross_val_predict

from tidegauge.profile import VectorSample
from tidegauge_evaluators._classifier import cross_fit, whitened
from tidegauge_evaluators._permutation import drawn_sides
from tidegauge_evaluators._vectors import pooled
from tidegauge_evaluators.embedding.classifier_auc import FOLDS, classifier_auc

Draw = Callable[..., VectorSample]


class Means(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Scores along the difference of both classes' means."""

    def fit(self, rows: Any, labels: Any) -> Means:
        self.classes_ = np.array([False, True])
        here = labels == labels.max()  # encoded as numbers by then
        self.direction_ = rows[here].mean(axis=0) - rows[~here].mean(axis=0)
        return self

    def predict(self, rows: Any) -> Any:
        return self.decision_function(rows) > 0.0

    def decision_function(self, rows: Any) -> Any:
        return rows @ self.direction_


def test_two_samples_of_one_log_are_not_told_apart(draw: Draw) -> None:
    rng = np.random.default_rng(1)
    score = classifier_auc(draw(rng, 400), draw(rng, 300), rng=rng)
    assert score.p_value is not None
    assert score.p_value > 0.05
    assert score.interval is not None
    assert score.interval.low < 0.5 < score.interval.high
    assert score.details["p-value within like texts"] > 0.05  # type: ignore[operator]


def test_a_log_and_itself_are_a_toss_up(draw: Draw) -> None:
    one = draw(np.random.default_rng(2), 60)
    score = classifier_auc(one, one)
    assert score.value == 0.5
    assert score.p_value is None


def test_vectors_that_are_all_one_make_no_test() -> None:
    same = VectorSample(
        vectors=np.ones((50, 3), np.float32), texts=tuple(f"text {i}x" for i in range(50))
    )
    score = classifier_auc(same, same)
    assert (score.value, score.p_value) == (0.5, None)


def test_logs_without_a_common_subject_are_told_apart(draw: Draw) -> None:
    rng = np.random.default_rng(3)
    score = classifier_auc(draw(rng, 100, (1, 0, 0, 0)), draw(rng, 80, (0, 0, 0, 1)), rng=rng)
    assert score.value > 0.99
    assert score.interval is not None
    assert score.interval.low > 0.85
    assert score.interval.high <= 1.0
    assert score.p_value is not None
    assert score.p_value < 1e-6


def test_areas_agree_with_scikit_learn(draw: Draw) -> None:
    rng = np.random.default_rng(4)
    pool = pooled(draw(rng, 150), draw(rng, 110, (0.3, 0.3, 0.2, 0.2)), rng)
    sides = drawn_sides(pool, rng, 10)
    rows = whitened(pool)
    crossed = cross_fit(pool, rows, sides, folds=FOLDS)
    fold = np.arange(len(pool.now)) % FOLDS
    for column, found in enumerate([crossed.found, *crossed.permuted]):
        labels = sides[:, column].astype(bool)
        scores = cross_val_predict(
            Means(), rows, labels, cv=PredefinedSplit(fold), method="decision_function"
        )
        areas = [roc_auc_score(labels[fold == f], scores[fold == f]) for f in range(FOLDS)]
        pairs = [labels[fold == f].sum() * (~labels[fold == f]).sum() for f in range(FOLDS)]
        assert found == pytest.approx(np.average(areas, weights=pairs), abs=1e-5)


def test_rows_of_a_cluster_are_never_in_two_folds(draw: Draw) -> None:
    rng = np.random.default_rng(5)
    alone = []
    for _ in range(5):  # as rows, conversations would be recognised and not their side
        one, other = draw(rng, 200, clusters=20), draw(rng, 200, clusters=20)
        score = classifier_auc(one, other, rng=rng, permutations=199)
        none = np.zeros(0, np.int64)
        naive = classifier_auc(replace(one, clusters=none), replace(other, clusters=none), rng=rng)
        assert score.p_value is not None
        assert naive.p_value is not None
        alone.append((score.p_value, naive.p_value))
    assert np.median([p for p, _ in alone]) > 0.05
    assert np.median([p for _, p in alone]) < 0.01


def test_a_change_of_length_alone_is_none_within_like_texts() -> None:
    rng = np.random.default_rng(6)

    def side(longer: float) -> VectorSample:
        long = rng.random(600) < longer
        vectors = rng.normal(size=(600, 8)).astype(np.float32)
        vectors[:, 0] += 2.0 * long
        texts = tuple(
            f"{i % 100} {i // 100} " + "word " * (40 if is_long else 4)
            for i, is_long in enumerate(long)
        )
        return VectorSample(vectors=vectors, texts=texts)

    one, other = side(0.3), side(0.6)
    other = replace(other, texts=tuple(text + " now" for text in other.texts))
    score = classifier_auc(one, other, rng=rng)
    assert score.p_value is not None
    assert score.p_value < 1e-4
    assert score.details["p-value within like texts"] > 0.01  # type: ignore[operator]
    assert score.details["AUC within like texts"] == pytest.approx(0.5, abs=0.06)


def test_what_is_told_apart_is_shown(draw: Draw) -> None:
    rng = np.random.default_rng(7)
    score = classifier_auc(
        draw(rng, 300, (0.5, 0.5, 0.0, 0.0)), draw(rng, 300, (0.2, 0.5, 0.3, 0.0)), rng=rng
    )
    current = [one.texts["prompt"] for one in score.examples if one.side == "current"]
    baseline = [one.texts["prompt"] for one in score.examples if one.side == "baseline"]
    assert all("weather" in text for text in current)
    assert all("refund" in text for text in baseline)
