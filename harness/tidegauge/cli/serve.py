"""``tidegauge serve``: the dashboard, the JSON API, and suites on their schedule."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(short_help="Show the history in a browser, run suites on schedule.")
@click.argument("suites", nargs=-1, type=click.Path(path_type=Path), metavar="[SUITE|FOLDER]...")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=8642, show_default=True, type=click.IntRange(0, 65535), help="Port."
)
@click.option("--history", metavar="PLACE", default="", help="SQLite file, or postgresql:// URL.")
@click.option(
    "--token-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Ask for the token that this file holds.",
)
@click.option(
    "--proxy-header",
    default="",
    metavar="NAME",
    help="Believe a proxy that names the user in this header, as in X-Forwarded-User.",
)
@click.option(
    "--trusted-proxy",
    "trusted",
    multiple=True,
    metavar="CIDR",
    help="Address or range of that proxy; may be given again.",
)
@click.option(
    "--allow-host",
    "hosts",
    multiple=True,
    metavar="NAME",
    help="A name by which browsers may ask for this server; may be given again.",
)
@click.option(
    "--base-path", "base", default="", metavar="PATH", help="What a proxy puts before addresses."
)
@click.option("--no-schedule", is_flag=True, help="Show only: run nothing on schedule.")
@click.option(
    "--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Runs at once."
)
def serve(
    suites: tuple[Path, ...],
    host: str,
    port: int,
    history: str,
    token_file: Path | None,
    proxy_header: str,
    trusted: tuple[str, ...],
    hosts: tuple[str, ...],
    base: str,
    no_schedule: bool,
    workers: int,
) -> int:
    r"""Show the history in a browser, and run suites on their schedule.

    Without a token or a proxy that says who is there, it answers this machine only.

    \b
    Examples:
      tidegauge serve                       the history, on http://127.0.0.1:8642/
      tidegauge serve suites/               and run the suites of a folder when they are due
      tidegauge serve suites/ --host 0.0.0.0 --token-file /run/secrets/gauge
      tidegauge serve --proxy-header X-Forwarded-User --trusted-proxy 127.0.0.1 \
        --allow-host gauge.example.com
    """
    from tidegauge.errors import MissingExtraError
    from tidegauge.serving.settings import settle

    settings = settle(
        suites=suites,
        history=history,
        host=host,
        port=port,
        token_file=token_file,
        proxy_header=proxy_header,
        trusted=trusted,
        hosts=hosts,
        base=base,
        schedule=not no_schedule,
        workers=workers,
    )
    try:
        import apscheduler  # noqa: F401
        import fastapi  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(
            f"tidegauge serve needs an optional dependency: {error.name} is not installed",
            'pip install "tidegauge[serve]"',
        ) from None
    from tidegauge.serving.running import serve as run

    run(settings, lambda line: click.echo(line, err=True))
    return 0
