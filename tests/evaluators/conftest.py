"""Small transformers with random weights, in the folders that real ones come in."""

from __future__ import annotations

import socket
import string
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

WORDS = (
    "the a this that text is was are you they we he she it good bad kind awful idiot friend and of "
    "to in not my your on with for all people what who how answer question water river hate love"
)


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection and every look-up of a name."""

    def refuse(*_: object, **__: object) -> Any:
        raise AssertionError("something asked the network")

    for name in ("getaddrinfo", "create_connection", "gethostbyname"):
        monkeypatch.setattr(socket, name, refuse)
    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, refuse)


@pytest.fixture(scope="session")
def make_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Function that writes folders as ``save_pretrained`` does; copy one before changing it."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    logging = transformers.utils.logging
    logging.disable_progress_bar()

    made: dict[tuple[object, ...], Path] = {}

    def make(labels: Sequence[str] = (), **settings: Any) -> Path:
        key = (*labels, "|", *sorted(settings.items()))
        if key not in made:
            made[key] = write(labels, **settings)
        return made[key]

    def write(
        labels: Sequence[str] = (),
        *,
        family: str = "bert",
        problem: str | None = None,
        positions: int = 64,
        outputs: int = 0,
        pickled: bool = False,
    ) -> Path:
        folder = tmp_path_factory.mktemp(f"{family}-model")
        tokenizer = TOKENIZERS[family](transformers)
        tokenizer.model_max_length = positions
        tokenizer.save_pretrained(folder)
        shape = {
            "vocab_size": len(tokenizer),
            "hidden_size": 32,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "intermediate_size": 64,
            "max_position_embeddings": positions + 2 * (family == "roberta"),
            "initializer_range": 0.5,
            "pad_token_id": tokenizer.pad_token_id,
            "problem_type": problem,
        }
        named = {"id2label": dict(enumerate(labels))} if labels else {"num_labels": outputs or 2}
        config = transformers.AutoConfig.for_model(family, **shape, **named)
        torch.manual_seed(len(labels))
        model = transformers.AutoModelForSequenceClassification.from_config(config)
        model.save_pretrained(folder)
        if pickled:
            torch.save(model.state_dict(), folder / "pytorch_model.bin")
            (folder / "model.safetensors").unlink()
        return folder

    return make


def _word_piece(transformers: Any) -> Any:
    letters = [*string.ascii_lowercase, *string.digits, *string.punctuation]
    pieces = [f"##{letter}" for letter in string.ascii_lowercase + string.digits]
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocabulary = dict.fromkeys([*special, *letters, *pieces, *WORDS.split()])
    return transformers.BertTokenizer(vocab={word: i for i, word in enumerate(vocabulary)})


def _bytes(transformers: Any) -> Any:
    """Every byte a token of its own, as byte-level encodings begin."""
    from tokenizers.pre_tokenizers import ByteLevel

    symbols = ["<s>", "<pad>", "</s>", "<unk>", *sorted(ByteLevel.alphabet()), "<mask>"]
    vocabulary = {symbol: i for i, symbol in enumerate(symbols)}
    return transformers.RobertaTokenizer(vocab=vocabulary, merges=[])


def _unigram(transformers: Any) -> Any:
    special = ["<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]"]
    letters = [*string.ascii_lowercase, *string.digits, *string.punctuation, "▁"]
    pieces = [(f"▁{word}", -5.0) for word in dict.fromkeys(WORDS.split())]
    vocabulary = [(symbol, 0.0) for symbol in special] + [(letter, -9.0) for letter in letters]
    return transformers.AlbertTokenizer(
        vocab=[*vocabulary, *(piece for piece in pieces if piece[0] not in letters)]
    )


TOKENIZERS: dict[str, Callable[[Any], Any]] = {
    "bert": _word_piece,
    "roberta": _bytes,
    "albert": _unigram,
}
