from __future__ import annotations

import pytest

from tidegauge.catalog import evaluator_names, is_scorer, scorer
from tidegauge.causes.stages import COMPARED, _named, text_order
from tidegauge.profile import Layout
from tidegauge.profile.layout import Made, TargetLayout
from tidegauge.records import Kind, Role

TEXTS = {"prompt": "asked", "response": "said", "context": "found", "reference_answer": "right"}


def made(scorer: str, source: str, role: Role = "scored", kind: Kind = "numeric") -> Made:
    return Made(scorer=scorer, kind=kind, role=role, source=source, main="")


def test_a_log_without_texts_has_no_built_in_order() -> None:
    assert text_order(Layout(kinds={"x": "numeric"}, features=("x",))) == ()


def test_each_column_stands_where_it_comes_about() -> None:
    layout = Layout(
        kinds={},
        features=("plan", "retrieval_score", "temperature", "user_rating", "prompt_template"),
        segments=("region",),
        texts=TEXTS,
        latency="seconds",
        tokens="tokens",
        status="status",
        model_version="model",
        id="id",
        timestamp="at",
        conversation="chat",
        target=TargetLayout(column="solved", task="classification"),
        made={
            "asked.length": made("text.length", "asked"),
            "injection": made("text.injection", "asked"),
            "asked.vector": made("embedding.vector", "asked", "vector", "vector"),
            "context_relevance": made("text.context_relevance", "asked"),
            "found.length": made("text.length", "found"),
            "toxicity": made("toxicity.embedded", "said"),
            "toxicity.flagged": made("toxicity.embedded", "said", "flagged", "boolean"),
            "toxicity.status": made("toxicity.embedded", "said", "scorer_status", "categorical"),
            "relevance": made("text.relevance", "said"),
            "hallucination": made("hallucination.embedded", "said"),
        },
    )
    assert text_order(layout, {"asked": "asked.topic", "said": "said.topic"}) == (
        ("region", "plan", "prompt_template"),
        ("asked.length", "injection", "asked.topic"),
        ("retrieval_score", "context_relevance", "found.length"),
        ("temperature", "model"),
        ("toxicity", "toxicity.flagged", "said.topic", "seconds", "status", "tokens"),
        ("user_rating", "relevance", "hallucination"),
        ("solved",),
    )


def test_a_column_stands_in_one_tier_only() -> None:
    layout = Layout(kinds={}, features=("score", "x"), scores={"yes": "score"}, texts=TEXTS)
    tiers = text_order(layout)
    names = [name for tier in tiers for name in tier]
    assert sorted(names) == ["score", "x"]
    assert tiers == (("x",), ("score",))


def test_scorers_that_compare_a_response_with_another_text_are_known() -> None:
    """A new scorer of two texts must be given its place."""
    scorers = [scorer(name) for name in evaluator_names() if is_scorer(name)]
    comparing = {
        one.name
        for one in scorers
        if len(set(one.card.reads.values())) > 1 and one.name.partition(".")[0] != "hallucination"
    }
    assert comparing == set(COMPARED)


@pytest.mark.parametrize(
    ("name", "stage"),
    [
        ("user_country", "caller"),
        ("systemPromptVersion", "caller"),
        ("prompt_tokens", "prompt"),
        ("max_tokens", "serving"),
        ("retrieval_top_k", "retrieval"),
        ("top_k", "serving"),
        ("contextLength", "retrieval"),
        ("n_chunks", "retrieval"),
        ("model_region", "serving"),
        ("completion_tokens", "response"),
        ("judge_score", "judged"),
        ("response_rating", "judged"),
        ("", "caller"),
    ],
)
def test_names_tell_the_stage(name: str, stage: str) -> None:
    assert _named(name) == stage
