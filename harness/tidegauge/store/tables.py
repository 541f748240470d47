"""The tables of a history; SQLAlchemy Core, the same in SQLite and in PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

from tidegauge.store.speaking import stored


class Moment(TypeDecorator[datetime]):
    """A moment in UTC: ``timestamptz`` in PostgreSQL, ISO 8601 text that sorts in SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """Choose the column's type."""
        return dialect.type_descriptor(
            String(32) if dialect.name == "sqlite" else DateTime(timezone=True)
        )

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Write a moment; one without a zone is UTC."""
        if value is None:
            return None
        moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return stored(moment) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Read a moment back, aware and in UTC."""
        if value is None:
            return None
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        return moment.astimezone(UTC)


Number = BigInteger().with_variant(Integer(), "sqlite")
"""Integers that count rows and number records; SQLite numbers only plain ones by itself."""

metadata = MetaData()

runs = Table(
    "runs",
    metadata,
    Column("no", Number, primary_key=True, autoincrement=True),
    Column("id", String(64), nullable=False, unique=True),
    Column("suite", Text, nullable=False),
    Column("span", Text, nullable=False),  # what a revision is of: window, or digest of the log
    Column("revision", Integer, nullable=False),
    Column("superseded_by", String(64), nullable=False, default=""),
    Column("at", Moment, nullable=False),
    Column("window", Text, nullable=False),
    Column("window_start", Moment),
    Column("window_end", Moment),
    Column("created", Moment, nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("because", Text, nullable=False),
    Column("counts", Text, nullable=False),
    Column("n_baseline", Number, nullable=False),
    Column("n_current", Number, nullable=False),
    Column("source", Text, nullable=False),
    Column("overrides", Text, nullable=False),
    Column("suite_path", Text, nullable=False),
    Column("baseline_digest", Text, nullable=False),
    Column("current_digest", Text, nullable=False),
    Column("model_versions", Text, nullable=False),
    Column("seconds", Float, nullable=False),
    UniqueConstraint("suite", "span", "revision"),
    Index("runs_by_time", "suite", "superseded_by", "at"),
    Index("runs_of_all", "superseded_by", "at"),
)

parts = Table(  # what many runs share, by content: grids, baselines, a report that others are like
    "parts",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("codec", String(16), nullable=False),
    Column("body", LargeBinary, nullable=False),
)

reports = Table(
    "reports",
    metadata,
    Column("run", ForeignKey("runs.no", ondelete="CASCADE"), primary_key=True),
    Column("codec", String(16), nullable=False),
    Column("model", ForeignKey("parts.digest"), nullable=False, index=True),
    Column("body", LargeBinary, nullable=False),
)

profiles = Table(
    "profiles",
    metadata,
    Column("run", ForeignKey("runs.no", ondelete="CASCADE"), primary_key=True),
    Column("grid", ForeignKey("parts.digest"), nullable=False, index=True),
    Column("baseline", ForeignKey("parts.digest"), index=True),
    Column("windows", Integer, nullable=False),  # more than one: a day, added up
    Column("codec", String(16), nullable=False),
    Column("body", LargeBinary, nullable=False),
)

subjects = Table(
    "subjects",
    metadata,
    Column("no", Number, primary_key=True, autoincrement=True),
    Column("suite", Text, nullable=False),
    Column("check", Text, nullable=False),
    Column("column", Text, nullable=False),
    Column("slice", Text, nullable=False),
    Column("evaluator", Text, nullable=False),
    Column("role", Text, nullable=False),
    UniqueConstraint("suite", "check", "column", "slice"),
)

results = Table(
    "results",
    metadata,
    Column("subject", ForeignKey("subjects.no"), primary_key=True),
    Column("run", ForeignKey("runs.no", ondelete="CASCADE"), primary_key=True),
    Column("outcome", String(16), nullable=False),
    Column("broke", Boolean, nullable=False),
    Column("n", Number, nullable=False),
    Column("value", Float),
    Column("low", Float),
    Column("high", Float),
    Column("p_value", Float),
    Column("baseline", Float),
    Column("warn", Float),
    Column("critical", Float),
    Index("results_of_run", "run"),
    sqlite_with_rowid=False,
)

causes = Table(
    "causes",
    metadata,
    Column("run", ForeignKey("runs.no", ondelete="CASCADE"), primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("of", Text, nullable=False),
    Column("factor", Text, nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("share", Float, nullable=False),
    Column("low", Float),
    Column("high", Float),
    Column("rank_one", Float),
    Column("because", Text, nullable=False),
)

predictions = Table(  # what labels that arrive later are held against
    "predictions",
    metadata,
    Column("suite", Text, primary_key=True),
    Column("span", Text, primary_key=True),
    Column("rows", Number, nullable=False),
    Column("labelled", Number, nullable=False),
    Column("first_labelled", Number, nullable=False),
    Column("digest", Text, nullable=False),
    Column("updated", Moment, nullable=False),
    Column("codec", String(16), nullable=False),
    Column("body", LargeBinary, nullable=False),
)

leases = Table(  # who does what only one may do at a time
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", String(64), nullable=False),
    Column("until", Moment, nullable=False),
)

incidents = Table(
    "incidents",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("suite", Text, nullable=False),
    Column("sort", String(16), nullable=False),
    Column("title", Text, nullable=False),
    Column("because", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("findings", Text, nullable=False),
    Column("severity", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("opened", Moment, nullable=False),
    Column("updated", Moment, nullable=False),
    Column("resolved", Moment),
    Column("resolved_by", Text, nullable=False),
    Column("first_window", Text, nullable=False),
    Column("last_window", Text, nullable=False),
    Column("windows", Integer, nullable=False),
    Column("clean", Integer, nullable=False),
    Column("run", String(64), nullable=False),
    Column("owner", Text, nullable=False),
    Column("acknowledged_by", Text, nullable=False),
    Column("notified", Moment),
    Column("reopened", Integer, nullable=False),
    Index("incidents_of_suite", "suite", "state"),
    Index("incidents_by_time", "opened"),
)

sightings = Table(  # what each window had to say of an incident
    "sightings",
    metadata,
    Column("incident", ForeignKey("incidents.id", ondelete="CASCADE"), primary_key=True),
    Column("at", Moment, primary_key=True),  # where the window stands
    Column("window", Text, nullable=False),
    Column("run", String(64), nullable=False),
    Column("state", String(16), nullable=False),  # found, clean, unknown
    Column("severity", String(16), nullable=False),
    Column("findings", Text, nullable=False),
)

incident_events = Table(  # only ever added to
    "incident_events",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("incident", ForeignKey("incidents.id", ondelete="CASCADE"), nullable=False),
    Column("at", Moment, nullable=False),
    Column("what", String(16), nullable=False),
    Column("severity", String(16), nullable=False),
    Column("by", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("run", String(64), nullable=False),
    Column("window", Text, nullable=False),
    Column("routed", Boolean, nullable=False),
    Index("incident_events_of", "incident", "id"),
    Index("incident_events_to_route", "routed"),
)

deliveries = Table(  # what is to be done for an event, written with it, done after it
    "deliveries",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("suite", Text, nullable=False),
    Column("incident", ForeignKey("incidents.id", ondelete="CASCADE"), nullable=False),
    Column("event", Number, nullable=False),
    Column("action", Text, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("message", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created", Moment, nullable=False),
    Column("at", Moment),
    Column("due", Moment, nullable=False),
    Column("problem", Text, nullable=False),
    Index("deliveries_due", "suite", "state", "due"),
    Index("deliveries_of", "incident"),
)

settled = Table(  # runs whose alarms were looked at
    "settled",
    metadata,
    Column("run", String(64), primary_key=True),
    Column("suite", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Index("settled_of", "suite", "at"),
)

evidence = Table(  # what each window says against "within the limit", as an e-value
    "evidence",
    metadata,
    Column("suite", Text, primary_key=True),
    Column("at", Moment, primary_key=True),  # where the window stands
    Column("tests", Integer, nullable=False),
    Column("body", Text, nullable=False),  # finding -> e-value, and what has paged
)

comparisons = Table(  # of two models: what the gate said, and the whole record
    "comparisons",
    metadata,
    Column("no", Number, primary_key=True, autoincrement=True),
    Column("id", String(64), nullable=False, unique=True),
    Column("suite", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("because", Text, nullable=False),
    Column("baseline", Text, nullable=False),
    Column("candidate", Text, nullable=False),
    Column("n", Number, nullable=False),
    Column("design", String(16), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("comparisons_by_time", "suite", "at"),
)
