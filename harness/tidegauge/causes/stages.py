"""In which order the columns of a language model's log come about, where the suite does not say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import Literal, get_args

from tidegauge.profile.layout import Layout, Made

Stage = Literal["caller", "prompt", "retrieval", "serving", "response", "judged", "target"]
"""Who asks; what is asked; what is looked up; which model answers, and set how; what it answers;
what that is held to be worth; what came true."""

WORDS: Mapping[str, Stage] = {
    **dict.fromkeys(
        ("prompt", "question", "query", "input", "instruction", "request"), "prompt"
    ),
    **dict.fromkeys(
        ("retrieval", "retriever", "retrieved", "rerank", "reranker", "chunk", "chunks", "context",
         "contexts", "document", "documents", "docs", "passage", "passages", "index", "corpus",
         "search", "bm25", "knowledge", "kb"), "retrieval"
    ),
    **dict.fromkeys(
        ("model", "temperature", "top_p", "top_k", "max_tokens", "penalty", "seed", "engine",
         "deployment", "endpoint", "provider", "sampling", "quantization", "adapter"), "serving"
    ),
    **dict.fromkeys(
        ("response", "answer", "completion", "output", "reply", "generated", "finish", "latency",
         "duration", "ttft", "cost", "tokens", "refused"), "response"
    ),
    **dict.fromkeys(
        ("judge", "judged", "grade", "graded", "rating", "rated", "feedback", "thumbs", "csat",
         "groundedness", "faithfulness", "hallucination", "correctness", "eval", "evaluator"),
        "judged",
    ),
}  # fmt: skip
"""Word in a column's name -> when it comes about; where several are there, the latest stage."""
TEXTS: Mapping[str, Stage] = {
    "prompt": "prompt", "reference_answer": "prompt", "context": "retrieval",
    "response": "response", "samples": "response",
}  # fmt: skip
"""Role of a text -> when it comes about."""
COMPARED: Mapping[str, Stage] = {
    "text.context_relevance": "retrieval",
    **dict.fromkeys(
        ("text.relevance", "text.similarity", "text.bleu", "text.rouge_l", "text.f1",
         "text.exact_match"),
        "judged",
    ),
}  # fmt: skip
"""Scorers that hold one text against another -> when the later one of the two is there, or, where
one is the response, when its worth is judged."""
JUDGES = frozenset({"hallucination"})
"""Topics of scorers that judge a response."""
NONE: Mapping[str, str] = MappingProxyType({})


def text_order(layout: Layout, topics: Mapping[str, str] = NONE) -> tuple[tuple[str, ...], ...]:
    """Sort the columns of a log of texts into tiers, causes first.

    Who asks decides what is asked; that decides what is looked up; model and settings make of
    both a response; scorers and people judge it. Columns of one tier do not cause each other. The
    prompt's template and a system prompt's version stand with who asks, for they shape the prompt.

    Parameters
    ----------
    layout
        Kinds and roles of columns. A feature stands where its name says, else with who asks.
    topics
        Column of a text -> column of its topics.

    Returns
    -------
    tuple
        Tiers, none empty; none at all for a log without texts. Ids, moments, conversations,
        texts themselves, vectors, and whether a scorer could score are in none.

    Examples
    --------
    >>> from tidegauge.profile import Layout
    >>> text_order(
    ...     Layout(
    ...         kinds={"plan": "categorical", "k": "numeric", "seconds": "numeric"},
    ...         features=("plan", "retrieval_score"), latency="seconds", model_version="model",
    ...         texts={"prompt": "asked"},
    ...     ),
    ...     {"asked": "asked.topic"},
    ... )
    (('plan',), ('asked.topic',), ('retrieval_score',), ('model',), ('seconds',))
    """
    if not layout.texts:
        return ()
    role_of = {column: role for role, column in layout.texts.items()}
    stages: dict[str, Stage] = dict.fromkeys(layout.segments, "caller")
    stages |= {name: _named(name) for name in layout.features}
    stages |= {
        name: _scored(made, role_of)
        for name, made in layout.made.items()
        if made.role not in ("vector", "scorer_status")
    }
    stages |= {
        name: TEXTS.get(role_of.get(column, ""), "prompt") for column, name in topics.items()
    }
    single: tuple[tuple[str, Stage], ...] = (
        (layout.model_version, "serving"),
        (layout.latency, "response"),
        (layout.status, "response"),
        (layout.tokens, "response"),
        (layout.prediction, "response"),
        *((name, "response") for name in layout.scores.values()),
        (layout.target.column if layout.target else "", "target"),
    )
    stages |= {name: stage for name, stage in single if name}
    tiers = (
        tuple(name for name, stage in stages.items() if stage == wanted)
        for wanted in get_args(Stage)
    )
    return tuple(tier for tier in tiers if tier)


def _scored(made: Made, role_of: Mapping[str, str]) -> Stage:
    """When a scorer's column comes about."""
    if made.scorer in COMPARED:
        return COMPARED[made.scorer]
    if made.topic in JUDGES or "judge" in made.scorer:
        return "judged"
    return TEXTS.get(role_of.get(made.source, ""), _named(made.source))


def _named(name: str) -> Stage:
    """When a column comes about that only its name tells of."""
    folded = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).casefold()
    words = re.findall(r"[a-z]+[0-9]*", folded)
    told = {*words, *(f"{one}_{other}" for one, other in pairwise(words))}
    if told & {"template", "system"} or {"prompt", "version"} <= told:
        return "caller"
    found = {WORDS[word] for word in told if word in WORDS}
    if "max_tokens" in told:
        return "serving"
    if found == {"prompt", "response"} and "tokens" in told:
        return "prompt"
    if found == {"retrieval", "serving"} and "top_k" in told:
        return "retrieval"
    order: tuple[Stage, ...] = get_args(Stage)
    return max(found, key=order.index) if found else "caller"
