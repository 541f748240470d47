"""The wheel and the source archive: built from the repository, run in an empty environment."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = {
    "tidegauge": "harness",
    "tidegauge_evaluators": "evaluators",
    "tidegauge_reports": "reports",
}

pytestmark = pytest.mark.slow


def run(*words: str | Path, cwd: Path, code: int = 0) -> str:
    """Run a command as a stranger would: nothing of this repository on any path."""
    bare = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "PYTEST", "COV"))}
    done = subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        env={**bare, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, f"{words}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder that holds the wheel and the source archive."""
    dist = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", dist, ROOT, cwd=dist)
    return dist


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (wheel,) = built.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def bin_folder(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Commands of an environment that holds the wheel, and borrows nothing but dependencies."""
    home = tmp_path_factory.mktemp("environment")
    venv.create(home, with_pip=False)
    scripts = home / ("Scripts" if os.name == "nt" else "bin")
    run(sys.executable, "-m", "pip", "--python", scripts / "python", "install", "--quiet",
        "--no-deps", "--no-index", wheel, cwd=home)  # fmt: skip
    # A folder of links rather than this environment's own, which holds the editable install.
    borrowed = home / "borrowed"
    borrowed.mkdir()
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if not entry.name.endswith(".pth") and "tidegauge" not in entry.name:
            (borrowed / entry.name).symlink_to(entry)
    place = run(scripts / "python", "-c", "import site; print(site.getsitepackages()[0])", cwd=home)
    Path(place.strip(), "borrowed.pth").write_text(f"{borrowed}\n", encoding="utf-8")
    return scripts


def test_the_wheel_holds_every_file_of_the_packages(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    wanted = {
        file.relative_to(ROOT / folder).as_posix()
        for package, folder in PACKAGES.items()
        for file in (ROOT / folder / package).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert wanted <= held
    assert {f"{package}/py.typed" for package in PACKAGES} <= held
    assert "tidegauge/presets/standard.yaml" in held


def test_the_wheel_claims_no_other_name(wheel: Path) -> None:
    tops = {name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)


def test_the_wheel_carries_the_licence(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (licence,) = (name for name in archive.namelist() if name.endswith("LICENSE"))
    assert archive.read(licence) == (ROOT / "LICENSE").read_bytes()


def test_the_source_archive_holds_tests_suites_and_licence(built: Path) -> None:
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        held = {name.partition("/")[2] for name in opened.getnames()}
    assert {
        "LICENSE", "README.md", "CHANGELOG.md", "Makefile", "pyproject.toml",
        "tests/test_packaging.py", "suites/credit.yaml", "suites/data/baseline.parquet",
        "harness/tidegauge/py.typed",
    } <= held  # fmt: skip


def test_what_runs_is_the_wheel(bin_folder: Path, tmp_path: Path) -> None:
    code = f"import {', '.join(PACKAGES)}; print({', '.join(f'{p}.__file__' for p in PACKAGES)})"
    for place in run(bin_folder / "python", "-c", code, cwd=tmp_path).split():
        assert Path(place).is_relative_to(bin_folder.parent)
        assert not Path(place).resolve().is_relative_to(ROOT)


def test_the_command_says_its_version(bin_folder: Path, tmp_path: Path) -> None:
    import tidegauge

    said = run(bin_folder / "tidegauge", "--version", cwd=tmp_path)
    assert said.strip() == f"tidegauge {tidegauge.__version__}"


def test_a_shipped_suite_runs_from_the_wheel(bin_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "suites", tmp_path / "suites")
    run(bin_folder / "tidegauge", "run", "suites/credit.yaml", "-o", "out",
        "--format", "html,json,md,junit", cwd=tmp_path, code=1)  # fmt: skip
    report = json.loads((tmp_path / "out" / "credit-default.json").read_text(encoding="utf-8"))
    assert report["outcome"] == "critical"
    assert {path.suffix for path in (tmp_path / "out").iterdir()} == {
        ".html", ".json", ".md", ".xml",
    }  # fmt: skip
    assert "debt_ratio" in (tmp_path / "out" / "credit-default.html").read_text(encoding="utf-8")


def test_the_demo_runs_from_the_wheel(bin_folder: Path, tmp_path: Path) -> None:
    assert "debt_ratio" in run(bin_folder / "tidegauge", "demo", "-o", "out", cwd=tmp_path)
    assert list((tmp_path / "out").glob("*.html"))


def test_a_frame_is_checked_from_the_wheel(bin_folder: Path, tmp_path: Path) -> None:
    code = (
        "import tidegauge\n"
        "rows = {'x': [float(i % 50) for i in range(500)]}\n"
        "print(tidegauge.check(rows, rows).outcome)"
    )
    assert run(bin_folder / "python", "-c", code, cwd=tmp_path).strip() == "pass"
