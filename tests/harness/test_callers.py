"""Every door to a model gives what the model itself gives, or says in words why not."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tidegauge.callers import Asked, open_model
from tidegauge.callers.asking import absent
from tidegauge.errors import MissingExtraError, ModelError, SuiteError

Columns = dict[str, NDArray[Any]]
ROWS = 400
KNOWN = ["numpy.dtype"]
"""What an imputer or encoder holds and skops wants a user's word for."""


def table(seed: int = 0, rows: int = ROWS) -> Columns:
    """Two numbers and a category, some of each missing."""
    rng = np.random.default_rng(seed)
    age, income = rng.normal(40.0, 10.0, rows), rng.normal(3.0, 1.0, rows)
    plan = np.asarray(rng.choice(["free", "paid", "team"], rows), dtype=object)
    age[::17], plan[::23] = np.nan, None
    return {"age": age, "income": income, "plan": plan}


def numbers(columns: Columns) -> NDArray[np.float64]:
    return np.column_stack([np.nan_to_num(columns["age"], nan=40.0), columns["income"]])


def truth(columns: Columns) -> NDArray[np.bool_]:
    logit = np.nan_to_num(columns["age"] - 40.0) / 10.0 + 2.0 * (columns["plan"] == "paid")
    return np.asarray(logit + np.random.default_rng(9).normal(size=len(logit)) > 0.5)


@pytest.fixture(scope="module")
def pipeline() -> Any:
    """A real pipeline over numbers and a category, fitted on a frame."""
    import pandas as pd
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    columns = table()
    steps = make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), ["age", "income"]),
        (OneHotEncoder(handle_unknown="ignore"), ["plan"]),
    )
    words = np.where(truth(columns), "yes", "no")
    return make_pipeline(steps, LogisticRegression()).fit(pd.DataFrame(columns), words)


@pytest.fixture(scope="module")
def expected(pipeline: Any) -> NDArray[np.float64]:
    import pandas as pd

    found: NDArray[np.float64] = pipeline.predict_proba(pd.DataFrame(table(1)))
    return found


def half(columns: Mapping[str, Any]) -> NDArray[np.float64]:
    return np.full(len(columns["age"]), 0.5)


