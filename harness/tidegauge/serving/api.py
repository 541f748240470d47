"""The JSON API, version 1: what pages show, for programs."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from pydantic import AfterValidator, TypeAdapter

from tidegauge import __version__
from tidegauge.comparison import Comparison
from tidegauge.errors import HistoryError
from tidegauge.records import Report
from tidegauge.serving import shapes
from tidegauge.serving.acting import act, start_run
from tidegauge.serving.building.baselines import baseline_lines
from tidegauge.serving.building.comparisons import comparisons_view
from tidegauge.serving.building.diff import diff_view
from tidegauge.serving.building.glance import suites_view, tile_of
from tidegauge.serving.building.lines import run_line
from tidegauge.serving.files import report_file
from tidegauge.serving.server import Server, problem
from tidegauge.store import incidents as kept
from tidegauge.store.comparisons import load_comparison
from tidegauge.store.paging import page
from tidegauge.views import DiffView, Job, RunLine, SuiteTile, places


def _utc(moment: datetime | None) -> datetime | None:
    """Take a moment without a zone for UTC; refuse one that UTC has no date for."""
    if moment is None or moment.tzinfo is None:
        return moment.replace(tzinfo=UTC) if moment else None
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("allowed: moments of the years 1 to 9999, in UTC") from None


MOST_POINTS = 20_000
"""Points of a series in one answer: the newest ones."""
Name = Annotated[str, Path(min_length=1, max_length=200)]
Words = Annotated[str, Query(max_length=300)]
Limit = Annotated[int, Query(ge=1, le=1000)]
When = Annotated[datetime | None, Query(), AfterValidator(_utc)]
State = Literal["open", "acknowledged", "resolved"]
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {
        "description": said,
        "content": {"application/problem+json": {
            "schema": {"$ref": "#/components/schemas/Problem"}
        }},
    }
    for status, said in {
        400: "The request cannot be understood.",
        401: "A token is needed.",
        403: "Whoever asks may not.",
        404: "There is no such thing.",
        409: "It cannot be done with what is there.",
        413: "Too large.",
        415: "Not JSON.",
        422: "A value is not allowed.",
        429: "Too many wrong tokens.",
        503: "The history cannot be read, or too much waits already.",
    }.items()
}  # fmt: skip
ETAG = {"304": {"description": "The asker has it already."}}


def routes(server: Server) -> APIRouter:
    """Routes under ``/api/v1``."""
    router = APIRouter(prefix=places.API, responses=PROBLEMS)
    _about_suites(router, server)
    _about_runs(router, server)
    _about_incidents(router, server)
    _about_the_rest(router, server)
    return router


def told(value: Any, status: int = 200, **headers: str) -> Response:
    """Answer with a record; what JSON has no number for becomes null."""
    kind: Any = type(value)
    body = _adapter(kind).dump_json(value)
    return Response(body, status, media_type="application/json", headers=headers)


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _about_suites(router: APIRouter, server: Server) -> None:
    desk = server.desk

    @router.get("/suites", response_model=shapes.SuiteList, tags=["suites"])
    def list_suites() -> Response:
        """List every suite, the worst first."""
        return told(shapes.SuiteList(items=suites_view(desk).tiles))

    @router.get("/suites/{suite}", response_model=SuiteTile, tags=["suites"])
    def read_suite(suite: Name) -> Response:
        """Read one suite: its newest run, its schedule, what goes on."""
        found = tile_of(desk, suite)
        if found is None:
            raise HistoryError(f'nobody knows a suite "{suite}"', f"see {places.API}/suites")
        return told(found)

    @router.get("/suites/{suite}/series", response_model=shapes.Series, tags=["suites"])
    def read_series(
        suite: Name,
        check: Words = "",
        column: Words | None = None,
        slice: Words = "",
        since: When = None,
        until: When = None,
    ) -> Response:
        """Read results over time: of all checks or one, of all columns or one."""
        points = desk.store.series(
            suite, check=check, column=column, slice=slice, since=since, until=until
        )
        return told(
            shapes.Series(suite=suite, items=points[-MOST_POINTS:], cut=len(points) > MOST_POINTS)
        )

    @router.post("/suites/{suite}/runs", response_model=Job, status_code=202, tags=["jobs"])
    async def start(suite: Name, asked: shapes.Start) -> Response:
        """Start a run; it goes on by itself, see ``/jobs``."""
        job = await start_run(server, suite, asked.window.strip())
        return told(job, 202, location=f"{server.settings.base}{places.API}/jobs/{job.id}")

    @router.get("/jobs", response_model=shapes.JobList, tags=["jobs"])
    async def list_jobs() -> Response:
        """List the runs that go on, and those that ended of late."""
        return told(shapes.JobList(items=desk.jobs.all()))

    @router.get("/jobs/{job}", response_model=Job, tags=["jobs"])
    async def read_job(job: Name) -> Response:
        """Read how far a run is."""
        found = desk.jobs.get(job)
        if found is None:
            raise HistoryError(f'no job "{job}"', "it may have ended long ago: see the runs")
        return told(found)


def _about_runs(router: APIRouter, server: Server) -> None:
    desk = server.desk

    @router.get("/runs", response_model=shapes.RunPage, tags=["runs"])
    def list_runs(
        suite: Words = "",
        since: When = None,
        until: When = None,
        superseded: bool = False,
        limit: Limit = 100,
        cursor: Words = "",
    ) -> Response:
        """List runs, the newest window first."""
        found, after = page(
            desk.store, suite or None, since=since, until=until, superseded=superseded,
            after=cursor, limit=limit,
        )  # fmt: skip
        return told(shapes.RunPage(items=tuple(map(run_line, found)), next=after))

    @router.get("/runs/{run}", response_model=RunLine, tags=["runs"])
    def read_run(run: Name) -> Response:
        """Read one run: its id, the beginning of one, or ``suite@latest``."""
        return told(run_line(desk.store.run(run)))

    @router.get("/runs/{run}/report", response_model=Report, tags=["runs"],
                responses={304: ETAG["304"]})  # fmt: skip
    def read_report(request: Request, run: Name) -> Response:
        """Read a run's whole report; send its ETag back as If-None-Match to be spared it."""
        return report_file(server, request, run, "json")

    @router.get("/diff", response_model=DiffView, tags=["runs"])
    def read_diff(before: Words, after: Words, show: Literal["changed", "all"] = "all") -> Response:
        """Compare two runs, finding by finding."""
        for named in (before, after):
            desk.store.run(named)
        return told(diff_view(desk, before=before, after=after, show=show))


