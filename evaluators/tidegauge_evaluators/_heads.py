"""Scores of a classifier with several labels, the worst window of a text counting."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidegauge.errors import NotApplicable, SuiteError
from tidegauge.records import Kind
from tidegauge.scorer import About, Joined, Texts, Unit
from tidegauge_evaluators._transformer import Precision, Transformer

OVERLAP = 64
"""Tokens that neighbouring windows share, so that what one cuts in two the other holds whole."""
SHOWN = 300
"""Characters of the deciding window that are shown."""
PRECISIONS: tuple[Precision, ...] = ("auto", "float32", "bfloat16")
TAKEN = frozenset({"flagged", "status"})
"""Suffixes that mean something else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heads:
    """A scorer of single texts by a classifier's labels.

    A text that is longer than the model takes is cut into overlapping windows, and each label
    gets its highest value over them.
    """

    model: Transformer
    main: Sequence[int]
    """Labels that make the main number."""
    summed: bool = False
    """Whether they exclude each other, so that their probabilities add up; else the largest
    counts."""
    shown: Mapping[str, int]
    """Suffix -> label, for the columns beside the main one."""
    thresholds: Mapping[int, float]
    """Label -> probability from which it flags a text; -1 stands for the main number."""
    about: About

    @property
    def outputs(self) -> Mapping[str, Kind]:
        """The main number, one column a label, the decision on each that judges, and on all."""
        named: dict[str, Kind] = {"": "numeric", **dict.fromkeys(self.shown, "numeric")}
        decided = (f"{suffix}.flagged" for suffix in self.judged)
        return {**named, **dict.fromkeys(decided, "boolean"), "flagged": "boolean"}

    @property
    def judged(self) -> Mapping[str, int]:
        """Suffix -> label, for the labels beside the main one that flag a text."""
        return {suffix: label for suffix, label in self.shown.items() if label in self.thresholds}

    @property
    def identity(self) -> str:
        """SHA-256 over model and settings."""
        settings = (OVERLAP, tuple(self.main), self.summed, sorted(self.thresholds.items()))
        said = repr((self.model.identity, *settings, list(self.shown.items())))
        return hashlib.sha256(said.encode()).hexdigest()

    def split(self, row: Texts) -> Sequence[Unit]:
        """Cut the text into windows that the model sees whole."""
        text = row.get("text", "")
        if not text.strip():
            raise NotApplicable("the text is empty")
        return [(window,) for window in self.model.windows(text, OVERLAP)]

    def join(self, row: Texts, units: Sequence[Unit], outputs: NDArray[np.float32]) -> Joined:
        """Take each label's highest value over the windows."""
        picked = outputs[:, list(self.main)]
        by_window = picked.sum(axis=1) if self.summed else picked.max(axis=1)
        worst = int(by_window.argmax())
        main = min(float(by_window[worst]), 1.0)
        highest = outputs.max(axis=0)
        flagged = any(
            (main if label < 0 else float(highest[label])) >= least
            for label, least in self.thresholds.items()
        )
        shown = (float(highest[label]) for label in self.shown.values())
        apart = (float(highest[n]) >= self.thresholds[n] for n in self.judged.values())
        values = (main, *shown, *apart, flagged)
        because = units[worst][0][:SHOWN] if len(units) > 1 else ""
        return Joined(values, sum(self.model.excess(unit) for unit in units), because)


def suffix(label: str) -> str:
    """Make a column's suffix of a label's name.

    Examples
    --------
    >>> suffix("Hate Speech"), suffix("flagged")
    ('hate_speech', 'label_flagged')
    """
    plain = re.sub(r"\W+", "_", label.strip().casefold()).strip("_") or "unnamed"
    return f"label_{plain}" if plain in TAKEN else plain


def read_precision(value: str, scorer: str) -> Precision:
    """Read the setting ``precision``.

    Raises
    ------
    SuiteError
        When it is none of those known.
    """
    for known in PRECISIONS:
        if value == known:
            return known
    raise SuiteError(f'{scorer}: no precision "{value}"', f"allowed: {', '.join(PRECISIONS)}")


def probability(value: object, what: str) -> float:
    """Read a threshold.

    Raises
    ------
    SuiteError
        When it is no number between 0 and 1.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise SuiteError(f"{what} is {value!r}", "give a probability between 0 and 1")
    return float(value)
