"""Evaluators and renderers by name, found through entry points and file names.

A package that offers evaluators names itself once under ``tidegauge.evaluators``; each of its
modules ``topic/name.py`` is then the evaluator ``topic.name``; those of the topic ``root_cause``
explain, those of ``comparison`` hold two models against each other, and both are apart. A package
of renderers holds those of reports on top, those of comparisons in its folder ``comparison``.
Listing imports nothing.
"""

from __future__ import annotations

import difflib
import importlib
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tidegauge.comparison import MethodCard
from tidegauge.errors import SuiteError
from tidegauge.records import Card, ExplainerCard, Score, ScorerCard

if TYPE_CHECKING:
    from tidegauge.scorer import Scorer

EVALUATORS = "tidegauge.evaluators"
RENDERERS = "tidegauge.reports"
Rendered = Literal["report", "comparison"]
"""Records that renderers turn into text."""
PAGES = "dashboard"
"""Folder of a package of renderers that holds the dashboard's pages."""
EXPLAINERS = "root_cause"
"""Topic of the evaluators that explain."""
COMPARERS = "comparison"
"""Topic of the evaluators that hold two models against each other."""
OFFERED = frozenset({"rng", "confidence", "as_of", "unscored", "clusters", "seen"})
"""Parameters that a run gives to measures which declare them: a random generator, the policy's
confidence, the moment of judging in seconds since 1970, the rows on each side that a scorer
should have scored and did not, each side's decisions by conversation, all rows on each side where
the measure reads a sample of them."""


@dataclass(frozen=True, slots=True)
class Evaluator:
    """A measure with its card."""

    name: str
    card: Card
    measure: Callable[..., Score]
    params: Mapping[str, inspect.Parameter]
    """Parameters a suite may set, by name."""
    asks: frozenset[str]
    """What it wants of the run itself, out of ``OFFERED``."""


@dataclass(frozen=True, slots=True)
class ScorerTool:
    """A scorer with its card, not loaded yet."""

    name: str
    card: ScorerCard
    make: Callable[..., Scorer]
    params: Mapping[str, inspect.Parameter]
    """Settings a suite may give, by name."""
    takes_shelf: bool
    """Whether it looks for models."""


@dataclass(frozen=True, slots=True)
class Explainer:
    """A unit of root-cause attribution with its card."""

    name: str
    card: ExplainerCard
    explain: Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Comparer:
    """A method of comparing two models, with its card."""

    name: str
    card: MethodCard
    contrast: Callable[..., Any]


def evaluator_names() -> Mapping[str, str]:
    """Name every measure and scorer, and the module that holds it, without importing any."""
    apart = (EXPLAINERS, COMPARERS)
    return {name: place for name, place in _names().items() if _topic(name) not in apart}


def explainer_names() -> Mapping[str, str]:
    """Name every unit of root-cause attribution, and the module that holds it."""
    return {name: place for name, place in _names().items() if _topic(name) == EXPLAINERS}


def comparer_names() -> Mapping[str, str]:
    """Name every method of comparing two models, and the module that holds it."""
    return {name: place for name, place in _names().items() if _topic(name) == COMPARERS}


def _topic(name: str) -> str:
    return name.partition(".")[0]


@cache
def _names() -> Mapping[str, str]:
    """Every evaluator's name and the module that holds it.

    Raises
    ------
    SuiteError
        When two packages claim one name.
    """
    found: dict[str, str] = {}
    for package in _packages(EVALUATORS):
        for folder in _package_folders(package):
            for file in sorted(folder.glob("*/[!_]*.py")):
                name = f"{file.parent.name}.{file.stem}"
                module = f"{package}.{name}"
                if name in found and found[name] != module:
                    raise SuiteError(
                        f'evaluator "{name}" is claimed by {found[name]} and by {module}',
                        "uninstall one of the two packages",
                    )
                found[name] = module
    return found


@cache
def evaluator(name: str) -> Evaluator:
    """Load one measure.

    Raises
    ------
    SuiteError
        When nothing provides it, the hint holding the nearest names; or when it is a scorer.
    """
    card, measure, keywords = _loaded(name)
    if not isinstance(card, Card):
        raise SuiteError(
            f"{name} adds columns and judges nothing", f"put it under scorers: [{name}]"
        )
    params = {k: p for k, p in keywords.items() if k not in OFFERED}
    return Evaluator(name, card, measure, params, OFFERED & keywords.keys())


