"""The evaluator of rankings."""

from __future__ import annotations

from typing import Any

from pyspark import keyword_only
from pyspark.ml.evaluation import JavaEvaluator
from pyspark.ml.param import Param, Params, TypeConverters
from pyspark.ml.param.shared import HasLabelCol, HasPredictionCol
from pyspark.ml.util import JavaMLReadable, JavaMLWritable

from kiln._stage import NetworkStage


class NetRankingEvaluator(NetworkStage, JavaEvaluator, HasLabelCol, HasPredictionCol, JavaMLWritable, JavaMLReadable[Any]):
    """Judges how a prediction orders the rows of each group, by their relevances.

    The JVM's ``io.kiln.ml.NetRankingEvaluator``.
    """

    _input_kwargs: dict[str, Any]

    groupCol: Param[str] = Param(
        Params._dummy(), "groupCol", "column of groups, such as the ids of queries", TypeConverters.toString
    )
    metricName: Param[str] = Param(Params._dummy(), "metricName", "ndcg (of the first k places) or map", TypeConverters.toString)
    k: Param[int] = Param(
        Params._dummy(), "k", "number of first places of a list that count in the metric ndcg", TypeConverters.toInt
    )

    @keyword_only
    def __init__(
        self,
        *,
        groupCol: str | None = None,
        labelCol: str | None = None,
        predictionCol: str | None = None,
        metricName: str | None = None,
        k: int | None = None,
    ) -> None:
        super().__init__()
        self._java_obj = self._new_java_obj("io.kiln.ml.NetRankingEvaluator", self.uid)
        self._setDefault(groupCol="group", metricName="ndcg", k=10)
        self._set(**self._input_kwargs)

    def isLargerBetter(self) -> bool:
        """True, for both metrics."""
        return True

    def getGroupCol(self) -> str:
        """Value of :attr:`groupCol`, or its default."""
        return self.getOrDefault(self.groupCol)

    def getMetricName(self) -> str:
        """Value of :attr:`metricName`, or its default."""
        return self.getOrDefault(self.metricName)

    def getK(self) -> int:
        """Value of :attr:`k`, or its default."""
        return self.getOrDefault(self.k)

    def setGroupCol(self, value: str) -> NetRankingEvaluator:
        """Sets :attr:`groupCol`."""
        return self._set(groupCol=value)

    def setLabelCol(self, value: str) -> NetRankingEvaluator:
        """Sets :attr:`labelCol`."""
        return self._set(labelCol=value)

    def setPredictionCol(self, value: str) -> NetRankingEvaluator:
        """Sets :attr:`predictionCol`."""
        return self._set(predictionCol=value)

    def setMetricName(self, value: str) -> NetRankingEvaluator:
        """Sets :attr:`metricName`."""
        return self._set(metricName=value)

    def setK(self, value: int) -> NetRankingEvaluator:
        """Sets :attr:`k`."""
        return self._set(k=value)
