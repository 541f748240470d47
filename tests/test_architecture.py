"""Who imports whom, what a start-up loads, how long a module may be, what no file may name."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = ("harness", "evaluators", "reports")

READABLE = {
    "evaluators": (
        "records",
        "errors",
        "profile",
        "scorer",
        "models",
        "case",
        "findings",
        "comparison",
    ),
    "reports": ("records", "errors", "comparison", "exposition", "views"),
}
"""Parts of the harness that the other two packages may import."""
IMPORT = re.compile(
    r"^\s*(?:from (tidegauge(?:\.\w+)*) import|import (tidegauge(?:\.\w+)*))\b", re.M
)

LONG: dict[str, str] = {
    "harness/tidegauge/records.py": "the vocabulary: every record that a report is made of",
}
"""Modules over ``LINES`` lines, each with the reason why it stays whole."""
LINES = 400

HEAVY = {
    "pandas", "sklearn", "torch", "transformers", "sentence_transformers", "polars",
    "scipy.stats", "hypothesis", "sqlalchemy", "tidegauge.scoring",
}  # fmt: skip
"""What no start-up may load."""
NOT_NEEDED_YET = {"numpy", "scipy", "pyarrow", "pydantic", "jinja2", "rich"}
"""What neither an import nor a page of help has a use for."""

PRIVATE_PATHS = re.compile(r"(?<![\w./~])/(?:work|root|workspace|home/[a-z]\w*)/(?!\{)")
TEXT = {".py", ".md", ".toml", ".yaml", ".yml", ".json", ".html", ".css", ".js", ".txt", ".cfg", ""}


def python(code: str) -> str:
    """Run code in a fresh interpreter that sees the sources; return what it prints."""
    path = os.pathsep.join(str(ROOT / folder) for folder in SOURCES)
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def loaded(code: str) -> set[str]:
    """Names of all modules that are loaded once the code has run."""
    printed = python(f"{code}\nimport json, sys; print('\\n' + json.dumps(list(sys.modules)))")
    return set(json.loads(printed.splitlines()[-1]))


def help_page(*words: str) -> str:
    return (
        "import sys\n"
        f"sys.argv = {['tidegauge', *words, '--help']!r}\n"
        "from tidegauge.cli import main\n"
        "try:\n    main()\nexcept SystemExit as done:\n    assert not done.code, done.code"
    )


def files() -> list[Path]:
    """Every file of the project: those git tracks, or all of an unpacked source archive."""
    if (ROOT / ".git").exists():
        listed = subprocess.run(
            ["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, text=True, check=True
        )
        found = [ROOT / name for name in listed.stdout.split("\0") if name]
    else:
        found = [
            file for folder in (*SOURCES, "tests", "suites") for file in (ROOT / folder).rglob("*")
        ]
    return [file for file in found if file.is_file() and "__pycache__" not in file.parts]


def test_imports_follow_the_arrows() -> None:
    from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

    assert (
        lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True)
        == EXIT_STATUS_SUCCESS
    )


@pytest.mark.parametrize("folder", READABLE)
def test_evaluators_and_renderers_read_their_part_of_the_harness_only(folder: str) -> None:
    read = {
        ".".join((found[1] or found[2]).split(".")[:2])
        for file in (ROOT / folder).rglob("*.py")
        for found in IMPORT.finditer(file.read_text(encoding="utf-8"))
    }
    assert read, "no import was found; has the pattern gone stale?"
    assert read <= {f"tidegauge.{part}" for part in READABLE[folder]}


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert not loaded("import tidegauge") & (HEAVY | NOT_NEEDED_YET)


@pytest.mark.parametrize(
    "words",
    [
        (),
        *(
            (word,)
            for word in ("run", "explain", "init", "demo", "baseline", "label", "evaluators")
        ),
    ],
)
def test_a_page_of_help_loads_nothing_heavy(words: tuple[str, ...]) -> None:
    assert not loaded(help_page(*words)) & (HEAVY | NOT_NEEDED_YET)


def test_a_run_without_alarms_loads_no_library_it_has_no_use_for(tmp_path: Path) -> None:
    suite, quiet = ROOT / "suites" / "credit.yaml", ROOT / "suites" / "data" / "baseline.parquet"
    words = ["tidegauge", "run", str(suite), "--current", str(quiet), "-q", "-o", str(tmp_path)]
    words += ["--no-history"]
    run = (
        f"import sys\nsys.argv = {words!r}\n"
        "from tidegauge.cli import main\n"
        "try:\n    main()\nexcept SystemExit as done:\n    assert done.code == 0, done.code"
    )
    assert not loaded(run) & HEAVY


@pytest.mark.parametrize("folder", SOURCES)
def test_modules_are_short_or_say_why_not(folder: str) -> None:
    lengths = {
        file.relative_to(ROOT).as_posix(): len(file.read_text(encoding="utf-8").splitlines())
        for file in (ROOT / folder).rglob("*.py")
    }
    assert {name for name, lines in lengths.items() if lines > LINES} <= set(LONG)
    assert not {name for name in LONG if lengths.get(name, LINES + 1) <= LINES}, "no longer long"


def test_each_source_root_holds_one_typed_package() -> None:
    for folder in SOURCES:
        inside = [p for p in (ROOT / folder).iterdir() if not p.name.startswith(("_", "."))]
        (package,) = (p for p in inside if not p.name.endswith(".egg-info"))
        assert (package / "__init__.py").is_file()
        assert (package / "py.typed").is_file()


def test_no_file_names_a_private_path() -> None:
    found = [
        f"{file.relative_to(ROOT)}: {hit[0]}"
        for file in files()
        if file.suffix in TEXT
        for hit in PRIVATE_PATHS.finditer(file.read_text(encoding="utf-8", errors="replace"))
    ]
    assert not found


def test_a_private_path_would_be_found() -> None:
    assert PRIVATE_PATHS.search("see " + "/home" + "/ann/notes")
    assert not PRIVATE_PATHS.search("/home" + "/{user}/ and https://example.org/work/x")


def test_nothing_large_is_tracked_but_the_models_that_come_along() -> None:
    large = [file for file in files() if file.stat().st_size > 500_000]
    assert not [str(file) for file in large if file.suffix != ".safetensors"]
    assert sum(file.stat().st_size for file in large) <= 25 * 2**20


UNPICKLES = "harness/tidegauge/callers/pickled.py"
"""The one door for pickles, open only where a user says ``unsafe_pickle``."""


def test_no_module_unpickles() -> None:
    word = re.compile(r"^\s*(?:import|from) (?:pickle|cloudpickle|joblib|dill|marshal)\b", re.M)
    assert not [
        str(file)
        for folder in SOURCES
        for file in (ROOT / folder).rglob("*.py")
        if file != ROOT / UNPICKLES and word.search(file.read_text(encoding="utf-8"))
    ]
