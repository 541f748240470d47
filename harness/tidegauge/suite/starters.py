"""What a suite can start from outside: a webhook, a command, a DAG."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

from tidegauge.suite.acts import Airflow, Command, Webhook
from tidegauge.suite.document import Node, shown
from tidegauge.suite.owners import secret_text
from tidegauge.suite.values import choice, entries, items, mapping, number, text, whole

STARTERS = ("command", "webhook", "airflow")
WEBHOOK_KEYS = {
    "url": "Where to post: https://..., or ${NAME}.",
    "secret": "Key of the signature, as ${NAME}.",
    "headers": "Further headers.",
    "timeout": "Seconds that one attempt may take (default 10).",
    "attempts": "Attempts in one round (default 3).",
}
COMMAND_KEYS = {
    "arguments": "The program and its arguments, each one item; never a shell.",
    "timeout": "Seconds that it may take (default 60).",
    "environment": "Variables beside PATH, HOME, LANG, TZ and TMPDIR.",
}
AIRFLOW_KEYS = {
    "url": "Address of the web server.",
    "dag": "Id of the DAG.",
    "token": "Access token, as ${NAME}.",
    "api": "v2 for Airflow 3 (the default), v1 for Airflow 2.",
}
PLACEHOLDERS = (
    "key", "suite", "incident", "event", "severity", "run", "window", "window_start", "window_end",
)  # fmt: skip
"""What a command's argument may stand for: nothing that comes from logged data, which arrives as
JSON on its standard input."""
LONGEST = 3600
"""Seconds that anything may take."""


def read_starter(word: str, node: Node, folder: Path) -> Webhook | Command | Airflow:
    """Read a ``webhook``, a ``command`` or an ``airflow``."""
    if word == "webhook":
        return _webhook(node)
    return _command(node, folder) if word == "command" else _airflow(node)


def _webhook(node: Node) -> Webhook:
    if not isinstance(node.value, dict):
        return Webhook(url=_url(node))
    found = entries(node, WEBHOOK_KEYS, '{url: "${HOOK_URL}", secret: "${HOOK_SECRET}"}')
    if "url" not in found:
        node.complain('found no key "url"; needed: where to post')
    headers = (
        {
            key: secret_text(item, "a text")
            for key, item in mapping(found["headers"], "{Authorization: ...}").items()
        }
        if "headers" in found
        else {}
    )
    for key in headers:
        if not re.fullmatch(r"[A-Za-z0-9-]+", key):
            found["headers"].complain(
                f'found the header "{shown(key)}"; allowed: letters, digits, dashes'
            )
    return Webhook(
        url=_url(found["url"]) if "url" in found else "",
        secret=secret_text(found["secret"], "a text, such as ${HOOK_SECRET}")
        if "secret" in found
        else "",
        headers=headers,
        timeout=_seconds(found["timeout"]) if "timeout" in found else timedelta(seconds=10),
        attempts=_attempts(found["attempts"]) if "attempts" in found else 3,
    )


def _url(node: Node) -> str:
    allowed = "a URL that begins with https:// or http://, or ${NAME}"
    url = secret_text(node, allowed)
    if url and not re.match(r"https?://|\$\{", url):
        node.complain(f"found a text that is no such URL; allowed: {allowed}")
    return url


def _seconds(node: Node) -> timedelta:
    allowed = f"seconds, above 0 and up to {LONGEST:,}"
    seconds = number(node, allowed)
    if not 0 < seconds <= LONGEST:
        node.wrong(allowed)
        return timedelta(seconds=1)
    return timedelta(seconds=seconds)


def _attempts(node: Node) -> int:
    allowed = "a whole number from 1 to 10"
    attempts = whole(node, allowed)
    if not 1 <= attempts <= 10:
        node.wrong(allowed)
    return attempts


def _command(node: Node, folder: Path) -> Command:
    example = '[python, page.py, "{incident}"]'
    if not isinstance(node.value, dict):
        return Command(arguments=_arguments(node, example), folder=str(folder))
    found = entries(node, COMMAND_KEYS, f"{{arguments: {example}, timeout: 60}}")
    if "arguments" not in found:
        node.complain('found no key "arguments"; needed: the program and its arguments')
    environment = (
        {
            key: secret_text(item, "a text")
            for key, item in mapping(found["environment"], "{TOKEN: ...}").items()
        }
        if "environment" in found
        else {}
    )
    return Command(
        arguments=_arguments(found["arguments"], example) if "arguments" in found else (),
        timeout=_seconds(found["timeout"]) if "timeout" in found else timedelta(minutes=1),
        environment=environment,
        folder=str(folder),
    )


def _arguments(node: Node, example: str) -> tuple[str, ...]:
    if isinstance(node.value, str):
        node.wrong(f"a list of arguments such as {example}", "no shell reads it: write each apart")
        return ()
    listed = items(node, f"arguments: {example}")
    if not listed:
        node.wrong(f"a list of arguments such as {example}")
    found = []
    for item in listed:
        word = item.text if isinstance(item.value, int | float) else secret_text(item, "a text")
        inside = re.findall(r"(?<!\$)\{([a-z_]+)\}", word)
        for placeholder in inside:
            if word != f"{{{placeholder}}}":
                item.wrong(f'"{{{placeholder}}}" as an argument of its own')
            elif placeholder not in PLACEHOLDERS:
                item.wrong(
                    f"one of {', '.join(PLACEHOLDERS)}, in braces",
                    "the rest arrives as JSON on the command's standard input",
                )
        found.append(word)
    return tuple(found)


def _airflow(node: Node) -> Airflow:
    found = entries(node, AIRFLOW_KEYS, '{url: "https://airflow.example.org", dag: retrain}')
    for key in ("url", "dag"):
        if isinstance(node.value, dict) and key not in found:
            node.complain(f'found no key "{key}"; needed: url and dag', AIRFLOW_KEYS[key])
    api = choice(found["api"], ("v2", "v1")) if "api" in found else "v2"
    return Airflow(
        url=_url(found["url"]) if "url" in found else "",
        dag=text(found["dag"], "the id of a DAG") if "dag" in found else "",
        token=secret_text(found["token"], "${AIRFLOW_TOKEN}") if "token" in found else "",
        api="v1" if api == "v1" else "v2",
    )
