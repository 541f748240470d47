"""What the dashboard's pages show: frozen records, no maths, no input or output.

The server makes a view, a page is a function from it to HTML. A package that offers renderers
under ``tidegauge.reports`` may hold a folder ``dashboard``; each module ``NAME.py`` there is then
the page ``NAME``, found by ``tidegauge.catalog.page(NAME)``::

    def render(view: SuitesView, *, page: PageContext) -> str: ...

and each file of ``dashboard/static/`` is served under ``/static/``, found by
``tidegauge.catalog.page_assets()``. Pages and their views:

=============  ================  =============================================================
page           view              address
=============  ================  =============================================================
suites         SuitesView        ``/``
suite          SuiteView         ``/suites/{suite}``, query as its docstring says
run            RunView           ``/runs/{run}``; the report on its own ``/runs/{run}/report.html``,
                                 as a file ``/runs/{run}/report.json``, ``.md``, ``.junit``
incidents      IncidentsView     ``/incidents?state=&suite=&before=``
incident       IncidentView      ``/incidents/{incident}``
diff           DiffView          ``/compare?suite=&before=&after=&show=``
comparisons    ComparisonsView   ``/comparisons?suite=&before=``
comparison     ComparisonView    ``/comparisons/{comparison}``
baselines      BaselinesView     ``/baselines``
error          ErrorView         any address that fails
login          LoginView         ``/login?back=``
=============  ================  =============================================================

Addresses are constants of ``tidegauge.views.places``; fill them with ``page.url(places.RUN,
run=line.id)``, which quotes. Forms post to ``places.ACKNOWLEDGE``, ``RESOLVE``, ``COMMENT``,
``START``, ``LOGOUT``, ``THEME``, ``LOGIN`` and hold two hidden fields: ``csrf`` (``page.csrf``) and
``back`` (``page.path``). After a form the server redirects to ``back``, and that page's
``page.notice`` says what was done.

Pages come with ``default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;
connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'``: no inline script,
no inline style, no ``style=`` attribute, neither in HTML nor in SVG. Presentation attributes of SVG
(``fill=``, ``width=``) are fine.

Live: ``GET /events`` sends server-sent events whose names and data are ``places.EVENT_FIELDS``.
What a page shows of a job is marked ``data-job="ID"``; on ``run.finished``, ``incident.changed``
and ``suite.changed`` a script may fetch the page again and put its ``<main>`` in the place of the
old one, where ``data-suite`` or ``data-incident`` of the main element is empty or names what
changed.
"""

from tidegauge.views.baselines import BaselineLine, BaselinesView, BaselineUse, LimitLine
from tidegauge.views.comparisons import (
    Change,
    ComparisonLine,
    ComparisonsView,
    ComparisonView,
    Difference,
    DiffView,
)
from tidegauge.views.glance import (
    IncidentLine,
    Job,
    RunLine,
    RunOutcome,
    Severity,
    State,
    SuitesView,
    SuiteTile,
    Tick,
)
from tidegauge.views.incidents import Entry, Finding, IncidentsView, IncidentView
from tidegauge.views.page import Page, PageContext, Theme
from tidegauge.views.plain import ErrorView, LoginView
from tidegauge.views.run import RunView
from tidegauge.views.timeline import Labels, Mark, SuiteView, Track, TrackPoint

__all__ = [
    "BaselineLine",
    "BaselineUse",
    "BaselinesView",
    "Change",
    "ComparisonLine",
    "ComparisonView",
    "ComparisonsView",
    "DiffView",
    "Difference",
    "Entry",
    "ErrorView",
    "Finding",
    "IncidentLine",
    "IncidentView",
    "IncidentsView",
    "Job",
    "Labels",
    "LimitLine",
    "LoginView",
    "Mark",
    "Page",
    "PageContext",
    "RunLine",
    "RunOutcome",
    "RunView",
    "Severity",
    "State",
    "SuiteTile",
    "SuiteView",
    "SuitesView",
    "Theme",
    "Tick",
    "Track",
    "TrackPoint",
]