class TestAsking:
    def test_no_rows_are_not_sent(self) -> None:
        model = open_model(lambda columns: 1 / 0)
        assert model({"age": np.empty(0)}).shape == (0,)

    def test_batches_are_as_large_as_asked_and_keep_their_order(self) -> None:
        sizes: list[int] = []

        def answer(columns: Mapping[str, Any]) -> Any:
            sizes.append(len(columns["x"]))
            return columns["x"]

        x = np.arange(25.0)
        assert open_model({"path": answer, "batch": 10})({"x": x}).tolist() == x.tolist()
        assert sizes == [10, 10, 5]

    def test_only_the_columns_it_takes_are_sent(self) -> None:
        model = open_model({"path": lambda columns: sum(columns.values()), "columns": ["b"]})
        assert model({"a": np.zeros(2), "b": np.ones(2), "c": np.zeros(2)}).tolist() == [1, 1]

    def test_a_column_that_is_not_there_is_named(self) -> None:
        model = open_model({"path": half, "columns": ["age", "wealth"]})
        with pytest.raises(ModelError, match="takes wealth, which the log does not hold"):
            model(table())

    def test_a_failure_says_what_was_sent(self) -> None:
        model = open_model(lambda columns: columns["age"] + columns["plan"])
        with pytest.raises(ModelError, match=r"failed on 400 rows of .*plan \(texts, 18 missing\)"):
            model(table())

    @pytest.mark.parametrize("answer", [np.zeros(3), 0.5, np.zeros((ROWS, 2, 2)), None, []])
    def test_a_wrong_shape_is_refused(self, answer: Any) -> None:
        with pytest.raises(ModelError, match="rows"):
            open_model(lambda _: answer)(table())

    def test_answers_that_are_no_numbers_are_refused(self) -> None:
        answer = [{"p": 0.5}] * ROWS
        with pytest.raises(ModelError, match="failed on 400 rows"):
            open_model(lambda _: answer)(table())

    def test_a_column_of_answers_is_a_row_of_numbers(self) -> None:
        assert open_model(lambda _: np.ones((ROWS, 1)))(table()).shape == (ROWS,)

    def test_labels_become_one_column_a_class(self) -> None:
        model = open_model({"path": lambda _: ["no", "yes"], "classes": ["no", "yes"]})
        assert model({"age": np.zeros(2)}).tolist() == [[1, 0], [0, 1]]

    def test_labels_of_unknown_classes_are_refused(self) -> None:
        model = open_model(lambda _: ["no", "yes"])
        with pytest.raises(ModelError, match="the texts no, yes, which are none of its classes"):
            model({"age": np.zeros(2)})

    def test_a_slow_model_is_not_waited_for(self) -> None:
        asked = threading.Event()
        model = open_model({"path": lambda _: asked.wait(20), "seconds": 0.05})
        begun = time.monotonic()
        with pytest.raises(ModelError, match=r"no answer within 0\.05 seconds to 400 rows"):
            model(table())
        asked.set()
        assert time.monotonic() - begun < 5

    def test_a_model_that_ends_the_program_does_not(self) -> None:
        with pytest.raises(ModelError, match="ended by SystemExit"):
            open_model(lambda _: sys.exit(1))(table())

    def test_missing_values_are_seen_in_every_kind_of_column(self) -> None:
        for values in ([1.0, np.nan], np.array(["2026-01-01", "NaT"], dtype="M8[us]"), ["a", None]):
            array = (
                np.asarray(values, dtype=None if values != ["a", None] else object)
                if isinstance(values, list)
                else values
            )
            assert absent(array).tolist() == [False, True]
        assert not absent(np.array([1, 2])).any()


class TestSpec:
    def test_an_unknown_setting_is_refused(self) -> None:
        with pytest.raises(SuiteError, match='no setting "colums"'):
            open_model({"path": half, "colums": []})

    @pytest.mark.parametrize(
        "wrong",
        [
            {"columns": "age"},
            {"batch": 0},
            {"batch": 1.5},
            {"seconds": "1"},
            {"seconds": True},
            {"unsafe_pickle": "yes"},
            {"path": ""},
        ],
    )
    def test_a_wrong_setting_is_refused(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(SuiteError):
            open_model({"path": half, **wrong})

    @pytest.mark.parametrize("path", ["nowhere.onnx", "nowhere", "a:b:c", "models"])
    def test_what_is_not_there_is_refused_with_what_may_be(self, path: str, tmp_path: Path) -> None:
        with pytest.raises(ModelError, match="no such file") as raised:
            open_model(path, base=tmp_path)
        assert ".onnx, .skops" in raised.value.hint

    def test_another_kind_of_file_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "model.h5").write_bytes(b"")
        with pytest.raises(ModelError, match="not a kind of model"):
            open_model("model.h5", base=tmp_path)


