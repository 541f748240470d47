"""``tidegauge baseline`` and ``tidegauge promote``: freeze, calibrate, edit limits, promote."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tidegauge.errors import BaselineError, TidegaugeError

if TYPE_CHECKING:
    from tidegauge.baseline import Baseline


@click.command(short_help="Freeze a suite's baseline, learn its limits.")
@click.argument("words", nargs=-1, metavar="SUITE | limits FILE", required=True)
@click.option("--from", "source", metavar="PATH", help="Raw log to freeze instead of the suite's.")
@click.option("--window", metavar="W", help="Freeze this day, or START/END, only.")
@click.option(
    "--calibrate", is_flag=True, help="Learn each check's limits from the baseline's own windows."
)
@click.option("--windows", metavar="L", help="Length of these windows; default the suite's, or 1d.")
@click.option(
    "--refresh", is_flag=True, help="Keep the file's counts, make the vectors of its rows anew."
)
@click.option(
    "--set",
    "edited",
    metavar="YAML",
    type=click.Path(path_type=Path, dir_okay=False),
    help="With limits: put an edited limits file back.",
)
@click.option("-o", "--out", type=click.Path(path_type=Path, dir_okay=False), help="File to write.")
def baseline(
    words: tuple[str, ...],
    source: str | None,
    window: str | None,
    calibrate: bool,
    windows: str | None,
    refresh: bool,
    edited: Path | None,
    out: Path | None,
) -> int:
    r"""Freeze the baseline of SUITE, so that runs need no raw reference rows.

    With --calibrate it also learns, from the baseline's own windows, the limits that
    "critical: calibrated" takes. "limits FILE" prints them.

    \b
    Examples:
      tidegauge baseline suite.yaml -o baselines/credit.tgb
      tidegauge baseline suite.yaml --from data/validation.parquet
      tidegauge baseline suite.yaml --calibrate --windows 1d
      tidegauge baseline limits baselines/credit.tgb > limits.yaml
      tidegauge baseline limits baselines/credit.tgb --set limits.yaml
      tidegauge baseline suite.yaml --refresh    after the encoder of texts changed
    """
    if words[0] == "limits" and not Path("limits").is_file():
        return _limits(words[1:], edited)
    if len(words) > 1 or edited:
        raise click.UsageError("name one suite, or: tidegauge baseline limits FILE [--set YAML]")
    if windows and not calibrate:
        raise click.UsageError("--windows is for --calibrate")
    return _freeze(Path(words[0]), source, window, calibrate, windows, refresh, out)


@click.command(short_help="Make a run's window the baseline.")
@click.argument("run")
@click.option("--window", metavar="W", help="With a suite: the window to promote.")
@click.option("--by", metavar="NAME", default="", help="Who promotes it; default the user's name.")
@click.option("--force", is_flag=True, help="Promote a run with critical findings too.")
@click.option("--history", "history", metavar="PLACE", help="File or URL of the history.")
@click.option("-o", "--out", type=click.Path(path_type=Path, dir_okay=False), help="File to write.")
def promote(
    run: str, window: str | None, by: str, force: bool, history: str | None, out: Path | None
) -> int:
    r"""Make the window of RUN the new baseline: a run's id, SUITE@latest, or a suite file.

    The baseline before it is kept beside it as NAME.1.tgb, NAME.2.tgb and so on.

    \b
    Examples:
      tidegauge promote credit@latest --by maria
      tidegauge promote 3f2a91 -o baselines/credit.tgb
      tidegauge promote suite.yaml --window 2026-11-21
    """
    from tidegauge.progress import shown
    from tidegauge.promoting import promote as promoted
    from tidegauge.promoting import run_of
    from tidegauge.startup import spare_pandas
    from tidegauge.store import open_store

    spare_pandas()
    store = open_store(history)
    with shown() as progress:
        report, suite = run_of(run, window, store, progress=progress)
        target = out or Path(suite.logs.baseline.baseline or f"{suite.name}.tgb")
        done = promoted(
            report, suite, target=target, store=store, by=by, force=force, progress=progress
        )
    _said(done.path, done.baseline)
    click.echo(f"from run {report.run_id} of {report.current.window or 'all rows'}")
    if done.previous:
        click.echo(f"the baseline before it: {done.previous}")
    if done.lost_limits:
        click.echo("that one held calibrated limits; they are of its windows and do not carry over")
    if not suite.logs.baseline.baseline:
        click.echo(f"use it in the suite:  logs: {{baseline: {{baseline: {target}}}}}")
    return 0


def _freeze(
    suite: Path,
    source: str | None,
    window: str | None,
    calibrate: bool,
    windows: str | None,
    refresh: bool,
    out: Path | None,
) -> int:
    from tidegauge.baseline import load_baseline, save_baseline
    from tidegauge.freezing import freeze_baseline, refresh_baseline
    from tidegauge.progress import shown
    from tidegauge.startup import spare_pandas
    from tidegauge.suite import load_suite

    spare_pandas()
    loaded = load_suite(suite)
    named = loaded.logs.baseline.baseline
    target = out or Path(named or f"{loaded.name}.tgb")
    length = windows or loaded.logs.current.window or "1d"
    with shown() as progress:
        frozen = (
            refresh_baseline(loaded, load_baseline(named or target))
            if refresh
            else freeze_baseline(
                loaded,
                source=source,
                window=window,
                progress=progress,
                calibrate=length if calibrate else "",
            )
        )
    save_baseline(frozen, target)
    _said(target, frozen)
    if calibrate:
        _calibrated(target, frozen)
    if not named:
        click.echo(f"use it in the suite:  logs: {{baseline: {{baseline: {target}}}}}")
    return 0


def _said(target: Path, frozen: Baseline) -> None:
    versions = frozen.model_versions
    model = f", model {' and '.join(versions[:3])}" if versions else ""
    click.echo(f"{target}: {frozen.side.n:,} rows, {len(frozen.profile.columns)} columns{model}")


def _calibrated(target: Path, frozen: Baseline) -> None:
    from tidegauge.calibration.document import rate_sentence
    from tidegauge.calibration.keeping import limits_of

    found = limits_of(frozen)
    assert found is not None
    click.echo(f"{len(found.limits):,} limits from {found.windows:,} windows of {found.length}.")
    click.echo(rate_sentence(found))
    for odd in found.odd:
        click.echo(f"odd, and left out: {odd.window[:16]}  {odd.because}")
    if not found.bears:
        click.echo("warning: take a longer baseline, or shorter windows: --windows 6h", err=True)
    click.echo(f"read and edit them:  tidegauge baseline limits {target}")
    click.echo("use them in the suite:  policy: {limits: calibrated}")


def _limits(files: tuple[str, ...], edited: Path | None) -> int:
    from tidegauge.baseline import load_baseline, save_baseline
    from tidegauge.calibration.keeping import edited as put_back
    from tidegauge.calibration.keeping import limits_of

    if len(files) != 1:
        raise click.UsageError("name one baseline file: tidegauge baseline limits FILE")
    path = Path(files[0])
    held = load_baseline(path)
    if edited is None:
        if not held.limits:
            raise BaselineError(
                f"{path} holds no calibrated limits",
                "learn some: tidegauge baseline SUITE --calibrate",
            )
        limits_of(held)  # complains of what was edited by hand and does not read
        click.echo(held.limits, nl=False)
        return 0
    try:
        text = edited.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TidegaugeError(f"{edited}: cannot be read: {error}") from None
    changed = put_back(held, text, file=str(edited))
    save_baseline(changed, path)
    found = limits_of(changed)
    count = sum(one.edited for one in found.limits) if found else 0
    click.echo(f"{path}: limits of {edited} put back, {count} of them edited by hand")
    return 0