def _about_incidents(router: APIRouter, server: Server) -> None:
    desk = server.desk

    @router.get("/incidents", response_model=shapes.IncidentPage, tags=["incidents"])
    def list_incidents(
        suite: Words = "",
        state: Annotated[list[State] | None, Query()] = None,
        limit: Limit = 100,
        cursor: Words = "",
    ) -> Response:
        """List incidents: unresolved ones first, the worst first."""
        found = kept.incidents(
            desk.store, suite or None, state or None, before=cursor, limit=limit + 1
        )
        after = found[limit - 1].id if len(found) > limit else ""
        return told(shapes.IncidentPage(items=found[:limit], next=after))

    @router.get("/incidents/{incident}", response_model=shapes.IncidentStory, tags=["incidents"])
    def read_incident(incident: Name) -> Response:
        """Read an incident with all that happened to it."""
        return told(_story(server, incident))

    def change(word: str, what: str, said: str) -> None:
        async def changed(request: Request, incident: Name, asked: shapes.Comment) -> Response:
            by = request.state.visitor.name
            by = by if by not in ("", "token") else asked.by or by or "somebody"
            await act(server, incident, what, by=by, comment=asked.text)
            return told(_story(server, incident))

        router.add_api_route(
            f"/incidents/{{incident}}/{word}", changed, methods=["POST"], summary=said,
            response_model=shapes.IncidentStory, tags=["incidents"], name=what,
        )  # fmt: skip

    change("acknowledge", "acknowledge", "Say that somebody knows")
    change("resolve", "resolve", "End an incident by hand")
    change("comments", "comment", "Add a comment")


def _about_the_rest(router: APIRouter, server: Server) -> None:
    desk = server.desk

    @router.get("/comparisons", response_model=shapes.ComparisonPage, tags=["comparisons"])
    def list_comparisons(suite: Words = "", cursor: Words = "") -> Response:
        """List stored comparisons of models, the newest first."""
        view = comparisons_view(desk, suite=suite, before=cursor)
        return told(shapes.ComparisonPage(items=view.comparisons, next=view.older))

    @router.get("/comparisons/{comparison}", response_model=Comparison, tags=["comparisons"])
    def read_comparison(comparison: Name) -> Response:
        """Read a stored comparison of models."""
        one = load_comparison(desk.store, comparison)
        return Response(one.to_json(), media_type="application/json")

    @router.get("/baselines", response_model=shapes.BaselineList, tags=["baselines"])
    def list_baselines() -> Response:
        """List what each suite is held against."""
        return told(shapes.BaselineList(items=tuple(baseline_lines(desk))))

    @router.get("/health", response_model=shapes.Health, tags=["server"])
    async def health() -> Response:
        """Say that the server lives."""
        return told(shapes.Health(status="ok", version=__version__))

    @router.get("/ready", response_model=shapes.Health, tags=["server"])
    def ready() -> Response:
        """Say whether the history can be read."""
        return readiness(server)


def readiness(server: Server) -> Response:
    """Look whether the history answers."""
    try:
        server.desk.store.runs(limit=1)
    except HistoryError:
        return problem(503, "Not ready", "The history cannot be read.", "see the server's log")
    return told(shapes.Health(status="ok", version=__version__))


def _story(server: Server, incident: str) -> shapes.IncidentStory:
    store = server.desk.store
    one = kept.incident(store, incident)
    return shapes.IncidentStory(
        incident=one,
        events=kept.events(store, one.id),
        deliveries=kept.deliveries(store, incident=one.id),
    )
