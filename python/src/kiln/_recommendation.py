"""The models that recommend."""

from __future__ import annotations

from typing import Any

from pyspark.ml.util import JavaMLReadable, JavaMLWritable
from pyspark.ml.wrapper import JavaModel
from pyspark.sql import DataFrame

from kiln import _session
from kiln._stage import NetworkStage, TrainedStage


class RecommenderModel(NetworkStage, JavaModel, JavaMLWritable, JavaMLReadable[Any]):
    """A model that recommends items; over Spark Connect, `transform` only."""

    def setPredictionCol(self, value: str) -> Any:
        """Sets the column of predictions."""
        return self._set(predictionCol=value)

    def setColdStartStrategy(self, value: str) -> Any:
        """Sets what happens to users and items that training has not seen: nan or drop."""
        return self._set(coldStartStrategy=value)

    def _frame(self, method: str, *arguments: Any) -> DataFrame:
        if _session.is_remote():
            raise NotImplementedError(f"{method}: not available over Spark Connect; load the model in a classic session")
        frame: DataFrame = self._call_java(method, *arguments)
        return frame

    def recommendForAllUsers(self, numItems: int) -> DataFrame:
        """The best items of each user: the user's id, and an array of structs of the item's id and its rating."""
        return self._frame("recommendForAllUsers", numItems)

    def recommendForAllItems(self, numUsers: int) -> DataFrame:
        """The best users of each item."""
        return self._frame("recommendForAllItems", numUsers)

    def recommendForUserSubset(self, dataset: DataFrame, numItems: int) -> DataFrame:
        """The best items of the users in a DataFrame."""
        return self._frame("recommendForUserSubset", dataset, numItems)

    def recommendForItemSubset(self, dataset: DataFrame, numUsers: int) -> DataFrame:
        """The best users of the items in a DataFrame."""
        return self._frame("recommendForItemSubset", dataset, numUsers)


class TwoTowerModel(RecommenderModel):
    """Vectors of users and items, which recommend items; over Spark Connect, `transform` only.

    The JVM's ``io.kiln.ml.TwoTowerModel``.
    """

    @property
    def userFactors(self) -> DataFrame:
        """The vectors of the users: id and features."""
        return self._frame("userFactors")

    @property
    def itemFactors(self) -> DataFrame:
        """The vectors of the items: id and features."""
        return self._frame("itemFactors")


class NeuralCFModel(TrainedStage, RecommenderModel):
    """A trained network that scores pairs of users and items; over Spark Connect, `transform` only.

    The JVM's ``io.kiln.ml.NeuralCFModel``.
    """
