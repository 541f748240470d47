"""Where a log's files are: paths, folders, patterns, dated templates and URLs."""

from __future__ import annotations

import fnmatch
import glob
import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import unquote

import pyarrow as pa

from tidegauge.errors import DataError
from tidegauge.logs.record import Notes
from tidegauge.logs.windows import Window

NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"
_TEMPLATE = re.compile(r"\{(date|hour)(?::([^{}]*))?\}")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_PARTITION = re.compile(r"([^=/\\]+)=([^=/\\]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One file that is there."""

    name: str
    """Path or URL, as messages show it."""
    path: str
    """What its file system opens."""
    size: int
    modified: float
    filesystem: Any = None
    """A ``pyarrow.fs.FileSystem``; None for local files."""
    partitions: Mapping[str, str] = field(default_factory=dict)

    def open(self) -> pa.NativeFile:
        """Open for random access."""
        if self.filesystem is None:
            return pa.OSFile(self.path, "rb")
        return self.filesystem.open_input_file(self.path)


def is_template(source: str) -> bool:
    """Whether a path holds ``{date}`` or ``{hour}``."""
    return _TEMPLATE.search(source) is not None


def splits_window(source: str, window: Window) -> bool:
    """Whether the window begins or ends inside one of the template's files."""
    hourly = any(
        found[1] == "hour" or "%H" in (found[2] or "") for found in _TEMPLATE.finditer(source)
    )
    step = timedelta(hours=1) if hourly else timedelta(days=1)
    return any(_floor(moment, step) != moment for moment in (window.start, window.end))


def find(
    source: str, window: Window | None, options: Mapping[str, Any], notes: Notes
) -> list[Place]:
    """List the files of one source, in order of name.

    Raises
    ------
    DataError
        When there are none; the message says what was looked for.
    """
    if not is_template(source):
        found = list(_places(source, options))
        if not found:
            raise DataError(*_nothing(source))
        return found
    if window is None:
        raise DataError(
            f"{source} is filled in from a window, and there is none",
            'say which: "window: 1d" beside the path, or --window 2026-11-21',
        )
    wanted = _filled(source, window)
    found_by = {path: list(_places(path, options)) for path in wanted}
    missing = [path for path, places in found_by.items() if not places]
    if len(missing) == len(wanted):
        raise DataError(
            f"no file for {window}: looked for {_few(wanted)}",
            "check the path and the window; times are UTC",
        )
    if missing:
        notes["missing"] = f"{len(missing)} of {len(wanted)} paths are not there: {_few(missing)}"
    return list({place.name: place for places in found_by.values() for place in places}.values())


def digest(places: Iterable[Place]) -> str:
    """SHA-256 of names, sizes and times."""
    lines = (f"{one.name}\0{one.size}\0{one.modified}\n" for one in places)
    return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def _few(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _filled(source: str, window: Window) -> list[str]:
    hourly = any(f[1] == "hour" or "%H" in (f[2] or "") for f in _TEMPLATE.finditer(source))
    step = timedelta(hours=1) if hourly else timedelta(days=1)
    moment, paths = _floor(window.start, step), dict[str, None]()
    while moment < window.end:
        paths[_TEMPLATE.sub(partial(_stamp, moment=moment), source)] = None
        moment += step
    return list(paths)


def _stamp(found: re.Match[str], moment: datetime) -> str:
    return moment.strftime(found[2] or ("%Y-%m-%d" if found[1] == "date" else "%H"))


def _floor(moment: datetime, step: timedelta) -> datetime:
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + (moment - midnight) // step * step


def _places(source: str, options: Mapping[str, Any]) -> Iterator[Place]:
    if source.startswith("file://"):
        source = unquote(source.removeprefix("file://").removeprefix("localhost"))
    if _URL.match(source):
        from tidegauge.logs.remote import remote_places

        yield from remote_places(source, options)
        return
    source = os.path.expanduser(source)
    if os.path.isdir(source):
        yield from _folder(source)
    elif os.path.exists(source):
        yield _local(source, {})
    elif glob.has_magic(source):
        for path in sorted(glob.glob(source, recursive=True)):
            if os.path.isdir(path):
                if "**" not in source:  # which names the files inside by itself
                    yield from _folder(path)
            elif not ignored(os.path.basename(path)):
                yield _local(path, partitions(path))


def _folder(folder: str) -> Iterator[Place]:
    for here, folders, files in os.walk(folder, followlinks=True):
        if "_delta_log" in folders:
            raise DataError(*delta(folder))
        folders[:] = sorted(name for name in folders if not ignored(name))
        for name in sorted(files):
            if not ignored(name):
                path = os.path.join(here, name)
                yield _local(path, partitions(path))


def delta(folder: str) -> tuple[str, str]:
    """Message and hint for a Delta table, whose folder also holds rows deleted long ago."""
    return (
        f"{folder} is a Delta table; its folder also holds deleted and replaced rows",
        "read it with the deltalake package and pass the frame, or export it to Parquet",
    )


def ignored(name: str) -> bool:
    """Whether a file or folder is a writer's own: hidden, ``_SUCCESS``, ``_metadata``."""
    return name.startswith((".", "_")) and "=" not in name


def partitions(path: str) -> dict[str, str]:
    """Columns that folder names hold, as in ``date=2026-01-01/part-0.parquet``."""
    folders = re.split(r"[/\\]", path)[:-1]
    found = [_PARTITION.fullmatch(name) for name in folders]
    return {unquote(one[1]): unquote(one[2]) for one in found if one}


def _local(path: str, columns: Mapping[str, str]) -> Place:
    try:
        status = os.stat(path)
    except OSError as problem:
        raise DataError(
            f"{path} cannot be read: {problem.strerror}", "check the file, or the link"
        ) from problem
    return Place(
        name=path, path=path, size=status.st_size, modified=status.st_mtime, partitions=columns
    )


def _nothing(source: str) -> tuple[str, str]:
    if _URL.match(source) or glob.has_magic(source):
        return (
            f"no file matches {source}",
            "check the pattern; names with a leading . or _ are ignored",
        )
    if os.path.isdir(source):
        return f"{source} is a folder without data files", "names with a leading . or _ are ignored"
    return f"{source} does not exist", _neighbour(source)


def _neighbour(path: str) -> str:
    from tidegauge.catalog import nearest

    folder, name = os.path.split(path)
    while folder and not os.path.isdir(folder):
        folder, name = os.path.split(folder)
    around = sorted(entry for entry in os.listdir(folder or ".") if not ignored(entry))
    where = os.path.abspath(folder or ".")
    if not around:
        return f"{where} is empty"
    close = nearest(name, around)
    return f"in {where}: {close}" if close.startswith("did") else f"{where} holds {_few(around)}"


def matches(path: str, pattern: str) -> bool:
    """Whether a path fits a pattern whose ``*`` stops at ``/`` and whose ``**`` does not."""
    return re.fullmatch(_expression(pattern), path) is not None


def _expression(pattern: str) -> str:
    steps = []
    for step in pattern.split("/"):
        if step == "**":
            steps.append("(?:[^/]+/)*")
        else:
            body = fnmatch.translate(step)
            inner = body.removeprefix("(?s:").removesuffix(r")\Z").removesuffix(r")\z")
            steps.append(inner.replace(".*", "[^/]*") + "/")
    return "".join(steps).removesuffix("/")
