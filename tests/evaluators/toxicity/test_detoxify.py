from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tidegauge.catalog import scorer
from tidegauge.errors import ModelError, NotApplicable, SuiteError
from tidegauge.models import Shelf
from tidegauge.scorer import Joined, Scorer, Texts
from tidegauge_evaluators.toxicity.detoxify import detoxify

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

MakeFolder = Callable[..., Path]

JIGSAW_2018 = ["toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate"]
JIGSAW_2019 = [
    "toxicity", "severe_toxicity", "obscene", "identity_attack", "insult", "threat",
    "sexual_explicit",
]  # fmt: skip
IDENTITIES = [
    "male", "female", "homosexual_gay_or_lesbian", "christian", "jewish", "muslim", "black",
    "white", "psychiatric_or_mental_illness",
]  # fmt: skip
MODELS = {
    "bert": ("BertForSequenceClassification", "BertTokenizer"),
    "roberta": ("RobertaForSequenceClassification", "RobertaTokenizer"),
    "albert": ("AlbertForSequenceClassification", "AlbertTokenizer"),
}
TEXTS = [
    "you are kind",
    "I hate the awful people of this river!",
    "what a good answer",
    "you idiot",
    "",
    "<b>love</b> & hate",
    "the water is not good, and who is to answer for all of that?",
]


def write_checkpoint(
    folder: Path,
    family: str,
    classes: Sequence[str],
    identities: Sequence[str] = (),
    **changed: Any,
) -> Path:
    """Turn a folder's weights into a checkpoint as Detoxify's releases hold them."""
    model = transformers.AutoModelForSequenceClassification.from_pretrained(folder)
    weights = model.state_dict() | {
        f"{model.base_model_prefix}.embeddings.position_ids": torch.arange(64)[None]
    }
    # the last layer stays last, as in a checkpoint from training
    last = [key for key in weights if key.startswith("classifier")]
    weights |= {key: weights.pop(key) for key in last}
    arch = {
        "num_classes": len(classes) + len(identities),
        "model_type": str(folder),
        "model_name": MODELS[family][0],
        "tokenizer_name": MODELS[family][1],
    }
    dataset = {"classes": list(classes), "loss_weight": 0.75}
    if identities:
        dataset["identity_classes"] = list(identities)
    config = {"name": "tiny", "arch": {"args": arch | changed}, "dataset": {"args": dataset}}
    file = folder / "toxic_tiny.ckpt"
    torch.save({"state_dict": weights, "config": config}, file)
    (folder / "model.safetensors").unlink()
    return file


