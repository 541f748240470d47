"""Groundedness of a response by a model that gives one number for premise and claim."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from tidegauge.errors import ModelError, SuiteError
from tidegauge.models import Shelf
from tidegauge.records import ScorerCard
from tidegauge.scorer import About, Scorer, Unit
from tidegauge_evaluators._grounding import Asking, Grounding, identity_of
from tidegauge_evaluators._heads import probability
from tidegauge_evaluators._loading import need_transformers
from tidegauge_evaluators._probes import Proven, means, refusal, stands_out
from tidegauge_evaluators._rollup import RULES, need_rule
from tidegauge_evaluators._sentences import splitter
from tidegauge_evaluators._transformer import Transformer

CARD = ScorerCard(
    title="Unsupported by its context, single-score model",
    explain="Probability that the context does not bear out the response, by the model given.",
    reads={"response": "response", "context": "context"},
    better="lower",
    unit="probability",
    reference="Tang et al. 2024, arXiv:2404.10774; the model card of the model",
    range=(0.0, 1.0),
    extra="llm",
)

NAME = "hallucination.single_score"
_SUPPORTED = re.compile(r"^(?:entail\w*|support(?:s|ed)?|consistent|factual|faithful|grounded)$")
_SLOT = re.compile(r"\{(premise|claim)\}")


def single_score(
    *,
    shelf: Shelf,
    model: str,
    threshold: float = 0.5,
    rollup: str = "any",
    template: str = "",
    supported: str = "",
    window: int = 0,
    overlap: int = 1,
    max_windows: int = 32,
    max_claims: int = 200,
) -> Scorer:
    """Hold each sentence of a response against long windows of its context.

    For sequence classifiers that tell supported from unsupported: one output, read through a
    sigmoid, or two that exclude each other. A sentence is as unsupported as one minus the
    highest probability of support over all windows, which by default hold as many sentences as
    the model takes. Models that write their answer, and models that need code of their own, are
    not loaded.

    Parameters
    ----------
    shelf
        Where models are found.
    model
        A folder with a sequence classifier, or a name on the shelf.
    threshold
        Probability from which a sentence counts as unsupported and a response is flagged.
    rollup
        How sentences make a response: ``any`` = the worst one, ``share`` of those at or above
        the threshold, ``mean``.
    template
        The text put to the model, with ``{premise}`` and ``{claim}`` in it once each; empty =
        the two as a pair. A model that was trained with an instruction needs that instruction.
    supported
        Which of two labels means support, where their names do not tell.
    window, overlap, max_windows, max_claims
        As for ``hallucination.entailment``; ``window: 0`` = as many sentences as there is room.

    Raises
    ------
    ModelError
        When the folder is missing, damaged, or it is not clear which label means support; while
        scoring, when probe pairs show that the number points the other way, or nowhere.
    SuiteError
        When a setting is not allowed.
    MissingExtraError
        When torch, transformers or sentencex is not installed.
    """
    need_transformers(NAME)
    rule, threshold = need_rule(rollup, NAME), probability(threshold, f"{NAME}: threshold")
    put = putter(template)
    proven, place = _supporting(shelf, model, supported, put)
    asking = Asking(
        scorer=NAME,
        model=proven,
        put=put,
        window=window,
        overlap=overlap,
        max_windows=max_windows,
        max_claims=max_claims,
    )
    manifest = proven.inner.folder.manifest
    return Grounding(
        asking=asking,
        read=lambda outputs: (1.0 - float(outputs[:, place].max()),),
        further=(),
        rule=rule,
        threshold=threshold,
        about=About(
            model=manifest.name,
            licence=manifest.licence,
            notes=(
                RULES[rule],
                f"flagged = at or above {threshold:g}: set by the suite or by default, not "
                "calibrated on your texts",
            ),
        ),
        identity=identity_of(
            NAME, proven.identity, place, template, splitter(), rule, threshold, asking.settings
        ),
    )


def putter(template: str) -> Callable[[str, str], Unit]:
    """Make units of premise and claim; what they hold is put in as it is, never read as a slot.

    Examples
    --------
    >>> putter("Given: {premise} Said: {claim}")("It {claim}s.", "Yes.")
    ('Given: It {claim}s. Said: Yes.',)
    >>> putter("")("It rains.", "It is wet.")
    ('It rains.', 'It is wet.')
    """
    if not template:
        return lambda premise, claim: (premise, claim)
    before, *rest = _SLOT.split(template)
    if sorted(rest[::2]) != ["claim", "premise"]:
        raise SuiteError(
            f"{NAME}: the template holds {', '.join(rest[::2]) or 'no slot'}",
            "it must hold {premise} and {claim}, once each",
        )
    first, between, _, after = rest

    def put(premise: str, claim: str) -> Unit:
        texts = (premise, claim) if first == "premise" else (claim, premise)
        return (f"{before}{texts[0]}{between}{texts[1]}{after}",)

    return put


def _supporting(
    shelf: Shelf, model: str, supported: str, put: Callable[[str, str], Unit]
) -> tuple[Proven, int]:
    """Find the model and the output that means support, to be proven before the first answer."""
    folder = shelf.find(model)
    inner = Transformer(folder, device=shelf.device, activation="softmax")
    name = f"{NAME}: {folder.manifest.name}"
    if len(inner.labels) == 1:
        inner = Transformer(folder, device=shelf.device, activation="sigmoid")
    place = _place(inner.labels, supported, name)

    def proof(values: NDArray[np.float32]) -> None:
        prove(values, place, name)

    return Proven(inner, put, proof), place


def _place(labels: Sequence[str], supported: str, name: str) -> int:
    plain = [label.strip().casefold() for label in labels]
    listed = ", ".join(f'"{label}"' for label in labels)
    if len(labels) > 2:
        raise ModelError(
            f"{name}: it has {len(labels)} outputs, {listed}; models of one or two are read",
            "use hallucination.entailment for models that tell contradicted from neutral",
        )
    if supported and supported.strip().casefold() not in plain:
        raise ModelError(f'{name}: it has no label "{supported}"', f"it has {listed}")
    if len(labels) == 1:
        return 0
    named = [i for i, label in enumerate(plain) if _SUPPORTED.match(label)]
    if supported:
        named = [plain.index(supported.strip().casefold())]
    if len(named) != 1:
        raise ModelError(
            f"{name}: its outputs are called {listed}, which does not say which one means support",
            f"if its model card tells, set supported: {labels[-1]}; probe pairs then prove it",
        )
    return named[0]


def prove(values: NDArray[np.float32], place: int, name: str) -> None:
    """Hold the outputs for the probes against the direction that is taken for granted.

    Raises
    ------
    ModelError
        When supported claims do not get clearly more than contradicted and neutral ones.
    """
    mean = {kind: float(outputs[place]) for kind, outputs in means(values).items()}
    others = [mean["contradiction"], mean["neutral"]]
    if stands_out(mean["entailment"], others):
        return
    turned = stands_out(1.0 - mean["entailment"], [1.0 - other for other in others])
    raise refusal(
        name,
        "its number is not the probability of support"
        if not turned
        else "its number points the other way",
        "; ".join(f"{kind}: {value:.2f}" for kind, value in mean.items()),
        "the other label means support: set supported to it, if its model card agrees"
        if turned and values.shape[1] == 2
        else "see its model card for the template it was trained with, or name another model",
    )
