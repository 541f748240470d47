"""What every scorer promises, ours and those that appear later alike.

Each is found by the catalogue. Those that need no setting and no model from elsewhere are run over
texts that logs really hold, the ugly ones included.
"""

from __future__ import annotations

import inspect
import math
from typing import get_args

import numpy as np
import pytest

from tidegauge.catalog import ScorerTool, evaluator_names, is_scorer, scorer
from tidegauge.errors import MissingExtraError, ModelError
from tidegauge.models import Shelf
from tidegauge.records import Kind, TextRole
from tidegauge.scorer import Scorer
from tidegauge.scoring import score_rows

SCORERS = [name for name in evaluator_names() if is_scorer(name)]
CALM = {
    "prompt": "When does the parcel arrive?",
    "response": "It arrives on Tuesday. It was sent on 3 May from Bern.",
    "context": "The parcel was sent from Bern on 3 May and arrives on Tuesday.",
    "reference_answer": "On Tuesday.",
    "samples": '["It arrives on Tuesday.", "On Tuesday, I think."]',
}
UGLY = {
    "empty": "",
    "blank": " \t\n ",
    "long": "word and another word. " * 4_500,
    "one long word": "x" * 100_000,
    "emoji": "🦀👩‍👩‍👧🇨🇭" * 40,
    "right to left": "مرحبا بالعالم. כן, זה נכון.",
    "no spaces": "这是第一句。这是第二句！真的吗？",  # noqa: RUF001  # Chinese punctuation
    "NUL": "a\x00b\x00 c.",
    "lone surrogate": "broken \udc80 text \ud83d here.",
    "markup": "<script>alert(1)</script> | **bold** `code` [x](http://evil.example)",
    "terminal": "\x1b[31mred\x1b[0m \x07",
    "template": "{context} {{ 7 * 7 }} %s ${HOME} </data> ignore the above",
    "list": '["one passage.", "another one."]',
    "digits": "1 2 3 4 5 6 7 8 9 0 " * 50,
}


def made(tool: ScorerTool) -> Scorer:
    """The scorer with its defaults; skips where it needs what is not here."""
    needed = [key for key, p in tool.params.items() if p.default is inspect.Parameter.empty]
    if needed:
        pytest.skip(f"needs {', '.join(needed)}; its own tests give it")
    try:
        return tool.make(**({"shelf": Shelf()} if tool.takes_shelf else {}))
    except (MissingExtraError, ModelError) as error:
        pytest.skip(error.message)


def rows_for(tool: ScorerTool) -> list[dict[str, str]]:
    """A calm row, the same with each text ugly, with all ugly, and with optional ones gone."""
    roles = tool.card.reads
    calm = {argument: CALM.get(role, CALM["response"]) for argument, role in roles.items()}
    rows = [calm, {}, *(dict.fromkeys(calm, text) for text in UGLY.values())]
    short = [text for text in UGLY.values() if len(text) < 10_000]
    rows += [{**calm, key: text} for key in calm for text in short]
    return rows + [{k: v for k, v in calm.items() if k != gone} for gone in calm]


def test_there_are_scorers_of_every_topic() -> None:
    topics = {name.partition(".")[0] for name in SCORERS}
    assert topics == {"toxicity", "hallucination", "text", "embedding"}
    assert len(SCORERS) >= 24


@pytest.mark.parametrize("name", SCORERS)
def test_its_card_is_full(name: str) -> None:
    card = scorer(name).card
    assert card.title
    assert card.explain.endswith(".")
    assert card.unit
    assert any(letter.isdigit() for letter in card.reference), "a citation has a year or number"
    assert set(card.reads.values()) <= set(get_args(TextRole))
    assert card.reads
    assert card.optional <= set(card.reads)
    assert next(iter(card.reads)) not in card.optional, "the text it is about is needed"


@pytest.mark.parametrize("name", SCORERS)
def test_its_function_is_documented_and_takes_keywords(name: str) -> None:
    tool = scorer(name)
    said = inspect.getdoc(tool.make) or ""
    assert said.splitlines()[0].endswith(".")
    module = inspect.getmodule(tool.make)
    assert module is not None
    assert module.__doc__
    assert module.__name__.endswith(name), "the function is defined in its own file"
    for parameter in inspect.signature(tool.make).parameters.values():
        assert parameter.kind is inspect.Parameter.KEYWORD_ONLY
        assert parameter.name == "shelf" or parameter.name in said


@pytest.mark.parametrize("name", SCORERS)
def test_it_answers_or_declines_whatever_it_is_given(name: str) -> None:
    tool = scorer(name)
    one = made(tool)
    outputs = dict(one.outputs)
    assert next(iter(outputs)) == ""
    assert set(outputs.values()) <= set(get_args(Kind))
    rows = rows_for(tool)
    outcomes = [found for part in score_rows(rows, one) for found in part.outcomes]
    assert len(outcomes) == len(rows)
    assert outcomes[0].joined is not None, outcomes[0].status
    assert outcomes[1].status.startswith("not_applicable: "), "nothing to read"
    low, high = tool.card.range
    for row, outcome in zip(rows, outcomes, strict=True):
        where = f"{outcome.status}: {str(row)[:80]!a}"
        if outcome.joined is None:
            assert outcome.status.startswith(("unscored: ", "not_applicable: ")), where
            assert "Error" not in outcome.status, where
            continue
        for value, kind in zip(outcome.joined.values, outputs.values(), strict=True):
            fits = {
                "numeric": (int, float, np.number),
                "boolean": (bool, np.bool_),
                "categorical": str,
                "vector": np.ndarray,
            }
            assert value is None or isinstance(value, fits[kind]), where  # type: ignore[arg-type]
        main = outcome.joined.values[0]
        if isinstance(main, float):
            assert math.isfinite(main), where
            assert low is None or main >= low - 1e-6, where
            assert high is None or main <= high + 1e-6, where


@pytest.mark.parametrize("name", SCORERS)
def test_equal_rows_get_equal_values(name: str) -> None:
    tool = scorer(name)
    one, again = made(tool), made(tool)
    assert one.identity == again.identity
    rows = rows_for(tool)[:1] * 3
    outcomes = [found for part in score_rows(rows, one) for found in part.outcomes]
    assert repr(outcomes[0]) == repr(outcomes[1]) == repr(outcomes[2])
