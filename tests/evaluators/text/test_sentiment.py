from __future__ import annotations

from collections.abc import Callable

import pytest

pytest.importorskip("vaderSentiment")

from tidegauge_evaluators.text.sentiment import sentiment

Values = Callable[..., dict[str, object]]


def test_neutral_text_is_zero(values: Values) -> None:
    found = values(sentiment(), text="The parcel was sent on Monday. It weighs two kilograms.")
    assert found == {"": 0.0, "lowest": 0.0}


def test_other_languages_are_refused(refused: Callable[..., str]) -> None:
    assert refused(sentiment(), text="Das ist ein sehr schlechtes Produkt und ich") == "not English"
    assert refused(sentiment(), text=" ") == "empty text"


@pytest.mark.parametrize(
    ("text", "compound"),
    [
        ("VADER is smart, handsome, and funny.", 0.8316),
        ("VADER is not smart, handsome, nor funny.", -0.7424),
        ("The book was good.", 0.4404),
        ("Today SUX!", -0.5461),
    ],
)
def test_one_sentence_has_the_library_s_documented_value(
    text: str, compound: float, values: Values
) -> None:
    assert values(sentiment(), text=text)[""] == compound


def test_sentences_are_averaged_and_the_lowest_kept(values: Values) -> None:
    found = values(
        sentiment(), text="The book was good. The weather was as usual there. Today SUX!"
    )
    assert found[""] == pytest.approx((0.4404 + 0.0 - 0.5461) / 3, abs=1e-4)
    assert found["lowest"] == -0.5461


def test_emoticons_and_emoji_count(values: Values) -> None:
    assert values(sentiment(), text="see you then :)")[""] > 0  # type: ignore[operator]
    assert values(sentiment(), text="What a day, and I mean it 💔")[""] != 0
