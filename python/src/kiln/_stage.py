"""Base classes of Kiln's estimators and models."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from pyspark.ml.linalg import DenseMatrix, Vector
from pyspark.ml.util import JavaMLReader
from pyspark.ml.wrapper import JavaWrapper

from kiln import _notebook, _session
from kiln._summary import TrainingSummary
from kiln.nn import Layer


def to_network(value: Any) -> Any:
    """The value of a network Param: the JSON of a layer, or an object from the JVM."""
    if isinstance(value, Layer):
        return value.to_json()
    if isinstance(value, str) or hasattr(value, "getClass"):
        return value
    raise TypeError(f"network: expected a layer of kiln.nn or JSON, got {type(value).__name__}")


def to_initial_model(value: Any) -> Any:
    """The value of an initialModel Param: a path, or a model's network in the JVM."""
    if isinstance(value, TrainedStage):
        if _session.is_remote():
            raise NotImplementedError("initialModel: a model cannot be passed over Spark Connect; save it and pass its path")
        return value._java_obj.trainedNetwork()
    if isinstance(value, str) or hasattr(value, "getClass"):
        return value
    raise TypeError(f"initialModel: expected a model of kiln.ml or the path of a saved one, got {type(value).__name__}")


class _Reader(JavaMLReader[Any]):
    @classmethod
    def _java_loader_class(cls, clazz: Any) -> str:
        return f"io.kiln.ml.{clazz.__name__}"


class _RemoteReader:
    """Reads a stage on the Spark Connect server."""

    def __init__(self, stage: Any) -> None:
        # PySpark sends the name of the Python class to the server; in the module that kiln registers it equals the JVM's.
        self._stage = type(stage.__name__, (stage,), {"__module__": "io.kiln.ml"})

    def load(self, path: str) -> Any:
        from pyspark.ml.connect.readwrite import RemoteMLReader

        session: Any = _session.active("load")
        return RemoteMLReader.loadInstance(self._stage, path, session)


class NetworkStage:
    """A stage backed by a class in ``io.kiln.ml``; it is the first base class of a stage, before pyspark's."""

    _java_obj: Any
    _call_java: Any

    @classmethod
    def read(cls) -> Any:
        reads: Any = cls
        return _RemoteReader(reads) if _session.is_remote() else _Reader(reads)


def _has_method(java: Any, name: str) -> bool:
    return any(m.getName() == name for m in java.getClass().getMethods())


class NetworkEstimator(NetworkStage):
    """An estimator that trains a network."""

    _input_kwargs: dict[str, Any]
    getShowProgress: Any

    def continueFit(self, dataset: Any, model: TrainedStage) -> Any:
        """Trains a model on, from its weights and with its own network and vocabularies, on new rows."""
        that: Any = self.copy()  # type: ignore[attr-defined]
        name = type(self).__name__
        if _session.is_remote():
            # The server's estimator is out of reach. These take any network; the others would make a new one.
            if name not in ("NetClassifier", "NetEstimator", "NetRanker", "NetRegressor"):
                raise NotImplementedError(f"continueFit: {name} does not continue over Spark Connect; do so in a classic session")
            for param in (that.network, that.reinitialized):
                that.clear(param)
            return that.setInitialModel(model).fit(dataset)  # refuses texts, whose vocabularies would be counted anew
        if not _has_method(that._java_obj, "continueFit"):
            remedy = (
                "fit anew with all rows"
                if name == "TwoTower"  # its models have vectors, and no network
                else "continue with a Net estimator, which takes the model's"
            )
            raise NotImplementedError(f"continueFit: {name} makes a new network for each fit; {remedy}")
        that._transfer_params_to_java()
        trained = self._watched(that, lambda: that._java_obj.continueFit(dataset._jdf, model._java_obj))
        continued = that._copyValues(that._create_model(trained))
        continued._transfer_params_from_java()  # those that the network was made with are the earlier model's
        return continued

    def _fit(self, dataset: Any) -> Any:
        fit: Any = getattr(super(), "_fit")  # noqa: B009
        return self._watched(self, lambda: fit(dataset))

    @staticmethod
    def _watched(estimator: Any, fit: Callable[[], Any]) -> Any:
        """Calls ``fit``, in a notebook with a display of its progress."""
        quiet = (
            _session.is_remote() or not estimator.getShowProgress() or threading.current_thread() is not threading.main_thread()
        )
        if quiet or not _notebook.in_notebook():
            return fit()
        java: Any = estimator._java_obj
        listener = java.epochListener()
        watch = _session.gateway("fit").jvm.io.kiln.spark.notebook.FitWatch(listener)
        java.setEpochListener(watch)
        try:
            with _notebook.FitProgress(watch):
                return fit()
        finally:
            java.setEpochListener(listener)


class TrainedStage(NetworkStage):
    """A model with a trained network."""

    @property
    def hasSummary(self) -> bool:
        """Whether the model has a training summary; models saved by Kiln 0.1 have none."""
        return bool(self._call_java("hasSummary"))

    @property
    def summary(self) -> TrainingSummary:
        """The training summary."""
        if _session.is_remote():
            losses = JavaWrapper(f"{self._java_obj.ref_id}.summary")._call_java("objectiveHistory")
            return TrainingSummary({"epochs": [{"epoch": i + 1, "loss": loss} for i, loss in enumerate(losses)]})
        return TrainingSummary(json.loads(self._call_java("summary").toJson().toString()))

    @property
    def graph(self) -> str:
        """The network's graph as JSON, without its weights."""
        if _session.is_remote():
            raise NotImplementedError("graph: not available over Spark Connect; save the model, which stores it in graph.json")
        return str(self._java_obj.trainedNetwork().graphJson())


