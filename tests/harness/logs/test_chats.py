from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tidegauge.errors import DataError
from tidegauge.inference import infer
from tidegauge.logs import Log, open_log


def written(folder: Path, records: Sequence[Any], name: str = "log.jsonl") -> Path:
    lines = [one if isinstance(one, str) else json.dumps(one) for one in records]
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder / name


def rows(log: Log) -> list[dict[str, Any]]:
    return [row for batch in log.batches() for row in batch.to_pylist()]


def said(role: str, content: Any) -> dict[str, Any]:
    return {"role": role, "content": content}


TALK = [
    said("system", "Be brief."),
    said("user", "Where is Bern?"),
    said("assistant", "In Switzerland."),
    said("user", "And Lyon?"),
    said("assistant", "In France."),
]
ANSWER = {
    "model": "m-2026",
    "choices": [{"index": 0, "message": said("assistant", "Hello."), "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 2},
}


def test_a_plain_table_stays_one(tmp_path: Path) -> None:
    table = [{"id": 1, "prompt": "Hi", "response": "Hello", "tags": ["a", "b"]}] * 2
    log = open_log(written(tmp_path, table))
    assert log.schema.names == ["id", "prompt", "response", "tags"]
    assert not log.notes


def test_chosen_and_rejected_conversations_stay_a_table(tmp_path: Path) -> None:
    log = open_log(written(tmp_path, [{"id": "a", "chosen": TALK, "rejected": TALK}] * 2))
    assert log.schema.names == ["id", "chosen", "rejected"]


def test_the_suite_can_ask_for_the_plain_lines(tmp_path: Path) -> None:
    path = written(tmp_path, [{"id": "a", "messages": TALK}])
    assert open_log(path, format="jsonl").schema.names == ["id", "messages"]


def test_each_answer_of_a_conversation_is_a_row_of_its_cluster(tmp_path: Path) -> None:
    log = open_log(written(tmp_path, [{"id": "c7", "messages": TALK, "plan": "free"}]))
    first, second = rows(log)
    assert (first["prompt"], first["response"]) == ("Where is Bern?", "In Switzerland.")
    assert (second["prompt"], second["response"]) == ("And Lyon?", "In France.")
    assert first["history"] is None
    assert json.loads(second["history"]) == TALK[1:3]
    assert {first["conversation"], second["conversation"]} == {"c7"}
    assert [first["id"], second["id"]] == ["c7#2", "c7#4"]
    assert {first["system"], second["system"]} == {"Be brief."}
    assert {first["plan"], second["plan"]} == {"free"}


@pytest.mark.parametrize(
    "record",
    [
        {"conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"}]},
        {"turns": [{"speaker": "user", "text": "Hi"}, {"speaker": "bot", "text": "Hello"}]},
        {"messages": json.dumps([said("user", "Hi"), said("assistant", "Hello")])},
        {"contents": [{"role": "user", "parts": [{"text": "Hi"}]},
                      {"role": "model", "parts": [{"text": "Hello"}]}]},
        {"messages": [said("user", [{"type": "text", "text": "Hi"}, {"type": "image_url"}]),
                      said("assistant", [{"type": "thinking", "thinking": "Hm."},
                                         {"type": "text", "text": "Hello"}])]},
    ],
)  # fmt: skip
def test_messages_in_their_common_shapes(record: dict[str, Any], tmp_path: Path) -> None:
    (row,) = rows(open_log(written(tmp_path, [record])))
    assert (row["prompt"], row["response"]) == ("Hi", "Hello")
    assert row["conversation"] == "log.jsonl:1"


def test_a_question_without_an_answer_has_a_null_response(tmp_path: Path) -> None:
    talk = [*TALK[:3], said("user", "And Lyon?")]
    found = rows(open_log(written(tmp_path, [{"messages": talk}])))
    assert [row["response"] for row in found] == ["In Switzerland.", None]


