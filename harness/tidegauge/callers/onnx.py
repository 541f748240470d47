"""The door to ONNX files, run by ONNX Runtime on the processor."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidegauge.callers.asking import Asked, absent, first_line, listed
from tidegauge.callers.spec import Spec
from tidegauge.errors import MissingExtraError, ModelError
from tidegauge.models import bounded_threads

NUMBERS = {
    "tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(float16)": np.float16,
    "tensor(int64)": np.int64, "tensor(int32)": np.int32, "tensor(int16)": np.int16,
    "tensor(int8)": np.int8, "tensor(uint8)": np.uint8, "tensor(bool)": np.bool_,
}  # fmt: skip
"""Types of inputs that are numbers, and what they are in memory."""
TEXTS = "tensor(string)"
TRUE, FALSE = ("true", "yes", "1"), ("false", "no", "0")
MAPS = "seq(map("
"""How the type of a list of dictionaries, class -> probability, begins."""


def open_onnx(path: Path, spec: Spec) -> Asked:
    """Open an ONNX file.

    Its inputs are columns by their names, or one matrix of numbers whose columns are listed in
    ``columns``. Its answers are read from ``output``; unless given, from the probabilities, be
    they a tensor or a list of dictionaries.

    Raises
    ------
    MissingExtraError
        When ONNX Runtime is not installed.
    ModelError
        When the file cannot be read, or its inputs fit no columns.
    """
    session = _session(path)
    inputs = session.get_inputs()
    columns = _columns(inputs, spec, path)
    output = _output(session.get_outputs(), spec, path)
    feed = _matrix(inputs[0]) if _is_matrix(inputs) else _one_each(inputs)
    classes = spec.classes or _classes(session, output, feed([np.zeros(1)] * len(columns)))

    def answer(batch: Mapping[str, Any]) -> Any:
        return _answers(session.run([output.name], feed(list(batch.values())))[0], classes)

    return Asked(
        name=path.name,
        answer=answer,
        columns=columns,
        classes=classes,
        batch=spec.batch,
        seconds=spec.seconds,
    )


def _session(path: Path) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingExtraError(
            f"{path.name} needs ONNX Runtime, which is not installed",
            'pip install "tidegauge[onnx]"',
        ) from error
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what fails is raised; the rest is no news to a user
    options.intra_op_num_threads = bounded_threads()
    try:
        return onnxruntime.InferenceSession(
            str(path), sess_options=options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # damaged files raise whatever their bytes lead to
        raise ModelError(
            f"{path}: cannot be loaded by ONNX Runtime: {first_line(error)}"
        ) from error


def _width(found: Any) -> int | None:
    """Columns that an input takes; ``None`` where the file does not say."""
    if len(found.shape) < 2:
        return 1
    return found.shape[1] if isinstance(found.shape[1], int) else None


def _is_matrix(inputs: Sequence[Any]) -> bool:
    return len(inputs) == 1 and _width(inputs[0]) != 1


def _columns(inputs: Sequence[Any], spec: Spec, path: Path) -> tuple[str, ...]:
    """Columns in the order of the inputs."""
    if strange := [one for one in inputs if one.type not in (*NUMBERS, TEXTS)]:
        raise ModelError(
            f"{path}: its input {strange[0].name} is of type {strange[0].type}",
            f"allowed: {', '.join(NUMBERS)}, {TEXTS}",
        )
    if not _is_matrix(inputs):
        wide = [one.name for one in inputs if _width(one) not in (1, None)]
        if wide:
            raise ModelError(
                f"{path}: of its {len(inputs)} inputs, {listed(wide)} take several columns each",
                "wrap it in a function, and give package.module:function",
            )
        if spec.columns and len(spec.columns) != len(inputs):
            raise ModelError(
                f"{path}: has {len(inputs)} inputs, and columns: lists {len(spec.columns)}"
            )
        return spec.columns or tuple(one.name for one in inputs)
    width = _width(inputs[0])
    if not spec.columns:
        raise ModelError(
            f"{path}: takes one matrix, {inputs[0].name}, of {width or 'any number of'} columns "
            "and does not say which",
            f"list them in its order: {{path: {path.name}, columns: [age, income]}}",
        )
    if width is not None and width != len(spec.columns):
        raise ModelError(f"{path}: takes {width} columns, and columns: lists {len(spec.columns)}")
    return spec.columns


def _matrix(found: Any) -> Callable[[list[Any]], dict[str, Any]]:
    """Feed all columns as one matrix."""

    def feed(columns: list[Any]) -> dict[str, Any]:
        return {found.name: np.column_stack([_typed(values, found) for values in columns])}

    return feed


def _one_each(inputs: Sequence[Any]) -> Callable[[list[Any]], dict[str, Any]]:
    """Feed each column to its input."""

    def feed(columns: list[Any]) -> dict[str, Any]:
        pairs = zip(inputs, columns, strict=True)
        return {
            one.name: _typed(values, one).reshape((-1, *[1] * (len(one.shape) - 1)))
            for one, values in pairs
        }

    return feed


def _typed(values: NDArray[Any], found: Any) -> NDArray[Any]:
    """Lay a column out in an input's type."""
    holds_nan = found.type in ("tensor(float)", "tensor(double)", "tensor(float16)")
    if not holds_nan and (gone := int(np.count_nonzero(absent(values)))):
        raise ModelError(
            f"its input {found.name} is of type {found.type}, which cannot be missing, "
            f"and is in {gone:,} of {len(values):,} rows"
        )
    if found.type == TEXTS:
        return np.asarray([_as_text(value) for value in values.tolist()], dtype=object)
    if values.dtype.kind in "OUS":
        values = np.asarray([_as_number(value) for value in values.tolist()], dtype=np.float64)
    return values.astype(NUMBERS[found.type])


