"""Doors: who may come in, from where, with what, and what other sites cannot do."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tidegauge.errors import TidegaugeError
from tidegauge.serving.sessions import LIFETIME, MOST_FAILURES, Failures, Seal, same
from tidegauge.serving.settings import is_loopback, settle

TOKEN = "a-token-that-is-long-enough"
Open = Callable[..., TestClient]
PROXY = {"proxy_header": "X-Forwarded-User", "trusted": ("127.0.0.1",)}


def csrf(client: TestClient, path: str = "/") -> str:
    found = re.search(r'name="csrf" value="(\w+)"', client.get(path).text)
    assert found is not None
    return found[1]


def enter(client: TestClient) -> None:
    sent = {"token": TOKEN, "csrf": csrf(client, "/login"), "back": "/"}
    assert client.post("/login", data=sent).status_code == 303


# What may be started.


@pytest.mark.parametrize(
    ("said", "refused"),
    [
        ({"host": "0.0.0.0"}, "nothing would ask who is there"),
        ({"host": "::"}, "nothing would ask who is there"),
        ({"proxy_header": "X-User"}, "believed from every address"),
        ({"trusted": ("127.0.0.1",)}, "no header in which it names the user"),
        ({"proxy_header": "X User", "trusted": ("127.0.0.1",)}, "letters, digits and dashes"),
        ({"proxy_header": "X-User", "trusted": ("here",)}, "an address or a range"),
        ({"host": "no.such.host.invalid"}, "no such name"),
        ({"base": "/a/../b"}, "a path such as"),
        ({"suites": (Path("nosuch.yaml"),)}, "no file or folder nosuch.yaml"),
    ],
)
def test_what_would_be_unsafe_is_refused_before_it_starts(
    said: dict[str, object], refused: str
) -> None:
    with pytest.raises(TidegaugeError, match=refused):
        settle(**said)  # type: ignore[arg-type]


@pytest.mark.parametrize("token", ["short", "with spaces in between them", "\u00fc" * 20, ""])
def test_a_weak_token_is_refused(token: str, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(token, "utf-8")
    with pytest.raises(TidegaugeError, match="16 or more"):
        settle(token_file=tmp_path / "token")
    with pytest.raises(TidegaugeError, match="No such file"):
        settle(token_file=tmp_path / "none")


def test_the_whole_of_loopback_is_loopback() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "10.0.0.1", "8.8.8.8")))


# Tokens and sessions.


@given(st.text(), st.text())
def test_secrets_are_the_same_only_when_they_are(a: str, b: str) -> None:
    replaced = a.encode("utf-8", "replace"), b.encode("utf-8", "replace")
    assert same(a, b) == (replaced[0] == replaced[1] and b != "")


@given(st.text(max_size=80))
def test_no_made_up_session_holds(cookie: str) -> None:
    assert not Seal.of(TOKEN).holds(cookie, 0)


def test_a_session_runs_out_and_is_of_its_token() -> None:
    seal = Seal.of(TOKEN)
    session = seal.session(1000)
    assert seal.holds(session, 1001)
    assert not seal.holds(session, 1001 + LIFETIME)
    assert not Seal.of(TOKEN + "x").holds(session, 1001)
    assert not seal.holds("9" + session, 1001)


def test_wrong_tokens_make_an_address_wait_and_then_let_it_try_again() -> None:
    now = [0.0]
    failures = Failures(clock=lambda: now[0])
    for _ in range(MOST_FAILURES):
        assert failures.wait("a") == 0
        failures.note("a")
    assert failures.wait("a") > 0
    assert failures.wait("b") == 0
    now[0] = 61
    assert failures.wait("a") == 0
    for other in range(100):
        failures.note(f"address {other}")
    assert failures.wait("address 7") > 0  # many addresses together are one attack
    assert failures.wait("b") == 0  # which keeps nobody else out


def test_nobody_enters_without_the_token(opened: Open) -> None:
    client = opened(token=TOKEN)
    for path in ("/", "/runs/credit@latest", "/runs/credit@latest/report.html", "/compare"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["location"][:6]) == (303, "/login")
    for path in ("/api/v1/suites", "/metrics", "/events", "/api/v1/openapi.json"):
        answer = client.get(path)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert "credit" not in answer.text
    assert client.post("/suites/credit/run").status_code == 401
    for path in ("/healthz", "/readyz", "/login", "/api/v1/health"):
        assert client.get(path).status_code == 200


def test_a_program_enters_with_the_token(opened: Open) -> None:
    client = opened(token=TOKEN)
    answer = client.get("/api/v1/suites", headers={"authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    for wrong in (f"Bearer {TOKEN}x", f"Basic {TOKEN}", "Bearer", "Bearer \u00ff"):
        sent = {"authorization": wrong.encode("latin-1")}
        assert client.get("/api/v1/suites", headers=sent).status_code == 401  # type: ignore[arg-type]


def test_a_person_signs_in_and_out(opened: Open) -> None:
    client = opened(token=TOKEN)
    sent = {"token": TOKEN, "csrf": csrf(client, "/login"), "back": "/compare?suite=credit"}
    answer = client.post("/login", data=sent)
    assert (answer.status_code, answer.headers["location"]) == (303, "/compare?suite=credit")
    said = answer.headers["set-cookie"]
    assert "HttpOnly" in said
    assert "SameSite=Strict" in said
    assert TOKEN not in said
    assert client.get("/").status_code == 200
    session = client.cookies["tidegauge_session"]
    assert client.post("/logout", data={"csrf": csrf(client)}).status_code == 303
    client.cookies.set("tidegauge_session", session)
    assert client.get("/").status_code == 303  # what was signed out of stays so


def test_wrong_tokens_are_counted_whichever_way_they_come(opened: Open) -> None:
    client = opened(token=TOKEN)
    form = {"token": "wrong", "csrf": csrf(client, "/login")}
    for turn in range(MOST_FAILURES):
        if turn % 2:
            assert client.post("/login", data=form).status_code == 403
        else:
            assert client.get("/metrics", headers={"authorization": "Bearer x"}).status_code == 401
    assert client.post("/login", data={**form, "token": TOKEN}).status_code == 429
    answer = client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize(
    "back", ["//evil.example", "https://evil.example", "/\\evil", "javascript:x"]
)
def test_signing_in_leads_nowhere_else(opened: Open, back: str) -> None:
    client = opened(token=TOKEN)
    sent = {"token": TOKEN, "csrf": csrf(client, "/login"), "back": back}
    assert client.post("/login", data=sent).headers["location"] == "/"


# Proxies.


def test_a_user_is_whom_a_trusted_proxy_names(opened: Open) -> None:
    client = opened(**PROXY)
    assert client.get("/").status_code == 403
    answer = client.get("/", headers={"x-forwarded-user": "ana<b>"})
    assert answer.status_code == 200
    assert "ana&lt;b&gt;" in answer.text


def test_the_header_of_a_stranger_is_worth_nothing(opened: Open) -> None:
    client = opened(proxy_header="X-Forwarded-User", trusted=("10.0.0.0/8",))
    assert client.get("/", headers={"x-forwarded-user": "ana"}).status_code == 403


def test_a_form_belongs_to_the_user_who_was_shown_it(opened: Open) -> None:
    client = opened(**PROXY)
    client.headers["x-forwarded-user"] = "ana"
    form = {"csrf": csrf(client), "theme": "dark"}
    client.headers["x-forwarded-user"] = "bob"
    assert client.post("/theme", data=form).status_code == 403
    client.headers["x-forwarded-user"] = "ana"
    assert client.post("/theme", data=form).status_code == 303


# Other sites.


def test_a_name_that_is_not_ours_is_not_answered(opened: Open) -> None:
    client = opened()
    assert client.get("/", headers={"host": "evil.example"}).status_code == 421
    assert client.get("/", headers={"host": "127.0.0.1.evil.example:8642"}).status_code == 421
    for own in ("localhost:8642", "127.0.0.1:1", "[::1]:8642", "LOCALHOST"):
        assert client.get("/", headers={"host": own}).status_code == 200
    named = opened(hosts=("gauge.example.com",), **PROXY)
    answer = named.get("/", headers={"host": "gauge.example.com", "x-forwarded-user": "ana"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "origin": "http://127.0.0.1:8642"},
    ],
)
def test_a_page_of_another_site_changes_nothing(opened: Open, headers: dict[str, str]) -> None:
    client = opened()
    form = {"csrf": csrf(client), "theme": "dark"}
    assert client.post("/theme", data=form, headers=headers).status_code == 403
    started = client.post("/api/v1/suites/credit/runs", json={}, headers=headers)
    assert started.status_code == 403
    own = {"sec-fetch-site": "same-origin", "origin": "null"}
    assert client.post("/theme", data=form, headers=own).status_code == 303


def test_odd_cookies_of_other_servers_on_this_host_do_no_harm(opened: Open) -> None:
    client = opened()
    odd = 'prefs={"a":"b c"}; flag; '
    answer = client.get("/", headers={"cookie": odd})
    own = answer.headers["set-cookie"].partition(";")[0]
    client.cookies.clear()
    mark = re.search(r'name="csrf" value="(\w+)"', answer.text)
    assert mark is not None
    sent = {"csrf": mark[1], "theme": "dark", "back": "/"}
    assert client.post("/theme", data=sent, headers={"cookie": odd + own}).status_code == 303


def test_a_form_without_its_mark_is_refused(opened: Open) -> None:
    client = opened()
    mark = csrf(client)
    for sent in ({}, {"csrf": ""}, {"csrf": "0" * 64}, {"csrf": mark + "0"}):
        for path in ("/theme", "/suites/credit/run", "/incidents/x/resolve", "/logout", "/login"):
            assert client.post(path, data={**sent, "theme": "dark"}).status_code == 403, path
    client.cookies.clear()
    assert client.post("/theme", data={"csrf": mark, "theme": "dark"}).status_code == 403


def test_only_forms_and_documents_of_a_bounded_size_are_read(opened: Open) -> None:
    client = opened()
    mark = csrf(client)
    big = {"csrf": mark, "theme": "x" * 70_000}
    assert client.post("/theme", data=big).status_code == 413

    def drip() -> object:
        yield from (b"x" * 1000 for _ in range(100))

    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert client.post("/theme", content=drip(), headers=kind).status_code == 413  # type: ignore[arg-type]
    fields = "&".join(f"a{i}=1" for i in range(100))
    assert client.post("/theme", content=fields, headers=kind).status_code == 400
    for path in ("/theme", "/api/v1/incidents/x/comments"):
        answer = client.post(path, content="text", headers={"content-type": "text/plain"})
        assert answer.status_code in (415, 422)


def test_a_base_path_stands_before_every_address(opened: Open) -> None:
    client = opened(base="/gauge")
    for path in ("/gauge/suites/credit", "/suites/credit"):
        text = client.get(path).text
        addresses = re.findall(r'(?:src|href|action)="(/[^"]*)"', text)
        assert addresses
        assert all(address.startswith("/gauge/") for address in addresses)


def test_cookies_are_for_https_where_the_browser_speaks_it(opened: Open) -> None:
    client = opened()
    assert "Secure" in client.get("https://127.0.0.1:8642/").headers["set-cookie"]
    client.cookies.clear()
    assert "Secure" not in client.get("/").headers["set-cookie"]