class NamedModel(TrainedStage):
    """A model with a trained network that has named inputs and outputs."""

    def vocabulary(self, input: str) -> list[str]:
        """The texts of an input by id; empty for an input that is read in another way.

        Parameters
        ----------
        input : str
            The input, or one of ``inputCols`` that feeds one such input.
        """
        if _session.is_remote():
            raise NotImplementedError("vocabulary: not available over Spark Connect; save the model, whose kiln.json has it")
        return [str(text) for text in self._java_obj.vocabulary(input)]


class Calibrated(TrainedStage):
    """A model with a trained network that predicts classes, and how probable they are."""

    def calibrate(self, dataset: Any) -> Any:
        """A copy with calibrated probabilities: scores divided by the temperature that suits these rows best."""
        if _session.is_remote():
            raise NotImplementedError("calibrate: not available over Spark Connect; calibrate the model in a classic session")
        copied: Any = self
        return copied._copyValues(copied.__class__(self._java_obj.calibrate(dataset._jdf)))


class ColumnModel(Calibrated):
    """A model with a trained network that predicts classes from texts or images."""

    @property
    def numClasses(self) -> int:
        """The number of classes."""
        return int(self._call_java("numClasses"))


class TextModel(ColumnModel):
    """A model with a trained network that predicts classes from texts."""

    @property
    def vocabulary(self) -> list[str]:
        """The tokens by id; empty if ids are hashes."""
        if _session.is_remote():
            raise NotImplementedError("vocabulary: not available over Spark Connect; save the model, whose kiln.json has it")
        return [str(token) for token in self._java_obj.vocabulary()]


class TableModel(TrainedStage):
    """A model with a trained network that predicts from numbers and categories."""

    _java_obj: Any

    def vocabulary(self, column: str) -> list[str]:
        """The values of a column of categories that have rows of their own, by row; the first two stand for others."""
        if _session.is_remote():
            raise NotImplementedError("vocabulary: not available over Spark Connect; save the model, whose kiln.json has it")
        return [str(value) for value in self._java_obj.vocabulary(column)]


class ForecastModel(TrainedStage):
    """A model with a trained network that forecasts series."""

    _transfer_params_to_java: Any

    def forecast(self, dataset: Any) -> Any:
        """The forecasts of the rows after the last one of each key: the last rows of all series, with the prediction."""
        if _session.is_remote():
            raise NotImplementedError("forecast: not available over Spark Connect; transform adds a forecast to each row")
        self._transfer_params_to_java()
        return self._call_java("forecast", dataset)


class NetworkModel(TrainedStage):
    """A model with a trained network that has one input and predicts classes or numbers."""

    getFeaturesCol: Any
    getPredictionCol: Any
    getProbabilityCol: Any
    transform: Any

    def predict(self, value: Any) -> Any:
        """Predict a row, or the rows of an array, on the driver.

        Parameters
        ----------
        value : pyspark.ml.linalg.Vector or array_like of shape [rows, numFeatures]
            Features.

        Returns
        -------
        float or numpy.ndarray of float64, shape [rows]
        """
        if isinstance(value, Vector):
            return self._call_java("predict", value)
        if _session.is_remote():
            return self._predicted(value, self.getPredictionCol())
        return self._call_java("predictAll", self._matrix(value)).toArray()

    def _checked(self, features: Any) -> Any:
        x = np.asarray(features, dtype=np.float64)
        width = self._call_java("numFeatures")
        if x.ndim != 2 or x.shape[1] != width:
            raise ValueError(f"features: expected an array of shape [rows, {width}], got {x.shape}")
        return x

    def _predicted(self, features: Any, column: str) -> Any:
        """A column of predictions for the rows of an array, computed by a query."""
        x = self._checked(features)
        name = self.getFeaturesCol()
        rows = [(i, row.tolist()) for i, row in enumerate(x)]
        frame = _session.active("predict").createDataFrame(rows, f"row long, `{name}` array<double>")
        found = self.transform(frame).select("row", column).collect()
        values = [v.toArray() if hasattr(v, "toArray") else v for _, v in sorted((r[0], r[1]) for r in found)]
        return np.array(values)

    def _matrix(self, features: Any) -> DenseMatrix:
        x = self._checked(features)
        return DenseMatrix(x.shape[0], x.shape[1], x.ravel(order="F"))


class ClassificationModel(Calibrated, NetworkModel):
    """A model with a trained network that predicts classes."""

    def predictProbability(self, value: Any) -> Any:
        """Class probabilities for a row, or for the rows of an array, computed on the driver.

        Parameters
        ----------
        value : pyspark.ml.linalg.Vector or array_like of shape [rows, numFeatures]
            Features.

        Returns
        -------
        pyspark.ml.linalg.Vector or numpy.ndarray of float64, shape [rows, numClasses]
        """
        if isinstance(value, Vector):
            return self._call_java("predictProbability", value)
        if _session.is_remote():
            return self._predicted(value, self.getProbabilityCol())
        return self._call_java("predictProbabilities", self._matrix(value)).toArray()
