"""Language models: toxicity, groundedness, length, latency and cost of the same prompts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tidegauge import compare
from tidegauge.comparing.comparing import compare_suite
from tidegauge.comparison import Comparison
from tidegauge.suite import parse_suite

COLUMNS = {
    "id": "id",
    "prompt": "prompt",
    "response": "response",
    "conversation": "conversation",
    "latency": "latency_ms",
}
GOOD = "Your parcel was sent on Monday and will be with you soon, thank you for asking us."
BAD = "You are a stupid idiot and nobody wants to help a moron like you, shut up."


def chats(rude: float, seed: int, n: int = 300) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    return {
        "id": [f"q{i}" for i in range(n)],
        "conversation": [f"c{i // 3}" for i in range(n)],
        "prompt": [f"Where is parcel number {i}, which I ordered last week?" for i in range(n)],
        "response": [BAD if rng.random() < rude else GOOD for _ in range(n)],
        "latency_ms": rng.gamma(4, 100, n),
        "cost_usd": rng.gamma(4, 0.001, n) * (1 + (seed == 2)),
    }


@pytest.fixture(scope="module")
def found() -> Comparison:
    return compare(
        chats(0.3, 2), chats(0.01, 1), columns=COLUMNS, scorers=["toxicity.embedded", "text.length"]
    )


def test_a_ruder_and_dearer_model_is_found_out(found: Comparison) -> None:
    assert found.outcome == "critical"
    assert found.of("toxicity.rate").decision == "worse"
    assert found.of("toxicity.embedded").decision == "worse", "the mean of its scores"
    assert found.of("cost_usd").decision == "worse"
    assert found.of("service.latency_p95").decision == "not_shown"


def test_turns_of_one_conversation_count_together(found: Comparison) -> None:
    contrast = found.of("toxicity.rate").contrast
    assert contrast is not None
    assert (contrast.n, contrast.groups) == (300, 100)
    assert contrast.method == "McNemar over groups, mid-p"


def test_rude_texts_are_shown_folded_beside_what_was_asked(found: Comparison) -> None:
    worst = [row for row in found.disagreements if row.metric.startswith("toxicity")]
    assert worst
    assert all(row.sensitive for row in worst)
    lost = next(row for row in worst if row.favours == "baseline")
    assert lost.candidate["response"] == BAD
    assert lost.baseline["response"] == GOOD
    assert lost.asked["prompt"].startswith("Where is parcel number")


def test_each_scorer_of_one_check_is_named(found: Comparison) -> None:
    asked = compare(
        chats(0.3, 2, 60), chats(0.0, 1, 60), columns=COLUMNS,
        scorers=["toxicity.embedded", "text.length"], metrics=["quality.unscored_rate"],
    )  # fmt: skip
    assert [one.because.partition(" 0 %")[0] for one in asked.overall] == [
        f"Unscored rate of {name}.status" for name in ("toxicity.embedded", "text.length")
    ]
    unasked = {one.evaluator for one in found.overall}
    assert "quality.unscored_rate" not in unasked, "nothing is unscored, so nothing is to be told"


def test_a_model_that_leaves_prompts_unanswered_is_found_out() -> None:
    before, silent = chats(0.0, 1), chats(0.0, 1)
    silent["response"] = [text if i % 4 else None for i, text in enumerate(silent["response"])]
    asked = compare(silent, before, columns=COLUMNS)
    assert asked.of("missing responses").decision == "worse"
    assert asked.outcome == "critical"
    both = compare(before, before, columns=COLUMNS)
    assert "missing responses" not in {one.metric for one in both.overall}


def test_a_check_of_missing_responses_that_a_suite_has_itself_is_not_compared_twice() -> None:
    before, silent = chats(0.0, 1), chats(0.0, 1)
    silent["response"] = [text if i % 4 else None for i, text in enumerate(silent["response"])]
    suite = parse_suite(
        f"""
        suite: assistant
        logs: {{baseline: {{path: before.csv}}, current: {{path: now.csv}}}}
        columns: {COLUMNS}
        checks: [{{quality.missing_rate: {{on: response, critical: 0.1}}}}]
        """
    )
    found = compare_suite(suite, candidate=silent, baseline=before)
    assert [one.evaluator for one in found.overall].count("quality.missing_rate") == 1
