"""A model folder as Hugging Face writes it: configuration, weights, tokenizer, read safely."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tidegauge.errors import MissingExtraError, ModelError
from tidegauge.models import Folder

SHIFTED = frozenset(
    {
        "roberta",
        "xlm_roberta",
        "xlm_roberta_xl",
        "camembert",
        "longformer",
        "mpnet",
        "data2vec_text",
    }
)
"""Model types whose first position is not 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A model and its tokenizer, as the library made them."""

    module: Any
    tokenizer: Any


def need_transformers(scorer: str) -> None:
    """Refuse to go on where the models' library is missing.

    Raises
    ------
    MissingExtraError
        Naming the scorer and the command that installs what it needs.
    """
    try:
        import torch  # noqa: F401
        import transformers  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(
            f"{scorer} needs {error.name}, which is not installed", 'pip install "tidegauge[llm]"'
        ) from error


def read_config(path: Path) -> dict[str, Any]:
    """Read a folder's ``config.json``.

    Raises
    ------
    ModelError
        When it is missing or no JSON object.
    """
    file = path / "config.json"
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(
            f"{file}: cannot be read as JSON: {error}",
            "a model folder holds config.json, tokenizer.json and model.safetensors",
        ) from error
    if not isinstance(found, dict):
        raise ModelError(f"{file}: holds no JSON object")
    return found


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the library's progress bars and advice off the terminal for a while."""
    import transformers

    logging: Any = transformers.utils.logging
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def first_line(error: BaseException) -> str:
    """Keep what an error says, without the advice that follows."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def load_classifier(path: Path) -> Loaded:
    """Load a sequence classifier of a folder, every weight from its files.

    Raises
    ------
    ModelError
        When files are missing or damaged, or when they lack weights of the classifier.
    """
    import transformers

    safe = any(path.glob("*.safetensors"))
    try:
        with quiet():
            module, found = transformers.AutoModelForSequenceClassification.from_pretrained(
                path,
                local_files_only=True,
                trust_remote_code=False,
                use_safetensors=safe,
                weights_only=True,
                output_loading_info=True,
            )
    except Exception as error:  # damaged files raise whatever their bytes lead to
        raise ModelError(
            f"{path}: cannot be loaded as a sequence classifier: {first_line(error)}"
        ) from error
    if missing := sorted(found["missing_keys"]):
        raise ModelError(
            f"{path}: its weights lack {', '.join(missing[:5])}: not a trained classifier",
            "an encoder without a classification head gives random numbers; name another folder",
        )
    return Loaded(module=module, tokenizer=load_tokenizer(path))


def load_tokenizer(path: Path) -> Any:
    """Load a folder's tokenizer.

    Raises
    ------
    ModelError
        When its files are missing or damaged.
    """
    import transformers

    try:
        with quiet():
            tokenizer = transformers.AutoTokenizer.from_pretrained(
                path, local_files_only=True, trust_remote_code=False
            )
    except Exception as error:
        raise ModelError(f"{path}: cannot load its tokenizer: {first_line(error)}") from error
    if tokenizer.pad_token_id is None:
        raise ModelError(
            f"{path}: its tokenizer names no padding token, so texts cannot be batched"
        )
    return tokenizer


def label_names(config: Mapping[str, Any], folder: Folder) -> tuple[str, ...]:
    """Names of the outputs: the config's, or the manifest's where those say nothing."""
    named = config.get("id2label") or {str(i): f"LABEL_{i}" for i in range(_outputs(config))}
    labels = tuple(str(named[key]) for key in sorted(named, key=int))
    said = folder.manifest.labels
    unnamed = all(label.upper().startswith("LABEL_") for label in labels)
    return said if unnamed and len(said) == len(labels) else labels


def _outputs(config: Mapping[str, Any]) -> int:
    return int(config.get("num_labels", config.get("_num_labels", 2)))


def longest_unit(config: Mapping[str, Any], folder: Folder) -> int:
    """Tokens the model takes: the least of what manifest, positions and tokenizer allow."""
    allowed = [folder.manifest.max_length]
    if positions := config.get("max_position_embeddings"):
        # RoBERTa's family counts positions from behind the padding token's number.
        shifted = str(config.get("model_type", "")).replace("-", "_") in SHIFTED
        allowed.append(int(positions) - (int(config.get("pad_token_id") or 0) + 1) * shifted)
    file = folder.path / "tokenizer_config.json"
    if file.is_file():
        said = json.loads(file.read_text(encoding="utf-8")).get("model_max_length")
        allowed.append(int(min(said, 1e9)) if said else 1_000_000_000)
    return min(allowed)
