"""Logged text in Markdown: it stays text, whatever it holds."""

from __future__ import annotations

import re

from tidegauge_reports import _words as words

_SPECIAL = re.compile(r"([\\`*_\[\]|~$>]|^[#+=-]|^\d+[.)])")
# A zero-width space after these stops mentions, references and bare links; escaping does not.
_LINKING = re.compile(r"(@|(?<!&)#|://|\bwww\.|\bGH-)", re.IGNORECASE)


def prose(text: object, limit: int = 300) -> str:
    r"""Escape logged text so that it stays text: no markup, link, mention or table cell.

    Examples
    --------
    >>> prose("a | <b> *c*")
    'a \\| &lt;b\\> \\*c\\*'
    """
    text = words.shorten(text, limit).strip()
    text = _LINKING.sub("\\1\u200b", text)
    text = text.replace("&", "&amp;").replace("<", "&lt;")
    return _SPECIAL.sub(lambda found: f"{found[0][:-1]}\\{found[0][-1]}", text)


def code(text: object, limit: int = 60) -> str:
    """Set a name as code, whatever backticks and pipes it holds."""
    text = words.shorten(text, limit).replace("|", r"\|")
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if longest or text != text.strip() or not text else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def figure(text: str) -> str:
    """Set a number of ours, which may begin with a sign that HTML would take for a tag."""
    return text.replace("<", "&lt;")
