"""The ``columns`` part of a suite: what each column is for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, cast, get_args

from tidegauge.records import Kind
from tidegauge.suite.document import Node
from tidegauge.suite.shape import Columns, Target, Valid
from tidegauge.suite.values import choice, entries, length, mapping, name, names, number, pairs

KINDS: tuple[Kind, ...] = get_args(Kind)

KEYS = {
    "id": "Column that tells rows apart.",
    "timestamp": "Column that says when the row was scored.",
    "target": "Column that holds the truth: a name, or {column, arrives_after, positive}.",
    "prediction": "Column that holds the model's answer.",
    "score": "Column that holds the probability of the positive class, or {class: column}.",
    "latency": "Column that says how long the answer took, in milliseconds.",
    "status": "Column that says whether the request worked.",
    "prompt": "Column of what the user asked.",
    "response": "Column of what the model answered.",
    "context": "Column of the passages it was given; a JSON list where there are several.",
    "reference_answer": "Column of the answer that would be right.",
    "samples": "Column of further answers to the same prompt, a JSON list each.",
    "tokens": "Column that counts the tokens of a request.",
    "model_version": "Column that says which model answered.",
    "conversation": "Column by which rows belong together: a conversation, a user, a document.",
    "features": 'Columns that the model reads: a list, or "*" for all without another role.',
    "segments": "Columns whose every value is judged as a slice of its own.",
    "kinds": "Columns whose kind must not be inferred: {zip: categorical}.",
    "valid": "Values that numeric columns may take: {age: {min: 0, max: 120}}.",
    "critical": "Features that matter most: actions may ask for them (critical_feature).",
    "ignore": "Columns to leave out.",
}
TARGET_KEYS = {
    "column": "Name of the column.",
    "arrives_after": "How long the truth takes to arrive: 60d.",
    "positive": "The class that counts as positive.",
}
SEGMENTS_TOO = {"features", "segments", "model_version"}
"""Roles whose columns may be segments as well."""
VALID_KEYS = {"min": "Smallest valid value.", "max": "Largest valid value."}
_SINGLE = (
    "id", "timestamp", "prediction", "latency", "status", "prompt", "response", "context",
    "reference_answer", "samples", "tokens", "model_version", "conversation",
)  # fmt: skip


def read_columns(node: Node) -> Columns:
    """Read every role; one column may have one role only."""
    found = entries(node, KEYS, "{target: defaulted, prediction: decision}")
    columns = Columns(
        **{role: name(found[role]) for role in _SINGLE if role in found},
        target=_target(found["target"]) if "target" in found else None,
        score=_score(found["score"]) if "score" in found else "",
        features=_features(found["features"]) if "features" in found else "*",
        segments=names(found["segments"]) if "segments" in found else (),
        kinds=dict(_kinds(found["kinds"])) if "kinds" in found else {},
        valid=dict(_valid(found["valid"])) if "valid" in found else {},
        critical=names(found["critical"], "[income]") if "critical" in found else (),
        ignore=names(found["ignore"]) if "ignore" in found else (),
    )
    _refuse_two_roles(found)
    return columns


def _target(node: Node) -> Target:
    if not isinstance(node.value, dict):
        return Target(column=name(node))
    found = entries(node, TARGET_KEYS, "{column: defaulted, arrives_after: 60d}")
    if "column" not in node.value:
        node.complain('found no key "column"; needed: the name of the column')
    positive = found.get("positive")
    if positive and (isinstance(positive.value, tuple | dict) or positive.value is None):
        positive.wrong("one class, as text or number")
    return Target(
        column=name(found["column"]) if "column" in found else "",
        arrives_after=length(found["arrives_after"]) if "arrives_after" in found else None,
        positive=positive.text if positive else None,
    )


def _score(node: Node) -> str | dict[str, str]:
    if not isinstance(node.value, dict):
        return name(node)
    if not node.value:
        node.wrong("a column, or a mapping such as {cat: p_cat, dog: p_dog}")
    return {label: name(item) for label, item in node.value.items()}


def _features(node: Node) -> Literal["*"] | tuple[str, ...]:
    if node.value == "*":
        return "*"
    if isinstance(node.value, str):
        node.wrong('"*" or a list', f"write [{node.value}]")
        return "*"
    return names(node, "[age, income]")


def _kinds(node: Node) -> Iterator[tuple[str, Kind]]:
    for column, item in pairs(node, "{zip: categorical}"):
        yield column, cast(Kind, choice(item, KINDS))


def _valid(node: Node) -> Iterator[tuple[str, Valid]]:
    for column, item in pairs(node, "{age: {min: 0, max: 120}}"):
        found = entries(item, VALID_KEYS, "{min: 0, max: 120}")
        if isinstance(item.value, dict) and not item.value:
            item.wrong("min, max or both")
        bounds = {side: number(bound) for side, bound in found.items()}
        if bounds.get("min", 0.0) > bounds.get("max", bounds.get("min", 0.0)):
            item.complain(
                f"found min {found['min'].text} above max {found['max'].text}; "
                "allowed: min at most max"
            )
        yield column, Valid(**bounds)


def _refuse_two_roles(found: dict[str, Node]) -> None:
    """Complain of a column in two roles; a segment may be a feature too, and mostly is."""
    given: dict[str, tuple[str, Node]] = {}
    for role, column, node in _given(found):
        if column not in given:
            given[column] = role, node
            continue
        other, first = given[column]
        if "segments" in (role, other) and {role, other} <= SEGMENTS_TOO:
            continue
        if role == other != "score":
            continue  # the same list twice is noted where the list is read
        place = f"line {first.line}" if first.line else first.key
        node.complain(
            f'found the column "{column}" as {role}, and as {other} in {place}; '
            "allowed: one role a column"
        )


def _given(found: dict[str, Node]) -> Iterator[tuple[str, str, Node]]:
    for role, node in found.items():
        if role in ("kinds", "valid", "critical"):
            continue
        if role == "target" and isinstance(node.value, dict):
            node = node.value.get("column", node)
        if isinstance(node.value, tuple):
            members = list(node.value)
        elif role == "score" and isinstance(node.value, dict):
            members = list(mapping(node, "").values())
        else:
            members = [node]
        for member in members:
            if isinstance(member.value, str | int) and member.value != "*":
                yield role, member.text, member
