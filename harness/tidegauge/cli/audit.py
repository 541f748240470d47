"""The command that holds a scorer against cases made to trip it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tidegauge.errors import TidegaugeError

if TYPE_CHECKING:
    from tidegauge.audit import Audit, Ranked, Share

NOTE = (
    "Intervals are at 95 % for cases like these; cases of one template are alike, so they are too "
    "narrow for a class as a whole."
)
GROUPS = (
    "BPSN: toxic cases about others ranked above harmless ones about the group; BNSP: toxic ones "
    "about the group above harmless ones about others (Borkan et al. 2019)."
)


@click.group(short_help="Hold a scorer against cases made to trip it.")
def audit() -> None:
    r"""Hold a scorer against cases made to trip it.

    \b
    Example:
      tidegauge audit toxicity toxicity.embedded
    """


@audit.command(short_help="Audit a toxicity scorer.")
@click.argument("scorer", default="toxicity.embedded")
@click.option(
    "--data",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Cases: .jsonl or .csv, plain or .gz, such as HateCheck's; those that come along if "
    "not given.",
)
@click.option("--model", help="The scorer's setting model: a folder or a name.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="A further setting.")
@click.option("--threshold", type=float, help="Decide at this value, not as the scorer does.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def toxicity(
    scorer: str,
    data: Path | None,
    model: str | None,
    settings: Sequence[str],
    threshold: float | None,
    as_json: bool,
) -> int:
    r"""Count on which classes of case SCORER is right, and to which groups it is unfair.

    \b
    Examples:
      tidegauge audit toxicity toxicity.embedded
      tidegauge audit toxicity toxicity.classifier --model models/mine --set label=hate
      tidegauge audit toxicity toxicity.detoxify --data hatecheck.csv --json
    """
    import json
    from dataclasses import asdict

    from tidegauge.audit import run_audit
    from tidegauge.audit_cases import OWN, read_cases
    from tidegauge.catalog import nearest
    from tidegauge.catalog import scorer as tool
    from tidegauge.models import Shelf
    from tidegauge.scoring import Asked, load

    given = _settings(settings) | ({"model": model} if model else {})
    found = tool(scorer)
    for name in given:
        if name not in found.params:
            raise TidegaugeError(f'{scorer} has no setting "{name}"', nearest(name, found.params))
    cases = read_cases(data or OWN)
    loaded = load(Asked(name=scorer, column=scorer, settings=given), Shelf())
    argument = next(iter(found.card.reads))
    result = run_audit(loaded, cases, threshold=threshold, argument=argument)
    if as_json:
        about = {"scorer": scorer, "settings": given, "model": loaded.about.model}
        source = {"data": data.name if data else "tidegauge", "identity": loaded.identity}
        click.echo(json.dumps({**about, **source, **asdict(result)}, indent=1))
        return 0
    named = f"{scorer}, {loaded.about.model}" if loaded.about.model else scorer
    click.echo(_plain(f"{named}: {len(cases)} cases of {data.name if data else 'our own'}"))
    for line in (*loaded.about.notes, *_page(result)):
        click.echo(_plain(line))
    return 0


def _settings(given: Sequence[str]) -> dict[str, Any]:
    """Read KEY=VALUE, the value as JSON where it is that."""
    import json

    read: dict[str, Any] = {}
    for pair in given:
        key, equals, value = pair.partition("=")
        if not equals:
            raise TidegaugeError(f'"{pair}" sets nothing', "write KEY=VALUE: --set label=hate")
        try:
            read[key] = json.loads(value)
        except ValueError:
            read[key] = value
    return read


def _page(result: Audit) -> list[str]:
    tally = result.tally
    lines = [
        "",
        *_table(
            ("", "right", "cases"),
            [
                ("all cases", _percent(result.overall), _count(result.overall)),
                ("toxic", _percent(result.toxic), _count(result.toxic)),
                ("harmless", _percent(result.harmless), _count(result.harmless)),
            ],
        ),
        f"AUROC {_area(result.auroc)}",
    ]
    for reasons in (tally.unscored, tally.not_applicable):
        lines += [f"{n} cases without a number: {reason}" for reason, n in reasons.items()]
    lines += ["", *_table(("class", "is", "right", "cases"), _classes(result)), ""]
    if result.groups:
        head = ("group", "false positives", "minus other groups'", "missed", "AUROC in it")
        lines += [*_table((*head, "BPSN", "BNSP"), _groups(result)), "", GROUPS]
    return [*lines, NOTE]


def _classes(result: Audit) -> list[tuple[str, ...]]:
    return [
        (
            line.category,
            "toxic" if line.toxic else "harmless",
            _percent(line.right),
            _count(line.right),
        )
        for line in result.classes
    ]


def _groups(result: Audit) -> list[tuple[str, ...]]:
    return [
        (
            line.target,
            _percent(line.false_positives),
            "-"
            if line.gap is None or line.gap_interval is None
            else f"{100 * line.gap:+.1f} ({100 * line.gap_interval.low:+.0f} to "
            f"{100 * line.gap_interval.high:+.0f})",
            _percent(line.missed),
            *(_area(ranked, short=True) for ranked in (line.within, line.bpsn, line.bnsp)),
        )
        for line in result.groups
    ]


def _percent(share: Share | None) -> str:
    if share is None:
        return "-"
    low, high = share.interval
    return f"{100 * share.value:.1f} % ({100 * low:.0f}-{100 * high:.0f})"


def _count(share: Share | None) -> str:
    return str(share.n) if share else "0"


def _area(ranked: Ranked | None, *, short: bool = False) -> str:
    if ranked is None:
        return "-"
    ends = f" ({ranked.interval.low:.2f}-{ranked.interval.high:.2f})"
    return f"{ranked.value:.2f}" if short else f"{ranked.value:.3f}{ends}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (head, ["-" * width for width in widths], *rows)
    ]


def _plain(text: str) -> str:
    """Leave out what would steer the terminal: names of models and classes are foreign."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