class TestPython:
    def test_a_fitted_pipeline_answers_for_each_class(self, pipeline: Any, expected: Any) -> None:
        model = open_model(pipeline)
        assert model.columns == ("age", "income", "plan")
        assert model.classes == ("no", "yes")
        extra = {"day": np.zeros(ROWS), **dict(reversed(table(1).items()))}
        np.testing.assert_allclose(model(extra), expected)

    def test_its_bound_method_is_the_same(self, pipeline: Any, expected: Any) -> None:
        np.testing.assert_allclose(open_model(pipeline.predict_proba)(table(1)), expected)
        named = open_model(pipeline.predict)(table(1))
        assert named.argmax(axis=1).tolist() == (expected[:, 1] > 0.5).astype(int).tolist()

    def test_one_fitted_on_an_array_needs_its_columns(self) -> None:
        from sklearn.linear_model import LinearRegression

        columns = table()
        fitted = LinearRegression().fit(numbers(columns), columns["income"] * 2)
        with pytest.raises(ModelError, match="fitted on 2 columns and does not say which"):
            open_model(fitted)
        with pytest.raises(ModelError, match="takes 2 columns, and columns: lists 1"):
            open_model({"path": fitted, "columns": ["age"]})
        model = open_model({"path": fitted, "columns": ["age", "income"]})
        columns["age"] = np.nan_to_num(columns["age"], nan=40.0)
        np.testing.assert_allclose(model(columns), columns["income"] * 2)

    def test_a_model_that_refuses_missing_values_says_so(self) -> None:
        from sklearn.linear_model import LinearRegression

        columns = table()
        fitted = LinearRegression().fit(numbers(columns), columns["income"])
        with pytest.raises(ModelError, match=r"age \(numbers, 24 missing\).* NaN"):
            open_model({"path": fitted, "columns": ["age", "income"]})(columns)

    def test_what_cannot_be_asked_is_refused(self) -> None:
        with pytest.raises(ModelError, match="cannot be asked"):
            open_model(3)

    def test_a_function_is_found_beside_the_suite(self, tmp_path: Path) -> None:
        (tmp_path / "beside_the_suite.py").write_text(
            "class Kept:\n    score = staticmethod(lambda columns: columns['age'])\n"
        )
        before = list(sys.path)
        model = open_model("beside_the_suite:Kept.score", base=tmp_path)
        assert model({"age": np.ones(2)}).tolist() == [1, 1]
        assert sys.path == before

    @pytest.mark.parametrize(
        ("place", "said"),
        [
            ("no_such_module_here:score", "cannot import no_such_module_here"),
            ("math:no_such_function", 'math holds no "no_such_function"'),
            ("math:pi", "cannot be asked"),
        ],
    )
    def test_a_name_that_leads_nowhere_is_refused(self, place: str, said: str) -> None:
        with pytest.raises(ModelError, match=said):
            open_model(place)


class TestPickled:
    def test_a_pickle_is_refused_and_not_read(self, tmp_path: Path) -> None:
        (tmp_path / "model.pkl").write_bytes(b"cos\nsystem\n(S'exit 1'\ntR.")
        with pytest.raises(ModelError, match="runs whatever code") as raised:
            open_model("model.pkl", base=tmp_path)
        assert "unsafe_pickle: true" in raised.value.hint
        assert "skops" in raised.value.hint

    def test_a_pickle_that_the_user_vouches_for_is_asked(
        self, pipeline: Any, expected: Any, tmp_path: Path
    ) -> None:
        import joblib

        joblib.dump(pipeline, tmp_path / "model.joblib")
        model = open_model({"path": "model.joblib", "unsafe_pickle": True}, base=tmp_path)
        np.testing.assert_allclose(model(table(1)), expected)

    def test_a_damaged_pickle_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "model.pkl").write_bytes(b"nothing of the kind")
        with pytest.raises(ModelError, match="cannot be loaded"):
            open_model({"path": "model.pkl", "unsafe_pickle": True}, base=tmp_path)


class TestSkops:
    def test_it_answers_as_the_model(self, pipeline: Any, expected: Any, tmp_path: Path) -> None:
        io = pytest.importorskip("skops.io")
        io.dump(pipeline, tmp_path / "model.skops")
        spec = {"path": "model.skops", "trusted": KNOWN}
        model = open_model(spec, base=tmp_path)
        assert model.classes == ("no", "yes")
        np.testing.assert_allclose(model(table(1)), expected)

    def test_types_that_nobody_vouched_for_are_named(self, tmp_path: Path) -> None:
        io = pytest.importorskip("skops.io")
        from sklearn.preprocessing import FunctionTransformer

        step = FunctionTransformer(func=absent)
        io.dump(step, tmp_path / "model.skops")
        with pytest.raises(ModelError, match=r"tidegauge\.callers\.asking\.absent") as raised:
            open_model("model.skops", base=tmp_path)
        assert "trusted: [tidegauge.callers.asking.absent]" in raised.value.hint
        trusted = {"path": "model.skops", "trusted": ["tidegauge.callers.asking.absent"]}
        with pytest.raises(ModelError, match="cannot be asked"):  # it is a transformer only
            open_model(trusted, base=tmp_path)

    def test_a_damaged_file_is_told(self, tmp_path: Path) -> None:
        pytest.importorskip("skops.io")
        (tmp_path / "model.skops").write_bytes(b"PK nothing of the kind")
        with pytest.raises(ModelError, match="cannot be loaded by skops"):
            open_model("model.skops", base=tmp_path)


