"""Models fetched from a hub, when a person or a suite asks for it."""

from __future__ import annotations

import shutil
from pathlib import Path

from tidegauge.errors import MissingExtraError, ModelError
from tidegauge.models.digests import loadable
from tidegauge.models.manifest import Folder, describe, open_folder, write_manifest
from tidegauge.models.places import flat, is_plain

SAFE = ("*.safetensors", "*.json", "*.txt", "*.model", "*.md", "LICENSE*", "*.jinja")
"""Weights that hold no code, configuration, tokenizer, and what must be read before use."""
PICKLES = ("pytorch_model*.bin",)
"""Taken only where a model has no safetensors, and then loaded with ``weights_only=True``."""
IGNORED = ("onnx/*", "openvino/*", "coreml/*", "original/*")


def pull(name: str, home: Path) -> Folder:
    """Fetch ``owner/name`` or ``owner/name@revision`` into the models folder; write its manifest.

    The hub is ``$HF_ENDPOINT``, by default huggingface.co. A killed download leaves nothing that
    a run would take for a model; the next one goes on where it stopped.

    Parameters
    ----------
    name
        The hub's name; a branch, tag or commit after ``@``.
    home
        The models folder.

    Raises
    ------
    ModelError
        When the hub cannot be reached or has no such model.
    MissingExtraError
        When the hub's client is not installed.
    """
    if not is_plain(name):
        raise ModelError(f'"{name}" is no name of a model on a hub', "names look like owner/name")
    target = home / flat(name)
    if target.is_dir():
        return open_folder(target, name)
    unfinished = home / f".{flat(name)}.part"
    unfinished.mkdir(parents=True, exist_ok=True)
    commit = _fetch(name, unfinished)
    shutil.rmtree(unfinished / ".cache", ignore_errors=True)  # the client's own bookkeeping
    if not any(loadable(file.name) for file in unfinished.iterdir()):
        shutil.rmtree(unfinished)
        raise ModelError(f"{name} on the hub holds no files of a model", "look at its page there")
    manifest = describe(unfinished, name, source=f"{name.partition('@')[0]} at {commit}")
    write_manifest(unfinished, manifest)
    unfinished.replace(target)
    return open_folder(target, name)


def _fetch(name: str, folder: Path) -> str:
    """Download into a folder; the commit that was fetched."""
    try:
        from huggingface_hub import HfApi, snapshot_download
    except ImportError as error:
        raise MissingExtraError(
            "fetching models needs the hub's client", 'pip install "tidegauge[llm]"'
        ) from error
    repository, _, revision = name.partition("@")
    try:
        found = HfApi().model_info(repository, revision=revision or None)
        files = [one.rfilename for one in found.siblings or ()]
        safe = any(file.endswith(".safetensors") for file in files)
        snapshot_download(
            repository,
            revision=found.sha,
            local_dir=folder,
            allow_patterns=[*SAFE, *(() if safe else PICKLES)],
            ignore_patterns=list(IGNORED),
        )
    except Exception as error:  # the client's own, or of whichever HTTP library it carries
        raise _unreachable(name, error) from error
    return str(found.sha)


def _unreachable(name: str, error: Exception) -> ModelError:
    said = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
    return ModelError(
        f"{name} could not be fetched: {said}",
        "check the name and the network (HF_ENDPOINT names another hub, HF_HUB_OFFLINE=1 forbids "
        "it); or copy the model's folder here and name it by its path",
    )
