"""Groundedness by the small model that comes along: no download, no network."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tidegauge.errors import ModelError, NotApplicable, SuiteError
from tidegauge.models import Folder, Shelf
from tidegauge.records import Kind, ScorerCard
from tidegauge.scorer import About, Joined, Scorer, Texts, Unit
from tidegauge_evaluators._claims import claims
from tidegauge_evaluators._premises import NO_CONTEXT, passages
from tidegauge_evaluators._rollup import RULES, Rule, need_rule, roll_up
from tidegauge_evaluators._sentences import plain, sentences, splitter
from tidegauge_evaluators._support import (
    Premise,
    Rarity,
    features,
    nearest,
    premise,
    unsupported,
    windows,
)
from tidegauge_evaluators._support_aligner import Aligner, encoder_missing
from tidegauge_evaluators._support_head import Head, Heads, moved, read_heads
from tidegauge_evaluators._support_words import Word, words

CARD = ScorerCard(
    title="Unsupported by its context, embedded model",
    explain="Probability that the context does not bear out the response, by the model that "
    "comes along.",
    reads={"response": "response", "context": "context", "question": "prompt"},
    optional=frozenset({"context", "question"}),
    better="lower",
    unit="probability",
    reference="models/groundedness/CARD.md; the labels of Dziri et al. 2022, TACL 10",
    range=(0.0, 1.0),
    extra="text",
)

NAME = "hallucination.embedded"
MODEL = "groundedness"
POOLED = (
    "a response's probability is of any sentence unsupported, learned from its worst sentence and "
    "the mean over all"
)
"""What the rule ``any`` means here, in the words of a report."""
NEAR = 3
"""Windows of the context that the encoder reads for a claim."""
SHOWN = 6
"""Unsupported words named as the reason."""
LONGEST, LONG = 400, 40
"""Characters of a sentence shown as the reason, and of a word."""


def embedded(
    *,
    shelf: Shelf,
    threshold: float = 0.5,
    rollup: str = "any",
    prior: float = 0.0,
    fast: bool = False,
) -> Scorer:
    """Hold each sentence of a response against its context, by the model that tidegauge ships.

    Its number for a sentence is the probability that a reader would call it unsupported: what
    the context neither says nor denies counts as unsupported too. It was calibrated on whole
    responses under the rule ``any``: log-odds of a response are a weighted mean of those of its
    worst sentence and of all its sentences, the weight being learned; the other two rules are
    numbers to compare, not probabilities. Greetings, questions, offers and refusals are set apart
    first.

    It reads English. Its card says how good it is and where it fails: paraphrase in other words
    is often taken for unsupported, and a swapped role or a false conclusion is often missed.
    Without torch it looks at words only, and the report says so.

    Parameters
    ----------
    shelf
        Where models are found.
    threshold
        Probability from which a sentence counts as unsupported and a response is flagged.
    rollup
        How sentences make a response: ``any`` = as it was calibrated, ``share`` of those at or
        above the threshold, ``mean`` of their probabilities.
    prior
        Share of responses in your log that you believe to be unsupported; 0 = as among the
        labelled responses it was calibrated on, more than half.
    fast
        Whether to look at words only even where the encoder could run: many times faster, and
        less able to tell paraphrase from invention.

    Raises
    ------
    SuiteError
        When a setting is not allowed.
    ModelError
        When the model's folder is damaged.
    MissingExtraError
        When sentencex is not installed.
    """
    rule = need_rule(rollup, NAME)
    for name, value, least in (("threshold", threshold, 1e-9), ("prior", prior, 0.0)):
        if isinstance(value, bool) or not least <= value < 1.0:
            raise SuiteError(f"{NAME}: {name} is {value!r}", "give a number between 0 and 1")
    splitter()
    folder = shelf.find(MODEL)
    heads = read_heads(folder)
    aligner, lost = (None, "") if fast or heads.both is None else _aligner(shelf)
    return Embedded(
        folder=folder,
        heads=heads,
        aligner=aligner,
        lost=lost,
        threshold=threshold,
        rule=rule,
        prior=prior or heads.base_rate,
    )


def _aligner(shelf: Shelf) -> tuple[Aligner | None, str]:
    """Give the encoder's half, or say why it cannot run."""
    if missing := encoder_missing():
        return None, f"{missing[0]} is not installed"
    try:
        return Aligner(encoder=shelf.find("minilm"), device=shelf.device), ""
    except ModelError as error:
        return None, error.message


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    """The embedded model with its settings."""

    folder: Folder
    heads: Heads
    aligner: Aligner | None
    lost: str
    """Why the encoder does not run though it was wanted; empty where it does."""
    threshold: float
    rule: Rule
    prior: float

    @property
    def outputs(self) -> Mapping[str, Kind]:
        """Probability, what it was rolled up from, two baselines, and the decision."""
        further = ("unsupported_share", "sentences", "novel_words", "length")
        return {"": "numeric", **dict.fromkeys(further, "numeric"), "flagged": "boolean"}

    @property
    def model(self) -> Aligner | None:
        """What infers."""
        return self.aligner

    @property
    def identity(self) -> str:
        """SHA-256 over weights, sentence splitter and settings."""
        encoder = self.aligner.identity if self.aligner else ""
        model = (self.folder.identity, encoder, splitter())
        said = (NAME, 1, model, self.rule, self.threshold, self.prior)
        return hashlib.sha256(repr(said).encode()).hexdigest()

    @property
    def about(self) -> About:
        """Name, licence and what limits the numbers."""
        notes = [
            POOLED if self.rule == "any" else RULES[self.rule],
            f"flagged = at or above {self.threshold:g}, where {self.prior:.2g} of all responses "
            "are taken to be unsupported",
            "trained on English dialogue, summaries, definitions and Wikipedia claims; read its "
            "card before relying on it elsewhere",
        ]
        if self.lost:
            notes.insert(0, f"degraded: words alone, without the encoder, because {self.lost}")
        elif self.aligner is None:
            notes.insert(0, "words alone, without the encoder, as the suite asks")
        manifest = self.folder.manifest
        return About(model=manifest.name, licence=manifest.licence, notes=tuple(notes))

    def split(self, row: Texts) -> Sequence[Unit]:
        """Put each claim beside the windows nearest to it."""
        stated, given = taken_apart(row)
        if self.aligner is None:
            return ()
        return [beside(claim, words(claim), given, self.heads.rarity) for claim in stated]

    def join(self, row: Texts, units: Sequence[Unit], outputs: NDArray[np.float32]) -> Joined:
        """Make one probability of each claim, and roll them up."""
        stated, given = taken_apart(row)
        split = [words(claim) for claim in stated]
        table = described(split, given, row.get("question", ""), self.heads.rarity)
        if self.aligner is not None:
            table = np.concatenate([table, outputs], axis=1)
        log_odds = self._head.log_odds(table)
        probabilities = self._moved(log_odds)
        value = roll_up(probabilities, self.rule, self.threshold)
        if self.rule == "any":
            value = float(self._moved(np.array([self._head.pooled(log_odds)], np.float32))[0])
        worst = int(probabilities.argmax())
        return Joined(
            (
                value,
                roll_up(probabilities, "share", self.threshold),
                float(len(stated)),
                novel_words(split, given),
                float(len(row["response"])),
                value >= self.threshold,
            ),
            because=reason(stated[worst], unsupported(split[worst], given)),
        )

    def _moved(self, log_odds: NDArray[np.float32]) -> NDArray[np.float64]:
        return moved(log_odds, self.heads.base_rate, self.prior)

    @property
    def _head(self) -> Head:
        if self.aligner is not None and self.heads.both is not None:
            return self.heads.both
        return self.heads.alone


