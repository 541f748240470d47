"""A real Prometheus scrapes a history; every panel and every rule finds what it asks for."""

from __future__ import annotations

import http.server
import json
import re
import shutil
import stat
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from prometheus_client.parser import text_string_to_metric_families

from tidegauge import __version__
from tidegauge.cli.publish import publish
from tidegauge.errors import TidegaugeError
from tidegauge.exposition import METRICS
from tidegauge.incident import Incident
from tidegauge.publishing import prometheus
from tidegauge.publishing.prometheus import CONTENT_TYPE, metrics, push, write_textfile
from tidegauge.store import Store
from tidegauge.store.incident_writing import keep_incident, spoken

from .conftest import MakeRun, free_port, running

SHIPPED = files("tidegauge.publishing") / "shipped"
RULES = (SHIPPED / "rules.yml").read_text(encoding="utf-8")
BOARD: dict[str, Any] = json.loads((SHIPPED / "dashboard.json").read_text(encoding="utf-8"))
PANELS: list[dict[str, Any]] = [one for one in BOARD["panels"] if one["type"] != "row"]
QUERIES = [
    (f"{panel['title']}, {target['refId']}", target["expr"])
    for panel in PANELS
    for target in panel["targets"]
]
HOSTILE = 'a"b\\c{}\n<script>'


def program(*names: str) -> str:
    for name in names:
        if found := shutil.which(name):
            return found
    pytest.skip(f"{names[0]} is not installed (Debian: apt install {names[-1]})")


def values(page: bytes, metric: str) -> dict[str, float]:
    """Values of a metric by suite and, where it has them, further labels."""
    order = ("suite", "check", "column", "slice", "outcome", "severity", "side")
    return {
        "/".join(filter(None, (one.labels.get(name) for name in order))): one.value
        for family in text_string_to_metric_families(page.decode())
        for one in family.samples
        if one.name == metric
    }


