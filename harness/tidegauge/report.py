"""The report as JSON, as a data frame, as a notebook cell, and the schema of the first."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from html import escape
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from tidegauge import records
from tidegauge.errors import SuiteError, TidegaugeError
from tidegauge.records import FORMAT, Cause, Explanation, Report, Result

if TYPE_CHECKING:
    import pandas as pd
    from pydantic import TypeAdapter, ValidationError

    from tidegauge.comparison import Comparison

FRAME_COLUMNS = (
    "evaluator", "column", "slice", "value", "low", "high", "p_value", "outcome", "because",
)  # fmt: skip
"""Columns of ``to_frame``, in order."""

_ABSENT: Any = object()


def to_json(report: Report | Explanation | Comparison) -> str:
    """Write a report as JSON text, without NaN or infinity anywhere.

    A number that is not finite is left out where it may be absent, and takes its record with
    it where it may not: a score without a value, a picture without its edges. In named
    details it stays, as a word.
    """
    try:
        text = _encode(report)
    except ValueError:
        text = _encode(_finite(report))
    # Lone surrogates have no UTF-8 form; one column name must not cost the whole report.
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def to_dict(report: Report | Explanation | Comparison) -> dict[str, Any]:
    """Turn a report, or an explanation, into plain dictionaries, lists, strings and numbers."""
    plain: dict[str, Any] = json.loads(to_json(report))
    return plain


def from_json(text: str | bytes) -> Report:
    """Read a report back.

    Raises
    ------
    TidegaugeError
        When it is not JSON, not a report, or of another format version.
    """
    found = _format_of(text)
    if found != FORMAT:
        newer = isinstance(found, int) and found > FORMAT
        raise TidegaugeError(
            f"the report has format {found!r}; this version of tidegauge reads format {FORMAT}",
            "upgrade tidegauge" if newer else "write the report again with this version",
        )
    from pydantic import ValidationError

    try:
        return _adapter().validate_json(text)
    except ValidationError as wrong:
        raise TidegaugeError(
            f"the text is JSON but not a report: {_first(wrong)}",
            "pass the file that a run wrote; `tidegauge schema report` prints its shape",
        ) from None


def to_frame(report: Report) -> pd.DataFrame:
    """Lay the results out as a frame, one row each."""
    import pandas as pd

    rows = [_frame_row(result) for result in report.results]
    frame = pd.DataFrame(rows, columns=list(FRAME_COLUMNS))
    numbers = ["value", "low", "high", "p_value"]
    return frame.astype(dict.fromkeys(numbers, "float64"))


def report_schema() -> dict[str, Any]:
    """Build the JSON Schema of a written report; every field is described."""
    schema = _adapter().json_schema(mode="serialization")
    shapes = {"Report": schema, **schema.get("$defs", {})}
    for name, docs in _field_docs().items():
        for field, text in docs.items():
            if field in shapes.get(name, {}).get("properties", {}):
                shapes[name]["properties"][field]["description"] = text
    schema["properties"]["format"]["const"] = FORMAT
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "tidegauge report",
        **{key: value for key, value in schema.items() if key != "title"},
    }


def notebook_html(report: Report) -> str:
    """Show a report in a notebook: the verdict and its alarms, the whole page folded below."""
    alarms = "".join(_notebook_row(result) for result in report.alarms[:10])
    more = len(report.alarms) - 10
    table = f'<table style="text-align:left">{alarms}</table>' if alarms else ""
    return (
        '<div style="max-width:62rem">'
        f"<p><strong>{escape(report.suite)}: {escape(report.outcome)}.</strong> "
        f"{escape(report.because)}</p>"
        + "".join(f"<p>{escape(one.of)}: {escape(one.because)}</p>" for one in report.explanations)
        + table
        + (f"<p>and {more:,} more alarms</p>" if more > 0 else "")
        + _notebook_page(report)
        + "</div>"
    )


def explanation_html(explanation: Explanation) -> str:
    """Show an explanation in a notebook: its sentence, and its causes as a table."""
    head = "".join(
        f'<th style="text-align:left">{name}</th>' for name in ("factor", "verdict", "share", "why")
    )
    rows = "".join(_notebook_cause(cause) for cause in explanation.causes)
    tied = f"<p>The data cannot tell: {escape(', '.join(explanation.tied))}</p>"
    return (
        '<div style="max-width:62rem">'
        f"<p><strong>{escape(explanation.of)}: {escape(explanation.verdict)}.</strong> "
        f"{escape(explanation.because)}</p>"
        + (tied if explanation.tied else "")
        + (f"<table><tr>{head}</tr>{rows}</table>" if rows else "")
        + "".join(f"<p>{escape(note)}</p>" for note in explanation.notes)
        + "</div>"
    )


def _notebook_cause(cause: Cause) -> str:
    share = f"{cause.share:.0%}"
    if cause.interval is not None:
        share += f" ({cause.interval.low:.0%} to {cause.interval.high:.0%})"
    cells = (cause.factor, cause.verdict, share, cause.because)
    return (
        "<tr>"
        + "".join(f'<td style="text-align:left">{escape(cell)}</td>' for cell in cells)
        + "</tr>"
    )


def _notebook_row(result: Result) -> str:
    where = " · ".join(filter(None, (result.column, result.slice))) or "whole log"
    cells = (result.verdict.outcome, where, result.evaluator, result.verdict.because)
    return (
        "<tr>"
        + "".join(f'<td style="text-align:left">{escape(cell)}</td>' for cell in cells)
        + "</tr>"
    )


def _notebook_page(report: Report) -> str:
    """Frame the whole page, so that its styles and the notebook's stay apart."""
    from tidegauge.catalog import renderer

    try:
        page = renderer("html")(report)
    except SuiteError:  # no package of renderers is installed
        return ""
    return (
        "<details><summary>Open the whole report</summary>"
        f'<iframe sandbox="allow-scripts" title="tidegauge report" srcdoc="{escape(page)}" '
        'style="width:100%;height:80vh;border:1px solid #8886"></iframe></details>'
    )


