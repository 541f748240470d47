"""Scorers that need no model: a row's values worked out from its texts alone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidegauge.errors import MissingExtraError, NotApplicable
from tidegauge.records import Kind
from tidegauge.scorer import About, Joined, Texts, Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """A scorer without a model."""

    outputs: Mapping[str, Kind]
    identity: str
    work: Callable[[Texts], Joined]
    """From a row's texts to its values."""
    about: About = field(default_factory=About)
    model: None = None

    def split(self, row: Texts) -> Sequence[Unit]:
        """Give no units: there is nothing to infer."""
        return ()

    def join(self, row: Texts, units: Sequence[Unit], outputs: NDArray[np.float32]) -> Joined:
        """Work the row out.

        Raises
        ------
        NotApplicable
            When the question makes no sense for this row.
        """
        return self.work(row)


def identity(name: str, version: int, **settings: Any) -> str:
    """SHA-256 in hex over a scorer's name, the version of its rules and its settings.

    Examples
    --------
    >>> identity("text.length", 1) == identity("text.length", 2)
    False
    """
    said = json.dumps([name, version, settings], sort_keys=True, default=str)
    return hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()


def given(row: Texts, argument: str = "text", *, blank: bool = True) -> str:
    """Text of a row.

    Parameters
    ----------
    argument
        Which one.
    blank
        Whether a text without any visible character will do.

    Raises
    ------
    NotApplicable
        When the row has none.
    """
    text = row.get(argument)
    called = argument.replace("_", " ")
    if text is None:
        raise NotApplicable(f"no {called}")
    if not blank and not text.strip():
        raise NotApplicable(f"empty {called}")
    return text


def missing(scorer: str, package: str) -> MissingExtraError:
    """Say which package a scorer needs, and how to get it."""
    return MissingExtraError(
        f"{scorer} needs the package {package}, which is not installed",
        'pip install "tidegauge[text]"',
    )
