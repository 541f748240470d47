"""Where a report goes once it is made: files in the formats asked for, and the terminal."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tidegauge.errors import TidegaugeError

if TYPE_CHECKING:
    from tidegauge.records import Report

CODES = {"pass": 0, "warn": 0, "critical": 1, "error": 2, "inconclusive": 3}
SUFFIXES = {
    "html": ".html",
    "json": ".json",
    "markdown": ".md",
    "junit": ".xml",
    "terminal": ".txt",
    "prometheus": ".prom",
}
SHORT = {"md": "markdown", "xml": "junit", "txt": "terminal"}


def formats_of(listed: str) -> tuple[str, ...]:
    """Read the names of renderers, long or short.

    Raises
    ------
    TidegaugeError
        When nothing renders one of them.
    """
    from tidegauge.catalog import nearest, renderer_names

    names = [part.strip() for part in listed.split(",") if part.strip()]
    full = tuple(SHORT.get(name, name) for name in names)
    for name in full:
        if name not in renderer_names():
            raise TidegaugeError(f'no report format "{name}"', nearest(name, renderer_names()))
    return full


def deliver(
    report: Report, formats: tuple[str, ...], out: Path, *, quiet: bool, stem: str = ""
) -> None:
    """Render everything, then write it; a failure or Ctrl-C leaves nothing half-written.

    Files are named after the suite unless a stem is given.
    """
    from tidegauge.catalog import renderer

    texts = {name: renderer(name)(report) for name in formats}
    if str(out) == "-":
        for text in texts.values():
            click.echo(text, nl=not text.endswith("\n"))
        return
    stem = "".join(c if c.isalnum() or c in "-_." else "-" for c in stem or report.suite)
    stem = stem or "report"
    files = {out / f"{stem}{SUFFIXES.get(name, f'.{name}')}": t for name, t in texts.items()}
    write(files)
    if not quiet:
        click.echo(renderer("terminal")(report).rstrip() + "\n")
        for path in files:
            click.echo(f"written: {path}")


def write(files: dict[Path, str]) -> None:
    """Write files whole or not at all: each beside its place first, then moved there."""
    drafts = []
    try:
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_name(f".{path.name}.{os.getpid()}")
            drafts.append(draft)
            draft.write_text(text, encoding="utf-8")
        for draft, path in zip(drafts, files, strict=True):
            draft.replace(path)
    except OSError as error:
        raise TidegaugeError(f"cannot write {error.filename}: {error.strerror}") from error
    finally:
        for draft in drafts:
            draft.unlink(missing_ok=True)
