"""Evaluations and traces of MLflow as logs, in every form in which it writes them down."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tidegauge.init import draft_suite
from tidegauge.logs import open_log
from tidegauge.logs.mlflow_rows import is_frame, rows_of
from tidegauge.suite import parse_suite

EVALUATION = (
    '{"columns":["inputs","ground_truth","predictions","toxicity\\/v1\\/score",'
    '"toxicity\\/v1\\/justification"],"data":[["What is it?","A platform","It is a platform",'
    '0.1,"mild"],["And this?","An engine","It is an engine",0.7,null]]}'
)


def trace(**more: Any) -> dict[str, Any]:
    """A trace as ``search_traces`` of version 3 gives it."""
    return {
        "trace_id": "tr-1",
        "client_request_id": None,
        "state": "OK",
        "request_time": 1795426902532,
        "execution_duration": 48,
        "request": {"question": "How warm is it?"},
        "response": '"Ten degrees."',
        "trace_metadata": {
            "mlflow.trace.session": "s-1",
            "mlflow.modelId": "m-7",
            "mlflow.trace.tokenUsage": '{"input_tokens": 12, "output_tokens": 3}',
        },
        "tags": {"mlflow.traceName": "weather"},
        "spans": [
            {"span_id": "a", "parent_span_id": None, "attributes": {}},
            {
                "span_id": "b",
                "parent_span_id": "a",
                "attributes": {
                    "mlflow.spanType": '"RETRIEVER"',
                    "mlflow.spanOutputs": '[{"page_content": "It is ten degrees."}, {"id": 7}]',
                },
            },
        ],
        "assessments": [
            {
                "assessment_name": "quality",
                "create_time": "2026-01-01T00:00:01Z",
                "feedback": {"value": 0.7},
            },
            {
                "assessment_name": "quality",
                "create_time": "2026-01-02T00:00:01Z",
                "feedback": {"value": 0.9},
            },
            {"assessment_name": "gone", "feedback": {"value": 1}, "valid": False},
            {"assessment_name": "expected_response", "expectation": {"value": "10 C"}},
            {"assessment_name": "tool", "expectation": {"value": ["a"]}},
        ],
        **more,
    }


def rows(*records: Mapping[str, Any]) -> list[dict[str, Any]]:
    return list(rows_of(records, Counter()))


def read(source: Any, **settings: Any) -> dict[str, list[Any]]:
    log = open_log(source, **settings)
    table = pa.Table.from_batches(list(log.batches()), log.schema)
    return {name: table.column(name).to_pylist() for name in table.column_names}


class TestEvaluations:
    def test_a_table_becomes_rows_with_texts_by_their_role(self, tmp_path: Path) -> None:
        (tmp_path / "eval_results_table.json").write_text(EVALUATION)
        found = read(tmp_path / "eval_results_table.json")
        assert found["prompt"] == ["What is it?", "And this?"]
        assert found["response"][1] == "It is an engine"
        assert found["reference_answer"] == ["A platform", "An engine"]
        assert found["toxicity/v1/score"] == [0.1, 0.7]

    def test_one_larger_than_what_is_looked_at_is_told_by_its_beginning(
        self, tmp_path: Path
    ) -> None:
        table = json.loads(EVALUATION)
        table["data"] *= 3_000
        text = json.dumps(table).replace('{"columns": ', '{"columns":')
        (tmp_path / "eval_results_table.json").write_text(text.replace(' "data": ', '"data":'))
        assert len(text) > 262_144
        assert len(read(tmp_path / "eval_results_table.json")["prompt"]) == 6_000

    def test_classes_and_numbers_keep_their_place(self) -> None:
        table = {"columns": ["age", "predictions", "targets"], "data": [[31, 1, 0], [40, 0, 0]]}
        assert rows(table)[0] == {"age": 31, "prediction": 1, "target": 0}

    def test_rows_of_another_length_are_left_out_and_counted(self) -> None:
        left: Counter[str] = Counter()
        found = list(rows_of([{"columns": ["a", "b"], "data": [[1, 2], [1]]}], left))
        assert (found, left.total()) == ([{"a": 1, "b": 2}], 1)

    def test_a_plain_table_that_looks_alike_is_left_alone(self, tmp_path: Path) -> None:
        (tmp_path / "log.jsonl").write_text(
            '{"columns": 3, "data": 4}\n{"columns": 5, "data": 6}\n'
        )
        assert read(tmp_path / "log.jsonl") == {"columns": [3, 5], "data": [4, 6]}


class TestTraces:
    def test_every_part_of_a_trace_has_its_column(self) -> None:
        (found,) = rows(trace())
        assert found == {
            "id": "tr-1",
            "timestamp": "2026-11-23T09:41:42.532+00:00",
            "prompt": "How warm is it?",
            "response": "Ten degrees.",
            "context": "It is ten degrees.",
            "latency_ms": 48.0,
            "status": "ok",
            "conversation": "s-1",
            "model_version": "m-7",
            "tokens_in": 12,
            "tokens_out": 3,
            "trace_name": "weather",
            "assessment.quality": 0.9,
            "reference_answer": "10 C",
            "expected.tool": '["a"]',
        }

    def test_version_2_is_read_alike(self) -> None:
        older = {
            "request_id": "tr-1",
            "timestamp_ms": 1795426902532,
            "status": "TraceStatus.ERROR",
            "execution_time_ms": 48,
            "request": '{"messages": [{"role": "system", "content": "Be brief."}, '
            '{"role": "user", "content": "How warm?"}]}',
            "response": '{"choices": [{"message": {"role": "assistant", "content": "Ten."}}]}',
            "request_metadata": {"mlflow.trace.session": "s-1"},
            "tags": {},
        }
        (found,) = rows(older)
        assert found["id"] == "tr-1"
        assert found["status"] == "error"
        assert (found["system"], found["prompt"], found["response"]) == (
            "Be brief.", "How warm?", "Ten.",
        )  # fmt: skip
        assert (found["latency_ms"], found["conversation"]) == (48.0, "s-1")

    def test_a_log_of_a_web_server_is_no_trace(self) -> None:
        assert not is_frame(["request_id", "request", "response", "status"])

    @pytest.mark.parametrize(
        ("value", "said"),
        [
            ("plain", "plain"),
            ('"quoted"', "quoted"),
            ('{"answer": "yes", "score": 1}', "yes"),
            ({"a": 1, "b": 2}, '{"a": 1, "b": 2}'),
            ([{"role": "user", "content": "?"}, {"role": "assistant", "content": "!"}], "!"),
            (None, None),
            (float("nan"), None),
            ("{broken", "{broken"),
        ],
    )
    def test_answers_of_any_shape_become_a_text(self, value: Any, said: str | None) -> None:
        assert rows(trace(response=value))[0]["response"] == said

    def test_a_pandas_frame_of_traces_is_a_log(self) -> None:
        frame = pd.DataFrame([trace(), trace(trace_id="tr-2", state="ERROR", response=None)])
        found = read(frame)
        assert found["status"] == ["ok", "error"]
        assert found["response"] == ["Ten degrees.", None]

    def test_parquet_and_json_exports_say_the_same(self, tmp_path: Path) -> None:
        several = [trace(), trace(trace_id="tr-2", state="ERROR", response=None)]
        for one in several:
            one["assessments"] = one["assessments"][:-1]  # Arrow has no column of text and lists
        pq.write_table(pa.Table.from_pylist(several), tmp_path / "traces.parquet")
        lines = "".join(json.dumps(one) + "\n" for one in several)
        (tmp_path / "traces.jsonl").write_text(lines)
        (tmp_path / "traces.json").write_text(json.dumps(several))
        found = [read(tmp_path / f"traces.{end}") for end in ("parquet", "jsonl", "json")]
        for one in found:
            del one["timestamp"]
        assert found[0]["prompt"] == ["How warm is it?"] * 2
        assert found[0] == found[1] == found[2]

    def test_a_suite_drafted_from_traces_knows_the_roles(self, tmp_path: Path) -> None:
        words = ("cold", "warm", "windy", "dry", "wet")
        lines = [
            trace(
                trace_id=f"tr-{at}",
                request={"question": f"How {words[at % 5]} is it on day {at}?"},
                response=f"It is {words[at % 5]} on day {at}, as far as I know.",
                request_time=1795426902532 + at * 60_000,
                execution_duration=20 + at % 50,
                state="ERROR" if at % 9 == 0 else "OK",
            )
            for at in range(200)
        ]
        path = tmp_path / "traces.jsonl"
        path.write_text("".join(json.dumps(one) + "\n" for one in lines))
        columns = parse_suite(draft_suite(str(path))).columns
        assert (columns.prompt, columns.response) == ("prompt", "response")
        assert (columns.latency, columns.status) == ("latency_ms", "status")
        assert (columns.timestamp, columns.id) == ("timestamp", "id")
