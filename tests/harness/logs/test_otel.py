from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tidegauge.errors import DataError
from tidegauge.logs import Log, open_log

START = 1_767_322_800_000_000_000
"""2026-01-02T03:00:00Z in nanoseconds."""
QUESTION, ANSWER = "Where is Bern?", "In Switzerland."


def rows(log: Log) -> list[dict[str, Any]]:
    return [row for batch in log.batches() for row in batch.to_pylist()]


def wrapped(value: Any) -> dict[str, Any]:
    """A value as OTLP's JSON writes it."""
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, Mapping):
        pairs = [{"key": key, "value": wrapped(held)} for key, held in value.items()]
        return {"kvlistValue": {"values": pairs}}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return {"arrayValue": {"values": [wrapped(one) for one in value]}}
    return {"stringValue": value}


def pairs(attributes: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": wrapped(value)} for key, value in attributes.items()]


def span(attributes: Mapping[str, Any], number: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "traceId": "t1",
        "spanId": f"s{number}",
        "name": "chat",
        "startTimeUnixNano": str(START + number * 10**9),
        "endTimeUnixNano": str(START + number * 10**9 + 250_000_000),
        "attributes": pairs(attributes),
        "status": {},
        **more,
    }


def exported(*several: Any) -> dict[str, Any]:
    resource = {"attributes": pairs({"service.name": "shop"})}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": list(several)}]}]}


def opened(folder: Path, *records: Any, format: str | None = None) -> Log:
    path = folder / "traces.jsonl"
    path.write_text("\n".join(map(json.dumps, records)) + "\n", encoding="utf-8")
    return open_log(path, format=format)


def parts(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"type": "text", "content": text}]}


CALL: dict[str, Any] = {
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "m",
    "gen_ai.response.model": "m-2026",
    "gen_ai.usage.input_tokens": 9,
    "gen_ai.usage.output_tokens": 4,
    "gen_ai.response.finish_reasons": ["stop"],
    "gen_ai.conversation.id": "c7",
}
V140 = {
    "gen_ai.system_instructions": json.dumps([{"type": "text", "content": "Be brief."}]),
    "gen_ai.input.messages": json.dumps([
        parts("user", "Hi"), parts("assistant", "Hello."), parts("user", QUESTION),
    ]),
    "gen_ai.output.messages": json.dumps([{**parts("assistant", ANSWER), "finish_reason": "stop"}]),
}  # fmt: skip
INDEXED = {
    "llm.request.type": "chat",
    "gen_ai.prompt.0.role": "system", "gen_ai.prompt.0.content": "Be brief.",
    "gen_ai.prompt.1.role": "user", "gen_ai.prompt.1.content": "Hi",
    "gen_ai.prompt.2.role": "assistant", "gen_ai.prompt.2.content": "Hello.",
    "gen_ai.prompt.3.role": "user",
    "gen_ai.prompt.3.content": json.dumps([{"type": "text", "text": QUESTION}]),
    "gen_ai.completion.0.role": "assistant", "gen_ai.completion.0.content": ANSWER,
}  # fmt: skip
FOUR = [
    {"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"},
    {"role": "assistant", "content": "Hello."}, {"role": "user", "content": QUESTION},
]  # fmt: skip
EVENTS = [
    {"name": f"gen_ai.{one['role']}.message", "attributes": pairs({"content": one["content"]})}
    for one in FOUR
] + [
    {"name": "gen_ai.choice",
     "attributes": pairs({"index": 0, "message": json.dumps({"content": ANSWER})})}
]  # fmt: skip
OLD_EVENTS = [
    {"name": "gen_ai.content.prompt", "attributes": pairs({"gen_ai.prompt": json.dumps(FOUR)})},
    {"name": "gen_ai.content.completion",
     "attributes": pairs({"gen_ai.completion":
                          json.dumps([{"role": "assistant", "content": ANSWER}])})},
]  # fmt: skip
DETAILS = [{"name": "gen_ai.client.inference.operation.details", "attributes": pairs(V140)}]


