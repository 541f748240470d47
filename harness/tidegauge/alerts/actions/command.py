"""Start a program for an incident: a list of arguments, never a shell.

The message arrives as JSON on its standard input. Its environment holds ``PATH``, ``HOME``,
``LANG``, ``TZ`` and ``TMPDIR``, what the suite adds, and ``TIDEGAUGE_KEY``, by which it can know a
repeat.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

from tidegauge.alerts.filling import filled
from tidegauge.errors import TidegaugeError
from tidegauge.incident import Message
from tidegauge.suite.acts import Command, Deed

if TYPE_CHECKING:
    from tidegauge.store import Store
    from tidegauge.suite import Suite

KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "SYSTEMROOT")
TAIL = 400
"""Characters of its output that are shown where it fails."""


def act(deed: Deed, message: Message, suite: Suite, store: Store) -> None:
    """Start the program and wait for its end."""
    assert isinstance(deed, Command)
    values = placeholders(message)
    arguments = [values.get(word, filled(word)) for word in deed.arguments]
    environment = {
        **{name: os.environ[name] for name in KEPT if name in os.environ},
        **{name: filled(value) for name, value in deed.environment.items()},
        "TIDEGAUGE_KEY": message.key,
    }
    body = json.dumps(asdict(message)).encode()
    seconds = deed.timeout.total_seconds()
    with TemporaryFile() as told, TemporaryFile() as output:
        told.write(body)
        told.seek(0)
        try:
            process = subprocess.Popen(
                arguments,
                stdin=told,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=Path(deed.folder or "."),
                env=environment,
                start_new_session=True,
            )
        except OSError as error:
            raise TidegaugeError(f"{arguments[0]} cannot be started: {error.strerror}") from None
        try:
            code = process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            _end(process)
            raise TidegaugeError(f"{arguments[0]} took longer than {seconds:g} s") from None
        if code:
            size = output.seek(0, os.SEEK_END)
            output.seek(max(0, size - TAIL))
            said = output.read(TAIL).decode("utf-8", "replace").strip()
            raise TidegaugeError(f"{arguments[0]} ended with code {code}: {said}")


def placeholders(message: Message) -> dict[str, str]:
    """Say what the arguments ``{incident}`` and its like stand for; nothing of it was logged."""
    start, _, end = message.window.partition("/")
    return {
        "{key}": message.key,
        "{suite}": message.suite,
        "{incident}": message.incident,
        "{event}": message.event,
        "{severity}": message.severity,
        "{run}": message.run,
        "{window}": message.window,
        "{window_start}": start,
        "{window_end}": end,
    }


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a program and all that it started: kindly, then at once."""
    for kind in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, kind)
        except ProcessLookupError:
            break
        deadline = time.monotonic() + 2
        while process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
    process.wait()
