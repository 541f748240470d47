"""Pages: each is drawn, carries its headers, and says in words what went wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from starlette.testclient import TestClient

from tidegauge.comparison import Comparison
from tidegauge.records import Report
from tidegauge.store import open_store
from tidegauge.store.comparisons import keep_comparison
from tidegauge.store.leases import take

HOSTILE = "<img src=x onerror=alert(1)>"
PAGES = (
    "/", "/suites/credit", "/suites/credit?range=all&slice=*&page=2&find=inc", "/suites/support",
    "/runs/cred00000003", "/runs/credit@latest", "/incidents", "/incidents?state=all&suite=credit",
    "/compare", "/compare?before=cred00000001&after=cred00000003&show=all",
    "/compare?before=nothing&after=cred00000003", "/comparisons",
    "/comparisons/gate0001", "/baselines", "/login",
)  # fmt: skip


def tags(text: str) -> list[tuple[str, dict[str, str]]]:
    found = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.append((tag, {name: value or "" for name, value in attrs}))

    Reader().feed(text)
    return found


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_drawn_guarded_and_escaped(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert HOSTILE not in answer.text
    for tag, attributes in tags(answer.text):
        assert tag != "style"
        assert tag != "script" or "src" in attributes
        assert not any(name == "style" or name.startswith("on") for name in attributes)
        for name in {"src", "href", "action"} & {*attributes}:
            assert attributes[name].startswith(("/", "#", "?"))
            assert not attributes[name].startswith("//")


def test_the_suites_page_shows_the_worst_first_and_what_is_wrong(client: TestClient) -> None:
    text = client.get("/").text
    assert text.index("credit") < text.index("support")


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/nowhere", 404, "There is no such page"),
        ("/suites/unknown", 404, "nobody knows a suite"),
        ("/runs/unknown", 404, "holds no run"),
        ("/runs/credit@latest/report.pdf", 404, "no report format"),
        ("/incidents/unknown", 404, "no incident"),
        ("/comparisons/unknown", 404, "no comparison"),
        ("/static/../serving/app.py", 404, "no such page"),
        ("/static/..%2F..%2Fhtml.py", 404, "no such page"),
        ("/static/report.html.j2", 404, "no file"),
        ("/runs/%00", 404, "holds no run"),
        ("/suites/credit?page=9999999999&before=gone", 404, "cursor"),
    ],
)
def test_what_is_not_there_is_said_in_words(
    client: TestClient, path: str, status: int, said: str
) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert said in answer.text
    assert answer.headers["content-type"].startswith("text/html")
    program = client.get(path, headers={"accept": "*/*"})
    assert program.json()["status"] == status
    assert program.headers["content-type"] == "application/problem+json"


def test_a_report_on_its_own_is_cut_off_and_kept_by_its_tag(client: TestClient) -> None:
    answer = client.get("/runs/credit@latest/report.html")
    policy = answer.headers["content-security-policy"]
    assert re.search(r"script-src 'sha256-[^']+'", policy)
    assert "sandbox allow-scripts" in policy
    assert "allow-same-origin" not in policy
    assert HOSTILE not in answer.text
    again = client.get(
        "/runs/credit@latest/report.html", headers={"if-none-match": answer.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")
    assert answer.headers["etag"] != client.get("/runs/credit@latest/report.md").headers["etag"]


@pytest.mark.parametrize(
    ("format", "media"),
    [
        ("json", "application/json"),
        ("md", "text/markdown; charset=utf-8"),
        ("junit", "application/xml"),
    ],
)
def test_a_report_is_given_as_a_file(client: TestClient, format: str, media: str) -> None:
    answer = client.get(f"/runs/credit@latest/report.{format}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == media
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_assets_are_kept_for_ever_under_the_address_of_their_content(client: TestClient) -> None:
    page = client.get("/").text
    addresses = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
    assert len(addresses) >= 3
    for address in addresses:
        answer = client.get(address.replace("&amp;", "&"))
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    assert client.get("/static/dashboard.js?v=old").headers["cache-control"] == "no-cache"


def test_metrics_and_health_answer_programs(client: TestClient) -> None:
    assert "tidegauge_" in client.get("/metrics").text
    assert client.get("/healthz").text == "ok\n"
    assert client.get("/readyz").json()["status"] == "ok"


def test_whoever_only_looks_whether_a_page_is_there_is_spared_the_page(client: TestClient) -> None:
    for path in ("/", "/healthz", "/api/v1/runs"):
        head, whole = client.head(path), client.get(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == str(len(whole.content))
    assert client.head("/events").status_code == 405


def test_a_theme_is_chosen_and_kept(client: TestClient) -> None:
    page = client.get("/").text
    found = re.search(r'name="csrf" value="(\w+)"', page)
    assert found is not None
    answer = client.post("/theme", data={"csrf": found[1], "back": "/incidents", "theme": "dark"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/incidents")
    assert 'data-theme="dark"' in client.get("/").text
    client.cookies.delete("tidegauge_theme")


def test_an_unreadable_history_is_a_page_too(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **named: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr("tidegauge.serving.pages.suites_view", broken)
    answer = client.get("/")
    assert answer.status_code == 500
    assert "nobody foresaw" in answer.text
    assert "secret" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.slow
def test_pages_say_the_same_from_postgresql(
    client: TestClient,
    opened: Callable[..., TestClient],
    new_database: Callable[[], str],
    remade: Callable[..., Report],
    compared: Comparison,
) -> None:
    store = open_store(new_database())
    for day in (1, 2, 3):
        store.save(remade(day))
    store.save(remade(3, "support", outcome="pass"))
    keep_comparison(store, compared)
    other = opened(store=store)
    for path in PAGES:
        first, second = (
            re.sub(r'name="csrf" value="\w+"|<time.*?</time>', "", one.get(path).text)
            for one in (client, other)
        )
        assert first == second, path
    assert other.get("/api/v1/runs?limit=2").json()["next"] == "cred00000003"
    assert take(store, "run", "me", seconds=60, now=datetime.now(UTC))
    assert not take(store, "run", "other", seconds=60, now=datetime.now(UTC))
    store.close()


def test_a_comparison_leads_only_to_pages_that_are_there(client: TestClient) -> None:
    for path in ("/comparisons", "/comparisons/gate0001"):
        for tag, attributes in tags(client.get(path).text):
            if tag == "a" and attributes["href"].startswith("/"):
                assert client.get(attributes["href"]).status_code == 200, attributes["href"]
