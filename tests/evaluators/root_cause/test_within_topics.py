from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tidegauge.case import Case, Variable, case_of
from tidegauge.errors import NotApplicable, TooFewRows
from tidegauge_evaluators._mix_and_within import Grouped, group_leans, split
from tidegauge_evaluators._topic_column import TopicColumn
from tidegauge_evaluators.root_cause.within_topics import TopicChanges, within_topics

NAMES = ("cards", "loans", "refunds", "weather")
EVEN = (0.4, 0.3, 0.2, 0.1)


def logged(
    seed: int, now: tuple[float, ...] = EVEN, rows: int = 2_000, **settings: Any
) -> tuple[Case, NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    topic = np.concatenate([rng.choice(4, rows, p=EVEN), rng.choice(4, rows, p=now)])
    case = case_of({"topic": [NAMES[i] for i in topic]}, np.arange(2 * rows) >= rows, **settings)
    return case, topic


def failed(case: Case, topic: NDArray[np.int64], seed: int, more: float = 0.0) -> Any:
    """Rows that failed: some topics more than others, and now more of those about loans."""
    rng = np.random.default_rng([seed, 1])
    rate = np.array([0.05, 0.1, 0.3, 0.2])[topic] + more * (case.current & (topic == 1))
    return (rng.random(case.n) < rate).astype(float)


def parts(found: TopicChanges) -> tuple[float, float]:
    mix, within = found.decomposition.parts
    total = found.decomposition.current - found.decomposition.baseline
    return mix.share * total, within.share * total


def test_without_a_change_no_topic_is_a_cause() -> None:
    case, topic = logged(1)
    found = within_topics(case, case["topic"], failed(case, topic, 1))
    assert found.causes == ()
    assert {one.moved for one in found.topics} == {"not shown"}
    for one in found.topics:
        assert one.ratio_interval.low < 0.0 < one.ratio_interval.high


def test_bad_input_is_refused() -> None:
    case, topic = logged(2, rows=50)
    values = failed(case, topic, 2)
    with pytest.raises(NotApplicable):
        within_topics(case, case["topic"], values[:-1])
    with pytest.raises(NotApplicable):
        within_topics(case, Variable(name="topic", values=np.zeros(3), levels=("a",)), values)
    with pytest.raises(TooFewRows, match="with a number"):
        within_topics(case, case["topic"], np.where(case.current, np.nan, values))


def test_constant_numbers_and_missing_topics_are_no_trouble() -> None:
    case, _ = logged(3, rows=50)
    found = within_topics(case, case["topic"], np.ones(100))
    assert [part.share for part in found.decomposition.parts] == [0.0, 0.0]
    nowhere = Variable(name="topic", values=np.full(100, np.nan), levels=("a",))
    only = within_topics(case, nowhere, np.arange(100.0)).topics
    assert [one.name for one in only] == ["no topic"]


def test_a_worked_example() -> None:
    """Shares 0.6, 0.4 to 0.3, 0.7; means 0, 0.5 to 0.1, 0.5."""
    about = ["card"] * 60 + ["loan"] * 40 + ["card"] * 30 + ["loan"] * 70
    case = case_of({"topic": about}, np.arange(200) >= 100)
    values = np.concatenate(
        [np.zeros(60), np.tile([0, 1], 20), np.full(30, 0.1), np.tile([0, 1], 35)]
    )
    found = within_topics(case, case["topic"], values)
    mix, within = parts(found)
    assert found.decomposition.baseline == pytest.approx(0.2)
    assert found.decomposition.current == pytest.approx(0.38)
    assert mix == pytest.approx(-0.3 * 0.05 + 0.3 * 0.5)
    assert within == pytest.approx(0.1 * 0.45)
    assert sum(one.mix + one.within for one in found.topics) == pytest.approx(0.18)


def test_more_of_a_bad_topic_is_mix() -> None:
    case, topic = logged(4, (0.3, 0.2, 0.4, 0.1), rows=6_000)
    found = within_topics(case, case["topic"], failed(case, topic, 4), of="failures")
    mix, within = found.decomposition.parts
    assert mix.interval is not None
    assert within.interval is not None
    assert mix.interval.low > 0.5
    assert within.interval.low < 0.0 < within.interval.high
    first = found.causes[0]
    assert (first.factor, first.verdict) == ("topic = refunds", "covariate")
    assert found.topics[0].moved == "grew"
    assert "of failures by its share" in first.because


def test_a_topic_that_gets_worse_is_within() -> None:
    case, topic = logged(5)
    found = within_topics(case, case["topic"], failed(case, topic, 5, 0.2))
    mix, within = found.decomposition.parts
    assert within.share > 0.8
    assert within.interval is not None
    assert within.interval.low > 0.5
    first = found.topics[0]
    assert (first.name, first.moved) == ("loans", "changed within")
    assert first.mean_change is not None
    assert first.mean_change.low < 0.2 < first.mean_change.high
    assert mix.share == pytest.approx(1.0 - within.share)


def test_a_topic_that_only_one_side_has_is_mix() -> None:
    case, topic = logged(6, (0.3, 0.3, 0.2, 0.2))
    kept = case.current | (topic != 3)
    case, topic = case.only(kept), topic[kept]
    found = within_topics(case, case["topic"], (topic == 3).astype(float))
    mix, within = parts(found)
    assert within == pytest.approx(0.0)
    assert mix == pytest.approx(found.decomposition.current)
    new = next(one for one in found.topics if one.name == "weather")
    assert (new.baseline, new.mean_baseline, new.mean_change) == (0.0, None, None)
    assert new.moved == "grew"


def test_parts_add_up_and_change_sign_with_the_sides() -> None:
    rng = np.random.default_rng(7)
    case, _ = logged(7, (0.1, 0.2, 0.3, 0.4), rows=200)
    values = rng.normal(size=400)
    values[::5] = np.nan
    swapped = replace(case, current=~case.current)
    one, other = (within_topics(c, case["topic"], values) for c in (case, swapped))
    assert parts(one) == pytest.approx([-x for x in parts(other)])
    assert sum(parts(one)) == pytest.approx(
        np.nanmean(values[case.current]) - np.nanmean(values[~case.current])
    )


def test_errors_agree_with_redrawing_rows() -> None:
    rng = np.random.default_rng(8)
    n = 2_000
    now = np.arange(n) >= n // 2
    codes = np.where(now, rng.choice(4, n, p=(0.3, 0.4, 0.2, 0.1)), rng.choice(4, n, p=EVEN))
    values = rng.normal(size=n) + 0.5 * codes + 0.6 * now * (codes == 1)

    def of(rows: NDArray[np.int64]) -> Grouped:
        return Grouped(
            codes=codes[rows], values=values[rows], current=now[rows],
            weights=np.ones(n), blocks=None, count=4,
        )  # fmt: skip

    whole = of(np.arange(n))
    found = split(whole)
    share, mean = group_leans(whole, found, 1)
    stated = [whole.error(x) for x in (found.leans_mix, found.leans_within, share, mean)]
    again = []
    for _ in range(300):
        one = split(
            of(np.concatenate([rng.integers(0, n // 2, n // 2), rng.integers(n // 2, n, n // 2)]))
        )
        again.append(
            (one.mix.sum(), one.within.sum(), (one.now - one.then)[1],
             (one.mean_now - one.mean_then)[1])
        )  # fmt: skip
    assert stated == pytest.approx(np.std(again, axis=0), rel=0.15)


def test_rows_of_a_conversation_are_one_draw() -> None:
    case, topic = logged(9, rows=400)
    values = failed(case, topic, 9)
    ten = np.repeat(np.arange(case.n), 10)
    many = case.only(ten)
    alone = within_topics(case, case["topic"], values).topics[0]
    apart = within_topics(many, many["topic"], values[ten]).topics[0]
    blocks = replace(many, blocks=ten)
    together = within_topics(blocks, many["topic"], values[ten]).topics[0]

    def width(one: Any) -> Any:
        return one.ratio_interval.high - one.ratio_interval.low

    assert width(together) == pytest.approx(width(alone), rel=0.05)
    assert width(apart) < 0.5 * width(alone)


def test_words_and_texts_show_what_changed_within_a_topic() -> None:
    case, topic = logged(10, (0.2, 0.3, 0.4, 0.1))
    rng = np.random.default_rng([10, 2])
    fee = case.current & (topic == 2) & (rng.random(case.n) < 0.4)
    texts = tuple(
        f"<b>{NAMES[t]}</b> please {'fee ' if f else ''}{i}"
        for i, (t, f) in enumerate(zip(topic, fee, strict=True))
    )
    column = TopicColumn(
        variable=case["topic"], distance=rng.random(case.n), texts=texts, role="prompt",
        ids=tuple(map(str, range(case.n))),
    )  # fmt: skip
    found = within_topics(case, column, failed(case, topic, 10))
    refunds = next(one for one in found.topics if one.name == "refunds")
    assert [part.label for part in refunds.words] == ['"fee"']  # and not the topic's own word
    assert refunds.words[0].baseline == 0.0
    assert refunds.words[0].current == pytest.approx(fee.sum() / (topic[case.current] == 2).sum())
    assert [one.side for one in refunds.examples] == ["current"] * 2 + ["baseline"] * 2
    for one in refunds.examples:
        row = int(one.id)
        assert topic[row] == 2
        assert one.texts["prompt"] == texts[row]
    inside = np.flatnonzero(case.current & (topic == 2))
    assert int(refunds.examples[0].id) == inside[column.distance[inside].argmin()]


def test_long_texts_are_cut() -> None:
    case, topic = logged(11, rows=60)
    column = TopicColumn(
        variable=case["topic"], distance=np.zeros(case.n), texts=("x" * 5_000,) * case.n
    )
    found = within_topics(case, column, failed(case, topic, 11))
    assert all(len(one.texts["prompt"]) <= 300 for t in found.topics for one in t.examples)


@pytest.mark.slow
def test_intervals_cover_at_their_level() -> None:
    """True mix: shares' change at mean levels. Topics' intervals hold for all at once."""
    now = (0.3, 0.3, 0.3, 0.1)
    rate = np.array([0.05, 0.1, 0.3, 0.2])
    later = rate + np.array([0.0, 0.2, 0.0, 0.0])
    p, q = np.array(EVEN), np.array(now)
    mix, within = float((q - p) @ (rate + later) / 2), float((later - rate) @ (p + q) / 2)
    covered = np.zeros(3)
    for seed in range(300):
        case, topic = logged(seed, now, rows=800)
        found = within_topics(case, case["topic"], failed(case, topic, seed, 0.2))
        for i, true in enumerate((mix, within)):
            interval = found.decomposition.parts[i].interval
            assert interval is not None
            covered[i] += interval.low <= true / (mix + within) <= interval.high
        ratios = {one.name: one.ratio_interval for one in found.topics}
        covered[2] += all(
            ratios[name].low <= np.log(q[i] / p[i]) <= ratios[name].high
            for i, name in enumerate(NAMES)
        )
    assert (covered >= 0.915 * 300).all()
    assert (covered[:2] <= 0.985 * 300).all()
