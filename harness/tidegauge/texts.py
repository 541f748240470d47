"""Scorers in a run: bound to one side's columns, run over its log, and what came of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from tidegauge.baseline import Baseline, Frozen, Sample
from tidegauge.catalog import nearest
from tidegauge.errors import BaselineError, SuiteError, TidegaugeError
from tidegauge.labelling import Drawn, Watch, read_labels
from tidegauge.layouts import text_roles
from tidegauge.logs import Log
from tidegauge.models import Shelf
from tidegauge.profile import LabelSample, Layout, Made, VectorSample
from tidegauge.records import Result, Scoring, Tally, Verdict
from tidegauge.scoring.cache import Cache
from tidegauge.scoring.log import Ledger, Side, Told, add_columns, scored
from tidegauge.scoring.plan import Planned, bind, plan_what_can_be, vectors_for
from tidegauge.scoring.vectors import AUTO, thinned, vector_sample
from tidegauge.suite import Suite
from tidegauge.wording import listed

HEAD = 5_000
"""Rows by which the roles of texts are told, where neither suite nor baseline says them."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A sheet of labels, and the watch that lays it over the log."""

    drawn: Drawn
    watch: Watch


@dataclass(slots=True)
class Texts:
    """The scorers of one side; ``ledgers`` and ``sample`` fill while the log is read."""

    planned: tuple[Planned, ...]
    side: Side
    roles: Mapping[str, str]
    """Role -> column of the texts."""
    id_column: str
    rows: Mapping[str, int]
    """Column of a sampled scorer -> rows that it looks at."""
    seed: int
    told: Told
    failed: Mapping[str, TidegaugeError] = field(default_factory=dict)
    """Column of a scorer that lacks its package or model -> what it lacks."""
    labels: Labelled | None = None
    cache: Cache | None = None
    ledgers: dict[str, Ledger] = field(default_factory=dict)
    held: list[pa.RecordBatch] = field(default_factory=list)

    @property
    def made(self) -> dict[str, Made]:
        """Every column that is added."""
        return {name: made for one in self.planned for name, made in one.made.items()}

    @property
    def sampled(self) -> tuple[Planned, ...]:
        """Scorers that look at a sample of rows only."""
        return tuple(one for one in self.planned if one.asked.card.sampled)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know of the cache."""
        return tuple(self.cache.notes) if self.cache else ()

    def score(self, log: Log) -> Log:
        """Let a log's batches carry the columns that scorers add to every row."""
        found = scored(
            log,
            self.planned,
            side=self.side,
            cache=self.cache,
            id_column=self.id_column,
            roles={column: role for role, column in self.roles.items()},
            told=self.told,
        )
        self.ledgers = found.ledgers
        return found.log

    def watched(
        self, batches: Iterable[pa.RecordBatch], layout: Layout
    ) -> Iterator[pa.RecordBatch]:
        """Pass batches on, and hold a sample of their texts for the sampled scorers."""
        needed = {one.source for one in self.sampled} | {layout.conversation, layout.id}
        most = 2 * max(self.rows.values(), default=0)  # halved, it is still enough
        sample = Sample(most, np.random.default_rng(self.seed))
        for batch in batches:
            if self.labels:
                self.labels.watch.note(batch)
            if self.sampled:
                sample.add(batch.select([n for n in batch.schema.names if n in needed]))
            yield batch
        self.held = sample.held

    def vectors(self, reference: Baseline, n: int) -> dict[str, tuple[VectorSample, VectorSample]]:
        """Both sides' vectors by column, where both have some."""
        layout = reference.profile.layout
        if not self.sampled or not self.held:
            return {}
        rows = self.with_vectors(pa.Table.from_batches(self.held))
        return {
            column: (
                vector_sample(reference.rows, column, layout, reference.profile.n),
                vector_sample(rows, column, layout, n),
            )
            for column in (one.asked.column for one in self.sampled)
            if column in reference.rows.column_names
        }

    def labelled(self) -> dict[str, LabelSample]:
        """Labels of the log's rows by the column of the scorer that they are about."""
        if self.labels is None:
            return {}
        return {self.labels.watch.column: self.labels.watch.laid(self.labels.drawn)}

    def sealed(self, frozen: Baseline) -> Baseline:
        """Give a baseline the vectors of its rows, and say by which scorers it was made."""
        rows = frozen.rows
        for one in self.sampled:
            stale = [one.asked.column, f"{one.asked.column}.status"]
            rows = rows.drop_columns([name for name in stale if name in rows.column_names])
        return replace(
            frozen,
            rows=self.with_vectors(rows),
            scorings=tuple(self._frozen(one) for one in self.planned),
        )

    def scorings(self, reference: Baseline) -> tuple[Scoring, ...]:
        """Sum up what a report says of each scorer."""
        then = {one.column: Tally(**one.tally) for one in reference.scorings}
        return tuple(
            Scoring(
                scorer=one.asked.name,
                column=one.asked.column,
                card=one.asked.card,
                params=one.asked.settings,
                model=one.scorer.about.model,
                licence=one.scorer.about.licence,
                identity=one.scorer.identity,
                notes=one.scorer.about.notes,
                baseline=then.get(one.asked.column, Tally()),
                current=self.ledgers[one.asked.column].tally,
                examples=self.ledgers[one.asked.column].examples,
            )
            for one in self.planned
            if one.asked.column in self.ledgers
        )

    def require_fit(self, reference: Baseline) -> None:
        """Refuse a baseline whose scorers are not those of the run.

        Raises
        ------
        BaselineError
            Naming the scorers, and how to make the two fit.
        """
        then = {one.column: one for one in reference.scorings}
        now = {one.asked.column: one for one in self.planned}
        if strangers := sorted(({*then} ^ {*now}) - {*self.failed}):
            raise BaselineError(
                f"{reference.side.source}: frozen with scorers that add {listed(sorted(then))}, "
                f"the suite's add {listed(sorted(now))}; they differ in {listed(strangers)}",
                "freeze it anew with: tidegauge baseline SUITE",
            )
        changed = [name for name, one in now.items() if one.scorer.identity != then[name].identity]
        if not changed:
            return
        only_vectors = all(then[name].sampled for name in changed)
        way = "tidegauge baseline SUITE --refresh" if only_vectors else "tidegauge baseline SUITE"
        what = "vectors of its rows can be made anew" if only_vectors else "freeze it anew"
        raise BaselineError(
            f"{reference.side.source}: {listed(changed)} changed since it was frozen "
            "(another model, revision or setting), so the numbers cannot be compared",
            f"{what} with: {way}",
        )

    def errors(self) -> tuple[Result, ...]:
        """Say of each scorer that could not run why not; what it was for is not judged."""
        return tuple(
            Result(
                check=column,
                evaluator=column.partition("@")[0],
                column=column,
                role="scored",
                verdict=Verdict(
                    outcome="error",
                    because=f"{column} could not run: {error.message}; {error.hint}".rstrip("; "),
                ),
            )
            for column, error in self.failed.items()
        )

    def close(self) -> None:
        """Let go of the cache's file."""
        if self.cache is not None:
            self.cache.close()

    def with_vectors(self, rows: pa.Table) -> pa.Table:
        """Add the sampled scorers' columns to as many rows as each looks at."""
        for one in self.sampled:
            numbered = rows.append_column("", pa.array(np.arange(rows.num_rows)))
            chosen = thinned(numbered, self.rows[one.asked.column], self.seed)
            scored_rows, ledgers = add_columns(
                chosen.drop_columns([""]),
                [one],
                side=self.side,
                cache=self.cache,
                id_column=self.id_column,
                told=self.told,
            )
            self.ledgers |= ledgers
            places = np.full(rows.num_rows, -1)
            places[chosen.column("").to_numpy()] = np.arange(chosen.num_rows)
            indices = pa.array(places, mask=places < 0)
            for name in scored_rows.column_names[rows.num_columns :]:
                column = scored_rows.column(name).combine_chunks()
                rows = rows.append_column(scored_rows.schema.field(name), column.take(indices))
        return rows

    def _frozen(self, one: Planned) -> Frozen:
        ledger = self.ledgers.get(one.asked.column)
        return Frozen(
            name=one.asked.name,
            column=one.asked.column,
            identity=one.scorer.identity,
            sampled=one.asked.card.sampled,
            tally=asdict(ledger.tally if ledger else Tally()),
        )


