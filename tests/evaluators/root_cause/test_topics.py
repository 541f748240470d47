from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tidegauge.errors import NotApplicable, TooFewRows
from tidegauge_evaluators._topic_column import TopicColumn
from tidegauge_evaluators.root_cause.topics import topics

SUBJECTS = ("refund of a parcel", "lost card pin", "weather in mountains", "recipe with rice")


def drawn(
    rng: np.random.Generator, before: tuple[float, ...], now: tuple[float, ...], rows: int = 300
) -> tuple[NDArray[np.float32], NDArray[np.bool_], list[str], NDArray[np.int64]]:
    """Vectors around a centre a subject, with texts, as many rows on each side."""
    subject = np.concatenate([rng.choice(len(before), rows, p=p) for p in (before, now)])
    vectors = 6.0 * np.eye(len(before), 12)[subject] + rng.normal(size=(2 * rows, 12))
    texts = [f"{SUBJECTS[s]} {''.join(rng.choice(list('abcdefgh'), 8))}" for s in subject]
    return vectors.astype(np.float32), np.arange(2 * rows) >= rows, texts, subject


def ask(seed: int = 0, **settings: object) -> tuple[TopicColumn, NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    vectors, current, texts, subject = drawn(rng, (0.5, 0.3, 0.2, 0.0), (0.4, 0.2, 0.2, 0.2))
    return topics(vectors, current, texts, rng=rng, **settings), subject  # type: ignore[arg-type]


def test_vectors_that_do_not_fit_are_refused() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(100, 3)).astype(np.float32)
    side = np.arange(100) >= 50
    with pytest.raises(NotApplicable, match="100 vectors and 0 texts for 99 rows"):
        topics(vectors, side[:99], rng=rng)
    with pytest.raises(NotApplicable, match="all vectors are the same"):
        topics(np.ones_like(vectors), side, [f"text {chr(97 + i)}" for i in range(100)], rng=rng)
    for few in (np.arange(100) >= 95, np.zeros(100, bool), np.ones(100, bool)):
        with pytest.raises(TooFewRows):
            topics(vectors, few, rng=rng)
    with pytest.raises(TooFewRows):
        topics(np.full_like(vectors, np.nan), side, rng=rng)
    with pytest.raises(TooFewRows, match="different texts"):
        topics(vectors, side, ["the same"] * 100, rng=rng)


def test_topics_are_the_subjects_and_are_called_by_their_words() -> None:
    found, subject = ask()
    topic = found.variable.values
    for code, name in enumerate(found.variable.levels):
        of = subject[topic == code]
        main = np.bincount(of).argmax()
        assert np.mean(of == main) > 0.95
        assert set(name.replace(",", "").split()) & set(SUBJECTS[main].split())
    assert found.variable.name == "topic"
    assert found.texts


def test_the_baselines_most_frequent_topic_comes_first() -> None:
    found, _ = ask(1)
    before = found.variable.values[:300]
    counts = np.bincount(before.astype(int), minlength=len(found.variable.levels))
    assert (np.diff(counts) <= 0).all()


def test_rows_without_a_vector_have_no_topic() -> None:
    rng = np.random.default_rng(2)
    vectors, current, texts, _ = drawn(rng, (0.5, 0.5), (0.5, 0.5))
    vectors[::7] = np.nan
    found = topics(vectors, current, [*texts[:-1], None], rng=rng)
    missing = np.isnan(found.variable.values)
    assert missing[::7].all()
    assert np.count_nonzero(missing) == len(range(0, 600, 7))
    assert np.array_equal(missing, np.isnan(found.distance))


def test_a_text_sent_over_and_over_makes_no_topics() -> None:
    rng = np.random.default_rng(3)
    vectors, current, texts, _ = drawn(rng, (0.5, 0.5), (0.5, 0.5), rows=400)
    sent = np.flatnonzero(current)[:300]
    vectors[sent] = vectors[sent[0]]
    for i in sent:
        texts[i] = texts[sent[0]]
    found = topics(vectors, current, texts, rng=rng, most=2)
    assert len(found.variable.levels) == 2
    assert set(found.variable.values[:400]) == {0.0, 1.0}


def test_no_more_topics_than_wanted_and_the_same_ones_again() -> None:
    for most in (2, 3):
        found, _ = ask(4, most=most)
        assert len(found.variable.levels) <= most
    one, other = ask(5)[0], ask(5)[0]
    assert np.array_equal(one.variable.values, other.variable.values)
    assert one.variable.levels == other.variable.levels
    assert np.nanmax(one.variable.values) < len(one.variable.levels)


def test_vectors_without_texts_are_called_by_numbers() -> None:
    rng = np.random.default_rng(6)
    vectors, current, _, _ = drawn(rng, (0.5, 0.5), (0.5, 0.5))
    found = topics(vectors, current, rng=rng)
    assert found.variable.levels[0] == "topic 1"
    assert found.texts == ()
