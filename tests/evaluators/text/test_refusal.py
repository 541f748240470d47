from __future__ import annotations

from collections.abc import Callable

import pytest

pytest.importorskip("sentencex")

from tidegauge_evaluators.text.refusal import refusal

Values = Callable[..., dict[str, object]]


@pytest.mark.parametrize(
    "text",
    [
        "Paris is the capital of France.",
        "You can't refuse the invitation, I would say.",
        "I can help you with that: press the button.",
    ],
)
def test_answers_are_no_refusals(text: str, values: Values) -> None:
    assert values(refusal(), response=text) == {"": 0.0, "flagged": False}


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't help with that.",
        "I cannot assist with this request.",
        "Es tut mir leid, aber ich kann Ihnen dabei nicht helfen.",
    ],
)
def test_refusals_are_told(text: str, values: Values) -> None:
    assert values(refusal(), response=text) == {"": 1.0, "flagged": True}


def test_an_empty_response_refuses_nothing(refused: Callable[..., str]) -> None:
    assert refused(refusal(), response="\n") == "empty response"
