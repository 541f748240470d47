"""Files in object stores, through Arrow's own file systems or, failing that, fsspec."""

from __future__ import annotations

import glob
import os
import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
from pyarrow import fs

from tidegauge.errors import DataError, MissingExtraError
from tidegauge.logs.places import Place, delta, ignored, matches, partitions

ARROW_SPEAKS = ("s3", "gs", "gcs", "abfs", "abfss", "hdfs", "viewfs")


def remote_places(url: str, options: Mapping[str, Any]) -> Iterator[Place]:
    """Files under a URL: one object, a prefix, or a pattern.

    Raises
    ------
    DataError
        When the store cannot be reached or refuses.
    MissingExtraError
        When the store needs fsspec, or a driver of it, that is not installed.
    """
    scheme = url.partition("://")[0]
    plain = url.split("*")[0].split("?")[0].split("[")[0]
    root = url if plain == url else posixpath.dirname(plain)
    filesystem, path = _filesystem(root, scheme, options)
    try:
        found = list(_listed(filesystem, path))
    except (OSError, pa.ArrowException) as problem:
        raise DataError(f"{url} cannot be listed: {_first_line(problem)}") from problem
    pattern = path + url[len(root) :] if glob.has_magic(url) else None
    for info in sorted(found, key=lambda one: str(one.path)):
        if pattern is None or matches(
            info.path, pattern.strip("/") if _bare(info.path) else pattern
        ):
            yield _place(info, filesystem, scheme, url if info.path == path else "")


def _bare(path: str) -> bool:
    return not path.startswith("/")


def _listed(filesystem: fs.FileSystem, path: str) -> Iterator[fs.FileInfo]:
    here = filesystem.get_file_info(path)
    if here.type == fs.FileType.File:
        yield here
    elif here.type == fs.FileType.Directory:
        prefix = path.rstrip("/")
        for info in filesystem.get_file_info(fs.FileSelector(path, recursive=True)):
            steps = info.path[len(prefix) :].strip("/").split("/")
            if "_delta_log" in steps:
                raise DataError(*delta(path))
            if info.type == fs.FileType.File and not any(ignored(step) for step in steps):
                yield info


def _place(info: fs.FileInfo, filesystem: fs.FileSystem, scheme: str, name: str) -> Place:
    return Place(
        name=name or f"{scheme}://{info.path.lstrip('/')}",
        path=info.path,
        size=info.size or 0,
        modified=info.mtime_ns / 1e9 if info.mtime_ns else 0.0,
        filesystem=filesystem,
        partitions=partitions(info.path),
    )


def _filesystem(url: str, scheme: str, options: Mapping[str, Any]) -> tuple[fs.FileSystem, str]:
    storage = dict(options.get("storage", {}))
    if scheme in ARROW_SPEAKS and not storage:
        try:
            filesystem, path = fs.FileSystem.from_uri(url)
            return filesystem, path
        except (pa.ArrowException, OSError):
            if not _have_fsspec():
                raise
    return _through_fsspec(url, scheme, storage)


def _have_fsspec() -> bool:
    from importlib.util import find_spec

    return find_spec("fsspec") is not None


def _through_fsspec(url: str, scheme: str, storage: dict[str, Any]) -> tuple[fs.FileSystem, str]:
    if not _have_fsspec():
        raise MissingExtraError(
            f"{scheme}:// needs an optional dependency", 'pip install "tidegauge[remote]"'
        )
    from fsspec.core import url_to_fs

    try:
        store, path = url_to_fs(url, **storage)
    except ImportError as problem:
        raise MissingExtraError(f"{url}: {_first_line(problem)}", "install that driver") from None
    except ValueError as problem:
        raise DataError(f"{url}: {_first_line(problem)}", "check the part before ://") from None
    return fs.PyFileSystem(fs.FSSpecHandler(store)), path


def _first_line(problem: BaseException) -> str:
    return (str(problem).splitlines() or [type(problem).__name__])[0].strip(os.linesep)
