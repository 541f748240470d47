from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tidegauge.errors import ModelError
from tidegauge.models import Shelf
from tidegauge_evaluators._transformer import Activation, Transformer

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

MakeFolder = Callable[..., Path]
LONG = "they hate the river and all of you, what a question! " * 40


def load(folder: Path, **settings: Any) -> Transformer:
    return Transformer(Shelf().find(str(folder)), **{"precision": "float32", **settings})


def library_says(folder: Path, *texts: str) -> Any:
    """Logits as the library itself gives them, one text or pair by itself."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(folder).eval()
    with torch.no_grad():
        return model(**tokenizer(*texts, return_tensors="pt")).logits[0].numpy()


@pytest.mark.usefixtures("no_network")
def test_a_folder_loads_without_asking_the_network(make_folder: MakeFolder) -> None:
    model = load(make_folder(["fine", "toxic"]))
    assert np.isfinite(model.infer([("you are kind",)]).values).all()


@pytest.mark.parametrize("family", ["bert", "roberta", "albert"])
def test_a_mixed_batch_gives_what_the_library_gives_one_by_one(
    make_folder: MakeFolder, family: str
) -> None:
    folder = make_folder(["a", "b", "c"], family=family)
    model = load(folder, activation="none")
    assert model.labels == ("a", "b", "c")
    units = [("you are kind",), ("hate!",), ("the river is good and we love it",), ("",)]
    values = model.infer(units).values
    for unit, row in zip(units, values, strict=True):
        np.testing.assert_allclose(row, library_says(folder, *unit), atol=1e-4)
    assert np.ptp(values[:, 0]) > 0.01, "the weights must tell texts apart"


def test_pairs_are_read_as_pairs(make_folder: MakeFolder) -> None:
    folder = make_folder(outputs=3)
    pair = ("the water is good", "the river is awful")
    model = load(folder, activation="none")
    np.testing.assert_allclose(
        model.infer([pair]).values[0], library_says(folder, *pair), atol=1e-4
    )
    assert model.size(pair) == 11  # 4 + 4 words, three special tokens


@pytest.mark.parametrize(
    ("activation", "total"), [("softmax", 1.0), ("sigmoid", None), ("none", None)]
)
def test_activations(make_folder: MakeFolder, activation: Activation, total: float | None) -> None:
    folder = make_folder(["a", "b", "c"])
    values = load(folder, activation=activation).infer([("hate",)]).values[0]
    logits = library_says(folder, "hate")
    wanted = {
        "none": logits,
        "sigmoid": 1 / (1 + np.exp(-logits)),
        "softmax": np.exp(logits) / np.exp(logits).sum(),
    }[activation]
    np.testing.assert_allclose(values, wanted, atol=1e-4)
    assert total is None or values.sum() == pytest.approx(total)


def test_a_text_that_fits_is_one_window(make_folder: MakeFolder) -> None:
    assert load(make_folder(["a", "b"])).windows("you are kind") == ["you are kind"]


@pytest.mark.parametrize("family", ["bert", "roberta", "albert"])
@pytest.mark.parametrize(
    "text",
    [
        LONG,
        "x" * 5_000,
        "\N{GRINNING FACE}" * 300,
        "שלום " * 200,
        "a\0b\udc80 " * 100,
        "<b>\x1b[31mhate</b> " * 60,
        " ".join(f"w{i}" for i in range(300)),
    ],
    ids=["words", "no-spaces", "emoji", "right-to-left", "unreadable", "escapes", "unknown"],
)
def test_windows_hold_the_whole_text_and_fit(
    make_folder: MakeFolder, family: str, text: str
) -> None:
    model = load(make_folder(["a", "b"], family=family))
    windows = model.windows(text, overlap=8)
    assert [model.excess((window,)) for window in windows] == [0] * len(windows)
    end = 0
    for window in windows:
        begin = text.rfind(window, 0, end + len(window))
        assert begin >= 0, "characters between two windows are in neither"
        end = max(end, begin + len(window))
    assert end == len(text)
    assert windows[0] == text[: len(windows[0])]


def test_windows_begin_at_words_and_overlap(make_folder: MakeFolder) -> None:
    windows = load(make_folder(["a", "b"])).windows(LONG, overlap=8)
    assert all(window.split()[0] in LONG.split() for window in windows)
    for one, other in pairwise(windows):
        assert other.split()[0] in one.split()[-8:]


def test_too_long_a_unit_loses_the_end_of_its_first_text_and_says_how_much(
    make_folder: MakeFolder,
) -> None:
    model = load(make_folder(["a", "b"]), activation="none")
    pair = ("good " * 100, "the river is awful")
    assert (model.size(pair), model.excess(pair)) == (64, 100 + 4 + 3 - 64)
    kept = ("good " * (64 - 4 - 3), "the river is awful")
    np.testing.assert_allclose(model.infer([pair]).values, model.infer([kept]).values, atol=1e-4)
    # asked again, the tokenizer has not kept the limit in mind
    assert load(make_folder(["a", "b"])).size(("good " * 30,)) == 32
    assert model.excess(("good " * 90,)) == 28


def test_a_second_text_that_does_not_fit_fails_alone(make_folder: MakeFolder) -> None:
    model = load(make_folder(["a", "b"]))
    found = model.infer([("good", "bad"), ("good", "bad " * 80), ("kind", "good")])
    assert list(found.failed) == [1]
    assert "64 tokens" in found.failed[1]
    assert np.isnan(found.values[1]).all()
    assert np.isfinite(found.values[[0, 2]]).all()


@pytest.mark.parametrize("family", ["bert", "roberta", "albert"])
def test_any_character_can_be_read(make_folder: MakeFolder, family: str) -> None:
    texts = ["", "   ", "\0", "\udc80", "a\ud800b", "🏳️‍🌈" * 9, "ﷺ", "\x1b[2J", "<script>", "\u202e"]
    model = load(make_folder(["a", "b"], family=family))
    assert np.isfinite(model.infer([(text,) for text in texts]).values).all()
    # what no tokenizer takes is read as the replacement character
    odd, plain = model.infer([("a\0 \udc80",), ("a\N{REPLACEMENT CHARACTER} \ufffd",)]).values
    np.testing.assert_allclose(odd, plain, atol=1e-5)


def test_the_identity_moves_with_whatever_changes_a_number(
    make_folder: MakeFolder, tmp_path: Path
) -> None:
    folder = make_folder(["a", "b"])
    same = load(folder).identity
    assert same == load(folder).identity
    others = {
        load(folder, activation="softmax").identity,
        load(folder, precision="auto").identity,
        load(folder, labels=("b", "a")).identity,
        load(make_folder(["a", "b", "c"])).identity,
    }
    assert len({same, *others}) == 5
    moved = shutil.copytree(folder, tmp_path / "moved")
    assert load(moved).identity == same


def test_half_precision_moves_probabilities_little(make_folder: MakeFolder) -> None:
    folder = make_folder(["a", "b", "c"])
    units = [("you are kind",), ("hate the awful river",), ("we love all people",)]
    exact, rounded = (load(folder, precision=p).infer(units) for p in ("float32", "bfloat16"))
    assert 0 < np.abs(exact.values - rounded.values).max() < 0.05


def test_a_folder_without_safetensors_is_read_without_unpickling(
    make_folder: MakeFolder, tmp_path: Path
) -> None:
    folder = shutil.copytree(make_folder(["a", "b"], pickled=True), tmp_path / "pickled")
    assert np.isfinite(load(folder).infer([("hate",)]).values).all()
    torch.save({"classifier.weight": Hostile()}, folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match="cannot be loaded"):
        load(folder).infer([("hate",)])
    assert not Hostile.was_run


class Hostile:
    was_run = False

    def __reduce__(self) -> tuple[Any, ...]:
        return (setattr, (Hostile, "was_run", True))


def test_an_encoder_without_a_trained_head_is_refused(
    make_folder: MakeFolder, tmp_path: Path
) -> None:
    folder = shutil.copytree(make_folder(["a", "b"]), tmp_path / "bare")
    model = transformers.AutoModelForSequenceClassification.from_pretrained(folder)
    model.bert.save_pretrained(folder)
    with pytest.raises(ModelError, match=r"lack .*classifier"):
        load(folder).infer([("hate",)])


def test_damaged_folders_are_refused_by_name(make_folder: MakeFolder, tmp_path: Path) -> None:
    folder = shutil.copytree(make_folder(["a", "b"]), tmp_path / "damaged")
    (folder / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(ModelError, match="damaged"):
        load(folder).infer([("hate",)])
    (folder / "config.json").write_text("[]")
    with pytest.raises(ModelError, match=r"config\.json"):
        load(folder)


def test_code_in_a_folder_is_not_run(make_folder: MakeFolder, tmp_path: Path) -> None:
    folder = shutil.copytree(make_folder(["a", "b"]), tmp_path / "coded")
    config = json.loads((folder / "config.json").read_text())
    config["auto_map"] = {
        "AutoConfig": "theirs.Config",
        "AutoModelForSequenceClassification": "theirs.Model",
    }
    config["model_type"] = "theirs"
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "theirs.py").write_text("raise SystemExit('it was run')")
    with pytest.raises(ModelError, match="cannot be loaded"):
        load(folder).infer([("hate",)])


def test_unnamed_outputs_take_the_manifests_names(make_folder: MakeFolder) -> None:
    assert load(make_folder(outputs=2)).labels == ("LABEL_0", "LABEL_1")


@pytest.mark.parametrize("family", ["bert", "roberta"])
def test_marks_of_the_tokenizer_in_a_text_are_letters(make_folder: MakeFolder, family: str) -> None:
    model = load(make_folder(family=family))
    calm = model.size(("a b",))
    for mark in ("[SEP]", "[CLS]", "[PAD]", "</s>", "<pad>"):
        assert model.size((f"a {mark} b",)) > calm + 1, "several tokens, not one that means an end"
