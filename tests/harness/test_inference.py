from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegauge.inference import Inferred, infer
from tidegauge.logs import open_log

RNG = np.random.default_rng(11)
TIMES = [datetime(2026, 1, 1) + timedelta(minutes=n) for n in range(200)]
NAMES = ("north", "south", "east", "west")


def of(values: Any, name: str = "x") -> Inferred:
    return infer(pa.table({name: values}))[name]


def roles(columns: dict[str, Any]) -> dict[str, str]:
    return {str(one.role): name for name, one in infer(pa.table(columns)).items() if one.role}


def test_no_rows_and_no_values_are_empty() -> None:
    assert of(pa.array([], pa.float64())).because == "there are no rows"
    assert of(pa.nulls(7)).because == "all 7 values are missing"
    assert {of(values).kind for values in (pa.nulls(3), pa.nulls(3, pa.string()))} == {"empty"}


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, 2, 2, None], "numeric"),
        (pa.array([1, 2], pa.uint8()), "numeric"),
        ([0.5, None], "numeric"),
        (pa.array([0.5], pa.float16()), "numeric"),
        ([Decimal("1.50")], "numeric"),
        ([timedelta(seconds=1)], "numeric"),
        ([True, None], "boolean"),
        (TIMES, "datetime"),
        ([date(2026, 1, 1)], "datetime"),
        (pa.array(TIMES, pa.timestamp("us", "Europe/Berlin")), "datetime"),
        ([[1], [2]], "nested"),
        ([{"a": 1}], "nested"),
        (['{"a":1}', "[2]"], "nested"),
        (["a", "b", "a"], "categorical"),
        (pa.array(["a", "b"]).dictionary_encode(), "categorical"),
        (["1.5", "2", None], "numeric"),
        (["2026-01-01", "2026-01-02T03:04:05Z"], "datetime"),
        (["00123", "00456", "12345"], "categorical"),
        (["true", "false"], "categorical"),
    ],
)
def test_kinds_follow_types_and_spellings(values: Any, kind: str) -> None:
    assert of(values).kind == kind


@pytest.mark.parametrize("values", [[1, 1], [0.5, 0.5, None], ["a", "a"], [True, True]])
def test_one_value_only_is_said_apart_from_the_kind(values: Any) -> None:
    found = of(values)
    assert found.constant
    assert found.kind != "empty"
    assert "one value only" in found.because


def test_floats_that_all_differ_are_never_ids() -> None:
    assert of(RNG.normal(size=5000), "user_id").kind == "numeric"


def test_integers_that_all_differ_are_ids_by_name_or_by_counting() -> None:
    scattered = RNG.permutation(10**6)[:500]
    assert of(scattered, "income").kind == "numeric"
    assert {of(scattered, name).kind for name in ("id", "customerID", "row_number")} == {"id"}
    assert of(np.arange(500), "t").kind == "id"
    assert of(np.arange(500)[::-1], "t").kind == "numeric"
    assert of(np.sort(scattered), "income").kind == "numeric"  # rises, but by leaps


def test_integers_that_repeat_are_numeric_whatever_their_name() -> None:
    assert of([1, 2, 2, 3] * 50, "user_id").kind == "numeric"


def test_repeats_beyond_the_rows_looked_at_are_seen() -> None:
    values = np.arange(50_000)
    values[1] = values[0]
    assert of(values, "id").kind == "numeric"
    assert of(np.arange(50_000), "id").kind == "id"


def test_few_rows_that_all_differ_say_little() -> None:
    words = [f"{a}{b}" for a in "abcde" for b in "uvwxyz"]  # 30 different strings
    assert of(words, "city").kind == "categorical"
    assert of(words, "session_id").kind == "id"
    assert of([f"please tell me what {word} means" for word in words], "question").kind == "text"
    assert of([str(uuid.UUID(int=n)) for n in range(30)], "trace").kind == "id"


def test_many_rows_that_nearly_all_differ_are_ids() -> None:
    assert of([f"k{n}" for n in range(500)], "x").kind == "id"


def test_prose_is_text_even_when_it_repeats() -> None:
    prompts = [f"what is the balance of my account number {n % 150} today" for n in range(3000)]
    assert of(prompts, "prompt").kind == "text"


def test_a_few_long_labels_are_categories() -> None:
    labels = ["Prefer not to say anything about that at all", "I agree with every part of that"]
    assert of(labels * 100).kind == "categorical"


def test_integers_named_as_times_are_times_when_they_can_be() -> None:
    start = 1_767_225_600
    for unit in (1, 10**3, 10**6, 10**9):
        assert of([start * unit, (start + 5) * unit], "timestamp").kind == "datetime"
    assert of([start, start + 5], "price").kind == "numeric"
    assert of([1, 2], "timestamp").kind == "numeric"


def test_each_role_goes_to_the_name_believed_most() -> None:
    found = roles(
        {
            "user_id": [1, 2, 3],
            "request_id": ["a", "b", "c"],
            "created_at": TIMES[:3],
            "timestamp": TIMES[:3],
            "churn": [0, 1, 0],
            "label": [0, 1, 0],
            "yHat": [0, 1, 1],
            "y_pred_proba": [0.1, 0.9, 0.8],
            "latency_ms": [5, 6, 7],
            "Status-Code": [200, 200, 500],
        }
    )
    assert found == {
        "id": "request_id",
        "timestamp": "timestamp",
        "target": "label",
        "prediction": "yHat",
        "score": "y_pred_proba",
        "latency": "latency_ms",
        "status": "Status-Code",
    }


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("score", [640, 702, 580]),
        ("status", ["married", "single", "single"]),
        ("latency_ms", [5, -1, 7]),
        ("timestamp", ["a", "b", "a"]),
        ("id", [1, 1, 2]),
        ("marital_status", ["ok", "error", "ok"]),
        ("credit_score", [0.1, 0.2, 0.2]),
        ("class", ["first", "second", "first"]),
    ],
)
def test_names_alone_give_no_role(name: str, values: Any) -> None:
    assert roles({name: values, "last": [1, 2, 2]}) == {}