def built(path: Path, inputs: list[Any], nodes: list[Any], outputs: list[Any]) -> None:
    """Write an ONNX file made by hand."""
    import onnx
    from onnx import helper

    graph = helper.make_graph(nodes, "by hand", inputs, outputs)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, path)


class TestOnnx:
    @pytest.fixture(autouse=True)
    def _need(self) -> None:
        pytest.importorskip("onnxruntime")
        pytest.importorskip("onnx")

    @pytest.mark.parametrize("zipped", [True, False])
    @pytest.mark.filterwarnings("ignore")  # the converter's own
    def test_a_converted_pipeline_answers_as_itself(self, zipped: bool, tmp_path: Path) -> None:
        skl2onnx = pytest.importorskip("skl2onnx")
        import pandas as pd
        from skl2onnx.common.data_types import FloatTensorType, StringTensorType
        from sklearn.compose import make_column_transformer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import OneHotEncoder, StandardScaler

        columns = {**table(), "age": numbers(table())[:, 0]}
        columns["plan"] = np.asarray([plan or "none" for plan in columns["plan"]], dtype=object)
        steps = make_column_transformer(
            (StandardScaler(), ["age", "income"]),
            (OneHotEncoder(handle_unknown="ignore"), ["plan"]),
        )
        words = np.where(truth(columns), "yes", "no")
        frame = pd.DataFrame(columns)
        fitted = make_pipeline(steps, LogisticRegression()).fit(frame, words)
        inputs = [
            ("age", FloatTensorType([None, 1])),
            ("income", FloatTensorType([None, 1])),
            ("plan", StringTensorType([None, 1])),
        ]
        converted = skl2onnx.to_onnx(
            fitted, initial_types=inputs, options={id(fitted): {"zipmap": zipped}}
        )
        (tmp_path / "model.onnx").write_bytes(converted.SerializeToString())
        model = open_model("model.onnx", base=tmp_path)
        assert model.columns == ("age", "income", "plan")
        assert model.classes == (("no", "yes") if zipped else ())
        np.testing.assert_allclose(model(columns), fitted.predict_proba(frame), atol=1e-5)
        if zipped:
            turned = {"path": "model.onnx", "classes": ["yes", "no"]}
            assert (open_model(turned, base=tmp_path)(columns)[:, ::-1] == model(columns)).all()
        columns["plan"][3] = None
        with pytest.raises(ModelError, match=r"plan is of type .* cannot be missing"):
            model(columns)

    @pytest.mark.filterwarnings("ignore")
    def test_one_matrix_needs_its_columns(self, tmp_path: Path) -> None:
        skl2onnx = pytest.importorskip("skl2onnx")
        from sklearn.ensemble import GradientBoostingRegressor

        matrix = numbers(table()).astype(np.float32)
        fitted = GradientBoostingRegressor(n_estimators=20).fit(matrix, matrix[:, 1] ** 2)
        converted = skl2onnx.to_onnx(fitted, matrix[:1])
        (tmp_path / "model.onnx").write_bytes(converted.SerializeToString())
        with pytest.raises(ModelError, match="one matrix, X, of 2 columns"):
            open_model("model.onnx", base=tmp_path)
        with pytest.raises(ModelError, match="takes 2 columns, and columns: lists 3"):
            open_model({"path": "model.onnx", "columns": ["a", "b", "c"]}, base=tmp_path)
        model = open_model({"path": "model.onnx", "columns": ["income", "age"]}, base=tmp_path)
        sent = {"age": matrix[:, 1], "income": matrix[:, 0]}
        np.testing.assert_allclose(model(sent), fitted.predict(matrix), rtol=1e-4, atol=1e-4)

    def test_columns_are_laid_out_in_each_inputs_type(self, tmp_path: Path) -> None:
        from onnx import TensorProto, helper

        types = {
            "flag": TensorProto.BOOL, "count": TensorProto.INT64, "mass": TensorProto.DOUBLE,
        }  # fmt: skip
        inputs = [helper.make_tensor_value_info(k, t, ["rows"]) for k, t in types.items()]
        nodes = [
            helper.make_node("Cast", [name], [f"{name}_real"], to=TensorProto.DOUBLE)
            for name in types
        ]
        nodes.append(helper.make_node("Sum", [f"{name}_real" for name in types], ["total"]))
        outputs = [
            helper.make_tensor_value_info("flag_real", TensorProto.DOUBLE, ["rows"]),
            helper.make_tensor_value_info("total", TensorProto.DOUBLE, ["rows"]),
        ]
        built(tmp_path / "sum.onnx", inputs, nodes, outputs)
        model = open_model({"path": "sum.onnx", "output": "total"}, base=tmp_path)
        columns = {
            "flag": np.asarray(["true", "False", "1"], dtype=object),
            "count": np.array([10.0, 20.0, 30.0]),
            "mass": np.array([0.5, np.nan, 0.25]),
        }
        np.testing.assert_array_equal(model(columns), [11.5, np.nan, 31.25])
        flags = open_model({"path": "sum.onnx", "columns": ["b", "c", "m"]}, base=tmp_path)
        renamed = dict(zip(("b", "c", "m"), columns.values(), strict=True))
        assert flags(renamed).tolist() == [1, 0, 1]
        with pytest.raises(ModelError, match=r"count is of type .* 1 of 3 rows"):
            model({**columns, "count": columns["mass"]})
        with pytest.raises(ModelError, match="failed on 3 rows of"):
            model({**columns, "count": np.asarray(["a", "b", "c"], dtype=object)})
        with pytest.raises(ModelError, match="has no output sums"):
            open_model({"path": "sum.onnx", "output": "sums"}, base=tmp_path)
        with pytest.raises(ModelError, match="has 3 inputs, and columns: lists 1"):
            open_model({"path": "sum.onnx", "columns": ["flag"]}, base=tmp_path)

    def test_a_damaged_file_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "model.onnx").write_bytes(b"nothing of the kind")
        with pytest.raises(ModelError, match="cannot be loaded by ONNX Runtime"):
            open_model("model.onnx", base=tmp_path)


