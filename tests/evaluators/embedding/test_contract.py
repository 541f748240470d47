"""What every measure of vectors promises, whatever the vectors and texts are."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest

from tidegauge.catalog import Evaluator, evaluator, evaluator_names, is_scorer
from tidegauge.errors import CannotMeasure
from tidegauge.profile import VectorSample
from tidegauge.records import Score

Draw = Callable[..., VectorSample]
NAMES = sorted(
    name for name in evaluator_names() if name.startswith("embedding.") and not is_scorer(name)
)
HOSTILE = (
    "",
    " ",
    "a" * 100_000,
    "\N{GRINNING FACE}" * 40,
    "\u0645\u0631\u062d\u0628\u0627 \u05e9\u05dc\u05d5\u05dd",
    "nul\0byte",
    "half \udc80 pair",
    "<script>alert(1)</script>",
    "**bold** [link](javascript:x)",
    "\x1b[31mred\x07",
    "=cmd|' /C calc'!A0",
)


def measured(found: Evaluator, baseline: VectorSample, current: VectorSample) -> Score:
    return found.measure(baseline, current, rng=np.random.default_rng(7), permutations=99)


def assert_sound(score: Score) -> None:
    assert type(score.value) is float
    assert math.isfinite(score.value)
    assert score.p_value is None or 0.0 < score.p_value <= 1.0
    if score.interval is not None:
        assert score.interval.low <= score.value <= score.interval.high
    for said in score.details.values():
        assert type(said) in (float, str)
        assert said == said
    for one in score.examples:
        assert all(len(text) <= 300 for text in one.texts.values())


def test_all_measures_of_vectors_are_here() -> None:
    assert len(NAMES) >= 5


@pytest.mark.parametrize("name", NAMES)
def test_it_takes_two_samples_and_a_generator(name: str) -> None:
    found = evaluator(name)
    assert found.card.reads == ("vector",)
    assert found.card.over == "sample"
    assert found.asks == {"rng", "confidence"}
    assert {"permutations", "min_rows"} <= set(found.params)
    said = inspect.getdoc(found.measure) or ""
    assert all(parameter in said for parameter in found.params)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("clusters", [0, 50])
def test_ordinary_samples_are_left_alone_and_answered_alike(
    name: str, clusters: int, draw: Draw
) -> None:
    rng = np.random.default_rng(1)
    one, other = draw(rng, 120, clusters=clusters), draw(rng, 90, clusters=clusters)
    before = one.vectors.copy()
    score = measured(evaluator(name), one, other)
    assert_sound(score)
    assert measured(evaluator(name), one, other) == score
    np.testing.assert_array_equal(one.vectors, before)


@pytest.mark.parametrize("name", NAMES)
def test_hostile_texts_are_words_like_any(name: str, draw: Draw) -> None:
    rng = np.random.default_rng(2)
    one, other = draw(rng, 60), draw(rng, 60)
    nasty = replace(other, texts=HOSTILE + other.texts[len(HOSTILE) :])
    assert_sound(measured(evaluator(name), replace(one, texts=nasty.texts[::-1]), one))
    assert_sound(measured(evaluator(name), one, nasty))


@pytest.mark.parametrize("name", NAMES)
def test_strange_samples_are_answered_or_declined(name: str, draw: Draw) -> None:
    rng = np.random.default_rng(3)
    one = draw(rng, 60)
    width = one.vectors.shape[1]
    nothing = np.full((60, width), np.nan, np.float32)
    strange = [
        VectorSample(vectors=np.zeros((0, width), np.float32)),
        replace(one, vectors=nothing),
        replace(one, texts=("same",) * 60),
        replace(one, vectors=np.repeat(one.vectors[:1], 60, axis=0)),
        replace(one, vectors=one.vectors * np.float32(1e6)),
        replace(one, vectors=one.vectors * np.float32(1e-6)),
        replace(one, clusters=np.zeros(60, np.int64)),
        replace(one, texts=(), ids=()),
    ]
    for odd in strange:
        for pair in ((one, odd), (odd, one), (odd, odd)):
            with suppress(CannotMeasure):
                assert_sound(measured(evaluator(name), *pair))