SAID = [f"Where is city number {n}, and how do I get there?" for n in range(40)]


def test_texts_of_a_language_model_get_their_roles() -> None:
    found = roles(
        {
            "question": SAID,
            "answer": [f"It lies at place {n}, an hour from here." for n in range(40)],
            "documents": [f'["City {n} lies at place {n}."]' for n in range(40)],
            "ideal": [f"at place {n}" for n in range(40)],
            "total_tokens": list(range(40)),
            "model": ["m1"] * 40,
            "session_id": [f"s{n // 4}" for n in range(40)],
        }
    )
    assert found == {
        "prompt": "question",
        "response": "answer",
        "context": "documents",
        "reference_answer": "ideal",
        "tokens": "total_tokens",
        "model_version": "model",
        "conversation": "session_id",
    }


def test_codes_and_numbers_are_no_texts_whatever_their_name() -> None:
    tabular = {
        "input": ["web", "app"] * 20,
        "output": [0.1, 0.9] * 20,
        "answer": ["yes", "no"] * 20,
        "source": ["organic", "paid"] * 20,
        "model": ["Golf", "Polo"] * 20,
        "deployment": ["blue", "green"] * 20,
        "tokens": [1, 2] * 20,
        "session_id": ["a", "b"] * 20,
    }
    assert roles(tabular) == {}


def test_a_model_names_a_version_only_beside_texts() -> None:
    assert roles({"model": ["m1", "m2"] * 20, "prompt": SAID})["model_version"] == "model"
    assert "model_version" not in roles({"model": ["m1", "m2"] * 20, "note": SAID})


def test_the_only_column_of_times_is_the_timestamp_when_it_rises() -> None:
    assert roles({"moment": TIMES[:9]}) == {"timestamp": "moment"}
    assert roles({"moment": TIMES[8::-1]}) == {}
    assert roles({"date_of_birth": TIMES[:9]}) == {}
    assert roles({"moment": TIMES[:9], "other": TIMES[:9]}) == {}


def test_the_last_column_named_class_is_the_target() -> None:
    assert roles({"x": [1, 2, 2], "class": ["UP", "DOWN", "UP"]}) == {"target": "class"}


EXPECTED: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "adult": ({"target": "target"}, {"age": "numeric", "workclass": "categorical"}),
    "bike_sharing_hour": (
        {"timestamp": "timestamp"},
        {"instant": "id", "dteday": "datetime", "cnt": "numeric", "season": "numeric"},
    ),
    "car_loan_synthetic": (
        {"id": "id", "timestamp": "timestamp", "prediction": "y_pred", "score": "y_pred_proba"},
        {"repaid_loan_on_prev_car": "boolean", "driver_tenure": "numeric"},
    ),
    "credit_default_taiwan": ({"id": "ID", "target": "target"}, {"BILL_AMT1": "numeric"}),
    "elec2": ({"target": "target"}, {"t": "id", "date": "numeric", "class": "categorical"}),
    "flights_2001q1": (
        {"timestamp": "timestamp", "target": "target"},
        {"origin": "categorical", "distance": "numeric"},
    ),
    "metro_traffic": ({"timestamp": "timestamp"}, {"weather_description": "categorical"}),
    "noaa_weather": ({"target": "target"}, {"t": "id", "temperature": "numeric"}),
    "telco_churn": (
        {"id": "customerID", "target": "target"},
        {"Churn": "categorical", "TotalCharges": "numeric", "SeniorCitizen": "numeric"},
    ),
}


@pytest.mark.parametrize("table", EXPECTED)
def test_real_tables_are_understood(shared_tables: Path, table: str) -> None:
    log = open_log(shared_tables / f"{table}.parquet")
    found = infer(pa.Table.from_batches(list(log.batches()), log.schema))
    assert list(found) == log.schema.names
    expected_roles, kinds = EXPECTED[table]
    assert {str(o.role): name for name, o in found.items() if o.role} == expected_roles
    assert {name: found[name].kind for name in kinds} == kinds
    assert not {o.kind for o in found.values()} & {"text", "nested", "empty"}


anything = st.one_of(
    st.lists(st.none() | st.integers(-(2**63), 2**63 - 1)),
    st.lists(st.none() | st.floats()),
    st.lists(st.none() | st.text()),
    st.lists(st.none() | st.booleans()),
    st.lists(st.none() | st.dates()),
)


@given(anything, st.sampled_from(["x", "id", "score", "status", "timestamp", "latency", "y"]))
def test_every_column_gets_a_kind_and_a_reason(values: list[Any], name: str) -> None:
    found = of(values, name)
    assert found.because
    assert found.kind == "empty" or any(value is not None for value in values)
    encoded = pa.array(values)
    if pa.types.is_string(encoded.type):
        assert of(encoded.dictionary_encode(), name) == found
