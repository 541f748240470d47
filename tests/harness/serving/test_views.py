"""Views: what is thinned out keeps its worst, what changes is seen, what is broken is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tidegauge.baseline import save_baseline
from tidegauge.calibration.keeping import with_limits
from tidegauge.calibration.shape import Achieved, Calibrated, Calibration
from tidegauge.freezing import freeze_baseline
from tidegauge.records import Interval, Report
from tidegauge.serving.building import timeline
from tidegauge.serving.building.baselines import baselines_view
from tidegauge.serving.building.desk import Desk
from tidegauge.serving.building.diff import diff_view
from tidegauge.serving.building.glance import suites_view
from tidegauge.serving.building.timeline import suite_view
from tidegauge.serving.hub import Hub
from tidegauge.serving.jobs import Jobs
from tidegauge.serving.shelf import Shelf
from tidegauge.store import Store
from tidegauge.suite import load_suite
from tidegauge.views import Track

Make = Callable[..., Report]


def desk_of(store: Store, *places: Path) -> Desk:
    shelf = Shelf(places)
    shelf.look()
    now = datetime(2026, 11, 30, tzinfo=UTC)
    return Desk(store=store, shelf=shelf, jobs=Jobs(hub=Hub(), history=""), now=lambda: now)


def valued(report: Report, value: float, outcome: str) -> Report:
    """The same report with one value and outcome everywhere."""
    results = tuple(
        replace(
            one,
            score=replace(one.score, value=value, interval=Interval(value - 0.1, value + 0.1)),
            verdict=replace(one.verdict, outcome=outcome),  # type: ignore[arg-type]
        )
        for one in report.results
        if one.score is not None
    )
    return replace(report, results=results, outcome=outcome)  # type: ignore[arg-type]


def psi(desk: Desk, range: str = "90d") -> Track:
    view = suite_view(desk, "credit", check="drift.psi", column="income", range=range)
    assert view is not None
    return view.tracks[0]


def test_what_is_too_close_to_draw_keeps_its_worst_and_its_extremes(
    store: Store, remade: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeline, "MARKS", 4)
    for day in range(12):
        outcome = "critical" if day == 5 else "pass"
        store.save(valued(remade(day), 9.0 if day == 4 else 0.1 * day, outcome))
    track = psi(desk_of(store), range="all")
    assert [point.windows for point in track.points] == [3, 3, 3, 3]
    second = track.points[1]
    assert (second.outcome, second.value, second.run) == ("critical", 0.5, "cred00000005")
    assert (second.least, second.most) == (0.30000000000000004, 9.0)
    assert (track.low, track.high) == (0.0, 9.0)


def test_new_runs_and_new_revisions_are_seen(store: Store, remade: Make) -> None:
    desk = desk_of(store)
    store.save(valued(remade(1), 0.1, "pass"))
    store.save(valued(remade(3), 0.3, "pass"))
    assert [point.value for point in psi(desk).points] == [0.1, 0.3]
    store.save(valued(remade(2), 0.2, "pass"))  # an older window, run later
    again = valued(remade(3), 0.9, "warn")
    store.save(replace(again, run_id="again"))
    assert [point.value for point in psi(desk).points] == [0.1, 0.2, 0.9]
    store.save(replace(again, run_id="again", because="Told anew."))  # the same run, kept anew
    assert desk.report("again").because == "Told anew."
    view = suite_view(desk, "credit")
    assert view is not None
    assert [run.id for run in view.runs] == ["again", "cred00000002", "cred00000001"]
    assert view.suite.newest is not None
    assert view.suite.newest.revision == 2


def test_tracks_that_alarm_come_first_and_can_be_narrowed(store: Store, remade: Make) -> None:
    report = remade(1)
    store.save(report)
    desk = desk_of(store)
    view = suite_view(desk, "credit")
    assert view is not None
    assert [track.outcome for track in view.tracks] == ["critical", "pass"]
    assert view.tracks[0].title == "Population stability index"
    assert view.tracks[0].because
    for asked, n in (
        ({"find": "MISSING"}, 1), ({"check": "drift.psi"}, 1), ({"column": "nothing"}, 0),
        ({"slice": "*"}, 2), ({"page": "7"}, 2),
    ):  # fmt: skip
        page = int(asked.pop("page", "1"))
        found = suite_view(desk, "credit", page=page, **asked)
        assert found is not None
        assert found.tracks_in_all == n
    assert suite_view(desk, "unknown") is None


def test_model_versions_and_baselines_leave_a_mark_where_they_change(
    store: Store, remade: Make
) -> None:
    for day, digest in enumerate(("a" * 64, "a" * 64, "b" * 64)):
        report = remade(day)
        store.save(replace(report, baseline=replace(report.baseline, digest=digest)))
    desk = desk_of(store)
    view = suite_view(desk, "credit")
    assert view is not None
    assert [(mark.kind, mark.said) for mark in view.marks] == [("baseline", "baseline " + "b" * 12)]
    uses = baselines_view(desk).baselines[0].uses
    assert [(use.digest[0], use.runs) for use in uses] == [("b", 1), ("a", 2)]


def test_a_broken_suite_is_shown_beside_the_others(
    store: Store, tmp_path: Path, made: Callable[..., Path], remade: Make
) -> None:
    made(tmp_path, "credit")
    (tmp_path / "broken.yaml").write_text("suite: broken\nlogs: 7\n", "utf-8")
    store.save(remade(1))
    tiles = {one.name: one for one in suites_view(desk_of(store, tmp_path)).tiles}
    assert sorted(tiles) == ["broken", "credit"]
    assert "broken.yaml:2: logs" in tiles["broken"].broken
    assert not tiles["broken"].can_run
    assert tiles["credit"].can_run
    assert tiles["credit"].newest is not None
    assert tiles["credit"].strip[0].run == "cred00000001"


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        ('schedule: "0 6 * * *"', "The newest window is 2026-11-01; 2026-11-28 should be there."),
        ("schedule: {cron: '0 6 1 * *', timezone: Europe/Berlin}", ""),  # monthly: it is there
        ("", ""),
    ],
)
def test_a_suite_is_overdue_by_its_own_schedule(
    store: Store, tmp_path: Path, made: Callable[..., Path], remade: Make, schedule: str, said: str
) -> None:
    made(tmp_path, "credit", schedule)
    store.save(remade(1))
    assert suites_view(desk_of(store, tmp_path)).tiles[0].overdue == said


def test_the_nearest_to_a_limit_comes_first_from_whichever_side() -> None:
    row = (0, "pass", 0.0, None, None, None, 1.0)
    ordered = sorted((0.5, 300.0, 0.0, 0.9, 1.2), key=lambda value: timeline._rank(
        [(*row[:2], value, *row[3:])]))  # fmt: skip
    assert ordered == [0.9, 1.2, 0.5, 300.0, 0.0]


def test_a_baseline_is_what_the_suite_says_of_it(
    store: Store, tmp_path: Path, made: Callable[..., Path], remade: Make
) -> None:
    path = made(tmp_path)
    store.save(remade(1))
    kinds = []
    whole = path.read_text("utf-8")
    for source in ("{path: before.parquet}", "{rolling: 28d}", "{same: weekday, last: 4}"):
        path.write_text(whole.replace("{path: before.parquet}", source), "utf-8")
        (line,) = baselines_view(desk_of(store, path)).baselines
        assert not line.trouble
        kinds.append(line.kind)
    assert kinds == ["log", "rolling", "seasonal"]
    path.write_text("suite: credit\nlogs: 7\n", "utf-8")
    assert "credit.yaml:2: logs" in baselines_view(desk_of(store, path)).baselines[0].trouble


def test_an_empty_history_says_how_to_begin(store: Store) -> None:
    view = suites_view(desk_of(store))
    assert view.tiles == ()
    assert "tidegauge serve SUITE.yaml" in view.notes[0]


def test_two_runs_are_laid_side_by_side(store: Store, remade: Make) -> None:
    store.save(valued(remade(1), 0.1, "pass"))
    store.save(valued(remade(2), 0.9, "critical"))
    store.save(valued(remade(3), 0.9, "critical"))
    desk = desk_of(store)
    view = diff_view(desk, before="cred00000001", after="cred00000002")
    assert {one.change for one in view.differences} == {"worse"}
    back = diff_view(desk, before="cred00000002", after="cred00000001")
    assert back.counts["better"] == len(back.differences) > 0
    same = diff_view(desk, before="cred00000002", after="cred00000003")
    assert same.differences == ()
    whole = diff_view(desk, before="cred00000002", after="cred00000003", show="all")
    assert {one.change for one in whole.differences} == {"same"}
    assert len(whole.differences) == whole.counts["same"]
    assert "no run" in diff_view(desk, before="nothing").trouble


def test_a_calibrated_baseline_shows_its_limits_and_its_rate(
    store: Store, tmp_path: Path, made: Callable[..., Path]
) -> None:
    path = made(tmp_path)
    learned = Calibration(
        length="1d", first="2026-01-01", last="2026-02-19", windows=50, asked=0.05, needed=19,
        achieved=Achieved(alarms=1, windows=50, rate=0.02, low=0.001, high=0.1),
        limits=(
            Calibrated(check="drift.psi", column="income", usual=0.02, warn=(None, 0.1),
                       critical=(0.001, 0.2), rows=240, share=0.001, df=49, windows=50),
        ),
    )  # fmt: skip
    frozen = freeze_baseline(load_suite(path))
    save_baseline(with_limits(replace(frozen, promoted={"run": "ab12", "by": "ana"}), learned),
                  tmp_path / "credit.tgb")  # fmt: skip
    text = path.read_text("utf-8").replace("{path: before.parquet}", "{baseline: credit.tgb}")
    path.write_text(text, "utf-8")
    desk = desk_of(store, path)
    line = baselines_view(desk).baselines[0]
    assert (line.kind, line.calibrated, line.limits_in_all) == ("file", True, 1)
    assert "Achieved on windows that were held out: 2 %" in line.false_alarms
    limit = line.limits[0]
    assert (limit.warn, limit.critical) == ("above 0.1", "below 0.001 or above 0.2")
    assert "run ab12 by ana" in line.promoted
    (tmp_path / "credit.tgb").write_bytes(b"torn")
    assert baselines_view(desk).baselines[0].trouble
    (tmp_path / "credit.tgb").unlink()
    assert "No such file" in baselines_view(desk).baselines[0].trouble
