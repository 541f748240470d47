"""``tidegauge history``, ``report`` and ``diff`` as somebody types them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tidegauge.cli import cli
from tidegauge.errors import HistoryError, SuiteError, TidegaugeError
from tidegauge.operating import operate
from tidegauge.report import from_json
from tidegauge.store import open_store
from tidegauge.suite import parse_suite

SUITE = """
suite: credit
logs: {baseline: {path: before.parquet}, current: {path: "%s.parquet"}}
columns: {features: [income, region]}
explain: {on: never}
"""


def write_log(path: Path, shift: float, seed: int, rows: int = 1_000) -> None:
    rng = np.random.default_rng(seed)
    regions = rng.choice(["north", "south"], rows)
    pq.write_table(pa.table({"income": rng.normal(50 + shift, 10, rows), "region": regions}), path)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a suite was run over a log as before, and over one that moved."""
    folder = tmp_path_factory.mktemp("lived")
    write_log(folder / "before.parquet", 0, 0)
    for n, (name, shift) in enumerate({"same": 0.0, "moved": 8.0}.items(), start=1):
        write_log(folder / f"{name}.parquet", shift, n)
        (folder / f"{name}.yaml").write_text(SUITE % name)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert cli.main(["run", "same.yaml", "-q", "--format", "json"], standalone_mode=False) == 0
        assert cli.main(["run", "moved.yaml", "-q", "--format", "json"], standalone_mode=False) == 1
    return folder