@contextmanager
def page_server(store: Store) -> Iterator[str]:
    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = metrics(store)
            self.send_response(200)
            self.send_header("Content-Type", CONTENT_TYPE)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class TestPage:
    def test_an_empty_history_says_only_which_version_it_is(self, store: Store) -> None:
        assert [x for x in metrics(store).decode().splitlines() if x[0] != "#"] == [
            f'tidegauge_build_info{{version="{__version__}"}} 1'
        ]

    def test_only_the_newest_window_of_a_suite_is_shown(
        self, store: Store, tide: MakeRun, midnight: datetime
    ) -> None:
        store.save(tide(shift=15.0, end=midnight - timedelta(days=1)))
        store.save(tide(end=midnight))
        store.save(tide("churn", shift=15.0, end=midnight))
        found = values(metrics(store), "tidegauge_run_outcome")
        assert {key for key, value in found.items() if value} == {"credit/pass", "churn/critical"}
        ended = values(metrics(store), "tidegauge_window_end_timestamp_seconds")
        assert ended == dict.fromkeys(["churn", "credit"], midnight.timestamp())

    def test_a_newer_run_over_the_window_replaces_what_was_shown(
        self, store: Store, tide: MakeRun, midnight: datetime
    ) -> None:
        store.save(tide(end=midnight))
        assert values(metrics(store), "tidegauge_run_outcome")["credit/pass"] == 1
        store.save(tide(shift=15.0, end=midnight))
        assert values(metrics(store), "tidegauge_run_outcome")["credit/critical"] == 1

    def test_an_old_run_keeps_its_times_and_loses_its_scores(
        self, store: Store, tide: MakeRun, midnight: datetime
    ) -> None:
        store.save(tide(end=midnight))
        fresh, old = metrics(store), metrics(store, now=midnight + timedelta(days=9))
        assert values(fresh, "tidegauge_stale") == {"credit": 0}
        assert values(old, "tidegauge_stale") == {"credit": 1}
        assert values(fresh, "tidegauge_score")
        assert not values(old, "tidegauge_score")
        for name in ("tidegauge_run_timestamp_seconds", "tidegauge_last_success_timestamp_seconds"):
            assert values(old, name) == values(fresh, name) != {}

    def test_the_last_success_is_looked_for_behind_failed_runs(
        self, store: Store, tide: MakeRun, midnight: datetime
    ) -> None:
        from dataclasses import replace

        good = tide(end=midnight - timedelta(days=2))
        store.save(good)
        store.save(replace(tide(end=midnight), outcome="error"))
        found = values(metrics(store), "tidegauge_last_success_timestamp_seconds")
        assert found == {"credit": datetime.fromisoformat(good.created).timestamp()}

    def test_all_suites_together_stay_under_one_bound(
        self,
        store: Store,
        tide: MakeRun,
        midnight: datetime,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(prometheus, "TOTAL", 12)
        for name in ("a", "b", "c"):
            store.save(tide(name, end=midnight))
        page = metrics(store)
        dropped = values(page, "tidegauge_results_dropped")
        assert len(values(page, "tidegauge_verdict")) <= 12
        assert all(dropped[name] > 0 for name in "abc")

    def test_incidents_that_nobody_resolved_are_counted(
        self, store: Store, tide: MakeRun, midnight: datetime
    ) -> None:
        store.save(tide(end=midnight))
        with spoken(store) as speaker:
            for id, state in (("0000000a", "open"), ("0000000b", "resolved")):
                keep_incident(speaker, incident(id, state))
        found = values(metrics(store), "tidegauge_incidents_open")
        assert found == {"credit/info": 0, "credit/warn": 0, "credit/critical": 1}

    def test_a_report_that_cannot_be_read_does_not_blind_the_others(
        self,
        store: Store,
        tide: MakeRun,
        midnight: datetime,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        bad = tide("bad", end=midnight)
        store.save(bad)
        store.save(tide(end=midnight))
        read = Store.report

        def report(self: Store, run: str) -> Any:
            if run == bad.run_id:
                raise TidegaugeError("damaged")
            return read(self, run)

        monkeypatch.setattr(Store, "report", report)
        page = metrics(store)
        assert values(page, "tidegauge_unreadable") == {"bad": 1, "credit": 0}
        assert values(page, "tidegauge_verdict")

    def test_a_second_scrape_reads_no_report_again(
        self,
        store: Store,
        tide: MakeRun,
        midnight: datetime,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        store.save(tide(end=midnight))
        first = metrics(store)
        monkeypatch.delattr(Store, "report")
        assert metrics(store) == first


def incident(id: str, state: Any) -> Incident:
    at = "2026-01-01T00:00:00+00:00"
    return Incident(
        id=id, suite="credit", title="income", state=state, opened=at, updated=at,
        resolved=at if state == "resolved" else "",
    )  # fmt: skip


class TestTextfile:
    def test_others_may_read_it_and_nothing_is_left_beside_it(self, tmp_path: Path) -> None:
        path = write_textfile(b"up 1\n", tmp_path / "made" / "tidegauge.prom")
        assert path.read_bytes() == b"up 1\n"
        assert stat.S_IMODE(path.stat().st_mode) == 0o644
        assert list(path.parent.iterdir()) == [path]

    def test_a_name_that_the_collector_passes_over_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(TidegaugeError, match=r"end in \.prom"):
            write_textfile(b"", tmp_path / "tidegauge.txt")

    def test_a_folder_that_cannot_be_written_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(TidegaugeError, match="cannot be written"):
            write_textfile(b"", tmp_path / "file" / "tidegauge.prom")

    def test_node_exporter_shows_what_was_written(
        self, store: Store, tide: MakeRun, midnight: datetime, tmp_path: Path
    ) -> None:
        exporter = program("prometheus-node-exporter", "node_exporter", "prometheus-node-exporter")
        store.save(tide(HOSTILE, shift=15.0, end=midnight))
        written = CliRunner().invoke(
            publish,
            ["prometheus", "--history", store.place, "--textfile", str(tmp_path / "tide.prom")],
        )
        assert written.exit_code == 0, written.output
        url = f"http://127.0.0.1:{(port := free_port())}/metrics"
        command = [
            exporter, f"--web.listen-address=127.0.0.1:{port}", "--collector.disable-defaults",
            "--collector.textfile", f"--collector.textfile.directory={tmp_path}",
        ]  # fmt: skip
        with (
            running(command, ready=url, seconds=30, log=tmp_path / "log"),
            urllib.request.urlopen(url) as answer,
        ):
            page = answer.read()
        assert values(page, "node_textfile_scrape_error") == {"": 0}
        assert values(page, "tidegauge_score") == values(metrics(store), "tidegauge_score") != {}


class TestPush:
    def test_a_gateway_that_is_not_there_is_named(self) -> None:
        with pytest.raises(TidegaugeError, match=r"did not take the page: \[Errno"):
            push(b"", f"http://127.0.0.1:{free_port()}")

    def test_a_real_gateway_keeps_the_newest_page_only(
        self, store: Store, tide: MakeRun, midnight: datetime, tmp_path: Path
    ) -> None:
        gateway = program("prometheus-pushgateway", "pushgateway", "prometheus-pushgateway")
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        command = [gateway, f"--web.listen-address=127.0.0.1:{port}"]
        with running(command, ready=f"{url}/-/ready", seconds=30, log=tmp_path / "log"):
            store.save(tide(shift=15.0, end=midnight))
            push(metrics(store), url)
            store.save(tide(end=midnight))
            push(metrics(store), url)
            with urllib.request.urlopen(f"{url}/metrics") as answer:
                page = answer.read()
        assert values(page, "tidegauge_run_outcome")["credit/pass"] == 1
        assert 3 not in values(page, "tidegauge_verdict").values()


@pytest.fixture(scope="module")
def server(
    tide: MakeRun, midnight: datetime, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A Prometheus that has scraped a history and evaluated the shipped rules."""
    from tidegauge.store import open_store

    binary = program("prometheus")
    folder = tmp_path_factory.mktemp("prometheus")
    history = open_store(folder / "history.db")
    history.save(tide(shift=15.0, end=midnight))
    history.save(tide(HOSTILE, end=midnight))
    history.save(tide("forgotten", end=midnight - timedelta(days=4)))
    with spoken(history) as speaker:
        keep_incident(speaker, incident("0000000a", "open"))
    (folder / "rules.yml").write_text(RULES, encoding="utf-8")
    port = free_port()
    with page_server(history) as target:
        config = {
            "global": {"scrape_interval": "200ms", "evaluation_interval": "200ms"},
            "rule_files": ["rules.yml"],
            "scrape_configs": [
                {"job_name": "tidegauge", "scrape_timeout": "200ms",
                 "static_configs": [{"targets": [target]}]},
            ],
        }  # fmt: skip
        (folder / "prometheus.yml").write_text(json.dumps(config), encoding="utf-8")
        command = [
            binary, "--config.file=prometheus.yml", "--storage.tsdb.path=data",
            f"--web.listen-address=127.0.0.1:{port}",
        ]  # fmt: skip
        url = f"http://127.0.0.1:{port}"
        with running(command, ready=f"{url}/-/ready", seconds=60, log=folder / "log"):
            _await_rules(url)
            yield url
    history.close()


def _await_rules(url: str) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        rules = ask(url, "rules")["groups"][0]["rules"]
        if ask(url, "query", query="tidegauge_score")["result"] and all(
            one["health"] == "ok" for one in rules
        ):
            return
        time.sleep(0.1)
    raise AssertionError(json.dumps(rules, indent=1))


def ask(url: str, what: str, **query: str) -> Any:
    """The data of one answer of Prometheus' API."""
    with urllib.request.urlopen(f"{url}/api/v1/{what}?{urllib.parse.urlencode(query)}") as answer:
        found = json.loads(answer.read())
    assert found["status"] == "success"
    return found["data"]


def filled(query: str) -> str:
    """A panel's query as Grafana sends it where everything is chosen."""
    return re.sub(r"\$(suite|check|column|slice)\b", ".*", query)


class TestServer:
    def test_the_target_is_up(self, server: str) -> None:
        (target,) = ask(server, "targets")["activeTargets"]
        assert (target["health"], target["lastError"]) == ("up", "")

    def test_names_reach_it_as_they_were(self, server: str) -> None:
        suites = ask(server, "label/suite/values")
        assert {one.replace("\N{REPLACEMENT CHARACTER}", "\n") for one in suites} == {
            "credit", "forgotten", HOSTILE,
        }  # fmt: skip

    def test_every_metric_has_its_type_and_help(self, server: str) -> None:
        known = ask(server, "metadata")
        for name, (meta,) in known.items():
            assert (meta["type"], meta["help"]) == ("gauge", METRICS[name])

    @pytest.mark.parametrize("query", [q for _, q in QUERIES], ids=[name for name, _ in QUERIES])
    def test_every_panel_finds_something_to_draw(self, server: str, query: str) -> None:
        assert ask(server, "query", query=filled(query))["result"]

    def test_the_table_of_suites_shows_each_once(self, server: str) -> None:
        (table,) = (one for one in PANELS if one["title"] == "Suites")
        for target in table["targets"][:6]:
            found = ask(server, "query", query=filled(target["expr"]))["result"]
            assert len({one["metric"]["suite"] for one in found}) == len(found) == 3

    def test_marks_of_critical_runs_can_be_asked_for(self, server: str) -> None:
        for one in BOARD["annotations"]["list"]:
            ask(server, "query", query=filled(one["expr"]))

    def test_variables_offer_what_there_is(self, server: str) -> None:
        for one in BOARD["templating"]["list"]:
            if one["type"] != "query":
                continue
            wanted = re.fullmatch(r"label_values\((.+), (\w+)\)", one["query"]["query"])
            assert wanted is not None
            params = {"match[]": filled(wanted[1])}
            assert ask(server, f"label/{wanted[2]}/values", **params), one["name"]

    def test_rules_fire_for_what_is_wrong_and_for_nothing_else(self, server: str) -> None:
        fired = {
            (one["labels"]["alertname"], one["labels"]["suite"])
            for one in ask(server, "alerts")["alerts"]
        }
        assert fired == {
            ("TidegaugeCritical", "credit"),
            ("TidegaugeIncidentOpen", "credit"),
            ("TidegaugeRunOverdue", "forgotten"),
        }
        (said,) = (
            one["annotations"]["summary"]
            for one in ask(server, "alerts")["alerts"]
            if one["labels"]["alertname"] == "TidegaugeCritical"
        )
        assert re.fullmatch(r"credit: critical, \d+ findings", said)


class TestShipped:
    def test_promtool_finds_no_fault_in_the_rules(self, tmp_path: Path) -> None:
        rules = tmp_path / "rules.yml"
        rules.write_text(RULES, encoding="utf-8")
        done = subprocess.run([program("promtool", "prometheus"), "check", "rules", rules])
        assert done.returncode == 0

    def test_rules_fire_when_they_should_and_not_before(self, tmp_path: Path) -> None:
        tool = program("promtool", "prometheus")
        (tmp_path / "rules.yml").write_text(RULES, encoding="utf-8")
        cases = Path(__file__).with_name("rules_test.yml")
        shutil.copy(cases, tmp_path)
        done = subprocess.run(
            [tool, "test", "rules", tmp_path / cases.name], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr + done.stdout

    def test_rules_and_dashboard_ask_for_metrics_that_exist(self) -> None:
        asked = set(re.findall(r"\btidegauge_\w+", RULES + json.dumps(BOARD)))
        assert asked <= set(METRICS)

    def test_the_dashboard_is_one_that_grafana_imports(self) -> None:
        assert BOARD["uid"] == "tidegauge"
        assert BOARD["schemaVersion"] >= 36
        assert "id" not in BOARD  # the number of a dashboard in one Grafana; another refuses it
        ids = [panel["id"] for panel in BOARD["panels"]]
        assert len(set(ids)) == len(ids)
        for panel in PANELS:
            assert panel["title"]
            assert panel["description"]
            assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
            references = [target["refId"] for target in panel["targets"]]
            assert len(set(references)) == len(references) > 0

    def test_panels_lie_beside_each_other(self) -> None:
        taken: set[tuple[int, int]] = set()
        for panel in BOARD["panels"]:
            at = panel["gridPos"]
            cells = {
                (x, y)
                for x in range(at["x"], at["x"] + at["w"])
                for y in range(at["y"], at["y"] + at["h"])
            }
            assert at["x"] + at["w"] <= 24
            assert not cells & taken, panel["title"]
            taken |= cells

    def test_variables_are_defined_before_they_are_used(self) -> None:
        known = ["datasource"]
        for one in BOARD["templating"]["list"][1:]:
            assert set(re.findall(r"\$(\w+)", one["query"]["query"])) <= set(known)
            known.append(one["name"])
        used = set(re.findall(r"\$\{?(\w+)", json.dumps(PANELS)))
        assert used <= {*known, "suite"}

    @pytest.mark.parametrize(
        ("command", "name"), [("rules", "rules.yml"), ("dashboard", "dashboard.json")]
    )
    def test_commands_print_them(self, command: str, name: str) -> None:
        printed = CliRunner().invoke(publish, [command])
        assert printed.exit_code == 0
        assert printed.output == (SHIPPED / name).read_text(encoding="utf-8")


class TestPageOfDocs:
    def test_every_metric_and_alert_is_explained(self) -> None:
        page = (Path(__file__).parents[3] / "docs" / "prometheus.md").read_text(encoding="utf-8")
        for name in (*METRICS, *re.findall(r"alert: (\w+)", RULES)):
            assert f"`{name}`" in page

    def test_prometheus_takes_the_configuration(self, tmp_path: Path) -> None:
        page = (Path(__file__).parents[3] / "docs" / "prometheus.md").read_text(encoding="utf-8")
        (config,) = re.findall(r"^```yaml\n(.*?)^```$", page, re.M | re.S)
        (tmp_path / "prometheus.yml").write_text(config, encoding="utf-8")
        (tmp_path / "tidegauge-rules.yml").write_text(RULES, encoding="utf-8")
        tool = program("promtool", "prometheus")
        done = subprocess.run([tool, "check", "config", tmp_path / "prometheus.yml"])
        assert done.returncode == 0
