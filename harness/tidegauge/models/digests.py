"""SHA-256 of a folder's files, worked out once and remembered until a file changes."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath

from tidegauge.models.places import cache_folder

MEMORY = "digests.json"
REMEMBERED = 4_096
OTHER_RUNTIMES = (".onnx", ".h5", ".msgpack", ".ot", ".gguf", ".tflite", ".mlmodel", ".xml")
"""Weights for runtimes that are not used here, which hubs put beside the others."""
PROSE = (".md", ".rst", ".pdf", ".png", ".jpg", ".jpeg", ".svg", ".gif", ".py", ".pyc", ".lock")
"""Nothing that a loader reads; code in a model folder is never run."""


def loadable(name: str) -> bool:
    """Whether a loader could read a file of this name.

    Examples
    --------
    >>> [loadable(name) for name in ("vocab.txt", "README.md", ".gitattributes", "LICENSE")]
    [True, False, False, False]
    """
    path = PurePosixPath(name)
    hidden = any(part.startswith((".", "__pycache__")) for part in path.parts)
    legal = path.stem.upper() in ("LICENSE", "LICENCE", "NOTICE", "COPYING", "TIDEGAUGE-MODEL")
    return not hidden and not legal and path.suffix.lower() not in OTHER_RUNTIMES + PROSE


def digests(folder: Path, also: Sequence[str] = (), *, anew: bool = False) -> dict[str, str]:
    """SHA-256 in hex of each file that a loader could read, and of those named.

    A digest is remembered by place, size, number and times of the file. Where safetensors lie
    beside pickles of the same weights, the pickles are passed over: nothing reads them.

    Parameters
    ----------
    folder
        A model folder; links are followed, as a hub's cache consists of them.
    also
        Further files to include where they exist; paths that leave the folder are passed over.
    anew
        Read every file, whatever is remembered.
    """
    there = {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}
    wanted = {name for name in there if loadable(name)}
    if any(name.endswith(".safetensors") for name in wanted):
        wanted = {name for name in wanted if not name.endswith((".bin", ".pt", ".pth"))}
    wanted |= there & set(also)
    known = {} if anew else _recall()
    found: dict[str, str] = {}
    new: dict[str, str] = {}
    for name in sorted(wanted):
        key = _signature(folder / name)
        if key not in known:
            known[key] = new[key] = sha256_of(folder / name)
        found[name] = known[key]
    if new:
        _remember(new)
    return found


def sha256_of(file: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _signature(file: Path) -> str:
    real = file.resolve()
    seen = real.stat()
    # the time of the last change of state cannot be set back, as the time of writing can
    return f"{real}:{seen.st_size}:{seen.st_ino}:{seen.st_mtime_ns}:{seen.st_ctime_ns}"


def _recall() -> dict[str, str]:
    try:
        found = json.loads((cache_folder() / MEMORY).read_text(encoding="utf-8"))
        return {str(k): str(v) for k, v in found.items()}
    except (OSError, ValueError, AttributeError):
        return {}


def _remember(new: dict[str, str]) -> None:
    """Add to what is remembered; where that cannot be written, files are hashed again."""
    kept = dict(list((_recall() | new).items())[-REMEMBERED:])
    folder = cache_folder()
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = folder / f".{MEMORY}.{os.getpid()}"
        unfinished.write_text(json.dumps(kept), encoding="utf-8", errors="surrogateescape")
        unfinished.replace(folder / MEMORY)
