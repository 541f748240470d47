"""Carries a history of an older release to this one's tables; reached only when one is due."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from tidegauge.errors import HistoryError
from tidegauge.store.opening import shown, writing
from tidegauge.store.places import VERSION

SCRIPTS = Path(__file__).parent / "migrations"


def upgrade(engine: sa.Engine, found: str, *, scripts: Path = SCRIPTS, to: str = VERSION) -> None:
    """Run the migrations that lead from one revision to another, in one transaction.

    Raises
    ------
    HistoryError
        When no migration leads there: the history is of a newer release, or no history.
    """
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    directory = ScriptDirectory.from_config(config)
    known = {script.revision for script in directory.walk_revisions()}
    if found not in known:
        raise HistoryError(
            f"history {shown(engine)} has tables of revision {found}, this release knows {to}",
            "a newer release wrote it: upgrade tidegauge, or name another place by --history",
        )
    with (
        writing(engine) as connection,
        EnvironmentContext(config, directory) as environment,
    ):
        environment.configure(
            connection=connection,
            fn=lambda revision, _: directory._upgrade_revs(to, revision),
        )
        environment.run_migrations()