@pytest.fixture(scope="module")
def original(make_folder: MakeFolder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("original") / "model"
    shutil.copytree(make_folder(outputs=6), folder)
    write_checkpoint(folder, "bert", JIGSAW_2018)
    return folder


@pytest.fixture(scope="module")
def unbiased(make_folder: MakeFolder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unbiased") / "model"
    shutil.copytree(make_folder(outputs=16, family="roberta"), folder)
    write_checkpoint(folder, "roberta", JIGSAW_2019, IDENTITIES)
    return folder


@pytest.fixture(scope="module")
def small(make_folder: MakeFolder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small") / "model"
    shutil.copytree(make_folder(outputs=6, family="albert"), folder)
    write_checkpoint(folder, "albert", JIGSAW_2018)
    return folder


def load(folder: Path, **settings: Any) -> Scorer:
    return detoxify(shelf=Shelf(), model=str(folder), **{"precision": "float32", **settings})


def score(tool: Scorer, text: str) -> Joined:
    row: Texts = {"text": text}
    units = tool.split(row)
    assert tool.model is not None
    return tool.join(row, units, tool.model.infer(units).values)


def named(tool: Scorer, text: str) -> dict[str, Any]:
    return dict(zip(tool.outputs, score(tool, text).values, strict=True))


def test_texts_without_content_have_no_toxicity(original: Path) -> None:
    tool = load(original)
    for row in ({}, {"text": ""}, {"text": " \n\t"}):
        with pytest.raises(NotApplicable, match="empty"):
            tool.split(row)


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("which", ["original", "unbiased", "small"])
def test_no_hub_is_asked(which: str, request: pytest.FixtureRequest) -> None:
    assert 0 < named(load(request.getfixturevalue(which)), "you idiot")[""] < 1


@pytest.mark.parametrize("which", ["original", "unbiased", "small"])
def test_numbers_are_those_of_the_package(which: str, request: pytest.FixtureRequest) -> None:
    package = pytest.importorskip("detoxify")
    folder: Path = request.getfixturevalue(which)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = package.Detoxify(
            checkpoint=str(folder / "toxic_tiny.ckpt"), huggingface_config_path=str(folder)
        ).predict(TEXTS)
    tool = load(folder)
    told_apart = set()
    for i, text in enumerate(TEXTS):
        if not text:
            continue
        ours = named(tool, text)
        told_apart.add(round(ours[""], 3))
        for head, values in theirs.items():
            key = "" if head == "toxicity" else head
            assert ours[key] == pytest.approx(values[i], abs=1e-4), (text, head)
    assert len(told_apart) == len(TEXTS) - 1, "random weights must tell the texts apart"


def test_every_head_has_its_column(original: Path, unbiased: Path) -> None:
    heads = ["severe_toxicity", "obscene", "threat", "insult", "identity_attack"]
    decided = [f"{head}.flagged" for head in heads]
    assert list(load(original).outputs) == ["", *heads, *decided, "flagged"]
    mentions = [f"mentions_{identity}" for identity in IDENTITIES]
    decided = [f"{head}.flagged" for head in JIGSAW_2019[1:]]
    assert list(load(unbiased).outputs) == ["", *JIGSAW_2019[1:], *mentions, *decided, "flagged"]


def test_any_judging_head_flags_at_its_own_threshold(original: Path) -> None:
    values = named(load(original), "you idiot")
    highest = max(value for key, value in values.items() if not key.endswith("flagged"))
    assert named(load(original, threshold=highest + 1e-6), "you idiot")["flagged"] is False
    assert named(load(original, threshold=highest), "you idiot")["flagged"] is True
    own = {"threat": values["threat"]}
    found = named(load(original, threshold=1.0, thresholds=own), "you idiot")
    assert (found["flagged"], found["threat.flagged"], found["insult.flagged"]) == (
        True,
        True,
        False,
    )


def test_whom_a_text_mentions_flags_nothing(unbiased: Path) -> None:
    heads = [head for head in load(unbiased).outputs if not head.startswith("mentions_")]
    judged = [head or "toxicity" for head in heads if not head.endswith("flagged")]
    tool = load(unbiased, threshold=0.0, thresholds=dict.fromkeys(judged, 1.0))
    values = named(tool, "you idiot")
    assert max(value for key, value in values.items() if key.startswith("mentions_")) > 0
    assert values["flagged"] is False
    with pytest.raises(SuiteError, match="muslim"):
        load(unbiased, thresholds={"muslim": 0.5})


def test_nothing_of_a_long_text_is_lost(original: Path) -> None:
    tool = load(original)
    mild, sharp = "the water is good " * 40, "hate idiot awful " * 20
    units = tool.split({"text": mild + sharp})
    whole = score(tool, mild + sharp)
    assert len(units) > 3
    assert whole.truncated == 0
    assert whole.because in mild + sharp
    assert tool.model is not None
    windows = tool.model.infer(units).values
    np.testing.assert_allclose(np.array(whole.values[:6], float), windows.max(axis=0), atol=1e-6)
    assert whole.because == units[int(windows[:, 0].argmax())][0]


@pytest.mark.parametrize(
    "text",
    [
        "x" * 100_000,
        "\N{GRINNING FACE}" * 1_000,
        "שלום עולם",
        "a\0b \udc80",
        "<script>alert(1)</script>",
        "\x1b[2J **bold** | table |",
    ],
    ids=["huge", "emoji", "right-to-left", "unreadable", "html", "escapes"],
)
def test_hostile_texts_get_a_number(original: Path, text: str) -> None:
    joined = score(load(original), text)
    assert 0 <= float(str(joined.values[0])) <= 1
    assert joined.truncated == 0


def test_converted_weights_are_as_good_as_the_checkpoint(
    make_folder: MakeFolder, tmp_path: Path
) -> None:
    plain = make_folder(JIGSAW_2018, problem="multi_label_classification")
    other = shutil.copytree(plain, tmp_path / "checkpoint")
    write_checkpoint(other, "bert", JIGSAW_2018)
    for text in ("you idiot", "we love the river"):
        assert named(load(plain), text) == pytest.approx(named(load(other), text), abs=1e-6)


def test_a_released_name_is_found_among_the_models(original: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model") as missing:
        detoxify(shelf=Shelf(folder=tmp_path), model="original")
    assert "tidegauge models pull unitary/toxic-bert" in missing.value.hint
    assert ".ckpt" in missing.value.hint
    for name in ("detoxify--original", "unitary--toxic-bert"):
        put = shutil.copytree(original, tmp_path / name)
        tool = detoxify(shelf=Shelf(folder=tmp_path), model="original")
        assert tool.about.model
        shutil.rmtree(put)


def test_checkpoints_that_contradict_themselves_are_refused(
    make_folder: MakeFolder, tmp_path: Path
) -> None:
    folder = make_folder(outputs=6)
    wrong = shutil.copytree(folder, tmp_path / "count")
    write_checkpoint(wrong, "bert", JIGSAW_2018, num_classes=7)
    with pytest.raises(ModelError, match=r"names 6 classes .* num_classes 7.*gives 6"):
        load(wrong)
    wrong = shutil.copytree(folder, tmp_path / "family")
    write_checkpoint(wrong, "bert", JIGSAW_2018, model_name="RobertaForSequenceClassification")
    with pytest.raises(ModelError, match="RobertaForSequenceClassification"):
        score(load(wrong), "hate")
    wrong = shutil.copytree(folder, tmp_path / "shape")
    write_checkpoint(wrong, "bert", JIGSAW_2018)
    config = json.loads((wrong / "config.json").read_text())
    (wrong / "config.json").write_text(json.dumps(config | {"hidden_size": 48}))
    with pytest.raises(ModelError, match="does not fit"):
        score(load(wrong), "hate")


def test_files_of_other_forms_are_refused(make_folder: MakeFolder, tmp_path: Path) -> None:
    folder = shutil.copytree(make_folder(outputs=6), tmp_path / "other")
    (folder / "model.safetensors").unlink()
    for found, said in [
        ({"hyper_parameters": {}, "state_dict": {}}, "config"),
        ([1, 2], "Detoxify's format"),
        ({"state_dict": {}, "config": {"run": Hostile()}}, "plain values"),
    ]:
        torch.save(found, folder / "a.ckpt")
        with pytest.raises(ModelError, match=said):
            load(folder)
    assert not Hostile.was_run
    (folder / "a.ckpt").write_bytes(b"not a checkpoint")
    with pytest.raises(ModelError, match="plain values"):
        load(folder)
    (folder / "b.ckpt").write_bytes(b"")
    with pytest.raises(ModelError, match=r"a\.ckpt, b\.ckpt"):
        load(folder)


class Hostile:
    was_run = False

    def __reduce__(self) -> tuple[Any, ...]:
        return (setattr, (Hostile, "was_run", True))


def test_a_classifier_without_a_toxicity_head_is_pointed_elsewhere(
    make_folder: MakeFolder,
) -> None:
    with pytest.raises(ModelError, match="toxicity") as refused:
        load(make_folder(["neutral", "hateful"]))
    assert "toxicity.classifier" in refused.value.hint


@pytest.mark.parametrize("threshold", [-0.1, 1.5, "high", True])
def test_thresholds_are_probabilities(original: Path, threshold: Any) -> None:
    with pytest.raises(SuiteError, match="threshold"):
        load(original, threshold=threshold)


def test_an_unknown_precision_is_refused(original: Path) -> None:
    with pytest.raises(SuiteError, match="auto, float32, bfloat16"):
        load(original, precision="int4")


def test_the_identity_moves_with_settings(original: Path) -> None:
    assert load(original).identity == load(original).identity
    assert load(original).identity != load(original, threshold=0.4).identity


def test_the_catalogue_finds_it() -> None:
    tool = scorer("toxicity.detoxify")
    assert tool.takes_shelf
    assert set(tool.params) == {"model", "threshold", "thresholds", "precision"}
