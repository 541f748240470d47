"""Sentences of logged text: prose by a library's rules, lists, tables and code by their lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Literal, NamedTuple, TypeAlias

from tidegauge.errors import MissingExtraError

Form: TypeAlias = Literal["prose", "item", "heading", "row", "code"]
"""Where a sentence stands: running text, a list's item, a heading, a table's row, a code block."""

_Line: TypeAlias = tuple[int, int]
"""Start and end of a line or block in its text."""


class Sentence(NamedTuple):
    """A sentence and where it stands."""

    text: str
    """As it reads: white space collapsed, list markers left out, a table's row with its heads."""
    start: int
    """First character in the text that was split."""
    end: int
    """One past the last."""
    form: Form = "prose"


RULES = "1"
"""Version of what this module adds to the library; part of every identity that rests on it."""

_LONE = re.compile("[\ud800-\udfff]")
_FENCE = re.compile(r"\s{0,3}(```|~~~)")
_HEADING = re.compile(r"\s{0,3}#{1,6}\s+")
_ITEM = re.compile(
    r"[ \t>]{0,40}(?:[-*+•‣◦▪–—·●○■□]|\(?\d{1,3}[.)]|\(?[a-zA-Z][.)])\s+"  # noqa: RUF001
)
_QUOTE = re.compile(r"[ \t]{0,40}>[ \t>]*")
_RULE = re.compile(r"\s*(?:[-*_=]\s*){3,}$")
_NUMBER_ONLY = re.compile(r"\s*\(?(?:\d{1,3}|[a-zA-Z])[.)]\s*$")
_ENDS = frozenset(".!?:;…。！？；：।۔؟။።։\"'”’»」)]")  # noqa: RUF001
_RULER = frozenset("|:- \t")

