"""What was kept comes back; the same claims for SQLite and for PostgreSQL."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from tidegauge.errors import HistoryError
from tidegauge.records import Cause, Explanation, Interval, Limit, Report
from tidegauge.report import to_json
from tidegauge.running import Ran
from tidegauge.store import Store, asking, open_store
from tidegauge.store.exporting import export
from tidegauge.store.keeping import bounds_of
from tidegauge.store.tables import metadata, parts, profiles, reports, runs

Windowed = Callable[..., Report]
START = datetime(2026, 11, 1, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def kept(store: Store, ran: Ran, report: Report | None = None) -> str:
    return store.save(report or ran.report, profile=ran.profile, baseline=ran.reference.profile)


def test_a_new_history_is_empty(store: Store) -> None:
    assert store.runs() == ()
    assert store.suites() == ()
    with pytest.raises(HistoryError, match="holds no run"):
        store.report("abc")


def test_a_report_comes_back_to_the_last_digit(store: Store, ran: Ran, calm: Ran) -> None:
    for one in (ran, calm, ran):
        assert store.report(kept(store, one)) == one.report


def test_a_run_says_what_it_came_to(store: Store, ran: Ran, windowed: Windowed) -> None:
    row = store.run(kept(store, ran, windowed(3)))
    assert row.at == row.window_end == START + 4 * DAY
    assert row.window_start == START + 3 * DAY
    assert row.outcome == "critical"
    assert row.because == ran.report.because
    assert row.model_versions == ("v1", "v2")
    assert row.model_version == "v1"
    assert sum(row.counts.values()) == len(ran.report.results)
    assert (row.n_baseline, row.n_current) == (3_000, 400)
    assert row.created.tzinfo is UTC


def test_runs_come_newest_window_first_and_only_so_many(
    store: Store, ran: Ran, windowed: Windowed
) -> None:
    for n in (2, 0, 3, 1):
        store.save(windowed(n))
    days = [row.window_start for row in store.runs("income")]
    assert days == [START + n * DAY for n in (3, 2, 1, 0)]
    assert len(store.runs(limit=2)) == 2
    chosen = store.runs(since=START + 2 * DAY, until=START + 4 * DAY)
    assert [row.at for row in chosen] == [START + 3 * DAY, START + 2 * DAY]
    assert store.runs("other") == ()
    (suite,) = store.suites()
    assert (suite.name, suite.runs, suite.latest.at) == ("income", 4, START + 4 * DAY)


def test_saving_a_run_twice_changes_nothing(store: Store, ran: Ran, windowed: Windowed) -> None:
    report = windowed(0)
    kept(store, ran, report)
    kept(store, ran, report)
    (row,) = store.runs(superseded=True)
    assert row.revision == 1
    assert len(store.series("income", check="drift.psi", column="income")) == 1


def test_of_a_window_only_the_newest_revision_counts(
    store: Store, ran: Ran, windowed: Windowed
) -> None:
    first, second = windowed(0), replace(windowed(0), run_id="again")
    store.save(first)
    store.save(second)
    (row,) = store.runs("income")
    assert (row.id, row.revision) == ("again", 2)
    assert [r.superseded_by for r in store.runs("income", superseded=True)] == ["", "again"]
    assert store.report(first.run_id) == first
    points = store.series("income", check="drift.psi", column="income")
    assert [point.run_id for point in points] == ["again"]


def test_a_run_over_other_rows_supersedes_nothing(store: Store, windowed: Windowed) -> None:
    store.save(windowed(0))
    store.save(replace(windowed(0), run_id="aside", overrides={"current": "other.parquet"}))
    assert len(store.runs("income")) == 2


def test_runs_without_a_window_are_revisions_where_the_log_is_the_same(
    store: Store, ran: Ran
) -> None:
    for name, digest in (("one", "a"), ("two", "a"), ("three", "b")):
        side = replace(ran.report.current, digest=digest)
        store.save(replace(ran.report, run_id=name, current=side, overrides={}))
    assert {row.id for row in store.runs()} == {"two", "three"}


def test_what_explains_a_kept_run_replaces_what_was_said(
    store: Store, ran: Ran, windowed: Windowed
) -> None:
    report = windowed(0)
    kept(store, ran, report)
    cause = Cause(factor="income", share=0.9, interval=Interval(0.8, 1.0), because="moved by 8")
    why = Explanation(of="drift", verdict="covariate", because="income", causes=(cause,))
    explained = replace(report, explanations=(why,))
    store.save(explained)
    assert store.report(report.run_id) == explained
    assert store.profile(report.run_id).n == 400
    assert store.run(report.run_id).model_versions == ("v1", "v2")


def test_series_hold_values_limits_and_versions(
    store: Store, ran: Ran, calm: Ran, windowed: Windowed
) -> None:
    kept(store, calm, windowed(0, of=calm))
    kept(store, ran, windowed(1))
    points = store.series("income", check="drift.psi", column="income")
    assert [point.outcome for point in points] == ["pass", "critical"]
    assert [point.at for point in points] == [START + DAY, START + 2 * DAY]
    assert [point.broke for point in points] == [False, True]
    assert {(point.warn, point.critical) for point in points} == {(0.1, 0.2)}
    last = points[-1]
    (said,) = [
        r for r in ran.report.results if (r.check, r.column, r.slice) == ("drift.psi", "income", "")
    ]
    assert said.score is not None
    assert (last.value, (last.low, last.high)) == (said.score.value, said.score.interval)
    assert last.model_version == "v1"
    slices = store.series("income", check="drift.psi", column="income", slice=None)
    assert {point.slice for point in slices} == {"", "region=north", "region=south"}
    assert store.series("income", check="drift.psi", column="income", since=START + 9 * DAY) == ()


def test_limits_against_the_baseline_are_values_in_a_series(ran: Ran) -> None:
    result = next(one for one in ran.report.results if one.score is not None)
    assert result.score is not None
    limits = (
        Limit(severity="warn", versus="drop", bound=0.05),
        Limit(severity="critical", versus="rise", bound=0.5, share=True),
        Limit(severity="info", versus="value", bound=9.0),
    )
    held = replace(result, score=replace(result.score, baseline=-0.8))
    bounds = bounds_of(held, limits)
    assert bounds == {"warn": pytest.approx(-0.85), "critical": pytest.approx(-0.4)}
    unheld = replace(result, score=replace(result.score, baseline=None))
    assert bounds_of(unheld, limits) == {}


def test_streaks_count_windows_in_a_row_up_to_a_moment(
    store: Store, ran: Ran, calm: Ran, windowed: Windowed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "STRETCH", 3)  # what lasts is longer than what is read at once
    alarms = (True, False, *[True] * 6)
    for n, alarm in enumerate(alarms):
        of = ran if alarm else calm
        store.save(replace(windowed(n, of=of), run_id=f"run{n}"))
    key = ("drift.psi", "income", "")
    assert store.streaks("income", before=START + 30 * DAY)[key] == 6
    assert store.streaks("income", before=START + 5 * DAY)[key] == 2
    assert store.streaks("income", before=START + 3 * DAY) == {}
    assert store.streaks("income", before=START + 2 * DAY)[key] == 1
    assert store.streaks("income", before=START) == {}
    assert store.streaks("other", before=START + 30 * DAY) == {}


def test_a_run_is_found_by_what_is_unique_of_its_name(store: Store, windowed: Windowed) -> None:
    for n in range(3):
        store.save(replace(windowed(n), run_id=f"ab{n}cd"))
    assert store.run("ab1").id == "ab1cd"
    assert store.run("income@latest").id == "ab2cd"
    assert store.run("income@2026-11-01").id == "ab0cd"
    for wrong, said in {
        "ab": "several runs begin",
        "abcd": "ab0cd",
        "income": "income@latest",
        "incme@latest": "did you mean income",
        "income@2027": "no run over a window",
        "%": "holds no run",
        "": "holds no run",
        "'; DROP TABLE runs; --": "holds no run",
    }.items():
        with pytest.raises(HistoryError, match=said):
            store.run(wrong)


def test_text_that_a_log_may_hold_is_kept(store: Store, ran: Ran) -> None:
    hostile = "\0 \ud800 ' \" ; -- % _ <b> \x1b[31m"
    results = tuple(replace(r, column=hostile) for r in ran.report.results[:1])
    report = replace(ran.report, suite="odd", run_id="odd", because=hostile, results=results)
    store.save(report)
    assert "<b>" in store.run("odd").because
    assert store.report("odd").suite == "odd"
    assert len(store.series("odd")) == 1


def test_a_history_shows_no_password(place: str) -> None:
    if "://" not in place:
        pytest.skip("a file has none")
    secret = place.replace("gauge@", "gauge:hunter2@")
    opened = open_store(secret)
    assert "hunter2" not in opened.place
    opened.close()
    with pytest.raises(HistoryError) as caught:
        open_store(secret.rpartition("/")[0] + "/nowhere")
    assert "hunter2" not in str(caught.value)


def test_a_report_costs_little_where_another_is_like_it(
    store: Store, ran: Ran, windowed: Windowed
) -> None:
    for n in range(3):
        kept(store, ran, windowed(n))
    with store.reading() as connection:
        sizes = connection.scalars(sa.select(sa.func.length(reports.c.body))).all()
        assert connection.scalar(sa.select(sa.func.count()).select_from(parts)) == 3
    assert max(sizes) < 1_000


def test_old_runs_are_forgotten_whole(store: Store, ran: Ran, windowed: Windowed) -> None:
    for n in range(4):
        kept(store, ran, windowed(n))
    done = store.prune(keep=DAY, now=START + 4 * DAY)
    assert done.runs == 2
    assert [row.at for row in store.runs()] == [START + 4 * DAY, START + 3 * DAY]
    with store.reading() as connection:
        for table in (runs, reports, profiles):
            assert connection.scalar(sa.select(sa.func.count()).select_from(table)) == 2
    store.prune("other", keep=DAY, now=START + 99 * DAY)
    assert len(store.runs()) == 2
    store.prune("income", keep=DAY, now=START + 99 * DAY)
    assert store.runs() == ()
    with store.reading() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(parts)) == 0


def test_old_profiles_are_added_up_to_days(store: Store, ran: Ran, windowed: Windowed) -> None:
    length = 8 * HOUR
    for n in range(5):
        kept(store, ran, windowed(n, length=length))
    done = store.prune(keep_profiles=3 * HOUR, now=START + 40 * HOUR)
    assert (done.runs, done.profiles, done.days) == (0, 2, 1)
    days = list(store.profiles("income"))
    assert [profile.n for _, profile in days] == [3 * 400, 400, 400]
    day, single = days[0][1].columns["income"], ran.profile.columns["income"]
    assert (day.upto == 3 * single.upto).all()  # type: ignore[union-attr]
    assert days[0][0].at == START + 24 * HOUR
    with pytest.raises(HistoryError, match="3 windows"):
        store.profile(days[0][0].id)
    with pytest.raises(HistoryError, match="no profile any more"):
        store.profile(windowed(0, length=length).run_id)
    assert store.prune(keep_profiles=3 * HOUR, now=START + 40 * HOUR).profiles == 0
    assert len(store.runs()) == 5
    store.shrink()


def test_tables_are_exported_to_parquet(
    store: Store, ran: Ran, windowed: Windowed, tmp_path: Path
) -> None:
    for n in range(3):
        store.save(windowed(n))
    with store.reading() as connection:
        written = export(connection, tmp_path / "out")
    assert {path.name for path in written} == {"runs.parquet", "results.parquet", "causes.parquet"}
    assert {path.name for path in (tmp_path / "out").iterdir()} == {path.name for path in written}
    found = pq.read_table(tmp_path / "out" / "results.parquet")
    assert found.num_rows == 3 * len({(r.check, r.column, r.slice) for r in ran.report.results})
    assert str(found.schema.field("at").type) == "timestamp[us, tz=UTC]"
    assert pq.read_table(tmp_path / "out" / "runs.parquet")["at"][0].as_py() == START + DAY


WRITER = """
import sys
from dataclasses import replace
from pathlib import Path
from tidegauge.report import from_json
from tidegauge.store import open_store

