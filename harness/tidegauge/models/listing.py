"""Every model that can be found here, with what is known of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tidegauge.errors import ModelError
from tidegauge.models.digests import loadable
from tidegauge.models.manifest import Folder, open_folder
from tidegauge.models.places import PACKAGED, hub_cache, packaged, shipped, snapshot
from tidegauge.models.shelf import Shelf, holds_model, open_packaged


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A model that was found, sound or not."""

    name: str
    """By which a suite finds it."""
    where: str
    """``models folder``, ``package``, ``comes along``, ``hub's cache``."""
    path: Path
    bytes: int
    """Of the files that a loader reads."""
    licence: str = ""
    state: str = ""
    """Whether its files are what they should be, in words."""
    sound: bool = True


def listed(shelf: Shelf, *, anew: bool = False) -> Iterator[Listed]:
    """List models in the order in which their names are looked up.

    Parameters
    ----------
    shelf
        Whose models folder is meant.
    anew
        Read every file, even those whose digests are remembered.
    """
    for path in _folders(shelf.home):
        yield _looked_at(path.name.replace("--", "/"), "models folder", path, open_folder, anew)
    if found := packaged():
        yield _looked_at(PACKAGED[0], "package", found, _packaged, anew)
    for models in shipped():
        for path in _folders(models):
            yield _looked_at(path.name, "comes along", path, open_folder, anew)
    for path in sorted(hub_cache().glob("models--*")):
        name = path.name.removeprefix("models--").replace("--", "/")
        if (at := snapshot(name)) is not None and holds_model(at):
            yield _looked_at(name, "hub's cache", at, open_folder, anew)


def _folders(home: Path) -> list[Path]:
    if not home.is_dir():
        return []
    return [path for path in sorted(home.iterdir()) if path.name[0] != "." and holds_model(path)]


def _looked_at(
    name: str, where: str, path: Path, open_it: Callable[..., Folder], anew: bool
) -> Listed:
    size = sum(file.stat().st_size for file in path.rglob("*") if _counts(file, path))
    try:
        folder = open_it(path, name, anew=anew)
    except (ModelError, OSError) as error:
        said = error.message if isinstance(error, ModelError) else str(error)
        return Listed(name=name, where=where, path=path, bytes=size, state=said, sound=False)
    state = "matches its manifest" if folder.sealed else "has no manifest to check"
    if where == "package":
        state = "weights are the published ones"
    if folder.pickled:
        state += "; weights are pickles, loaded with weights_only=True"
    return Listed(
        name=name,
        where=where,
        path=path,
        bytes=size,
        licence=folder.manifest.licence,
        state=state,
    )


def _counts(file: Path, folder: Path) -> bool:
    return file.is_file() and loadable(file.relative_to(folder).as_posix())


def _packaged(path: Path, name: str, *, anew: bool) -> Folder:
    return open_packaged(path, anew=anew)