@cache
def scorer(name: str) -> ScorerTool:
    """Load one scorer's file, not yet its model.

    Raises
    ------
    SuiteError
        When nothing provides it, the hint holding the nearest names; or when it is a measure.
    """
    card, make, keywords = _loaded(name)
    if not isinstance(card, ScorerCard):
        raise SuiteError(f"{name} judges columns and adds none", f"put it under checks: [{name}]")
    params = {k: p for k, p in keywords.items() if k != "shelf"}
    return ScorerTool(name, card, make, params, "shelf" in keywords)


def is_scorer(name: str) -> bool:
    """Whether the evaluator of this name adds columns rather than judging them."""
    return isinstance(_loaded(name)[0], ScorerCard)


@cache
def explainer(name: str) -> Explainer:
    """Load one unit of root-cause attribution: ``root_cause.name``.

    Raises
    ------
    SuiteError
        When nothing provides it, the hint holding the nearest names.
    """
    card, explain, _ = _loaded(name, explainer_names())
    return Explainer(name, card, explain)


@cache
def comparer(name: str) -> Comparer:
    """Load one method of comparing two models: ``comparison.name``.

    Raises
    ------
    SuiteError
        When nothing provides it, the hint holding the nearest names.
    """
    card, contrast, _ = _loaded(name, comparer_names())
    return Comparer(name, card, contrast)


def _loaded(
    name: str, names: Mapping[str, str] | None = None
) -> tuple[Any, Callable[..., Any], Mapping[str, Any]]:
    """Card, function and keyword parameters of an evaluator's file."""
    names = evaluator_names() if names is None else names
    if name not in names:
        raise SuiteError(f'nothing provides an evaluator "{name}"', nearest(name, names))
    module = importlib.import_module(names[name])
    function = getattr(module, name.rpartition(".")[2])
    taken = inspect.signature(function).parameters
    keywords = {k: p for k, p in taken.items() if p.kind is inspect.Parameter.KEYWORD_ONLY}
    return module.CARD, function, keywords


@cache
def renderer_names(of: Rendered = "report") -> Mapping[str, str]:
    """Every renderer's name and the module that holds it."""
    inner = "" if of == "report" else f"{of}."
    return {
        file.stem: f"{package}.{inner}{file.stem}"
        for package in _packages(RENDERERS)
        for folder in _package_folders(package)
        for file in sorted((folder / inner.rstrip(".")).glob("[!_]*.py"))
    }


def renderer(name: str, of: Rendered = "report") -> Callable[[Any], str]:
    """Load one renderer: a function from a report, or from a comparison, to text."""
    names = renderer_names(of)
    if name not in names:
        raise SuiteError(f'nothing renders a {of} as "{name}"', nearest(name, names))
    render: Callable[[Any], str] = importlib.import_module(names[name]).render
    return render


@cache
def page_names() -> Mapping[str, str]:
    """Every page of the dashboard and the module that holds it."""
    return {
        file.stem: f"{package}.{PAGES}.{file.stem}"
        for package in _packages(RENDERERS)
        for folder in _package_folders(package)
        for file in sorted((folder / PAGES).glob("[!_]*.py"))
    }


@cache
def page(name: str) -> Callable[..., str]:
    """Load one page of the dashboard: a function ``(view, *, page: PageContext) -> str``.

    Raises
    ------
    SuiteError
        When nothing provides it, the hint holding the nearest names.
    """
    names = page_names()
    if name not in names:
        raise SuiteError(f'nothing draws the page "{name}"', nearest(name, names))
    render: Callable[..., str] = importlib.import_module(names[name]).render
    return render


@cache
def page_assets() -> Mapping[str, Path]:
    """Every file that pages need, by name: style sheets, scripts and icons; the report's too."""
    return {
        file.name: file
        for package in _packages(RENDERERS)
        for folder in _package_folders(package)
        for place in (folder / "templates", folder / PAGES / "static")
        for file in sorted(place.glob("[!_.]*.*"))
        if file.suffix != ".j2"
    }


def nearest(name: Any, allowed: Iterable[str]) -> str:
    """Say which allowed names are near, or list them all where none is."""
    allowed = list(allowed)
    close = difflib.get_close_matches(str(name), allowed, n=3, cutoff=0.6)
    if not close:  # "psi" for "drift.psi"
        close = [a for a in allowed if a.rpartition(".")[2] == str(name).rpartition(".")[2]]
    if close:
        return f"did you mean {' or '.join(close)}?"
    return f"allowed: {', '.join(sorted(allowed))}" if allowed else ""


def _packages(group: str) -> list[str]:
    return sorted({point.value for point in entry_points(group=group)})


def _package_folders(package: str) -> list[Path]:
    spec = find_spec(package)
    return [Path(place) for place in (spec.submodule_search_locations or [])] if spec else []
