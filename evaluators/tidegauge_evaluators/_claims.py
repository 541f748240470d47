"""Which sentences of a response state something that a context can bear out."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple, TypeAlias

from tidegauge.errors import NotApplicable
from tidegauge_evaluators._refusals import (
    ABSTAINS,
    DECLINES,
    HINTS,
    LEADS,
    LOOK,
    OFFERS,
    OPENS,
    TAGGED,
    TOLD,
    TURNS,
    WISHES,
    YET,
)
from tidegauge_evaluators._sentences import Form, plain, spans

Sort: TypeAlias = Literal["claim", "question", "courtesy", "refusal", "offer", "lead", "other"]
"""What a sentence does: state, ask, greet or fill, decline, talk about the talk, announce; "other"
are headings, code, and what holds no word."""


class Said(NamedTuple):
    """A sentence of a response and what it does."""

    text: str
    """As a model should read it: no emphasis, no citation marks."""
    sort: Sort
    start: int
    """First character in the response."""
    end: int
    """One past the last."""


REFUSAL = "refusal"
NOTHING = "nothing to check"
EMPTY = "empty response"
"""Why a response has nothing to hold against its context; the reasons that reports count."""

LECTURE = 100
"""Words that may follow an opening "I cannot help with that": why not, where to turn."""
ASIDE = 15
"""Words that may follow an opening "the document does not say"; more is an answer after all."""
TURNED, OFFERED = 3, 12
"""Words behind "but", and behind "but I can", that do not yet make an answer."""

_QUESTION = re.compile(r"[?？؟⁇⁈]['\"”’»)\]*_\s]*$|^\W*¿[^?]*$")  # noqa: RUF001
_WORD = re.compile(r"[^\W_]+")


def said(response: str) -> list[Said]:
    """Split a response and tell what each sentence does.

    A statement in the dress of a question ("did you know that ...", "..., right?") is a claim.
    Opinions and instructions ("press the button for ten seconds") count as claims: a context
    bears them out or does not. Sentences that decline and then state something after a "but"
    are claims too. The word lists know English, and the commonest turns of German, French,
    Spanish, Italian and Portuguese; what they do not know is taken for a claim.

    Raises
    ------
    MissingExtraError
        When the splitting library is not installed.

    Examples
    --------
    >>> [part.sort for part in said("Hi! Rome fell in 476. Anything else?")]
    ['courtesy', 'claim', 'question']
    """
    found = []
    for sentence in spans(response):
        text = plain(sentence.text)
        found.append(Said(text, sort_of(text, sentence.form), sentence.start, sentence.end))
    return found


def sort_of(sentence: str, form: Form = "prose") -> Sort:
    """Tell what one sentence does.

    Examples
    --------
    >>> sort_of("I'm sorry, but I can't help with that.")
    'refusal'
    >>> sort_of("The text does not mention a date, but the treaty was signed in Rome.")
    'claim'
    """
    if form in ("heading", "code") or not _WORD.search(sentence):
        return "other"
    head = _straight(sentence)
    if _declines(head):
        return "refusal"
    if _QUESTION.search(sentence[-LOOK:]):
        return "claim" if TOLD.match(head) or TAGGED.match(head) else "question"
    if OFFERS.match(head):
        return "offer"
    if LEADS.match(head) or _announces(sentence):
        return "lead"
    if WISHES.match(head) or _only_opens(head):
        return "courtesy"
    return "claim"


def claims(response: str) -> tuple[str, ...]:
    """Give the sentences to check, each once, in the order of the response.

    Raises
    ------
    NotApplicable
        When the response is empty, is a refusal, or states nothing.
    MissingExtraError
        When the splitting library is not installed.

    Examples
    --------
    >>> claims("Sure! **Rome** fell in 476 [1]. Shall I go on?")
    ('Rome fell in 476.',)
    """
    if not response.strip():
        raise NotApplicable(EMPTY)
    parts = said(response)
    if _refuses(parts):
        raise NotApplicable(REFUSAL)
    stated = tuple(dict.fromkeys(part.text for part in parts if part.sort == "claim"))
    if not stated:
        raise NotApplicable(NOTHING)
    return stated


def is_refusal(text: str) -> bool:
    """Whether a whole response declines or abstains.

    It does when the first sentence that says anything does, and what follows neither turns
    around ("however, ..."), nor announces a list, nor goes on for long: reasons and hotlines
    after "I cannot help with that", an aside after "the document does not say" or "but I can
    tell what I know".

    Raises
    ------
    MissingExtraError
        When the splitting library is not installed.

    Examples
    --------
    >>> is_refusal("I'm sorry, but I can't help with that.")
    True
    >>> is_refusal("I cannot say when. However, the treaty was signed in Rome.")
    False
    """
    return _refuses(said(text))


def _refuses(parts: list[Said]) -> bool:
    telling = [part for part in parts if part.sort in ("claim", "refusal")]
    if not telling or telling[0].sort != "refusal":
        return False
    later = [part for part in parts if part.start > telling[0].start]
    if any(part.sort == "lead" or TURNS.match(part.text) for part in later):
        return False
    after = [part.text for part in telling[1:] if part.sort == "claim"]
    first = _straight(telling[0].text)
    declined = DECLINES.search(first)
    allowed = LECTURE if declined and not YET.search(first, declined.end()) else ASIDE
    return sum(len(_WORD.findall(text[: 20 * LOOK])) for text in after) <= allowed


def _declines(head: str) -> bool:
    found = HINTS.search(head) and (DECLINES.search(head) or ABSTAINS.search(head))
    if not found:
        return False
    turn = YET.search(head, found.end())
    said_after = len(_WORD.findall(turn["rest"])) if turn else 0
    return said_after <= (OFFERED if turn and turn["offer"] else TURNED)


def _straight(text: str) -> str:
    return text[:LOOK].replace("’", "'")  # noqa: RUF001


def _announces(sentence: str) -> bool:
    """Whether a sentence only leads up to a list: short, no number, ends with a colon."""
    if not sentence.rstrip(" *_").endswith((":", "：")):  # noqa: RUF001
        return False
    words = _WORD.findall(sentence[:LOOK])
    return len(words) <= 15 and not any(word.isdecimal() for word in words)


def _only_opens(head: str) -> bool:
    """Whether no more than a name is left behind one or more openings."""
    rest, opened = head, False
    while found := OPENS.match(rest):
        rest, opened = rest[found.end() :], True
    return opened and len(_WORD.findall(rest)) <= 2
