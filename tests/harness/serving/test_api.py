"""The JSON API: what it answers, page by page, and that no request breaks it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.testclient import TestClient

from tidegauge.incident import Event, Incident
from tidegauge.records import Report, Severity
from tidegauge.report import from_json
from tidegauge.serving.running import assemble
from tidegauge.serving.settings import settle
from tidegauge.store import Store, open_store
from tidegauge.store.incident_writing import add_event, keep_incident, spoken

API = "/api/v1"
Open = Callable[..., TestClient]


def keep_incidents(store: Store, n: int = 3) -> None:
    """Keep incidents as a run would: the first critical, the others warnings."""
    for place in range(n):
        at = datetime(2026, 11, 3, place, tzinfo=UTC).isoformat()
        with spoken(store) as speaker:
            severity: Severity = "warn" if place else "critical"
            keep_incident(
                speaker,
                Incident(id=f"{place:08x}", suite="credit", title=f"income <{place}>",
                         because="PSI 3.2", findings=("drift.psi|income|",), severity=severity,
                         opened=at, updated=at, windows=1, run="cred00000003"),
            )  # fmt: skip
            event = Event(id=0, incident=f"{place:08x}", at=at, what="opened", severity=severity)
            add_event(speaker, event, routed=True)


@pytest.fixture
def own(opened: Open, tmp_path: Path, remade: Callable[..., Report]) -> Iterator[TestClient]:
    """A server whose history a test may change."""
    store = open_store(tmp_path / "history.db")
    store.save(remade(3))
    keep_incidents(store)
    client = opened(store=store)
    client.headers["accept"] = "application/json"
    yield client
    store.close()


def test_runs_come_page_by_page_each_once(client: TestClient) -> None:
    seen, cursor = [], ""
    for _ in range(9):
        found = client.get(f"{API}/runs", params={"limit": 1, "cursor": cursor}).json()
        seen += [one["id"] for one in found["items"]]
        cursor = found["next"]
        if not cursor:
            break
    assert len(seen) == len({*seen}) == 4
    assert seen[2:] == ["cred00000002", "cred00000001"]
    one = client.get(f"{API}/runs", params={"suite": "credit", "until": "2026-11-03T00:00:00Z"})
    assert [run["id"] for run in one.json()["items"]] == ["cred00000001"]


def test_a_report_comes_whole_and_once(client: TestClient, filled: Store) -> None:
    answer = client.get(f"{API}/runs/credit@latest/report")
    assert from_json(answer.content) == filled.report("cred00000003")
    tag = {"if-none-match": answer.headers["etag"]}
    assert client.get(f"{API}/runs/credit@latest/report", headers=tag).status_code == 304
    assert client.get(f"{API}/runs/cred00000002/report", headers=tag).status_code == 200


def test_a_series_is_of_one_check_and_column(client: TestClient) -> None:
    asked = {"check": "drift.psi", "column": "income"}
    found = client.get(f"{API}/suites/credit/series", params=asked).json()
    assert [point["run_id"][-1] for point in found["items"]] == ["1", "2", "3"]
    assert {point["critical"] for point in found["items"]} == {0.2}
    assert not found["cut"]


def test_a_moment_without_a_zone_is_utc_and_one_beyond_all_dates_is_refused(
    client: TestClient,
) -> None:
    ids = [
        [one["id"] for one in client.get(f"{API}/runs", params={"since": since}).json()["items"]]
        for since in ("2026-11-03", "2026-11-03T00:00:00Z", "2026-11-03T01:00:00+01:00")
    ]
    assert ids[0] == ids[1] == ids[2] != []
    answer = client.get(f"{API}/runs", params={"until": "0001-01-01T00:00:00+23:59"})
    assert answer.status_code == 422
    assert "years 1 to 9999" in answer.json()["because"]


def test_two_runs_are_compared(client: TestClient) -> None:
    asked = {"before": "cred00000001", "after": "cred00000003"}
    found = client.get(f"{API}/diff", params=asked).json()
    assert {one["change"] for one in found["differences"]} == {"same"}
    assert client.get(f"{API}/diff", params={**asked, "after": "x"}).status_code == 404


def test_an_incident_is_acknowledged_commented_on_and_resolved(own: TestClient) -> None:
    listed = own.get(f"{API}/incidents", params={"state": ["open", "acknowledged"]}).json()
    assert [one["severity"] for one in listed["items"]] == ["critical", "warn", "warn"]
    place = f"{API}/incidents/00000000"
    assert own.post(f"{place}/acknowledge", json={"by": "ana"}).json()["incident"]["state"] == (
        "acknowledged"
    )
    said = {"by": "ana", "text": "<b>units</b> \ud800".encode("utf-8", "replace").decode()}
    assert own.post(f"{place}/comments", json=said).status_code == 200
    told = own.post(f"{place}/resolve", json={"by": "ana", "text": "repaired"}).json()
    assert [one["what"] for one in told["events"]] == [
        "opened", "acknowledged", "commented", "resolved",
    ]  # fmt: skip
    again = own.post(f"{place}/resolve", json={})
    assert (again.status_code, again.json()["title"]) == (409, "Cannot be done")
    page = own.get("/incidents/00000000", headers={"accept": "text/html"}).text
    assert "&lt;b&gt;units&lt;/b&gt;" in page
    assert "<b>units" not in page


def test_halves_of_characters_and_nul_do_no_harm(own: TestClient) -> None:
    kind = {"content-type": "application/json"}
    for text in (r"\ud800", r"\u0000", r"\udfff\u0000"):
        body = f'{{"text": "x{text}", "by": "a{text}"}}'
        answer = own.post(f"{API}/incidents/00000001/comments", content=body, headers=kind)
        assert answer.status_code == (422 if "ud" in text else 200), answer.text
        window = f'{{"window": "{text}"}}'
        started = own.post(f"{API}/suites/credit/runs", content=window, headers=kind)
        assert started.status_code == 422


def test_incidents_come_page_by_page(own: TestClient) -> None:
    first = own.get(f"{API}/incidents", params={"limit": 2}).json()
    rest = own.get(f"{API}/incidents", params={"limit": 2, "cursor": first["next"]}).json()
    assert [one["id"][-1] for one in first["items"] + rest["items"]] == ["0", "2", "1"]
    assert rest["next"] == ""


def test_forms_change_incidents_and_come_back_with_word_of_it(own: TestClient) -> None:
    own.headers["accept"] = "text/html"
    page = own.get("/incidents/00000000").text
    mark = page.partition('name="csrf" value="')[2].partition('"')[0]
    form = {"csrf": mark, "back": "/incidents/00000000", "comment": ""}
    for path, done in (
        ("acknowledge", "acknowledged"),
        ("comment", "empty"),
        ("resolve", "resolved"),
    ):
        answer = own.post(f"/incidents/00000000/{path}", data=form)
        assert answer.headers["location"] == f"/incidents/00000000?done={done}"
        assert 'role="status"' in own.get(answer.headers["location"]).text
    assert own.get("/?done=%3Cscript%3E").status_code == 200


def test_a_run_that_cannot_begin_says_why(own: TestClient) -> None:
    for suite, window, status in (("support", "", 404), ("credit", "yesterday", 422)):
        answer = own.post(f"{API}/suites/{suite}/runs", json={"window": window})
        assert answer.status_code == status
        assert answer.json()["hint"]


def test_the_document_describes_every_route_and_every_problem(client: TestClient) -> None:
    found = client.get(f"{API}/openapi.json").json()
    assert (found["info"]["title"], found["openapi"][:2]) == ("tidegauge", "3.")
    assert len(found["paths"]) == 20
    assert all(path.startswith(API) for path in found["paths"])
    for operations in found["paths"].values():
        for operation in operations.values():
            assert operation["summary"]
            assert "application/problem+json" in operation["responses"]["404"]["content"]


def test_numbers_that_json_lacks_are_null() -> None:
    from tidegauge.serving.api import told
    from tidegauge.views import Track, TrackPoint

    point = TrackPoint(at="", value=float("nan"), outcome="pass", run="r")
    track = Track(check="c", evaluator="e", title="t", outcome="pass", points=(point,),
                  high=float("inf"))  # fmt: skip
    assert b'"value":null' in told(track).body
    assert b'"high":null' in told(track).body


# What nobody would send.


@pytest.fixture(scope="module")
def schema(
    tmp_path_factory: pytest.TempPathFactory, suites: Path, remade: Callable[..., Report]
) -> Iterator[object]:
    """The API's own document, over a server of its own that starts no runs."""
    store = open_store(tmp_path_factory.mktemp("fuzzed") / "history.db")
    store.save(remade(1))
    keep_incidents(store)
    settings = settle(suites=(suites,), schedule=False, hosts=("testserver",))
    whole = assemble(settings, store)
    whole.server.desk.jobs.command = ("true",)
    yield schemathesis.openapi.from_asgi(f"{API}/openapi.json", whole.app)
    store.close()


@pytest.mark.slow
def test_no_request_breaks_the_api_and_answers_are_as_described(
    schema: schemathesis.BaseSchema,
) -> None:
    tried = 0
    for found in schema.get_all_operations():
        tried += 1
        assert isinstance(found, Ok)
        _fuzz(found.ok())
    assert tried == 20


def _fuzz(operation: Any) -> None:
    @given(case=operation.as_strategy())
    @settings(max_examples=8, deadline=None, suppress_health_check=[*HealthCheck])
    def sent(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(
            checks=[
                not_a_server_error,
                status_code_conformance,
                content_type_conformance,
                response_schema_conformance,
            ]
        )

    sent()
