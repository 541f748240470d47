from __future__ import annotations

from collections.abc import Callable

import pytest

from tidegauge.errors import SuiteError
from tidegauge_evaluators.text.format import format

Values = Callable[..., dict[str, object]]
SCHEMA = {"type": "object", "required": ["city"], "properties": {"city": {"type": "string"}}}


@pytest.mark.parametrize(
    "text", ["{}", " [1, 2.5e3, null]\n", '"text"', '```json\n{"a": "😀"}\n```', "```\n[]\n```"]
)
def test_json_is_read(text: str, values: Values) -> None:
    assert values(format(), response=text) == {"": 1.0, "flagged": False}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{'a': 1}",
        '{"a": 1,}',
        '{"a": NaN}',
        "[Infinity]",
        "{} {}",
        'Here: {"a": 1}',
        "[" * 99_999,
    ],
)
def test_what_is_no_json_is_flagged(text: str, values: Values) -> None:
    assert values(format(), response=text) == {"": 0.0, "flagged": True}


def test_a_fence_can_be_forbidden(values: Values) -> None:
    assert values(format(fenced=False), response="```json\n{}\n```")["flagged"] is True


def test_a_schema_is_held(values: Values) -> None:
    pytest.importorskip("jsonschema")
    held = format(expected="json-schema", schema=SCHEMA)
    assert values(held, response='{"city": "Bern"}')[""] == 1.0
    assert values(held, response='{"city": 3}')[""] == 0.0
    assert values(held, response="Bern")[""] == 0.0
    joined = held.join({"response": '{"town": "Bern"}'}, (), None)  # type: ignore[arg-type]
    assert "'city' is a required property" in joined.because


def test_schemas_that_are_none_are_refused() -> None:
    pytest.importorskip("jsonschema")
    with pytest.raises(SuiteError, match="a schema that is none"):
        format(expected="json-schema", schema={"type": "town"})
    with pytest.raises(SuiteError, match="together"):
        format(expected="json-schema")
    with pytest.raises(SuiteError, match="together"):
        format(schema=SCHEMA)


def test_references_to_elsewhere_are_not_followed(no_network: None) -> None:
    pytest.importorskip("jsonschema")
    from tidegauge.errors import Unscored

    held = format(expected="json-schema", schema={"$ref": "http://example.org/schema.json"})
    with pytest.raises(Unscored, match="the schema refers to"):
        held.join({"response": "{}"}, (), None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "Plain words, 3 < 4 | 5.",
        '# Title\n\n- a\n- [b](https://example.org/x_(y) "t")\n\n```py\nx = [1](2\n```\n',
        "| a | b |\n|---|---|\n| 1 | `x|y` |\n| 2 | 3 \\| 4 |\n\nSee | above",
        "#1 on the list #hashtag",
        "~~~~\n```\n~~~~",
    ],
)
def test_sound_markdown_passes(text: str, values: Values) -> None:
    assert values(format(expected="markdown"), response=text)[""] == 1.0


@pytest.mark.parametrize(
    ("text", "because"),
    [
        ("", "empty"),
        ("a\n```py\nx = 1", "line 2: a fence that does not close"),
        ("##Title", "line 1: a heading without a space behind its signs"),
        ("see [this](https://example.org", "line 1: a link that does not close"),
        ("| a | b |\n|---|---|\n| 1 | 2 | 3 |", "line 3: 3 cells in a table of 2"),
    ],
)
def test_broken_markdown_is_named(text: str, because: str) -> None:
    joined = format(expected="markdown").join({"response": text}, (), None)  # type: ignore[arg-type]
    assert (joined.values, joined.because) == ((0.0, True), because)
