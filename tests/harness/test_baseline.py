"""Baseline files: one file, no pickle, whole or not at all, refused when damaged."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tidegauge.baseline import Baseline, draw_sample, freeze, load_baseline, save_baseline
from tidegauge.errors import BaselineError
from tidegauge.logs import open_log
from tidegauge.profile import CategoricalProfile, NumericProfile
from tidegauge.running import run
from tidegauge.suite import Columns, parse_suite


def frame(rows: int = 3_000, seed: int = 0) -> pa.Table:
    rng = np.random.default_rng(seed)
    return pa.table(
        {
            "id": np.arange(rows),
            "age": rng.integers(18, 90, rows),
            "income": np.where(rng.random(rows) < 0.1, np.nan, rng.lognormal(3, 1, rows)),
            "region": rng.choice(["north", "south", "east"], rows, p=[0.6, 0.3, 0.1]),
        }
    )


@pytest.fixture
def frozen() -> Baseline:
    return freeze(open_log(frame()), Columns(id="id", segments=("region",)))


def test_a_saved_baseline_reads_back_the_same(frozen: Baseline, tmp_path: Path) -> None:
    back = load_baseline(save_baseline(frozen, tmp_path / "b.tgb"))
    before, after = frozen.profile.columns["income"], back.profile.columns["income"]
    assert isinstance(before, NumericProfile)
    assert isinstance(after, NumericProfile)
    np.testing.assert_array_equal(before.cuts, after.cuts)
    np.testing.assert_array_equal(before.below, after.below)
    np.testing.assert_array_equal(before.sums, after.sums)
    assert (before.n, before.nan, before.valid) == (after.n, after.nan, after.valid)
    assert list(back.profile.slices) == ["region=north", "region=south", "region=east"]
    assert back.profile.layout == frozen.profile.layout
    assert back.rows.num_rows == min(3_000, 5_000)


def test_all_rows_are_counted_even_when_grids_come_from_a_sample(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tidegauge.baseline._sample_rows", lambda schema: 500)
    table = frame(20_000)
    found = freeze(open_log(table), Columns(id="id")).profile
    income, region = found.columns["income"], found.columns["region"]
    values = table["income"].to_numpy()
    assert isinstance(income, NumericProfile)
    assert isinstance(region, CategoricalProfile)
    assert found.n == 20_000
    assert income.nan == int(np.isnan(values).sum())
    assert income.maximum == np.nanmax(values)
    np.testing.assert_array_equal(income.upto, [(values <= cut).sum() for cut in income.cuts])
    assert int(region.counts.sum()) == 20_000


def test_a_sample_is_uniform_over_the_whole_log() -> None:
    log = open_log({"x": np.arange(100_000.0)})
    sample, whole = draw_sample(log, 2_000, np.random.default_rng(0))
    values = sample["x"].to_numpy()
    assert not whole
    assert 800 <= len(values) <= 2_000
    assert np.histogram(values, 4, (0, 100_000))[0].min() > len(values) / 4 * 0.8


def test_it_holds_no_pickle(frozen: Baseline, tmp_path: Path) -> None:
    path = save_baseline(frozen, tmp_path / "b.tgb")
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["manifest.json", "profile.json", "arrays.arrow", "rows.arrow"]
        manifest = json.loads(archive.read("manifest.json"))
    assert manifest["version"] == 1
    assert set(manifest["sha256"]) == {"profile.json", "arrays.arrow", "rows.arrow"}


def rewritten(path: Path, name: str, body: bytes) -> Path:
    with zipfile.ZipFile(path) as archive:
        members = {n: archive.read(n) for n in archive.namelist()} | {name: body}
    with zipfile.ZipFile(path, "w") as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return path


def test_damage_is_noticed(frozen: Baseline, tmp_path: Path) -> None:
    path = rewritten(save_baseline(frozen, tmp_path / "b.tgb"), "profile.json", b"{}")
    with pytest.raises(BaselineError, match="does not match its digest"):
        load_baseline(path)


def test_another_format_version_is_refused(frozen: Baseline, tmp_path: Path) -> None:
    path = rewritten(save_baseline(frozen, tmp_path / "b.tgb"), "manifest.json", b'{"version": 9}')
    with pytest.raises(BaselineError, match="format 9, this release reads format 1"):
        load_baseline(path)


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04truncated"])
def test_what_is_no_baseline_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "b.tgb"
    path.write_bytes(content)
    with pytest.raises(BaselineError, match="not a tidegauge baseline file"):
        load_baseline(path)


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(BaselineError, match="no such baseline file"):
        load_baseline(tmp_path / "none.tgb")


def test_a_failed_write_leaves_nothing(
    frozen: Baseline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(zipfile.ZipFile, "writestr", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save_baseline(frozen, tmp_path / "b.tgb")
    assert list(tmp_path.iterdir()) == []


def test_stored_and_raw_baselines_give_the_same_verdicts(frozen: Baseline, tmp_path: Path) -> None:
    path = save_baseline(frozen, tmp_path / "b.tgb")
    suite = parse_suite(
        """
suite: s
logs: {baseline: {baseline: b.tgb}, current: {path: none.parquet}}
columns: {id: id, segments: [region]}
""",
        folder=tmp_path,
    )
    later = frame(1_000, seed=1)
    raw = run(suite, current=later, baseline=frame())
    stored = run(suite, current=later, baseline=str(path))
    assert [r.verdict for r in raw.results] == [r.verdict for r in stored.results]
    assert [r.score for r in raw.results] == [r.score for r in stored.results]


def test_a_baseline_frozen_for_other_columns_is_refused(frozen: Baseline, tmp_path: Path) -> None:
    save_baseline(frozen, tmp_path / "b.tgb")
    suite = parse_suite(
        """
suite: s
logs: {baseline: {baseline: b.tgb}, current: {path: none.parquet}}
columns: {id: id}
""",
        folder=tmp_path,
    )
    with pytest.raises(BaselineError, match="segments"):
        run(suite, current=frame())