def _as_text(value: Any) -> str:
    """Write a category; numbers that are whole, without a point."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _as_number(value: Any) -> float:
    """Read a number from a category, as a flag or code that a log holds as text."""
    if value is None:
        return np.nan
    word = str(value).strip().casefold()
    if word in (*TRUE, *FALSE):
        return float(word in TRUE)
    return float(word)


def _output(outputs: Sequence[Any], spec: Spec, path: Path) -> Any:
    """Find the output that holds probabilities, else numbers, else labels."""
    if spec.output:
        for one in outputs:
            if one.name == spec.output:
                return one
        raise ModelError(
            f"{path}: has no output {spec.output}", f"allowed: {listed([o.name for o in outputs])}"
        )
    return min(outputs, key=_preference)


def _preference(one: Any) -> int:
    """Rank an output: dictionaries, tensors called probabilities, other real numbers, the rest."""
    if one.type.startswith(MAPS):
        return 0
    real = one.type in ("tensor(float)", "tensor(double)", "tensor(float16)")
    if real and "prob" in one.name.lower():
        return 1
    return 2 if real else 3


def _answers(found: Any, classes: tuple[str, ...]) -> NDArray[Any]:
    """Lay answers out as an array, those in dictionaries in the order of the classes."""
    if not isinstance(found, list) or not found or not isinstance(found[0], Mapping):
        return np.asarray(found)
    keys = list(found[0])
    if set(classes) == {str(key) for key in keys}:
        keys.sort(key=lambda key: classes.index(str(key)))
    return np.asarray([[row[key] for key in keys] for row in found])


def _classes(session: Any, output: Any, zeros: dict[str, Any]) -> tuple[str, ...]:
    """Read the names of the classes off the answer to a row of zeros, if it has names."""
    if not output.type.startswith(MAPS):
        return ()
    try:
        return tuple(str(key) for key in session.run([output.name], zeros)[0][0])
    except Exception:  # a model may refuse such a row; then its classes stay unknown
        return ()
