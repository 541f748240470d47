"""Word sequences that a response shares with the reference answer."""

from __future__ import annotations

from tidegauge.records import ScorerCard
from tidegauge.scorer import About, Joined, Scorer, Texts
from tidegauge_evaluators._plain import Plain, given, identity, missing

CARD = ScorerCard(
    title="BLEU",
    explain="Precision of the response's sequences of one to four words against the reference "
    "answer, lowered for short responses.",
    reads={"response": "response", "reference_answer": "reference_answer"},
    better="higher",
    unit="BLEU points",
    reference="Papineni et al. 2002, ACL; Post 2018, WMT: sacreBLEU",
    range=(0.0, 100.0),
    cached=False,
    extra="text",
)

SEEN = 20_000
"""Characters of each text that are compared."""


def bleu(*, lowercase: bool = False) -> Scorer:
    """Work out sacreBLEU's sentence score: 13a tokens, exponential smoothing, effective order.

    A mean of sentence scores is no corpus BLEU: compare it with itself over time, not with
    published figures.

    Parameters
    ----------
    lowercase
        Whether case is ignored.

    Raises
    ------
    MissingExtraError
        When sacrebleu is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> row = {"response": "the cat sat on a mat", "reference_answer": "the cat sat on the mat"}
    >>> bleu().join(row, (), np.zeros((0, 0), np.float32)).values
    (53.7,)
    """
    from importlib.metadata import version

    try:
        from sacrebleu.metrics.bleu import BLEU
    except ImportError:
        raise missing("text.bleu", "sacrebleu") from None
    metric = BLEU(effective_order=True, lowercase=lowercase)

    def compared(row: Texts) -> Joined:
        wanted = given(row, "reference_answer", blank=False)[:SEEN]
        response = given(row, "response")[:SEEN]
        found = metric.sentence_score(response, [wanted]).score if response.strip() else 0.0
        return Joined((min(float(found), 100.0),))

    return Plain(
        outputs={"": "numeric"},
        identity=identity("text.bleu", 1, lowercase=lowercase, library=version("sacrebleu")),
        work=compared,
        about=About(notes=("a mean of sentence scores is not comparable with a corpus BLEU",)),
    )
