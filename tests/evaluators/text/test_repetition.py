from __future__ import annotations

from collections.abc import Callable

import pytest

from tidegauge_evaluators.text.repetition import ending_loop, repetition

Values = Callable[..., dict[str, object]]
PROSE = (
    "The parcel left Bern on Monday and crossed the border at night. A storm held it up near "
    "Lyon, so the driver waited until noon. It should reach you tomorrow before ten."
)


@pytest.mark.parametrize("text", ["", "yes", "no no", PROSE])
def test_ordinary_text_repeats_nothing(text: str, values: Values) -> None:
    found = values(repetition(), text=text)
    assert (found[""], found["loop"], found["flagged"]) == (0.0, 0.0, False)


def test_share_of_repeated_sequences_by_hand(values: Values) -> None:
    # a b c a b c a: seven words, sequences of two: ab bc ca ab bc ca, three of them distinct
    assert values(repetition(n=2), text="a b c a b c a")[""] == 0.5


def test_a_looping_ending_is_found_and_named(values: Values) -> None:
    found = values(repetition(), text=PROSE + " I am not sure." * 30)
    assert found["flagged"] is True
    assert float(str(found["loop"])) == pytest.approx(120 / 151, abs=0.01)
    said = repetition().join({"text": PROSE + " I am not sure." * 30}, (), None)  # type: ignore[arg-type]
    assert sorted(said.because.removeprefix("ends by repeating: ").split()) == [
        "am", "i", "not", "sure",
    ]  # fmt: skip


def test_repeated_ideographs_count(values: Values) -> None:
    assert values(repetition(), text="我不知道" * 20)["flagged"] is True


def test_compression_grows_with_repetition(values: Values) -> None:
    once, often = (values(repetition(), text=PROSE * times)["compression"] for times in (1, 20))
    assert 0.1 < float(str(once)) < 0.5 < 0.9 < float(str(often))


@pytest.mark.parametrize(
    ("items", "found"),
    [("a b c", (0, 0.0)), ("a a", (0, 0.0)), ("a a a", (1, 1.0)), ("x a b a b a b", (2, 6 / 7))],
)
def test_loops(items: str, found: tuple[int, float]) -> None:
    assert ending_loop(items.split()) == pytest.approx(found)
