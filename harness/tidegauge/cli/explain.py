"""The command that looks deeper into the alarms of a run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tidegauge.cli.delivering import CODES, deliver, formats_of
from tidegauge.cli.stored import HISTORY, history, is_file, read
from tidegauge.errors import TidegaugeError

if TYPE_CHECKING:
    from tidegauge.freezing import Progress
    from tidegauge.records import Report
    from tidegauge.suite import Suite

SUITES = (".yaml", ".yml")
FRAME = "frame"
"""What a report names in place of a path where rows came from Python."""


@click.command(short_help="Look for the causes of a run's alarms.")
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("check", default="")
@click.option(
    "--suite", "named", type=click.Path(path_type=Path), help="Suite file, where it has moved."
)
@click.option("--window", metavar="W", help="A day (2026-11-21), or START/END in ISO 8601.")
@click.option("--current", metavar="PATH", help="Read this log instead of the run's.")
@click.option("--baseline", metavar="PATH", help="Log or .tgb file to hold it against instead.")
@click.option(
    "--suggest-order", "suggest", is_flag=True, help="Let the baseline suggest a causal order."
)
@click.option("--dowhy", is_flag=True, help="Note beside ours what dowhy makes of it.")
@click.option(
    "--format",
    "formats",
    default="html,json",
    show_default=True,
    metavar="LIST",
    help="Files to write: html, json, md, junit.",
)
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, file_okay=False, allow_dash=True),
    help="Folder for the files; - prints them.  [default: beside RUN, or tidegauge-report]",
)
@HISTORY
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
def explain(
    run: Path,
    check: str,
    named: Path | None,
    window: str | None,
    current: str | None,
    baseline: str | None,
    suggest: bool,
    dowhy: bool,
    formats: str,
    out: Path | None,
    place: str | None,
    quiet: bool,
) -> int:
    r"""Read the rows of RUN again and look deeper for the causes of its alarms.

    RUN is the JSON report of a run, the id of one that was kept (or SUITE@latest), or a suite,
    which is run first. CHECK narrows it down to one
    check or one column; without it every alarm is explained. The report is written anew, with the
    causes in it. The exit code is that of the run.

    --suggest-order and --dowhy take seconds to minutes and need the extra "causal".

    \b
    Examples:
      tidegauge explain tidegauge-report/credit.json
      tidegauge explain tidegauge-report/credit.json income
      tidegauge explain credit-default@latest
      tidegauge explain suite.yaml drift.psi --window 2026-11-21
    """
    from tidegauge.progress import shown
    from tidegauge.startup import spare_pandas

    spare_pandas()
    wanted = formats_of(formats)
    given = {"current": current, "baseline": baseline}
    requests = {"suggest": suggest, "dowhy": dowhy}
    with shown() as progress:
        if run.suffix.lower() in SUITES:
            if named is not None:
                raise TidegaugeError(f"{run} is a suite, and --suite names another", "drop one")
            report, suite = _run(run, window, given, progress)
        else:
            report = read(run) if is_file(str(run)) else history(place).report(str(run))
            suite = _suite_of(report, run, named)
        report = _explained(report, suite, check, window, given, requests, progress)
    if _is_kept(run) and not (check or window or current or baseline):
        history(place).save(report)
    home = Path("tidegauge-report") if run.suffix.lower() in SUITES else run.parent
    deliver(report, wanted, out or home, quiet=quiet)
    return CODES[report.outcome]


def _is_kept(run: Path) -> bool:
    """Whether a run is named by its id in the history."""
    return run.suffix.lower() not in SUITES and not is_file(str(run))


def _run(
    path: Path, window: str | None, given: dict[str, str | None], progress: Progress
) -> tuple[Report, Suite]:
    """Run a suite without explaining it: that is done with more rows and more time right after."""
    from tidegauge.running import run as run_suite
    from tidegauge.suite import load_suite

    suite = load_suite(path)
    silent = replace(suite, explain=replace(suite.explain, on="never"))
    report = run_suite(
        silent,
        window=window,
        current=given["current"],
        baseline=given["baseline"],
        progress=progress,
    )
    return report, suite


def _explained(
    report: Report,
    suite: Suite,
    check: str,
    window: str | None,
    given: dict[str, str | None],
    requests: dict[str, bool],
    progress: Progress,
) -> Report:
    from tidegauge.causes import explain_report

    found: Report = explain_report(
        report,
        suite,
        check=_known(report, check),
        window=window or report.current.window or None,
        current=_place(report, "current", given["current"]),
        baseline=_place(report, "baseline", given["baseline"]),
        progress=progress,
        **requests,
    )
    return found


def _suite_of(report: Report, run: Path, named: Path | None) -> Suite:
    """Load the suite that a report came from, wherever it can be found."""
    from tidegauge.suite import load_suite

    if named is not None:
        suite = load_suite(named)
    elif not report.suite_path:
        raise TidegaugeError(
            f"{run} came from Python and names no suite file",
            "name one by --suite, or call tidegauge.explain(current, baseline) where the rows are",
        )
    else:
        place = Path(report.suite_path)
        places = [place, run.parent / place, run.parent / place.name]
        found = next((file for file in places if file.is_file()), None)
        if found is None:
            raise TidegaugeError(
                f"{run} came from the suite {place}, which is not there",
                "name the suite by --suite PATH, or go to the folder where it was run",
            )
        suite = load_suite(found)
    if suite.name != report.suite:
        raise TidegaugeError(
            f'{suite.path} is the suite "{suite.name}", and {run} a report of "{report.suite}"',
            "name the suite that was run by --suite PATH",
        )
    return suite


def _place(report: Report, side: str, given: str | None) -> str | None:
    """Find what to read for one side: what is given, else what the run read."""
    before = report.overrides.get(side)
    if given is None and before == FRAME:
        raise TidegaugeError(
            f"the run read its {side} rows from Python, and they are gone",
            f"name them by --{side} PATH, or call tidegauge.explain(current, baseline) there",
        )
    return given or before


def _known(report: Report, check: str) -> str:
    """Take the name of a check, of its evaluator or of a column; refuse any other."""
    from tidegauge.catalog import nearest

    if not check:
        return ""
    known = dict.fromkeys(
        name for one in report.results for name in (one.check, one.evaluator, one.column) if name
    )
    if check not in known:
        raise TidegaugeError(
            f'the report has no check and no column "{check}"', nearest(check, known)
        )
    return check
