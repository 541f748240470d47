"""What every method of comparison promises, ours and those that appear later alike."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

import tidegauge_evaluators
from tidegauge.catalog import comparer, comparer_names, evaluator_names, explainer_names
from tidegauge.comparison import MethodCard

FOLDER = Path(tidegauge_evaluators.__file__).parent / "comparison"
FILES = sorted(f"comparison.{file.stem}" for file in FOLDER.glob("[!_]*.py"))
OURS = sorted(
    name for name, place in comparer_names().items() if place.startswith("tidegauge_evaluators.")
)


def test_every_file_is_found_and_nothing_else() -> None:
    assert OURS == FILES
    assert len(OURS) == 6


def test_they_are_neither_measures_nor_explainers() -> None:
    assert not set(OURS) & {*evaluator_names(), *explainer_names()}


@pytest.mark.parametrize("name", OURS)
def test_its_card_says_what_it_is(name: str) -> None:
    card = comparer(name).card
    assert isinstance(card, MethodCard)
    for said in (card.title, card.explain, card.reference):
        assert said == said.strip() != ""
    assert card.explain.endswith(".")
    assert any(letter.isdigit() for letter in card.reference), "a year"


@pytest.mark.parametrize("name", OURS)
def test_its_function_has_the_name_of_its_file_and_is_described(name: str) -> None:
    function = comparer(name).contrast
    assert function.__name__ == name.partition(".")[2]
    said = inspect.getdoc(function) or ""
    for heading in ("Parameters", "Raises", "Examples"):
        assert f"{heading}\n{'-' * len(heading)}" in said
    assert ">>>" in said


@pytest.mark.parametrize("name", OURS)
def test_it_has_tests_of_its_own(name: str) -> None:
    file = Path(__file__).parent / f"test_{name.partition('.')[2]}.py"
    assert "def test_" in file.read_text(encoding="utf-8")
