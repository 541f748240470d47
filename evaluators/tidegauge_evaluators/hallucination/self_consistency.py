"""How far a response is contradicted by further answers that were logged for the same prompt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidegauge.errors import ModelError, NotApplicable, Unscored
from tidegauge.models import Shelf
from tidegauge.records import Kind, ScorerCard
from tidegauge.scorer import About, Joined, Scorer, Texts, Unit
from tidegauge_evaluators._claims import claims
from tidegauge_evaluators._entailing import entailing
from tidegauge_evaluators._grounding import TOO_MANY, identity_of, need_count, tokens
from tidegauge_evaluators._heads import probability
from tidegauge_evaluators._loading import need_transformers
from tidegauge_evaluators._premises import TOO_LONG, clauses, evidence, passages, premises
from tidegauge_evaluators._probes import Proven
from tidegauge_evaluators._rollup import RULES, Rule, need_rule, roll_up
from tidegauge_evaluators._sentences import splitter

CARD = ScorerCard(
    title="Contradicted by further samples",
    explain="Mean probability that further answers to the same prompt contradict the response.",
    reads={"response": "response", "samples": "samples"},
    better="lower",
    unit="probability",
    reference="Manakul, Liusie & Gales 2023, arXiv:2303.08896",
    range=(0.0, 1.0),
    extra="llm",
)

NAME = "hallucination.self_consistency"
FEW = "fewer than 2 samples"


def self_consistency(
    *,
    shelf: Shelf,
    model: str,
    threshold: float = 0.5,
    rollup: str = "mean",
    labels: Sequence[str] = (),
    max_claims: int = 200,
) -> Scorer:
    """Hold each sentence of a response against further answers to the same prompt.

    What a model knows it says again; what it makes up differs from sample to sample. A
    sentence's number is the probability that a sample contradicts it, averaged over the samples.
    The pair is put in the order of the source: the sentence first, the sample as what follows
    from it. A sample longer than the model takes is read in windows of whole sentences, the
    highest of which counts. A model that says the same falsehood every time passes.

    Parameters
    ----------
    shelf
        Where models are found.
    model
        A folder with a model of natural-language inference, or a name on the shelf; it must tell
        contradiction from neutral.
    threshold
        Probability from which a sentence counts as contradicted and a response is flagged.
    rollup
        How sentences make a response: ``mean``, ``any`` = the worst one, ``share`` of those at
        or above the threshold.
    labels
        Names of the model's outputs in order, where its folder does not tell.
    max_claims
        A response of more sentences is unscored.

    Raises
    ------
    ModelError
        When the folder is missing, damaged, or its labels say nothing; while scoring, when probe
        pairs show that they mean something else.
    SuiteError
        When a setting is not allowed.
    MissingExtraError
        When torch, transformers or sentencex is not installed.
    """
    need_transformers(NAME)
    rule, threshold = need_rule(rollup, NAME), probability(threshold, f"{NAME}: threshold")
    proven, order = entailing(shelf, model, labels, NAME)
    manifest = proven.inner.folder.manifest
    if order.contradiction is None:
        raise ModelError(
            f"{NAME}: {manifest.name} does not tell contradiction from neutral",
            "name a model with an output for contradiction",
        )
    return Consistency(
        model=proven,
        place=order.contradiction,
        rule=rule,
        threshold=threshold,
        max_claims=need_count(max_claims, 1, f"{NAME}: max_claims"),
        about=About(
            model=manifest.name,
            licence=manifest.licence,
            notes=(
                RULES[rule],
                f"flagged = at or above {threshold:g}: set by the suite or by default, not "
                "calibrated on your texts",
                "a falsehood that every sample repeats is not seen",
            ),
        ),
        identity=identity_of(NAME, proven.identity, order, splitter(), rule, threshold, max_claims),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Consistency:
    """A scorer that holds a response against further samples."""

    model: Proven
    place: int
    """Output that means contradiction."""
    rule: Rule
    threshold: float
    max_claims: int
    about: About
    identity: str

    @property
    def outputs(self) -> Mapping[str, Kind]:
        """Suffix -> kind."""
        numbers = ("", "contradicted_share", "sentences", "samples", "length")
        return {**dict.fromkeys(numbers, "numeric"), "flagged": "boolean"}

    def split(self, row: Texts) -> Sequence[Unit]:
        """Pair every sentence with every sample's windows."""
        return [unit for _, samples in self._pairs(row) for units in samples for unit in units]

    def join(self, row: Texts, units: Sequence[Unit], outputs: NDArray[np.float32]) -> Joined:
        """Average over the samples, then roll the sentences up."""
        pairs = self._pairs(row)
        high = iter(outputs[:, self.place])
        means = np.array(
            [
                np.mean([max(next(high) for _ in units) for units in samples], dtype=np.float64)
                for _, samples in pairs
            ]
        )
        value = roll_up(means, self.rule, self.threshold)
        return Joined(
            (
                value,
                roll_up(means, "share", self.threshold),
                float(len(pairs)),
                float(len(pairs[0][1])),
                float(len(row.get("response", ""))),
                value >= self.threshold,
            ),
            because=pairs[int(means.argmax())][0],
        )

    def _pairs(self, row: Texts) -> list[tuple[str, list[list[Unit]]]]:
        """Each sentence with, for each sample, its units."""
        stated = claims(row.get("response", ""))
        samples = passages(row.get("samples", ""))
        if len(samples) < 2:
            raise NotApplicable(FEW)
        if len(stated) > self.max_claims:
            raise Unscored(TOO_MANY)
        room = self.model.max_length - tokens(self.model, ("", ""))
        found: list[tuple[str, list[list[Unit]]]] = []
        for claim in stated:
            for part in clauses(claim, self._count, room // 2):
                left = room - self._count(part)
                windows = [self._windows(sample, left) for sample in samples]
                units: list[list[Unit]] = [[(part, text) for text in texts] for texts in windows]
                if any(self.model.excess(unit) for each in units for unit in each):
                    raise Unscored(TOO_LONG)
                found.append((part, units))
        return found

    def _windows(self, sample: str, room: int) -> tuple[str, ...]:
        if self._count(sample) <= room:
            return (" ".join(sample.split()),)
        told = evidence(sample, self._count, max(1, room // 2))
        return premises(told, "", room=room, window=0, overlap=0, most=0).texts

    def _count(self, text: str) -> int:
        return tokens(self.model, (text,)) - tokens(self.model, ("",))
