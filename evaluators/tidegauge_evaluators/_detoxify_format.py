"""Detoxify's checkpoint files: weights, and the configuration they were trained with."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tidegauge.errors import ModelError
from tidegauge_evaluators._loading import Loaded, first_line, load_tokenizer, quiet

OLD_BUFFERS = ("embeddings.position_ids",)
"""Counters that earlier versions saved among the weights."""


class Checkpoint(NamedTuple):
    """What a checkpoint file holds."""

    weights: Mapping[str, Any]
    heads: tuple[str, ...]
    """Names of the outputs, in order: the judged classes, then the identities."""
    architecture: str
    """Class of the model: ``BertForSequenceClassification``."""


def checkpoint_in(folder: Path) -> Path | None:
    """Find the folder's checkpoint file; None where its weights are in another form.

    Raises
    ------
    ModelError
        When it holds several.
    """
    files = sorted(folder.glob("*.ckpt"))
    if len(files) > 1:
        raise ModelError(
            f"{folder} holds {len(files)} checkpoints: {', '.join(f.name for f in files)}",
            "keep one in the folder",
        )
    return files[0] if files else None


def head_names(file: Path) -> tuple[str, ...]:
    """Names of a checkpoint's outputs, as it states them."""
    return read_checkpoint(file).heads


def read_checkpoint(file: Path) -> Checkpoint:
    """Read a checkpoint; nothing in it is run, and its weights stay on disk until used.

    Raises
    ------
    ModelError
        When the file is damaged, holds objects other than tensors and plain values, is not in
        Detoxify's format, or contradicts itself.
    """
    import torch

    try:
        found = torch.load(
            file, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(file)
        )
    except Exception as error:  # a damaged file raises whatever its bytes lead to
        raise ModelError(
            f"{file}: cannot be read as tensors and plain values: {first_line(error)}",
            "fetch it anew; a checkpoint straight from training must be converted first, by "
            "Detoxify's convert_weights.py",
        ) from error
    try:
        weights, config = found["state_dict"], found["config"]
        arch, dataset = config["arch"]["args"], config["dataset"]["args"]
        heads = [*dataset["classes"], *dataset.get("identity_classes", ())]
        count, architecture = int(arch["num_classes"]), str(arch["model_name"])
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ModelError(
            f"{file}: not in Detoxify's format: it lacks {error}",
            "it holds state_dict, config.arch.args (num_classes, model_name) and "
            "config.dataset.args.classes",
        ) from error
    return Checkpoint(weights, _agreed(file, weights, list(map(str, heads)), count), architecture)


def load_checkpoint(folder: Path, file: Path) -> Loaded:
    """Load a checkpoint into the model that the folder's ``config.json`` describes.

    Raises
    ------
    ModelError
        When model and checkpoint do not fit each other, or a weight is missing.
    """
    import transformers

    found = read_checkpoint(file)
    weights = {k: v for k, v in found.weights.items() if not k.endswith(OLD_BUFFERS)}
    try:
        with quiet():
            config = transformers.AutoConfig.from_pretrained(
                folder, num_labels=len(found.heads), local_files_only=True, trust_remote_code=False
            )
            kinds: Any = transformers.MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING
            kind = kinds[type(config)]
            if kind.__name__ != found.architecture:
                raise ModelError(
                    f"{file} is of {found.architecture}, and {folder / 'config.json'} of "
                    f"{kind.__name__}",
                    "put the config.json and tokenizer of the checkpoint's own encoder there",
                )
            module, report = kind.from_pretrained(
                None, config=config, state_dict=weights, output_loading_info=True
            )
    except ModelError:
        raise
    except Exception as error:
        raise ModelError(
            f"{file}: does not fit {folder / 'config.json'}: {first_line(error)}"
        ) from error
    if missing := sorted(report["missing_keys"]):
        raise ModelError(f"{file}: lacks weights: {', '.join(missing[:5])}", "fetch it anew")
    return Loaded(module=module, tokenizer=load_tokenizer(folder))


def _agreed(
    file: Path, weights: Mapping[str, Any], heads: list[str], count: int
) -> tuple[str, ...]:
    """Names of all outputs, provided that configuration and weights state as many."""
    last = next((k for k in reversed(list(weights)) if k.endswith("weight")), "")
    rows = int(weights[last].shape[0]) if last else 0
    if not rows == count == len(heads):
        raise ModelError(
            f"{file}: names {len(heads)} classes ({', '.join(heads)}), states num_classes "
            f"{count}, and its last layer, {last or 'none'}, gives {rows} numbers",
            "all three must agree; classes are config.dataset.args.classes and identity_classes",
        )
    return tuple(heads)
