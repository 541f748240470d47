"""Limits in a baseline file: written, read, edited, put back, refused."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from tests.harness.calibration.made import days

from tidegauge.baseline import Baseline, freeze, load_baseline, save_baseline
from tidegauge.calibration.document import limits_text, read_limits
from tidegauge.calibration.keeping import edited, limits_of, with_limits
from tidegauge.calibration.shape import Achieved, Calibrated, Calibration, Odd
from tidegauge.errors import BaselineError
from tidegauge.logs import open_log
from tidegauge.suite import Columns

FOUND = Calibration(
    length="1d",
    first="2026-03-02T00:00:00+00:00",
    last="2026-04-30T00:00:00+00:00",
    windows=60,
    asked=0.05,
    achieved=Achieved(alarms=2, windows=59, rate=2 / 59, low=0.004, high=0.117),
    needed=19,
    reference=23_000,
    odd=(Odd(window="2026-04-01T00:00:00+00:00", because='drift.psi on "income" 4.4'),),
    limits=(
        Calibrated(
            check="drift.psi", column="income", usual=0.0123456789, warn=(None, 0.0456789123),
            critical=(None, 0.0654321987), rows=400, noise=0.25, surely=0.125, scale="power 1/3",
            share=1 / 480, df=52.25, windows=59, beyond=1,
            seasons={"weekday": (0.001, 0.0, 0.0, 0.0, 0.0, 0.0123, -0.002)},
        ),
        Calibrated(
            check="quality.row_count", usual=400.0, warn=(300.0, None), critical=(250.0, None),
            rows=400, scale="log", share=0.01, df=59, windows=60,
        ),
        Calibrated(
            check="text.sentiment", column="mood", slice="region=a b", usual=0.0,
            warn=(-1e-05, 1.5e-05), critical=(-2e-05, 2.5e-05), rows=400, share=0.01, df=59,
            windows=60,
        ),
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def held() -> Baseline:
    return with_limits(freeze(open_log(days(2, rows=40)), Columns()), FOUND)


def text() -> str:
    return limits_text(FOUND)


def test_a_file_that_nobody_touched_reads_back_the_same() -> None:
    assert read_limits(text(), FOUND, file="limits.yaml") == FOUND


def test_a_person_reads_what_was_asked_and_what_was_achieved() -> None:
    said = text()
    assert "Asked: alarms in at most 5 % of unchanged windows." in said
    assert "3.39 % (2 of 59; 95 % interval 0.4 to 11.7 %)" in said
    assert "warn: 0.0456789  # passed by 1 window of the baseline" in said
    assert "warn: [-1.0e-05, 1.5e-05]" in said


def test_too_few_windows_are_told() -> None:
    few = Calibration(
        length="1d", first="", last="", windows=12, asked=0.05, needed=19,
        achieved=Achieved(alarms=0, windows=12, rate=0.0, low=0.0, high=0.26),
    )  # fmt: skip
    assert "12 windows cannot bear that out: 19 are needed." in limits_text(few)


def test_an_edited_number_counts_and_is_marked() -> None:
    changed = read_limits(
        text().replace("warn: 0.0456789 ", "warn: 0.06 "), FOUND, file="limits.yaml"
    )
    psi, rows, _ = changed.limits
    assert (psi.warn, psi.edited, rows.edited) == ((None, 0.06), True, False)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("warn: 0.0456789", "warn: much", 'limits.yaml:19: limits[0].warn: found the text "much"'),
        ("warn: 0.0456789", "warn: 0.07", "critical bound that is passed before the warn bound"),
        ("warn: 300", "warn: 200", "critical bound that is passed before the warn bound"),
        ("warn: [-1.0e-05, 1.5e-05]", "warn: [2, 1]", "lower bound above the upper one"),
        ("warn: [-1.0e-05, 1.5e-05]", "warn: [1]", "two numbers: a lower and an upper bound"),
        ("    usual: 400\n", "", "found no usual"),
        ("column: \"income\"", "column: \"incom\"", "for which none was learned"),
        ("noise: 0.25", "noise: 1.5", "a number between 0 and 1"),
        ("format: 1", "format: 2", "this release reads format 1"),
        ("    rows: 400", "    row: 400", 'found the unknown key "row"'),
        ("-0.002]", "-0.002, 0]", "allowed: 7 numbers"),
        ("odd:", "odd: [", "bad YAML"),
    ],
)  # fmt: skip
def test_what_is_not_allowed_is_told_with_its_line(old: str, new: str, complaint: str) -> None:
    assert old in text()
    with pytest.raises(BaselineError) as caught:
        read_limits(text().replace(old, new), FOUND, file="limits.yaml")
    assert complaint in str(caught.value)


def test_limits_travel_in_the_baseline_file(held: Baseline, tmp_path: Path) -> None:
    path = save_baseline(held, tmp_path / "b.tgb")
    with zipfile.ZipFile(path) as archive:
        assert archive.read("limits.yaml").decode() == text()
    assert limits_of(load_baseline(path)) == FOUND


def test_a_baseline_without_limits_has_none(tmp_path: Path) -> None:
    bare = freeze(open_log(days(2, rows=40)), Columns())
    path = save_baseline(bare, tmp_path / "b.tgb")
    assert limits_of(load_baseline(path)) is None
    with zipfile.ZipFile(path) as archive:
        assert "limits.yaml" not in archive.namelist()
    with pytest.raises(BaselineError, match="no calibrated limits to edit"):
        edited(bare, text(), file="limits.yaml")


def test_an_edited_file_is_put_back_as_it_was_written(held: Baseline, tmp_path: Path) -> None:
    mine = "# ours\n" + text().replace("warn: 300", "warn: 310")
    changed = load_baseline(
        save_baseline(edited(held, mine, file="limits.yaml"), tmp_path / "b.tgb")
    )
    assert changed.limits == mine
    found = limits_of(changed)
    assert found is not None
    assert [one.edited for one in found.limits] == [False, True, False]


def test_a_member_edited_inside_the_archive_is_read_and_checked(
    held: Baseline, tmp_path: Path
) -> None:
    path = save_baseline(held, tmp_path / "b.tgb")
    for new, fine in (("warn: 310", True), ("warn: none", False)):
        again = _with_member(path, "limits.yaml", text().replace("warn: 300", new))
        if fine:
            found = limits_of(load_baseline(again))
            assert found is not None
            assert found.limits[1].warn == (310.0, None)
        else:
            with pytest.raises(BaselineError, match=r"limits.yaml:\d+: limits\[1\].warn"):
                limits_of(load_baseline(again))


def test_what_was_learned_is_sealed(held: Baseline, tmp_path: Path) -> None:
    path = save_baseline(held, tmp_path / "b.tgb")
    packed = json.loads(held.calibration)
    packed["calibration"]["asked"] = 0.5
    with pytest.raises(BaselineError, match=r"calibration.json does not match its digest"):
        load_baseline(_with_member(path, "calibration.json", json.dumps(packed)))


def _with_member(path: Path, name: str, body: str) -> Path:
    other = path.with_name("other.tgb")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(other, "w") as new:
        for member in old.namelist():
            new.writestr(member, body if member == name else old.read(member))
    return other