_SCRIPTS = (
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("zh", re.compile("[\u3400-\u9fff]")),
    ("ko", re.compile("[\uac00-\ud7af]")),
    ("hi", re.compile("[\u0900-\u097f]")),
    ("bn", re.compile("[\u0980-\u09ff]")),
    ("ta", re.compile("[\u0b80-\u0bff]")),
    ("ar", re.compile("[\u0600-\u06ff]")),
    ("he", re.compile("[\u0590-\u05ff]")),
    ("ru", re.compile("[\u0400-\u04ff]")),
    ("el", re.compile("[\u0370-\u03ff]")),
    ("hy", re.compile("[\u0530-\u058f]")),
    ("am", re.compile("[\u1200-\u137f]")),
    ("my", re.compile("[\u1000-\u109f]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
)
"""Language whose rules stand for a script."""
_COMMON = {
    code: frozenset(words.split())
    for code, words in {
        "de": "der die das und ist nicht ein eine mit von zu den auf für wird sind",
        "fr": "le la les des est une dans pour que qui sur avec pas du et au",
        "es": "el los las una que por con para es del se no su más como y",
        "it": "il gli che di una per con non è della sono nel più anche dei",
        "pt": "o os as uma que não com para é do da em um no na são",
        "nl": "de het een van en niet dat zijn op met voor is te wordt ook",
        "en": "the of and to in is that for it with as was on are this by",
    }.items()
}
"""Frequent words of the languages that share the Latin script."""
_LOOK = 2_000
"""Characters that decide on the language."""


def sentences(text: str) -> list[str]:
    r"""Split a text into sentences, markers and white space tidied.

    Parameters
    ----------
    text
        Anything that was logged.

    Returns
    -------
    list[str]
        In the order of the text; none of them is empty.

    Raises
    ------
    MissingExtraError
        When the splitting library is not installed.

    Examples
    --------
    >>> sentences("Dr. Lee paid $3.50. 今天很好。我们走吧。")
    ['Dr. Lee paid $3.50.', '今天很好。', '我们走吧。']
    >>> sentences("Two rules:\n- Be brief. Be kind.\n- Rest")
    ['Two rules:', 'Be brief.', 'Be kind.', 'Rest']
    """
    return [sentence.text for sentence in spans(text)]


def spans(text: str) -> list[Sentence]:
    """Split a text into sentences that know their place and form.

    Paragraphs, list items, headings and lines end a sentence whether or not a full stop does; a
    line that goes on in lower case is taken as wrapped. A fenced block of code is one sentence of
    the form "code", a table's row one of the form "row" that reads "head: cell; head: cell".
    Lone surrogates, which no tokenizer takes, become the replacement character.

    Raises
    ------
    MissingExtraError
        When the splitting library is not installed.
    """
    clean = _LONE.sub("\ufffd", text)
    spoken = language(clean)
    found: list[Sentence] = []
    for start, end, form in _blocks(clean):
        if form == "prose" or form == "item":
            found.extend(_prose(clean, start, end, form, spoken))
        elif form == "row":
            found.extend(_table(clean, start, end))
        elif read := " ".join(clean[start:end].split()):
            found.append(Sentence(read, start, end, form))
    return found


def language(text: str) -> str:
    """Guess the language whose punctuation rules fit, from script and frequent words.

    Examples
    --------
    >>> language("これはペンです"), language("Das ist nicht der Fall"), language("12345")
    ('ja', 'de', 'en')
    """
    head = text[:_LOOK]
    if not head.isascii():
        letters = sum(char.isalpha() for char in head)
        for code, script in _SCRIPTS:
            if 3 * len(script.findall(head)) > letters > 0:
                return code
    words = set(head.casefold().split())
    hits = {code: len(words & common) for code, common in _COMMON.items()}
    best = max(hits, key=lambda code: (hits[code], code == "en"))
    return best if hits[best] else "en"


@cache
def splitter() -> str:
    """Name what splits, with its version: equal names split equally.

    Raises
    ------
    MissingExtraError
        When the splitting library is not installed.
    """
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"sentencex {version('sentencex')}, rules {RULES}"
    except PackageNotFoundError:
        raise _missing() from None


def plain(text: str) -> str:
    """Strip what a model should not read: emphasis, links' targets, citation marks.

    Examples
    --------
    >>> plain("**Paris** is the [capital](https://example.org) of France [1][2].")
    'Paris is the capital of France.'
    """
    if _MARKED.search(text):
        for mark, instead in _MARKS:
            text = mark.sub(instead, text)
    return " ".join(text.split())


_MARKED = re.compile("[*`~\\]】]")
_MARKS = (
    (re.compile(r"!?\[([^\[\]]{1,500})\]\((?:[^()\s]{1,2000})\)"), r"\1"),
    (re.compile(r"\s?(?:\[\^?\d{1,3}(?:\s?[,–-]\s?\d{1,3})*\]|【[^【】]{1,40}】)"), ""),  # noqa: RUF001
    (re.compile(r"(\*\*|~~|`{1,2})(?=\S)(.{1,2000}?)(?<=\S)\1"), r"\2"),
    (re.compile(r"(?<![\w*])\*(?=[^\s*])([^*]{1,2000}?)(?<=\S)\*(?![\w*])"), r"\1"),
)


def _blocks(text: str) -> Iterator[tuple[int, int, Form]]:
    """Cut a text into paragraphs, items, headings, tables and fenced code."""
    lines = _lines(text)
    at = 0
    while at < len(lines):
        start, end = lines[at]
        line = text[start:end]
        at += 1
        if fence := _FENCE.match(line):
            while at < len(lines) and not text[slice(*lines[at])].lstrip().startswith(fence[1]):
                at += 1
            yield (end, lines[at - 1][1], "code")
            at += 1
        elif not line.strip() or _RULE.match(line):
            continue
        elif mark := _HEADING.match(line):
            yield (start + mark.end(), end, "heading")
        elif "|" in line and at < len(lines) and _is_ruler(text[slice(*lines[at])]):
            while at < len(lines) and "|" in text[slice(*lines[at])]:
                at += 1
            yield (start, lines[at - 1][1], "row")
        else:
            item = _ITEM.match(line)
            mark = item or _QUOTE.match(line)
            form: Form = "item" if item else "prose"
            while at < len(lines) and _goes_on(text[start:end], text[slice(*lines[at])]):
                start, end = start, lines[at][1]
                at += 1
            yield (start + (mark.end() if mark else 0), end, form)


def _lines(text: str) -> list[_Line]:
    found, start = [], 0
    for line in text.splitlines(keepends=True):
        found.append((start, start + len(line.rstrip("\r\n"))))
        start += len(line)
    return found


def _is_ruler(line: str) -> bool:
    return "|" in line and "-" in line and _RULER.issuperset(line)


def _goes_on(line: str, following: str) -> bool:
    """Whether a line was wrapped rather than ended."""
    if line.rstrip()[-1:] in _ENDS or "|" in following or _ITEM.match(following):
        return False
    return following.lstrip()[:1].islower()


def _prose(text: str, start: int, end: int, form: Form, spoken: str) -> Iterator[Sentence]:
    """Sentences of a paragraph or item, by the library."""
    held = at = start
    for piece in _segment(spoken, text[start:end]):
        at += len(piece)
        if _NUMBER_ONLY.match(text[held:at]) and at < end:
            continue  # "1." belongs to what it numbers
        if read := " ".join(text[held:at].split()):
            lead = len(text[held:at]) - len(text[held:at].lstrip())
            yield Sentence(read, held + lead, held + len(text[held:at].rstrip()), form)
        held = at


def _table(text: str, start: int, end: int) -> Iterator[Sentence]:
    """Rows of a table whose first line holds the heads and second the ruler."""
    (first, stop), _, *rows = _lines(text[start:end])
    heads = _cells(text[start + first : start + stop])
    for begin, finish in rows:
        cells = _cells(text[start + begin : start + finish])
        named = [
            f"{head}: {cell}" if head else cell
            for head, cell in zip(heads + [""] * len(cells), cells, strict=False)
            if cell
        ]
        if named:
            yield Sentence("; ".join(named), start + begin, start + finish, "row")


def _cells(line: str) -> list[str]:
    return [" ".join(cell.split()) for cell in line.strip().strip("|").split("|")]


def _segment(spoken: str, text: str) -> list[str]:
    try:
        from sentencex import segment
    except ImportError:
        raise _missing() from None
    pieces: list[str] = list(segment(spoken, text))
    return pieces if "".join(pieces) == text else [text]


def _missing() -> MissingExtraError:
    return MissingExtraError(
        "splitting text into sentences needs the package sentencex",
        'pip install "tidegauge[text]"',
    )