def texts_of(
    suite: Suite, log: Log, *, side: Side, layout: Layout | None, told: Told
) -> Texts | None:
    """Bind and load what a suite scores; ``None`` where it scores nothing.

    Parameters
    ----------
    suite
        Names scorers, and checks that need vectors.
    log
        The side's raw log.
    side
        Which one.
    layout
        The baseline's; ``None`` while it is being made.
    told
        Hears how far each scorer is.

    Raises
    ------
    SuiteError
        When a scorer is told to read what is not there.
    """
    roles = dict(layout.texts) if layout else _roles(log, suite)
    present = log.schema.names
    wanted = (*suite.scorers, *vectors_for(suite.checks, suite.scorers, roles, present))
    if not wanted:
        return None
    folder = suite.path.parent if suite.path else Path()
    shelf = Shelf(base=folder, allow_download=suite.allow_download)
    bound = bind(wanted, roles, present if layout is None else None)
    planned, failed = plan_what_can_be(bound, shelf)
    return Texts(
        planned=planned,
        side=side,
        roles=roles,
        id_column=layout.id if layout else suite.columns.id,
        rows={one.column: one.sample or AUTO for one in wanted},
        seed=suite.policy.seed,
        told=told,
        failed=failed,
        labels=_labels(suite, planned) if side == "current" else None,
        cache=Cache() if any(one.asked.card.cached for one in planned) else None,
    )


def _labels(suite: Suite, planned: Iterable[Planned]) -> Labelled | None:
    """Read the suite's sheet of labels.

    Raises
    ------
    SuiteError
        When it is about a scorer that the suite does not ask for.
    """
    if not suite.labels:
        return None
    drawn = read_labels(Path(suite.labels))
    column = drawn.sample.scorer
    columns = [one.asked.column for one in planned if not one.asked.card.sampled]
    if column not in columns:
        raise SuiteError(
            f"{suite.labels} holds labels for {column}, which no scorer of the suite adds",
            nearest(column, columns),
        )
    return Labelled(drawn, Watch.of(drawn))


def _roles(log: Log, suite: Suite) -> dict[str, str]:
    head = next(log.batches(rows=HEAD), None)
    return text_roles(head, suite.columns) if head is not None else {}
