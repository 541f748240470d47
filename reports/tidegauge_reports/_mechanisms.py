"""What happened, in plain words: each mechanism with its words, its meaning and its sign."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from tidegauge.records import Explanation, Mechanism
from tidegauge_reports import _words as words

WORDS: dict[Mechanism, str] = {
    "none": "No change found",
    "covariate": "The inputs changed",
    "distortion": "A column was altered on the way",
    "misaligned": "Rows were mixed up",
    "label_shift": "The mix of outcomes changed",
    "concept": "The same inputs lead to other outcomes",
    "serving": "The model or its serving changed",
    "undetermined": "The data cannot tell",
}
"""The verdict as a heading."""

SHORT: dict[Mechanism, str] = {
    "none": "no change",
    "covariate": "inputs changed",
    "distortion": "altered on the way",
    "misaligned": "rows mixed up",
    "label_shift": "other mix of outcomes",
    "concept": "same inputs, other outcomes",
    "serving": "model or serving",
    "undetermined": "cannot be told",
}
"""The verdict beside a factor's name."""

MEANINGS: dict[Mechanism, str] = {
    "none": "the rows of both sides cannot be told apart",
    "covariate": "other inputs come in, and what depends on them moved along; how outcomes follow "
    "from inputs stayed as it was",
    "distortion": "the values of a column were changed between the world and the log: another "
    "unit, a default in place of a value, lost values, renamed categories",
    "misaligned": "a column holds the values it always held, but beside the wrong rows: a join or "
    "a shuffle went wrong",
    "label_shift": "some outcomes became more frequent, and the inputs that go with them too",
    "concept": "what follows from the same inputs is different now, so what the model learned no "
    "longer holds",
    "serving": "the same inputs get other answers than before: another model version, another "
    "threshold, a feature that no longer arrives",
    "undetermined": "more than one of these fits, and the rows do not say which",
}
"""What a verdict means, as half a sentence."""

GLYPHS: dict[Mechanism, str] = {
    "none": "✓", "covariate": "↗", "distortion": "≠", "misaligned": "⇄",
    "label_shift": "◐", "concept": "↻", "serving": "▣", "undetermined": "?",
}  # fmt: skip
"""A sign for each verdict where only text can be shown."""

_STROKES: dict[Mechanism, str] = {
    "none": "M3.500 10.500l4.500 4.500 8.500-10",
    "covariate": "M2 16c2.500 0 2.500-8 5-8s2.500 8 5 8M11 5h7M15.500 2.500L18 5l-2.500 2.500",
    "distortion": "M3.500 7.500h13M3.500 12.500h13M13 3.500l-6 13",
    "misaligned": "M2 6h4l7 8h5M15.500 11.500L18 14l-2.500 2.500M2 14h4l2-2.300M11 8.300L13 6h5"
    "M15.500 3.500L18 6l-2.500 2.500",
    "label_shift": "M9 4a7 7 0 1 0 7 7H9zM12 2.500a6 6 0 0 1 5.500 5.500H12z",
    "concept": "M16 7a7 7 0 1 0 1 4M16.500 2.500V7H12",
    "serving": "M3 3.500h14v5H3zM3 11.500h14v5H3zM6 6h2M6 14h2",
    "undetermined": "M7 7.500a3 3 0 1 1 4.200 2.700c-.8.4-1.200 1-1.200 1.800v.5M10 15.500v.6",
}


def icon(mechanism: Mechanism) -> Markup:
    """Draw the sign of a mechanism; the words beside it say the same."""
    return Markup(
        '<svg class="icon" viewBox="0 0 20 20" aria-hidden="true">'
        f'<path d="{_STROKES[mechanism]}"/></svg>'
    )


def heading(explanation: Explanation) -> str:
    """Word the verdict of an explanation; one that read profiles alone has not looked far yet."""
    if explanation.basis == "profiles" and explanation.verdict == "undetermined":
        return "As far as single columns show"
    return WORDS[explanation.verdict]


def kind(explanation: Explanation, mechanism: Mechanism) -> str:
    """Word the verdict on one factor; nothing where nobody has looked yet."""
    if explanation.basis == "profiles" and mechanism == "undetermined":
        return ""
    return SHORT[mechanism]


def meaning(explanation: Explanation) -> str:
    """Say what the verdict of an explanation means; nothing where nobody has looked yet."""
    if explanation.verdict == "none" or not kind(explanation, explanation.verdict):
        return ""
    text = MEANINGS[explanation.verdict]
    return f"{text[:1].upper()}{text[1:]}."


def basis(explanation: Explanation) -> str:
    """Say what an explanation rests on, and what that allows it to claim."""
    if explanation.basis == "profiles":
        return (
            "Read from the profiles of single columns; no rows were compared. "
            "tidegauge explain goes deeper."
        )
    if explanation.basis == "rows":
        if not explanation.causes:
            return ""
        return (
            "No causal order was given, so these are the columns that carry the change. "
            "Whether they caused it is not proven."
        )
    what = "graph" if explanation.basis == "graph" else "order"
    source = f" ({words.clean(explanation.order_source)})" if explanation.order_source else ""
    return f"Rests on a causal {what}{source}. It is an assumption; where it is wrong, so is this."


def tiers(order: Sequence[Sequence[str]]) -> str:
    """Write a causal order in one line.

    Examples
    --------
    >>> tiers((("region", "age"), ("income",)))
    'region, age → income'
    """
    return " → ".join(", ".join(words.shorten(name, 40) for name in tier) for tier in order)


def subject(of: str) -> str:
    """Name what is explained, as a heading: a check's own name stays as it is.

    Examples
    --------
    >>> subject("log loss"), subject("toxicity.rate")
    ('Log loss', 'toxicity.rate')
    """
    return words.shorten(of if set("._") & set(of) else of[:1].upper() + of[1:], 120)


def telling_apart(explanation: Explanation) -> str:
    """Say what would tell tied factors apart."""
    if explanation.basis in ("rows", "profiles"):
        return "A causal order in the suite (causes: {order: ...}) may tell them apart."
    return "More rows, or labels, may tell them apart."
