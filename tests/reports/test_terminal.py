from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from rich.cells import cell_len
from rich.console import Console

from tidegauge.records import Report
from tidegauge_reports import terminal

MakeReport = Callable[..., Report]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def printed(report: Report, width: int) -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=False)
    terminal.print_report(report, console)
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    return text


def test_a_calm_report_is_short_and_plain(make_report: MakeReport) -> None:
    text = terminal.render(make_report(12, 0))
    assert text.startswith("✓ pass  credit-default\n")
    assert "\x1b" not in text
    assert len(text.splitlines()) < 16


def test_the_verdict_comes_first_and_the_alarms_are_capped(make_report: MakeReport) -> None:
    report = make_report(60, 40)
    text = terminal.render(report)
    assert text.startswith("◆ critical  credit-default\n")
    assert f"and {len(report.alarms) - terminal.SHOWN} more alarms" in text


@pytest.mark.parametrize("width", [40, 80, 120])
def test_no_line_is_wider_than_the_terminal(make_report: MakeReport, width: int) -> None:
    text = printed(make_report(12, 10, hostile=True), width)
    assert max(cell_len(line.rstrip()) for line in text.splitlines()) <= width


def test_hostile_text_reaches_no_terminal_raw(make_report: MakeReport) -> None:
    text = printed(make_report(12, 10, hostile=True), 200)
    assert "␛[31mred" in text
    assert "[bold red]markup[/]" in text
    assert not set(text) & {"\x1b", "\x00", "\x07", "\u202e"}


def test_colour_is_used_on_a_terminal_only(
    make_report: MakeReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr("sys.stdout", Terminal())
    assert "\x1b[" in terminal.render(make_report(12, 3))


def test_no_color_is_respected(make_report: MakeReport, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr("sys.stdout", Terminal())
    text = terminal.render(make_report(12, 3))
    assert "\x1b[31m" not in text
    assert "\x1b[33m" not in text
