from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tidegauge.logs import Log, open_log


def rows(log: Log) -> list[dict[str, Any]]:
    return [row for batch in log.batches() for row in batch.to_pylist()]


def opened(folder: Path, *spans: dict[str, Any], format: str | None = None) -> Log:
    path = folder / "spans.jsonl"
    path.write_text("\n".join(map(json.dumps, spans)) + "\n", encoding="utf-8")
    return open_log(path, format=format)


def span(attributes: dict[str, Any], number: int = 1, parent: str = "root") -> dict[str, Any]:
    return {
        "context": {"trace_id": "t1", "span_id": f"s{number}"},
        "parent_id": parent,
        "start_time": f"2026-01-02T03:04:0{number}+00:00",
        "end_time": f"2026-01-02T03:04:0{number}.500000+00:00",
        "status_code": "OK",
        "attributes": attributes,
    }


FLAT = {
    "openinference.span.kind": "LLM",
    "llm.model_name": "m-2026",
    "llm.input_messages.0.message.role": "system",
    "llm.input_messages.0.message.content": "Be brief.",
    "llm.input_messages.1.message.role": "user",
    "llm.input_messages.1.message.contents.0.message_content.type": "text",
    "llm.input_messages.1.message.contents.0.message_content.text": "Where is Bern?",
    "llm.output_messages.0.message.role": "assistant",
    "llm.output_messages.0.message.content": "In Switzerland.",
    "llm.token_count.prompt": 9,
    "llm.token_count.completion": 4,
    "session.id": "c7",
}
NESTED = {
    "openinference": {"span": {"kind": "LLM"}},
    "llm": {
        "model_name": "m-2026",
        "input_messages": [
            {"message": {"role": "system", "content": "Be brief."}},
            {"message": {"role": "user", "contents": [
                {"message_content": {"type": "text", "text": "Where is Bern?"}}]}},
        ],
        "output_messages": [{"message": {"role": "assistant", "content": "In Switzerland."}}],
        "token_count": {"prompt": 9, "completion": 4},
    },
    "session": {"id": "c7"},
}  # fmt: skip


@pytest.mark.parametrize("attributes", [FLAT, NESTED], ids=["flat", "nested"])
@pytest.mark.parametrize("format", [None, "openinference"])
def test_a_call_in_both_forms(
    attributes: dict[str, Any], format: str | None, tmp_path: Path
) -> None:
    (row,) = rows(opened(tmp_path, span(attributes), format=format))
    assert row["system"] == "Be brief."
    assert (row["prompt"], row["response"]) == ("Where is Bern?", "In Switzerland.")
    assert (row["model_version"], row["conversation"]) == ("m-2026", "c7")
    assert (row["tokens_in"], row["tokens_out"], row["latency_ms"]) == (9, 4, 500.0)


def test_input_and_output_stand_in_for_messages(tmp_path: Path) -> None:
    plain = {
        "openinference.span.kind": "LLM",
        "input.value": json.dumps({"messages": [{"role": "user", "content": "Where is Bern?"}]}),
        "output.value": "In Switzerland.",
    }
    (row,) = rows(opened(tmp_path, span(plain)))
    assert (row["prompt"], row["response"]) == ("Where is Bern?", "In Switzerland.")


@pytest.mark.parametrize(
    "documents",
    [
        {"retrieval.documents.0.document.content": "Bern is in Switzerland.",
         "retrieval.documents.0.document.score": 0.9,
         "retrieval.documents.1.document.content": "Lyon is in France."},
        {"retrieval": {"documents": [{"document": {"content": "Bern is in Switzerland."}},
                                     {"document": {"content": "Lyon is in France."}}]}},
    ],
    ids=["flat", "nested"],
)  # fmt: skip
def test_retrieved_documents_are_the_context(documents: dict[str, Any], tmp_path: Path) -> None:
    found = span({"openinference.span.kind": "RETRIEVER", **documents}, 1)
    log = opened(tmp_path, found, span(FLAT, 2))
    (row,) = rows(log)
    assert json.loads(row["context"]) == ["Bern is in Switzerland.", "Lyon is in France."]
    assert "1 spans of kind retriever" in log.notes[0]


def test_a_reranker_s_documents_replace_what_it_was_given(tmp_path: Path) -> None:
    given = {f"retrieval.documents.{at}.document.content": f"text {at}" for at in range(5)}
    kept = {"reranker.output_documents.0.document.content": "text 3"}
    log = opened(
        tmp_path,
        span({"openinference.span.kind": "RETRIEVER", **given}, 1),
        span({"openinference.span.kind": "RERANKER", **kept}, 2),
        span(FLAT, 3),
    )
    assert [row["context"] for row in rows(log)] == ["text 3"]


def test_documents_without_text_leave_the_context_null(tmp_path: Path) -> None:
    bare = {"retrieval.documents.0.document.id": "7", "retrieval.documents.0.document.score": 0.9}
    log = opened(tmp_path, span({"openinference.span.kind": "RETRIEVER", **bare}), span(FLAT, 2))
    assert [row["context"] for row in rows(log)] == [None]
    assert "documents carry ids and scores, no text" in log.notes[0]


def test_a_chain_stands_for_a_trace_without_a_call(tmp_path: Path) -> None:
    chain = {"openinference.span.kind": "CHAIN", "input.value": "Where?", "output.value": "There."}
    (row,) = rows(opened(tmp_path, span(chain, parent="")))
    assert (row["prompt"], row["response"]) == ("Where?", "There.")


def test_rows_far_apart_find_their_trace(tmp_path: Path) -> None:
    documents = {"openinference.span.kind": "RETRIEVER", "retrieval.documents": [
        {"document": {"content": "Bern is in Switzerland."}}]}  # fmt: skip
    others = [
        {**span(FLAT, 2), "context": {"trace_id": f"o{at}", "span_id": f"o{at}"}}
        for at in range(3_000)
    ]
    log = opened(tmp_path, span(FLAT, 2), *others, span(documents, 1))
    contexts = {row["trace"]: row["context"] for row in rows(log)}
    assert contexts.pop("t1") == "Bern is in Switzerland."
    assert set(contexts.values()) == {None}
