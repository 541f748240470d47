from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegauge.errors import NotApplicable, SuiteError, Unscored
from tidegauge_evaluators._premises import clauses, evidence, passages, premises, terms
from tidegauge_evaluators._rollup import need_rule, roll_up

pytest.importorskip("sentencex")


def words(text: str) -> int:
    return len(text.split())


FACTS = [f"Fact number {i} is told here." for i in range(20)]
"""Six words each."""


@pytest.mark.parametrize("context", ["", "  \n", "[]", "[null, null]", '["", " "]', "```", "***"])
def test_an_empty_context_is_no_context(context: str) -> None:
    with pytest.raises(NotApplicable, match="no context"):
        evidence(context, words, 50)


@pytest.mark.parametrize(
    "context", ["One. Two.", "[1] One. [2] Two.", "[not json]", '{"text": "One."}', "[" * 99_999]
)
def test_what_is_no_list_is_one_passage(context: str) -> None:
    assert passages(context) == (context,)


def test_passages_come_from_lists_as_retrievers_write_them() -> None:
    told = [
        "One.",
        {"page_content": "Two.", "metadata": {"text": "not this"}},
        {"id": 3, "text": "Three.", "score": 0.5},
        {"price": 5},
        ["Four."],
        None,
    ]
    found = ("One.", "Two.", "Three.", '{"price": 5}', "Four.")
    assert passages(json.dumps(told)) == found


def test_a_short_context_is_swept_whole() -> None:
    found = evidence(" ".join(FACTS), words, 30)
    told = premises(found, "Nothing in common", room=100, window=4, overlap=1)
    assert told.unseen == 0
    assert told.seen == frozenset(range(20))
    assert told.texts[0] == " ".join(FACTS[:4])
    assert told.texts[1] == " ".join(FACTS[3:7])  # one sentence is shared


def test_windows_keep_within_the_room() -> None:
    found = evidence(" ".join(FACTS), words, 30)
    told = premises(found, "Fact number 3", room=15, window=0)
    assert max(map(words, told.texts)) <= 15
    assert told.seen == frozenset(range(20))


def test_no_window_reaches_over_two_passages() -> None:
    found = evidence(json.dumps([" ".join(FACTS[:3]), " ".join(FACTS[3:6])]), words, 30)
    told = premises(found, "nothing", room=100, window=4, overlap=1)
    assert told.texts == (" ".join(FACTS[:3]), " ".join(FACTS[3:6]))


def test_what_is_left_out_is_counted_and_shares_least_with_the_claim() -> None:
    context = " ".join([*FACTS, "The zebra sleeps at noon."])
    found = evidence(context, words, 30)
    told = premises(found, "A zebra sleeps.", room=100, window=2, overlap=0, most=3)
    assert told.unseen == 11 - 3
    assert "zebra" in told.texts[-1]
    assert 20 in told.seen


def test_two_far_sentences_are_joined_into_one_premise() -> None:
    context = " ".join(["Ann lives in Rome.", *FACTS, "Her cat is called Otto."])
    found = evidence(context, words, 30)
    told = premises(found, "The cat Otto lives in Rome.", room=100, window=3)
    assert told.texts[-1] == "Ann lives in Rome. Her cat is called Otto."


def test_one_window_that_holds_both_is_not_doubled() -> None:
    found = evidence("Ann lives in Rome. Her cat is called Otto.", words, 30)
    told = premises(found, "The cat Otto lives in Rome.", room=100)
    assert len(told.texts) == 1


def test_a_sentence_longer_than_the_room_is_cut_and_none_of_it_lost() -> None:
    long = "alpha beta gamma delta, " * 50
    found = evidence(long, words, 16)
    assert max(found.sizes) <= 16
    assert " ".join(found.sentences).split() == long.split()


def test_a_text_without_spaces_is_cut_too() -> None:
    found = evidence("x" * 100_000, len, 500)
    assert max(found.sizes) <= 500
    assert "".join(found.sentences) == "x" * 100_000


def test_a_claim_is_split_between_clauses_and_keeps_every_word() -> None:
    claim = "Rome fell in 476, Byzantium stood; the west was lost (as some say), and it rained."
    parts = clauses(claim, words, 6)
    assert max(map(words, parts)) <= 6
    assert " ".join(parts).split() == claim.split()


def test_a_claim_without_clauses_is_unscored_rather_than_cut() -> None:
    with pytest.raises(Unscored, match="clause"):
        clauses("word " * 600, words, 500)


def test_numbers_are_not_split_at_their_commas() -> None:
    assert clauses("It has 1,000,000 stars, all told.", words, 4) == (
        "It has 1,000,000 stars,",
        "all told.",
    )


def test_scripts_without_spaces_have_terms() -> None:
    assert terms("東京は大きい") == list("東京は大きい")


@given(
    st.lists(st.integers(1, 12), min_size=1, max_size=30),
    st.integers(4, 40),
    st.integers(0, 6),
    st.integers(0, 3),
)
def test_windows_cover_every_sentence(
    lengths: list[int], room: int, window: int, overlap: int
) -> None:
    context = "\n".join(f"S{i} " + "word " * length + "." for i, length in enumerate(lengths))
    found = evidence(context, words, 20)
    told = premises(found, "word", room=room, window=window, overlap=overlap, most=0)
    assert told.seen == frozenset(range(len(found.sentences)))
    assert told.unseen == 0


def test_the_rules_by_hand() -> None:
    values = [0.25, 0.75, 0.5, 0.0]
    assert roll_up(values, "any", 0.5) == 0.75
    assert roll_up(values, "share", 0.5) == 0.5
    assert roll_up(values, "mean", 0.5) == 0.375


def test_a_rule_that_is_none_is_refused_by_name() -> None:
    assert need_rule("share", "x.y") == "share"
    with pytest.raises(SuiteError, match=r'x\.y: rollup "worst"'):
        need_rule("worst", "x.y")
