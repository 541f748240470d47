"""A progress bar on terminals, nothing anywhere else."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tidegauge.freezing import Progress

WORDS = {
    "baseline": "reading the baseline",
    "current": "reading the current log",
    "measure": "measuring",
    "overview": "drawing up the report",
    "explain": "looking for causes",
}


@contextmanager
def shown() -> Iterator[Progress]:
    """Show progress on standard error while the block runs, if that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda stage, done, rows: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=None)

        def tell(stage: str, done: int, rows: int | None) -> None:
            bar.update(task, description=WORDS.get(stage, stage), completed=done, total=rows)

        yield tell
