"""The tables of the first release, which ``tidegauge.store.tables`` makes by itself.

A new history is never migrated to: it is made with today's tables, and marked with their revision.
So this revision only says where all migrations begin.
"""

from __future__ import annotations

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing to do: there is nothing older."""
