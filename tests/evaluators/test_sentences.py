from __future__ import annotations

import builtins
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegauge.errors import MissingExtraError
from tidegauge_evaluators._sentences import Form, language, plain, sentences, spans, splitter

pytest.importorskip("sentencex")

HUGE = {
    "one word": "x" * 100_000,
    "emoji": "\U0001f600" * 100_000,
    "full stops": "." * 100_000,
    "spaces": " " * 100_000 + "x",
    "lines": "\nx" * 50_000,
    "pipes": "a|\n|-" * 20_000,
    "ruler": "|" + " " * 99_000 + "-x\n|-|",
    "bullets": "- " * 50_000,
    "quotes": ">" * 100_000,
    "stars": "**a" * 33_000,
    "links": "[a](b" * 20_000,
    "numbers": "1. " * 33_000,
    "fences": "```\n" * 25_000,
}


@pytest.mark.parametrize("text", ["", " ", "\n\n\t ", "\u2028", "***", "---\n***", "```", "- "])
def test_nothing_gives_no_sentence(text: str) -> None:
    assert sentences(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "Dr. Meyer paid $3.50 to the U.S. Treasury on Jan. 5.",
        "It costs 1,000.50 euros, e.g. at www.example.org today.",
        "He said (it was late. Very late.) and left.",
        "Das ist z. B. so, und Nr. 5 ist nicht mit dem Zug am 3. Mai gekommen.",
    ],
)
def test_full_stops_inside_do_not_end_a_sentence(text: str) -> None:
    assert sentences(text) == [text]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It rains. Is it so? Yes!", ["It rains.", "Is it so?", "Yes!"]),
        (
            "今天天气很好。我们去公园吧\uff01你来吗\uff1f",
            ["今天天气很好。", "我们去公园吧\uff01", "你来吗\uff1f"],
        ),
        ("これはペンです。本当ですか?", ["これはペンです。", "本当ですか?"]),
        ("यह एक वाक्य है। यह दूसरा है।", ["यह एक वाक्य है।", "यह दूसरा है।"]),
        ("هذا هو الأول. هل هذا هو الثاني؟ نعم!", ["هذا هو الأول.", "هل هذا هو الثاني؟", "نعم!"]),
        ("یہ ایک جملہ ہے\u06d4 یہ دوسرا ہے\u06d4", ["یہ ایک جملہ ہے\u06d4", "یہ دوسرا ہے\u06d4"]),
        ("¿Qué tal? Muy bien.", ["¿Qué tal?", "Muy bien."]),
        ("ሰላም። እንዴት ነህ።", ["ሰላም።", "እንዴት ነህ።"]),
    ],
)
def test_sentences_end_in_every_script(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_lines_end_sentences_unless_they_go_on_in_lower_case() -> None:
    assert sentences("Opening hours\nThe shop is\nopen all day\nCall us") == [
        "Opening hours",
        "The shop is open all day",
        "Call us",
    ]


def test_list_items_end_sentences_and_lose_their_markers() -> None:
    told = spans("We offer:\n- soup, hot\n* bread. And wine.\n2) rest\n(c) song")
    assert [(s.text, s.form) for s in told] == [
        ("We offer:", "prose"),
        ("soup, hot", "item"),
        ("bread.", "item"),
        ("And wine.", "item"),
        ("rest", "item"),
        ("song", "item"),
    ]


def test_numbers_in_a_line_stay_with_what_they_number() -> None:
    assert sentences("1. Stir well. 2. Add salt.") == ["Stir well.", "2. Add salt."]


def test_code_is_one_piece_and_table_rows_read_with_their_heads() -> None:
    text = "# Cities\n```py\nx = 1. y = 2.\n```\n| City | People |\n|---|--:|\n| Rome | 2.8 M |\n"
    forms: list[tuple[str, Form]] = [(s.text, s.form) for s in spans(text)]
    assert forms == [
        ("Cities", "heading"),
        ("x = 1. y = 2.", "code"),
        ("City: Rome; People: 2.8 M", "row"),
    ]


def test_a_fence_that_never_closes_hides_nothing() -> None:
    assert [(s.text, s.form) for s in spans("```\nprint(1)\nprint(2)")] == [
        ("print(1) print(2)", "code")
    ]


def test_places_point_at_the_text() -> None:
    text = "  Hi there.\n\n- **Rome**  fell.\n> Quoted."
    assert [text[s.start : s.end] for s in spans(text)] == [
        "Hi there.",
        "**Rome**  fell.",
        "Quoted.",
    ]


def test_lone_surrogates_and_nul_are_survived() -> None:
    assert sentences("a\udc80b\x00c. Next\ud800.") == ["a\ufffdb\x00c.", "Next\ufffd."]


@pytest.mark.parametrize("text", HUGE.values(), ids=HUGE)
def test_time_grows_with_length_not_faster(text: str) -> None:
    started = time.process_time()
    for sentence in sentences(text):
        plain(sentence)
    assert time.process_time() - started < 5.0


@given(st.text(alphabet=st.characters(exclude_characters="`~|.()"), max_size=200))
def test_no_letter_of_prose_is_lost(text: str) -> None:
    found = spans(text)
    starts, ends = [s.start for s in found], [s.end for s in found]
    gaps = zip([0, *ends], [*starts, len(text)], strict=True)
    assert all(before < after for before, after in zip(starts, ends, strict=True))
    assert not any(char.isalnum() for a, b in gaps for char in text[a:b])


@pytest.mark.parametrize(
    ("text", "mark", "kept"),
    [
        ("**Rome** is *old*.", "emphasis", "Rome is old."),
        ("See [the page](https://example.org/a) now.", "link", "See the page now."),
        ("Rome fell in 476 [1, 2].", "citation", "Rome fell in 476."),
        ("Run `make all` first.", "code", "Run make all first."),
        ("2 * 3 * 4 = 24 and __init__ stays", "no mark", "2 * 3 * 4 = 24 and __init__ stays"),
    ],
)
def test_marks_are_stripped_and_words_kept(text: str, mark: str, kept: str) -> None:
    assert plain(text) == kept, mark


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("The sea is calm and the sun is up", "en"),
        ("Das Meer ist ruhig und die Sonne scheint", "de"),
        ("La mer est calme et le soleil brille dans le ciel", "fr"),
        ("El mar y los barcos no se mueven por la noche", "es"),
        ("海は静かです", "ja"),
        ("大海很平静", "zh"),
        ("바다는 고요하다", "ko"),
        ("Жизнь идёт", "ru"),
        ("\U0001f600\U0001f600", "en"),
        ("", "en"),
    ],
)
def test_language_is_guessed_from_script_and_frequent_words(text: str, code: str) -> None:
    assert language(text) == code


def test_the_splitter_names_its_version() -> None:
    assert splitter().startswith("sentencex ")


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def absent(name: str, *rest: Any) -> Any:
        if name == "sentencex":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(MissingExtraError, match=r"tidegauge\[text\]"):
        sentences("It rains.")