def test_a_call_of_an_endpoint_is_one_row(tmp_path: Path) -> None:
    call = {
        "id": "r1",
        "timestamp": "2026-01-02T03:04:05Z",
        "status": 200,
        "processing_ms": 12.5,
        "request": {"model": "m", "messages": [*TALK, said("user", "Hi")], "user": "u5"},
        "response": ANSWER,
    }
    (row,) = rows(open_log(written(tmp_path, [call])))
    assert row["prompt"] == "Hi"
    assert row["response"] == "Hello."
    assert json.loads(row["history"]) == TALK[1:]
    assert row["model_version"] == "m-2026"
    assert (row["tokens_in"], row["tokens_out"]) == (9, 2)
    assert (row["latency_ms"], row["status"], row["conversation"]) == (12.5, 200, "u5")
    assert row["timestamp"].isoformat() == "2026-01-02T03:04:05+00:00"


CHAT_STREAM = (
    'data: {"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}\n\n'
    'data: {"choices":[{"index":0,"delta":{"content":"Hel"}}]}\n\n'
    'data: {"choices":[{"index":0,"delta":{"content":"lo."},"finish_reason":"stop"}]}\n\n'
    'data: {"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2}}\n\ndata: [DONE]\n\n'
)
RESPONSES_STREAM = (
    'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","delta":"Hel"}'
    '\n\ndata: {"type":"response.output_text.delta","delta":"lo."}\n\ndata: {"type":'
    '"response.completed","response":{"model":"m","output":[{"type":"message","content":[{"type":'
    '"output_text","text":"Hello."}]}],"usage":{"input_tokens":9,"output_tokens":2}}}\n\n'
)
BLOCK_STREAM = (
    'event: message_start\ndata: {"type":"message_start","message":{"model":"m","usage":'
    '{"input_tokens":9}}}\n\ndata: {"type":"content_block_delta","delta":{"type":"text_delta",'
    '"text":"Hel"}}\n\ndata: {"type":"content_block_delta","delta":{"text":"lo."}}\n\n'
    'data: {"type":"message_delta","usage":{"output_tokens":2}}\n\n'
)


@pytest.mark.parametrize(
    "response",
    [
        CHAT_STREAM,
        RESPONSES_STREAM,
        BLOCK_STREAM,
        json.dumps(ANSWER),
        {"model": "m", "choices": [{"text": "Hello."}],
         "usage": {"prompt_tokens": 9, "completion_tokens": 2}},
        {"model": "m", "output": [{"type": "reasoning", "summary": []},
                                  {"type": "message", "content": [{"text": "Hello."}]}],
         "usage": {"input_tokens": 9, "output_tokens": 2}},
        {"model": "m", "type": "message", "content": [{"type": "text", "text": "Hello."}],
         "usage": {"input_tokens": 9, "output_tokens": 2}},
        {"candidates": [{"content": {"parts": [{"text": "Hello."}]}}],
         "usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 2}},
        {"model": "m", "message": said("assistant", "Hello."), "prompt_eval_count": 9,
         "eval_count": 2},
    ],
    ids=["chat stream", "responses stream", "block stream", "JSON text", "completion", "responses",
         "content blocks", "candidates", "local server"],
)  # fmt: skip
def test_answers_of_the_common_interfaces(response: Any, tmp_path: Path) -> None:
    call = {"request": {"model": "m", "messages": [said("user", "Hi")]}, "response": response}
    (row,) = rows(open_log(written(tmp_path, [call])))
    assert row["response"] == "Hello."
    assert (row["tokens_in"], row["tokens_out"]) == (9, 2)
    assert row["model_version"].startswith("m")


@pytest.mark.parametrize(
    "request_body",
    [
        {"input": "Hi", "instructions": "Be brief."},
        {"input": [said("user", "Hi")], "instructions": "Be brief."},
        {"system": "Be brief.", "messages": [said("user", [{"type": "text", "text": "Hi"}])]},
        {"messages": [said("developer", "Be brief."), said("user", "Hi")]},
    ],
)
def test_questions_of_the_common_interfaces(request_body: Any, tmp_path: Path) -> None:
    (row,) = rows(open_log(written(tmp_path, [{"request": request_body, "response": ANSWER}])))
    assert (row["prompt"], row["system"]) == ("Hi", "Be brief.")


def test_errors_keep_their_reason_and_refusals_their_text(tmp_path: Path) -> None:
    ask = {"messages": [said("user", "Hi")]}
    refusal = {"choices": [{"message": {"content": None, "refusal": "I can't help."}}]}
    records = [
        {"request": ask, "status": 400, "response": {"error": {"message": "no such model"}}},
        {"request": ask, "status": 200, "response": refusal},
    ]
    failed, refused = rows(open_log(written(tmp_path, records)))
    assert (failed["response"], failed["error"]) == (None, "no such model")
    assert (refused["response"], refused["error"]) == ("I can't help.", None)


def test_further_choices_are_samples(tmp_path: Path) -> None:
    choices = [{"index": at, "message": said("assistant", f"answer {at}")} for at in range(3)]
    call = {"request": {"messages": [said("user", "Hi")]}, "response": {"choices": choices}}
    (row,) = rows(open_log(written(tmp_path, [call])))
    assert row["response"] == "answer 0"
    assert json.loads(row["samples"]) == ["answer 1", "answer 2"]


def test_what_gives_no_row_is_counted(tmp_path: Path) -> None:
    call = {"request": {"messages": [said("user", "Hi")]}, "response": ANSWER}
    vectors = {"request": {"input": "Hi"}, "response": {"object": "list", "data": [{}]}}
    silent: dict[str, Any] = {"choices": [{"message": {"content": None, "tool_calls": [{}]}}]}
    tool = {"request": {"messages": [said("user", "Hi")]}, "response": silent}
    log = open_log(written(tmp_path, [call, vectors, tool, {"ping": 1}, "{broken", "[1]"]))
    assert log.rows == 2
    (layout, malformed) = log.notes
    assert "read as chats: 2 rows" in layout
    assert "1 calls that answer with no text, such as embeddings" in layout
    assert "1 answers without text, such as calls of a tool: their response is null" in layout
    assert "1 records without a message" in layout
    assert malformed.endswith("2 lines hold no JSON object, the first is line 5: left out")


def test_chats_without_any_answer_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path, [{"ping": 1}])
    with pytest.raises(DataError, match="found no answer in these chats"):
        open_log(path, format="chats")


