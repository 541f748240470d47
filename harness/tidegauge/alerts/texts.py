"""An incident in words, for people who are told of it; logged text in it is made harmless."""

from __future__ import annotations

from tidegauge.incident import Message

MARKS = {"resolved": "resolved", "opened": "", "reopened": "again", "repeated": "still"}
MOST = 5
"""Findings that are named; the rest is a number."""


def title_of(message: Message) -> str:
    """Give the subject line.

    Examples
    --------
    >>> title_of(Message(key="k", suite="credit", event="opened", severity="critical",
    ...     incident="1a2b3c4d", title="income: values times 0.45", because=""))
    '[critical] credit: income: values times 0.45'
    """
    word = MARKS.get(message.event, message.event)
    mark = (
        "resolved" if message.event == "resolved" else f"{message.severity}{word and f', {word}'}"
    )
    test = "TEST " if message.test else ""
    return harmless(f"{test}[{mark}] {message.suite}: {message.title}", 200)


def body_of(message: Message) -> str:
    """Give the text: what, why, since when, and where to look."""
    lines = ["This is only a test; nothing is wrong."] if message.test else []
    lines.append(harmless(message.because, 1_000))
    for finding in message.findings[:MOST]:
        said = harmless(str(finding.get("because", "")), 300)
        if said and said not in lines[-1]:
            lines.append(f"- {said}")
    if len(message.findings) > MOST:
        lines.append(f"- and {len(message.findings) - MOST} more findings")
    lines.append("")
    if message.window:
        lines.append(f"window {message.window}")
    if message.run:
        lines.append(f"run {message.run}: tidegauge report {message.run}")
    lines.append(f"incident {message.incident}: tidegauge incidents show {message.incident}")
    if message.owner:
        lines.append(harmless(f"owner {message.owner}", 200))
    return "\n".join(lines)


def harmless(text: str, most: int) -> str:
    r"""Make logged text safe to send: one line, no control characters, nobody mentioned by it.

    Examples
    --------
    >>> harmless("@everyone\n<!channel>", 80)
    '@\u200beveryone \u2039!channel\u203a'
    """
    text = "".join(c if c.isprintable() else " " for c in text)
    text = text.replace("@", "@\u200b").replace("<", "\u2039").replace(">", "\u203a")
    return text if len(text) <= most else text[: most - 3] + "..."