@pytest.fixture
def call(lived: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    monkeypatch.chdir(lived)

    def said(*words: str, code: int = 0) -> str:
        assert (cli.main(list(words), standalone_mode=False) or 0) == code
        return capsys.readouterr().out

    return said


def test_runs_are_listed_newest_first(call: Any) -> None:
    lines = call("history").splitlines()
    assert re.split(r"  +", lines[0]) == [
        "run", "suite", "window", "outcome", "model", "age", "because",
    ]  # fmt: skip
    assert "critical" in lines[1]
    assert "income" in lines[1]
    assert "pass" in lines[2]
    assert "suite" not in call("history", "credit").splitlines()[0]
    assert len(call("history", "-n", "1").splitlines()) == 2
    assert call("history", "list", "credit") == call("history", "credit")


def test_runs_are_listed_as_json(call: Any) -> None:
    found = json.loads(call("history", "credit", "--json", "--limit", "1"))
    assert [row["outcome"] for row in found] == ["critical"]
    assert found[0]["created"].endswith("+00:00")


def test_an_unknown_suite_gets_near_ones(call: Any) -> None:
    with pytest.raises(TidegaugeError, match='no suite "credt"') as told:
        call("history", "credt")
    assert told.value.hint == "did you mean credit?"


def test_a_kept_run_is_shown_and_written_again(call: Any, lived: Path) -> None:
    shown = call("report", "credit@latest", code=1)
    assert "income" in shown
    assert "critical" in shown
    call("report", "credit@latest", "--format", "html,md,junit,json", "-o", "again", code=1)
    names = {file.suffix for file in (lived / "again").iterdir()}
    assert names == {".html", ".md", ".xml", ".json"}
    fresh, kept = (
        from_json(file.read_text())
        for file in (lived / "tidegauge-report" / "credit.json", *(lived / "again").glob("*.json"))
    )
    assert replace(fresh, notes=()) == replace(kept, notes=())  # incidents are noted later
    assert call("report", str(lived / "tidegauge-report" / "credit.json"), code=1) == shown


def test_two_runs_are_laid_side_by_side(call: Any, lived: Path) -> None:
    rows = json.loads(call("history", "--json"))
    after, before = (row["id"] for row in rows)
    text = call("diff", before, after)
    assert "New alarms" in text
    assert "income: Population stability index" in text
    assert "New alarms" not in call("diff", after, before)
    assert "Ended alarms" in call("diff", after, before)
    found = json.loads(call("diff", before[:8], "credit@latest", "--format", "json"))
    assert found["changed"][0]["change"] == "began"
    assert (found["before"], found["after"]) == (before, after)
    assert call("diff", before, after, "--format", "md").startswith("### credit: run ")
    assert "nothing changed" in call("diff", after, str(lived / "tidegauge-report/credit.json"))


def test_hostile_names_steer_neither_terminal_nor_markdown(
    call: Any, lived: Path, tmp_path: Path
) -> None:
    store = open_store(lived / "tidegauge-report" / "history.db")
    report = store.report("credit@latest")
    name = "<img src=x>\x1b[31m](http://evil) `x` |"
    results = tuple(replace(r, column=name) if r.column else r for r in report.results)
    place = str(tmp_path / "h.db")
    odd = open_store(place)
    calm = tuple(replace(r, verdict=replace(r.verdict, outcome="pass")) for r in results)
    odd.save(replace(report, run_id="one", suite="odd", because=name, results=calm))
    odd.save(replace(report, run_id="two", suite="odd", because=name, results=results))
    for words in (("history",), ("diff", "one", "two"), ("diff", "one", "two", "--format", "md")):
        said = call(*words, "--history", place)
        assert "\x1b" not in said
    assert "<img" not in said
    assert "](http" not in said


def test_a_run_whose_name_and_window_are_hostile_is_escaped_in_markdown(
    call: Any, lived: Path, tmp_path: Path
) -> None:
    told = json.loads((lived / "tidegauge-report" / "credit.json").read_text())
    told["run_id"] = "<img src=x>"
    told["current"]["window"] = "[a](http://evil)/\x1b[31m"
    (tmp_path / "odd.json").write_text(json.dumps(told))
    said = call("diff", str(tmp_path / "odd.json"), "credit@latest", "--format", "md")
    assert "<img" not in said
    assert "[a](" not in said
    assert "\x1b" not in said


def test_a_run_that_cannot_be_is_refused_in_words(call: Any) -> None:
    for name in ("", "a" * 5_000, "\0"):
        with pytest.raises(HistoryError, match="holds no run"):
            call("report", name)
    with pytest.raises(click.BadParameter, match="not in the range"):
        call("history", "-n", "0")


def test_a_window_that_the_policy_forgets_at_once_says_so(tmp_path: Path) -> None:
    suite = parse_suite(SUITE % "same" + "history: {keep: 30d}\n")
    rows = {"income": np.arange(100.0), "region": ["north"] * 100}
    rows["at"] = ["2026-01-01T12:00:00Z"] * 100
    store = open_store(tmp_path / "h.db")
    for month, forgotten in ((6, True), (1, False)):
        now = datetime(2026, month, 2, 12, tzinfo=UTC)
        done = operate(suite, store, window="2026-01-01", current=rows, baseline=rows, now=now)
        notes = [note for note in done.report.notes if note.startswith("not kept: the window")]
        assert bool(notes) == forgotten
        assert len(store.runs()) == (not forgotten)


def test_a_history_is_exported_and_pruned(call: Any, lived: Path, tmp_path: Path) -> None:
    said = call("history", "export", str(tmp_path / "out"), "--suite", "credit")
    assert "runs.parquet, 2 rows" in said
    assert pq.read_table(tmp_path / "out" / "runs.parquet").num_rows == 2
    assert "forgotten: 0 runs" in call("history", "prune", "--keep", "1d")
    with pytest.raises(TidegaugeError, match="nothing to forget"):
        call("history", "prune")
    with pytest.raises(TidegaugeError, match="no length of time"):
        call("history", "prune", "--keep", "yesterday")


def test_a_kept_run_is_explained_by_its_id_and_stays_explained(
    call: Any, lived: Path, tmp_path: Path
) -> None:
    import shutil

    for name in ("before.parquet", "moved.parquet", "moved.yaml"):
        shutil.copy(lived / name, tmp_path / name)
    call(
        "run", "moved.yaml", "-q", "--history", str(tmp_path / "h.db"), "-o", str(tmp_path), code=1
    )
    store = open_store(tmp_path / "h.db")
    assert not any(one.basis == "rows" for one in store.report("credit@latest").explanations)
    words = ["--history", str(tmp_path / "h.db"), "-o", str(tmp_path), "-q", "--format", "json"]
    call("explain", "credit@latest", *words, code=1)
    explained = store.report("credit@latest")
    assert explained.explanations[0].basis == "rows"
    assert explained.causes[0].factor == "income"
    assert len(store.runs(superseded=True)) == 1


def test_a_run_that_nobody_wants_kept_is_not(call: Any, tmp_path: Path) -> None:
    place = str(tmp_path / "h.db")
    call("run", "same.yaml", "-q", "--no-history", "--history", place, "-o", str(tmp_path))
    assert not Path(place).exists()


def test_a_named_place_must_work_and_the_default_may_not(
    call: Any, tmp_path: Path, lived: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    with pytest.raises(HistoryError, match="is a folder"):
        call("run", "same.yaml", "-q", "--history", str(tmp_path), "-o", str(tmp_path))
    (tmp_path / "tidegauge-report").write_text("a file where a folder should be")
    monkeypatch.chdir(tmp_path)
    suite = str(lived / "same.yaml")
    assert cli.main(["run", suite, "-q", "-o", "out"], standalone_mode=False) == 0
    assert "not kept" in capsys.readouterr().err
    assert (tmp_path / "out" / "credit.html").exists()


def test_a_full_disk_costs_the_history_and_not_the_report(
    call: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from tidegauge.store import Store

    def full(*_: object, **__: object) -> str:
        raise HistoryError("history h.db: database or disk is full")

    monkeypatch.setattr(Store, "save", full)
    words = ["run", "same.yaml", "-q", "-o", str(tmp_path), "--history", str(tmp_path / "h.db")]
    assert cli.main(words, standalone_mode=False) == 2
    assert "disk is full" in capsys.readouterr().err
    assert (tmp_path / "credit.html").exists()


def test_a_suite_says_where_and_how_long(tmp_path: Path) -> None:
    text = SUITE % "same" + "history: {place: h.db, keep: 400d, keep_profiles: 90d}\n"
    found = parse_suite(text, folder=tmp_path).history
    assert found.place == str(tmp_path / "h.db")
    assert (found.keep, found.keep_profiles) == (timedelta(days=400), timedelta(days=90))
    url = SUITE % "same" + "history: {place: 'postgresql://gauge@db/history'}\n"
    assert parse_suite(url, folder=tmp_path).history.place == "postgresql://gauge@db/history"
    for wrong, said in {
        "{keep: 90d, keep_profiles: 400d}": "at most keep",
        "{keep: long}": "a length of time",
        "{kept: 90d}": "did you mean keep",
        "{place: 7}": "a path or URL",
    }.items():
        with pytest.raises(SuiteError, match=said):
            parse_suite(SUITE % "same" + f"history: {wrong}\n")


def test_a_suite_s_policy_is_followed_at_each_run(tmp_path: Path) -> None:
    suite = parse_suite(SUITE % "same" + "history: {keep: 30d}\n")
    rows = {"income": np.arange(100.0), "region": ["north"] * 100}
    store = open_store(tmp_path / "h.db")
    for day in (1, 2):
        operate(suite, store, current=rows, baseline=rows, now=datetime(2026, 1, day, tzinfo=UTC))
    assert len(store.runs()) == 1  # one log, read twice: the second is a revision
    operate(suite, store, current={**rows, "income": np.arange(1.0, 101.0)}, baseline=rows,
            now=datetime(2026, 6, 1, tzinfo=UTC))  # fmt: skip
    assert [row.created.month for row in store.runs(superseded=True)] == [6]


def test_a_run_into_a_ready_history_loads_no_sqlalchemy(lived: Path, tmp_path: Path) -> None:
    place = tmp_path / "h.db"
    open_store(place).close()
    words = ["run", "same.yaml", "-q", "--history", str(place), "-o", str(tmp_path)]
    code = (
        "import sys; from tidegauge.cli import cli\n"
        f"assert cli.main({words!r}, standalone_mode=False) == 0\n"
        "assert not {'sqlalchemy', 'alembic', 'sklearn', 'pandas', 'fastapi'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=lived, check=True)
    assert len(open_store(place).runs()) == 1
