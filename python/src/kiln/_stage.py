"""What Kiln's estimators and models have in common."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from pyspark.ml.linalg import DenseMatrix, Vector
from pyspark.ml.util import JavaMLReader

from kiln.nn import Layer

if TYPE_CHECKING:
    import pandas


def to_network(value: Any) -> Any:
    """The value of a network Param: JSON of a layer, or what the JVM gave."""
    if isinstance(value, Layer):
        return value.to_json()
    if isinstance(value, str) or hasattr(value, "getClass"):
        return value
    raise TypeError(f"network: expected a layer of kiln.nn or JSON, got {type(value).__name__}")


class _Reader(JavaMLReader[Any]):
    @classmethod
    def _java_loader_class(cls, clazz: Any) -> str:
        return f"io.kiln.ml.{clazz.__name__}"


class NetworkStage:
    """A stage whose companion is a class of ``io.kiln.ml``; the first base of a stage, before those of pyspark."""

    if TYPE_CHECKING:
        _java_obj: Any
        _call_java: Any

    @classmethod
    def read(cls) -> Any:
        reads: Any = cls
        return _Reader(reads)


class NetworkEstimator(NetworkStage):
    """An estimator that trains a network."""

    if TYPE_CHECKING:
        _input_kwargs: dict[str, Any]


class NetworkModel(NetworkStage):
    """A model with a trained network."""

    @property
    def hasSummary(self) -> bool:
        """Whether the model remembers how it was trained; one that Kiln 0.1 saved does not."""
        return bool(self._call_java("hasSummary"))

    @property
    def summary(self) -> TrainingSummary:
        """How training went."""
        return TrainingSummary(json.loads(self._call_java("summary").toJson().toString()))

    @property
    def graph(self) -> str:
        """The network's graph as JSON, without its weights."""
        return str(self._java_obj.trainedNetwork().graphJson())

    def predict(self, value: Any) -> Any:
        """Predict a row, or the rows of an array, in the driver.

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
        return self._call_java("predictAll", self._matrix(value)).toArray()

    def _matrix(self, features: Any) -> DenseMatrix:
        x = np.asarray(features, dtype=np.float64)
        width = self._call_java("numFeatures")
        if x.ndim != 2 or x.shape[1] != width:
            raise ValueError(f"features: expected an array of shape [rows, {width}], got {x.shape}")
        return DenseMatrix(x.shape[0], x.shape[1], x.ravel(order="F"))


class ClassificationModel(NetworkModel):
    """A model with a trained network that tells classes apart."""

    def predictProbability(self, value: Any) -> Any:
        """Probabilities of the classes for a row, or for the rows of an array, in the driver.

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
        return self._call_java("predictProbabilities", self._matrix(value)).toArray()


class TrainingSummary:
    """How training went: loss and metrics of each epoch, and where its time went.

    Attributes
    ----------
    record : dict
        What the JVM's ``TrainingSummary`` says, as its JSON.
    """

    def __init__(self, record: Mapping[str, Any]) -> None:
        self.record = dict(record)

    @property
    def epochs(self) -> list[dict[str, Any]]:
        """A record per epoch."""
        return list(self.record["epochs"])

    @property
    def lossHistory(self) -> list[float]:
        """Mean training loss of each epoch."""
        return [e["loss"] for e in self.epochs]

    def to_pandas(self) -> pandas.DataFrame:
        """The epochs as a data frame, a row each."""
        import pandas

        return pandas.json_normalize(self.epochs)

    def __repr__(self) -> str:
        losses = self.lossHistory
        return f"TrainingSummary(epochs={len(losses)}, loss={losses[-1] if losses else None})"
