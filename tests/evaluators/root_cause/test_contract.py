"""What every unit of attribution promises, ours and those that appear later alike."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
from pathlib import Path

import pytest

import tidegauge_evaluators
from tidegauge.catalog import explainer, explainer_names
from tidegauge.records import ExplainerCard

FOLDER = Path(tidegauge_evaluators.__file__).parent / "root_cause"
FILES = sorted(f"root_cause.{file.stem}" for file in FOLDER.glob("[!_]*.py"))
OURS = sorted(
    name for name, place in explainer_names().items() if place.startswith("tidegauge_evaluators.")
)


def test_every_file_is_found_and_nothing_else() -> None:
    assert OURS == FILES
    assert len(OURS) == len(list(FOLDER.glob("*.py"))) - 1, "all but the package itself"
    assert OURS


@pytest.mark.parametrize("name", OURS)
def test_its_card_says_what_it_is(name: str) -> None:
    card = explainer(name).card
    assert isinstance(card, ExplainerCard)
    for said in (card.title, card.explain, card.reference):
        assert said == said.strip() != ""
    assert not card.title.endswith(".")
    assert card.explain[-1] in ".?", "a sentence"
    assert any(letter.isdigit() for letter in card.reference), "a year"


def test_no_two_have_one_title() -> None:
    titles = [explainer(name).card.title for name in OURS]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("name", OURS)
def test_its_function_has_the_name_of_its_file_and_is_described(name: str) -> None:
    function = explainer(name).explain
    assert inspect.isfunction(function)
    assert f"{function.__module__}.{function.__name__}".endswith(f".{name}.{function.__name__}")
    assert function.__name__ == name.partition(".")[2]
    lines = [line.strip() for line in (inspect.getdoc(function) or "").splitlines()]
    assert lines[0].endswith((".", "?"))
    for heading in ("Parameters", "Examples"):
        assert heading in lines, f"{name} has no {heading}"
        assert lines[lines.index(heading) + 1] == "-" * len(heading)
    assert any(line.startswith(">>>") for line in lines)


@pytest.mark.parametrize("name", OURS)
def test_its_settings_are_typed_and_chance_is_handed_in(name: str) -> None:
    function = explainer(name).explain
    parameters = inspect.signature(function).parameters.values()
    assert all(one.annotation is not inspect.Parameter.empty for one in parameters)
    assert all(one.kind is not inspect.Parameter.VAR_KEYWORD for one in parameters)
    for one in parameters:
        if one.name in ("rng", "confidence"):
            assert one.kind is inspect.Parameter.KEYWORD_ONLY
    module = importlib.import_module(function.__module__)
    assert "np.random.default_rng()" not in inspect.getsource(module)


@pytest.mark.parametrize("name", OURS)
def test_it_returns_records_that_cannot_be_changed(name: str) -> None:
    module = importlib.import_module(explainer(name).explain.__module__)
    for made in vars(module).values():
        if isinstance(made, type) and dataclasses.is_dataclass(made):
            assert vars(made)["__dataclass_params__"].frozen, made.__name__


@pytest.mark.parametrize("name", OURS)
def test_it_has_tests_of_its_own(name: str) -> None:
    file = Path(__file__).parent / f"test_{name.partition('.')[2]}.py"
    assert file.is_file()
    assert "def test_" in file.read_text(encoding="utf-8")
