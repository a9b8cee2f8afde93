"""Summaries of training."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kiln import _session

if TYPE_CHECKING:
    import pandas


class TrainingSummary:
    """Loss and metrics of each epoch, and how its time was spent.

    Attributes
    ----------
    record : dict
        The JVM's ``TrainingSummary`` as JSON. Over Spark Connect it has only the epochs' losses; :meth:`load` reads the complete
        summary from a saved model.
    """

    def __init__(self, record: Mapping[str, Any]) -> None:
        self.record = dict(record)

    @staticmethod
    def load(path: str) -> TrainingSummary:
        """Read the summary of a saved model.

        Parameters
        ----------
        path : str
            Directory of the model, not of a pipeline that contains it.

        Returns
        -------
        TrainingSummary

        Raises
        ------
        ValueError
            If the model was saved without a summary.
        """
        files = _session.active("TrainingSummary.load").read.text(f"{path}/kiln.json", wholetext=True)
        record = json.loads(files.collect()[0][0]).get("summary")
        if record is None:
            raise ValueError(f"TrainingSummary.load: {path} was saved by a version of Kiln without summaries; fit it again")
        return TrainingSummary(record)

    @property
    def epochs(self) -> list[dict[str, Any]]:
        """One record per epoch, with one per output in ``heads``; values that were not measured are NaN."""
        return [_measured(e) for e in self.record["epochs"]]

    @property
    def lossHistory(self) -> list[float]:
        """Mean training loss of each epoch."""
        return [e["loss"] for e in self.epochs]

    def to_pandas(self) -> pandas.DataFrame:
        """The epochs as a data frame, one row each; losses and metrics of outputs have columns such as ``stars.loss``."""
        import pandas

        return pandas.json_normalize([_flat(e) for e in self.epochs])

    def __repr__(self) -> str:
        losses = self.lossHistory
        return f"TrainingSummary(epochs={len(losses)}, loss={losses[-1] if losses else None})"

    def _repr_html_(self) -> str | None:
        if _session.is_remote():
            return None
        jvm = _session.gateway("TrainingSummary").jvm
        summary = jvm.io.kiln.spark.report.TrainingSummary.fromJson(json.dumps(self.record))
        return str(jvm.io.kiln.spark.notebook.Notebook.html(summary))


def _measured(value: Any) -> Any:
    """A value of a record with NaN in place of its name."""
    if isinstance(value, dict):
        return {k: _measured(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_measured(v) for v in value]
    return math.nan if value == "NaN" else value


def _flat(epoch: dict[str, Any]) -> dict[str, Any]:
    """An epoch with columns in place of ``heads``."""
    row = {k: v for k, v in epoch.items() if k != "heads"}
    for head in epoch.get("heads", []):
        name = head["output"]
        row[f"{name}.loss"] = head.get("trainingLoss", math.nan)
        row[f"{name}.validationLoss"] = head["loss"]
        if head["metricName"] != "loss":
            row[f"{name}.{head['metricName']}"] = head["metric"]
    return row
