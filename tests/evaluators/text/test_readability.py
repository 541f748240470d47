from __future__ import annotations

from collections.abc import Callable

import pytest

from tidegauge_evaluators.text.readability import readability, syllables

Values = Callable[..., dict[str, object]]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty text"),
        ("Too short to say.", "fewer than 10 words"),
        ("Ich habe das Paket nicht bekommen und ich will mein Geld zurück.", "not English"),
        ("我们想知道这个包裹什么时候会到达我们的家", "not English"),
    ],
)
def test_what_the_formula_does_not_know_is_refused(
    text: str, why: str, refused: Callable[..., str]
) -> None:
    assert refused(readability(), text=text) == why


def test_one_easy_text_by_hand(values: Values) -> None:
    # 12 words of one syllable in 2 sentences
    found = values(readability(), text="The dog ran to the shop. He ate all of it.")
    assert found[""] == pytest.approx(206.835 - 1.015 * 5.5 - 84.6, abs=0.01)
    assert found["grade"] == pytest.approx(0.39 * 5.5 + 11.8 - 15.59, abs=0.01)


def test_long_words_and_sentences_are_harder(values: Values) -> None:
    plain = "We use the data to find out why the model fails. Then we fix the cause at once."
    dense = (
        "Organisational responsibilities necessitate comprehensive documentation of every "
        "interdependency that the implementation of the infrastructure inevitably introduces."
    )
    found = [values(readability(), text=text) for text in (plain, dense)]
    assert found[0][""] > 80 > 0 > found[1][""]  # type: ignore[operator]
    assert found[0]["grade"] < found[1]["grade"]  # type: ignore[operator]


@pytest.mark.parametrize(
    ("word", "count"),
    [
        ("the", 1), ("people", 2), ("business", 2), ("something", 2), ("being", 2), ("area", 3),
        ("question", 2), ("automatically", 5), ("industrial", 4), ("player", 2), ("walked", 1),
        ("wanted", 2), ("houses", 2), ("makes", 1), ("table", 2), ("science", 2), ("rhythm", 2),
        ("egoism", 4),
        ("queue", 1), ("experience", 4), ("nth", 1), ("x" * 500, 1),
    ],
)  # fmt: skip
def test_syllables(word: str, count: int) -> None:
    assert syllables(word) == count
