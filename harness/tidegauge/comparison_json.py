"""A comparison read back from JSON, and shown in a notebook."""

from __future__ import annotations

import json
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any

from tidegauge.comparison import FORMAT, Comparison, Difference
from tidegauge.errors import TidegaugeError

if TYPE_CHECKING:
    from pydantic import TypeAdapter


def comparison_from_json(text: str | bytes) -> Comparison:
    """Read a comparison back.

    Raises
    ------
    TidegaugeError
        When it is not JSON, not a comparison, or of another format version.
    """
    found = _parsed(text)
    if found.get("format") != FORMAT:
        raise TidegaugeError(
            f"the comparison has format {found.get('format')!r}; this version of tidegauge reads "
            f"format {FORMAT}",
            "write it again with: tidegauge compare",
        )
    from pydantic import ValidationError

    try:
        return _adapter().validate_json(text)
    except ValidationError as wrong:
        first = wrong.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"]) or "top level"
        raise TidegaugeError(
            f"the text is JSON but not a comparison: {place}: {first['msg']}",
            "pass the file that tidegauge compare wrote",
        ) from None


def comparison_html(comparison: Comparison) -> str:
    """Show a comparison in a notebook: the verdict, and every metric on all rows."""
    head = "".join(
        f'<th style="text-align:left">{name}</th>'
        for name in ("", "metric", "baseline", "candidate", "why")
    )
    rows = "".join(_row(one) for one in comparison.overall)
    return (
        '<div style="max-width:62rem">'
        f"<p><strong>{escape(comparison.suite)}: {escape(comparison.outcome)}.</strong> "
        f"{escape(comparison.because)}</p><table><tr>{head}</tr>{rows}</table></div>"
    )


def _row(one: Difference) -> str:
    values = ("" if value is None else f"{value:.4g}" for value in (one.baseline, one.candidate))
    cells = (one.decision.replace("_", " "), one.metric, *values, one.because)
    shown = "".join(f'<td style="text-align:left">{escape(cell)}</td>' for cell in cells)
    return f"<tr>{shown}</tr>"


def _parsed(text: str | bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as wrong:
        raise TidegaugeError(
            f"the text is not JSON: {wrong}", "pass the whole file that tidegauge compare wrote"
        ) from None
    if not isinstance(found, dict) or "differences" not in found:
        raise TidegaugeError(
            'the text is JSON but not a comparison: it has no "differences"',
            "pass the file that tidegauge compare wrote",
        )
    return found


@cache
def _adapter() -> TypeAdapter[Comparison]:
    from pydantic import TypeAdapter

    return TypeAdapter(Comparison)
