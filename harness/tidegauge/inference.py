"""Guesses what a column holds and what it is for, with the reason in words."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from tidegauge.profile.arrays import as_array, instants, labels, numbers
from tidegauge.records import Kind, Role

MOST = 20_000
"""Rows looked at."""
NEARLY_ALL = 0.95
LONG = 40
"""Mean characters from which distinct strings are texts."""
WORDS = 4
"""Mean words from which distinct strings are texts."""

ID_NAME = re.compile(r"(^|_|\b)(?i:id|uuid|guid|key|row|index|no|number)$|[a-z]I[Dd]$")
ROLE_NAMES: dict[Role, str] = {
    "target": "target|label|y|y_true|ground_truth|actual",
    "prediction": "prediction|predicted|pred|preds|y_pred|y_hat|yhat|decision",
    "score": "score|proba|probability|y_score|y_prob|y_proba|y_pred_proba",
    "timestamp": r"timestamp|ts|datetime|event_time|\w+_at",
    "latency": r"latency|latency_ms|\w+_latency_ms|duration_ms|response_time_ms",
    "status": "status_code|http_status|http_status_code|status",
}
ROLE_KINDS: dict[Role, tuple[Kind, ...]] = {
    "score": ("numeric",),
    "timestamp": ("datetime",),
    "latency": ("numeric",),
    "status": ("numeric", "categorical"),
}
STATUS_WORDS = {"ok", "error", "failed", "success", "timeout", "true", "false", "failure"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Inferred:
    """What a column seems to be."""

    kind: Kind
    role: Role | None = None
    constant: bool = False
    because: str


def infer(sample: pa.Table | pa.RecordBatch) -> dict[str, Inferred]:
    """Guess kind and role of every column, in order.

    Parameters
    ----------
    sample
        Rows of a log; the first 20,000 are looked at.

    Examples
    --------
    >>> found = infer(pa.table({"id": ["a1", "a2", "a3"], "age": [31, 44, 31], "ok": [True] * 3}))
    >>> [(name, one.kind, one.role) for name, one in found.items()]
    [('id', 'id', 'id'), ('age', 'numeric', None), ('ok', 'boolean', None)]
    """
    head = sample.slice(0, MOST)
    found: dict[str, Inferred] = {}
    for name in head.schema.names:
        array = as_array(head.column(name))
        kind, constant, because = _kind(name, array)
        role = _role(name, kind, array)
        if role and role in (one.role for one in found.values()):
            role = None  # the first column of that name is it
        found[name] = Inferred(kind=kind, role=role, constant=constant, because=because)
    return found


def _kind(name: str, array: pa.Array) -> tuple[Kind, bool, str]:
    present = len(array) - array.null_count
    if not present:
        return "empty", False, "it holds nothing"
    kind = array.type
    if pa.types.is_boolean(kind):
        return "boolean", False, "its type is boolean"
    if pa.types.is_temporal(kind) and not (pa.types.is_duration(kind) or pa.types.is_time(kind)):
        return "datetime", False, f"its type is {kind}"
    if pa.types.is_nested(kind):
        return "nested", False, f"its type is {kind}"
    codes, levels = labels(array)
    distinct = len(np.unique(codes[codes >= 0]))
    constant = distinct == 1
    if pa.types.is_dictionary(kind) or pa.types.is_string(kind):
        text_kind, because = _kind_of_texts(name, array, levels, distinct, present)
        return text_kind, constant, because
    if pa.types.is_integer(kind) and distinct == present and present > 1:
        values = numbers(array).values
        if ID_NAME.search(name):
            return "id", False, "every value differs and its name says id"
        if present >= 50 and bool((np.diff(values) == 1).all()):
            return "id", False, "it counts the rows"
    said = f"its type is {kind}" + (", one value only" if constant else "")
    return "numeric", constant, said


def _kind_of_texts(
    name: str, array: pa.Array, levels: Sequence[str], distinct: int, present: int
) -> tuple[Kind, str]:
    parsed = numbers(array)
    if parsed.unparsable <= (1 - NEARLY_ALL) * present and distinct > 1:
        return "numeric", "its texts are numbers"
    if instants(array).unparsable <= (1 - NEARLY_ALL) * present:
        return "datetime", "its texts are dates"
    texts = [text for text in levels if text] or [""]
    words = float(np.mean([len(text.split()) for text in texts]))
    length = float(np.mean([len(text) for text in texts]))
    share = distinct / present
    if (words >= WORDS or length >= LONG) and share > 0.5 and distinct > 1 and words > 1.5:
        return "text", f"{share:.0%} of its values differ, {words:.0f} words each on average"
    if share == 1.0 and present > 1 and ID_NAME.search(name):
        return "id", "every value differs and its name says id"
    if share > NEARLY_ALL and present >= 100:
        return "id", f"{share:.0%} of its values differ"
    return "categorical", f"{distinct:,} different values in {present:,} rows"


def _role(name: str, kind: Kind, array: pa.Array) -> Role | None:
    if kind == "empty":
        return None
    if kind == "id":
        return "id" if ID_NAME.search(name) or name.lower() == "id" else None
    for role, pattern in ROLE_NAMES.items():
        if kind in ROLE_KINDS.get(role, (kind,)) and re.fullmatch(pattern, name, re.IGNORECASE):
            return role if _fits(role, array) else None
    return None


def _fits(role: Role, array: pa.Array) -> bool:
    """Whether the values agree with what the name says."""
    checks: dict[str, Callable[[pa.Array], bool]] = {"score": _in_unit, "status": _is_status}
    return checks[role](array) if role in checks else True


def _in_unit(array: pa.Array) -> bool:
    values: Any = numbers(array).values
    return bool(((values >= 0) & (values <= 1) | np.isnan(values)).all())


def _is_status(array: pa.Array) -> bool:
    levels = [level.lower() for level in labels(array).levels]
    return all(level in STATUS_WORDS or re.fullmatch("[1-5][0-9][0-9]", level) for level in levels)
