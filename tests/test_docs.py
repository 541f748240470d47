"""The pages: their Python runs, their suites parse, their commands and links exist."""

import re
import shlex
from pathlib import Path

import click
import pytest

from tidegauge.catalog import evaluator_names
from tidegauge.cli import cli
from tidegauge.suite import parse_suite

ROOT = Path(__file__).parents[1]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "suites/README.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)


def blocks(page: Path, language: str) -> list[str]:
    found = FENCE.findall(page.read_text(encoding="utf-8"))
    return [text for kind, text in found if kind == language]


def pages(language: str) -> list[object]:
    return [
        pytest.param(text, id=f"{page.relative_to(ROOT)}-{i}")
        for page in PAGES
        for i, text in enumerate(blocks(page, language))
    ]


def commands(program: str) -> list[object]:
    """Lines of shell blocks that call one program, without their comments."""
    lines = {
        (page, line)
        for page in PAGES
        for text in blocks(page, "sh")
        for line in text.splitlines()
        if line.startswith(f"{program} ")
    }
    return [
        pytest.param(shlex.split(line, comments=True)[1:], id=f"{page.name}: {line}")
        for page, line in sorted(lines)
    ]


def targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text("utf-8"), re.M))


@pytest.mark.parametrize("code", pages("python"))
def test_python_runs(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "block", "exec"), {"__name__": "block"})


def test_the_examples_give_what_they_say() -> None:
    code = "\n".join(blocks(ROOT / "README.md", "python"))
    names: dict[str, object] = {}
    exec(compile(code, "block", "exec"), names)
    said = re.findall(r"^(\S.*?)  # ([\['].*)$", code, re.M)
    assert len(said) == 2
    for expression, value in said:
        assert repr(eval(expression, names)) == value


@pytest.mark.parametrize("text", [b for b in pages("yaml") if "suite:" in b.values[0]])  # type: ignore[attr-defined]
def test_suites_parse(text: str) -> None:
    assert parse_suite(text).logs.current.path


@pytest.mark.parametrize("words", commands("tidegauge"))
def test_commands_exist_and_take_what_they_are_given(words: list[str]) -> None:
    command, words = cli.commands[words[0]], words[1:]
    while isinstance(command, click.Group):
        if words and words[0] in command.commands:
            command, words = command.commands[words[0]], words[1:]
        else:
            command = command.commands["list"]
    known = {o for p in command.params for o in (*p.opts, *p.secondary_opts)}
    assert {word for word in words if word.startswith("-") and word != "-"} <= known


@pytest.mark.parametrize("words", commands("make"))
def test_make_targets_exist(words: list[str]) -> None:
    assert {word for word in words if "=" not in word} <= targets()


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_every_command_is_in_the_readme_and_has_help(name: str) -> None:
    assert f"tidegauge {name}" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert cli.commands[name].help
    assert all(p.help for p in cli.commands[name].params if isinstance(p, click.Option))


def test_every_scorer_and_measure_of_texts_is_on_its_page() -> None:
    page = (ROOT / "docs" / "scorers.md").read_text(encoding="utf-8")
    topics = ("toxicity", "hallucination", "embedding", "text")
    for name in evaluator_names():
        if name.partition(".")[0] in topics:
            assert f"`{name}`" in page, name


def test_exit_codes_in_the_readme_are_those_of_the_command() -> None:
    rows = re.findall(r"^\| (\d) \| (.+?) \|$", (ROOT / "README.md").read_text("utf-8"), re.M)
    shown = " ".join((cli.help or "").split())
    assert len(rows) == 4
    assert all(f"{code} {meaning.split(':')[0].split(',')[0]}" in shown for code, meaning in rows)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    for link in re.findall(r"\]\(([^)#\s]+)", text):
        assert "://" in link or (page.parent / link).exists(), link


def test_the_changelog_speaks_of_this_version() -> None:
    import tidegauge

    assert f"## {tidegauge.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
