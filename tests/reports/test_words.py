from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tidegauge.records import Card, Limit, Side
from tidegauge_reports import _words as words

SHARE = Card(
    title="Missing rate", explain="Share of rows without a value.", reads=("numeric",),
    on="features", better="lower", unit="share of rows", reference="",
)  # fmt: skip
ACCURACY = Card(
    title="Accuracy", explain="Share of right answers.", reads=("classification",),
    on="outcome", better="higher", unit="share of rows", reference="",
)  # fmt: skip


def test_an_absent_number_is_a_dash_and_never_zero() -> None:
    assert words.number(None) == "\u2013"
    assert words.p_value(None) == ""
    assert words.interval(None) == ""


def test_a_small_probability_is_never_worded_as_zero() -> None:
    assert words.p_value(0.0) == "< 0.0001"
    assert words.percent(1e-9) == "< 0.01 %"
    assert words.percent(0.99999) == "> 99.9 %"


def test_limits_are_worded_the_way_they_bind() -> None:
    assert words.limit(Limit(severity="warn", versus="value", bound=0.02), SHARE) == (
        "warn above 2 %"
    )
    assert words.limit(Limit(severity="critical", versus="value", bound=0.9), ACCURACY) == (
        "critical below 90 %"
    )
    assert words.limit(Limit(severity="critical", versus="rise", bound=0.02), SHARE) == (
        "critical when it rises by more than 2 points"
    )
    assert words.limit(Limit(severity="info", versus="any"), None) == (
        "info on any change the evidence supports"
    )


def test_windows_lose_what_says_nothing() -> None:
    assert words.window(Side(source="x", n=1)) == ""
    assert words.instant("2026-01-08T06:00:12.123456Z") == "2026-01-08 06:00:12"
    assert words.instant("2026-01-08T00:00:00+00:00") == "2026-01-08"


def test_lists_read_as_sentences_do() -> None:
    assert [words.listed(list(parts)) for parts in ("", "a", "ab", "abc")] == [
        "", "a", "a and b", "a, b and c",
    ]  # fmt: skip


@given(st.text())
def test_cleaned_text_steers_nothing(text: str) -> None:
    cleaned = words.clean(text)
    assert not any(ord(sign) < 32 or 0x7F <= ord(sign) < 0xA0 for sign in cleaned)
    cleaned.encode("utf-8")
    assert words.clean(cleaned) == cleaned


@given(st.text(), st.integers(min_value=3, max_value=80))
def test_shortened_text_fits(text: str, limit: int) -> None:
    assert len(words.shorten(text, limit)) <= limit


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_has_short_words(value: float) -> None:
    assert 1 <= len(words.number(value)) <= 11
