"""Where templates are found, and how they print: escaped, and cleaned of what steers a screen."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tidegauge_reports import _words as words

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).with_name("templates")
"""Templates of reports, and the styles and scripts that they hold."""
_PAGES = Path(__file__).with_name("dashboard") / "templates"


@cache
def environment() -> Environment:
    """Give the one environment of all templates, those of reports and of the dashboard."""
    from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined

    pages = PrefixLoader({"dashboard": FileSystemLoader(_PAGES)})
    return Environment(
        loader=ChoiceLoader([FileSystemLoader(TEMPLATES), pages]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_plain,
    )


def _plain(value: object) -> object:
    """Make every logged string safe to print before it is escaped."""
    return words.clean(value) if type(value) is str else value