report = from_json(Path("report.json").read_bytes())
print("ready", flush=True)
sys.stdin.readline()
store = open_store(sys.argv[1])
for n in range(100, 110):
    side = replace(report.current, window=f"2026-01-01/{2027 + n}-01-01")
    store.save(replace(report, run_id=f"run{n}", current=side))
store.save(replace(report, run_id="same100", suite="same"))
"""


def test_two_processes_begin_a_history_and_write_at_once(
    place: str, ran: Ran, tmp_path: Path
) -> None:
    side = replace(ran.report.current, window="2026-11-01T00:00:00+00:00/2026-11-02T00:00:00+00:00")
    report = replace(ran.report, current=side, overrides={})
    (tmp_path / "report.json").write_text(to_json(report))
    words = [sys.executable, "-c", WRITER, place]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, cwd=tmp_path, stdin=pipe, stdout=pipe, text=True) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == "ready\n"
        other.stdin.write("go\n")
        other.stdin.flush()
        store = open_store(place)
        for n in range(10):
            side = replace(report.current, window=f"2026-01-01/{2027 + n}-01-01")
            store.save(replace(report, run_id=f"run{n}", current=side))
        store.save(replace(report, run_id="same0", suite="same"))
        assert other.wait(60) == 0
    assert len(store.runs("income", limit=None)) == 20
    assert sorted(row.revision for row in store.runs("same", superseded=True)) == [1, 2]
    assert len(store.runs("same")) == 1
    store.close()


def test_an_older_history_is_carried_over_and_a_newer_one_refused(
    place: str, ran: Ran, tmp_path: Path
) -> None:
    from tidegauge.store.migrating import SCRIPTS, upgrade

    store = open_store(place)
    store.save(ran.report)
    scripts = tmp_path / "scripts"
    (scripts / "versions").mkdir(parents=True)
    first = (SCRIPTS / "versions" / "0001_first.py").read_text()
    (scripts / "versions" / "0001_first.py").write_text(first)
    (scripts / "versions" / "0002_next.py").write_text(
        "from alembic import op\nimport sqlalchemy as sa\n"
        "revision, down_revision = '0002', '0001'\n"
        "def upgrade():\n    op.add_column('runs', sa.Column('mood', sa.Text()))\n"
    )
    upgrade(store.engine, "0001", scripts=scripts, to="0002")
    upgrade(store.engine, "0001", scripts=scripts, to="0002")  # another was quicker: nothing to do
    with store.reading() as connection:
        columns = {column["name"] for column in sa.inspect(connection).get_columns("runs")}
    assert "mood" in columns
    store.close()
    with pytest.raises(HistoryError, match="revision 0002, this release knows 0001") as caught:
        open_store(place)
    assert "upgrade tidegauge" in caught.value.hint


def test_the_tables_are_those_that_are_described(store: Store) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with store.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        told = [one for one in compare_metadata(context, metadata) if one[0] != "remove_table"]
    assert told == []


def test_a_damaged_file_is_told_in_words(tmp_path: Path) -> None:
    file = tmp_path / "history.db"
    file.write_bytes(b"this is no database, it is a text\n" * 200)
    with pytest.raises(HistoryError, match="not a database") as caught:
        open_store(file)
    assert "move it away" in caught.value.hint


def test_what_is_no_history_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="is a folder"):
        open_store(tmp_path)
    with pytest.raises(HistoryError, match="no history there"):
        open_store(tmp_path / "none.db", create=False)
    with pytest.raises(HistoryError, match='no history in "mysql"'):
        open_store("mysql://somewhere/else")
    with pytest.raises(HistoryError, match="cannot be read"):
        open_store("://")
    assert list(tmp_path.iterdir()) == []


def test_the_environment_names_the_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEGAUGE_HISTORY", str(tmp_path / "named.db"))
    open_store().close()
    assert (tmp_path / "named.db").exists()
    monkeypatch.delenv("TIDEGAUGE_HISTORY")
    monkeypatch.chdir(tmp_path)
    open_store().close()
    assert (tmp_path / "tidegauge-report" / "history.db").exists()


def test_a_file_is_written_ahead_and_flushed(tmp_path: Path) -> None:
    store = open_store(tmp_path / "history.db")
    with store.reading() as connection:
        asked = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert asked == {
        "journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000,
    }  # fmt: skip
    store.close()


def test_readers_do_not_wait_for_a_writer(tmp_path: Path, ran: Ran) -> None:
    store = open_store(tmp_path / "history.db")
    store.save(ran.report)
    with store.transaction() as connection:
        connection.execute(sa.delete(runs))
        assert len(store.runs()) == 1
        connection.rollback()
    assert sqlite3.connect(tmp_path / "history.db").execute(
        "PRAGMA integrity_check"
    ).fetchone() == ("ok",)
    store.close()


def test_saving_loads_no_sqlalchemy_where_the_file_is_ready(tmp_path: Path, ran: Ran) -> None:
    store = open_store(tmp_path / "history.db")
    store.close()
    (tmp_path / "report.json").write_text(to_json(ran.report))
    code = (
        "import sys; from pathlib import Path; from tidegauge.report import from_json\n"
        "from tidegauge.store import open_store\n"
        "open_store('history.db').save(from_json(Path('report.json').read_text()))\n"
        "assert not {'sqlalchemy', 'alembic', 'psycopg'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    assert len(open_store(tmp_path / "history.db").runs()) == 1


def test_times_are_in_utc_whatever_the_zone(store: Store, ran: Ran) -> None:
    window = "2026-11-01T00:00:00+02:00/2026-11-02T00:00:00+02:00"
    side = replace(ran.report.current, window=window)
    store.save(replace(ran.report, current=side))
    (row,) = store.runs()
    assert row.at == datetime(2026, 11, 1, 22, tzinfo=UTC)
    assert row.at.tzinfo is UTC