def taken_apart(row: Texts) -> tuple[tuple[str, ...], Premise]:
    """Claims of a row's response, and its context; raises as a scorer's ``split``."""
    stated = claims(row.get("response", ""))
    given = _premise(row.get("context", ""))
    if not given.sequence:
        raise NotApplicable(NO_CONTEXT)
    return stated, given


def beside(claim: str, split: Sequence[Word], given: Premise, rarity: Rarity) -> Unit:
    """Put a claim beside the windows nearest to it, in the order of the context."""
    near = sorted(nearest(split, given, rarity, NEAR))
    return (claim, *(given.windows[i] for i in near))


def described(
    split: Sequence[Sequence[Word]], given: Premise, question: str, rarity: Rarity
) -> NDArray[np.float32]:
    """Features of all claims without the encoder, shape (claims, features)."""
    asked = frozenset(word.stem for word in words(question))
    novel = novel_words(split, given)
    rows = [features(claim, given, asked, rarity, novel) for claim in split]
    return np.stack(rows)


def novel_words(split: Sequence[Sequence[Word]], given: Premise) -> float:
    """Share of a response's words that its context lacks: the baseline to beat."""
    flags = [word.stem not in given.everywhere for claim in split for word in claim]
    return sum(flags) / len(flags) if flags else 0.0


def reason(claim: str, missing: Sequence[Word]) -> str:
    """Name the sentence and what of it the context lacks."""
    listed = list(dict.fromkeys(word.text[:LONG] for word in missing))[:SHOWN]
    shown = claim if len(claim) <= LONGEST else claim[:LONGEST] + "…"
    return f"{shown} (not in the context: {', '.join(listed)})" if listed else shown


@lru_cache(maxsize=256)
def _premise(context: str) -> Premise:
    return premise(
        windows([plain(sentence) for part in passages(context) for sentence in sentences(part)])
    )
