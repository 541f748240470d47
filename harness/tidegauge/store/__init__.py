"""The history of runs: in one SQLite file by default, in PostgreSQL by URL.

``open_store(place)`` gives a ``Store``. Of each run it keeps a ``RunRow`` (suite, window,
outcome, counts, model versions, digests), the whole report, every result in a table of its own,
the causes, and the profile of the current rows. Runs of one suite over one window are revisions
of each other, and only the newest counts unless asked otherwise.

A ``RunRow`` says what one run came to, a ``SuiteRow`` shows a suite at a glance, a
``SeriesPoint`` is one result in one run, with the limits that held then. All times are aware
and in UTC. Further tables live in ``tidegauge.store.tables``, each with a module of its own
beside it that asks and writes through ``Store.transaction`` and ``Store.reading``.
"""

from tidegauge.store.history import Store, open_store
from tidegauge.store.records import RunRow, SeriesPoint, SuiteRow

__all__ = ["RunRow", "SeriesPoint", "Store", "SuiteRow", "open_store"]