TRUSTING: dict[str, Any] = {"path": "credit", "trusted": KNOWN}


@pytest.mark.filterwarnings("ignore")  # MLflow warns while it saves
class TestMlflow:
    @pytest.fixture(autouse=True)
    def _need(self) -> None:
        pytest.importorskip("mlflow")

    def saved(self, pipeline: Any, folder: Path, **settings: Any) -> Path:
        import mlflow.sklearn
        import pandas as pd

        signature = mlflow.models.infer_signature(pd.DataFrame(table()), np.zeros((2, 2)))
        if settings["serialization_format"] == "skops":
            pytest.importorskip("skops")
            settings["skops_trusted_types"] = KNOWN
        mlflow.sklearn.save_model(
            pipeline, folder / "credit", signature=signature, pip_requirements=[], **settings
        )
        return folder / "credit"

    def test_a_saved_folder_answers_as_the_model(
        self, pipeline: Any, expected: Any, tmp_path: Path
    ) -> None:
        self.saved(
            pipeline, tmp_path, serialization_format="skops", pyfunc_predict_fn="predict_proba"
        )
        model = open_model(TRUSTING, base=tmp_path)
        assert model.columns == ("age", "income", "plan")
        assert model.classes == ("no", "yes")
        np.testing.assert_allclose(model(table(1)), expected)

    def test_decisions_become_one_column_a_class(
        self, pipeline: Any, expected: Any, tmp_path: Path
    ) -> None:
        self.saved(pipeline, tmp_path, serialization_format="skops")
        found = open_model(TRUSTING, base=tmp_path)(table(1))
        assert (found[:, 1] == (expected[:, 1] > 0.5)).all()

    def test_a_pickle_within_is_refused_until_vouched_for(
        self, pipeline: Any, expected: Any, tmp_path: Path
    ) -> None:
        self.saved(
            pipeline,
            tmp_path,
            serialization_format="cloudpickle",
            pyfunc_predict_fn="predict_proba",
        )
        with pytest.raises(ModelError, match="holds a cloudpickle"):
            open_model("credit", base=tmp_path)
        model = open_model({"path": "credit", "unsafe_pickle": True}, base=tmp_path)
        np.testing.assert_allclose(model(table(1)), expected)

    def test_a_folder_cannot_vouch_for_itself(self, pipeline: Any, tmp_path: Path) -> None:
        folder = self.saved(pipeline, tmp_path, serialization_format="skops")
        said = (folder / "MLmodel").read_text()
        said = said.replace("- numpy.dtype", "- os.system")
        (folder / "MLmodel").write_text(said)
        with pytest.raises(ModelError, match=r"not know to be safe \(os\.system\)"):
            open_model("credit", base=tmp_path)

    def test_a_model_of_the_users_own_class_runs_code(self, tmp_path: Path) -> None:
        import mlflow.pyfunc

        class Doubled(mlflow.pyfunc.PythonModel):  # type: ignore[misc, name-defined, unused-ignore]
            def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]
                return model_input[["age"]] * 2

        mlflow.pyfunc.save_model(tmp_path / "own", python_model=Doubled(), pip_requirements=[])
        with pytest.raises(ModelError, match=r"loaded by mlflow\.pyfunc\.model"):
            open_model("own", base=tmp_path)
        model = open_model({"path": "own", "unsafe_pickle": True}, base=tmp_path)
        assert model({"age": np.array([1.0, 2.0])}).tolist() == [2.0, 4.0]

    def test_a_url_is_fetched(self, pipeline: Any, expected: Any, tmp_path: Path) -> None:
        folder = self.saved(
            pipeline, tmp_path, serialization_format="skops", pyfunc_predict_fn="predict_proba"
        )
        np.testing.assert_allclose(
            open_model({**TRUSTING, "path": folder.as_uri()})(table(1)), expected
        )

    def test_a_folder_or_url_without_a_model_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(ModelError, match="holds no file MLmodel"):
            open_model(tmp_path)
        with pytest.raises(ModelError, match="MLflow cannot fetch it"):
            open_model((tmp_path / "nothing").as_uri())
        (tmp_path / "MLmodel").write_text("flavors: 3")
        with pytest.raises(ModelError, match="MLflow cannot load it"):
            open_model(tmp_path)


@pytest.mark.parametrize(
    ("library", "path"),
    [("onnxruntime", "m.onnx"), ("skops", "m.skops"), ("mlflow", "models:/m/1")],
)
def test_a_missing_library_is_named_with_the_command_that_installs_it(
    library: str, path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / path.replace(":/", "")).parent.mkdir(exist_ok=True, parents=True)
    (tmp_path / path.replace(":/", "")).write_bytes(b"")
    for name in [name for name in sys.modules if name.split(".")[0] == library]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingExtraError) as raised:
        open_model(path, base=tmp_path)
    assert 'pip install "tidegauge[' in raised.value.hint


def test_an_open_model_is_let_through() -> None:
    model = open_model(half)
    assert isinstance(model, Asked)
    assert open_model(model) is model