@pytest.mark.parametrize(
    ("attributes", "events"),
    [
        ({**CALL, **V140}, []),
        ({**CALL, **{k: json.loads(v) for k, v in V140.items()}}, []),
        ({**CALL, **INDEXED}, []),
        (CALL, EVENTS),
        (CALL, OLD_EVENTS),
        ({**CALL, "gen_ai.system_instructions": V140["gen_ai.system_instructions"]}, DETAILS),
    ],
    ids=["v1.40", "v1.40 structured", "indexed", "v1.28 events", "v1.27 events", "details event"],
)
def test_versions_of_the_conventions_say_the_same(
    attributes: dict[str, Any], events: list[Any], tmp_path: Path
) -> None:
    (row,) = rows(opened(tmp_path, exported(span(attributes, events=events))))
    assert row.pop("history") == json.dumps(FOUR[1:3])
    assert row.pop("timestamp").isoformat() == "2026-01-02T03:00:01+00:00"
    assert row == {
        "id": "s1",
        "trace": "t1",
        "conversation": "c7",
        "system": "Be brief.",
        "prompt": QUESTION,
        "response": ANSWER,
        "model_version": "m-2026",
        "tokens_in": 9,
        "tokens_out": 4,
        "finish_reason": "stop",
        "status": "ok",
        "latency_ms": 250.0,
    }


def test_other_spans_are_left_to_the_table(tmp_path: Path) -> None:
    log = opened(tmp_path, {"traceId": "t", "spanId": "s", "attributes": {"http.method": "GET"}})
    assert log.schema.names == ["traceId", "spanId", "attributes.http.method"]


@pytest.mark.parametrize(
    "record",
    [
        {"name": "x", "spanContext": {"traceId": "t1", "spanId": "s1"}, "attributes": CALL | V140,
         "startTime": [START // 10**9 + 1, 0], "endTime": [START // 10**9 + 1, 250_000_000],
         "status": {"code": 0}},
        {"name": "x", "context": {"trace_id": "t1", "span_id": "s1"}, "attributes": CALL | V140,
         "start_time": "2026-01-02T03:00:01Z", "end_time": "2026-01-02T03:00:01.250Z",
         "status": {"status_code": "OK"}},
        {"trace_id": "t1", "span_id": "s1", "start_time": START + 10**9,
         "end_time": START + 1_250_000_000, "status_code": "UNSET",
         **{f"attributes.{key}": value for key, value in (CALL | V140).items()}},
        {"traceId": "t1", "spanId": "s1", "startTimeUnixNano": START + 10**9,
         "endTimeUnixNano": START + 1_250_000_000,
         "attributes": {"gen_ai": {
             "operation": {"name": "chat"}, "input": {"messages": V140["gen_ai.input.messages"]},
             "output": {"messages": V140["gen_ai.output.messages"]}}}},
    ],
    ids=["JavaScript", "Python", "data frame", "nested"],
)  # fmt: skip
def test_spans_one_a_line_as_exporters_write_them(record: Any, tmp_path: Path) -> None:
    (row,) = rows(opened(tmp_path, record))
    assert (row["id"], row["trace"]) == ("s1", "t1")
    assert (row["prompt"], row["response"]) == (QUESTION, ANSWER)
    assert row["timestamp"].isoformat() == "2026-01-02T03:00:01+00:00"
    assert (row["latency_ms"], row["status"]) == (250.0, "ok")


def test_an_export_over_many_lines_is_read(tmp_path: Path) -> None:
    path = tmp_path / "traces.json"
    path.write_text(json.dumps(exported(span(CALL | V140)), indent=2), encoding="utf-8")
    assert [row["response"] for row in rows(open_log(path))] == [ANSWER]


def test_a_failed_call_keeps_its_error(tmp_path: Path) -> None:
    failed = {"code": 2, "message": "too many requests"}
    asked = {key: value for key, value in V140.items() if "output" not in key}
    event = {"name": "exception", "attributes": pairs({"exception.message": "429"})}
    one = span(CALL | asked, status=failed, events=[event])
    (row,) = rows(opened(tmp_path, exported(one, span(CALL | V140, 2))))[:1]
    assert (row["status"], row["error"], row["response"]) == ("error", "429", None)


def retrieval(documents: Any, number: int = 0) -> dict[str, Any]:
    attributes = {"gen_ai.operation.name": "retrieval", "gen_ai.retrieval.documents": documents}
    return span(attributes, number)


def test_what_was_found_before_a_call_is_its_context(tmp_path: Path) -> None:
    texts = json.dumps([{"id": "1", "content": "Bern is in Switzerland."}, {"content": "Two."}])
    later = json.dumps([{"content": "Found for the next call."}])
    records = [retrieval(texts, 0), span(CALL | V140, 1), retrieval(later, 3), span(CALL | V140, 4)]
    for order in (records, records[::-1]):  # exporters send what ends first
        found = {row["id"]: row["context"] for row in rows(opened(tmp_path, exported(*order)))}
        assert json.loads(found["s1"]) == ["Bern is in Switzerland.", "Two."]
        assert json.loads(found["s4"])[-1] == "Found for the next call."


def test_documents_without_text_are_no_context_and_said_to_be_missing(tmp_path: Path) -> None:
    listed = json.dumps([{"id": "doc-1", "score": 0.9}])
    log = opened(tmp_path, exported(retrieval(listed), span(CALL | V140)))
    (row,) = rows(log)
    assert row["context"] is None
    assert "1 documents carry ids and scores, no text: context null" in log.notes[0]


def test_a_root_stands_for_a_trace_without_a_call(tmp_path: Path) -> None:
    root = {"input.value": QUESTION, "output.value": ANSWER, "traceloop.span.kind": "workflow"}
    inner = span({"traceloop.span.kind": "task", "input.value": "x"}, 2, parentSpanId="s1")
    (row,) = rows(opened(tmp_path, exported(span(root), inner)))
    assert (row["prompt"], row["response"]) == (QUESTION, ANSWER)
    log = opened(tmp_path, exported(span(root), span(CALL | V140, 2, parentSpanId="s1")))
    assert [row["id"] for row in rows(log)] == ["s2"]
    assert "1 spans of kind workflow" in log.notes[0]


def test_what_is_no_call_is_counted_by_kind(tmp_path: Path) -> None:
    others = [
        span({"gen_ai.operation.name": name}, at, parentSpanId="s9")
        for at, name in enumerate(["embeddings", "execute_tool", "execute_tool"], 2)
    ]
    log = opened(tmp_path, exported(span(CALL | V140), *others))
    assert log.rows == 1
    assert "2 spans of kind execute_tool; 1 spans of kind embeddings" in log.notes[0]


def test_spans_without_any_call_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="found no model call; left out or empty: 1 spans of kind"):
        opened(tmp_path, exported(span({"gen_ai.operation.name": "embeddings"})))


