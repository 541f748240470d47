"""The suites that the server knows, read again when their files change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from tidegauge.errors import TidegaugeError
from tidegauge.suite import Suite, load_suite

SUFFIXES = (".yaml", ".yml")
MARK = "suite:"
"""A YAML file in a folder is taken for a suite when a line begins so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelved:
    """A suite's file: what it says, or why it cannot be used."""

    path: Path
    suite: Suite | None = None
    problem: str = ""
    hint: str = ""
    stamp: tuple[int, int] = (0, 0)
    """Time and size of the file when it was read."""

    @property
    def name(self) -> str:
        """The suite's name; its file's where it cannot be read."""
        return self.suite.name if self.suite else self.path.stem


@dataclass(slots=True)
class Shelf:
    """Every suite file that was named, and those of folders that were named."""

    places: tuple[Path, ...]
    found: Mapping[Path, Shelved] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def look(self) -> tuple[str, ...]:
        """Read what is new or changed; give the names of suites that differ from before."""
        with self.lock:
            before = self.found
            self.found = _told_apart(
                {path: _read(path, before.get(path)) for path in self._files()}
            )
            changed = [
                one
                for path in {**before, **self.found}
                if before.get(path) != self.found.get(path)
                for one in (before.get(path), self.found.get(path))
                if one is not None
            ]
            return tuple(sorted({one.name for one in changed}))

    def __iter__(self) -> Iterator[Shelved]:
        """Every suite, in order of its file."""
        return iter(self.found.values())

    def get(self, name: str) -> Shelved | None:
        """Find a suite by its name; one that can be used goes before one that cannot."""
        named = [one for one in self if one.name == name]
        return min(named, key=lambda one: one.suite is None, default=None)

    def _files(self) -> Iterator[Path]:
        for place in dict.fromkeys(self.places):
            if place.is_dir():
                files = (one for one in sorted(place.rglob("*")) if one.suffix in SUFFIXES)
                yield from (file for file in files if _is_suite(file))
            else:
                yield place


def _is_suite(file: Path) -> bool:
    try:
        with file.open(encoding="utf-8", errors="replace") as lines:
            return any(line.startswith(MARK) for line in lines)
    except OSError:
        return False


def _read(path: Path, before: Shelved | None) -> Shelved:
    stamp = _stamp(path)
    if before is not None and before.stamp == stamp and stamp != (0, 0):
        return before
    try:
        return Shelved(path=path, suite=load_suite(path), stamp=stamp)
    except TidegaugeError as error:
        return Shelved(path=path, problem=error.message, hint=error.hint, stamp=stamp)


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


def _told_apart(found: Mapping[Path, Shelved]) -> dict[Path, Shelved]:
    """Refuse the second of two suites of one name: their runs could not be told apart."""
    first: dict[str, Path] = {}
    told = {}
    for path, one in found.items():
        other = first.setdefault(one.name, path) if one.suite else path
        told[path] = one if other == path else Shelved(
            path=path,
            problem=f'{path}: found the name "{one.name}", which {other} has too',
            hint="give one of them another name: the history keeps runs by it",
            stamp=one.stamp,
        )  # fmt: skip
    return told