def _frame_row(result: Result) -> tuple[Any, ...]:
    score, verdict = result.score, result.verdict
    value = low = high = p_value = math.nan
    if score is not None:
        value = score.value
        low, high = score.interval or (math.nan, math.nan)
        p_value = math.nan if score.p_value is None else score.p_value
    return (
        result.evaluator, result.column, result.slice, value, low, high, p_value,
        verdict.outcome, verdict.because,
    )  # fmt: skip


def _encode(report: Any) -> str:
    # Building a pydantic serialiser takes longer than writing thousands of results this way.
    return json.dumps(
        report, default=_plain, ensure_ascii=False, allow_nan=False, separators=(",", ":")
    )


@cache
def _fields_of(kind: Any) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
    names = tuple(kind.__dataclass_fields__)
    return names, attrgetter(*names)


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        kind: Any = type(value)
        names, read = _fields_of(kind)
        return dict(zip(names, read(value), strict=True))
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "item"):  # a numpy scalar that came through a check's parameters
        return value.item()
    return list(value) if isinstance(value, (set, frozenset)) else str(value)


def _finite(value: Any) -> Any:
    """Leave out what is not finite, together with the record that cannot be without it."""
    if isinstance(value, float):
        return value if math.isfinite(value) else _ABSENT
    if isinstance(value, Mapping):
        return {key: _word(item) for key, item in value.items()}
    if isinstance(value, tuple):
        kept = [_finite(item) for item in value]
        if not any(item is _ABSENT for item in kept):
            return kept
        numbers = any(isinstance(item, float) for item in value)
        return _ABSENT if numbers else [item for item in kept if item is not _ABSENT]
    return _finite_record(value) if is_dataclass(value) else value


def _finite_record(record: Any) -> Any:
    kept: dict[str, Any] = {}
    for field in fields(record):
        item = _finite(getattr(record, field.name))
        if item is _ABSENT and field.default is MISSING:
            return _ABSENT
        kept[field.name] = field.default if item is _ABSENT else item
    return kept


def _word(value: Any) -> Any:
    cleaned = _finite(value)
    return str(value) if cleaned is _ABSENT else cleaned


def _format_of(text: str | bytes) -> Any:
    try:
        found = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as wrong:
        raise TidegaugeError(
            f"the text is not a JSON report: {wrong}",
            "pass the whole file that a run wrote; a file cut short has to be written again",
        ) from None
    if not isinstance(found, dict) or "format" not in found:
        raise TidegaugeError(
            'the text is JSON but not a report: it has no "format"',
            "pass the file that a run wrote",
        )
    return found["format"]


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number that JSON allows")


def _first(wrong: ValidationError) -> str:
    errors = wrong.errors(include_url=False, include_input=False)
    place = ".".join(str(step) for step in errors[0]["loc"])
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return f"{place or 'top level'}: {errors[0]['msg']}{more}"


@cache
def _adapter() -> TypeAdapter[Report]:
    from pydantic import TypeAdapter

    return TypeAdapter(Report)


def _field_docs() -> dict[str, dict[str, str]]:
    """Read the sentence under each field of each record."""
    import ast
    import inspect

    tree = ast.parse(inspect.getsource(records))
    return {
        node.name: dict(_documented(node)) for node in tree.body if isinstance(node, ast.ClassDef)
    }


def _documented(node: Any) -> Iterator[tuple[str, str]]:
    import ast
    from inspect import cleandoc
    from itertools import pairwise

    for field, below in pairwise(node.body):
        if isinstance(field, ast.AnnAssign) and isinstance(below, ast.Expr):
            name, text = field.target, below.value
            if isinstance(name, ast.Name) and isinstance(text, ast.Constant):
                yield name.id, " ".join(cleandoc(str(text.value)).split())
