"""Which column is the id, the timestamp, the target: told by name, confirmed by values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from tidegauge.profile.arrays import instants, labels, numbers
from tidegauge.records import Kind, Role

ID_NAME = re.compile(r"(^|_)(id|ids|uuid|guid|key|row|rownum|index|idx|no|nr|number|hash|pk)$")
TIME_NAMES = (
    "timestamp", "ts", "event_time", "event_timestamp", "scored_at", "predicted_at",
    "prediction_time", "prediction_timestamp", "inference_time", "inference_timestamp",
    "request_time", "request_timestamp", "timestamp_ms", "logged_at", "created_at", "created",
    "datetime", "date_time", "event_date", "time", "date",
)  # fmt: skip
NAMES: dict[Role, tuple[str, ...]] = {
    "id": (
        "id", "request_id", "inference_id", "prediction_id", "event_id", "record_id", "row_id",
        "transaction_id", "correlation_id", "client_request_id", "trace_id", "uuid",
    ),
    "timestamp": TIME_NAMES,
    "target": (
        "target", "label", "y", "y_true", "ground_truth", "truth", "actual", "true_label",
        "actual_label", "target_label",
    ),
    "prediction": (
        "prediction", "predicted", "pred", "preds", "predictions", "y_pred", "y_hat", "yhat",
        "predicted_label", "prediction_label", "predicted_class", "predicted_value",
        "model_prediction", "model_output", "decision", "forecast",
    ),
    "score": (
        "score", "proba", "prob", "probability", "y_score", "y_prob", "y_proba", "y_pred_proba",
        "y_pred_prob", "prediction_score", "prediction_proba", "prediction_probability",
        "predicted_proba", "predicted_probability", "predicted_score", "model_score",
        "confidence", "propensity",
    ),
    "latency": (
        "latency", "latency_ms", "latency_s", "latency_seconds", "latency_us", "response_time",
        "response_time_ms", "duration_ms", "elapsed_ms", "execution_time_ms",
        "execution_duration_ms", "inference_time_ms", "processing_time_ms", "processing_ms",
    ),
    "status": (
        "status_code", "http_status", "http_status_code", "response_code", "response_status",
        "request_status", "status",
    ),
    "response": (
        "response", "answer", "output", "completion", "generated_text", "model_response", "reply",
        "llm_output", "output_text", "generation",
    ),
    "prompt": (
        "prompt", "question", "query", "input", "user_message", "instruction", "user_input",
        "input_text", "user_query",
    ),
    "context": (
        "context", "contexts", "retrieved_contexts", "retrieved", "documents", "passages", "source",
        "retrieved_documents", "source_documents",
    ),
    "reference_answer": (
        "reference_answer", "ground_truth_answer", "expected_output", "expected_answer",
        "reference", "ideal", "gold_answer",
    ),
    "samples": ("samples", "sampled_answers", "sampled_responses"),
    "tokens": (
        "tokens", "total_tokens", "token_count", "tokens_out", "output_tokens",
        "completion_tokens",
    ),
    "model_version": ("model_version", "model_name", "model", "deployment", "model_id"),
    "conversation": (
        "conversation", "conversation_id", "session_id", "thread_id", "session", "chat_id",
    ),
}  # fmt: skip
"""Names in the order in which they are believed; compared in lower case with underscores."""
PATTERNS: dict[Role, str] = {
    "id": r".*_(id|uuid|guid)",
    "timestamp": r".*_(timestamp|datetime|at)",
    "latency": r".*_latency(_ms|_s|_us)?",
}
KINDS: dict[Role, tuple[Kind, ...]] = {
    "id": ("id",),
    "timestamp": ("datetime",),
    "target": ("numeric", "categorical", "boolean"),
    "prediction": ("numeric", "categorical", "boolean"),
    "score": ("numeric",),
    "latency": ("numeric",),
    "status": ("numeric", "categorical", "boolean"),
    "response": ("text", "categorical", "id", "nested"),
    "prompt": ("text", "categorical", "id"),
    "context": ("text", "categorical", "id", "nested"),
    "reference_answer": ("text", "categorical", "id"),
    "samples": ("nested", "text"),
    "tokens": ("numeric",),
    "model_version": ("categorical",),
    "conversation": ("id", "categorical", "numeric"),
}
SPOKEN: tuple[Role, ...] = ("response", "prompt")
"""A log that has one of them is one of a language model."""
BESIDE: tuple[Role, ...] = (
    "context", "reference_answer", "samples", "tokens", "model_version", "conversation",
)  # fmt: skip
"""Roles that are given in such logs only: elsewhere a model may be one of cars."""
SPACES = 1.0
"""Mean spaces in a value from which it is said in words rather than a code."""
LETTERS = 8.0
"""Mean characters from which a value in another script than Latin is."""
LAST_NAMES = ("class", "outcome")
"""Names of a target in tables for learning, which hold it in their last column."""
OTHER_TIMES = re.compile(r"birth|dob|expir|due|start|end|since|signup|join|open|clos|valid")
"""Times of a life or a contract rather than of the row."""
STATUS_WORDS = {
    "ok", "success", "succeeded", "successful", "error", "failed", "failure", "timeout",
    "timed_out", "cancelled", "true", "false",
}  # fmt: skip

Shapes = Mapping[str, tuple[Kind, pa.Array]]


class Given(NamedTuple):
    """A role, and why."""

    role: Role
    because: str


def plain_name(name: str) -> str:
    """Spell a name in lower case with underscores.

    Examples
    --------
    >>> [plain_name(name) for name in ("customerID", "Status Code", "y-hat", "ID")]
    ['customer_id', 'status_code', 'y_hat', 'id']
    """
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return re.sub(r"[\W_]+", "_", parted).strip("_").lower()


def assign(shapes: Shapes) -> dict[str, Given]:
    """Give each role to at most one column: the one whose name is believed most.

    Parameters
    ----------
    shapes
        Kind and values by column name.
    """
    given: dict[str, Given] = {}
    for role in NAMES:
        if role in BESIDE and not any(one.role in SPOKEN for one in given.values()):
            continue
        for name, because in _candidates(role, shapes):
            kind, values = shapes[name]
            if name not in given and kind in KINDS[role] and _fits(role, values):
                given[name] = Given(role, because)
                break
    return given


def _candidates(role: Role, shapes: Shapes) -> Iterator[tuple[str, str]]:
    plain = {name: plain_name(name) for name in shapes}
    for wanted in NAMES[role]:
        yield from ((name, f"its name says {role}") for name in plain if plain[name] == wanted)
    if role in PATTERNS:
        said = f"its name says {role}"
        yield from ((n, said) for n, p in plain.items() if re.fullmatch(PATTERNS[role], p))
    if role == "target" and plain and list(plain.values())[-1] in LAST_NAMES:
        yield list(plain)[-1], "its name says target and it is the last column"
    if role == "timestamp":
        yield from _only_times(shapes, plain)


def _only_times(shapes: Shapes, plain: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    times = [name for name, (kind, _) in shapes.items() if kind == "datetime"]
    if len(times) == 1 and not OTHER_TIMES.search(plain[times[0]]):
        moments = instants(shapes[times[0]][1]).values
        if len(moments) > 1 and np.mean(np.diff(moments) >= 0) >= 0.9:
            yield times[0], "it is the only column of times and rises from row to row"


def _fits(role: Role, values: pa.Array) -> bool:
    """Whether the values agree with what the name says."""
    checks: dict[Role, Callable[[pa.Array], bool]] = {
        "score": _in_unit,
        "status": _is_status,
        "latency": _never_negative,
        "tokens": _never_negative,
        **dict.fromkeys(("response", "prompt", "context", "reference_answer"), _is_said),
    }
    return checks[role](values) if role in checks else True


def _in_unit(values: pa.Array) -> bool:
    found = numbers(values).values
    return bool(((found >= 0) & (found <= 1) | np.isnan(found)).all())


def _never_negative(values: pa.Array) -> bool:
    found = numbers(values).values
    return not bool((found < 0).any())


def _is_said(values: pa.Array) -> bool:
    """Whether values are words rather than codes."""
    if not (pa.types.is_dictionary(values.type) or pa.types.is_string(values.type)):
        return bool(pa.types.is_nested(values.type))
    said = [str(level) for level in labels(values).levels[:1_000] if level]
    if not said:
        return False
    spaces = float(np.mean([text.count(" ") for text in said]))
    foreign = [text for text in said if not text.isascii()]
    return spaces >= SPACES or (
        2 * len(foreign) > len(said) and float(np.mean([len(text) for text in said])) >= LETTERS
    )


def _is_status(values: pa.Array) -> bool:
    levels = {str(level).lower() for level in labels(values).levels}
    return all(level in STATUS_WORDS or re.fullmatch("[1-5][0-9][0-9]", level) for level in levels)
