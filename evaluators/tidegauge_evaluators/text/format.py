"""Whether a response is written in the format that was asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Literal

from tidegauge.errors import MissingExtraError, SuiteError, Unscored
from tidegauge.records import ScorerCard
from tidegauge.scorer import About, Joined, Scorer, Texts
from tidegauge_evaluators._markdown import fault
from tidegauge_evaluators._plain import Plain, given, identity, missing

CARD = ScorerCard(
    title="Format",
    explain="1 where the response can be read in the expected format.",
    reads={"response": "response"},
    better="higher",
    unit="1 = valid, 0 = not",
    reference="RFC 8259 (JSON), JSON Schema 2020-12, CommonMark 0.31",
    range=(0.0, 1.0),
    cached=False,
)

_FENCED = re.compile(r"\A\s*```[ \t]*(?:json)?[ \t]*\n(.*?)\n?[ \t]*```\s*\Z", re.DOTALL | re.I)


def format(
    *,
    expected: Literal["json", "json-schema", "markdown"] = "json",
    schema: Mapping[str, Any] | None = None,
    fenced: bool = True,
) -> Scorer:
    """Read each response as the format says, and keep the first fault.

    JSON is strict: no comments, no NaN, nothing before or after. Any text is some Markdown;
    faulty are fences and link targets that do not close, headings without a space, and table
    rows of another width than their head.

    Parameters
    ----------
    expected
        What a response should be.
    schema
        A JSON Schema that it must fulfil besides; needs the package jsonschema. References to
        other documents are not followed.
    fenced
        Whether JSON may stand in one fenced block of code.

    Raises
    ------
    SuiteError
        When ``json-schema`` is asked for without a valid schema.
    MissingExtraError
        When a schema is given and jsonschema is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> found = format().join({"response": "{a: 1}"}, (), np.zeros((0, 0), np.float32))
    >>> found.values, found.because
    ((0.0, True), 'line 1: Expecting property name enclosed in double quotes')
    """
    if (expected == "json-schema") != (schema is not None):
        raise SuiteError(
            f"text.format expects {expected} and was given {'a' if schema is not None else 'no'} "
            "schema",
            "give expected: json-schema and schema: {...} together",
        )
    fault_of = fault if expected == "markdown" else _json_fault(schema, fenced)

    def judged(row: Texts) -> Joined:
        found = fault_of(given(row, "response"))
        return Joined((float(not found), bool(found)), because=found[:300])

    return Plain(
        outputs={"": "numeric", "flagged": "boolean"},
        identity=identity("text.format", 1, expected=expected, schema=schema, fenced=fenced),
        work=judged,
        about=About(notes=(f"responses are expected to be {expected}",)),
    )


def _json_fault(schema: Mapping[str, Any] | None, fenced: bool) -> Callable[[str], str]:
    conforms = _schema_fault(schema) if schema is not None else None

    def found(text: str) -> str:
        inside = _FENCED.match(text) if fenced else None
        try:
            value = json.loads(inside[1] if inside else text, parse_constant=_refuse)
        except json.JSONDecodeError as problem:
            return f"line {problem.lineno}: {problem.msg}" if text.strip() else "empty"
        except ValueError as problem:
            return str(problem)
        except RecursionError:
            return "nested too deeply"
        return conforms(value) if conforms else ""

    return found


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _schema_fault(schema: Mapping[str, Any]) -> Callable[[Any], str]:
    try:
        from jsonschema import Draft202012Validator
        from jsonschema.exceptions import SchemaError, best_match
        from jsonschema.validators import validator_for
        from referencing import Registry
        from referencing.exceptions import Unresolvable
    except ImportError:
        raise _missing() from None
    kind: Any = validator_for(schema, default=Draft202012Validator)
    try:
        kind.check_schema(schema)
    except SchemaError as problem:
        raise SuiteError(
            f"text.format was given a schema that is none: {problem.message}",
            "write it as JSON Schema 2020-12 says",
        ) from None
    validator: Any = kind(schema, registry=Registry())

    def found(value: Any) -> str:
        try:
            worst = best_match(validator.iter_errors(value))
        except Unresolvable as problem:
            raise Unscored(f"the schema refers to {str(problem)[:80]}") from None
        except RecursionError:
            return "nested too deeply"
        return f"{worst.json_path}: {worst.message}" if worst else ""

    return found


def _missing() -> MissingExtraError:
    return missing("text.format with a schema", "jsonschema")