def test_a_trace_without_a_conversation_is_a_cluster_itself(tmp_path: Path) -> None:
    call = {key: value for key, value in CALL.items() if "conversation" not in key} | V140
    found = rows(opened(tmp_path, exported(span(call), span(call, 2))))
    assert [row["conversation"] for row in found] == ["t1", "t1"]


def test_broken_lines_and_hostile_values_do_not_stop_the_reading(tmp_path: Path) -> None:
    path = tmp_path / "traces.jsonl"
    odd = [
        span(CALL | {"gen_ai.input.messages": "[{broken", "gen_ai.output.messages": "plain"}, 2),
        span(CALL | V140, 3, startTimeUnixNano="soon", endTimeUnixNano=None, events=[None, 3]),
        {"resourceSpans": [None, {"scopeSpans": [{"spans": [7]}]}, {"scopeSpans": 3}]},
        span(CALL | {"gen_ai.usage.input_tokens": "many", "gen_ai.prompt.x.role": "user"}, 4),
    ]
    lines = [json.dumps(exported(span(CALL | V140))), "{broken", *map(json.dumps, odd), "[1]"]
    path.write_text("\n".join(lines), encoding="utf-8")
    log = open_log(path)
    found = {row["id"]: row for row in rows(log)}
    assert found["s1"]["response"] == ANSWER
    assert (found["s2"]["prompt"], found["s2"]["response"]) == ("[{broken", "plain")
    assert found["s3"]["latency_ms"] is None
    assert "2 lines hold no JSON object, the first is line 2" in log.notes[1]


@pytest.mark.parametrize(
    ("name", "count", "null_contexts"),
    [("otel_genai_spans_vercel", 4, None), ("otel_rag_events_trulens", 1, 0)],
)
def test_recorded_spans(
    name: str, count: int, null_contexts: int | None, shared_tables: Path
) -> None:
    file = shared_tables.parent / "logs" / f"{name}.jsonl.gz"
    if not file.is_file():
        pytest.skip(f"no {file}")
    found = rows(open_log(file))
    assert len(found) == count
    assert all(row["prompt"] and row["response"] for row in found)
    if null_contexts is not None:
        assert sum(row["context"] is None for row in found) == null_contexts
