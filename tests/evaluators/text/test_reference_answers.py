"""Exact match, F1, ROUGE-L and BLEU: all compare a response with a reference answer."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tidegauge.scorer import Scorer
from tidegauge_evaluators.text.exact_match import exact_match
from tidegauge_evaluators.text.f1 import f1

Values = Callable[..., dict[str, object]]


def all_of_them() -> list[Scorer]:
    pytest.importorskip("rapidfuzz")
    pytest.importorskip("sacrebleu")
    from tidegauge_evaluators.text.bleu import bleu
    from tidegauge_evaluators.text.rouge_l import rouge_l

    return [exact_match(), f1(), rouge_l(), bleu()]


def test_an_equal_answer_has_the_highest_value(values: Values) -> None:
    for scorer, best in zip(all_of_them(), (1.0, 1.0, 1.0, 100.0), strict=True):
        text = "Paris is the capital of France."
        assert values(scorer, response=text, reference_answer=text)[""] == pytest.approx(best)


def test_an_empty_response_is_wrong_and_an_empty_reference_answer_no_reference(
    values: Values, refused: Callable[..., str]
) -> None:
    for scorer in all_of_them():
        assert values(scorer, response="", reference_answer="Paris")[""] == 0.0
        assert refused(scorer, response="Paris", reference_answer=" ") == "empty reference answer"
        assert refused(scorer, response="Paris") == "no reference answer"
        assert refused(scorer, reference_answer="Paris") == "no response"


def test_nothing_in_common_is_zero(values: Values) -> None:
    for scorer in all_of_them():
        found = values(scorer, response="alpha beta gamma", reference_answer="delta epsilon zeta")
        assert found[""] == 0.0


@pytest.mark.parametrize(
    ("response", "wanted", "equal"),
    [
        ("the Eiffel  Tower.", "Eiffel tower", 1.0),
        ("An apple", "apple", 1.0),
        ("«1999»", "1999", 1.0),
        ("1999", "199", 0.0),
        ("theatre", "atre", 0.0),
        ("U.S.", "us", 1.0),
    ],
)
def test_case_articles_and_punctuation_do_not_count(
    response: str, wanted: str, equal: float, values: Values
) -> None:
    assert values(exact_match(), response=response, reference_answer=wanted)[""] == equal


def test_f1_by_hand(values: Values) -> None:
    # "b" twice in the response and once in the reference answer: 2 of 4, 2 of 3
    found = values(f1(), response="x b b c", reference_answer="b c d")
    assert found["precision"] == 0.5
    assert found["recall"] == pytest.approx(2 / 3)
    assert found[""] == pytest.approx(4 / 7)


def test_ideographs_are_compared_one_by_one(values: Values) -> None:
    found = values(f1(), response="我在北京。", reference_answer="北京")
    assert found == {"": pytest.approx(2 / 3), "precision": 0.5, "recall": 1.0}


@pytest.mark.parametrize(
    ("response", "wanted", "f", "precision", "recall"),
    [
        ("police kill the gunman", "police killed the gunman", 0.75, 0.75, 0.75),
        ("the gunman kill police", "police killed the gunman", 0.5, 0.5, 0.5),
        (
            "The quick brown fox jumps over the lazy dog",
            "The quick brown dog jumps on the log.",
            0.588235, 0.555556, 0.625,
        ),
        ("It's 42, isn't it?", "it isn't 42", 0.6, 0.5, 0.75),
    ],
)  # fmt: skip
def test_rouge_l_is_that_of_the_package_rouge_score(
    response: str, wanted: str, f: float, precision: float, recall: float, values: Values
) -> None:
    found = values(all_of_them()[2], response=response, reference_answer=wanted)
    assert found == pytest.approx({"": f, "precision": precision, "recall": recall}, abs=1e-6)


def test_rouge_l_sees_words_outside_of_ascii(values: Values) -> None:
    found = values(all_of_them()[2], response="это дом", reference_answer="это мой дом")
    assert found["recall"] == pytest.approx(2 / 3)


def test_bleu_by_hand(values: Values) -> None:
    # precisions 5/6, 3/5, 2/4, 1/3 and equal lengths
    found = values(
        all_of_them()[3], response="the cat sat on a mat", reference_answer="the cat sat on the mat"
    )
    assert found[""] == pytest.approx(100 * (5 / 6 * 3 / 5 * 2 / 4 * 1 / 3) ** 0.25, abs=1e-4)


def test_bleu_of_one_word_has_no_longer_sequences_to_miss(values: Values) -> None:
    assert values(all_of_them()[3], response="Paris", reference_answer="Paris")[""] == 100.0