def test_hostile_records_do_not_stop_the_reading(tmp_path: Path) -> None:
    deep = "[" * 5_000 + "]" * 5_000
    records = [
        {"messages": [said("user", "Hi"), said("assistant", "broken \ud800 text \x00 <b>")]},
        '{"messages": ' + deep + "}",
        {"messages": []},
        {"messages": [None, 3, "x", said("assistant", None)]},
        {"messages": [said("user", {"a": {"b": {"c": 1}}}), said("assistant", "ok")]},
        {"messages": {"messages": TALK}},
    ]
    log = open_log(written(tmp_path, records))
    assert [row["response"] for row in rows(log)][1] == "ok"
    assert log.rows == 4


def test_a_file_reads_the_same_twice_packed_and_in_an_array(tmp_path: Path) -> None:
    records = [{"id": f"c{at}", "messages": TALK} for at in range(700)]
    plain = open_log(written(tmp_path, records))
    packed = tmp_path / "log.jsonl.gz"
    packed.write_bytes(gzip.compress(written(tmp_path, records).read_bytes()))
    (tmp_path / "log.json").write_text(json.dumps(records), encoding="utf-8")
    assert plain.rows == 1_400
    assert rows(plain) == rows(plain) == rows(open_log(packed))
    assert rows(plain) == rows(open_log(tmp_path / "log.json"))


def test_the_columns_get_their_roles(tmp_path: Path) -> None:
    records = [
        {
            "id": f"r{at}",
            "status": 200,
            "processing_ms": 10.0 + at,
            "request": {"messages": [said("user", f"Where is city number {at}?")]},
            "response": {**ANSWER, "choices": [{"message": said("assistant", f"At place {at}.")}]},
        }
        for at in range(30)
    ]
    (batch,) = open_log(written(tmp_path, records)).batches()
    roles = {one.role: name for name, one in infer(batch).items() if one.role}
    assert roles == {
        "id": "id",
        "latency": "latency_ms",
        "status": "status",
        "prompt": "prompt",
        "response": "response",
        "tokens": "tokens_out",
        "model_version": "model_version",
    }


def test_recorded_calls(shared_tables: Path) -> None:
    file = shared_tables.parent / "logs" / "llm_api_calls_openai.jsonl.gz"
    if not file.is_file():
        pytest.skip(f"no {file}")
    log = open_log(file)
    found = rows(log)
    assert len(found) == 480
    assert sum(row["response"] is not None for row in found) == 364
    assert sum(row["error"] is not None for row in found) == 7
    assert not any((row["response"] or "").startswith(("data:", "event:", "{'")) for row in found)
