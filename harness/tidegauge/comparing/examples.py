"""Rows on which two models differ most, of both kinds, with what was asked and answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tidegauge.catalog import scorer
from tidegauge.comparing.contrasts import Form
from tidegauge.comparing.metrics import outputs
from tidegauge.comparing.reading import Sides
from tidegauge.comparing.rowwise import judged
from tidegauge.comparison import Disagreement
from tidegauge.profile import Layout
from tidegauge.suite.shape import Compare

Numbers = NDArray[np.float64]

EACH = 3
"""Examples of each kind for one metric."""
METRICS = 3
"""Metrics that examples are shown of."""
LENGTH = 400
"""Characters of a text that are shown."""
INPUTS = 6
"""Features shown of a row."""


def disagreements(
    forms: Sequence[Form], sides: Sides, settings: Compare
) -> tuple[Disagreement, ...]:
    """Pick the rows that the candidate gains or loses most, metric by metric.

    Parameters
    ----------
    forms
        Metrics with their rows' numbers; those without are passed over.
    sides
        Paired rows.
    settings
        Tells what was asked from what was answered.
    """
    told = [form for form in forms if form.rows is not None and not _of_service(form, sides)]
    found: list[Disagreement] = []
    seen: set[int] = set()
    for form in told[:METRICS]:
        found += _of(form, sides, settings, seen)
    return tuple(found)


def _of_service(form: Form, sides: Sides) -> bool:
    layout = sides.layout
    return form.metric.subject.column in {layout.latency, layout.tokens} - {""}


def _of(form: Form, sides: Sides, settings: Compare, seen: set[int]) -> Iterator[Disagreement]:
    assert form.rows is not None
    gain = form.metric.sign * (form.rows.now - form.rows.before)
    gain = np.where(np.isnan(gain), 0.0, gain)
    size = np.abs(gain) + 1e-9 * _apart(sides)
    for favours in ("candidate", "baseline"):
        fits = np.flatnonzero(gain > 0 if favours == "candidate" else gain < 0)
        fits = fits[np.argsort(-size[fits], kind="stable")]
        fresh = [row for row in fits[: 4 * EACH].tolist() if row not in seen][:EACH]
        seen.update(fresh)
        for row in fresh:
            yield _told(row, float(gain[row]), form, sides, settings)


def _apart(sides: Sides) -> Numbers:
    """How far the two models' losses lie apart: breaks ties between rows that count alike."""
    then, today = (judged(sides.bench.baseline, table) for table in (sides.before, sides.now))
    if then is None or today is None:
        return np.zeros(sides.before.num_rows)
    return np.nan_to_num(np.abs(today.log_loss - then.log_loss))


def _told(row: int, gain: float, form: Form, sides: Sides, settings: Compare) -> Disagreement:
    layout = sides.layout
    made = layout.made.get(form.metric.subject.column)
    answers = _answers(layout, form)
    return Disagreement(
        id=_value(sides.before, layout.id, row) if layout.id else "",
        favours="candidate" if gain > 0 else "baseline",
        metric=form.metric.name,
        gain=gain,
        asked=_shown(sides.before, _asked(layout, sides, outputs(layout, settings)), row),
        baseline=_shown(sides.before, answers, row),
        candidate=_shown(sides.now, answers, row),
        sensitive=made is not None and scorer(made.scorer).card.sensitive,
    )


def _asked(layout: Layout, sides: Sides, spoken: frozenset[str]) -> dict[str, str]:
    """Name what both were given: label -> column."""
    texts = {r: layout.texts[r] for r in ("prompt", "reference_answer") if r in layout.texts}
    target = {"truth": layout.target.column} if layout.target else {}
    given = [n for n in layout.features if n not in spoken and n in sides.now.column_names]
    numbers = [] if texts else given
    return {**texts, **dict(zip(numbers[:INPUTS], numbers[:INPUTS], strict=True)), **target}


def _answers(layout: Layout, form: Form) -> dict[str, str]:
    texts = {r: layout.texts[r] for r in ("response",) if r in layout.texts}
    found = {"prediction": layout.prediction} if layout.prediction else {}
    found |= {f"score of {c}" if c else "score": n for c, n in layout.scores.items()}
    column = form.metric.subject.column
    return {**texts, **found, **({column: column} if column else {})}


def _shown(table: pa.Table, columns: Mapping[str, str], row: int) -> dict[str, str]:
    there = {label: name for label, name in columns.items() if name in table.column_names}
    return {label: _value(table, name, row) for label, name in there.items()}


def _value(table: pa.Table, name: str, row: int) -> str:
    value = table.column(name)[row].as_py()
    if value is None:
        return ""
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return text if len(text) <= LENGTH else text[: LENGTH - 1] + "…"
