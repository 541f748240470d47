"""Groundedness of a response by any cross-encoder trained for natural-language inference."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tidegauge.models import Shelf
from tidegauge.records import ScorerCard
from tidegauge.scorer import About, Scorer
from tidegauge_evaluators._entailing import Order, entailing
from tidegauge_evaluators._grounding import Asking, Grounding, Read, identity_of
from tidegauge_evaluators._heads import probability
from tidegauge_evaluators._loading import need_transformers
from tidegauge_evaluators._rollup import RULES, need_rule
from tidegauge_evaluators._sentences import splitter

CARD = ScorerCard(
    title="Unsupported by its context, entailment model",
    explain="Probability that the context does not bear out the response, by the model given.",
    reads={"response": "response", "context": "context"},
    better="lower",
    unit="probability",
    reference="Schuster et al. 2022, arXiv:2204.07447; Laban et al. 2022, arXiv:2111.09525",
    range=(0.0, 1.0),
    extra="llm",
)

NAME = "hallucination.entailment"


def entailment(
    *,
    shelf: Shelf,
    model: str,
    threshold: float = 0.5,
    rollup: str = "any",
    labels: Sequence[str] = (),
    window: int = 4,
    overlap: int = 1,
    max_windows: int = 32,
    max_claims: int = 200,
) -> Scorer:
    """Hold each sentence of a response against windows of its context.

    A sentence is as unsupported as one minus the highest probability, over all windows, that the
    context entails it: what the context neither says nor denies is unsupported too. The columns
    ``contradicted`` (highest probability of contradiction over the windows) and ``neutral``
    (lowest one) tell the two apart, where the model does. Greetings, questions, offers and
    refusals are set apart first; a response that only refuses is not applicable.

    The sentence is never cut: a longer one than the model takes is split between its clauses,
    and the row is unscored where that is not enough. The context is read in windows of whole
    sentences; where some are left out, the tokens that nobody read are counted as truncated.

    The longer a response, the likelier one of its sentences is unsupported, by ``any`` above
    all; the column ``length`` holds its characters, so that a report can say what length alone
    would give, and ``unsupported_share`` does not grow with it.

    Parameters
    ----------
    shelf
        Where models are found.
    model
        A folder with a sequence classifier for pairs, or a name on the shelf.
    threshold
        Probability from which a sentence counts as unsupported and a response is flagged.
    rollup
        How sentences make a response: ``any`` = the worst one, ``share`` of those at or above
        the threshold, ``mean``.
    labels
        Names of the model's outputs in order, where its folder does not tell.
    window
        Most sentences of a premise; 0 = as many as the model takes.
    overlap
        Sentences that neighbouring windows share.
    max_windows
        Most windows a sentence is held against, those that share most words with it; 0 = all.
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
    asking = Asking(
        scorer=NAME,
        model=proven,
        put=lambda premise, claim: (premise, claim),
        window=window,
        overlap=overlap,
        max_windows=max_windows,
        max_claims=max_claims,
    )
    told = tuple(
        name
        for name, place in (("contradicted", order.contradiction), ("neutral", order.neutral))
        if place is not None
    )
    manifest = proven.inner.folder.manifest
    return Grounding(
        asking=asking,
        read=reader(order),
        further=told,
        rule=rule,
        threshold=threshold,
        about=About(
            model=manifest.name,
            licence=manifest.licence,
            notes=(
                RULES[rule],
                f"flagged = at or above {threshold:g}: set by the suite or by default, not "
                "calibrated on your texts",
                "what the context neither says nor denies counts as unsupported",
            ),
        ),
        identity=identity_of(
            NAME, proven.identity, order, splitter(), rule, threshold, asking.settings
        ),
    )


def reader(order: Order) -> Read:
    """Read a claim's numbers off the outputs for its premises."""

    def read(outputs: NDArray[np.float32]) -> tuple[float | None, ...]:
        further = []
        if order.contradiction is not None:
            further.append(float(outputs[:, order.contradiction].max()))
        if order.neutral is not None:
            further.append(float(outputs[:, order.neutral].min()))
        return (1.0 - float(outputs[:, order.entailment].max()), *further)

    return read
