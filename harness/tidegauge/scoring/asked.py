"""A scorer that a suite or a person asks for, and how it is loaded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from tidegauge.catalog import scorer as tool

if TYPE_CHECKING:
    from tidegauge.models import Shelf
    from tidegauge.records import ScorerCard
    from tidegauge.scorer import Scorer


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A scorer with its settings, and the columns it shall read."""

    name: str
    """``topic.name``."""
    column: str
    """Column of its main number; the others begin with it and a dot."""
    inputs: Mapping[str, str] = field(default_factory=dict)
    """Argument of the scorer -> column; arguments without a column are absent."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Settings that were given."""

    @property
    def card(self) -> ScorerCard:
        """What the scorer says of itself."""
        return tool(self.name).card


def load(asked: Asked, shelf: Shelf) -> Scorer:
    """Load a scorer; the same settings and shelf give the same one, model and all.

    Raises
    ------
    SuiteError
        When nothing provides the scorer, or it refuses a setting.
    ModelError
        When its model is missing or damaged.
    MissingExtraError
        When it needs a package that is not installed.
    """
    try:
        return _loaded(asked.name, json.dumps(dict(asked.settings), sort_keys=True), shelf)
    except TypeError:  # settings from Python that no suite could hold
        return _make(asked.name, asked.settings, shelf)


@lru_cache(maxsize=32)
def _loaded(name: str, settings: str, shelf: Shelf) -> Scorer:
    return _make(name, json.loads(settings), shelf)


def _make(name: str, settings: Mapping[str, Any], shelf: Shelf) -> Scorer:
    found = tool(name)
    given = dict(settings) | ({"shelf": shelf} if found.takes_shelf else {})
    return found.make(**given)
