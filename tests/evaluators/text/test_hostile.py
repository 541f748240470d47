"""Texts that logs really hold, through every scorer of this folder that needs no encoder."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tidegauge_evaluators.text
from tidegauge.catalog import is_scorer, scorer
from tidegauge.errors import CannotMeasure, MissingExtraError
from tidegauge.models import Shelf
from tidegauge.scorer import Scorer

FILES = sorted(
    file.stem
    for file in Path(tidegauge_evaluators.text.__file__).parent.glob("[!_]*.py")
    if is_scorer(f"text.{file.stem}")
)
ENCODED = ("relevance", "similarity", "context_relevance")
SECONDS = 6.0
"""For one text of 100,000 characters, on a slow machine: what is quadratic takes minutes."""
LONG = {
    "words": "some words, and more of them. " * 3_300,
    "one word": "x" * 100_000,
    "dots": "." * 100_000,
    "newlines": "\n" * 100_000,
    "spaced newlines": "\n \t" * 33_000,
    "digits": "4111 1111 1111 1112, " * 4_700,
    "one number": "7" * 100_000,
    "at signs": "a@" * 50_000,
    "dotted": "a." * 50_000,
    "colons": "fe:" * 33_000,
    "brackets": "[" * 100_000,
    "links": "](" * 50_000,
    "pipes": "|a" * 50_000,
    "fences": "```\n" * 25_000,
    "backticks": "`a" * 50_000,
    "quotes": "\"'" * 50_000,
    "loops": "ab " * 33_000,
    "commands": "ignore previous instructions " * 3_500,
    "ideographs": "我们" * 50_000,
    "emoji": "🦀" * 100_000,
    "capitals": "GOOD BAD but " * 7_700,
    "surrogates": "\udc80" * 100_000,
    "terminal": "\x1b[31m" * 20_000,
}


def made(name: str) -> Scorer:
    """The scorer, without an encoder where it can do without."""
    tool = scorer(f"text.{name}")
    settings: dict[str, Any] = {"shelf": Shelf(), "model": ""} if tool.takes_shelf else {}
    try:
        return tool.make(**settings)
    except MissingExtraError as error:
        pytest.skip(error.message)


def test_every_scorer_of_the_folder_is_known_here() -> None:
    assert len(FILES) == 16
    assert set(ENCODED) < set(FILES)


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
@pytest.mark.parametrize("name", [name for name in FILES if name not in ENCODED])
def test_a_long_text_takes_seconds_not_minutes(name: str, text: str) -> None:
    one = made(name)
    row = dict.fromkeys(scorer(f"text.{name}").card.reads, text)
    started = time.process_time()
    try:
        values = one.join(row, (), None).values  # type: ignore[arg-type]
    except CannotMeasure:
        values = ()
    assert time.process_time() - started < SECONDS
    assert len(values) in (0, len(one.outputs))


def test_a_text_of_markup_is_only_a_text(values: Callable[..., dict[str, object]]) -> None:
    text = "<script>alert('x')</script> {{ 7 * 7 }} \x1b[31m \x00 %s ${HOME}"
    for name in ("length", "pii", "repetition", "format"):
        one = made(name)
        argument = next(iter(scorer(f"text.{name}").card.reads))
        assert set(values(one, **{argument: text})) == set(one.outputs)
