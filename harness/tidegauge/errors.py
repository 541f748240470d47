"""Everything tidegauge raises on purpose.

::

    TidegaugeError            carries a hint: what to do next
    ├── SuiteError            the suite file is wrong; nothing was run
    ├── DataError             a log cannot be read at all
    ├── BaselineError         a baseline file cannot be used
    ├── HistoryError          a history cannot be opened, or holds no such run
    ├── MissingExtraError     an optional dependency is not installed
    ├── ModelError            a model folder is missing, damaged or not what it says
    ├── Unscored              a scorer cannot answer for one row; the row keeps the reason
    └── CannotMeasure         one measure cannot answer; the run goes on
        ├── NotApplicable     the question makes no sense for this column
        └── TooFewRows        it makes sense, but not with so few rows
"""


class TidegaugeError(Exception):
    """Root of all deliberate errors.

    Parameters
    ----------
    message
        What was found, where, and what is allowed.
    hint
        The next step, as a sentence; empty where there is none.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  hint: {self.hint}" if self.hint else self.message


class SuiteError(TidegaugeError):
    """The suite is wrong; raised before any work."""


class DataError(TidegaugeError):
    """A log cannot be read at all: nothing there, or not in a format we know."""


class BaselineError(TidegaugeError):
    """A baseline file is damaged, of another format version, or does not fit the suite."""


class HistoryError(TidegaugeError):
    """A history cannot be opened, was written by a newer release, or holds no such run."""


class MissingExtraError(TidegaugeError):
    """An optional dependency is needed and not installed."""


class ModelError(TidegaugeError):
    """A model folder is missing, damaged, or holds something else than its manifest says."""


class Unscored(TidegaugeError):
    """A row should have got a number and did not; the message is the reason, in a few words."""


class CannotMeasure(TidegaugeError):
    """A measure cannot answer; becomes the verdict of its result."""


class NotApplicable(CannotMeasure):
    """The measure has no meaning for what it was given."""


class TooFewRows(CannotMeasure):
    """The measure needs more rows than there are.

    Parameters
    ----------
    needed
        Rows needed on each side.
    n_baseline, n_current
        Rows found.
    of
        Which rows, where not all count: ``labelled "yes"``.
    """

    def __init__(self, *, needed: int, n_baseline: int, n_current: int, of: str = "") -> None:
        super().__init__(
            f"needs {needed:,} rows{of and f' {of}'} on each side, "
            f"found {n_baseline:,} in the baseline and {n_current:,} now"
        )
        self.needed = needed
