from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from tidegauge.profile import VectorSample
from tidegauge_evaluators._log_odds import leaning_words, log_odds_z, words_of
from tidegauge_evaluators._topics import cluster, topic_count
from tidegauge_evaluators.embedding.topics import topics

Draw = Callable[..., VectorSample]


def islands(counts: list[int], seed: int, name: str = "") -> VectorSample:
    """Rows around corners far apart, so many of each."""
    rng = np.random.default_rng(seed)
    corner = np.repeat(np.arange(len(counts)), counts)
    vectors = 10.0 * np.eye(len(counts))[corner] + 0.1 * rng.normal(size=(len(corner), len(counts)))
    texts = tuple(f"{name} subject{'abcdef'[c]} {i % 99} {i // 99}" for i, c in enumerate(corner))
    return VectorSample(vectors=vectors.astype(np.float32), texts=texts)


def test_two_samples_of_one_log_speak_of_the_same(draw: Draw) -> None:
    rng = np.random.default_rng(1)
    score = topics(draw(rng, 300), draw(rng, 200), rng=rng)
    assert score.p_value is not None
    assert score.p_value > 0.05
    assert score.interval is not None
    assert score.interval.low == 0.0
    assert score.value < 2.5 * float(score.details["by_chance"])
    assert not any("grew" in str(said) for said in score.details.values())
    assert score.examples == ()


def test_shares_and_distance_by_hand() -> None:
    score = topics(islands([50, 30, 20], 1, "old"), islands([20, 30, 50], 2, "new"), count=3)
    assert score.value == pytest.approx(0.3)
    found = {part.label.split(",")[0]: (part.baseline, part.current) for part in score.parts}
    assert found["subjecta"] == pytest.approx((0.5, 0.2))
    assert found["subjectb"] == pytest.approx((0.3, 0.3))
    assert found["subjectc"] == pytest.approx((0.2, 0.5))
    assert sum(part.contribution for part in score.parts) == pytest.approx(score.value)
    assert score.p_value is not None
    assert score.p_value < 1e-4
    said = {
        name.removeprefix("change of ").split(",")[0]: str(what).rpartition(": ")[2]
        for name, what in score.details.items()
    }
    assert (said["subjecta"], said["subjectb"], said["subjectc"]) == ("shrank", "not shown", "grew")


def test_a_topic_that_one_log_lacks_is_found_named_and_shown(draw: Draw) -> None:
    rng = np.random.default_rng(2)
    score = topics(draw(rng, 400), draw(rng, 400, (0.3, 0.25, 0.25, 0.2)), count=4, rng=rng)
    first = score.parts[0]
    assert "rice" in first.label
    assert first.baseline < 0.02
    assert first.current == pytest.approx(0.2, abs=0.05)
    shown = [one for one in score.examples if "grew" in one.because]
    assert shown
    assert all("rice" in one.texts["prompt"] for one in shown if one.side == "current")


def test_conversations_count_as_one_draw() -> None:
    rng = np.random.default_rng(3)
    p_values = []
    for _ in range(20):
        sides = []
        for name in ("old", "new"):
            counts = 10 * rng.multinomial(30, [0.5, 0.3, 0.2])
            side = islands(counts.tolist(), int(rng.integers(1_000)), name)
            sides.append(replace(side, clusters=np.arange(300) // 10))
        score = topics(*sides, count=3, permutations=199, rng=rng)
        assert score.p_value is not None
        p_values.append(score.p_value)
    assert 0.1 < np.median(p_values) < 0.9
    assert min(p_values) > 0.002


def test_vectors_without_texts_have_numbered_topics() -> None:
    one = replace(islands([30, 30], 1), texts=())
    score = topics(one, replace(islands([40, 20], 2), texts=()), count=2)
    assert {part.label for part in score.parts} == {"topic 1", "topic 2"}
    assert score.examples == ()


def test_clusters_are_those_that_were_planted() -> None:
    rows: NDArray[np.float32] = islands([40, 40, 20], 4).vectors
    topic, centres = cluster(rows, 3, np.random.default_rng(0))
    assert sorted(np.bincount(topic).tolist()) == [20, 40, 40]
    for i in range(3):
        np.testing.assert_allclose(centres[i], rows[topic == i].mean(axis=0), atol=1e-5)


def test_more_clusters_than_different_rows_are_fewer() -> None:
    rows = np.repeat(np.eye(2, dtype=np.float32), 10, axis=0)
    topic, centres = cluster(rows, 5, np.random.default_rng(0))
    assert len(centres) == int(topic.max()) + 1 == 2


@pytest.mark.parametrize(("rows", "count"), [(2, 2), (100, 3), (10**6, 30)])
def test_topics_grow_with_rows(rows: int, count: int) -> None:
    assert topic_count(rows) == count


def test_words_of_any_script() -> None:
    assert words_of("don\u2019t, DON'T 42 a") == {"don\u2019t", "don't"}
    assert words_of("\u5929\u6c17\u4e88\u5831") == {"\u5929\u6c17", "\u6c17\u4e88", "\u4e88\u5831"}
    assert words_of("\u05e9\u05dc\u05d5\u05dd \u043c\u0438\u0440") == {
        "\u05e9\u05dc\u05d5\u05dd", "\u043c\u0438\u0440"
    }  # fmt: skip
    assert words_of("\udc80\0 \N{GRINNING FACE}" + "k" * 99) == set()


def test_log_odds_by_hand() -> None:
    # prior = a tenth of the pooled counts: 1.2 with, 18.8 without
    z = log_odds_z(np.array([10.0]), 100, np.array([2.0]), 100)
    gap = np.log(11.2 / (90 + 18.8)) - np.log(3.2 / (98 + 18.8))
    assert z[0] == pytest.approx(gap / np.sqrt(1 / 11.2 + 1 / 3.2 + 1 / 108.8 + 1 / 116.8))


def test_words_that_both_sides_have_tell_nothing() -> None:
    bags = [{"the", "card"}] * 50
    assert leaning_words(bags, bags) == ()
    assert leaning_words(bags, []) == ()
    assert leaning_words(bags, bags[:20]) == ()
    assert leaning_words([*bags, {"the"}], [*bags[:20], {"the"}]) == ()
